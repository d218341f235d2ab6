//! A world as the objects that a cluster would state: what the lab's nodes read.
//!
//! Only what verdicts depend on is written: namespaces whose labels are known, nodes, pods and policies.

use podfence_model::{
    Addresses, ContainerPort, Labels, Life, Namespace, NetworkPolicy, Node, ObjectKey, Pod, World,
};
use podfence_report::policy_text;
use serde_json::{Value, json};

/// The objects, as one text of YAML.
pub(crate) fn text(world: &World) -> String {
    documents(world).map(|(_, document)| document).collect::<Vec<_>>().join("---\n")
}

/// The objects, each a document of YAML; all but policies are JSON, too.
pub fn documents(world: &World) -> impl Iterator<Item = (ObjectKey, String)> {
    let line = |object: Value| object.to_string() + "\n";
    let known = world.namespaces.values().filter(|namespace| namespace.labels_known);
    let namespaces = known.map(move |one| (ObjectKey::Namespace(one.name.clone()), line(namespace(one))));
    let nodes = world.nodes.values().map(move |one| (ObjectKey::Node(one.name.clone()), line(node(one))));
    let pods = world.pods.values().map(move |one| (ObjectKey::Pod(one.meta.id.clone()), line(pod(one))));
    let text = |policy: &NetworkPolicy| policy_text(policy) + "\n";
    let policies = world.policies.values();
    let policies = policies.map(move |one| (ObjectKey::Policy(one.meta.id.clone()), text(one)));
    namespaces.chain(nodes).chain(pods).chain(policies)
}

fn object(kind: &str, namespace: Option<&str>, name: &str, labels: &Labels) -> Value {
    let mut object =
        json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "labels": **labels}});
    if let Some(namespace) = namespace {
        object["metadata"]["namespace"] = namespace.into();
    }
    object
}

fn namespace(namespace: &Namespace) -> Value {
    object("Namespace", None, &namespace.name, &namespace.labels)
}

fn node(node: &Node) -> Value {
    let ranges: Vec<String> = node.pod_ranges.iter().map(ToString::to_string).collect();
    let addresses = node.addresses.iter().map(|ip| json!({"type": "InternalIP", "address": ip.to_string()}));
    let mut object = object("Node", None, &node.name, &node.labels);
    object["spec"] = json!({"podCIDRs": ranges});
    object["status"] = json!({"addresses": addresses.collect::<Vec<_>>()});
    object
}

fn pod(pod: &Pod) -> Value {
    let id = &pod.meta.id;
    let mut object = object("Pod", Some(&id.namespace), &id.name, &pod.meta.labels);
    if pod.life == Life::Terminating {
        object["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    }
    let mut spec = json!({"hostNetwork": pod.host_network, "containers": containers(&pod.ports)});
    if let Some(node) = &pod.node {
        spec["nodeName"] = json!(node);
    }
    object["spec"] = spec;
    object["status"] = status(pod);
    object
}

/// A container may use the name of a port only once, so each port has a container of its own.
fn containers(ports: &[ContainerPort]) -> Vec<Value> {
    if ports.is_empty() {
        return vec![json!({"name": "c", "image": "none"})];
    }
    let container = |(number, port): (usize, &ContainerPort)| {
        let mut stated = json!({"containerPort": port.number.get(), "protocol": port.protocol.to_string()});
        if let Some(name) = &port.name {
            stated["name"] = json!(name);
        }
        json!({"name": format!("c{number}"), "image": "none", "ports": [stated]})
    };
    ports.iter().enumerate().map(container).collect()
}

fn status(pod: &Pod) -> Value {
    let phase = if pod.life == Life::Finished { "Succeeded" } else { "Running" };
    match &pod.addresses {
        Addresses::Known(ips) => {
            let ips: Vec<Value> = ips.iter().map(|ip| json!({"ip": ip.to_string()})).collect();
            json!({"phase": phase, "podIPs": ips})
        }
        Addresses::NotYet => json!({"phase": phase}),
        Addresses::Unstated if pod.life == Life::Finished => json!({"phase": phase}),
        Addresses::Unstated => json!({}),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use podfence_model::{NamespacedName, Origin};
    use podfence_source::{Input, Options, read};
    use podfence_testkit::generate;

    use super::*;

    /// What verdicts depend on, without the places where it was read.
    type Essence = (
        BTreeMap<NamespacedName, Pod>,
        BTreeMap<String, Namespace>,
        BTreeMap<String, Node>,
        Vec<NetworkPolicy>,
    );

    fn essence(world: &World) -> Essence {
        let mut world = world.clone();
        world.expand_workloads();
        let origin = Origin::Assumed("nowhere");
        world.pods.retain(|_, pod| pod.life != Life::Finished);
        for pod in world.pods.values_mut() {
            (pod.meta.origin, pod.ready, pod.workload) = (origin.clone(), true, None);
        }
        world.namespaces.values_mut().for_each(|namespace| namespace.origin = origin.clone());
        for node in world.nodes.values_mut() {
            node.origin = origin.clone();
            node.addresses.sort();
        }
        let policies = world.policies.values().map(NetworkPolicy::without_places).map(spoken).collect();
        (world.pods, world.namespaces, world.nodes, policies)
    }

    /// Rules for a direction in which a policy does not isolate mean nothing, and are not written.
    fn spoken(mut policy: NetworkPolicy) -> NetworkPolicy {
        if !policy.directions.ingress {
            policy.ingress.clear();
        }
        if !policy.directions.egress {
            policy.egress.clear();
        }
        policy
    }

    #[test]
    fn what_is_written_is_read_back() {
        for seed in 0..300 {
            let mut world = generate::world(seed);
            world.pod_ranges.clear(); // no object states them
            let input = Input::Bytes { name: "objects".into(), bytes: text(&world).into_bytes() };
            let read = read(&[input], &Options::default()).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
            assert_eq!(essence(&read.world), essence(&world), "seed {seed}");
        }
    }
}
