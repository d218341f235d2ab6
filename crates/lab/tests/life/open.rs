//! Open connections: cut when policy closes, alive while it does not, and going on when it opens again.

use podfence_dataplane_nft::Settings;
use podfence_lab::cluster::Cluster;
use podfence_model::{Family, NetworkPolicy, Protocol, World};
use podfence_testkit::build::{Put, egress, everything, ingress, ip, number, own, range, rule};

use crate::talk::{SERVICE, Talk, address, deny, failing, service, subject, world};

/// TCP and UDP, in both families, on one node and between two, either pod asking, directly and through a Service.
fn talks(cluster: &Cluster) -> Vec<Talk> {
    let mut talks = Vec::new();
    for protocol in [Protocol::Tcp, Protocol::Udp] {
        for (family, service) in Family::BOTH.into_iter().zip(SERVICE) {
            for (ends, port) in [(("a", "b"), 7001), (("a", "c"), 7001), (("c", "a"), 7002)] {
                talks.push(Talk::begin(cluster, protocol, ends, address(cluster, ends.1, family), port));
            }
            talks.push(Talk::begin(cluster, protocol, ("a", "c"), ip(service), 7000));
        }
    }
    talks
}

fn with(policies: &[NetworkPolicy]) -> World {
    policies.iter().fold(base(), |world, policy| world.with(policy.clone()))
}

fn base() -> World {
    let mut world = world();
    let service = service("c", &[7000]);
    world.services.insert(service.meta.id.clone(), service);
    world
}

/// Each narrowing takes a generation; a mask of two bits has three, so numbers come back again and again.
pub fn open_connections_follow_policy() {
    let settings = Settings { mark_mask: 0x3000_0000, ..Settings::default() };
    let mut cluster = Cluster::build_with(base(), settings).unwrap();
    cluster.update(base()).unwrap();
    let talks = talks(&cluster);
    let ports = || vec![range(Protocol::Tcp, 7000, 7009), range(Protocol::Udp, 7000, 7009)];
    let among = || vec![rule(vec![own(everything())], ports())];
    let narrow = [ingress("x/in", everything(), among()), egress("x/out", everything(), among())];
    let elsewhere = egress("x/elsewhere", subject("a"), vec![rule(vec![], vec![number(Protocol::Tcp, 443)])]);
    let none = Vec::<&str>::new();
    for round in 0..3 {
        let mut step = |policies: &[NetworkPolicy], holds: fn(&Talk) -> bool, what: &str| {
            cluster.update(with(policies)).unwrap();
            assert_eq!(failing(&talks, holds), none, "round {round}: {what}");
        };
        step(&[], Talk::lives, "nothing is isolated");
        step(&[deny("a")], Talk::is_cut, "a is isolated");
        step(&[], Talk::lives, "open again");
        step(&narrow, Talk::lives, "isolated, and these ports are open");
        step(&[deny("b"), deny("c")], Talk::is_cut, "b and c are isolated");
        step(&narrow, Talk::lives, "these ports are open again");
        if round == 1 {
            step(&[elsewhere.clone(), deny("b"), deny("c")], Talk::is_cut, "other ports are open");
        }
    }
}
