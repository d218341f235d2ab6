//! A truth table: small worlds, a sentence of the specification, flows and their verdicts, all by hand.
//!
//! Both the reference evaluator and the engine must satisfy it; it is also the shortest way to learn what a
//! NetworkPolicy means. Scenarios stand in one module per subject and start from the cluster of
//! [`cluster::three_by_three`], the one that the Kubernetes e2e suite for network policies uses.
//!
//! A flow is written `x/a > y/b TCP 80`: ends are pods, nodes (`node-1`) or addresses; `@6` behind a pod or
//! node means its IPv6 address, `@none` a pod without address.

mod blocks;
pub mod cluster;
mod isolation;
mod life;
mod nodes;
mod peers;
mod ports;
mod selectors;

use std::net::IpAddr;

use podfence_model::{Endpoint, Family, Flow, Layer4, Protocol, World};

use crate::build::{id, port};

/// One flow and its verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// The scenario, a few words.
    pub name: &'static str,
    /// The rule that the verdict rests on.
    pub sentence: &'static str,
    /// The cluster.
    pub world: World,
    /// The question, as it is written in the table.
    pub question: &'static str,
    /// The question as a value.
    pub flow: Flow,
    /// Whether the flow is allowed.
    pub allowed: bool,
}

/// A world with flows that one sentence decides.
struct Scenario {
    name: &'static str,
    sentence: &'static str,
    world: World,
    allowed: &'static [&'static str],
    denied: &'static [&'static str],
}

impl Scenario {
    fn truths(self) -> Vec<Truth> {
        let verdicts = self.allowed.iter().map(|q| (*q, true)).chain(self.denied.iter().map(|q| (*q, false)));
        let truth = |(question, allowed)| Truth {
            name: self.name,
            sentence: self.sentence,
            world: self.world.clone(),
            question,
            flow: flow(&self.world, question),
            allowed,
        };
        verdicts.map(truth).collect()
    }
}

/// The whole table.
pub fn truths() -> Vec<Truth> {
    let subjects = [
        isolation::scenarios(),
        selectors::scenarios(),
        peers::scenarios(),
        ports::scenarios(),
        blocks::scenarios(),
        nodes::scenarios(),
        life::scenarios(),
    ];
    subjects.into_iter().flatten().flat_map(Scenario::truths).collect()
}

/// Reads a flow as the table writes it. Panics on other text and on pods or nodes that the world lacks.
pub fn flow(world: &World, text: &str) -> Flow {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [source, ">", destination, layer4 @ ..] = words.as_slice() else {
        panic!("`{text}` is not `SOURCE > DESTINATION PROTOCOL PORT`");
    };
    Flow {
        source: endpoint(world, source),
        destination: endpoint(world, destination),
        layer4: layer4_of(layer4).unwrap_or_else(|| panic!("`{text}` ends neither in ICMP nor in a port")),
    }
}

fn layer4_of(words: &[&str]) -> Option<Layer4> {
    let (protocol, number) = match words {
        ["ICMP"] => return Some(Layer4::Icmp),
        ["TCP", number] => (Protocol::Tcp, number),
        ["UDP", number] => (Protocol::Udp, number),
        ["SCTP", number] => (Protocol::Sctp, number),
        _ => return None,
    };
    number.parse().ok().map(|number| Layer4::Port(protocol, port(number)))
}

fn endpoint(world: &World, text: &str) -> Endpoint {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Endpoint::Ip(address);
    }
    let (name, family) = match text.split_once('@') {
        None => (text, Some(Family::V4)),
        Some((name, "6")) => (name, Some(Family::V6)),
        Some((name, "none")) => (name, None),
        Some(_) => panic!("`{text}`: only @6 and @none mean something"),
    };
    let first = |ips: &[IpAddr]| family.and_then(|f| ips.iter().copied().find(|ip| Family::of(*ip) == f));
    if !name.contains('/') {
        let node = world.nodes.get(name).unwrap_or_else(|| panic!("no node `{name}`"));
        return Endpoint::Node { name: name.to_owned(), address: first(&node.addresses) };
    }
    let pod = world.pods.get(&id(name)).unwrap_or_else(|| panic!("no pod `{name}`"));
    Endpoint::Pod { id: pod.meta.id.clone(), address: first(pod.ips()) }
}
