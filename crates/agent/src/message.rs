//! What the loop is told and asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::SystemTime;

use podfence_dataplane_nft::Touch;
use podfence_model::{Change, NamespacedName, ObjectKey, World};

use crate::about::{Comparisons, PodStatus, PolicyStatus, Question};
use crate::dump::Dump;
use crate::flow::{FlowRecord, Noted};
use crate::links::{Attachment, Plugged, Surveyed};
use crate::listener::Listener;
use crate::metrics::Sample;
use crate::status::Status;

/// What the loop is told and asked, in the order in which it counts.
#[derive(Debug)]
pub enum Message {
    /// Everything there is. What is not in it has gone.
    World(Box<World>),
    /// What has changed since, and when those of the changes were written that tell it.
    Changes(Vec<Change>, Vec<SystemTime>),
    /// The objects cannot be read; what they said last still counts.
    Unreadable(String),
    /// They can be read again.
    Readable,
    /// All objects that are not exactly understood, and why: they are told of in their closed form.
    Unclear(BTreeMap<ObjectKey, String>),
    /// Objects that are stated twice, differently, and where; the later statement counts.
    StatedTwice(Vec<String>),
    /// Answer when everything told before is enforced.
    Mark(Reply<Result<(), String>>),
    /// A pod is plugged in: the host's end of its link. Answer when it is enforced.
    Plug(Plugged, Reply<Result<(), String>>),
    /// A pod is unplugged, from this sandbox and network if they are named.
    Unplug(NamespacedName, Attachment),
    /// These are all sandboxes that there are in a network.
    Retain(BTreeSet<String>, Option<String>),
    /// Where pods were found, and whether their packets come by.
    Surveyed(Box<Surveyed>),
    /// Somebody else has written to our tables. Answer when they are mended.
    Touched(Touch, Reply<()>),
    /// A listener was opened, or is deaf and why.
    Hearing(Listener, Option<String>),
    /// Metrics and probes are served now, or are not and why.
    Served(Result<(), String>),
    /// Packets that the kernel told of, and how many more it refused that nobody told apart.
    Noted(Vec<Noted>, u64),
    /// The flow log: what is kept of it and, if wished, what comes.
    Flows(bool, Reply<(Vec<FlowRecord>, Option<Receiver<FlowRecord>>)>),
    /// How do things stand?
    Status(Reply<Status>),
    /// What is enforced for a policy? Or why nobody can say.
    Policy(NamespacedName, Reply<Result<PolicyStatus, String>>),
    /// For a pod?
    Pod(NamespacedName, Reply<Result<PodStatus, String>>),
    /// What do engine and kernel say of connections?
    Compare(Question, Reply<Result<Comparisons, String>>),
    /// What is in force, object by object?
    Dump(Reply<Dump>),
    /// And in numbers?
    Sample(Reply<Sample>),
    /// End, and leave everything enforced.
    Stop,
}

/// Where an answer goes.
#[derive(Debug)]
pub struct Reply<T>(Sender<T>);

impl<T> Reply<T> {
    /// A reply, and where its answer arrives.
    pub fn new() -> (Self, Receiver<T>) {
        let (sender, receiver) = channel();
        (Self(sender), receiver)
    }

    /// Answers. Who asked may have gone, which is no concern of ours.
    pub fn give(self, answer: T) {
        let _ = self.0.send(answer);
    }
}
