//! Which part of the graph is asked for.

use std::collections::BTreeSet;
use std::net::IpAddr;

use podfence_model::NamespacedName;

use crate::graph::cards::{Card, Who};
use crate::resolve::Resolved;

/// Ends that were chosen by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ends {
    pods: BTreeSet<NamespacedName>,
    addresses: Vec<IpAddr>,
}

impl Ends {
    /// Whom a target means. A node or a Service is none: the graph has pods and addresses.
    pub fn of(resolved: &Resolved) -> Option<Self> {
        match resolved {
            Resolved::Pods { pods, .. } => {
                Some(Self { pods: pods.iter().cloned().collect(), addresses: Vec::new() })
            }
            Resolved::Ip(ip) => Some(Self { pods: BTreeSet::new(), addresses: vec![*ip] }),
            Resolved::Service { .. } | Resolved::Node(_) => None,
        }
    }

    fn holds(&self, card: &Card) -> bool {
        match &card.who {
            Who::Pods { members, .. } => {
                members.iter().flat_map(|member| &member.pods).any(|pod| self.pods.contains(pod))
            }
            Who::UnknownPods(ranges) | Who::Outside(ranges) => {
                self.addresses.iter().any(|ip| ranges.iter().any(|range| range.contains(*ip)))
            }
        }
    }
}

/// What to draw; by default everything that a policy decides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// Only connections from or to pods of this namespace.
    pub namespace: Option<String>,
    /// Only connections that these open.
    pub from: Option<Ends>,
    /// Only connections that these accept.
    pub to: Option<Ends>,
    /// Also connections that no policy decides.
    pub all: bool,
}

impl Choice {
    /// Whether connections between two cards are asked for.
    pub(super) fn keeps(&self, from: &Card, to: &Card) -> bool {
        let here = |card: &Card| card.namespace() == self.namespace.as_deref();
        let chosen = |ends: &Option<Ends>, card| ends.as_ref().is_none_or(|ends| ends.holds(card));
        (self.namespace.is_none() || here(from) || here(to))
            && chosen(&self.from, from)
            && chosen(&self.to, to)
    }

    /// Whether a card is asked for, also if nothing leads to it.
    pub(super) fn wants(&self, card: &Card) -> bool {
        let here = self.namespace.as_deref().is_none_or(|name| card.namespace() == Some(name));
        let ends = [&self.from, &self.to];
        let named = ends.iter().all(|e| e.is_none())
            || ends.iter().any(|e| e.as_ref().is_some_and(|e| e.holds(card)));
        here && named && card.namespace().is_some()
    }

    /// What tells a pod from others of its group: whether it is one of the chosen ends.
    pub(super) fn tells(&self, pod: &NamespacedName) -> [bool; 2] {
        [&self.from, &self.to].map(|ends| ends.as_ref().is_some_and(|ends| ends.pods.contains(pod)))
    }
}
