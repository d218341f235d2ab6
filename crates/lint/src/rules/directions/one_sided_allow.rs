//! # One side allows what the other refuses
//!
//! A rule names pods by their labels, and every connection that it admits is refused by the policies at the other end: an
//! egress rule to pods whose ingress policies do not admit it, or an ingress rule from pods whose egress policies do not.
//!
//! ## Why is this bad?
//!
//! A connection needs both sides: the sender's egress and the receiver's ingress. Somebody wrote this rule for it and tested
//! nothing; the rule is without effect until the other side has its counterpart.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   policyTypes: [Egress]
//!   egress:
//!     - to:
//!         - podSelector: {matchLabels: {app: db}}
//!       ports:
//!         - port: 5432
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - from:
//!         - podSelector: {matchLabels: {app: admin}}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: db, namespace: shop, labels: {app: db}}
//! spec: {containers: [{name: db, image: db, ports: [{containerPort: 5432}]}]}
//! ```
//!
//! ```text
//! warning: what may be sent to db by this rule is refused by the ingress policies there
//!   9:11 has no effect
//!   13:1 isolates them for ingress
//!   help: let an ingress rule of shop/db admit it as well, or take this one out
//! ```
//!
//! Admit it on the other side, too:
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   policyTypes: [Egress]
//!   egress:
//!     - to:
//!         - podSelector: {matchLabels: {app: db}}
//!       ports:
//!         - port: 5432
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - from:
//!         - podSelector: {matchLabels: {app: admin}}
//!         - podSelector: {matchLabels: {app: web}}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: db, namespace: shop, labels: {app: db}}
//! spec: {containers: [{name: db, image: db, ports: [{containerPort: 5432}]}]}
//! ```
//!
//! A policy that selects every pod is no place for the counterpart: there it would be admitted to all of them.
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: deny, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress, Egress]
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - from:
//!         - podSelector: {matchLabels: {app: web}}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: db, namespace: shop, labels: {app: db}}
//! spec: {containers: [{name: db, image: db, ports: [{containerPort: 5432}]}]}
//! ```
//!
//! ```text
//! warning: what may be sent by web by this rule is refused by the egress policies there
//!   16:11 has no effect
//!   1:1 isolates them for egress
//!   help: let an egress rule of a policy that selects web admit it as well, or take this one out
//! ```
//!
//! ## When it is silent
//!
//! - One pair of the pods may connect on one of the ports, declared or not: the rule has some effect, and the other side may
//!   be narrower on purpose.
//! - The peer names a whole namespace, or every pod: such rules are wide, and the other side is to be the narrow one.
//! - The rule names no port and the pods declare none, so that nobody knows what to ask for; or it names only ports that pods
//!   which declare others do not.
//!
//! The other side admits one port that this rule admits too, though the pod declares another:
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   policyTypes: [Egress]
//!   egress:
//!     - to:
//!         - podSelector: {matchLabels: {app: db}}
//!       ports:
//!         - port: 9187
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - from:
//!         - podSelector: {matchLabels: {app: web}}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: db, namespace: shop, labels: {app: db}}
//! spec: {containers: [{name: db, image: db, ports: [{containerPort: 5432}]}]}
//! ```

use std::collections::BTreeSet;

use podfence_engine::{Outcome, PolicyId};
use podfence_model::{
    Direction, Labels, Layer4, NetworkPolicy, Peer, PeerKind, Pod, Port, PortMatch, PortSpec, Protocol,
    Rule as PolicyText,
};
use podfence_source::Severity;

use crate::context::{Context, PolicyRule, place_of};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::rule_ports::admits;
use crate::words;

