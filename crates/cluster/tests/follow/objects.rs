//! Objects as an API server would have them.

use serde_json::{Value, json};

use crate::fake::Store;

pub fn namespace(name: &str, team: &str) -> Value {
    json!({"metadata": {"name": name, "labels": {"team": team, "kubernetes.io/metadata.name": name}}})
}

pub fn node(name: &str, number: u8) -> Value {
    json!({
        "metadata": {"name": name},
        "spec": {"podCIDR": format!("10.{number}.0.0/24"), "podCIDRs": [format!("10.{number}.0.0/24")]},
        "status": {"addresses": [{"type": "InternalIP", "address": format!("192.0.2.{number}")}], "capacity": {"cpu": "4"}},
    })
}

pub fn pod(namespace: &str, name: &str, app: &str, number: u8) -> Value {
    json!({
        "metadata": {
            "name": name, "namespace": namespace, "labels": {"app": app}, "uid": "u",
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "managedFields": [{"manager": "kubelet", "operation": "Update", "time": "2026-01-01T00:00:09Z"}],
        },
        "spec": {
            "nodeName": "n1",
            "containers": [{"name": "c", "image": "i", "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}]}],
        },
        "status": {"phase": "Running", "podIP": format!("10.1.0.{number}"), "podIPs": [{"ip": format!("10.1.0.{number}")}]},
    })
}

pub fn service(namespace: &str, name: &str, app: &str) -> Value {
    json!({
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"type": "ClusterIP", "clusterIPs": ["10.96.0.1"], "selector": {"app": app}, "ports": [{"port": 80, "protocol": "TCP"}]},
    })
}

pub fn policy(namespace: &str, name: &str, app: &str) -> Value {
    json!({
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "podSelector": {"matchLabels": {"app": app}},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "client"}}}], "ports": [{"port": "http", "protocol": "TCP"}]}],
        },
    })
}

/// A small cluster.
pub fn furnish(store: &mut Store) {
    store.put("namespaces", namespace("shop", "1"));
    store.put("nodes", node("n1", 1));
    for (name, app, number) in [("web", "web", 1), ("api", "api", 2), ("client", "client", 3)] {
        store.put("pods", pod("shop", name, app, number));
    }
    store.put("services", service("shop", "web", "web"));
    store.put("networkpolicies", policy("shop", "web", "web"));
    store.put("networkpolicies", policy("shop", "api", "api"));
}
