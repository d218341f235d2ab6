//! Worlds that are built, and pods that come and go.

use std::time::{Duration, Instant};

use podfence_lab::Transport::{Sctp, Tcp, Udp};
use podfence_lab::probe::{self, Outcome, Probe};
use podfence_lab::serve::serve;
use podfence_lab::setup::Links;
use podfence_lab::topology::{NodeSpec, PodSpec, Topology, usual_outside};
use tokio::runtime::Runtime;

use crate::world::{TIMEOUT, bridged_node, by, ip, listeners, node, place_of, pod, port};

pub fn pods_come_and_go() {
    come_and_go(Topology::new(&[]).unwrap(), &node(1), "10.244.1.3");
}

pub fn pods_come_and_go_on_a_bridge() {
    let bridged = || Topology::with_links(Links::Bridge, &[]).unwrap();
    come_and_go(bridged(), &bridged_node(1), "10.244.1.3");
    let node = NodeSpec { pod_ranges: vec!["10.244.1.0/24".parse().unwrap()], ..bridged_node(1) };
    come_and_go(bridged(), &node, "192.168.7.7");
}

fn come_and_go(mut topology: Topology, node: &NodeSpec, address: &str) {
    let runtime = Runtime::new().unwrap();
    topology.add_nodes(std::slice::from_ref(node)).unwrap();
    topology.add_pods(&[pod("asker", "node-1", &["10.244.1.2"])]).unwrap();
    let asker = topology.pod("asker").unwrap().netns().clone();
    let ask = || {
        let probe =
            Probe { from: asker.clone(), source: None, link: None, to: ip(address), question: port(Tcp) };
        runtime.block_on(probe::run(&[probe], TIMEOUT)).remove(0).outcome
    };
    assert_eq!(ask(), Outcome::TimedOut);
    // The same address, each time another pod.
    for name in ["first", "second", "third"] {
        topology.add_pods(&[pod(name, "node-1", &[address])]).unwrap();
        let netns = topology.pod(name).unwrap().netns();
        let servers = serve(netns, runtime.handle(), &listeners(name)).unwrap();
        assert_eq!(ask(), by(name));
        drop(servers);
        topology.remove_pod(name).unwrap();
        assert_eq!(ask(), Outcome::TimedOut);
    }
}

/// Too short for TCP to try twice: the very first packet between two places must arrive, whoever sends first.
pub fn first_packets() {
    const ONE_TRY: Duration = Duration::from_millis(600);
    let runtime = Runtime::new().unwrap();
    let ways = [("a", "b"), ("a", "node-2"), ("node-1", "b"), ("a", "outside"), ("outside", "b"), ("a", "c")];
    for ((from, to), links) in ways.iter().flat_map(|way| [(*way, Links::Ptp), (*way, Links::Bridge)]) {
        let mut topology = Topology::with_links(links, &usual_outside()).unwrap();
        let node = if links == Links::Bridge { bridged_node } else { node };
        topology.add_nodes(&[node(1), node(2)]).unwrap();
        let a = pod("a", "node-1", &["10.244.1.2", "fd00:10:244:1::2"]);
        let b = pod("b", "node-2", &["10.244.2.2", "fd00:10:244:2::2"]);
        let c = pod("c", "node-1", &["10.244.1.3", "fd00:10:244:1::3"]);
        topology.add_pods(&[a, b, c]).unwrap();
        let targets = match to {
            "c" => ["10.244.1.3", "fd00:10:244:1::3"],
            "b" => ["10.244.2.2", "fd00:10:244:2::2"],
            "outside" => ["192.0.2.1", "2001:db8::1"],
            _ => ["172.18.0.2", "fd00:18::2"],
        };
        let _servers = serve(place_of(&topology, to), runtime.handle(), &listeners(to)).unwrap();
        for target in targets {
            let from_netns = place_of(&topology, from).clone();
            let probe =
                Probe { from: from_netns, source: None, link: None, to: ip(target), question: port(Tcp) };
            let answer = runtime.block_on(probe::run(&[probe], ONE_TRY)).remove(0);
            assert_eq!(answer.outcome, by(to), "{from} → {target} {links:?}");
        }
    }
}

pub fn twenty_pods() {
    let runtime = Runtime::new().unwrap();
    let begun = Instant::now();
    let mut topology = Topology::new(&usual_outside()).unwrap();
    topology.add_nodes(&[node(1), node(2), node(3)]).unwrap();
    let pods: Vec<_> = (10..30).map(nth_pod).collect();
    topology.add_pods(&pods).unwrap();
    let built = begun.elapsed();
    let netns = |pod: &PodSpec| topology.pod(&pod.name).unwrap().netns().clone();
    let serve = |pod: &PodSpec| serve(&netns(pod), runtime.handle(), &listeners(&pod.name)).unwrap();
    let _servers: Vec<_> = pods.iter().map(serve).collect();
    let mut probes = Vec::new();
    for (from, to) in pods.iter().flat_map(|from| pods.iter().map(move |to| (from, to))) {
        for (transport, address) in [Tcp, Udp, Sctp].into_iter().zip(to.addresses.iter().cycle()) {
            probes.push(Probe {
                from: netns(from),
                source: None,
                link: None,
                to: *address,
                question: port(transport),
            });
        }
    }
    let answers = runtime.block_on(probe::run(&probes, TIMEOUT));
    println!("three nodes and twenty pods in {built:?}, {} probes by {:?}", probes.len(), begun.elapsed());
    assert!(answers.iter().all(|answer| answer.outcome.is_open()));
    assert!(built < Duration::from_secs(1), "{built:?}");
}

fn nth_pod(number: u8) -> PodSpec {
    let n = number % 3 + 1;
    let addresses = [format!("10.244.{n}.{number}"), format!("fd00:10:244:{n}::{number}")];
    pod(&format!("pod-{number}"), &format!("node-{n}"), &addresses.each_ref().map(String::as_str))
}

pub fn mistakes() {
    let mut topology = Topology::new(&[]).unwrap();
    topology.add_nodes(&[node(1)]).unwrap();
    let error = |result: Result<(), podfence_lab::topology::TopologyError>| result.unwrap_err().to_string();
    assert_eq!(error(topology.add_nodes(&[node(1)])), "there is a node node-1 already");
    assert_eq!(error(topology.add_pods(&[pod("x", "node-9", &[])])), "pod x: there is no node node-9");
    assert_eq!(error(topology.remove_pod("x")), "there is no pod x");
    topology.add_pods(&[pod("x", "node-1", &["10.244.1.2"])]).unwrap();
    let runtime = Runtime::new().unwrap();
    let netns = topology.pod("x").unwrap().netns();
    let _servers = serve(netns, runtime.handle(), &listeners("x")).unwrap();
    let taken = serve(netns, runtime.handle(), &listeners("y")).unwrap_err().to_string();
    assert!(
        taken.starts_with("y cannot serve Tcp port 80 in namespace x: Address already in use"),
        "{taken}"
    );
}
