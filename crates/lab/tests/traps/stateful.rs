//! Replies pass, and errors about what is allowed; nothing else comes back.

use std::io::ErrorKind;

use podfence_model::{NetworkPolicy, Protocol};
use podfence_testkit::build::{EGRESS, INGRESS, egress, ingress, number, policy, rule};

use crate::bed::{Bed, peer, subject};
use crate::packets::{ACK, ICMP, ICMPV6, Packet, SYN, TCP, UDP, Watch, icmp, quote, send_all, tcp, udp};
use crate::speech::{Connection, is_silent};
use crate::verdicts::deny;

/// The addresses of `a`, `b` and `c` in each family.
pub const ENDS: [[&str; 3]; 2] = [
    ["10.244.1.10", "10.244.1.11", "10.244.2.10"],
    ["fd00:10:244:1::10", "fd00:10:244:1::11", "fd00:10:244:2::10"],
];

pub fn bed() -> Bed {
    Bed::new(&[("a", 1, 10), ("b", 1, 11), ("c", 2, 10)])
}

pub fn at(address: &str, port: u16) -> String {
    if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") }
}

/// `a` and `c` may be reached by nobody, and may open what they like.
fn closed_doors() -> Vec<NetworkPolicy> {
    ["a", "c"].map(|pod| policy(&format!("x/{pod}-in"), subject(pod), INGRESS)).to_vec()
}

pub fn replies_pass() {
    let mut bed = bed();
    bed.enforce(&closed_doors());
    for [a, b, _] in ENDS {
        let connection = bed.connect("a", "b", &at(b, 9001), &at(b, 9001));
        assert!(connection.lives());
        let (client, server) = (bed.udp("a", a, 9002), bed.udp("b", b, 9003));
        let mut heard = [0; 64];
        client.send_to(b"question", (b, 9003)).unwrap();
        let (_, from) = server.recv_from(&mut heard).unwrap();
        server.send_to(b"answer", from).unwrap();
        assert!(client.recv(&mut heard).is_ok(), "the answer");
        // From another port it is no answer.
        bed.udp("b", b, 9004).send_to(b"no answer", (a, 9002)).unwrap();
        assert!(is_silent(&client));
    }
    // A server that may open nothing answers.
    bed.enforce(&[policy("x/b-out", subject("b"), EGRESS)]);
    for [_, b, _] in ENDS {
        assert!(bed.connect("c", "b", &at(b, 9005), &at(b, 9005)).lives());
    }
}

pub fn errors_about_allowed_flows_pass() {
    let mut bed = bed();
    let out = rule(vec![peer("b")], vec![number(Protocol::Udp, 9100)]);
    let mut policies = closed_doors();
    policies.extend([egress("x/a-out", subject("a"), vec![out]), policy("x/b-out", subject("b"), EGRESS)]);
    bed.enforce(&policies);
    // Nobody listens there. The second time by way of a Service, whose address the error must carry.
    bed.services(&[("10.96.0.7:7", "10.244.1.11:9100"), ("[fd00:10:96::7]:7", "[fd00:10:244:1::11]:9100")]);
    for ([a, b, _], service) in ENDS.into_iter().zip(["10.96.0.7", "fd00:10:96::7"]) {
        for (port, to) in [(9101, (b, 9100)), (9102, (service, 7))] {
            let client = bed.udp("a", a, port);
            client.connect(to).unwrap();
            client.send(b"to a closed port").unwrap();
            let error = client.recv(&mut [0; 64]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused, "{to:?}");
        }
    }
}

