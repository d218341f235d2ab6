//! What is different between two placed worlds, in words: objects, not the verdicts that follow from them.
//!
//! Where an object stands in a file does not count: a comment above a policy changes nothing.

use std::collections::BTreeMap;

use podfence_model::{Direction, Meta, Namespace, NetworkPolicy, Node, Origin, Pod, Rule, Service, World};

/// A line for each object that was added, removed or changed.
pub fn of(before: &World, after: &World) -> Vec<String> {
    let mut lines = compare("node", &before.nodes, &after.nodes, node);
    lines.extend(compare("namespace", &before.namespaces, &after.namespaces, namespace));
    lines.extend(compare("pod", &before.pods, &after.pods, pod));
    lines.extend(compare("service", &before.services, &after.services, service));
    lines.extend(compare("endpointslice", &before.endpoint_slices, &after.endpoint_slices, |a, b| {
        told(a.endpoints != b.endpoints || a.ports != b.ports, "endpoints")
    }));
    lines.extend(compare("ingress", &before.ingresses, &after.ingresses, |a, b| {
        told((&a.class, &a.backends) != (&b.class, &b.backends), "rules")
    }));
    lines.extend(compare("networkpolicy", &before.policies, &after.policies, policy));
    lines
}

/// What differs between two objects of one name, in words; none if nothing does.
type Differing<V> = fn(&V, &V) -> Vec<String>;

fn compare<K: Ord + std::fmt::Display, V>(
    kind: &str,
    before: &BTreeMap<K, V>,
    after: &BTreeMap<K, V>,
    differing: Differing<V>,
) -> Vec<String> {
    let mut lines: Vec<String> = before
        .keys()
        .filter(|name| !after.contains_key(name))
        .map(|name| format!("{kind} {name} removed"))
        .collect();
    for (name, now) in after {
        match before.get(name).map(|then| differing(then, now)) {
            None => lines.push(format!("{kind} {name} added")),
            Some(what) if what.is_empty() => {}
            Some(what) => lines.push(format!("{kind} {name} changed: {}", what.join(", "))),
        }
    }
    lines
}

fn told(differs: bool, what: &str) -> Vec<String> {
    if differs { vec![what.to_owned()] } else { Vec::new() }
}

fn node(a: &Node, b: &Node) -> Vec<String> {
    [told(a.addresses != b.addresses, "addresses"), told(a.pod_ranges != b.pod_ranges, "pod ranges")].concat()
}

fn namespace(a: &Namespace, b: &Namespace) -> Vec<String> {
    told(a.labels != b.labels, "labels")
}

fn pod(a: &Pod, b: &Pod) -> Vec<String> {
    let life = format!("{:?}", b.life).to_lowercase();
    [
        told(a.meta.labels != b.meta.labels, "labels"),
        told((&a.node, a.host_network) != (&b.node, b.host_network), "its node"),
        told(a.addresses != b.addresses, "addresses"),
        told(a.ports != b.ports, "ports"),
        told(a.ready != b.ready, if b.ready { "ready" } else { "not ready" }),
        told(a.life != b.life, &life),
    ]
    .concat()
}

fn service(a: &Service, b: &Service) -> Vec<String> {
    let rest = |service: &Service| Service {
        meta: Meta { origin: Origin::Assumed(""), ..service.meta.clone() },
        selector: None,
        ports: Vec::new(),
        ..service.clone()
    };
    [
        told(a.selector != b.selector, "selector"),
        told(a.ports != b.ports, "ports"),
        told(rest(a) != rest(b), "settings"),
    ]
    .concat()
}

fn policy(a: &NetworkPolicy, b: &NetworkPolicy) -> Vec<String> {
    let rules = |policy: &NetworkPolicy, direction| -> Vec<Rule> {
        policy.rules(direction).iter().map(Rule::without_places).collect()
    };
    let differ = |direction| rules(a, direction) != rules(b, direction);
    [
        told(a.subject != b.subject, "podSelector"),
        told(a.directions != b.directions, "policyTypes"),
        told(differ(Direction::Ingress), "ingress"),
        told(differ(Direction::Egress), "egress"),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use podfence_testkit::build::{Put, everything, ingress, labels, open, pod};

    use super::*;

    #[test]
    fn what_was_added_removed_and_changed_is_told_and_nothing_else() {
        let a = pod("x/a", "node-1", &["10.244.1.2"], &[]);
        let mut b = a.clone();
        b.meta.labels = labels(&[("app", "web")]);
        let before = World::default().with(a).with(pod("x/b", "node-1", &[], &[]));
        let mut after = World::default().with(b).with(ingress("x/p", everything(), vec![]));
        assert_eq!(
            of(&before, &after),
            ["pod x/b removed", "pod x/a changed: labels", "networkpolicy x/p added"]
        );
        let closed = after.clone();
        after.put(ingress("x/p", everything(), vec![open()]));
        assert_eq!(of(&closed, &after), ["networkpolicy x/p changed: ingress"]);
        let mut elsewhere = after.clone();
        for policy in elsewhere.policies.values_mut() {
            policy.meta.origin = Origin::Api("2".into());
        }
        assert_eq!(of(&after, &elsewhere), Vec::<String>::new());
    }
}
