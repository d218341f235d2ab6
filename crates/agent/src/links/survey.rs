//! Looking at the node's links: a thread that reads them at the start, when the kernel says that something has changed, when
//! the loop tells of other pods, and once in a while.
//!
//! It sends what it sees, and decides nothing about pods.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;
use std::{iter, thread};

use podfence_model::NamespacedName;
use podfence_netlink::Error;
use podfence_netlink::nft::{FlowtableChanges, Nftables};
use podfence_netlink::route::{Routing, Stirrings};
use podfence_plan::Link;

use super::find::{Found, Owners, find};
use super::path::{Outlook, outlook};
use super::picture::Picture;
use crate::listener::{Ended, Listener, Stopped, keep};
use crate::message::Message;
use crate::threads::spawn;

/// So long a change waits for others: plugging a pod in is a dozen of them.
const COALESCE: Duration = Duration::from_millis(2);
/// It looks at least this often, since the kernel tells nobody of a switch (sysctl) that is turned.
const AT_LEAST: Duration = Duration::from_mins(5);
/// And so soon after a look that failed.
const AGAIN: Duration = Duration::from_secs(1);

/// So long the first state waits for a look.
const PATIENCE: Duration = Duration::from_secs(2);

/// The pods of this node and their addresses.
pub type Pods = BTreeMap<NamespacedName, Vec<IpAddr>>;

#[derive(Debug)]
enum Wish {
    Look,
    Pods(Pods),
    /// For these pods, and tell who asks.
    Answer(Pods, Sender<Surveyed>),
}

/// What was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surveyed {
    /// The links that were found, by address.
    pub found: BTreeMap<IpAddr, Link>,
    /// The names of all links of the node.
    pub links: BTreeSet<String>,
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
    /// Has the links of these pods looked for and waits for what is seen; `None` if nothing can be, or not in time.
    pub fn look_for(&mut self, pods: Pods) -> Option<Surveyed> {
        let (reply, seen) = channel();
        self.pods.clone_from(&pods);
        self.wishes.send(Wish::Answer(pods, reply)).ok()?;
        seen.recv_timeout(PATIENCE).ok()
    }

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
        let survey = Survey {
            routing: Routing::open()?,
            nft: Nftables::open()?,
            owners: Owners::new(),
            found: BTreeMap::new(),
        };
        let (here, flowtables) = (Stirrings::here()?, FlowtableChanges::open()?);
        Ok(Self { here, everywhere: everywhere.ok(), flowtables, survey })
    }

    /// The names of all links that there are now.
    pub fn links(&mut self) -> Result<BTreeSet<String>, Error> {
        Ok(self.survey.routing.links()?.into_iter().map(|link| link.name).collect())
    }

    /// Starts looking.
    pub fn watch(self, to: Sender<Message>) -> Surveyor {
        let Self { here, everywhere, mut flowtables, mut survey } = self;
        let (wishes, asked) = channel();
        let stirring = everywhere.map(|stirrings| (Listener::Addresses, stirrings));
        for (what, mut stirrings) in [(Listener::Links, here)].into_iter().chain(stirring) {
            look_when(what, wishes.clone(), &to, move || stirrings.wait());
        }
        look_when(Listener::FlowTables, wishes.clone(), &to, move || flowtables.wait());
        let _ = wishes.send(Wish::Look);
        spawn("survey", move || survey.follow(&asked, &to));
        Surveyor { wishes, pods: Pods::new() }
    }
}

/// Wishes for a look after every wait, and after one that failed, when something may have been missed. What was opened with a
/// privilege that is given up by now cannot be opened anew, so the same socket is tried again.
fn look_when(
    what: Listener,
    wishes: Sender<Wish>,
    to: &Sender<Message>,
    mut wait: impl FnMut() -> Result<(), Error> + Send + 'static,
) {
    let mut failed = false;
    keep(what, to.clone(), move |opened| {
        if let Err(Ended) = opened() {
            return Stopped::Ended;
        }
        loop {
            if !std::mem::take(&mut failed)
                && let Err(error) = wait()
            {
                failed = true;
                return Stopped::Failed(error.to_string());
            }
            if wishes.send(Wish::Look).is_err() {
                return Stopped::Ended;
            }
        }
    });
}