/// An error is as good as the connection it quotes, and only from its ends.
pub fn errors_of_strangers_do_not() {
    let mut bed = bed();
    bed.enforce(&[deny("b")]);
    bed.enforce(&[]);
    let watch = Watch::over(bed.place("c"));
    for [a, b, c] in ENDS {
        // A flow from `a` to `c` that everybody may know of.
        let (client, server) = (bed.udp("a", a, 9200), bed.udp("c", c, 9201));
        client.send_to(b"hello", (c, 9201)).unwrap();
        server.recv(&mut [0; 64]).unwrap();
        let reply = Packet::new(c, a, UDP, udp(9201, 9200));
        let error = |from: &str| error(from, c, &reply);
        let (stranger, end) = (error(b), error(a));
        stranger.send(bed.place("b"));
        end.send(bed.place("a"));
        watch.check(&[stranger, end], &[false, true]);
    }
}

/// Port unreachable, about a packet.
pub fn error(from: &str, to: &str, about: &Packet) -> Packet {
    let (protocol, kind, code) = if from.contains(':') { (ICMPV6, 1, 4) } else { (ICMP, 3, 3) };
    Packet::new(from, to, protocol, icmp(kind, code, &quote(about)))
}

pub fn errors_about_refused_flows_do_not() {
    let mut bed = bed();
    // `a` has open connections to `c`; then it is cut off, and nothing may leave it in the shape of an error.
    bed.enforce(&[]);
    let connections: Vec<Connection> =
        ENDS.iter().map(|[_, _, c]| bed.connect("a", "c", &at(c, 9300), &at(c, 9300))).collect();
    bed.enforce(&[deny("a")]);
    let watch = Watch::over(bed.place("c"));
    for ([a, _, c], connection) in ENDS.iter().zip(&connections) {
        let segment = Packet::new(c, a, TCP, tcp(9300, connection.client_port(), ACK, 1, 1));
        let unknown = Packet::new(c, a, TCP, tcp(9300, 1, SYN, 1, 0));
        let errors = [error(a, c, &segment), error(a, c, &unknown)];
        send_all(&errors, bed.place("a"));
        watch.hears_none(&errors);
    }
}

/// A router on the way may say that a packet is too big, also to a pod that nobody may reach.
pub fn packet_too_big_passes() {
    let mut bed = bed();
    bed.enforce(&closed_doors());
    let watch = Watch::over(bed.place("a"));
    for ([a, _, _], [server, router]) in ENDS.into_iter().zip(OUTSIDE) {
        bed.udp("a", a, 9400).send_to(b"hello", (server, 80)).unwrap();
        let sent = Packet::new(a, server, UDP, udp(9400, 80));
        let unsent = Packet::new(a, server, UDP, udp(9401, 80));
        let errors = [too_big(router, a, &sent), too_big(router, a, &unsent)];
        send_all(&errors, bed.place("outside"));
        watch.check(&errors, &[true, false]);
    }
    // The same to a pod that answers.
    let asked = rule(vec![], vec![number(Protocol::Udp, 9402)]);
    bed.enforce(&[ingress("x/a-in", subject("a"), vec![asked]), policy("x/a-out", subject("a"), EGRESS)]);
    for ([a, _, _], [client, router]) in ENDS.into_iter().zip(OUTSIDE) {
        let (client_socket, server) = (bed.udp("outside", client, 9403), bed.udp("a", a, 9402));
        client_socket.send_to(b"question", (a, 9402)).unwrap();
        let (_, from) = server.recv_from(&mut [0; 64]).unwrap();
        server.send_to(b"answer", from).unwrap();
        let error = too_big(router, a, &Packet::new(a, client, UDP, udp(9402, 9403)));
        error.send(bed.place("outside"));
        watch.check(&[error], &[true]);
    }
}

/// A server and a router of the outside, in each family.
const OUTSIDE: [[&str; 2]; 2] = [["192.0.2.1", "198.51.100.1"], ["2001:db8::1", "fd00:ec2::254"]];

fn too_big(router: &str, to: &str, about: &Packet) -> Packet {
    let (protocol, kind, code) = if to.contains(':') { (ICMPV6, 2, 0) } else { (ICMP, 3, 4) };
    let mut rest = quote(about);
    rest[2..4].copy_from_slice(&1300_u16.to_be_bytes());
    Packet::new(router, to, protocol, icmp(kind, code, &rest))
}
