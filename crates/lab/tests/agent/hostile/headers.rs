//! Headers that are cut, lie about lengths, or have others in front of them.

use std::thread;
use std::time::{Duration, Instant};

use podfence_model::Family;

use super::{CLOSED, LINKS, cluster, fill_header_checksum, guarded, plain, reaches, syn, whole};
use crate::frames::send_frames;
use crate::packets::{ICMPV6, Packet, TCP, Watch};
use crate::talk::{SPEECH, netns};

/// Lies about an IP header; the packet behind is for a closed port.
type Lie = (&'static str, fn(&mut Vec<u8>));

const LIES_V4: [Lie; 8] = [
    ("cut within the IP header", |ip| ip.truncate(19)),
    ("cut within the TCP ports", |ip| ip.truncate(22)),
    ("cut within the TCP header, its length true", |ip| {
        ip.truncate(30);
        ip[3] = 30;
    }),
    ("longer than it is", |ip| ip[2] = 0x7f),
    ("shorter than its header", |ip| ip[3] = 16),
    ("a header of four words", |ip| ip[0] = 0x44),
    ("a header that reaches into the payload", |ip| ip[0] = 0x48),
    ("version 5", |ip| ip[0] = 0x55),
];

const LIES_V6: [Lie; 4] = [
    ("cut within the IP header", |ip| ip.truncate(39)),
    ("cut within the TCP ports", |ip| {
        ip.truncate(42);
        ip[4..6].copy_from_slice(&[0, 2]);
    }),
    ("longer than it is", |ip| ip[4] = 0x7f),
    ("version 5", |ip| ip[0] = 0x50),
];

pub fn cut_and_lying_headers_pass_nothing() {
    for links in LINKS {
        let cluster = cluster(links, guarded(links));
        for (to, family) in [("b", Family::V4), ("c", Family::V4), ("b", Family::V6), ("c", Family::V6)] {
            assert!(reaches(&cluster, to, family));
            let watch = Watch::over(netns(&cluster, to));
            let lies = if family == Family::V4 { &LIES_V4[..] } else { &LIES_V6[..] };
            let control = syn(&cluster, to, family, 80);
            let mut frames = vec![plain(&cluster, to, family, &whole(&control))];
            let mut packets = vec![control];
            for (_, lie) in lies {
                let packet = syn(&cluster, to, family, CLOSED);
                let mut ip = whole(&packet);
                lie(&mut ip);
                if family == Family::V4 && ip.len() >= 20 {
                    fill_header_checksum(&mut ip);
                }
                frames.push(plain(&cluster, to, family, &ip));
                packets.push(packet);
            }
            let plain = whole(&packets[0]);
            send_frames(netns(&cluster, "a"), frames);
            let from_a = until_heard(&watch, &packets[0]);
            // Cut packets have lost what tells them apart, so whatever has come from `a` must be what it may say.
            let source = &plain[source_place(family)];
            let odd: Vec<_> =
                from_a.iter().filter(|ip| is_from(ip, family, source) && !is_usual(ip, family)).collect();
            assert!(odd.is_empty(), "{links:?}, {to}, {family:?}: {odd:02x?}");
        }
    }
}

/// Everything that comes until a packet has, and for a while after it.
fn until_heard(watch: &Watch, packet: &Packet) -> Vec<Vec<u8>> {
    let (mut all, begun) = (Vec::new(), Instant::now());
    while !all.iter().any(|ip: &Vec<u8>| ip.windows(8).any(|window| window == packet.token)) {
        assert!(begun.elapsed() < SPEECH, "what is allowed does not come");
        thread::sleep(Duration::from_millis(5));
        all.extend(watch.heard());
    }
    thread::sleep(Duration::from_millis(200));
    all.extend(watch.heard());
    all
}

const fn source_place(family: Family) -> std::ops::Range<usize> {
    match family {
        Family::V4 => 12..16,
        Family::V6 => 8..24,
    }
}

fn is_from(ip: &[u8], family: Family, source: &[u8]) -> bool {
    ip.get(source_place(family)) == Some(source)
}

/// A whole segment to port 80, or neighbour discovery.
fn is_usual(ip: &[u8], family: Family) -> bool {
    let (header, protocol) = match family {
        Family::V4 => (20, 9),
        Family::V6 => (40, 6),
    };
    let to_port_80 = ip[protocol] == TCP && ip.len() >= header + 20 && ip[header + 2..header + 4] == [0, 80];
    to_port_80 || ip[protocol] == ICMPV6
}

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const DESTINATION: u8 = 60;
const MOBILITY: u8 = 135;

/// Extension headers in front of TCP: the first one's number, and their bytes, the last of which leads to TCP.
const EXTENSIONS: [(&str, u8, &[u8]); 10] = [
    ("hop by hop", HOP_BY_HOP, &[TCP, 0, 1, 4, 0, 0, 0, 0]),
    ("destination options", DESTINATION, &[TCP, 0, 1, 4, 0, 0, 0, 0]),
    ("two of them", DESTINATION, &[DESTINATION, 0, 1, 4, 0, 0, 0, 0, TCP, 0, 1, 4, 0, 0, 0, 0]),
    ("a fragment that is whole", FRAGMENT, &[TCP, 0, 0, 0, 0, 0, 0, 9]),
    ("routing, no segments left", ROUTING, &[TCP, 0, 0, 0, 0, 0, 0, 0]),
    ("authentication", AUTHENTICATION, &[TCP, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1]),
    ("mobility", MOBILITY, &[TCP, 0, 0, 0, 0, 0, 0, 0]),
    ("shim6", 140, &[TCP, 0, 0, 0, 0, 0, 0, 0]),
    ("one that nobody knows", 253, &[TCP, 0, 1, 4, 0, 0, 0, 0]),
    ("hop by hop, then a fragment", HOP_BY_HOP, &[FRAGMENT, 0, 1, 4, 0, 0, 0, 0, TCP, 0, 0, 0, 0, 0, 0, 7]),
];

pub fn extension_headers_hide_nothing() {
    for links in LINKS {
        let cluster = cluster(links, guarded(links));
        for to in ["b", "c"] {
            assert!(reaches(&cluster, to, Family::V4) && reaches(&cluster, to, Family::V6));
            let watch = Watch::over(netns(&cluster, to));
            let with = |port: u16| {
                let of = |(_, first, bytes): &(&str, u8, &[u8])| {
                    syn(&cluster, to, Family::V6, port).options(*first, bytes)
                };
                EXTENSIONS.iter().map(of).collect::<Vec<_>>()
            };
            let (closed, open) = (with(CLOSED), with(80));
            let frames = |packets: &[Packet]| -> Vec<Vec<u8>> {
                packets.iter().map(|one| plain(&cluster, to, Family::V6, &one.to_bytes())).collect()
            };
            send_frames(netns(&cluster, "a"), frames(&closed));
            watch.hears_none(&closed);
            // Those that every host must understand (RFC 8200, section 4) do not keep out what is allowed.
            let usual = [open[0].clone(), open[1].clone()];
            send_frames(netns(&cluster, "a"), frames(&usual));
            watch.check(&usual, &[true, true]);
        }
    }
}
