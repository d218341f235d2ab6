//! The loop: one thread that owns the enforcer, and hears everybody else by messages.
//!
//! Changes wait for a few milliseconds, so that what belongs together goes into one transaction. Before the first whole
//! state, what an earlier agent left stays in force; where there is none, the pods of this node are closed.

mod answers;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant, SystemTime};

use podfence_dataplane_nft::{Dataplane, Touch};
use podfence_model::{Change, NamespacedName, ObjectKey, World};
use podfence_plan::NodePlan;

use crate::calendar::Calendar;
use crate::enforcer::{Enforcer, LONGEST_OF_OBJECT};
use crate::flow::{self, Log, Noted, Why};
use crate::kernel::Kernel;
use crate::lent;
use crate::links::{Attachment, Links, Outlook, Plugged, Surveyed, Surveyor, Told};
use crate::listener::Listener;
use crate::memory;
use crate::message::{Message, Reply};
use crate::metrics::{Latency, Refusals, policies_of};
use crate::pending::Pending;
use crate::progress::Progress;
use crate::resync::Resync;

/// So long a change waits for others.
const COALESCE: Duration = Duration::from_millis(3);
/// Moments that are kept of changes that wait.
const MOMENTS: usize = 1_024;
/// The kernel is compared with the plan this often, unless told otherwise.
pub const RESYNC: Duration = Duration::from_mins(5);

/// The agent of one node.
#[derive(Debug)]
pub struct Agent<K> {
    node: String,
    since: Instant,
    calendar: Calendar,
    state: State<K>,
    told: Told,
    /// What was seen last of the node's links.
    seen: Surveyed,
    surveyor: Option<Surveyor>,
    pending: Pending,
    /// When what waits is enforced.
    due: Option<Instant>,
    /// Who is to be told when what waits is enforced.
    waiting: Vec<Reply<Result<(), String>>>,
    /// When changes were heard of that are not enforced, and how many.
    heard: Vec<(Instant, u64)>,
    latency: Latency,
    /// When changes were written that are not enforced, as far as they tell.
    written: Vec<SystemTime>,
    age: Latency,
    refusals: Refusals,
    /// Everything heard before is in force.
    as_of: Option<Instant>,
    unreadable: Option<String>,
    /// The node has gone from the world that is followed.
    homeless: bool,
    /// A first world that cannot be of this node. The node may come to it.
    stranger: Option<Box<World>>,
    /// Objects that are told of in their closed form, since they are not exactly understood.
    unclear: BTreeMap<ObjectKey, String>,
    /// Objects that are stated twice, differently.
    stated_twice: Vec<String>,
    /// Whether nothing is closed before the first state, though it should be.
    open_at_first: bool,
    /// What is to be said in the log of changes in force.
    progress: Progress,
    resync: Resync,
    /// Between two tries of an object that the kernel refuses, at most.
    retry: Duration,
    drifts: u64,
    /// Listeners that hear nothing now, and why.
    deaf: BTreeMap<Listener, String>,
    /// Why metrics are not served, if they are not.
    unserved: Option<String>,
    log: Log,
    /// Packets refused, and those of them in no record.
    refused: u64,
    untold: u64,
}

/// Before and after the first whole state.
#[derive(Debug)]
enum State<K> {
    /// The kernel has what an earlier agent left, or closed pods.
    Waiting(Option<K>),
    Following(Box<Enforcer<K>>),
}

impl<K: Kernel> Agent<K> {
    /// An agent that has heard nothing yet, but knows links. The kernel is left as it is.
    pub fn new(node: &str, kernel: K, told: Told, log: Log) -> Self {
        Self {
            node: node.to_owned(),
            since: Instant::now(),
            calendar: Calendar::default(),
            state: State::Waiting(Some(kernel)),
            told,
            seen: Surveyed::default(),
            surveyor: None,
            pending: Pending::default(),
            due: None,
            waiting: Vec::new(),
            heard: Vec::new(),
            latency: Latency::default(),
            written: Vec::new(),
            age: Latency::default(),
            refusals: Refusals::default(),
            as_of: None,
            unreadable: None,
            homeless: false,
            stranger: None,
            unclear: BTreeMap::new(),
            stated_twice: Vec::new(),
            open_at_first: false,
            progress: Progress::default(),
            resync: Resync::new(RESYNC),
            retry: LONGEST_OF_OBJECT,
            drifts: 0,
            deaf: BTreeMap::new(),
            unserved: None,
            log,
            refused: 0,
            untold: 0,
        }
    }

