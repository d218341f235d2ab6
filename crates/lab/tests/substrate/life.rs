//! Worlds that are built, and pods that come and go.

use std::time::{Duration, Instant};

use podfence_lab::Transport::Tcp;
use podfence_lab::probe::{self, Outcome, Probe};
use podfence_lab::serve::serve;
use podfence_lab::topology::{Topology, usual_outside};
use tokio::runtime::Runtime;

use crate::world::{TIMEOUT, by, ip, listeners, node, pod, port};

pub fn pods_come_and_go() {
    let runtime = Runtime::new().unwrap();
    let mut topology = Topology::new(&[]).unwrap();
    topology.add_nodes(&[node(1)]).unwrap();
    topology.add_pods(&[pod("asker", "node-1", &["10.244.1.2"])]).unwrap();
    let asker = topology.pod("asker").unwrap().netns().clone();
    let ask = || {
        let probe = Probe { from: asker.clone(), source: None, to: ip("10.244.1.3"), question: port(Tcp) };
        runtime.block_on(probe::run(&[probe], TIMEOUT)).remove(0).outcome
    };
    assert_eq!(ask(), Outcome::TimedOut);
    // The same address, each time another pod.
    for name in ["first", "second", "third"] {
        topology.add_pods(&[pod(name, "node-1", &["10.244.1.3"])]).unwrap();
        let netns = topology.pod(name).unwrap().netns();
        let servers = serve(netns, runtime.handle(), &listeners(name)).unwrap();
        assert_eq!(ask(), by(name));
        drop(servers);
        topology.remove_pod(name).unwrap();
        assert_eq!(ask(), Outcome::TimedOut);
    }
}

pub fn twenty_pods() {
    let begun = Instant::now();
    let mut topology = Topology::new(&usual_outside()).unwrap();
    topology.add_nodes(&[node(1), node(2), node(3)]).unwrap();
    let pods: Vec<_> = (0..20)
        .map(|p| {
            let n = p % 3 + 1;
            pod(
                &format!("pod-{p}"),
                &format!("node-{n}"),
                &[&format!("10.244.{n}.{}", p + 10), &format!("fd00:10:244:{n}::{}", p + 10)],
            )
        })
        .collect();
    topology.add_pods(&pods).unwrap();
    let lasted = begun.elapsed();
    println!("three nodes and twenty pods in {lasted:?}");
    assert!(lasted < Duration::from_secs(1), "{lasted:?}");
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
