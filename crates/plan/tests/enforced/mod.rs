//! Plans read as a packet meets them.

#![allow(dead_code, reason = "each test binary uses its part of this")]

use std::collections::BTreeMap;
use std::net::IpAddr;

use podfence_engine::{Engine, Outcome, Party};
use podfence_model::{Direction, Flow, Layer4, World};
use podfence_plan::NodePlan;

/// The plans of all nodes, read as a packet meets them.
pub struct Plans(pub BTreeMap<String, NodePlan>);

impl Plans {
    pub fn of(world: &World, engine: &Engine) -> Self {
        let links = BTreeMap::new();
        Self(world.nodes.keys().map(|n| (n.clone(), NodePlan::build(engine, n, &links))).collect())
    }

    /// Whether the node of a pod lets it talk to `peer` in a direction.
    fn admit(
        &self,
        engine: &Engine,
        subject: &Party,
        peer: IpAddr,
        direction: Direction,
        layer4: Layer4,
    ) -> bool {
        let Some(pod) = subject.pod().map(|id| engine.pod(id)) else { return true };
        let Some(plan) = pod.node.as_ref().and_then(|node| self.0.get(node)) else { return true };
        let Some(program) = plan.pods[&pod.meta.id].program(direction) else { return true };
        let program = &plan.programs[program];
        let union = match layer4 {
            Layer4::Icmp => program.portless.as_ref(),
            Layer4::Port(protocol, port) => program.ports.get(&protocol).and_then(|rows| {
                rows.iter().find(|r| (r.first..=r.last).contains(&port.get())).map(|r| &r.union)
            }),
        };
        union.is_some_and(|union| plan.unions[union].admits(peer, &plan.known))
    }

    /// What all nodes together do with a flow; `None` where the plans are not asked.
    pub fn verdict(&self, engine: &Engine, flow: &Flow) -> Option<Outcome> {
        let answer = engine.answer(flow).ok().filter(|answer| answer.always.is_none())?;
        let (from, to) = (address(&answer.source)?, address(&answer.destination)?);
        let admitted = self.admit(engine, &answer.source, to, Direction::Egress, flow.layer4)
            && self.admit(engine, &answer.destination, from, Direction::Ingress, flow.layer4);
        Some(if admitted { Outcome::Allowed } else { Outcome::Denied })
    }

    /// As [`Self::verdict`], but an address of a node's pod ranges that no known pod has talks to nobody.
    pub fn enforced(&self, engine: &Engine, flow: &Flow) -> Option<Outcome> {
        let answer = engine.answer(flow).ok()?;
        let unknown = |party: &Party| {
            let local = |plan: &NodePlan, ip| plan.local_ranges.iter().any(|r| r.contains(ip));
            matches!(party, Party::UnknownPod(ip) if self.0.values().any(|plan| local(plan, *ip)))
        };
        let closed = unknown(&answer.source) || unknown(&answer.destination);
        if closed { Some(Outcome::Denied) } else { self.verdict(engine, flow) }
    }
}

fn address(party: &Party) -> Option<IpAddr> {
    match party.addresses() {
        [one] => Some(*one),
        _ => None,
    }
}
