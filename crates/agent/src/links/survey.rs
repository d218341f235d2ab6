//! Looking at the node's links: a thread that reads them at the start, when the kernel says that something has changed, when
//! the loop tells of other pods, and once in a while.
//!
//! It sends what it sees, and decides nothing about pods.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use podfence_model::NamespacedName;
use podfence_netlink::Error;
use podfence_netlink::nft::{FlowtableChanges, Nftables};
use podfence_netlink::route::{Routing, Stirrings};
use podfence_plan::Link;

use super::find::{Found, find};
use super::path::{Outlook, outlook};
use super::picture::Picture;
use crate::message::Message;

/// So long a change waits for others: plugging a pod in is a dozen of them.
const COALESCE: Duration = Duration::from_millis(2);
/// It looks at least this often, since the kernel tells nobody of a switch (sysctl) that is turned.
const AT_LEAST: Duration = Duration::from_mins(5);

/// The pods of this node and their addresses.
pub(super) type Pods = BTreeMap<NamespacedName, Vec<IpAddr>>;

#[derive(Debug)]
enum Wish {
    Look,
    Pods(Pods),
}

/// What was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surveyed {
    /// The links that were found, by address.
    pub found: BTreeMap<IpAddr, Link>,
    /// Whether the pods' packets come by our hooks.
    pub outlook: Outlook,
}

/// The loop's end of the thread that looks.
#[derive(Debug)]
pub struct Surveyor {
    wishes: Sender<Wish>,
    pods: Pods,
}

impl Surveyor {
    /// Tells which pods there are, if they have changed, and has their links looked for.
    pub fn tell<'p>(&mut self, pods: impl Iterator<Item = (&'p NamespacedName, &'p Vec<IpAddr>)> + Clone) {
        let mut before = self.pods.iter();
        if pods.clone().all(|pod| before.next() == Some(pod)) && before.next().is_none() {
            return;
        }
        self.pods = pods.map(|(pod, addresses)| (pod.clone(), addresses.clone())).collect();
        let _ = self.wishes.send(Wish::Pods(self.pods.clone())); // an error: it has ended, and said why
    }
}

/// All that looks and listens, in the network namespace of the thread that opened it.
pub struct Eyes {
    here: Stirrings,
    everywhere: Option<Stirrings>,
    flowtables: FlowtableChanges,
    survey: Survey,
}

impl Eyes {
    /// Opens them. What is opened here needs more privileges than what is asked later.
    pub fn open() -> Result<Self, Error> {
        let everywhere = Stirrings::of_addresses_everywhere().inspect_err(
            |error| tracing::info!(%error, "links on a bridge are found when their pods are known, not before"),
        );
        let survey = Survey { routing: Routing::open()?, nft: Nftables::open()?, found: BTreeMap::new() };
        let (here, flowtables) = (Stirrings::here()?, FlowtableChanges::open()?);
        Ok(Self { here, everywhere: everywhere.ok(), flowtables, survey })
    }

    /// Starts looking.
    pub fn watch(self, to: Sender<Message>) -> Surveyor {
        let Self { here, everywhere, mut flowtables, mut survey } = self;
        let (wishes, asked) = channel();
        for mut stirrings in [here].into_iter().chain(everywhere) {
            look_when(wishes.clone(), move || stirrings.wait());
        }
        look_when(wishes.clone(), move || flowtables.wait());
        let _ = wishes.send(Wish::Look);
        thread::spawn(move || survey.follow(&asked, &to));
        Surveyor { wishes, pods: Pods::new() }
    }
}

/// Wishes for a look after every wait.
fn look_when(wishes: Sender<Wish>, mut wait: impl FnMut() -> Result<(), Error> + Send + 'static) {
    thread::spawn(move || {
        loop {
            if let Err(error) = wait() {
                tracing::error!(%error, "changes of links are not noticed at once any more");
                return;
            }
            if wishes.send(Wish::Look).is_err() {
                return;
            }
        }
    });
}

struct Survey {
    routing: Routing,
    nft: Nftables,
    found: BTreeMap<IpAddr, Found>,
}

impl Survey {
    fn follow(&mut self, asked: &Receiver<Wish>, to: &Sender<Message>) {
        let (mut pods, mut last) = (Pods::new(), None);
        loop {
            match asked.recv_timeout(AT_LEAST) {
                Err(RecvTimeoutError::Disconnected) => return,
                Ok(Wish::Pods(now)) => pods = now,
                Ok(Wish::Look) | Err(RecvTimeoutError::Timeout) => {}
            }
            thread::sleep(COALESCE);
            pods = asked.try_iter().fold(pods, |pods, wish| match wish {
                Wish::Look => pods,
                Wish::Pods(now) => now,
            });
            match self.look(&pods) {
                Ok(seen) if last.as_ref() == Some(&seen) => {}
                Ok(seen) => {
                    last = Some(seen.clone());
                    if to.send(Message::Surveyed(Box::new(seen))).is_err() {
                        return;
                    }
                }
                Err(error) => tracing::error!(%error, "cannot look at the links of this node"),
            }
        }
    }

    fn look(&mut self, pods: &Pods) -> Result<Surveyed, Error> {
        let addresses = pods.values().flatten().copied();
        let picture = Picture::take(&mut self.routing, &mut self.nft, addresses)?;
        self.found = find(&picture, &self.found);
        Ok(Surveyed {
            found: self.found.iter().map(|(address, found)| (*address, found.link.clone())).collect(),
            outlook: outlook(&picture, pods, &self.found),
        })
    }
}
