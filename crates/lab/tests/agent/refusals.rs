//! Who is refused is written down, once however often, with the policies that said so.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use podfence_agent::flow::FlowRecord;
use podfence_lab::cluster::Cluster;
use podfence_model::{Family, World};

use crate::crash::closed;
use crate::talk::{SPEECH, address, netns};

const NODE: &str = "node-1";
const PORT: u16 = 7_777;
const FLOOD: usize = 2_000;

fn send(cluster: &Cluster, (from, to): (&str, &str), packets: usize) {
    let at = SocketAddr::new(address(cluster, to, Family::V4), PORT);
    let socket = netns(cluster, from).run(|| UdpSocket::bind("0.0.0.0:0").unwrap());
    (0..packets).for_each(|_| _ = socket.send_to(b"hello", at));
}

/// The records of a node as soon as there is one, and after a moment in which there could be more.
fn flows(cluster: &mut Cluster) -> Vec<FlowRecord> {
    let begun = Instant::now();
    while cluster.agents().flows(NODE).unwrap().is_empty() {
        assert!(begun.elapsed() < SPEECH, "nobody tells of it");
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(Duration::from_millis(300));
    cluster.agents().flows(NODE).unwrap()
}

pub fn refusals_are_told_with_their_policies() {
    let mut cluster = Cluster::build(World::default()).unwrap();
    cluster.update(closed(true)).unwrap();
    send(&cluster, ("a", "c"), 10);
    assert_eq!(cluster.agents().flows(NODE).unwrap(), [], "nobody is refused yet");
    send(&cluster, ("a", "b"), FLOOD);
    let told = flows(&mut cluster);
    let [one] = &told[..] else { panic!("{FLOOD} packets of one kind are one record: {told:#?}") };
    println!("{one}");
    let pod = |end: &podfence_agent::flow::FlowEnd| end.pod.clone().unwrap_or_default();
    assert!(pod(&one.source).ends_with("/a") && pod(&one.destination).ends_with("/b"), "{one:?}");
    assert_eq!((one.reason.as_str(), one.protocol.as_str(), one.port), ("ingress", "UDP", Some(PORT)));
    assert_eq!(one.policies.len(), 1, "{one:?}");
    assert_eq!(one.engine.as_deref(), Some("denied"), "kernel and engine agree");
    assert!(!one.source.labels.is_empty() && one.policies_as_of.is_some(), "{one:?}");
}
