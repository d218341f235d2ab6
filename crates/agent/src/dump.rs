//! Everything in force on this node, for whoever looks for a bug: which pod runs which program, and what programs come to.
//!
//! Peers are numbers of addresses, not the addresses: those are in the kernel's sets, under names with the same comments.

use std::collections::BTreeMap;
use std::net::IpAddr;

use podfence_engine::Census;
use podfence_plan::{LivePlan, LocalPod, NodePlan, ProgramPlan, UnionPlan};
use serde::{Deserialize, Serialize};

/// The state of an agent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dump {
    /// Objects of the cluster by kind.
    pub objects: BTreeMap<String, usize>,
    /// Ranges of this node's pods.
    pub ranges: Vec<String>,
    /// Addresses of known pods, of all nodes.
    pub known: usize,
    /// Pods of this node, as `namespace/name`.
    pub pods: BTreeMap<String, DumpedPod>,
    /// Programs.
    pub programs: BTreeMap<String, DumpedProgram>,
    /// Unions of peers.
    pub unions: BTreeMap<String, DumpedUnion>,
}

/// A pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DumpedPod {
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// The host's end of its link: an interface, or `port of bridge`.
    pub link: Option<String>,
    /// The program of what it sends.
    pub egress: Option<String>,
    /// The program of what it receives.
    pub ingress: Option<String>,
}

/// A program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DumpedProgram {
    /// The policies it comes from.
    pub policies: Vec<String>,
    /// Ports such as `TCP 80-89`, each with the union that is admitted.
    pub ports: Vec<(String, String)>,
    /// The union that is admitted on protocols without ports.
    pub portless: Option<String>,
}

/// A union.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DumpedUnion {
    /// Whether everybody is in it.
    pub everyone: bool,
    /// Addresses of pods in it.
    pub pods: usize,
    /// Ranges of other addresses in it.
    pub ranges: usize,
}

impl Dump {
    /// What a plan and its engine hold.
    pub(crate) fn of(live: &LivePlan) -> Self {
        let Census { pods, policies, namespaces, nodes } = live.engine().census();
        let objects = [("pods", pods), ("policies", policies), ("namespaces", namespaces), ("nodes", nodes)];
        let NodePlan { known, local_ranges, .. } = live.plan();
        Self {
            objects: objects.map(|(kind, number)| (kind.to_owned(), number)).into(),
            ranges: local_ranges.iter().map(ToString::to_string).collect(),
            known: known.len(),
            pods: live.plan().pods.iter().map(|(id, pod)| (id.to_string(), pod.into())).collect(),
            programs: live.plan().programs.iter().map(|(key, plan)| (key.to_string(), plan.into())).collect(),
            unions: live.plan().unions.iter().map(|(key, plan)| (key.to_string(), plan.into())).collect(),
        }
    }
}

impl From<&LocalPod> for DumpedPod {
    fn from(pod: &LocalPod) -> Self {
        let link = pod.link.as_ref().map(|link| match link.names() {
            (interface, None) => interface.to_owned(),
            (port, Some(bridge)) => format!("{port} of {bridge}"),
        });
        let program = |key: &Option<podfence_plan::ProgramKey>| key.as_ref().map(ToString::to_string);
        Self {
            addresses: pod.addresses.clone(),
            link,
            egress: program(&pod.egress),
            ingress: program(&pod.ingress),
        }
    }
}

impl From<&ProgramPlan> for DumpedProgram {
    fn from(plan: &ProgramPlan) -> Self {
        let rows = plan.ports.iter().flat_map(|(protocol, rows)| rows.iter().map(move |row| (protocol, row)));
        let port = |(protocol, row): (&podfence_model::Protocol, &podfence_plan::PortRow)| {
            let last = if row.first == row.last { String::new() } else { format!("-{}", row.last) };
            (format!("{protocol} {}{last}", row.first), row.union.to_string())
        };
        Self {
            policies: plan.policies.iter().map(ToString::to_string).collect(),
            ports: rows.map(port).collect(),
            portless: plan.portless.as_ref().map(ToString::to_string),
        }
    }
}

impl From<&UnionPlan> for DumpedUnion {
    fn from(plan: &UnionPlan) -> Self {
        Self { everyone: plan.everyone, pods: plan.pods.len(), ranges: plan.ranges.len() }
    }
}
