//! Who is refused is written down, once however often, with the policies that said so; who is admitted, if wished.

use std::net::{SocketAddr, UdpSocket};
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use podfence_agent::flow::FlowRecord;
use podfence_dataplane_nft::Admissions;
use podfence_lab::cluster::{Cluster, Settings};
use podfence_lab::setup::Links;
use podfence_model::{Family, World};
use podfence_testkit::build::{Put, eq, ingress, own, rule, select};

use crate::crash::{closed, open};
use crate::talk::{SPEECH, Talk, address, netns, world};

const NODE: &str = "node-1";
const PORT: u16 = 7_777;
const FLOOD: usize = 2_000;

pub fn send(cluster: &Cluster, (from, to): (&str, &str), packets: usize) {
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

/// `a` and nobody else is admitted to `b`.
fn admits_a() -> World {
    let from_a = rule(vec![own(select(&[eq("app", "a")]))], Vec::new());
    world().with(ingress("x/from-a", select(&[eq("app", "b")]), vec![from_a]))
}

/// A connection is told of when it is opened, with the rule that admits it; what is sent in it later is not.
pub fn admissions_are_told_if_wished() {
    let admissions = Some(Admissions { log_group: 5354, one_in: NonZeroU32::MIN });
    let settings = Settings { admissions, ..Settings::default() };
    let mut cluster = Cluster::build_on(Links::Ptp, World::default(), settings).unwrap();
    cluster.update(admits_a()).unwrap();
    let talks = open(&cluster, "b", 7_000);
    assert!(talks.iter().all(Talk::lives));
    send(&cluster, ("c", "b"), 3);
    flows(&mut cluster);
    let told = cluster.agents().flows(NODE).unwrap();
    for record in &told {
        println!("{record}");
    }
    let (refused, admitted): (Vec<_>, Vec<_>) = told.iter().partition(|record| record.is_refusal());
    assert_eq!(refused.len(), 1, "{told:#?}");
    assert_eq!(admitted.len(), 4, "by TCP and UDP in both families: {told:#?}");
    for one in admitted {
        assert_eq!((one.verdict.as_str(), one.reason.as_str(), one.packets), ("allowed", "admitted", 1));
        assert_eq!(one.rules, ["ingress rule 1 of policy x/from-a"]);
        assert_eq!(
            (one.engine.as_deref(), one.port),
            (Some("allowed"), Some(7_000)),
            "kernel and engine agree"
        );
    }
}