    /// Compares the kernel with the plan this often.
    pub fn check_every(&mut self, every: Duration) {
        self.resync = Resync::new(every);
    }

    /// Waits no longer than this between two tries of an object that the kernel refuses.
    pub fn retry_within(&mut self, longest: Duration) {
        self.retry = longest;
    }

    /// Notes that nobody says which pods are to be closed before the first state.
    pub fn is_open_at_first(&mut self) {
        tracing::warn!(
            "pods are open until the first state is enforced: neither pod-ranges nor pod-interfaces say which are to be closed"
        );
        self.open_at_first = true;
    }

    /// Has links looked for, and told of to the loop.
    #[must_use]
    pub fn surveyed_by(self, surveyor: Surveyor) -> Self {
        Self { surveyor: Some(surveyor), ..self }
    }

    /// Takes dates from another calendar than the system's.
    #[must_use]
    pub fn dated_by(self, calendar: Calendar) -> Self {
        Self { calendar, ..self }
    }

    /// Hears messages until it is told to stop, or until nobody is left to tell it anything.
    pub fn run(&mut self, messages: &Receiver<Message>) {
        loop {
            match messages.recv_timeout(self.next_wake().saturating_duration_since(Instant::now())) {
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(message) => self.hear(message),
                Err(RecvTimeoutError::Timeout) => {}
            }
            self.work();
        }
    }

    fn next_wake(&self) -> Instant {
        let retry = match &self.state {
            State::Following(enforcer) => enforcer.next_try(),
            State::Waiting(_) => None,
        };
        self.due
            .into_iter()
            .chain(retry)
            .chain(self.told.next_try())
            .chain(self.progress.next())
            .fold(self.resync.next(), Instant::min)
    }

    fn hear(&mut self, message: Message) {
        match message {
            Message::World(world) => self.take(*world),
            Message::Changes(changes, written) => self.follow(changes, written),
            Message::Unreadable(error) => self.cannot_read(error),
            Message::Readable => self.can_read(),
            Message::Unclear(unclear) => self.note_unclear(unclear),
            Message::StatedTwice(twice) => self.note_twice(twice),
            Message::Mark(reply) => self.mark(reply),
            Message::Plug(plugged, reply) => self.plug(plugged, reply),
            Message::Unplug(pod, going) => self.unplug(pod, &going),
            Message::Retain(containers, network) => {
                let gone = self.told.in_no_other_than(&containers, network.as_deref());
                for pod in gone {
                    self.unplug(pod, &Attachment::default());
                }
            }
            Message::Surveyed(seen) => self.survey(*seen),
            Message::Touched(touch, reply) => {
                self.heal(touch);
                reply.give(());
            }
            Message::Hearing(what, deaf) => self.hearing(what, deaf),
            Message::Served(served) => self.serving(served),
            Message::Noted(noted, untold) => self.note(&noted, untold),
            Message::Flows(follow, reply) => reply.give(self.log.read(follow)),
            Message::Status(reply) => reply.give(self.status()),
            Message::Policy(name, reply) => reply.give(self.about_policy(&name)),
            Message::Pod(name, reply) => reply.give(self.about_pod(&name)),
            Message::Compare(question, reply) => reply.give(self.compare(&question)),
            Message::Dump(reply) => reply.give(self.dump()),
            Message::Sample(reply) => reply.give(self.sample()),
            Message::Stop => {}
        }
    }

    /// Does what is due.
    fn work(&mut self) {
        let now = Instant::now();
        if self.due.is_some_and(|due| due <= now) {
            self.enforce();
        }
        if let State::Following(enforcer) = &mut self.state {
            enforcer.retry(now);
        }
        self.told.keep_again(now);
        self.progress.tell(now);
        if self.due.is_none() {
            self.measure();
            self.answer();
        }
        if self.resync.is_due(now) {
            self.check();
        }
        self.tell_surveyor();
    }

    /// Takes a whole state for what is.
    fn take(&mut self, world: World) {
        match &self.state {
            State::Waiting(_) => match self.stranger_to(&world) {
                Some(why) => {
                    self.stranger = Some(Box::new(world));
                    self.cannot_read(why);
                }
                None => self.begin(world),
            },
            State::Following(enforcer) => {
                let changes = enforcer.live().engine().changes_to(world);
                self.pending = Pending::default(); // what waits is older
                self.can_read();
                self.await_others(changes);
            }
        }
        memory::give_back();
    }

