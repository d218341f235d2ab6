//! A world in a few lines that a person can read and a test can compare.

#![allow(clippy::unwrap_used)] // writing to a String cannot fail

use std::fmt::Write as _;

use podfence_model::{
    Addresses, Cidr, ClusterFacts, ContainerPort, Direction, Labels, Life, Monitor, NetworkPolicy, Place,
    Pod, Rule, Service, ServiceAddress, TargetPort, World,
};

/// Every object of a world, kind by kind.
pub fn world(world: &World) -> String {
    let mut out = String::new();
    for namespace in world.namespaces.values() {
        line(&mut out, &format!("Namespace {} {}", namespace.name, labels(&namespace.labels)));
    }
    for node in world.nodes.values() {
        let ranges: Vec<String> = node.pod_ranges.iter().map(ToString::to_string).collect();
        line(&mut out, &format!("Node {} at {:?} pods in {ranges:?}", node.name, node.addresses));
    }
    world.pods.values().for_each(|value| pod(&mut out, value));
    for workload in world.workloads.values() {
        let template = &workload.template;
        let host = if template.host_network { " hostNetwork" } else { "" };
        let node = template.node.as_ref().map_or_else(String::new, |node| format!(" on {node}"));
        let copies = format!("{:?}", workload.copies);
        let labels = labels(&template.labels);
        line(&mut out, &format!("{} {copies}{host}{node} {labels} {}", workload.id, ports(&template.ports)));
    }
    world.services.values().for_each(|value| service(&mut out, value));
    slices_and_ingresses(&mut out, world);
    world.policies.values().for_each(|value| policy(&mut out, value));
    callers(&mut out, world);
    facts(&mut out, world);
    for unknown in &world.unknown {
        line(&mut out, &format!("unknown {} of {}", unknown.id, unknown.api_version));
    }
    out
}

fn callers(out: &mut String, world: &World) {
    for call in &world.callbacks {
        let required = if call.required { " required" } else { "" };
        line(
            out,
            &format!("{} calls {}:{} for {}{required}", call.object, call.service, call.port, call.name),
        );
    }
    for monitor in &world.monitors {
        let Monitor { object, scope, selector, ports, .. } = monitor;
        line(out, &format!("{object} looks for {selector} in {scope:?} on {ports:?}"));
    }
}

fn facts(out: &mut String, world: &World) {
    let facts = &world.facts;
    if *facts != ClusterFacts::default() || !world.pod_ranges.is_empty() {
        let ClusterFacts { service_ranges, node_ranges, dns, node_local_dns, api_servers, cni, complete } =
            facts;
        let list = |ranges: &[Cidr]| ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let pods = list(&world.pod_ranges);
        line(out, &format!("pods in [{pods}]"));
        line(out, &format!("Services in [{}] nodes in [{}]", list(service_ranges), list(node_ranges)));
        line(out, &format!("DNS {dns:?} {node_local_dns:?} API servers {api_servers:?}"));
        line(out, &format!("plugin {cni:?} complete {complete}"));
    }
}

fn line(out: &mut String, text: &str) {
    writeln!(out, "{}", text.trim_end()).unwrap();
}

fn labels(labels: &Labels) -> String {
    let pairs: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    format!("{{{}}}", pairs.join(", "))
}

fn ports(ports: &[ContainerPort]) -> String {
    let show = |p: &ContainerPort| {
        let name = p.name.as_ref().map_or_else(String::new, |name| format!("{name}="));
        format!("{name}{}/{}", p.protocol, p.number)
    };
    ports.iter().map(show).collect::<Vec<_>>().join(" ")
}

fn pod(out: &mut String, pod: &Pod) {
    let mut text = format!("Pod {} {}", pod.meta.id, labels(&pod.meta.labels));
    match &pod.addresses {
        Addresses::Known(ips) => write!(text, " at {ips:?}").unwrap(),
        Addresses::NotYet => text.push_str(" without an address yet"),
        Addresses::Unstated => {}
    }
    if pod.life != Life::Present {
        write!(text, " {:?}", pod.life).unwrap();
    }
    for (flag, word) in [(pod.host_network, " hostNetwork"), (!pod.ready, " not ready")] {
        text.push_str(if flag { word } else { "" });
    }
    for (what, value) in [("on", pod.node.clone()), ("of", pod.workload.as_ref().map(ToString::to_string))] {
        if let Some(value) = value {
            write!(text, " {what} {value}").unwrap();
        }
    }
    line(out, &format!("{text} {}", ports(&pod.ports)));
}

fn service(out: &mut String, service: &Service) {
    let address = match &service.address {
        ServiceAddress::Ips(ips) => format!("{ips:?}"),
        ServiceAddress::Headless => "headless".to_owned(),
        ServiceAddress::Unstated => "no address yet".to_owned(),
    };
    let selector = service.selector.as_ref().map_or_else(|| "no selector".to_owned(), labels);
    line(out, &format!("Service {} {:?} {address} {selector}", service.meta.id, service.kind));
    for p in &service.ports {
        let name = p.name.as_ref().map_or_else(String::new, |name| format!("{name} "));
        let node = p.node_port.map_or_else(String::new, |port| format!(" node port {port}"));
        line(out, &format!("  {name}{} {} -> {}{node}", p.protocol, p.port, target(&p.target)));
    }
}

fn target(port: &TargetPort) -> String {
    match port {
        TargetPort::Number(number) => number.to_string(),
        TargetPort::Named(name) => name.clone(),
    }
}

fn slices_and_ingresses(out: &mut String, world: &World) {
    for slice in world.endpoint_slices.values() {
        line(out, &format!("EndpointSlice {} of {:?}", slice.meta.id, slice.service));
        for e in &slice.endpoints {
            let ready = if e.ready { "ready" } else { "not ready" };
            line(out, &format!("  {:?} {ready} on {:?} pod {:?}", e.addresses, e.node, e.pod));
        }
        for p in &slice.ports {
            line(out, &format!("  port {:?} {} {:?}", p.name, p.protocol, p.port));
        }
    }
    for ingress in world.ingresses.values() {
        line(out, &format!("Ingress {} class {:?}", ingress.meta.id, ingress.class));
        for b in &ingress.backends {
            let port = target(&b.port);
            line(out, &format!("  {:?} {:?} -> {} port {port}", b.host, b.path, b.service));
        }
    }
}

fn policy(out: &mut String, policy: &NetworkPolicy) {
    let isolates: Vec<String> = Direction::BOTH
        .iter()
        .filter(|direction| policy.directions.contains(**direction))
        .map(ToString::to_string)
        .collect();
    let isolates = isolates.join(" and ");
    line(out, &format!("NetworkPolicy {} selects {} isolates {isolates}", policy.meta.id, policy.subject));
    for direction in [Direction::Ingress, Direction::Egress] {
        policy.rules(direction).iter().for_each(|value| rule(out, direction, value));
    }
}

fn rule(out: &mut String, direction: Direction, rule: &Rule) {
    line(out, &format!("  {direction}{}", at(rule.place.as_ref())));
    for peer in &rule.peers {
        line(out, &format!("    {}{}", peer.kind, at(peer.place.as_ref())));
    }
    for port in &rule.ports {
        line(out, &format!("    {port}{}", at(port.place.as_ref())));
    }
}

fn at(place: Option<&Place>) -> String {
    place.map_or_else(String::new, |p| format!(" @{}:{} {}..{}", p.line, p.column, p.start, p.end))
}
