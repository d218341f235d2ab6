//! The naive evaluator: NetworkPolicy v1 read word by word, one flow at a time.
//!
//! It knows no classes, no caches and no shortcuts, and it matches labels and address blocks itself, so that
//! it shares no bug with the code it is compared to. Speed does not matter here; being obviously right does.
//! Each function says which rule of the API it is. Worlds must be complete (addresses and namespace labels
//! known), so there is always a verdict.
//!
//! Start with [`judge`]; [`party`] says who an endpoint is, [`matching`] what a rule matches.

pub mod matching;
pub mod party;

use podfence_model::{Direction, Flow, NamespacedName, NetworkPolicy, Pod, World};

use matching::{rule_admits, selector_matches};
use party::Party;

/// What the policies say to a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decision {
    /// Both directions let it pass.
    Allowed,
    /// At least one direction refuses it.
    Denied,
}

/// One rule of one policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleRef {
    /// The policy.
    pub policy: NamespacedName,
    /// `ingress` or `egress`.
    pub direction: Direction,
    /// Position in that list, from 0.
    pub index: usize,
}

/// Why policies have no say in a direction, although its subject may be isolated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exemption {
    /// A pod always reaches itself.
    Itself,
    /// The node a pod runs on always reaches it (kubelet probes).
    OwnNode,
}

/// What one direction says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DirectionResult {
    /// The end that this direction is about is no pod that policies can select.
    NoSubject,
    /// Always allowed, whatever the policies.
    Exempt(Exemption),
    /// No policy isolates the subject in this direction.
    NotIsolated,
    /// Isolated; allowed if a rule admits the flow.
    Isolated {
        /// The policies that isolate the subject, by name.
        by: Vec<NamespacedName>,
        /// Every rule that admits the flow; empty = denied.
        admitted: Vec<RuleRef>,
    },
}

impl DirectionResult {
    /// Whether this direction lets the flow pass.
    pub fn allows(&self) -> bool {
        !matches!(self, Self::Isolated { admitted, .. } if admitted.is_empty())
    }

    /// The rules that admit the flow.
    pub fn admitting(&self) -> &[RuleRef] {
        match self {
            Self::Isolated { admitted, .. } => admitted,
            Self::NoSubject | Self::Exempt(_) | Self::NotIsolated => &[],
        }
    }
}

/// The verdict on a flow, direction by direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// What the source's policies say.
    pub egress: DirectionResult,
    /// What the destination's policies say.
    pub ingress: DirectionResult,
}

impl Judgement {
    /// A flow needs the source's egress **and** the destination's ingress.
    pub fn decision(&self) -> Decision {
        if self.egress.allows() && self.ingress.allows() { Decision::Allowed } else { Decision::Denied }
    }

    /// What one direction says.
    pub fn direction(&self, direction: Direction) -> &DirectionResult {
        match direction {
            Direction::Egress => &self.egress,
            Direction::Ingress => &self.ingress,
        }
    }

    /// The rules of both directions that admit the flow.
    pub fn admitting(&self) -> impl Iterator<Item = &RuleRef> {
        self.egress.admitting().iter().chain(self.ingress.admitting())
    }
}

/// Whether the flow is allowed; see [`judge`] for the reasons.
pub fn allows(world: &World, flow: &Flow) -> Decision {
    judge(world, flow).decision()
}

/// Judges a flow by every policy, rule, peer and port of the world.
pub fn judge(world: &World, flow: &Flow) -> Judgement {
    Judgement {
        egress: judge_direction(world, flow, Direction::Egress),
        ingress: judge_direction(world, flow, Direction::Ingress),
    }
}

/// One direction: its subject is the source for egress and the destination for ingress; the other end is
/// the peer.
fn judge_direction(world: &World, flow: &Flow, direction: Direction) -> DirectionResult {
    let source = party::resolve(world, &flow.source);
    let destination = party::resolve(world, &flow.destination);
    let (subject, peer) = match direction {
        Direction::Egress => (source, destination),
        Direction::Ingress => (destination, source),
    };
    let Party::Pod { pod: subject, .. } = subject else { return DirectionResult::NoSubject };
    if let Some(exemption) = exemption(subject, &peer, direction) {
        return DirectionResult::Exempt(exemption);
    }
    let isolating = isolating_policies(world, subject, direction);
    if isolating.is_empty() {
        return DirectionResult::NotIsolated;
    }
    let admitted = isolating.iter().flat_map(|p| admitting_rules(world, p, direction, flow)).collect();
    DirectionResult::Isolated { by: isolating.iter().map(|p| p.meta.id.clone()).collect(), admitted }
}

/// What is always allowed: a pod to itself, in both directions, and traffic *from* the node a pod runs on
/// *to* that pod. The way from the pod to its node is judged as any egress.
fn exemption(subject: &Pod, peer: &Party<'_>, direction: Direction) -> Option<Exemption> {
    match peer {
        Party::Pod { pod, .. } if pod.meta.id == subject.meta.id => Some(Exemption::Itself),
        Party::Node { name, .. }
            if direction == Direction::Ingress && subject.node.as_deref() == Some(*name) =>
        {
            Some(Exemption::OwnNode)
        }
        _ => None,
    }
}

/// `spec.podSelector` and `spec.policyTypes`: a policy isolates the pods of its own namespace that its
/// selector matches, in the directions that its (defaulted) `policyTypes` name.
fn isolating_policies<'w>(world: &'w World, subject: &Pod, direction: Direction) -> Vec<&'w NetworkPolicy> {
    let mut isolating = Vec::new();
    for policy in world.policies.values() {
        let same_namespace = policy.meta.id.namespace == subject.meta.id.namespace;
        let selected = selector_matches(&policy.subject, &subject.meta.labels);
        if same_namespace && selected && names_direction(policy, direction) {
            isolating.push(policy);
        }
    }
    isolating
}

/// `spec.policyTypes`, which the model holds with the API's default applied.
fn names_direction(policy: &NetworkPolicy, direction: Direction) -> bool {
    match direction {
        Direction::Ingress => policy.directions.ingress,
        Direction::Egress => policy.directions.egress,
    }
}

/// `spec.ingress` and `spec.egress`: rules only add, so every one that admits the flow counts.
fn admitting_rules(world: &World, policy: &NetworkPolicy, direction: Direction, flow: &Flow) -> Vec<RuleRef> {
    let rules = match direction {
        Direction::Ingress => &policy.ingress,
        Direction::Egress => &policy.egress,
    };
    let mut admitting = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        if rule_admits(world, policy, rule, direction, flow) {
            admitting.push(RuleRef { policy: policy.meta.id.clone(), direction, index });
        }
    }
    admitting
}
