//! What the watches of all kinds tell, folded into one world and its changes. No I/O; all that must never go wrong is here.
//!
//! - The first world is told when all kinds have been listed to the end, not before.
//! - A later list of a kind counts when it is complete: what is other is told then, at once, and what is not in it has gone. A list
//!   that breaks off counts for nothing.
//! - After the server was away, what the lists bring is told together (`hold`).
//! - What is as before in all that was kept is not told.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::RandomState;
use std::time::SystemTime;

use podfence_model::{Alike, Change, NamespacedName, Object, ObjectKey, World};
use podfence_source::{LiveObject, live_object};

use crate::failure::Failure;
use crate::hold::Hold;
use crate::kind::Kind;
use crate::sighting::Sighting;

/// What the watch of one kind tells.
#[derive(Debug)]
pub enum Step {
    /// A list begins.
    Begin,
    /// An object is there: in a list that has begun, or by a change since.
    Seen(Sighting),
    /// An object has gone.
    Gone(NamespacedName),
    /// The list is complete. It was begun after the wish of this number.
    Complete(u64),
    /// It cannot go on for now. It had heard of the wish of this number.
    Failed(Failure, u64),
    /// It goes on.
    Well,
}

/// A change, and when it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The change.
    pub change: Change,
    /// When the object was written last, by its own account, to the second. Lists do not tell it, and nobody for what has gone.
    pub written: Option<SystemTime>,
}

/// What has become of the world.
#[derive(Debug, PartialEq)]
pub enum Event {
    /// The first world: all kinds have been listed.
    World(Box<World>),
    /// What has changed since.
    Changes(Vec<Told>),
    /// Objects that are not exactly understood, and why: those that have a closed form are enforced in it. All that there are.
    Unclear(BTreeMap<ObjectKey, String>),
    /// What cannot be read now, and why and how to mend it; in force is what was read last. All that there is.
    Troubles(Vec<String>),
}

/// What is new of one object.
struct News {
    key: ObjectKey,
    /// Nothing where what was known before counts.
    change: Option<Change>,
    unclear: Option<String>,
    written: Option<SystemTime>,
}

/// One kind.
struct Following {
    kind: Kind,
    /// What has been told of each object.
    known: HashMap<NamespacedName, u64>,
    /// A list that is not complete.
    list: Option<List>,
    /// Whether a list has ever been complete.
    listed: bool,
    /// The list was begun after the wish of this number.
    wish: u64,
    trouble: Option<String>,
}

/// A list that is being read.
#[derive(Default)]
struct List {
    found: HashMap<NamespacedName, u64>,
    news: Vec<News>,
}

/// All kinds.
pub struct Fold {
    kinds: Vec<Following>,
    /// Until it is told.
    first: Option<World>,
    unclear: BTreeMap<ObjectKey, String>,
    /// As told last.
    troubles: Vec<String>,
    alike: Alike,
    prints: RandomState,
    /// Since the server was away, until all kinds have been heard of again.
    hold: Option<Hold<News>>,
    /// Kinds that wait to try again should do so now.
    hurries: bool,
}

impl Fold {
    /// Nothing is known yet.
    pub fn new(kinds: &[Kind]) -> Self {
        Self {
            kinds: kinds.iter().map(|kind| Following::new(*kind)).collect(),
            first: Some(World::default()),
            unclear: BTreeMap::new(),
            troubles: Vec::new(),
            alike: Alike::default(),
            prints: RandomState::new(),
            hold: None,
            hurries: false,
        }
    }

    /// Takes a step of a kind, by its place among the kinds. What it makes of it is told in order.
    pub fn take(&mut self, kind: usize, step: Step, tell: &mut dyn FnMut(Event)) {
        match step {
            Step::Begin => self.kinds[kind].list = Some(List::default()),
            Step::Seen(sighting) => {
                let print = sighting.print(&self.prints);
                let news = self.kinds[kind].see(&sighting, print, &mut self.alike);
                self.pass(kind, news.into_iter().collect(), tell);
            }
            Step::Gone(id) => {
                let news = self.kinds[kind].lose(id);
                self.pass(kind, news.into_iter().collect(), tell);
            }
            Step::Complete(wish) => {
                let news = self.kinds[kind].complete(wish);
                self.pass(kind, news, tell);
                self.trouble(kind, None, tell);
                self.begin(tell);
                self.hear(kind, tell);
            }
            Step::Failed(failure, _) => {
                let told = failure.told(&self.kinds[kind].kind);
                self.trouble(kind, Some(told), tell);
                self.miss(kind, failure.is_of_server(), tell);
            }
            Step::Well => {
                self.trouble(kind, None, tell);
                self.hear(kind, tell);
            }
        }
    }

    /// Whether kinds that wait to try again should do so now, since the server is back. Said once.
    pub fn hurries(&mut self) -> bool {
        std::mem::take(&mut self.hurries)
    }

    /// This kind could not be read; `away` if the server was not there.
    fn miss(&mut self, kind: usize, away: bool, tell: &mut dyn FnMut(Event)) {
        if away && self.first.is_none() {
            self.hold.get_or_insert_default().lose(kind);
        } else if let Some(hold) = &mut self.hold {
            hold.fail(kind);
        }
        self.release(tell);
    }

