//! The lab as the kubelets of a cluster: an ordinary client makes Deployments, controllers make pods of them, a scheduler binds
//! them, and the lab makes their namespaces, says their addresses and lets real packets answer.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use podfence_lab::agents::{Objects, Source};
use podfence_lab::asked::Asked;
use podfence_lab::cluster::{Cluster, Settings};
use podfence_lab::probe;
use podfence_lab::setup::Links;
use podfence_model::{Addresses, Cidr, Life, NamespacedName, Pod, World};
use podfence_source::{Input, Options, read};
use serde_json::{Value, json};

use crate::client::{Client, Refusal};
use crate::{drawn, seat};

/// What controllers and the scheduler may take.
const PATIENCE: Duration = Duration::from_mins(1);
/// What the lab needs to know of a cluster: version, kind and collection.
const LISTS: [(&str, &str, &str); 6] = [
    ("v1", "Namespace", "/api/v1/namespaces"),
    ("v1", "Node", "/api/v1/nodes"),
    ("v1", "Pod", "/api/v1/pods"),
    ("v1", "Service", "/api/v1/services"),
    ("discovery.k8s.io/v1", "EndpointSlice", "/apis/discovery.k8s.io/v1/endpointslices"),
    ("networking.k8s.io/v1", "NetworkPolicy", "/apis/networking.k8s.io/v1/networkpolicies"),
];

/// Tells the API of pods what kubelets tell.
#[derive(Debug)]
struct Kubelets {
    client: Client,
    source: Source,
    told: BTreeMap<NamespacedName, Vec<IpAddr>>,
}

impl Objects for Kubelets {
    fn publish(&mut self, world: &World) -> io::Result<()> {
        let here = world.pods.values().filter(|pod| !pod.ips().is_empty() && pod.life == Life::Present);
        let new = here.filter(|pod| self.told.get(&pod.meta.id).map(Vec::as_slice) != Some(pod.ips()));
        let new: Vec<&Pod> = new.collect();
        for pod in new {
            runs(&mut self.client, pod).map_err(io::Error::other)?;
            self.told.insert(pod.meta.id.clone(), pod.ips().to_vec());
        }
        Ok(())
    }

    fn source(&self) -> Source {
        self.source.clone()
    }
}

/// Says that a pod runs and is ready.
fn runs(client: &mut Client, pod: &Pod) -> Result<(), Refusal> {
    let ips: Vec<Value> = pod.ips().iter().map(|ip| json!({"ip": ip.to_string()})).collect();
    let ready = json!([{"type": "Ready", "status": "True"}, {"type": "PodScheduled", "status": "True"}]);
    let status = json!({"phase": "Running", "podIP": ips[0]["ip"], "podIPs": ips, "conditions": ready});
    client.merge(&(path(&pod.meta.id) + "/status"), &json!({"status": status})).map(drop)
}

fn path(pod: &NamespacedName) -> String {
    format!("/api/v1/namespaces/{}/pods/{}", pod.namespace, pod.name)
}

/// The cluster as `kubectl get -o yaml` shows it.
fn look(client: &mut Client) -> World {
    let lists = LISTS.map(|(version, kind, collection)| {
        let mut items = client.get(collection).unwrap()["items"].take();
        for item in items.as_array_mut().into_iter().flatten() {
            (item["kind"], item["apiVersion"]) = (kind.into(), version.into());
        }
        let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
        Input::Bytes { name: collection.into(), bytes: list.to_string().into_bytes() }
    });
    read(&lists, &Options::default()).unwrap_or_else(|refused| panic!("{refused}")).world
}

/// The lab, its kubelets and whoever uses the cluster.
struct Bench {
    cluster: Cluster,
    client: Client,
}

impl Bench {
    fn new(links: Links) -> Self {
        let mut client = None;
        let cluster = Cluster::empty(links, Settings::default(), |topology| {
            seat::take_as(topology, false, |server, kubeconfig| {
                client = Some(server.client());
                let source = Source::Api(kubeconfig);
                Box::new(Kubelets { client: server.client(), source, told: BTreeMap::new() })
            })
        });
        let (cluster, mut client) = (cluster.unwrap(), client.unwrap());
        for n in 1..=3 {
            let node = node(n, links);
            client.create("/api/v1/nodes", &node.to_string()).unwrap();
            let status = json!({"status": node["status"]});
            client.merge(&format!("/api/v1/nodes/node-{n}/status"), &status).unwrap();
        }
        Self { cluster, client }
    }

    /// Creates objects of YAML, each with the collection it belongs to.
    fn create(&mut self, objects: &[(&str, &str)]) {
        for (collection, text) in objects {
            self.client.create(collection, text).unwrap();
        }
    }

