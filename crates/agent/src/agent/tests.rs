//! The loop beside kernels of the test.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::SystemTime;

use podfence_dataplane_nft::{DataplaneError, Difference, Enforced};
use podfence_plan::Delta;
use podfence_testkit::build::{self, ORIGIN, Put, labels};

use super::*;

/// A kernel that takes everything and cannot be read back.
#[derive(Default, Clone)]
struct Blind(Rc<Cell<usize>>);

impl Kernel for Blind {
    fn apply(&mut self, _: &Delta, _: &NodePlan) -> Result<Enforced, DataplaneError> {
        self.0.set(self.0.get() + 1);
        Ok(Enforced { generation: 1, operations: 1, rejudged: false })
    }

    fn distrust(&mut self) {}

    fn verify(&mut self, _: &NodePlan) -> Result<Option<Difference>, DataplaneError> {
        Err(DataplaneError::Sweep)
    }
}

/// A world with a node.
fn world_of(node: &str) -> World {
    World::default().with(build::node(node, &["172.18.0.1"], &[]))
}

#[test]
fn a_world_without_its_node_is_not_enforced_in_place_of_another() {
    let kernel = Blind::default();
    let mut agent = Agent::new("node", kernel.clone(), Told::default(), Log::new());
    let (to, messages) = channel();
    let (reply, enforced) = Reply::new();
    to.send(Message::World(world_of("n1").into())).unwrap();
    to.send(Message::Mark(reply)).unwrap();
    drop(to);
    agent.run(&messages);
    let why = "no node and no pod's node is called node; of nodes there is n1: give --node-name";
    assert_eq!(enforced.recv(), Ok(Err(why.to_owned())));
    assert_eq!((kernel.0.get(), agent.status().obstacles().len()), (0, 2));
    assert_eq!(agent.status().unreadable.as_deref(), Some(why));
}

#[test]
fn where_nobody_can_say_what_was_changed_everything_is_made_anew() {
    let kernel = Blind::default();
    let mut agent = Agent::new("node", kernel.clone(), Told::default(), Log::new());
    let (to, messages) = channel();
    let (reply, mended) = Reply::new();
    to.send(Message::World(world_of("node").into())).unwrap();
    to.send(Message::Touched(Touch::Unknown, reply)).unwrap();
    drop(to);
    agent.run(&messages);
    mended.recv().unwrap();
    assert_eq!((kernel.0.get(), agent.status().done.unchecked), (2, 1));
    assert!(agent.status().ready);
}

/// A clock that a test sets, in seconds since 1970.
static CLOCK: AtomicU64 = AtomicU64::new(0);

fn clock() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(CLOCK.load(Ordering::Relaxed))
}

/// Lets an agent hear of a namespace, and of nothing after that is in force.
fn follows(agent: &mut Agent<Blind>, name: &str) {
    let (to, messages) = channel();
    let mut world = world_of("node");
    let namespace = podfence_model::Namespace::new(name, labels(&[]), ORIGIN);
    world.namespaces.insert(name.into(), namespace);
    let (reply, enforced) = Reply::new();
    to.send(Message::World(world.into())).unwrap();
    to.send(Message::Mark(reply)).unwrap();
    thread::scope(|scope| {
        scope.spawn(move || {
            assert_eq!(enforced.recv(), Ok(Ok(())));
            to.send(Message::Stop).unwrap();
        });
        agent.run(&messages);
    });
}

#[test]
fn a_clock_that_jumps_changes_dates_and_nothing_else() {
    const NOW: u64 = 1_800_000_000;
    const YEARS: u64 = 10 * 365 * 86_400;
    CLOCK.store(NOW, Ordering::Relaxed);
    let mut agent =
        Agent::new("node", Blind::default(), Told::default(), Log::new()).dated_by(Calendar(clock));
    for (round, now) in [NOW, NOW + YEARS, NOW - YEARS, 0, NOW].into_iter().enumerate() {
        let woken = agent.next_wake();
        CLOCK.store(now, Ordering::Relaxed);
        assert_eq!(agent.next_wake(), woken, "who waits, waits by another clock");
        follows(&mut agent, &format!("n{round}"));
        let status = agent.status();
        assert!(status.ready && status.done.errors == 0, "{status}");
        assert!(agent.next_wake() <= Instant::now() + RESYNC);
        for date in [status.since, status.as_of.unwrap()] {
            assert!(
                date <= now && now - date < 60,
                "{date} at {now}: nothing lies in the future, or years ago"
            );
        }
    }
}