pub(super) static RULE: Rule = Rule {
    code: "one-sided-allow",
    family: Family::Directions,
    severity: Severity::Warning,
    file: include_str!("one_sided_allow.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    let peers = context.rules().flat_map(|rule| rule.rule.peers.iter().map(move |peer| (rule, peer)));
    peers
        .filter(|(_, peer)| is_on_purpose(peer))
        .filter_map(|(rule, peer)| finding(context, rule, peer))
        .collect()
}

/// Whether a peer names pods by their labels.
fn is_on_purpose(peer: &Peer) -> bool {
    matches!(&peer.kind, PeerKind::Pods { pods, .. } if !pods.is_everything())
}

fn finding(context: &Context<'_>, rule: PolicyRule<'_>, peer: &Peer) -> Option<Finding> {
    let (there, verb) = match rule.direction {
        Direction::Egress => (Direction::Ingress, "sent to"),
        Direction::Ingress => (Direction::Egress, "sent by"),
    };
    let mut others = distinct(context.peer_pods(rule.policy, peer));
    let isolated =
        |pod: &&Pod| context.engine.pod_id(&pod.meta.id).is_some_and(|id| context.is_isolated(id, there));
    // Who is not isolated refuses nothing: the rule has an effect.
    if others.is_empty() || !others.iter().all(isolated) {
        return None;
    }
    let subjects = distinct(context.subjects(rule.policy).into_iter().map(|(_, pod)| pod).collect());
    if !all_refused(context, rule, &subjects, &others) {
        return None;
    }
    others.sort_by_key(|pod| &pod.meta.id);
    let whom = words::list(&words::owners(&others));
    let message = format!("what may be {verb} {whom} by this rule is refused by the {there} policies there");
    let finding = Finding::about(&RULE, rule.policy, message).at(peer.place.clone(), "has no effect");
    let policy = refusing(context, &others, there)?;
    let help = if policy.subject.is_everything() {
        format!("let an {there} rule of a policy that selects {whom} admit it as well, or take this one out")
    } else {
        format!("let an {there} rule of {} admit it as well, or take this one out", policy.meta.id)
    };
    Some(finding.at(place_of(&policy.meta.origin).cloned(), format!("isolates them for {there}")).help(help))
}

/// One pod for each namespace, set of labels and workload: the others have the same verdicts.
fn distinct(pods: Vec<&Pod>) -> Vec<&Pod> {
    let mut seen: BTreeSet<(&str, &Labels, String)> = BTreeSet::new();
    let key = |pod: &Pod| format!("{:?}", pod.ports);
    let policed = pods.into_iter().filter(|pod| pod.is_policed());
    policed.filter(|pod| seen.insert((&pod.meta.id.namespace, &pod.meta.labels, key(pod)))).collect()
}

/// Whether something can be asked for, and all of it is refused, on ports that no pod declares, too.
fn all_refused(context: &Context<'_>, rule: PolicyRule<'_>, subjects: &[&Pod], others: &[&Pod]) -> bool {
    let passes = |ports: &dyn Fn(&Pod) -> Vec<Layer4>| some_passes(context, rule, subjects, others, ports);
    passes(&|to| asked_for(rule.rule, to)) == Some(false)
        && passes(&|_| met(context, rule, others)) != Some(true)
}

/// Whether a connection on one of the ports passes; `None` where there is none to ask for.
fn some_passes(
    context: &Context<'_>,
    rule: PolicyRule<'_>,
    subjects: &[&Pod],
    others: &[&Pod],
    ports: &dyn Fn(&Pod) -> Vec<Layer4>,
) -> Option<bool> {
    let mut asked = None;
    for subject in subjects {
        for other in others.iter().filter(|other| other.meta.id != subject.meta.id) {
            let (from, to) = match rule.direction {
                Direction::Egress => (subject, other),
                Direction::Ingress => (other, subject),
            };
            for layer4 in ports(to) {
                if context.between(from, to, layer4) != Some(Outcome::Denied) {
                    return Some(true);
                }
                asked = Some(false);
            }
        }
    }
    asked
}

/// Where stretches of ports begin that this rule and one at the other ends may both admit: if two stretches meet, one of
/// them begins in the other.
fn met(context: &Context<'_>, rule: PolicyRule<'_>, others: &[&Pod]) -> Vec<Layer4> {
    let there = match rule.direction {
        Direction::Egress => Direction::Ingress,
        Direction::Ingress => Direction::Egress,
    };
    let ids = others.iter().filter_map(|pod| context.engine.pod_id(&pod.meta.id));
    let policies: BTreeSet<PolicyId> = ids.flat_map(|id| context.engine.isolating(id, there)).collect();
    let policies = policies.into_iter().map(|id| context.engine.policy(id));
    let theirs = policies.flat_map(|policy| policy.rules(there)).flat_map(|rule| &rule.ports);
    let begins: BTreeSet<(Protocol, Port)> = theirs.chain(&rule.rule.ports).filter_map(begin).collect();
    let items = &rule.rule.ports;
    let is_ours = |(protocol, port): &(Protocol, Port)| {
        items.is_empty() || items.iter().any(|item| admits(item, *protocol, *port))
    };
    begins.into_iter().filter(is_ours).map(|(protocol, port)| Layer4::Port(protocol, port)).collect()
}

fn begin(item: &PortMatch) -> Option<(Protocol, Port)> {
    match &item.ports {
        PortSpec::All => Some((item.protocol, Port::new(1)?)),
        PortSpec::Range(range) => Some((item.protocol, range.first())),
        PortSpec::Named(_) => None,
    }
}

/// What a rule admits to a pod where somebody listens, as far as the pod declares it; where it declares nothing, the ends of
/// the rule's ranges.
fn asked_for(rule: &PolicyText, to: &Pod) -> Vec<Layer4> {
    let declared = to.ports.iter().map(|port| (port.protocol, port.number));
    if rule.ports.is_empty() {
        return declared.map(|(protocol, number)| Layer4::Port(protocol, number)).collect();
    }
    let of_item = |item: &PortMatch| -> Vec<Layer4> {
        let numbers: Vec<Port> = match &item.ports {
            PortSpec::Range(range) if to.ports.is_empty() => vec![range.first(), range.last()],
            PortSpec::Named(name) => to.named_port(name, item.protocol).collect(),
            PortSpec::All | PortSpec::Range(_) => {
                let admitted = declared.clone().filter(|(protocol, number)| admits(item, *protocol, *number));
                admitted.map(|(_, number)| number).collect()
            }
        };
        numbers.into_iter().map(|number| Layer4::Port(item.protocol, number)).collect()
    };
    rule.ports.iter().flat_map(of_item).collect()
}

/// A policy that isolates these pods: one that is about the fewest pods is the likeliest place to mend.
fn refusing<'c>(context: &'c Context<'_>, pods: &[&Pod], there: Direction) -> Option<&'c NetworkPolicy> {
    let id = context.engine.pod_id(&pods.first()?.meta.id)?;
    let policies =
        context.engine.isolating(id, there).into_iter().map(|policy| context.engine.policy(policy));
    policies.max_by_key(|policy| policy.subject.requirements().count())
}