    /// Plays the kubelets until so many pods run, and asks everything of engine and kernel.
    fn settle(&mut self, pods: usize) {
        let begun = Instant::now();
        let world = loop {
            let mut world = look(&mut self.client);
            self.end(&mut world);
            seat_pods(&mut world);
            let running = world.pods.values().filter(|pod| !pod.ips().is_empty()).count();
            if running == pods && world.pods.len() == pods {
                break world;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "{running} of {} pods have a node, not {pods}",
                world.pods.len()
            );
            std::thread::sleep(Duration::from_millis(50));
        };
        self.cluster.update(world).unwrap();
        let endpoints = look(&mut self.client); // Services know their pods only now
        let mut world = self.cluster.world().clone();
        world.services = endpoints.services;
        drawn::state_all(&mut world);
        let engine = self.cluster.update(world).unwrap();
        let asked = Asked::everything(self.cluster.world());
        let findings = self.cluster.run(&engine, &asked, probe::USUAL_TIMEOUT);
        drawn::no_difference(self.cluster.world(), &findings).unwrap();
        println!("{pods} pods: {} connections, engine = kernel", findings.compared());
    }

    /// Pods that are to end have ended.
    fn end(&mut self, world: &mut World) {
        let ending = world.pods.values().filter(|pod| pod.life == Life::Terminating);
        let ending: Vec<NamespacedName> = ending.map(|pod| pod.meta.id.clone()).collect();
        for pod in ending {
            world.pods.remove(&pod);
            self.client.delete(&path(&pod), 0).unwrap();
        }
    }
}

/// A node; where its pods hang on a bridge, the bridge has an address of its own.
fn node(n: usize, links: Links) -> Value {
    let mut addresses = vec![format!("172.18.0.{n}"), format!("fd00:172:18::{n}")];
    if links == Links::Bridge {
        addresses.extend([format!("10.244.{n}.1"), format!("fd00:10:244:{n}::1")]);
    }
    let addresses: Vec<Value> =
        addresses.iter().map(|ip| json!({"type": "InternalIP", "address": ip})).collect();
    let room = json!({"cpu": "16", "memory": "64Gi", "pods": "110"});
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": format!("node-{n}")},
        "spec": {"podCIDRs": [format!("10.244.{n}.0/24"), format!("fd00:10:244:{n}::/64")], "podCIDR": format!("10.244.{n}.0/24")},
        "status": {
            "addresses": addresses,
            "conditions": [{"type": "Ready", "status": "True"}],
            "capacity": room,
            "allocatable": room,
        },
    })
}

/// Gives pods that are bound and have no address the next ones of their node.
fn seat_pods(world: &mut World) {
    let mut taken: BTreeSet<IpAddr> = world.pods.values().flat_map(Pod::ips).copied().collect();
    let ranges: BTreeMap<String, Vec<Cidr>> =
        world.nodes.values().map(|node| (node.name.clone(), node.pod_ranges.clone())).collect();
    for pod in world.pods.values_mut().filter(|pod| pod.ips().is_empty() && pod.life == Life::Present) {
        let Some(ranges) = pod.node.as_ref().and_then(|node| ranges.get(node)) else { continue };
        let addresses: Vec<IpAddr> = ranges.iter().filter_map(|range| free(range, &taken)).collect();
        taken.extend(&addresses);
        pod.addresses = Addresses::Known(addresses);
    }
}

/// The lowest address of a range that nobody has, its first ten left out.
fn free(range: &Cidr, taken: &BTreeSet<IpAddr>) -> Option<IpAddr> {
    let nth = |n: u8| match range.first() {
        IpAddr::V4(ip) => IpAddr::from((u32::from(ip) + u32::from(n)).to_be_bytes()),
        IpAddr::V6(ip) => IpAddr::from((u128::from(ip) + u128::from(n)).to_be_bytes()),
    };
    (10..250).map(nth).find(|ip| !taken.contains(ip))
}

const APPS: &str = "/apis/apps/v1/namespaces/shop/deployments";
const POLICIES: &str = "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies";

fn deployment(name: &str, replicas: usize, port: u16) -> String {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": name, "image": "none", "ports": [{"containerPort": port}]}]},
            },
        },
    })
    .to_string()
}

fn service(name: &str, port: u16) -> String {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": port}]},
    })
    .to_string()
}

const ONLY_WEB: &str =
    "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: db, namespace: shop},
  spec: {podSelector: {matchLabels: {app: db}},
    ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}]}}";

/// Deployments are made, scaled and deleted, policies come and go: engine = kernel each time.
pub fn deployments_services_and_policies(links: Links) {
    let mut bench = Bench::new(links);
    let (web, db, odd) = (deployment("web", 3, 8080), deployment("db", 2, 5432), deployment("odd", 1, 9000));
    let (front, back) = (service("web", 8080), service("db", 5432));
    bench.create(&[
        (
            "/api/v1/namespaces",
            "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: shop}}}",
        ),
        (APPS, &web),
        (APPS, &db),
        (APPS, &odd),
        ("/api/v1/namespaces/shop/services", &front),
        ("/api/v1/namespaces/shop/services", &back),
    ]);
    bench.settle(6);
    bench.create(&[(POLICIES, ONLY_WEB)]);
    bench.settle(6);
    bench.client.merge(&format!("{APPS}/web/scale"), &json!({"spec": {"replicas": 5}})).unwrap();
    bench.settle(8);
    bench.client.merge(&format!("{APPS}/web/scale"), &json!({"spec": {"replicas": 1}})).unwrap();
    bench.settle(4);
    bench.client.delete(&format!("{POLICIES}/db"), 0).unwrap();
    bench.client.delete(&format!("{APPS}/odd"), 0).unwrap();
    bench.settle(3);
}