struct Survey {
    routing: Routing,
    nft: Nftables,
    /// Whose address it was when they were found.
    owners: Owners,
    found: BTreeMap<IpAddr, Found>,
}

impl Survey {
    fn follow(&mut self, asked: &Receiver<Wish>, to: &Sender<Message>) {
        let (mut pods, mut last, mut blind) = (Pods::new(), None, false);
        while let Some(replies) = hear(asked, if blind { AGAIN } else { AT_LEAST }, &mut pods) {
            let seen = self.look(&pods);
            if blind != seen.is_err() {
                blind = seen.is_err();
                let why = seen.as_ref().err().map(Error::to_string);
                let _ = to.send(Message::Hearing(Listener::Survey, why)); // an error: nobody wishes any more, either
            }
            let Ok(seen) = seen else { continue };
            for reply in replies {
                let _ = reply.send(seen.clone()); // an error: it waits no more
            }
            if last.as_ref() != Some(&seen) {
                last = Some(seen.clone());
                let _ = to.send(Message::Surveyed(Box::new(seen)));
            }
        }
    }

    fn look(&mut self, pods: &Pods) -> Result<Surveyed, Error> {
        let addresses = pods.values().flatten().copied();
        let picture = Picture::take(&mut self.routing, &mut self.nft, addresses)?;
        let owner = |(pod, all): (&NamespacedName, &Vec<IpAddr>)| {
            all.iter().map(|address| (*address, pod.clone())).collect::<Vec<_>>()
        };
        let owners: Owners = pods.iter().flat_map(owner).collect();
        let known =
            |address: &IpAddr| owners.get(address).is_some_and(|pod| self.owners.get(address) == Some(pod));
        self.found.retain(|address, _| known(address));
        self.found = find(&picture, &owners, &self.found);
        self.owners = owners;
        let outlook = outlook(&picture, pods, &self.found);
        Ok(Surveyed {
            found: self.found.iter().map(|(address, found)| (*address, found.link.clone())).collect(),
            links: picture.links.into_values().map(|link| link.name).collect(),
            outlook,
        })
    }
}

/// Waits for a wish, or until it is time to look all the same. Enters which pods there are, and returns who wants to be told
/// what is seen; `None` when nobody wishes any more.
fn hear(asked: &Receiver<Wish>, patience: Duration, pods: &mut Pods) -> Option<Vec<Sender<Surveyed>>> {
    let first = match asked.recv_timeout(patience) {
        Err(RecvTimeoutError::Disconnected) => return None,
        Err(RecvTimeoutError::Timeout) => Wish::Look,
        Ok(wish) => wish,
    };
    thread::sleep(COALESCE);
    let mut replies = Vec::new();
    for wish in iter::once(first).chain(asked.try_iter()) {
        match wish {
            Wish::Look => {}
            Wish::Pods(now) => *pods = now,
            Wish::Answer(now, reply) => {
                *pods = now;
                replies.push(reply);
            }
        }
    }
    Some(replies)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_hears_nothing_for_once_says_so_and_looks_again() {
        let ((wishes, asked), (to, heard)) = (channel(), channel());
        let mut waits = 0;
        look_when(Listener::Links, wishes, &to, move || {
            waits += 1;
            match waits {
                1 => Ok(()),
                2 => Err(Error::Malformed { request: "waits".into(), what: "this" }),
                _ => loop {
                    thread::park();
                },
            }
        });
        assert!((0..2).all(|_| matches!(asked.recv(), Ok(Wish::Look))), "one may have been missed");
        let told: Vec<bool> = heard.iter().take(3).map(is_deaf).collect();
        assert_eq!(told, [false, true, false]);
    }

    fn is_deaf(message: Message) -> bool {
        let Message::Hearing(Listener::Links, deaf) = message else { panic!("{message:?}") };
        deaf.is_some()
    }
}
