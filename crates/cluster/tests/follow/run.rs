//! A follower of the fake server, and what it has told so far.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use podfence_cluster::{Endpoint, Event, Follower, Patience, Wishes};
use podfence_model::{Change, ObjectKey, Origin, World};
use podfence_source::live_object;
use serde_json::Value;

use crate::fake::{Server, Store};

/// So long anything is waited for.
const LONG: Duration = Duration::from_secs(20);

pub struct Run {
    events: Receiver<Event>,
    wishes: Wishes,
    /// As told.
    pub world: Option<World>,
    pub unclear: BTreeMap<ObjectKey, String>,
    pub troubles: Vec<String>,
    /// Everything that was ever said to have gone.
    pub removed: Vec<ObjectKey>,
}

pub fn patience() -> Patience {
    Patience {
        silence: Duration::from_secs(5),
        list: Duration::from_millis(400),
        watch: Duration::from_mins(1),
        tries: (Duration::from_millis(5), Duration::from_millis(40)),
        page: 2,
    }
}

impl Run {
    pub fn start(server: &Server) -> Self {
        let (follower, wishes) = Follower::new(Endpoint::insecure(&server.url()));
        let (to, events) = channel();
        let tell = move |event| {
            if to.send(event).is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        thread::spawn(move || follower.patient(patience()).run(tell).unwrap());
        Self {
            events,
            wishes,
            world: None,
            unclear: BTreeMap::new(),
            troubles: Vec::new(),
            removed: Vec::new(),
        }
    }

    /// Asks for everything, and waits for it.
    pub fn sync(&mut self) -> Result<(), String> {
        let (to, answer) = channel();
        self.wishes.sync(Box::new(move |answer| _ = to.send(answer)));
        let answer = answer.recv_timeout(LONG).expect("an answer");
        self.hear();
        answer
    }

    /// Takes everything that was told until now.
    pub fn hear(&mut self) {
        while let Ok(event) = self.events.try_recv() {
            self.take(event);
        }
    }

    /// Waits until something is so.
    pub fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        self.hear();
        while !is_so(self) {
            let left = LONG.saturating_sub(begun.elapsed());
            match self.events.recv_timeout(left) {
                Ok(event) => self.take(event),
                Err(over) => panic!("{over}, and not {what}: {:?} {:?}", self.troubles, self.unclear),
            }
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::World(world) => {
                assert!(self.world.is_none(), "the first world is told once");
                self.world = Some(*world);
            }
            Event::Changes(told) => {
                let world = self.world.as_mut().expect("the world is told before its changes");
                for told in told {
                    if let Change::Remove(key) = &told.change {
                        self.removed.push(key.clone());
                    }
                    world.change(told.change);
                }
            }
            Event::Unclear(unclear) => self.unclear = unclear,
            Event::Troubles(troubles) => self.troubles = troubles,
        }
    }

    /// Whether what was told is what the server has.
    pub fn agrees_with(&self, server: &Server) -> bool {
        let expected = server.with(|store| plain_fold(store));
        self.world.clone().map(bare) == Some(bare(expected))
    }
}

/// The world of everything that a server has, object by object.
fn plain_fold(store: &Store) -> World {
    let mut world = World::default();
    for ((resource, ..), value) in &store.objects {
        if let Ok(read) = live_object(value, kind_of(resource), "0")
            && let Some(object) = read.object
        {
            world.change(Change::Put(object));
        }
    }
    world
}

fn kind_of(resource: &str) -> (&'static str, &'static str) {
    match resource {
        "namespaces" => ("v1", "Namespace"),
        "nodes" => ("v1", "Node"),
        "pods" => ("v1", "Pod"),
        "services" => ("v1", "Service"),
        _ => ("networking.k8s.io/v1", "NetworkPolicy"),
    }
}

/// A world without versions: those of changes that do not matter are not told.
fn bare(mut world: World) -> World {
    let none = || Origin::Api("".into());
    world.namespaces.values_mut().for_each(|one| one.origin = none());
    world.nodes.values_mut().for_each(|one| one.origin = none());
    world.pods.values_mut().for_each(|one| one.meta.origin = none());
    world.services.values_mut().for_each(|one| one.meta.origin = none());
    world.policies.values_mut().for_each(|one| one.meta.origin = none());
    world
}

/// Whether the world has an object.
pub fn has(run: &Run, value: &Value, resource: &'static str) -> bool {
    let read = live_object(value, kind_of(resource), "0").unwrap();
    let world = run.world.as_ref();
    world.is_some_and(|world| match &read.key {
        ObjectKey::Pod(id) => world.pods.contains_key(id),
        ObjectKey::Policy(id) => world.policies.contains_key(id),
        ObjectKey::Namespace(name) => world.namespaces.contains_key(name),
        ObjectKey::Node(name) => world.nodes.contains_key(name),
        ObjectKey::Service(id) => world.services.contains_key(id),
    })
}
