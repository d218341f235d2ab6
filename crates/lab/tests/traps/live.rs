//! A dataplane that is told of events alone has what a fresh one makes of the whole plan.

use std::collections::BTreeMap;

use podfence_dataplane_nft::Dataplane;
use podfence_engine::Engine;
use podfence_lab::netns::Netns;
use podfence_model::{NamespacedName, World};
use podfence_netlink::nft::{Family, Name, Table};
use podfence_plan::{Delta, Link, LivePlan};
use podfence_testkit::generate::{self, Rng};
use podfence_testkit::storm::{self, Edit};

use crate::deltas::{empty, open_in, same};
use crate::state::{State, TABLE};

const WORLDS: u64 = 60;
const EVENTS: usize = 30;
/// The kernel is read back this often.
const LOOK: usize = 10;
const BRIDGE: Table = Table::new(Family::Bridge, Name::constant("podfence"));

/// One node that follows events.
struct Node {
    world: World,
    live: LivePlan,
    links: BTreeMap<NamespacedName, Link>,
    /// Links ever given.
    given: usize,
    netns: Netns,
    dataplane: Dataplane,
}

/// Every third pod is a port of a bridge.
fn link(number: usize) -> Link {
    let name = format!("veth{number}");
    if number.is_multiple_of(3) {
        Link::Bridged { bridge: "cni0".into(), port: name }
    } else {
        Link::Routed(name)
    }
}

impl Node {
    fn new(world: World) -> Self {
        let links: BTreeMap<_, _> =
            world.pods.keys().enumerate().map(|(n, id)| (id.clone(), link(n))).collect();
        let live = Self::fresh_plan(&world, &links);
        let netns = empty();
        let mut dataplane = open_in(&netns);
        dataplane.apply(&Delta::default(), live.plan()).unwrap();
        Self { world, live, given: links.len(), links, netns, dataplane }
    }

    fn fresh_plan(world: &World, links: &BTreeMap<NamespacedName, Link>) -> LivePlan {
        let node = world.nodes.keys().next().unwrap();
        LivePlan::new(Engine::new(world), node, links.clone())
    }

    fn edit(&mut self, edit: &Edit) -> Delta {
        storm::apply(&mut self.world, edit);
        match edit {
            Edit::AddPod(pod) => {
                let id = &pod.meta.id;
                self.given += 1;
                self.links.insert(id.clone(), link(self.given));
                self.live.put_pod(pod.clone(), self.links.get(id).cloned())
            }
            Edit::RemovePod(id) => {
                self.links.remove(id);
                self.live.remove_pod(id)
            }
            Edit::RelabelPod(id, _) | Edit::ReaddressPod(id, _) | Edit::AgePod(id, _) => {
                self.live.put_pod(self.world.pods[id].clone(), self.links.get(id).cloned())
            }
            Edit::RelabelNamespace(name, _) => self.live.put_namespace(self.world.namespaces[name].clone()),
            Edit::AddPolicy(policy) | Edit::ChangePolicy(policy) => self.live.put_policy(policy.clone()),
            Edit::RemovePolicy(id) => self.live.remove_policy(id),
        }
    }

    fn compare(&self, what: &str) {
        let fresh = empty();
        open_in(&fresh).enforce(self.live.plan().clone()).unwrap();
        same(&State::of(&self.netns, TABLE), &State::of(&fresh, TABLE), what);
        let (bridge, should) = (State::of(&self.netns, BRIDGE), State::of(&fresh, BRIDGE));
        let emptied = should.canonical().is_empty() && bridge.holds_nothing();
        assert!(emptied || bridge.canonical() == should.canonical(), "{what}: {bridge:?}, not {should:?}");
    }
}

pub fn events_lead_where_a_fresh_plan_does() {
    let (mut steps, mut narrowed) = (0, 0);
    for seed in 0..WORLDS {
        let mut rng = Rng::with_seed(seed);
        let mut node = Node::new(generate::lab_sized(seed));
        for number in 1..=EVENTS {
            let edit = storm::random_edit(&node.world, &mut rng);
            let delta = node.edit(&edit);
            let enforced = node.dataplane.apply(&delta, node.live.plan());
            let enforced = enforced.unwrap_or_else(|e| panic!("seed {seed}, event {number}: {e}\n{edit:?}"));
            assert!(enforced.operations == 0 || !delta.is_empty(), "seed {seed}, event {number}");
            let difference = node.dataplane.verify(node.live.plan()).unwrap();
            assert_eq!(difference, None, "seed {seed}, event {number}: {edit:?}");
            steps += 1;
            narrowed += usize::from(enforced.rejudged);
            if number.is_multiple_of(LOOK) {
                node.compare(&format!("seed {seed}, event {number}"));
            }
        }
    }
    println!("{steps} events, {narrowed} took something away");
    assert!(narrowed * 10 > steps && narrowed * 10 < 9 * steps, "{narrowed} of {steps}");
}
