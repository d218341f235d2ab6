//! Fragments whose parts disagree about the ports.

use std::thread;
use std::time::Duration;

use podfence_model::Family;

use super::{CLOSED, LINKS, cluster, fill_header_checksum, guarded, plain, reaches, syn, whole};
use crate::frames::send_frames;
use crate::packets::{Packet, SYN, TCP, Watch, tcp};
use crate::talk::netns;

/// The first fragment is too short for the ports, or the second one writes over them (RFC 1858, RFC 5722).
pub fn fragments_do_not_change_ports() {
    for links in LINKS {
        let cluster = cluster(links, guarded(links));
        for to in ["b", "c"] {
            assert!(reaches(&cluster, to, Family::V4));
            let watch = Watch::over(netns(&cluster, to));
            let ends = || syn(&cluster, to, Family::V4, 80);
            let (good, bad) = (tcp(6_200, 80, SYN, 1, 0), tcp(6_200, CLOSED, SYN, 1, 0));
            let mut number = 100;
            let mut parts = |all: &[(&[u8], u16, bool)]| {
                number += 1;
                let each = |(bytes, offset, more): &(&[u8], u16, bool)| {
                    let mut ip = whole(&Packet { body: bytes.to_vec(), protocol: 0, ..ends() });
                    ip[9] = TCP;
                    ip[4..6].copy_from_slice(&u16::to_be_bytes(number));
                    ip[6..8].copy_from_slice(&(offset | if *more { 0x2000 } else { 0 }).to_be_bytes());
                    fill_header_checksum(&mut ip);
                    plain(&cluster, to, Family::V4, &ip)
                };
                all.iter().map(each).collect::<Vec<_>>()
            };
            let mut frames = Vec::new();
            // Eight bytes hold both ports; flags are in the second part.
            frames.extend(parts(&[(&bad[..8], 0, true), (&bad[8..], 1, false)]));
            // The second part writes over the ports of the first.
            frames.extend(parts(&[(&good, 0, true), (&bad, 0, false)]));
            frames.extend(parts(&[(&good[..16], 0, true), (&bad, 0, false)]));
            // Backwards.
            frames.extend(parts(&[(&bad[8..], 1, false), (&bad[..8], 0, true)]));
            // Never a beginning; never an end.
            frames.extend(parts(&[(&good[..8], 1, true), (&good[8..], 2, false)]));
            frames.extend(parts(&[(&bad, 0, true)]));
            send_frames(netns(&cluster, "a"), frames);
            thread::sleep(Duration::from_millis(200));
            let heard = watch.heard();
            let closed = CLOSED.to_be_bytes();
            let to_closed = |ip: &&Vec<u8>| ip.len() > 24 && ip[9] == TCP && ip[22..24] == closed;
            assert_eq!(heard.iter().filter(to_closed).count(), 0, "{links:?}, {to}: {heard:02x?}");
        }
    }
}