    /// Why a first state cannot be of this node. To enforce it would open what an earlier agent keeps closed.
    fn stranger_to(&self, world: &World) -> Option<String> {
        let has_pods = || world.pods.values().any(|pod| pod.node.as_ref() == Some(&self.node));
        if world.nodes.contains_key(&self.node) || has_pods() {
            return None;
        }
        let names: Vec<&str> = world.nodes.keys().take(5).map(String::as_str).collect();
        let there = if names.is_empty() { "none at all".to_owned() } else { names.join(", ") };
        Some(format!(
            "no node and no pod's node is called {}; of nodes there is {there}: give --node-name",
            self.node
        ))
    }

    fn note_twice(&mut self, twice: Vec<String>) {
        for object in twice.iter().filter(|object| !self.stated_twice.contains(object)) {
            tracing::warn!("{object}");
        }
        self.stated_twice = twice;
    }

    fn cannot_read(&mut self, error: String) {
        tracing::error!(error, "the objects cannot be used; what was in force stays");
        self.unreadable = Some(error);
    }

    fn can_read(&mut self) {
        if self.stranger.is_none() && !self.homeless && self.unreadable.take().is_some() {
            tracing::info!("the objects can be read again");
        }
    }

    fn note_unclear(&mut self, unclear: BTreeMap<ObjectKey, String>) {
        for (object, why) in unclear.iter().filter(|(object, why)| self.unclear.get(*object) != Some(*why)) {
            tracing::error!(%object, why, "this object is not understood; it is enforced closed, or as it was before");
        }
        self.unclear = unclear;
    }

    /// Takes changes of the world that was told.
    fn follow(&mut self, changes: Vec<Change>, written: Vec<SystemTime>) {
        if let Some(mut world) = self.stranger.take() {
            for change in changes {
                world.change(change);
            }
            return self.take(*world);
        }
        let room = MOMENTS.saturating_sub(self.written.len());
        self.written.extend(written.into_iter().take(room));
        self.await_others(changes);
    }

    /// Enters changes, which wait a moment for others.
    fn await_others(&mut self, changes: Vec<Change>) {
        self.note_heard(changes.len() as u64);
        for change in changes {
            self.pending.push(change);
        }
        let homeless = self.has_lost_its_node();
        let was_homeless = std::mem::replace(&mut self.homeless, homeless);
        if self.homeless {
            return self.wait_for_node(was_homeless);
        }
        if was_homeless {
            self.unreadable = None;
        }
        self.due.get_or_insert_with(|| Instant::now() + COALESCE);
    }

    /// A world without this node and its pods is none to go by, as [`Self::stranger_to`] says of a first one: an API server whose
    /// database was wiped says that there are no policies either.
    fn has_lost_its_node(&self) -> bool {
        let State::Following(enforcer) = &self.state else { return false };
        let stays = |pod: &NamespacedName| !self.pending.removes(&ObjectKey::Pod(pod.clone()));
        self.pending.removes(&ObjectKey::Node(self.node.clone()))
            && !enforcer.live().plan().pods.keys().any(stays)
            && !self.pending.puts_pod_on(&self.node)
    }

    /// What was told waits, and what was in force stays.
    fn wait_for_node(&mut self, was_homeless: bool) {
        self.due = None;
        if !was_homeless {
            self.cannot_read(format!(
                "there is no node {} any more; what comes waits until it is back",
                self.node
            ));
        }
        let why = self.unreadable.clone().unwrap_or_default();
        self.waiting.drain(..).for_each(|reply| reply.give(Err(why.clone())));
    }

    /// Enforces the first whole state.
    fn begin(&mut self, mut world: World) {
        let State::Waiting(kernel) = &mut self.state else { return };
        let Some(kernel) = kernel.take() else { return };
        lent::lend_all(&mut self.told, &mut world);
        if let Some(seen) = self.surveyor.as_mut().and_then(|eyes| eyes.look_for(pods_of(&world, &self.node)))
        {
            self.survey(seen);
        }
        let began = Instant::now();
        let links = Links { told: self.told.all(), found: self.seen.found.clone() };
        let mut enforcer = Enforcer::begin(kernel, &world, &self.node, links);
        enforcer.wait_at_most(self.retry);
        tell_first(&enforcer, began.elapsed());
        self.state = State::Following(Box::new(enforcer));
        self.unreadable = None;
        self.as_of = Some(Instant::now());
    }

