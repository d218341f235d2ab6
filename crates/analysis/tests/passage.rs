//! What becomes of connections to Services where it is not told by the pods behind them.

use podfence_analysis::{Front, Passage, passage};
use podfence_engine::{Engine, Outcome};
use podfence_model::{
    Endpoint, Family, Life, Namespace, Protocol, Service, ServiceAddress, ServicePort, ServiceType,
    SessionAffinity, TargetPort, TrafficPolicy, World,
};
use podfence_testkit::build::{
    BOTH, ORIGIN, Put, block, egress, eq, everything, id, ip, labels, node, number, pod, policy, port, rule,
    select,
};

/// Two nodes with an address besides those that are dialled, a pod on each, and a Service with a node port and nobody behind it.
fn world() -> World {
    let mut world = World::default();
    for n in 1..=2u8 {
        let addresses = [format!("172.18.0.{n}"), format!("fd00:172:18::{n}")];
        let ranges = [format!("10.244.{n}.0/24"), format!("fd00:10:244:{n}::/64")];
        let name = format!("node-{n}");
        let bridge = [format!("10.244.{n}.1"), format!("fd00:10:244:{n}::1")];
        let addresses = [&addresses[0], &addresses[1], &bridge[0], &bridge[1]].map(String::as_str);
        world.put(node(&name, &addresses, &[&ranges[0], &ranges[1]]));
    }
    world.put(Namespace::new("x", labels(&[]), ORIGIN));
    world.put(pod("x/a", "node-1", &["10.244.1.10", "fd00:10:244:1::10"], &[]));
    world.put(pod("x/b", "node-2", &["10.244.2.10", "fd00:10:244:2::10"], &[("app", "b")]));
    let service = nobody();
    world.services.insert(service.meta.id.clone(), service);
    world
}

fn nobody() -> Service {
    Service {
        meta: podfence_model::Meta::new("x", "nobody", ORIGIN),
        kind: ServiceType::NodePort,
        address: ServiceAddress::Ips(vec![ip("10.96.0.9"), ip("fd00:10:96::9")]),
        external_ips: Vec::new(),
        load_balancer_ips: Vec::new(),
        selector: Some(labels(&[("app", "nobody")])),
        ports: vec![ServicePort {
            name: None,
            protocol: Protocol::Sctp,
            port: port(1234),
            target: TargetPort::Number(port(80)),
            node_port: Some(port(30000)),
        }],
        external_traffic: TrafficPolicy::Cluster,
        internal_traffic: TrafficPolicy::Cluster,
        affinity: SessionAffinity::None,
        publish_not_ready: false,
    }
}

fn to_node_port(world: &World, protocol: Protocol, node: &str, family: Family) -> Passage {
    let engine = Engine::new(world);
    let service = &world.services[&id("x/nobody")];
    let source = Endpoint::Pod { id: id("x/a"), address: world.pods[&id("x/a")].ip(family) };
    let front = Front::NodePort(node.into(), port(30000));
    let port = service.ports.iter().find(|port| port.protocol == protocol).expect("the Service has it");
    passage(world, &engine, (service, port), &source, &front).expect("one family")
}

/// Nobody translates it, so policies see the node itself, at its first address of the family, which is dialled.
#[test]
fn a_node_port_without_backends_is_the_node_to_policies() {
    for (family, allowed) in [(Family::V4, "172.18.0.2/32"), (Family::V6, "fd00:172:18::2/128")] {
        let only = rule(vec![block(allowed, &[])], vec![number(Protocol::Sctp, 30000)]);
        let world = world().with(egress("x/out", everything(), vec![only]));
        let found = ["node-1", "node-2"].map(|node| to_node_port(&world, Protocol::Sctp, node, family));
        assert_eq!(found, [Passage::NoBackend(Outcome::Denied), Passage::NoBackend(Outcome::Allowed)]);
    }
}

/// UDP and TCP of one Service may have one number.
#[test]
fn a_node_port_is_known_by_its_protocol() {
    let mut world = world();
    let service = world.services.get_mut(&id("x/nobody")).expect("it is there");
    service.selector = Some(labels(&[("app", "b")]));
    let tcp = ServicePort { protocol: Protocol::Tcp, ..service.ports[0].clone() };
    service.ports.push(tcp);
    let only = rule(vec![], vec![number(Protocol::Tcp, 30000), number(Protocol::Tcp, 80)]);
    let world = world.with(egress("x/out", everything(), vec![only]));
    for (protocol, wanted) in [(Protocol::Sctp, Outcome::Denied), (Protocol::Tcp, Outcome::Allowed)] {
        let Passage::Ways(ways) = to_node_port(&world, protocol, "node-2", Family::V4) else {
            panic!("{protocol} has a backend")
        };
        assert_eq!(ways.iter().map(|way| &way.outcome).collect::<Vec<_>>(), [&wanted], "{protocol}");
    }
}

/// A Service that publishes pods that are not ready leads to the address of a terminating pod, whoever has it by now.
#[test]
fn an_address_of_a_terminating_pod_is_the_running_pods() {
    let mut world = world();
    let mut goes = pod("x/goes", "node-2", &["10.244.2.10"], &[("app", "goes")]);
    goes.life = Life::Terminating;
    world.put(goes);
    let service = world.services.get_mut(&id("x/nobody")).expect("it is there");
    service.selector = Some(labels(&[("app", "goes")]));
    service.publish_not_ready = true;
    let closed = policy("x/closed", select(&[eq("app", "b")]), BOTH);
    for (world, wanted) in [(world.clone(), Outcome::Allowed), (world.with(closed), Outcome::Denied)] {
        let Passage::Ways(ways) = to_node_port(&world, Protocol::Sctp, "node-2", Family::V4) else {
            panic!("there is a backend")
        };
        assert_eq!(ways.iter().map(|way| &way.outcome).collect::<Vec<_>>(), [&wanted]);
    }
}
