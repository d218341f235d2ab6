//! The loop beside kernels of the test.

use std::cell::Cell;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::SystemTime;

use podfence_dataplane_nft::{DataplaneError, Difference, Enforced, Opening, Trace};
use podfence_model::{Addresses, Object, Pod};
use podfence_plan::{Delta, Link};
use podfence_testkit::build::{self, ORIGIN, Put, ip, labels, pod};

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

    fn trace(&mut self, _: &Opening, _: &NodePlan) -> Result<Trace, DataplaneError> {
        Err(DataplaneError::Untrusted)
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
fn a_node_that_comes_to_a_strange_world_begins_it() {
    let kernel = Blind::default();
    let mut agent = Agent::new("node", kernel.clone(), Told::default(), Log::new());
    let (to, messages) = channel();
    let put = |name: &str| {
        let node = build::node(name, &["172.18.0.2"], &[]);
        Message::Changes(vec![Change::Put(Object::Node(node))], vec![SystemTime::now()])
    };
    for message in [Message::World(world_of("n1").into()), put("n2"), Message::Readable] {
        to.send(message).unwrap();
    }
    drop(to);
    agent.run(&messages);
    assert!(agent.status().unreadable.unwrap().contains("of nodes there is n1, n2"));
    let (to, messages) = channel();
    let (reply, enforced) = Reply::new();
    for message in [put("node"), Message::Mark(reply)] {
        to.send(message).unwrap();
    }
    drop(to);
    agent.run(&messages);
    assert_eq!((enforced.recv(), agent.status().unreadable), (Ok(Ok(())), None));
}

/// Messages, and what the last of them is answered.
fn told(agent: &mut Agent<Blind>, messages: Vec<Message>) -> Result<(), String> {
    let (to, inbox) = channel();
    let (reply, enforced) = Reply::new();
    messages.into_iter().chain([Message::Mark(reply)]).for_each(|message| to.send(message).unwrap());
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(100)); // changes wait for others, but not so long
        to.send(Message::Stop).unwrap();
    });
    agent.run(&inbox);
    enforced.try_recv().unwrap_or_else(|_| Err("no answer".to_owned()))
}

#[test]
fn a_world_that_loses_its_node_is_not_followed_until_it_is_back() {
    let kernel = Blind::default();
    let mut agent = Agent::new("node", kernel.clone(), Told::default(), Log::new());
    let policy = || build::ingress("shop/db", build::everything(), Vec::new());
    assert_eq!(told(&mut agent, vec![Message::World(world_of("node").with(policy()).into())]), Ok(()));
    let enforced = kernel.0.get();
    let wiped = Message::World(World::default().into());
    let error = told(&mut agent, vec![wiped]).unwrap_err();
    assert_eq!(error, "there is no node node any more; what comes waits until it is back");
    let gone = vec![Change::Remove(ObjectKey::Policy(policy().meta.id))];
    assert!(told(&mut agent, vec![Message::Changes(gone, Vec::new()), Message::Readable]).is_err());
    assert_eq!((kernel.0.get(), agent.status().unreadable), (enforced, Some(error)));
    let back = Message::World(world_of("node").with(policy()).into());
    assert_eq!(told(&mut agent, vec![back]), Ok(()));
    assert_eq!(agent.status().unreadable, None);
    assert!(agent.about_policy(&policy().meta.id).is_ok(), "it was never taken away");
}

#[test]
fn what_a_source_cannot_read_is_told_until_it_can() {
    let mut agent = Agent::new("node", Blind::default(), Told::default(), Log::new());
    let policy = ObjectKey::Policy(NamespacedName::new("shop", "web"));
    let change = || Change::Put(Object::Namespace(podfence_model::Namespace::implied("shop")));
    let long_ago = SystemTime::now() - Duration::from_secs(1);
    let told: [&dyn Fn() -> Message; 3] = [
        &|| Message::Unreadable("pods are forbidden".into()),
        &|| Message::Unclear(BTreeMap::from([(policy.clone(), "spec.x: unknown field `x`".into())])),
        &|| Message::Changes(vec![change()], vec![long_ago]),
    ];
    hear(&mut agent, vec![Message::World(world_of("node").into())]);
    hear(&mut agent, told.map(|message| message()).into());
    let status = agent.status();
    assert_eq!(
        status.unreadable.as_deref(),
        Some("pods are forbidden"),
        "changes of other kinds mend nothing"
    );
    assert_eq!(status.refused["policy shop/web"], "spec.x: unknown field `x`");
    assert!(status.ready, "what was in force stays in force");
    assert!((1.0..60.0).contains(&agent.sample().age.sum) && agent.sample().age.count == 1);
    hear(&mut agent, vec![Message::Readable, Message::Unclear(BTreeMap::new())]);
    assert!(agent.status().unreadable.is_none() && agent.status().refused.is_empty());
}

