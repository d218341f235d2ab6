//! A lab's world as the objects of a real API server: each change is the requests that lead to it.
//!
//! The lab plays the kubelets: it registers nodes, and says in the status of a pod what the pod's node would say.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use podfence_lab::agents::{Objects, Source};
use podfence_lab::objects::documents;
use podfence_model::{NamespacedName, ObjectKey, World};
use serde_json::{Value, json};

use crate::client::{Client, Refusal};

/// What the controller of namespaces may take to end one.
const PATIENCE: Duration = Duration::from_mins(1);

/// Namespaces that every server has.
const ALWAYS: [&str; 4] = ["default", "kube-system", "kube-public", "kube-node-lease"];

/// What the server holds.
#[derive(Debug)]
pub struct Published {
    client: Client,
    kubeconfig: PathBuf,
    /// As they were written last.
    held: BTreeMap<ObjectKey, String>,
    /// Set when the server has forgotten all of it.
    wiped: Arc<AtomicBool>,
}

impl Published {
    pub fn new(client: Client, kubeconfig: PathBuf) -> Self {
        Self { client, kubeconfig, held: BTreeMap::new(), wiped: Arc::default() }
    }

    /// Is told by `wiped` that the server has forgotten everything.
    pub fn forgetting(self, wiped: Arc<AtomicBool>) -> Self {
        Self { wiped, ..self }
    }

    fn put(&mut self, key: &ObjectKey, text: &str) -> Result<(), Refusal> {
        match (key, self.held.get(key).cloned()) {
            (ObjectKey::Pod(pod), Some(before)) => self.change_pod(pod, &before, text),
            (ObjectKey::Node(_), Some(before)) => self.change_node(key, &before, text),
            (_, Some(_)) => self.client.replace(&path(key), text).map(drop),
            (ObjectKey::Namespace(name), None) if ALWAYS.contains(&name.as_str()) => {
                self.client.replace(&path(key), text).map(drop)
            }
            (ObjectKey::Pod(pod), None) => self.start_pod(pod, text),
            (ObjectKey::Node(_), None) => self.register(key, text),
            (_, None) => self.client.create(&collection(key), text).map(drop),
        }
    }

    fn register(&mut self, key: &ObjectKey, text: &str) -> Result<(), Refusal> {
        self.client.create(&collection(key), text)?;
        self.client.merge(&(path(key) + "/status"), &json!({"status": of(text)["status"]})).map(drop)
    }

    /// The ranges of a node never change: one with others is another node.
    fn change_node(&mut self, key: &ObjectKey, before: &str, text: &str) -> Result<(), Refusal> {
        if of(before)["spec"] != of(text)["spec"] {
            self.client.delete(&path(key), 0)?;
            return self.register(key, text);
        }
        self.client.replace(&path(key), text)?;
        self.client.merge(&(path(key) + "/status"), &json!({"status": of(text)["status"]})).map(drop)
    }

    fn start_pod(&mut self, pod: &NamespacedName, text: &str) -> Result<(), Refusal> {
        let key = ObjectKey::Pod(pod.clone());
        self.client.create(&collection(&key), text)?;
        self.report(&key, &of(text))?;
        if is_ending(&of(text)) { self.client.delete(&path(&key), 3_600) } else { Ok(()) }
    }

    /// A pod's labels and status change, and it may begin to end. With anything else it is another pod.
    fn change_pod(&mut self, pod: &NamespacedName, before: &str, text: &str) -> Result<(), Refusal> {
        let key = ObjectKey::Pod(pod.clone());
        let (before, now) = (of(before), of(text));
        let over = |pod: &Value| pod["status"]["phase"] == "Succeeded";
        if before["spec"] != now["spec"] || over(&before) || (is_ending(&before) && !is_ending(&now)) {
            self.client.delete(&path(&key), 0)?;
            return self.start_pod(pod, text);
        }
        if before["metadata"]["labels"] != now["metadata"]["labels"] {
            let labels =
                json!([{"op": "add", "path": "/metadata/labels", "value": now["metadata"]["labels"]}]);
            self.client.patch(&path(&key), &labels)?;
        }
        self.report(&key, &now)?;
        if is_ending(&now) && !is_ending(&before) { self.client.delete(&path(&key), 3_600) } else { Ok(()) }
    }

