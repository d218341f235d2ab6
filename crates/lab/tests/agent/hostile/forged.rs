//! Others' addresses, and one's own port again.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use podfence_lab::cluster::Cluster;
use podfence_model::Family;
use podfence_testkit::build::Put;
use socket2::{Domain, Socket, Type};

use super::{LINKS, cluster, guarded, reaches};
use crate::packets::{ACK, Packet, RST, SYN, TCP, UDP, Watch, send_all, tcp, udp};
use crate::starts::quiet;
use crate::talk::{SPEECH, address, deny, netns};

/// With the address of another pod of the node, of another node's, of nobody, of the node, and of the outside.
pub fn forged_sources_pass_nothing() {
    for links in LINKS {
        let cluster = cluster(links, guarded(links));
        for family in Family::BOTH {
            assert!(reaches(&cluster, "b", Family::V4) && reaches(&cluster, "c", Family::V4));
            // `b` may not send to anybody's port 80 of `c`, and says that it is `a`, who may.
            let forged = |from: IpAddr| {
                let (from, to) = (from.to_string(), address(&cluster, "c", family).to_string());
                vec![
                    Packet::new(&from, &to, TCP, tcp(6_300, 80, SYN, 1, 0)),
                    Packet::new(&from, &to, TCP, tcp(6_300, 80, ACK, 1, 1)),
                    Packet::new(&from, &to, TCP, tcp(6_300, 80, RST, 1, 0)),
                    Packet::new(&from, &to, UDP, udp(6_300, 80)),
                ]
            };
            let others: [IpAddr; 4] = match family {
                Family::V4 => ["10.244.1.99", "10.244.2.99", "192.0.2.1", "172.18.0.2"],
                Family::V6 => ["fd00:10:244:1::99", "fd00:10:244:2::99", "2001:db8::1", "fd00:172:18::2"],
            }
            .map(|text| text.parse().unwrap());
            let packets: Vec<Packet> =
                others.into_iter().chain([address(&cluster, "a", family)]).flat_map(forged).collect();
            let watch = Watch::over(netns(&cluster, "c"));
            send_all(&packets, netns(&cluster, "b"));
            watch.hears_none(&packets);
        }
    }
}

/// The same five numbers again, while the entry of the connection before is still there.
pub fn a_port_that_is_used_again_is_judged_again() {
    for links in LINKS {
        let mut cluster = cluster(links, quiet(links));
        for family in Family::BOTH {
            let again = |cluster: &Cluster, patience| {
                let (from, to) = (address(cluster, "a", family), address(cluster, "c", family));
                netns(cluster, "a").run(move || {
                    let domain = if to.is_ipv4() { Domain::IPV4 } else { Domain::IPV6 };
                    let socket = Socket::new(domain, Type::STREAM, None).unwrap();
                    socket.set_linger(Some(Duration::ZERO)).unwrap(); // a reset, so that the port is free at once
                    socket.set_reuse_address(true).unwrap();
                    socket.bind(&SocketAddr::new(from, 6_400).into()).unwrap();
                    socket.connect_timeout(&SocketAddr::new(to, 80).into(), patience).is_ok()
                })
            };
            for _ in 0..3 {
                assert!(again(&cluster, SPEECH));
                cluster.update(quiet(links).with(deny("c"))).unwrap();
                assert!(!again(&cluster, Duration::from_millis(700)), "{links:?}: the same port again");
                cluster.update(quiet(links)).unwrap();
            }
        }
    }
}