    /// This kind has been heard of.
    fn hear(&mut self, kind: usize, tell: &mut dyn FnMut(Event)) {
        if let Some(hold) = &mut self.hold {
            self.hurries |= hold.hear(kind);
            self.release(tell);
        }
    }

    fn release(&mut self, tell: &mut dyn FnMut(Event)) {
        let Some(news) = self.hold.as_mut().and_then(Hold::end) else { return };
        self.hold = None;
        self.tell(news, tell);
    }

    /// Tells news, or keeps them for later.
    fn pass(&mut self, kind: usize, news: Vec<News>, tell: &mut dyn FnMut(Event)) {
        let news = match &mut self.hold {
            Some(hold) => hold.keep(kind, news),
            None => news,
        };
        self.tell(news, tell);
    }

    /// The number of the last wish that everything told is younger than; none while something waits to be told.
    pub fn granted(&self) -> u64 {
        if self.hold.is_some() {
            return 0;
        }
        self.kinds.iter().map(|following| following.wish).min().unwrap_or(u64::MAX)
    }

    /// Enters news in the first world, or tells them.
    fn tell(&mut self, news: Vec<News>, tell: &mut dyn FnMut(Event)) {
        let (mut changes, mut other) = (Vec::new(), false);
        for News { key, change, unclear, written } in news {
            other |= self.unclear.get(&key) != unclear.as_ref();
            match unclear {
                Some(why) => drop(self.unclear.insert(key, why)),
                None => drop(self.unclear.remove(&key)),
            }
            changes.extend(change.map(|change| Told { change, written }));
        }
        if let Some(first) = &mut self.first {
            return changes.into_iter().for_each(|told| first.change(told.change));
        }
        if !changes.is_empty() {
            tell(Event::Changes(changes));
        }
        if other {
            tell(Event::Unclear(self.unclear.clone()));
        }
    }

    /// Tells the first world, when it is complete.
    fn begin(&mut self, tell: &mut dyn FnMut(Event)) {
        if !self.kinds.iter().all(|following| following.listed) {
            return;
        }
        let Some(world) = self.first.take() else { return };
        tell(Event::World(Box::new(world)));
        if !self.unclear.is_empty() {
            tell(Event::Unclear(self.unclear.clone()));
        }
    }

    /// Tells what is in the way, when that is other than before. A server that is away is away for all kinds.
    fn trouble(&mut self, kind: usize, trouble: Option<String>, tell: &mut dyn FnMut(Event)) {
        self.kinds[kind].trouble = trouble;
        let all: BTreeSet<&String> = self.kinds.iter().filter_map(|kind| kind.trouble.as_ref()).collect();
        if !all.iter().copied().eq(&self.troubles) {
            self.troubles = all.into_iter().cloned().collect();
            tell(Event::Troubles(self.troubles.clone()));
        }
    }
}

impl Following {
    fn new(kind: Kind) -> Self {
        Self { kind, known: HashMap::new(), list: None, listed: false, wish: 0, trouble: None }
    }

    /// An object is there. In a list it waits until that is complete.
    fn see(&mut self, sighting: &Sighting, print: u64, alike: &mut Alike) -> Option<News> {
        let id = || sighting.id.clone();
        let Some(list) = &mut self.list else {
            let before = self.known.insert(id(), print);
            return (before != Some(print)).then(|| read(&self.kind, sighting, alike));
        };
        // What an earlier part of the list has said of it is overridden in either case.
        let before = list.found.insert(id(), print).or(self.known.get(&sighting.id).copied());
        if before != Some(print) {
            list.news.push(News { written: None, ..read(&self.kind, sighting, alike) });
        }
        None
    }

    fn lose(&mut self, id: NamespacedName) -> Option<News> {
        if let Some(list) = &mut self.list {
            if list.found.remove(&id).is_some() {
                list.news.push(gone(&self.kind, id));
            }
            return None;
        }
        self.known.remove(&id).map(|_| gone(&self.kind, id))
    }

    /// What the list that is now complete has brought and taken away.
    fn complete(&mut self, wish: u64) -> Vec<News> {
        let List { found, mut news } = self.list.take().unwrap_or_default();
        let before = std::mem::replace(&mut self.known, found);
        let lost = before.into_keys().filter(|id| !self.known.contains_key(id));
        news.extend(lost.map(|id| gone(&self.kind, id)));
        self.listed = true;
        self.wish = wish;
        news
    }
}

fn gone(kind: &Kind, id: NamespacedName) -> News {
    let key = kind.key(id);
    News { change: Some(Change::Remove(key.clone())), key, unclear: None, written: None }
}

/// What an object says, by the readers of manifests.
fn read(kind: &Kind, sighting: &Sighting, alike: &mut Alike) -> News {
    let key = kind.key(sighting.id.clone());
    match live_object(&sighting.value, kind.of, &sighting.version) {
        Ok(LiveObject { mut object, unclear, .. }) => {
            if let Some(Object::Pod(pod)) = &mut object {
                alike.share(pod);
            }
            News { key, change: object.map(Change::Put), unclear, written: sighting.written }
        }
        Err(nameless) => News { key, change: None, unclear: Some(nameless.to_string()), written: None },
    }
}
