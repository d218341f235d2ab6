//! The answer to a flow: outcome, and the trace that produced it, direction by direction and tier by tier.

use std::fmt;
use std::net::IpAddr;

use podfence_model::{Direction, NamespacedName, Place};

use crate::ids::PodId;
use crate::miss::{Hint, Miss};
use crate::resolve::Party;

/// What becomes of a flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It passes.
    Allowed,
    /// It is dropped silently.
    Denied,
    /// It hangs on facts that are missing; never empty.
    Undecidable(Vec<Fact>),
}

impl Outcome {
    /// Both sides together: a denial decides alone.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Denied, _) | (_, Self::Denied) => Self::Denied,
            (Self::Undecidable(mut a), Self::Undecidable(b)) => {
                a.extend(b);
                a.sort_unstable();
                a.dedup();
                Self::Undecidable(a)
            }
            (undecided @ Self::Undecidable(_), Self::Allowed) | (Self::Allowed, undecided) => undecided,
        }
    }
}

/// A fact that a verdict hangs on and that nobody has stated.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    /// The labels of a namespace that no input states.
    NamespaceLabels(String),
    /// The address of a pod, which some `ipBlock` would have to be compared with.
    PodAddress(NamespacedName),
    /// The address of a node.
    NodeAddress(String),
    /// Which of its addresses a party uses: an `ipBlock` holds some of them only.
    WhichAddress(String),
    /// The node that a pod runs on: its own node always reaches it.
    PodNode(NamespacedName),
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NamespaceLabels(name) => write!(f, "the labels of namespace {name}"),
            Self::PodAddress(pod) => write!(f, "the IP address of pod {pod}"),
            Self::NodeAddress(node) => write!(f, "the IP address of node {node}"),
            Self::WhichAddress(who) => write!(f, "which of its addresses {who} uses"),
            Self::PodNode(pod) => write!(f, "the node that pod {pod} runs on"),
        }
    }
}

/// Why a flow passes whatever the policies say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Always {
    /// A pod may always talk to itself.
    Itself,
    /// The node that a pod runs on may always talk to it (kubelet probes).
    OwnNode,
}

/// The tiers in the order a flow passes through them (KEP-2091); behind the last one, everything is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// ClusterNetworkPolicy in the Admin tier, AdminNetworkPolicy.
    Admin,
    /// NetworkPolicy.
    NetworkPolicy,
    /// ClusterNetworkPolicy in the Baseline tier, BaselineAdminNetworkPolicy.
    Baseline,
}

impl Tier {
    /// All tiers, in order.
    pub const ORDER: [Self; 3] = [Self::Admin, Self::NetworkPolicy, Self::Baseline];
}

/// A rule of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleRef {
    /// The policy.
    pub policy: NamespacedName,
    /// Which of its rule lists.
    pub direction: Direction,
    /// Which rule, from 0.
    pub rule: usize,
    /// Which `from` or `to` item matched; `None` when the rule names no peers.
    pub peer: Option<usize>,
    /// Which `ports` item matched; `None` when the rule names no ports.
    pub port: Option<usize>,
    /// Where the rule is written.
    pub place: Option<Place>,
}

/// How a flow left a tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TierEnd {
    /// No policy of the tier selects the subject in this direction: on to the next tier.
    NotSelected,
    /// A rule passed the flow on to the next tier.
    Passed(RuleRef),
    /// A rule admits it.
    Allowed(RuleRef),
    /// A rule denies it; `None` in the NetworkPolicy tier, where the subject is isolated and no rule admits it.
    Denied(Option<RuleRef>),
    /// Whether some rule matches hangs on missing facts.
    Undecidable(Vec<Fact>),
}

/// One tier of a [`Side`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierTrace {
    /// The tier.
    pub tier: Tier,
    /// The policies of the tier that select the subject in this direction, in order of name.
    pub selecting: Vec<NamespacedName>,
    /// How the flow left it.
    pub end: TierEnd,
    /// For a denial by isolation: the rule that fails in the fewest parts.
    pub nearest: Option<NearestMiss>,
}

/// The rule that came closest to admitting a refused flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearestMiss {
    /// The rule, with the peer and port item that came closest.
    pub rule: RuleRef,
    /// The parts that failed.
    pub miss: Miss,
    /// What probably went wrong.
    pub hints: Vec<Hint>,
}

/// One direction of an answer: what the policies of one end say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// Egress of the source, or ingress of the destination.
    pub direction: Direction,
    /// The pod whose policies are asked.
    pub subject: PodId,
    /// What they say.
    pub outcome: Outcome,
    /// The tiers passed through, in order, up to the one that decided.
    pub tiers: Vec<TierTrace>,
}

/// The answer to a flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The source, resolved.
    pub source: Party,
    /// The destination, resolved.
    pub destination: Party,
    /// What becomes of the flow.
    pub outcome: Outcome,
    /// Set when the flow passes whatever the policies say.
    pub always: Option<Always>,
    /// The source's egress; `None` when the source is no pod that policies can select.
    pub egress: Option<Side>,
    /// The destination's ingress; `None` likewise.
    pub ingress: Option<Side>,
}

impl Answer {
    /// The sides, egress first.
    pub fn sides(&self) -> impl Iterator<Item = &Side> {
        self.egress.iter().chain(&self.ingress)
    }
}

/// A flow that cannot be asked about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FlowError {
    /// No such pod.
    #[error("there is no pod {0}")]
    NoSuchPod(NamespacedName),
    /// The pod has finished: it has no address any more.
    #[error("pod {0} has finished and has no address any more")]
    Finished(NamespacedName),
    /// No such node.
    #[error("there is no node {0}")]
    NoSuchNode(String),
    /// One end has only IPv4 addresses, the other only IPv6 ones.
    #[error("the two ends have no address family in common")]
    MixedFamilies,
    /// The address is not one of the endpoint's own.
    #[error("{address} is not an address of {who}")]
    NotItsAddress {
        /// The pod.
        who: String,
        /// The address.
        address: IpAddr,
    },
}
