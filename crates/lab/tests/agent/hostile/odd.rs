//! Frames that carry IP where family inet does not see it: behind tags, in other ethertypes.

use podfence_lab::cluster::Cluster;
use podfence_lab::setup::Links;
use podfence_model::Family;
use podfence_testkit::build::Put;

use super::{CLOSED, LINKS, cluster, ethertype, guarded, macs, plain, reaches, syn, whole};
use crate::frames::{Mac, frame, own_mac, send_frames};
use crate::packets::{Packet, Watch};
use crate::talk::{netns, pod};

/// How a frame carries a packet.
type Wrapping = (&'static str, fn(Mac, Mac, &[u8], u16) -> Vec<u8>);

/// Each carries an IP packet where a careless reader finds it.
const ODD: [Wrapping; 8] = [
    ("an ethertype for experiments", |to, from, ip, _| frame(to, from, 0x88b5, ip)),
    ("802.1Q", |to, from, ip, ethertype| frame(to, from, 0x8100, &tagged(ethertype, ip))),
    ("802.1Q of no VLAN", |to, from, ip, ethertype| {
        frame(to, from, 0x8100, &[&[0, 0], &ethertype.to_be_bytes()[..], ip].concat())
    }),
    ("802.1ad", |to, from, ip, ethertype| frame(to, from, 0x88a8, &tagged(ethertype, ip))),
    ("PPPoE", |to, from, ip, ethertype| {
        let protocol: u16 = if ethertype == 0x0800 { 0x0021 } else { 0x0057 };
        let length = u16::try_from(ip.len() + 2).unwrap().to_be_bytes();
        frame(to, from, 0x8864, &[&[0x11, 0, 0, 1], &length[..], &protocol.to_be_bytes(), ip].concat())
    }),
    ("MPLS", |to, from, ip, _| frame(to, from, 0x8847, &[&[0, 1, 1, 64], ip].concat())),
    ("802.2 and SNAP", |to, from, ip, ethertype| {
        let snap = [&[0xaa, 0xaa, 3, 0, 0, 0], &ethertype.to_be_bytes()[..], ip].concat();
        frame(to, from, u16::try_from(snap.len()).unwrap(), &snap)
    }),
    ("the other family's ethertype", |to, from, ip, ethertype| {
        frame(to, from, if ethertype == 0x0800 { 0x86dd } else { 0x0800 }, ip)
    }),
];

fn tagged(ethertype: u16, ip: &[u8]) -> Vec<u8> {
    [&[0, 5], &ethertype.to_be_bytes()[..], ip].concat()
}

pub fn odd_frames_carry_nothing() {
    for links in LINKS {
        let cluster = cluster(links, guarded(links));
        for (to, family) in [("b", Family::V4), ("c", Family::V4), ("b", Family::V6), ("c", Family::V6)] {
            assert!(reaches(&cluster, to, family));
            let watch = Watch::over(netns(&cluster, to));
            let (next, own) = macs(&cluster, to);
            let control = syn(&cluster, to, family, 80);
            let packets: Vec<Packet> = ODD.iter().map(|_| syn(&cluster, to, family, CLOSED)).collect();
            let mut frames: Vec<Vec<u8>> = vec![plain(&cluster, to, family, &whole(&control))];
            for ((_, wrap), packet) in ODD.iter().zip(&packets) {
                for receiver in [next, [0xff; 6]] {
                    frames.push(wrap(receiver, own, &whole(packet), ethertype(family)));
                }
            }
            send_frames(netns(&cluster, "a"), frames);
            let all: Vec<Packet> = [vec![control], packets].concat();
            watch.check(&all, &[&[true][..], &[false; ODD.len()]].concat());
        }
    }
}

/// Not even in the moment before any agent has heard of the pod that sends them.
pub fn odd_frames_of_a_new_pod_carry_nothing() {
    let mut cluster = cluster(Links::Bridge, guarded(Links::Bridge));
    assert!(reaches(&cluster, "b", Family::V4));
    let receiver = own_mac(netns(&cluster, "b"));
    let started = |cluster: &Cluster| {
        let watch = Watch::over(netns(cluster, "b"));
        let packets: Vec<Packet> = ODD.iter().map(|_| syn(cluster, "b", Family::V4, 80)).collect();
        let own = own_mac(netns(cluster, "d"));
        let wrap = |((_, wrap), packet): (&Wrapping, &Packet)| wrap(receiver, own, &whole(packet), 0x0800);
        send_frames(netns(cluster, "d"), ODD.iter().zip(&packets).map(wrap).collect());
        watch.hears_none(&packets);
    };
    cluster.update_late(guarded(Links::Bridge).with(pod("d", 1, 30)), started).unwrap();
}
