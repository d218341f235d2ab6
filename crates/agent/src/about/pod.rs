//! What is enforced for a pod of this node: where it is, and by which policies.

use std::net::IpAddr;

use podfence_model::{Addresses, Direction, Life, NamespacedName, Pod};
use podfence_plan::{Link, LivePlan, LocalPod};
use serde::{Deserialize, Serialize};

use super::Standing;
use crate::links::Bypass;

/// A pod, as this node's agent knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodStatus {
    /// The pod, as `namespace/name`.
    pub pod: String,
    /// How the agent stands to it.
    #[serde(flatten)]
    pub standing: Standing,
    /// Whether everything that policies say of it is in the kernel of this node.
    pub enforced: bool,
    /// Why it is not.
    pub obstacles: Vec<String>,
    /// The pod's node, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<String>,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// The host's end of its link, if it is known: its source addresses are checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<LinkOf>,
    /// What policies say of it, egress and ingress.
    pub sides: Vec<Side>,
}

/// The host's end of a pod's link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkOf {
    /// Its name.
    pub interface: String,
    /// The bridge that it is a port of, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bridge: Option<String>,
    /// Whether somebody told of it, as a CNI plugin does; otherwise the agent has found it.
    pub told: bool,
}

/// What policies say of a pod in one direction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Side {
    /// `egress` or `ingress`.
    pub direction: String,
    /// The policies that isolate it; none = everything is allowed.
    pub policies: Vec<String>,
    /// The program of this node's plan that it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
}

/// What engine and plan say of a pod; `None` where there is none of this name.
pub(crate) fn pod(
    live: &LivePlan,
    standing: Standing,
    (name, told): (&NamespacedName, bool),
    bypasses: &[Bypass],
) -> Option<PodStatus> {
    let engine = live.engine();
    let id = engine.pod_id(name)?;
    let pod = engine.pod(id);
    let local = live.plan().pods.get(name);
    let side = |direction: Direction| Side {
        direction: direction.to_string(),
        policies: engine
            .isolating(id, direction)
            .iter()
            .map(|p| engine.policy(*p).meta.id.to_string())
            .collect(),
        program: local.and_then(|local| Some(local.program(direction)?.to_string())),
    };
    let obstacles = obstacles(pod, &standing, local, bypasses);
    Some(PodStatus {
        pod: name.to_string(),
        enforced: obstacles.is_empty(),
        obstacles,
        home: pod.node.clone(),
        addresses: pod.ips().to_vec(),
        link: local.and_then(|local| Some(link_of(local.link.as_ref()?, told))),
        sides: if pod.is_policed() { Direction::BOTH.map(side).into() } else { Vec::new() },
        standing,
    })
}

fn link_of(link: &Link, told: bool) -> LinkOf {
    let (interface, bridge) = link.names();
    LinkOf { interface: interface.to_owned(), bridge: bridge.map(ToOwned::to_owned), told }
}

/// Why what policies say of a pod is not in this kernel.
fn obstacles(pod: &Pod, standing: &Standing, local: Option<&LocalPod>, bypasses: &[Bypass]) -> Vec<String> {
    if let Some(never) = beyond(pod, &standing.node) {
        return vec![never];
    }
    let name = pod.meta.id.to_string();
    let no_address = local.is_none_or(|local| local.addresses.is_empty());
    let why_none = match pod.addresses {
        Addresses::Known(_) => "another pod has its address",
        _ => "it has no address yet; until it has, it talks to nobody",
    };
    let around = bypasses.iter().filter(|bypass| bypass.pods.contains(&name));
    let around = around.map(|bypass| format!("NOT ENFORCED: {}; mend: {}", bypass.reason, bypass.mend));
    let refused = standing.refused.iter();
    let refused = refused.map(|(object, error)| format!("{object} is enforced closed: {error}"));
    let behind = standing.behind.iter().map(|error| format!("the kernel takes no change: {error}"));
    let none = no_address.then(|| why_none.to_owned());
    around.chain(refused).chain(behind).chain(none).collect()
}

/// Why no kernel, or another node's, enforces policies for a pod.
fn beyond(pod: &Pod, node: &str) -> Option<String> {
    if pod.host_network {
        return Some("it is in its node's network (hostNetwork), which policies do not reach".to_owned());
    }
    if pod.life == Life::Finished {
        return Some("it has finished".to_owned());
    }
    match &pod.node {
        Some(home) if home == node => None,
        Some(home) => Some(format!("it is on node {home}, whose agent enforces its policies")),
        None => Some("it is on no node yet".to_owned()),
    }
}