    /// What a kubelet says of a pod.
    fn report(&mut self, key: &ObjectKey, pod: &Value) -> Result<(), Refusal> {
        let status = &pod["status"];
        let ips = one_of_each_family(&status["podIPs"]);
        let said = json!({"status": {"phase": status["phase"], "podIPs": ips, "podIP": ips[0]["ip"]}});
        self.client.merge(&(path(key) + "/status"), &said).map(drop)
    }

    fn remove(&mut self, key: &ObjectKey) -> Result<(), Refusal> {
        if let ObjectKey::Namespace(name) = key
            && ALWAYS.contains(&name.as_str())
        {
            return self.client.replace(&path(key), &bare(name)).map(drop);
        }
        self.client.delete(&path(key), 0)?;
        let begun = Instant::now();
        while matches!(key, ObjectKey::Namespace(_)) && begun.elapsed() < PATIENCE {
            if self.client.get(&path(key)).is_err() {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

impl Objects for Published {
    fn publish(&mut self, world: &World) -> io::Result<()> {
        if self.wiped.swap(false, Ordering::Relaxed) {
            self.held.clear();
        }
        let mut wanted: BTreeMap<ObjectKey, String> = documents(world).collect();
        let lived_in = world.pods.keys().chain(world.policies.keys()).map(|id| &id.namespace);
        for name in lived_in {
            wanted.entry(ObjectKey::Namespace(name.clone())).or_insert_with(|| bare(name));
        }
        let mut gone: Vec<ObjectKey> =
            self.held.keys().filter(|key| !wanted.contains_key(key)).cloned().collect();
        gone.sort_by_key(|key| matches!(key, ObjectKey::Namespace(_))); // namespaces when they are empty
        for key in gone {
            self.remove(&key).map_err(io::Error::other)?;
            self.held.remove(&key);
        }
        let mut changed: Vec<(ObjectKey, String)> =
            wanted.into_iter().filter(|(key, text)| self.held.get(key) != Some(text)).collect();
        changed.sort_by_key(|(key, _)| !matches!(key, ObjectKey::Namespace(_) | ObjectKey::Node(_)));
        for (key, text) in changed {
            self.put(&key, &text).map_err(|refusal| io::Error::other(format!("{refusal}\n{text}")))?;
            self.held.insert(key, text);
        }
        Ok(())
    }

    fn source(&self) -> Source {
        Source::Api(self.kubeconfig.clone())
    }
}

/// Of a pod in its node's network a world knows all addresses of the node; an API takes one of each family.
fn one_of_each_family(ips: &Value) -> Value {
    let all = || ips.as_array().into_iter().flatten();
    let is_v6 = |ip: &&Value| ip["ip"].as_str().is_some_and(|text| text.contains(':'));
    let (v4, v6) = (all().find(|ip| !is_v6(ip)), all().find(is_v6));
    let first: Vec<&Value> = v4.into_iter().chain(v6).collect();
    if first.is_empty() { Value::Null } else { json!(first) }
}

/// A namespace without labels of its own.
fn bare(name: &str) -> String {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}).to_string()
}

fn is_ending(pod: &Value) -> bool {
    pod["metadata"]["deletionTimestamp"].is_string()
}

fn of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

fn collection(key: &ObjectKey) -> String {
    match key {
        ObjectKey::Namespace(_) => "/api/v1/namespaces".to_owned(),
        ObjectKey::Node(_) => "/api/v1/nodes".to_owned(),
        ObjectKey::Pod(id) => format!("/api/v1/namespaces/{}/pods", id.namespace),
        ObjectKey::Service(id) => format!("/api/v1/namespaces/{}/services", id.namespace),
        ObjectKey::Policy(id) => {
            format!("/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies", id.namespace)
        }
    }
}

fn path(key: &ObjectKey) -> String {
    let name = match key {
        ObjectKey::Namespace(name) | ObjectKey::Node(name) => name,
        ObjectKey::Pod(id) | ObjectKey::Service(id) | ObjectKey::Policy(id) => &id.name,
    };
    format!("{}/{name}", collection(key))
}
