//! More packets than anybody can look at.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use podfence_model::Family;
use podfence_testkit::build::Put;

use super::{LINKS, cluster};
use crate::starts::quiet;
use crate::talk::{Talk, address, deny, netns};

/// Floods of what is refused and of new connections that are allowed, from two pods at once: changes come into force all the
/// same, nothing that is refused arrives, and the flow log holds a few records.
pub fn a_flood_does_not_starve_the_agent() {
    for links in LINKS {
        let mut cluster = cluster(links, quiet(links).with(deny("b")));
        let (over, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let at = |pod: &str| SocketAddr::new(address(&cluster, pod, Family::V4), 7_900);
        let (b, c) = (at("b"), at("c"));
        let ear = netns(&cluster, "b").run(move || UdpSocket::bind(b).unwrap());
        ear.set_nonblocking(true).unwrap();
        let flood = |from: &str, to: SocketAddr| {
            let (place, over, sent) = (netns(&cluster, from).clone(), over.clone(), sent.clone());
            thread::spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    // A socket each: another source port, so another connection.
                    place.run(move || {
                        for _ in 0..256 {
                            let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
                            for _ in 0..4 {
                                _ = socket.send_to(b"flood", to);
                            }
                        }
                    });
                    sent.fetch_add(1024, Ordering::Relaxed);
                }
            })
        };
        let floods = [flood("a", b), flood("a", c), flood("c", b)];
        let begun = Instant::now();
        for round in 0..10u16 {
            let closed = round.is_multiple_of(2);
            let world = quiet(links).with(deny("b"));
            cluster.update(if closed { world.with(deny("a")) } else { world }).unwrap();
            assert_eq!(Talk::is_heard(&cluster, ("a", "c"), 8_000 + round), !closed, "round {round}");
            assert!(cluster.agents().status("node-1").unwrap().ready);
        }
        over.store(true, Ordering::Relaxed);
        for flood in floods {
            flood.join().unwrap();
        }
        assert!(ear.recv(&mut [0; 16]).is_err(), "{links:?}: what is refused arrived");
        let records = cluster.agents().flows("node-1").unwrap().len();
        println!("{links:?}: {sent:?} packets in {:?}, {records} flow records", begun.elapsed());
        assert!(records < 60, "{records} records of a handful of kinds");
    }
}
