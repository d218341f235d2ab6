//! While plans and processes change under load, no packet passes that every plan refuses.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use podfence_model::{NetworkPolicy, Protocol};
use podfence_testkit::build::{block, egress, ingress, number, open, range, rule};

use crate::bed::{peer, subject};
use crate::speech::is_silent;
use crate::stateful::{ENDS, bed};

const PLANS: usize = 150;
const PORT: u16 = 9950;
const SENDERS: usize = 2;

/// Policies that differ in every part, all of which refuse what `a` sends to `b` on [`PORT`], each at `b`'s end.
fn policies(round: usize) -> Vec<NetworkPolicy> {
    let port = |first| vec![number(Protocol::Udp, first), range(Protocol::Tcp, 1, 9000)];
    let rules = match round % 6 {
        0 => vec![],
        1 => vec![rule(vec![peer("c")], vec![])],
        2 => vec![rule(vec![peer("c")], vec![]), rule(vec![], port(80))],
        3 => vec![
            rule(vec![block("10.0.0.0/8", &["10.244.1.10/32"]), peer("c")], vec![]),
            rule(vec![peer("a")], port(81)),
        ],
        4 => vec![rule(vec![peer("a"), peer("c")], port(82))],
        _ => vec![rule(vec![block("0.0.0.0/0", &["10.244.1.0/24"])], vec![])],
    };
    let mut policies = vec![ingress("x/b-in", subject("b"), rules)];
    if round.is_multiple_of(2) {
        policies.push(egress("x/a-out", subject("a"), vec![open()]));
    }
    policies
}

pub fn no_packet_slips_through() {
    let mut bed = bed();
    bed.enforce(&policies(0));
    let servers = [bed.udp("b", ENDS[0][1], PORT)];
    let (stop, sent) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS)
            .map(|_| {
                let socket = bed.place("a").run(|| UdpSocket::bind("0.0.0.0:0").unwrap());
                let (stop, sent) = (&stop, &sent);
                scope.spawn(move || flood(&socket, stop, sent))
            })
            .collect();
        for round in 1..PLANS {
            if round.is_multiple_of(25) {
                bed.dataplanes.clear(); // a process that ends, and another one
            }
            bed.enforce(&policies(round));
        }
        stop.store(true, Ordering::Relaxed);
        for sender in senders {
            sender.join().unwrap();
        }
    });
    println!("{} packets during {PLANS} plans", sent.load(Ordering::Relaxed));
    assert!(servers.iter().all(is_silent));
}

/// Sends as fast as it can; each packet is the first of its flow, since none is ever let through.
fn flood(socket: &UdpSocket, stop: &AtomicBool, sent: &AtomicU64) {
    let to: SocketAddr = format!("{}:{PORT}", ENDS[0][1]).parse().unwrap();
    while !stop.load(Ordering::Relaxed) {
        let ok = socket.send_to(b"slip", to).is_ok();
        sent.fetch_add(u64::from(ok), Ordering::Relaxed);
    }
}