    fn enforce(&mut self) {
        if self.homeless {
            return;
        }
        let State::Following(enforcer) = &mut self.state else { return };
        let taken = Instant::now();
        let before = enforcer.counts().switches;
        while !self.pending.is_empty() {
            let said = self.pending.take_lot().into_iter();
            self.progress.changes(said.len());
            enforcer.follow(said.map(|change| lent::enforced(&mut self.told, change)).collect());
        }
        self.progress.switches(enforcer.counts().switches - before);
        self.due = None;
        self.as_of = Some(taken);
    }

    /// Notes that changes were heard of; of very many only the first moments, which is what lag and latency are about.
    fn note_heard(&mut self, changes: u64) {
        let full = self.heard.len() >= MOMENTS;
        match self.heard.last_mut() {
            Some((_, last)) if full => *last += changes,
            _ => self.heard.push((Instant::now(), changes)),
        }
    }

    /// Takes the time of what the kernel has acknowledged.
    fn measure(&mut self) {
        let State::Following(enforcer) = &self.state else { return };
        if enforcer.behind().is_none() {
            for (heard, changes) in self.heard.drain(..) {
                self.latency.observe(heard.elapsed(), changes);
            }
            let now = self.calendar.date(Instant::now());
            for written in self.written.drain(..) {
                self.age.observe(now.duration_since(written).unwrap_or_default(), 1);
            }
        }
    }

    /// Whenever this node's pods are others.
    fn tell_surveyor(&mut self) {
        let (State::Following(enforcer), Some(surveyor)) = (&self.state, &mut self.surveyor) else { return };
        surveyor.tell(enforcer.live().plan().pods.iter().map(|(pod, local)| (pod, &local.addresses)));
    }

    fn survey(&mut self, seen: Surveyed) {
        if seen.outlook != self.seen.outlook {
            tell(&seen.outlook);
        }
        if let State::Following(enforcer) = &mut self.state {
            enforcer.find(seen.found.clone());
        }
        self.forget_gone(&seen.links);
        self.seen = seen;
    }

    /// Forgets the links that are not there any more: who took them away told nobody, or an agent that was away.
    pub fn forget_gone(&mut self, links: &BTreeSet<String>) {
        for pod in self.told.on_none_of(links) {
            tracing::info!(%pod, "the link that was told of this pod has gone");
            self.unplug(pod, &Attachment::default());
        }
    }

    /// Who waits for a state that cannot be used is told so at once.
    fn mark(&mut self, reply: Reply<Result<(), String>>) {
        match (&self.state, &self.unreadable) {
            (State::Waiting(_), Some(why)) => reply.give(Err(why.clone())),
            (_, Some(why)) if self.homeless => reply.give(Err(why.clone())),
            _ => self.waiting.push(reply),
        }
    }

    /// Tells those who wait how it went.
    fn answer(&mut self) {
        let State::Following(enforcer) = &self.state else { return };
        for reply in self.waiting.drain(..) {
            reply.give(enforcer.behind().map_or(Ok(()), |behind| Err(behind.error.clone())));
        }
    }

    /// What waits goes first: the pod's object may be among it.
    fn plug(&mut self, plugged: Plugged, reply: Reply<Result<(), String>>) {
        self.enforce();
        if let State::Following(enforcer) = &mut self.state {
            let (pod, link) = (plugged.pod.clone(), plugged.link.clone());
            let said = enforcer.said(&ObjectKey::Pod(pod.clone()));
            let change = lent::lend(&mut self.told, plugged, said);
            enforcer.link(pod, link);
            enforcer.follow(change.into_iter().collect());
        } else {
            self.told.insert(plugged);
        }
        self.waiting.push(reply);
    }

    fn unplug(&mut self, pod: NamespacedName, going: &Attachment) {
        let lent = !self.told.lent_to(&pod).is_empty();
        if !self.told.remove(&pod, going) {
            return;
        }
        if let State::Following(enforcer) = &mut self.state {
            let said = enforcer.said(&ObjectKey::Pod(pod.clone())).filter(|_| lent);
            enforcer.follow(lent::taken_back(said).into_iter().collect());
            enforcer.unlink(pod);
        }
    }

    fn heal(&mut self, touch: Touch) {
        let State::Following(enforcer) = &mut self.state else { return };
        match touch {
            Touch::Changed => {
                tracing::warn!("somebody else has changed our tables; they are made anew");
                self.drifts += 1;
                enforcer.heal();
                tell_healed(enforcer);
            }
            Touch::Unknown => {
                tracing::warn!("somebody else may have changed our tables; they are read back to be sure");
                if !self.check() {
                    self.mend();
                }
            }
        }
    }

