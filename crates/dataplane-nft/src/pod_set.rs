//! The sets and maps that pods are entered into: who is here, who is isolated, who is known at all.

use podfence_model::Family;
use podfence_netlink::nft::{Comment, DataType, Name, Set};

use crate::names::{name, suffix};

/// The sets and maps that pods are entered into. Each has one name per family, except `links`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PodSet {
    /// Host ends of the local pods' links.
    Links,
    /// Link and address of each local pod.
    Sources(Family),
    /// Local pods whose link is known.
    Linked(Family),
    /// Local pods.
    Local(Family),
    /// Local pods that some policy isolates.
    Policed(Family),
    /// Each local pod with itself.
    Itself(Family),
    /// Local pods isolated for egress, and their programs.
    Egress(Family),
    /// Local pods isolated for ingress, and their programs.
    Ingress(Family),
    /// All known pods of the cluster.
    Known(Family),
    /// This node's pod ranges.
    Ranges(Family),
}

impl PodSet {
    fn of(family: Family) -> [Self; 9] {
        [
            Self::Sources(family),
            Self::Linked(family),
            Self::Local(family),
            Self::Policed(family),
            Self::Itself(family),
            Self::Egress(family),
            Self::Ingress(family),
            Self::Known(family),
            Self::Ranges(family),
        ]
    }

    /// All of them.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        [Self::Links].into_iter().chain(Family::BOTH.into_iter().flat_map(Self::of))
    }

    fn word(self) -> (&'static str, Option<Family>) {
        match self {
            Self::Links => ("links", None),
            Self::Sources(family) => ("sources", Some(family)),
            Self::Linked(family) => ("linked_pods", Some(family)),
            Self::Local(family) => ("local_pods", Some(family)),
            Self::Policed(family) => ("policed_pods", Some(family)),
            Self::Itself(family) => ("itself", Some(family)),
            Self::Egress(family) => ("egress", Some(family)),
            Self::Ingress(family) => ("ingress", Some(family)),
            Self::Known(family) => ("known_pods", Some(family)),
            Self::Ranges(family) => ("pod_ranges", Some(family)),
        }
    }

    fn about(self) -> Comment {
        Comment::constant(match self {
            Self::Links => "the node's ends of its pods' links",
            Self::Sources(_) => "which link each pod of this node sends from",
            Self::Linked(_) => "pods of this node whose link is known",
            Self::Local(_) => "pods of this node",
            Self::Policed(_) => "pods of this node that some policy isolates",
            Self::Itself(_) => "each pod of this node, with itself",
            Self::Egress(_) => "pods of this node isolated for egress, and what they may send",
            Self::Ingress(_) => "pods of this node isolated for ingress, and what they may receive",
            Self::Known(_) => "all pods of the cluster",
            Self::Ranges(_) => "where this node's pods get their addresses from",
        })
    }

    /// The word for it, with the family and, in a later take-over of the table, the number of the epoch.
    pub(crate) fn name(self, epoch: u32) -> Name {
        let (word, family) = self.word();
        let family = family.map_or(String::new(), |f| format!("_{}", suffix(f)));
        let epoch = if epoch == 0 { String::new() } else { format!("_epoch{epoch}") };
        name(format!("{word}{family}{epoch}"))
    }

    /// The set to create.
    pub(crate) fn set(self, epoch: u32) -> Set {
        let address = |family| match family {
            Family::V4 => DataType::Ipv4,
            Family::V6 => DataType::Ipv6,
        };
        let name = self.name(epoch);
        let set = match self {
            Self::Links => Set::new(name, [DataType::Interface]),
            Self::Sources(family) => Set::new(name, [DataType::Interface, address(family)]),
            Self::Itself(family) => Set::new(name, [address(family), address(family)]),
            Self::Egress(family) | Self::Ingress(family) => Set::verdict_map(name, [address(family)]),
            Self::Ranges(family) => Set::new(name, [address(family)]).interval(),
            Self::Linked(family) | Self::Local(family) | Self::Policed(family) | Self::Known(family) => {
                Set::new(name, [address(family)])
            }
        };
        set.comment(self.about())
    }
}
