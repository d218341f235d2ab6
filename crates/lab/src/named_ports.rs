//! Flows that a change may have touched although nobody listens: on ports that policies name, and on ports that were declared.
//!
//! A rule that names 81 where pods listen on 80 opens 81 and closes 80; a learner who edits it wants to see both. So both ends of
//! every range in a rule are looked at, on the pods that it speaks about, in the world before and the world after.

use std::collections::BTreeSet;

use podfence_model::{
    Direction, Endpoint, Family, Flow, Layer4, NamespacedName, Pod, PortMatch, PortSpec, World,
};

use crate::flows::{judged, outside, pod_end, sources};

type Layers = BTreeSet<Layer4>;

/// The flows between the pods of `after`, and from them to the outside, that either world's policies name or pods declare.
pub(crate) fn flows(before: &World, after: &World) -> Vec<Flow> {
    let of = |id: &NamespacedName, direction| -> Layers {
        [before, after].into_iter().flat_map(|world| named(world, id, direction)).collect()
    };
    let mut out = Vec::new();
    for family in Family::BOTH {
        let sources: Vec<(Endpoint, Layers)> =
            sources(after, family).into_iter().map(|end| (end.clone(), sent(&end, of))).collect();
        let mut add = |destination: &Endpoint, accepted: &Layers| {
            for (source, sent) in sources.iter().filter(|(source, _)| judged(source, destination)) {
                let flow = |layer4: &Layer4| Flow {
                    source: source.clone(),
                    destination: destination.clone(),
                    layer4: *layer4,
                };
                out.extend(accepted.union(sent).map(flow));
            }
        };
        for pod in after.pods.values() {
            let Some(end) = pod_end(after, pod, family) else { continue };
            let mut accepted = of(&pod.meta.id, Direction::Ingress);
            accepted.extend(before.pods.get(&pod.meta.id).into_iter().flat_map(declared));
            add(&end, &accepted);
        }
        if let Some(ip) = outside(family) {
            add(&Endpoint::Ip(ip), &Layers::new());
        }
    }
    out
}

/// The ports that policies name for what a source sends.
fn sent(end: &Endpoint, of: impl Fn(&NamespacedName, Direction) -> Layers) -> Layers {
    match end {
        Endpoint::Pod { id, .. } => of(id, Direction::Egress),
        Endpoint::Node { .. } | Endpoint::Ip(_) => Layers::new(),
    }
}

/// The ports that the policies of a pod name.
fn named(world: &World, id: &NamespacedName, direction: Direction) -> Layers {
    let Some(pod) = world.pods.get(id) else { return Layers::new() };
    let chooses = |policy: &&podfence_model::NetworkPolicy| {
        policy.meta.id.namespace == id.namespace && policy.subject.matches(&pod.meta.labels)
    };
    let rules = world.policies.values().filter(chooses).flat_map(|policy| policy.rules(direction));
    rules.flat_map(|rule| rule.ports.iter().flat_map(ends)).collect()
}

/// Both ends of a range of ports; names stand for ports that are declared, and those are tried anyhow.
fn ends(item: &PortMatch) -> Vec<Layer4> {
    match &item.ports {
        PortSpec::Range(range) => {
            [range.first(), range.last()].map(|port| Layer4::Port(item.protocol, port)).into()
        }
        PortSpec::All | PortSpec::Named(_) => Vec::new(),
    }
}

fn declared(pod: &Pod) -> impl Iterator<Item = Layer4> + '_ {
    pod.ports.iter().map(|port| Layer4::Port(port.protocol, port.number))
}