    /// Makes our tables anew.
    fn mend(&mut self) {
        if let State::Following(enforcer) = &mut self.state {
            enforcer.heal();
            tell_healed(enforcer);
        }
    }

    /// Compares the kernel with the plan, and brings it back. False if the kernel cannot be read, as while somebody never stops
    /// changing it.
    fn check(&mut self) -> bool {
        let State::Following(enforcer) = &mut self.state else {
            self.resync.put_off();
            return true;
        };
        let checked = enforcer.check();
        self.resync.note(checked.is_ok());
        match &checked {
            Ok(None) => {}
            Ok(Some(difference)) => {
                tracing::warn!(%difference, "the kernel is not at the plan; our tables are made anew");
                self.drifts += 1;
                tell_healed(enforcer);
            }
            Err(error) => tracing::warn!(%error, "the kernel cannot be compared with the plan"),
        }
        checked.is_ok()
    }

    fn hearing(&mut self, what: Listener, deaf: Option<String>) {
        match deaf {
            Some(why) => {
                tracing::error!(%why, "{what}: not heard of any more; tried again");
                self.deaf.insert(what, why);
            }
            None => {
                if self.deaf.remove(&what).is_some() {
                    tracing::info!("{what}: heard of again");
                }
            }
        }
    }

    /// That metrics are not served is no obstacle to anything else.
    fn serving(&mut self, served: Result<(), String>) {
        let unserved = served.err();
        if unserved == self.unserved {
            return;
        }
        if let Some(why) = &unserved {
            tracing::error!(%why, "metrics and probes are not served");
        } else {
            tracing::info!("metrics and probes are served now");
        }
        self.unserved = unserved;
    }

    /// Writes down who was refused or admitted, and why.
    fn note(&mut self, noted: &[Noted], untold: u64) {
        let refused = noted.iter().map(Noted::refused).sum::<u64>();
        self.untold += untold;
        self.refused += untold + refused;
        let State::Following(enforcer) = &self.state else {
            self.untold += refused;
            return;
        };
        for noted in noted {
            let record = flow::record(enforcer.live().engine(), &self.node, noted, self.as_of, self.calendar);
            if let Why::Refused(reason) = noted.kind.why {
                self.refusals.count(reason, &record);
            }
            self.log.add(record);
        }
    }
}

/// The pods of a node that policies can see, and their addresses.
fn pods_of(world: &World, node: &str) -> BTreeMap<NamespacedName, Vec<IpAddr>> {
    let here = world.pods.values().filter(|pod| pod.node.as_deref() == Some(node) && pod.is_policed());
    here.map(|pod| (pod.meta.id.clone(), pod.ips().to_vec())).collect()
}

/// Says in the log that the first state is in force. That it is not was said before.
fn tell_first<K: Kernel>(enforcer: &Enforcer<K>, took: Duration) {
    if enforcer.behind().is_some() {
        return;
    }
    let plan = enforcer.live().plan();
    let (pods, policies, programs) = (plan.pods.len(), policies_of(plan), plan.programs.len());
    tracing::info!(pods, policies, programs, took = ?took, "the first state is enforced");
}

/// Says in the log that what others did to our tables is mended.
fn tell_healed<K: Kernel>(enforcer: &Enforcer<K>) {
    if enforcer.behind().is_none() {
        tracing::info!("our tables are at the plan again");
    }
}

/// Says in the log what is seen of the pods' ways.
fn tell(outlook: &Outlook) {
    for bypass in &outlook.bypasses {
        tracing::error!("NOT ENFORCED for {bypass}");
    }
    for suspicion in &outlook.suspicions {
        tracing::warn!("may not be enforced: {suspicion}");
    }
    if outlook.bypasses.is_empty() && outlook.suspicions.is_empty() {
        tracing::info!("all pods' packets come by here");
    }
}

impl Agent<Dataplane> {
    /// Closes the pods of these ranges, and those behind links of pods, unless an earlier agent has left something in force.
    pub fn close(
        &mut self,
        ranges: &[podfence_model::Cidr],
    ) -> Result<(), podfence_dataplane_nft::DataplaneError> {
        let State::Waiting(Some(kernel)) = &mut self.state else { return Ok(()) };
        if kernel.inherits()? {
            return Ok(());
        }
        let plan = NodePlan { local_ranges: ranges.to_vec(), ..NodePlan::default() };
        kernel.apply(&podfence_plan::Delta::default(), &plan).map(drop)
    }
}

#[cfg(test)]
mod tests;
