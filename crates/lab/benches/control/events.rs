//! Pods that come and go.

use podfence_dataplane_nft::{Dataplane, Settings};
use podfence_lab::netns::Netns;
use podfence_lab::sysctl::Role;
use podfence_model::Pod;
use podfence_netlink::nft::{Batch, DataType, Element, Family, Name, Nftables, Set, Table};
use podfence_plan::{Delta, Link, LivePlan};

use crate::shape::{self, PEERS};
use crate::spread::Spread;

const ROUNDS: u32 = 400;
/// Elements of one peer: ten unions, and the pods that are known.
const ELEMENTS: u32 = 11;
const FOREIGN: Table = Table::new(Family::Inet, Name::constant("floor"));

/// A node with its plan enforced, and a foreign table beside it.
struct Node {
    live: LivePlan,
    dataplane: Dataplane,
    nft: Nftables,
    /// Sets of the foreign table, from all along its list.
    sets: Vec<Set>,
}

/// An event in its parts.
#[derive(Default)]
struct Parts {
    plan: Spread,
    kernel: Spread,
    /// All of it but what transactions took the kernel.
    ours: Spread,
    whole: Spread,
}

impl Parts {
    fn rows(self, what: &str) {
        self.whole.row(what);
        self.ours.row(&format!("– {what}: ours of it, all but what transactions took the kernel"));
        self.plan.row(&format!("– {what}: event to delta"));
        self.kernel.row(&format!("– {what}: delta to acknowledgement"));
    }
}

impl Node {
    fn new(live: LivePlan) -> Self {
        let netns = Netns::new("node", Role::Router).unwrap();
        let mut dataplane = netns.run(|| Dataplane::open(Settings::default())).unwrap();
        dataplane.apply(&Delta::default(), live.plan()).unwrap();
        let mut nft = netns.run(Nftables::open).unwrap();
        // The kernel looks a set up among all of its table, so this one has as many as ours.
        let all = ELEMENTS.max(u32::try_from(live.plan().unions.len()).unwrap());
        let set = |n| Set {
            size: Some(64),
            ..Set::new(Name::new(format!("peers_{n}_pods_v4")).unwrap(), [DataType::Ipv4])
        };
        let sets: Vec<Set> = (0..all).map(set).collect();
        let mut batch = Batch::new();
        batch.create_table(&FOREIGN, None);
        for set in &sets {
            batch.create_set(&FOREIGN, set).unwrap();
        }
        nft.commit(&batch).unwrap();
        let step = all / ELEMENTS;
        let sets = (0..ELEMENTS).map(|n| sets[(n * step + step / 2) as usize].clone()).collect();
        Self { live, dataplane, nft, sets }
    }

    fn floor(&mut self, spread: &mut Spread, comes: bool) {
        let element = || [Element::new(std::net::Ipv4Addr::new(192, 0, 2, 1))];
        spread.time(|| {
            let mut batch = Batch::new();
            for set in &self.sets {
                if comes {
                    batch.add_elements(&FOREIGN, set, element()).unwrap();
                } else {
                    batch.delete_elements(&FOREIGN, set, element()).unwrap();
                }
            }
            self.nft.commit(&batch).unwrap();
        });
    }

    fn event(&mut self, parts: &mut Parts, event: impl FnOnce(&mut LivePlan) -> Delta, unions: usize) {
        let before = self.dataplane.in_kernel();
        let delta = parts.plan.time(|| event(&mut self.live));
        let enforced = parts.kernel.time(|| self.dataplane.apply(&delta, self.live.plan()));
        let whole = parts.plan.last() + parts.kernel.last();
        parts.whole.push(whole);
        parts.ours.push(whole.saturating_sub(self.dataplane.in_kernel().saturating_sub(before)));
        assert!(enforced.unwrap().operations > 0);
        let touched = delta.unions_changed.len() + delta.unions_set.len() + delta.unions_removed.len();
        assert_eq!(touched, unions, "{delta:?}");
    }

    /// Makes pods come and go, each in so many unions.
    fn comes_and_goes(
        &mut self,
        what: &str,
        (rounds, unions): (u32, usize),
        pod: impl Fn(u32) -> (Pod, Option<Link>),
    ) {
        let (mut comes, mut goes) = (Parts::default(), Parts::default());
        let (mut floor_in, mut floor_out) = (Spread::default(), Spread::default());
        for round in 0..rounds {
            let (pod, link) = pod(round);
            let id = pod.meta.id.clone();
            self.floor(&mut floor_in, true);
            self.event(&mut comes, |live| live.put_pod(pod, link), unions);
            self.floor(&mut floor_out, false);
            self.event(&mut goes, |live| live.remove_pod(&id), unions);
        }
        comes.rows(&format!("{what} comes"));
        floor_in.row("– floor: 11 bare elements come");
        goes.rows(&format!("{what} goes"));
        floor_out.row("– floor: 11 bare elements go");
    }
}

pub fn in_ten_unions() {
    let mut node = Node::new(shape::ten_unions());
    let peer = |round: u32| (shape::sharded(PEERS + 100 + round % 100), None);
    node.comes_and_goes("a peer in ten of ten unions of 99,900", (ROUNDS, 10), peer);
}

pub fn in_a_thousand_unions() {
    let mut node = Node::new(shape::thousand_unions());
    let peer = |round: u32| (shape::sharded(PEERS + round), None);
    node.comes_and_goes("a peer in ten of 1,000 unions", (ROUNDS, 10), peer);
    let replica =
        |round: u32| (shape::local(1000 + round, &format!("app-{}", round % 250)), Some(shape::link(1000)));
    node.comes_and_goes("a local pod of a known program", (ROUNDS, 0), replica);
    let spare = |round: u32| (shape::local(1000 + round, "spare"), Some(shape::link(1000)));
    node.comes_and_goes("a local pod with a program and four unions of its own", (ROUNDS / 4, 4), spare);
}
