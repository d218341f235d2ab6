//! What can happen to a cluster: all that `storm` does, and what needs Services, several pods at once, or nodes.

use std::fmt;

use podfence_lab::setup::Links;
use podfence_model::{
    Addresses, Life, Meta, Origin, Pod, Port, Service, ServiceAddress, ServicePort, ServiceType,
    SessionAffinity, TargetPort, TrafficPolicy, World,
};
use podfence_testkit::build::{ORIGIN, Put, ip, labels, node};
use podfence_testkit::generate::Rng;
use podfence_testkit::generate::addresses::host;
use podfence_testkit::storm::{self, Edit};

/// A change and what it is called.
pub struct Change(String);

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Changes a world at random.
pub fn random(world: &mut World, links: Links, rng: &mut Rng) -> Change {
    let text = match rng.u32(0..100) {
        0..58 => {
            let edit = storm::random_edit(world, rng);
            storm::apply(world, &edit);
            match &edit {
                Edit::AddPolicy(policy) | Edit::ChangePolicy(policy) => format!("policy {}", policy.meta.id),
                other => format!("{other:?}"),
            }
        }
        58..70 => replace_pod(world, rng),
        70..76 => turn_ready(world, rng),
        76..92 => change_service(world, rng),
        92..96 => add_node(world, links),
        _ => remove_node(world, rng),
    };
    settle(world);
    Change(text)
}

/// Finished pods are gone, and everything but the cluster DNS, which answers names only, counts as stated.
pub fn settle(world: &mut World) {
    world.pods.retain(|_, pod| pod.life != Life::Finished);
    let stated = || Origin::Api("1".into());
    let pods = world.pods.values_mut().map(|pod| &mut pod.meta);
    let services = world.services.values_mut().map(|service| &mut service.meta);
    pods.chain(services)
        .filter(|meta| meta.id.namespace != "kube-system")
        .for_each(|meta| meta.origin = stated());
}

fn pick<'a, T>(list: &'a [T], rng: &mut Rng) -> Option<&'a T> {
    if list.is_empty() { None } else { list.get(rng.usize(0..list.len())) }
}

/// One pod goes, and another comes with its addresses at the same moment.
fn replace_pod(world: &mut World, rng: &mut Rng) -> String {
    let alone: Vec<Pod> =
        world.pods.values().filter(|p| !p.host_network && !p.ips().is_empty()).cloned().collect();
    let Some(before) = pick(&alone, rng) else { return "nobody to replace".into() };
    let Some(Edit::AddPod(mut after)) =
        (0..200).map(|_| storm::random_edit(world, rng)).find(|edit| matches!(edit, Edit::AddPod(_)))
    else {
        return "nobody to come".into();
    };
    after.addresses = before.addresses.clone();
    after.node.clone_from(&before.node);
    world.pods.remove(&before.meta.id);
    let text = format!("{} takes the place of {}", after.meta.id, before.meta.id);
    world.put(after);
    text
}

fn turn_ready(world: &mut World, rng: &mut Rng) -> String {
    let ids: Vec<_> = world.pods.keys().cloned().collect();
    let Some(pod) = pick(&ids, rng).and_then(|id| world.pods.get_mut(id)) else { return "no pod".into() };
    pod.ready = !pod.ready;
    format!("{} ready: {}", pod.meta.id, pod.ready)
}

fn change_service(world: &mut World, rng: &mut Rng) -> String {
    let ours: Vec<_> = world.services.keys().filter(|id| id.namespace != "kube-system").cloned().collect();
    match (rng.u32(0..4), pick(&ours, rng)) {
        (0, Some(id)) => {
            world.services.remove(id);
            format!("service {id} goes")
        }
        (1 | 2, Some(id)) => {
            let (place, service) = (id.clone(), &world.services[id]);
            let changed =
                Service { address: service.address.clone(), ..service_of(&id.namespace, &id.name, 0, rng) };
            let text = format!("service {id}: {:?} {:?}", changed.selector, changed.ports);
            world.services.insert(place, changed);
            text
        }
        _ => {
            let namespaces: Vec<String> =
                world.namespaces.keys().filter(|n| *n != "kube-system").cloned().collect();
            let Some(namespace) = pick(&namespaces, rng) else { return "no namespace".into() };
            let number = rng.u8(1..250);
            let service = service_of(namespace, &format!("svc-{number}"), number, rng);
            let text = format!("service {}: {:?}", service.meta.id, service.ports);
            world.services.insert(service.meta.id.clone(), service);
            text
        }
    }
}

