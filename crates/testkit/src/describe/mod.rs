//! Worlds as Kubernetes YAML, for failure messages: what is printed can be pasted into a manifest.
//!
//! A policy's `policyTypes` are left out where the API's default says the same, and one-value conditions are
//! written as `matchLabels`, so that reading the text back passes through the defaults. Services and workloads
//! are not written: generated worlds have none. Cluster-wide pod ranges, which no object states, come as a
//! comment.

mod policy;

use std::fmt::Write;

use podfence_model::{Addresses, ContainerPort, Flow, Labels, Life, Namespace, Node, Pod, World};

use crate::reference::judge;

/// The world's namespaces, nodes, pods and policies, one YAML document each.
pub fn to_yaml(world: &World) -> String {
    let mut documents: Vec<String> = world.namespaces.values().map(namespace).collect();
    documents.extend(world.nodes.values().map(node));
    documents.extend(world.pods.values().map(pod));
    documents.extend(world.policies.values().map(policy::document));
    let mut text = Text { text: String::new() };
    world.pod_ranges.iter().for_each(|range| text.line(0, &format!("# pod range {range}")));
    text.text + &documents.join("---\n")
}

/// A flow in a world, with what the reference says of it: all that a failure message needs.
pub fn failure(world: &World, flow: &Flow) -> String {
    format!("{}\n# {flow}\n# {flow:?}\n# reference: {:?}\n", to_yaml(world), judge(world, flow))
}

/// Lines with indentation.
struct Text {
    text: String,
}

impl Text {
    fn object(api_version: &str, kind: &str, namespace: Option<&str>, name: &str) -> Self {
        let mut text = Self { text: String::new() };
        text.line(0, &format!("apiVersion: {api_version}"));
        text.line(0, &format!("kind: {kind}"));
        text.line(0, "metadata:");
        text.line(1, &format!("name: \"{name}\""));
        if let Some(namespace) = namespace {
            text.line(1, &format!("namespace: \"{namespace}\""));
        }
        text
    }

    fn line(&mut self, depth: usize, line: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{:indent$}{line}", "", indent = 2 * depth);
    }

    fn labels(&mut self, labels: &Labels) {
        if !labels.is_empty() {
            self.line(1, &format!("labels: {}", flow_map(labels)));
        }
    }
}

/// `{key: value, …}` with quoted values, so that `yes` stays text.
fn flow_map(labels: &Labels) -> String {
    let pairs: Vec<String> = labels.iter().map(|(key, value)| format!("{key}: {value:?}")).collect();
    format!("{{{}}}", pairs.join(", "))
}

fn namespace(namespace: &Namespace) -> String {
    let mut text = Text::object("v1", "Namespace", None, &namespace.name);
    text.labels(&namespace.labels);
    text.text
}

fn node(node: &Node) -> String {
    let mut text = Text::object("v1", "Node", None, &node.name);
    text.labels(&node.labels);
    text.line(0, "spec:");
    let ranges: Vec<String> = node.pod_ranges.iter().map(|range| format!("\"{range}\"")).collect();
    text.line(1, &format!("podCIDRs: [{}]", ranges.join(", ")));
    text.line(0, "status:");
    text.line(1, "addresses:");
    for address in &node.addresses {
        text.line(1, &format!("- {{type: InternalIP, address: \"{address}\"}}"));
    }
    text.text
}

fn pod(pod: &Pod) -> String {
    let id = &pod.meta.id;
    let mut text = Text::object("v1", "Pod", Some(&id.namespace), &id.name);
    text.labels(&pod.meta.labels);
    if pod.life == Life::Terminating {
        text.line(1, "deletionTimestamp: \"2026-01-01T00:00:00Z\"");
    }
    text.line(0, "spec:");
    if let Some(node) = &pod.node {
        text.line(1, &format!("nodeName: {node}"));
    }
    if pod.host_network {
        text.line(1, "hostNetwork: true");
    }
    text.line(1, "containers:");
    for (index, ports) in containers(&pod.ports).into_iter().enumerate() {
        container(&mut text, index, ports);
    }
    status(&mut text, pod);
    text.text
}

/// Ports by container, in their order: a container may use a port name only once.
fn containers(ports: &[ContainerPort]) -> Vec<&[ContainerPort]> {
    let mut containers = Vec::new();
    let mut start = 0;
    for (index, port) in ports.iter().enumerate() {
        let used = ports[start..index].iter().any(|other| port.name.is_some() && other.name == port.name);
        if used {
            containers.push(&ports[start..index]);
            start = index;
        }
    }
    containers.push(&ports[start..]);
    containers
}

fn container(text: &mut Text, index: usize, ports: &[ContainerPort]) {
    text.line(1, &format!("- name: container-{index}"));
    text.line(2, "image: example.invalid/none");
    if ports.is_empty() {
        return;
    }
    text.line(2, "ports:");
    for port in ports {
        let name = port.name.as_ref().map(|name| format!("name: {name}, ")).unwrap_or_default();
        let (number, protocol) = (port.number, port.protocol);
        text.line(2, &format!("- {{{name}containerPort: {number}, protocol: {protocol}}}"));
    }
}

/// `Unstated` addresses are those of a pod without status.
fn status(text: &mut Text, pod: &Pod) {
    if pod.addresses == Addresses::Unstated {
        return;
    }
    text.line(0, "status:");
    text.line(1, &format!("phase: {}", phase(pod)));
    let ready = if pod.ready { "True" } else { "False" };
    text.line(1, &format!("conditions: [{{type: Ready, status: \"{ready}\"}}]"));
    if let Some(first) = pod.ips().first() {
        let ips: Vec<String> = pod.ips().iter().map(|ip| format!("{{ip: \"{ip}\"}}")).collect();
        text.line(1, &format!("podIP: \"{first}\""));
        text.line(1, &format!("podIPs: [{}]", ips.join(", ")));
    }
}

fn phase(pod: &Pod) -> &'static str {
    match (pod.life, &pod.addresses) {
        (Life::Finished, _) => "Succeeded",
        (_, Addresses::NotYet) => "Pending",
        (Life::Present | Life::Terminating, _) => "Running",
    }
}
