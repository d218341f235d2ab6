//! What is refused is told, at once and with its reason; what passes is not.

use std::time::{Duration, Instant};

use podfence_dataplane_nft::Refusal;
use podfence_lab::Transport::{Tcp, Udp};
use podfence_lab::probe::Question::{Ping, Port};
use podfence_model::Protocol;
use podfence_netlink::headers::{self, TransportHeader};
use podfence_netlink::nflog::{Event, Options, Packet as Logged, Receiver};
use podfence_netlink::nft::Hook;
use podfence_testkit::build::{INGRESS, egress, number, policy, rule};

use crate::bed::Expect::Open;
use crate::bed::{Bed, peer, subject};
use crate::packets::{ACK, ICMPV6, Packet, TCP, UDP, icmp, tcp, udp};
use crate::stateful::{ENDS, bed};

/// Long before the kernel's timer would flush what it gathers, which is after a second.
const AT_ONCE: Duration = Duration::from_millis(100);
/// What is not told by then on a busy machine is not told.
const PATIENCE: Duration = Duration::from_secs(8);

fn receiver(bed: &Bed, node: &str) -> Receiver {
    let group = bed.settings.log_group;
    bed.place(node).run(move || Receiver::bind(group, &Options::default()).unwrap())
}

fn next(receiver: &mut Receiver) -> Option<Box<Logged>> {
    match receiver.receive(PATIENCE).unwrap()? {
        Event::Packet(packet) => Some(packet),
        Event::Lost(count) => panic!("{count} lost"),
    }
}

pub fn refusals_are_told_with_their_reasons() {
    let mut bed = bed();
    let out = rule(vec![peer("c"), peer("b")], vec![number(Protocol::Udp, 80)]);
    bed.enforce(&[egress("x/out", subject("a"), vec![out]), policy("x/in", subject("b"), INGRESS)]);
    let mut log = receiver(&bed, "node-1");
    let mut fastest = PATIENCE;
    for ([a, b, c], nobody) in ENDS.into_iter().zip(["10.244.1.77", "fd00:10:244:1::77"]) {
        let node = bed.addresses_of("node-1")[usize::from(a.contains(':'))].clone();
        let cases = [
            (Refusal::Egress, Hook::Forward, Packet::new(a, c, UDP, udp(8000, 81))),
            (Refusal::Egress, Hook::Input, Packet::new(a, &node, UDP, udp(8000, 81))),
            (Refusal::Ingress, Hook::Forward, Packet::new(a, b, UDP, udp(8000, 80))),
            (Refusal::Source, Hook::Prerouting, Packet::new(b, c, UDP, udp(8000, 80))),
            (Refusal::NoConnection, Hook::Forward, Packet::new(a, c, TCP, tcp(8000, 80, 0, 1, 1))),
            (Refusal::MidStream, Hook::Forward, Packet::new(a, c, TCP, tcp(8000, 80, ACK, 1, 1))),
            (Refusal::UnknownPod, Hook::Forward, Packet::new(a, nobody, UDP, udp(8000, 80))),
        ];
        for (refusal, hook, packet) in cases {
            let begun = Instant::now();
            packet.send(bed.place("a"));
            let logged = next(&mut log).unwrap_or_else(|| panic!("{refusal}: nothing heard"));
            fastest = fastest.min(begun.elapsed()); // a busy machine delays some, a kernel that gathers all
            assert_eq!((Refusal::from_prefix(&logged.prefix), logged.hook), (Some(refusal), Some(hook)));
            let headers = headers::parse(&logged.payload).unwrap();
            let ports = TransportHeader::Ports {
                source: 8000,
                destination: u16::from_be_bytes([packet.body[2], packet.body[3]]),
            };
            assert_eq!((headers.source, headers.destination), (packet.source, packet.destination));
            assert_eq!((headers.protocol, headers.transport), (packet.protocol, Some(ports)));
        }
    }
    assert!(fastest < AT_ONCE, "{fastest:?}: they are gathered");
    let redirect = Packet::new(ENDS[1][0], ENDS[1][1], ICMPV6, icmp(137, 0, &[0; 36]));
    redirect.send(bed.place("a"));
    assert_eq!(Refusal::from_prefix(&next(&mut log).unwrap().prefix), Some(Refusal::Router));
}

pub fn what_passes_is_not_told() {
    let mut bed = bed();
    let out = rule(vec![peer("c")], vec![number(Protocol::Tcp, 80), number(Protocol::Udp, 80)]);
    bed.enforce(&[egress("x/out", subject("a"), vec![out])]);
    let mut logs = [receiver(&bed, "node-1"), receiver(&bed, "node-2")];
    bed.check(&[
        bed.both("a", "c", &[Port(Tcp, 80), Port(Udp, 80)], Open),
        bed.both("node-1", "a", &[Port(Tcp, 80), Ping], Open),
        bed.both("b", "c", &[Port(Tcp, 80), Ping], Open),
    ]);
    for log in &mut logs {
        assert_eq!(log.receive(AT_ONCE).unwrap().map(|event| format!("{event:?}")), None);
    }
}