/// Lets an agent hear messages until they are enforced.
fn hear(agent: &mut Agent<Blind>, told: Vec<Message>) {
    let (to, messages) = channel();
    for message in told {
        to.send(message).unwrap();
    }
    let (reply, enforced) = Reply::new();
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
fn what_stays_open_or_unaddressed_is_named_in_the_status() {
    let mut agent = Agent::new("node-1", Blind::default(), Told::default(), Log::new());
    assert_eq!(agent.status().open_at_first, None);
    agent.is_open_at_first();
    let early = agent.status().to_string();
    assert!(
        early.contains("open at first    pods are open") && early.contains("set pod-ranges, or"),
        "{early}"
    );
    let new = Pod { addresses: Addresses::NotYet, ..pod("shop/web", "node-1", &["10.244.1.7"], &[]) };
    let node = build::node("node-1", &["172.18.0.1"], &["10.244.1.0/24"]);
    known_after(&mut agent, vec![Message::World(Box::new(World::default().with(node).with(new)))]);
    let status = agent.status().to_string();
    assert!(status.contains("set pod-ranges: [10.244.1.0/24], or"), "{status}");
    assert!(status.contains("without address  shop/web\n"), "{status}");
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
    let mut world = world_of("node");
    let namespace = podfence_model::Namespace::new(name, labels(&[]), ORIGIN);
    world.namespaces.insert(name.into(), namespace);
    hear(agent, vec![Message::World(world.into())]);
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

/// The addresses of known pods when what these messages say is enforced.
fn known_after(agent: &mut Agent<Blind>, messages: Vec<Message>) -> Vec<IpAddr> {
    let (to, heard) = channel();
    for message in messages {
        to.send(message).unwrap();
    }
    let (reply, enforced) = Reply::new();
    to.send(Message::Mark(reply)).unwrap();
    let stop = to.clone();
    let waits = thread::spawn(move || {
        enforced.recv().unwrap().unwrap();
        stop.send(Message::Stop).unwrap();
    });
    drop(to);
    agent.run(&heard);
    waits.join().unwrap();
    agent.told.written().wait(RESYNC); // as who plugs a pod in does
    let State::Following(enforcer) = &agent.state else { panic!("it has heard a first state") };
    enforcer.live().plan().known.iter().copied().collect()
}

#[test]
fn what_was_lent_outlasts_other_changes_and_the_agent() {
    let file = std::env::temp_dir().join(format!("podfence-loans-{}", std::process::id()));
    let agent =
        || Agent::new("node-1", Blind::default(), Told::kept(&file, BTreeMap::new()).unwrap(), Log::new());
    let stated = pod("shop/web", "node-1", &["10.0.0.7"], &[]);
    let new = Pod { addresses: Addresses::NotYet, ..stated.clone() };
    let (id, link) = (new.meta.id.clone(), Link::Routed("veth1".into()));
    let world = |pod: &Pod| Message::World(Box::new(World::default().with(pod.clone())));
    let put = |pod: &Pod| Message::Changes(vec![Change::Put(Object::Pod(Box::new(pod.clone())))], Vec::new());
    let plug = || {
        let (pod, link, addresses) = (id.clone(), link.clone(), vec![ip("10.0.0.9")]);
        let plugged = Plugged { pod, link, container: None, addresses, network: None };
        Message::Plug(plugged, Reply::new().0)
    };
    let lent = [ip("10.0.0.9")];
    let mut first = agent();
    let told = vec![Message::World(world_of("node-1").into()), put(&new), plug()];
    assert_eq!(known_after(&mut first, told), lent, "what waits is known, too");
    assert_eq!(known_after(&mut first, vec![put(&new)]), lent, "of another change of the object");
    assert_eq!(known_after(&mut first, vec![world(&new)]), lent, "of a whole state");
    let mut next = agent();
    assert_eq!(known_after(&mut next, vec![world(&new)]), lent, "after a restart");
    assert_eq!(known_after(&mut next, vec![put(&stated)]), [ip("10.0.0.7")], "its own");
    assert!(known_after(&mut next, vec![put(&new)]).is_empty(), "nothing is lent any more");
    assert_eq!(known_after(&mut agent(), vec![plug(), world(&new)]), lent, "told before the first state");
    let mut last = agent();
    let on = |links: &[&str]| links.iter().map(ToString::to_string).collect();
    last.forget_gone(&on(&["veth1"]));
    assert_eq!(known_after(&mut last, vec![world(&new)]), lent, "its link is there");
    let away = Surveyed { links: on(&["eth0"]), ..Surveyed::default() };
    assert!(known_after(&mut last, vec![Message::Surveyed(away.into())]).is_empty(), "it has gone");
    assert!(known_after(&mut agent(), vec![world(&new)]).is_empty(), "the next one does not know it");
    std::fs::remove_file(file).unwrap();
}
