//! The state of a running lab, for programs and for the terminal.

use serde::{Deserialize, Serialize};

/// A running lab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LabStatus {
    /// Its name.
    pub name: String,
    /// The process that holds it.
    pub pid: u32,
    /// The folder or file that it follows, and which step of it.
    pub follows: String,
    /// How long it has been up, in seconds.
    pub up_seconds: u64,
    /// Whether it runs without privilege, in a user namespace.
    pub rootless: bool,
    /// Its nodes.
    pub nodes: Vec<StatusNode>,
    /// Its pods.
    pub pods: Vec<StatusPod>,
    /// Its Services.
    pub services: Vec<StatusService>,
    /// Its Ingresses.
    pub ingresses: Vec<StatusIngress>,
    /// The NetworkPolicies in force, `NAMESPACE/NAME`.
    pub policies: Vec<String>,
    /// The last change that came into force.
    pub last_change: Option<StatusChange>,
    /// Why a later state of the files is not in force.
    pub refused: Option<String>,
    /// How many connections were compared last.
    pub compared: usize,
    /// On how many of them engine and kernel differed.
    pub differences: usize,
    /// How many a full comparison would be about: after a change, only a part is tried.
    pub possible: usize,
    /// The last full comparison.
    pub full: Option<StatusCompared>,
}

/// How engine and kernel compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusCompared {
    /// On how many connections.
    pub compared: usize,
    /// On how many of them they differed.
    pub differences: usize,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusNode {
    /// Its name.
    pub name: String,
    /// Its addresses.
    pub addresses: Vec<String>,
}

/// A Service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusService {
    /// `NAMESPACE/NAME`.
    pub name: String,
    /// Its cluster addresses, or `headless`.
    pub addresses: Vec<String>,
    /// Its ports, for instance `TCP 80`, and the number at every node's address if it has one: `TCP 80 (nodePort 30000)`.
    pub ports: Vec<String>,
    /// Its load balancer's addresses and its `externalIPs`.
    pub external: Vec<String>,
}

/// An Ingress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusIngress {
    /// `NAMESPACE/NAME`.
    pub name: String,
    /// Host and path of each rule; `*` stands for any host.
    pub rules: Vec<String>,
    /// The Services (`svc/NAMESPACE/NAME`) or else the addresses of controllers that requests go to.
    pub by: Vec<String>,
}

/// A pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusPod {
    /// `NAMESPACE/NAME`.
    pub name: String,
    /// The node that it runs on.
    pub node: String,
    /// Its addresses; none while it waits for them.
    pub addresses: Vec<String>,
    /// What is not usual about it: `terminating`, `not ready`, `host network`.
    pub remarks: Vec<String>,
}

/// A change that came into force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusChange {
    /// How long ago, in seconds.
    pub seconds_ago: u64,
    /// What changed, a line each.
    pub what: Vec<String>,
}

/// The state as JSON.
pub fn lab_status(status: &LabStatus) -> String {
    super::Document::new("lab-status-v1", status).text()
}