fn service_of(namespace: &str, name: &str, number: u8, rng: &mut Rng) -> Service {
    let apps = ["web", "api", "db"];
    let addresses = vec![ip(&format!("10.96.7.{number}")), ip(&format!("fd00:10:96::7:{number}"))];
    Service {
        meta: Meta::new(namespace, name, ORIGIN),
        kind: ServiceType::ClusterIp,
        address: if rng.u32(0..8) == 0 { ServiceAddress::Headless } else { ServiceAddress::Ips(addresses) },
        external_ips: Vec::new(),
        load_balancer_ips: Vec::new(),
        selector: Some(labels(&[("app", apps[rng.usize(0..3)])])),
        ports: vec![service_port(rng)],
        external_traffic: TrafficPolicy::Cluster,
        internal_traffic: if rng.u32(0..3) == 0 { TrafficPolicy::Local } else { TrafficPolicy::Cluster },
        affinity: SessionAffinity::None,
        publish_not_ready: rng.u32(0..5) == 0,
    }
}

fn service_port(rng: &mut Rng) -> ServicePort {
    let names = ["http", "dns", "metrics", "admin"];
    let target = match rng.u32(0..2) {
        0 => TargetPort::Named(names[rng.usize(0..4)].into()),
        _ => TargetPort::Number(Port::new([53, 80, 81, 443][rng.usize(0..4)]).unwrap()),
    };
    let protocol = podfence_model::Protocol::ALL[rng.usize(0..3)];
    ServicePort { name: None, protocol, port: Port::new(1234).unwrap(), target, node_port: None }
}

/// A bridge has the first address of each of its node's ranges.
fn add_node(world: &mut World, links: Links) -> String {
    let Some(number) = (1..20).find(|n| !world.nodes.contains_key(&format!("node-{n}"))) else {
        return "enough nodes".into();
    };
    let [name, v4, v6, r4, r6] = [
        format!("node-{number}"),
        format!("172.18.0.{number}"),
        format!("fd00:172:18::{number}"),
        format!("10.244.{number}.0/24"),
        format!("fd00:10:244:{number}::/64"),
    ];
    let mut node = node(&name, &[&v4, &v6], &[&r4, &r6]);
    if links == Links::Bridge {
        node.addresses.extend(node.pod_ranges.iter().map(|range| host(*range, 1)));
    }
    world.nodes.insert(name.clone(), node);
    format!("{name} comes")
}

/// A node goes, and its pods with it; one always stays, and the cluster DNS is never homeless.
fn remove_node(world: &mut World, rng: &mut Rng) -> String {
    let home =
        world.pods.values().find(|p| p.meta.id.namespace == "kube-system").and_then(|p| p.node.clone());
    let others: Vec<String> =
        world.nodes.keys().filter(|name| Some(*name) != home.as_ref()).cloned().collect();
    let Some(name) = pick(&others, rng).filter(|_| world.nodes.len() > 1) else {
        return "the last node".into();
    };
    world.nodes.remove(name);
    world.pods.retain(|_, pod| pod.node.as_ref() != Some(name));
    format!("{name} goes")
}

/// Whether a pod of both worlds has the same seat in both.
pub fn same_seat(a: &Pod, b: &Pod) -> bool {
    let known = |pod: &Pod| matches!(pod.addresses, Addresses::Known(_)) && !pod.host_network;
    a.node == b.node && a.addresses == b.addresses && known(a) && known(b)
}
