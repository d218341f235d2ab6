//! Sets of ends under the names that people have for them: workloads, namespaces, "every pod", blocks as written.
//!
//! Whatever answers about sets of pods and addresses (a matrix, a difference, expectations, a graph) names them here, so that one
//! set has one name everywhere. [`Directory`] knows the world's names, [`Ends`] is a set, and [`Directory::name`]
//! gives the fewest [`EndName`]s that say exactly that set. The words for people are `podfence-report`'s.
//! `fold` names pods, `outside` names addresses.

mod directory;
mod fold;
mod outside;

use std::collections::BTreeSet;

use podfence_engine::{AddressRange, Engine};
use podfence_model::{IpBlock, NamespacedName, ObjectRef, Pod};

use crate::AddressSet;
use crate::matrix::{GroupId, Matrix, Members};
use crate::newcomers::NewPods;

pub use directory::Directory;

/// A set of ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ends {
    /// Pods that can be peers: policies can see them, and they have or will have an address.
    pub pods: BTreeSet<NamespacedName>,
    /// Addresses of the pod ranges that no known pod has.
    pub unknown: AddressSet,
    /// Nodes and the world outside.
    pub outside: AddressSet,
}

impl Ends {
    /// Everybody in some groups of a matrix.
    pub fn of_groups(engine: &Engine, matrix: &Matrix, groups: impl IntoIterator<Item = GroupId>) -> Self {
        let mut pods = BTreeSet::new();
        let mut ranges: [Vec<AddressRange>; 2] = Default::default();
        for group in groups {
            match &matrix.group(group).members {
                Members::Pods(ids) => pods.extend(ids.iter().map(|id| engine.pod(*id).meta.id.clone())),
                Members::UnknownPods(of) => ranges[0].extend(of),
                Members::Outside(of) => ranges[1].extend(of),
            }
        }
        let [unknown, outside] = ranges.map(|ranges| ranges.into_iter().collect());
        Self { pods, unknown, outside }
    }

    /// Whether nobody is in it.
    pub fn is_empty(&self) -> bool {
        self.pods.is_empty() && self.unknown.is_empty() && self.outside.is_empty()
    }
}

/// A name for some ends. Several of them mean all of theirs together, and none of them twice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EndName {
    /// Every pod, known or not, and everything outside, but for some.
    Everybody {
        /// Who is left out.
        but: Vec<EndName>,
    },
    /// Every known pod, but for some.
    EveryPod {
        /// Who is left out.
        but: Vec<EndName>,
    },
    /// Every known pod of a namespace, but for some.
    Namespace {
        /// The namespace.
        name: String,
        /// Who is left out: workloads and pods.
        but: Vec<EndName>,
    },
    /// All pods of a workload.
    Workload(ObjectRef),
    /// Some pods of a workload, and not all of them.
    PartOf {
        /// The workload.
        workload: ObjectRef,
        /// Which pods; never empty.
        pods: Vec<NamespacedName>,
        /// How many pods the workload has.
        of: usize,
    },
    /// A pod that no known workload makes.
    Pod(NamespacedName),
    /// All addresses of the pod ranges that no known pod has: pods that are not there yet.
    UnknownPods,
    /// Some of those addresses.
    UnknownPodsIn(IpBlock),
    /// Everything that is no pod: nodes and the world outside.
    Outside,
    /// What is no pod, in a block.
    Block(IpBlock),
    /// Pods that a shortened list does not name: how many.
    MorePods(usize),
    /// What is no pod and in no block that any policy states, blocks of a whole family aside.
    Elsewhere,
    /// Pods that are not there yet.
    NewPods(NewPods),
}

impl EndName {
    /// How many names it takes to say it.
    fn weight(&self) -> usize {
        match self {
            Self::Everybody { but } | Self::EveryPod { but } | Self::Namespace { but, .. } => 1 + weight(but),
            Self::Block(block) | Self::UnknownPodsIn(block) => 1 + block.except().len(),
            _ => 1,
        }
    }

    /// Whether it names a pod alone or what makes it, among those that are meant or those left out.
    pub(crate) fn mentions(&self, pod: &Pod) -> bool {
        match self {
            Self::Everybody { but } | Self::EveryPod { but } | Self::Namespace { but, .. } => {
                but.iter().any(|name| name.mentions(pod))
            }
            Self::Workload(workload) | Self::PartOf { workload, .. } => {
                pod.workload.as_ref() == Some(workload)
            }
            Self::Pod(id) => *id == pod.meta.id,
            _ => false,
        }
    }
}

pub(crate) fn weight(names: &[EndName]) -> usize {
    names.iter().map(EndName::weight).sum()
}
