//! What rules match, counted on real packets: one IPv4 and one IPv6 datagram over loopback.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

use podfence_netlink::conntrack::{Conntrack, Filter};
use podfence_netlink::nft::{
    BaseChain, Batch, Chain, Comparison, DataType, Element, FibResult, Hook, IpVersion, Limit, Load, Name,
    Nftables, NumgenKind, Rule, Set, Value, Verdict, ct_state, ct_status, fib_flags, priority,
};

use crate::connections::{OUTPUT, TABLE};

pub const TESTS: crate::Tests = &[
    ("each_match_counts_the_packets_it_should", matches),
    ("untracked_packets_match_no_connection_field", untracked),
    ("verdict_maps_branch", verdict_maps),
];

const UDP: u8 = 17;
const V4: Ipv4Addr = Ipv4Addr::LOCALHOST;
const V6: Ipv6Addr = Ipv6Addr::LOCALHOST;

/// Receivers on both loopback addresses, so that no ICMP error adds to the packets.
struct Receivers {
    sockets: [UdpSocket; 2],
    port: u16,
}

impl Receivers {
    fn new() -> Self {
        let first = UdpSocket::bind((V4, 0)).unwrap();
        let port = first.local_addr().unwrap().port();
        Self { sockets: [first, UdpSocket::bind((V6, port)).unwrap()], port }
    }

    /// One datagram to each receiver. Whoever sends what output drops is told so.
    fn send(&self) {
        for socket in &self.sockets {
            let target = socket.local_addr().unwrap();
            let sent = UdpSocket::bind((target.ip(), 0)).unwrap().send_to(b"x", target);
            match sent {
                Ok(bytes) => assert_eq!(bytes, 1),
                Err(error) => assert_eq!(error.kind(), ErrorKind::PermissionDenied),
            }
        }
    }
}

fn name(text: &'static str) -> Name {
    Name::constant(text)
}

fn host(bits: u32) -> Value {
    Value::host32(bits)
}

/// A table with an output chain and sets that hold what the packets have.
fn table(port: u16) -> Batch {
    use DataType::{Interface, Ipv4, Ipv6, Mark, Port};
    let lo = Value::interface("lo").unwrap();
    let concat = |fields: &[Value]| Value::concat(fields).unwrap();
    let loopback = Element::range(Ipv4Addr::new(127, 0, 0, 0), Ipv4Addr::new(127, 255, 255, 255));
    let sets = [
        (Set::new(name("pods"), [Ipv4]), Element::new(V4)),
        (Set::new(name("others"), [Ipv4]), Element::new(Ipv4Addr::new(10, 0, 0, 1))),
        (Set::new(name("pods6"), [Ipv6]), Element::new(V6)),
        (Set::new(name("blocks"), [Ipv4]).interval(), loopback),
        (Set::new(name("ports"), [Port]).interval(), Element::range(Value::port(port), Value::port(port))),
        (Set::new(name("links"), [Interface, Ipv6]), Element::new(concat(&[lo, V6.into()]))),
        (Set::new(name("pairs"), [Ipv4, Ipv4]), Element::new(concat(&[V4.into(), V4.into()]))),
        (Set::new(name("services"), [Ipv4, Port]), Element::new(concat(&[V4.into(), Value::port(port)]))),
        (Set::value_map(name("marks"), [Ipv6], [Mark]), Element::new(V6).value(host(9))),
    ];
    let mut batch = Batch::new();
    batch.create_table(&TABLE, None);
    batch.create_chain(&TABLE, &Chain::base(OUTPUT, BaseChain::filter(Hook::Output, priority::FILTER)));
    for (set, element) in sets {
        batch.create_set(&TABLE, &set).unwrap();
        batch.add_elements(&TABLE, &set, [element]).unwrap();
    }
    batch
}

/// Counters of the rules of a chain that have one.
fn counts(chain: &Name) -> Vec<u64> {
    let rules = Nftables::open().unwrap().rules(&TABLE, Some(chain)).unwrap();
    rules.iter().filter_map(|rule| rule.counter).map(|counter| counter.packets).collect()
}

/// Rules, and how many of the two packets they match.
fn cases(port: u16) -> Vec<(Rule, u64)> {
    [headers(port), metadata(), connections(port), lookups()].concat()
}

fn headers(port: u16) -> Vec<(Rule, u64)> {
    let v4 = || Rule::new().nfproto(IpVersion::V4);
    let v6 = || Rule::new().nfproto(IpVersion::V6);
    let udp = || Rule::new().l4proto(UDP);
    let (below, port) = (Value::port(port - 1), Value::port(port));
    vec![
        (Rule::new(), 2),
        (udp(), 2),
        (Rule::new().l4proto(6), 0),
        (v4(), 1),
        (v4().eq(Load::IP_SADDR, V4), 1),
        (v4().ne(Load::IP_DADDR, V4), 0),
        (v4().masked_eq(Load::IP_DADDR, Ipv4Addr::new(255, 0, 0, 0), Ipv4Addr::new(127, 0, 0, 0)), 1),
        (v4().masked_ne(Load::IP_DADDR, Ipv4Addr::new(255, 0, 0, 0), Ipv4Addr::new(127, 0, 0, 0)), 0),
        (v6().eq(Load::IP6_DADDR, V6), 1),
        (v6().eq(Load::IP6_SADDR, Ipv6Addr::UNSPECIFIED), 0),
        (udp().eq(Load::TH_DPORT, port), 2),
        (udp().compare(Load::TH_DPORT, Comparison::Lt, port), 0),
        (udp().compare(Load::TH_DPORT, Comparison::Ge, port), 2),
        (udp().compare(Load::TH_DPORT, Comparison::Gt, below), 2),
        (udp().compare(Load::TH_DPORT, Comparison::Le, below), 0),
        (udp().in_range(Load::TH_DPORT, below, port), 2),
        (udp().in_range(Load::TH_DPORT, Value::port(1), below), 0),
    ]
}

fn metadata() -> Vec<(Rule, u64)> {
    let lo = || Value::interface("lo").unwrap();
    let hourly = Limit { packets: 1, seconds: 3600, burst: 1, over: false };
    vec![
        (Rule::new().eq(Load::OIFNAME, lo()), 2),
        (Rule::new().ne(Load::OIFNAME, lo()), 0),
        (Rule::new().eq(Load::OIF, host(1)), 2),
        (Rule::new().eq(Load::Fib { result: FibResult::AddressType, flags: fib_flags::DADDR }, host(2)), 2),
        (Rule::new().eq(Load::Numgen { kind: NumgenKind::Random, modulus: 1 }, host(0)), 2),
        (Rule::new().eq(Load::Numgen { kind: NumgenKind::Incremental, modulus: 2 }, host(0)), 1),
        (Rule::new().set_meta_mark(0x0123, u32::MAX), 2),
        (Rule::new().set_meta_mark(0x0040, 0x00f0), 2),
        (Rule::new().eq(Load::MARK, host(0x0143)), 2),
        (Rule::new().limit(hourly), 1),
        (Rule::new().limit(Limit { over: true, ..hourly }), 1),
    ]
}

fn connections(port: u16) -> Vec<(Rule, u64)> {
    let destination = Value::port(port);
    vec![
        (Rule::new().any_of(Load::CT_STATE, host(ct_state::NEW | ct_state::RELATED)), 2),
        (Rule::new().any_of(Load::CT_STATE, host(ct_state::ESTABLISHED)), 0),
        (Rule::new().none_of(Load::CT_STATUS, host(ct_status::SEEN_REPLY)), 2),
        (Rule::new().eq(Load::CT_DIRECTION, Value::byte(0)), 2),
        (Rule::new().eq(Load::CT_ORIGINAL_IP_SADDR, V4), 1),
        (Rule::new().eq(Load::CT_REPLY_IP6_SADDR, V6), 1),
        (Rule::new().l4proto(UDP).eq(Load::CT_ORIGINAL_PROTO_DST, destination), 2),
        (Rule::new().l4proto(UDP).eq(Load::CT_REPLY_PROTO_SRC, destination), 2),
        (Rule::new().l4proto(UDP).eq(Load::CT_REPLY_PROTO_DST, destination), 0),
        (Rule::new().set_ct_mark(0x0123, u32::MAX), 2),
        (Rule::new().set_ct_mark(0x0040, 0x00f0), 2),
        (Rule::new().masked_eq(Load::CT_MARK, host(0x0ff0), host(0x0140)), 2),
        (Rule::new().masked_ne(Load::CT_MARK, host(0x0ff0), host(0x0140)), 0),
    ]
}

fn lookups() -> Vec<(Rule, u64)> {
    use Load as L;
    let v4 = || Rule::new().nfproto(IpVersion::V4);
    let v6 = || Rule::new().nfproto(IpVersion::V6);
    let udp = || Rule::new().l4proto(UDP);
    vec![
        (v4().in_set(&[L::IP_SADDR], &name("pods")), 1),
        (v4().not_in_set(&[L::IP_SADDR], &name("pods")), 0),
        (v4().not_in_set(&[L::IP_SADDR], &name("others")), 1),
        (v4().in_set(&[L::IP_DADDR], &name("blocks")), 1),
        (v6().in_set(&[L::IP6_DADDR], &name("pods6")), 1),
        (udp().in_set(&[L::TH_DPORT], &name("ports")), 2),
        (udp().in_set(&[L::CT_REPLY_PROTO_SRC], &name("ports")), 2),
        (v6().in_set(&[L::OIFNAME, L::IP6_DADDR], &name("links")), 1),
        (v6().not_in_set(&[L::OIFNAME, L::IP6_DADDR], &name("links")), 0),
        (Rule::new().in_set(&[L::CT_ORIGINAL_IP_SADDR, L::CT_REPLY_IP_SADDR], &name("pairs")), 1),
        (udp().in_set(&[L::CT_ORIGINAL_IP_DADDR, L::CT_ORIGINAL_PROTO_DST], &name("services")), 1),
        (v6().value_map(&[L::IP6_SADDR], &name("marks")), 1),
    ]
}

fn matches() {
    let receivers = Receivers::new();
    let cases = cases(receivers.port);
    let mut batch = table(receivers.port);
    for (rule, _) in &cases {
        batch.add_rule(&TABLE, &OUTPUT, &rule.clone().counter()).unwrap();
    }
    Nftables::open().unwrap().commit(&batch).unwrap();
    receivers.send();
    let counts = counts(&OUTPUT);
    assert_eq!(counts.len(), cases.len());
    for ((rule, expected), count) in cases.iter().zip(counts) {
        assert_eq!(count, *expected, "{rule:?}");
    }
}

/// Why a rule set needs a rule for untracked packets: not even "is not in the set" is true of them.
fn untracked() {
    let receivers = Receivers::new();
    let raw = name("raw");
    let mut batch = table(receivers.port);
    batch.create_chain(&TABLE, &Chain::base(raw.clone(), BaseChain::filter(Hook::Output, priority::RAW)));
    batch.add_rule(&TABLE, &raw, &Rule::new().notrack()).unwrap();
    let rules = [
        Rule::new().any_of(Load::CT_STATE, host(ct_state::UNTRACKED)),
        Rule::new().in_set(&[Load::CT_ORIGINAL_IP_SADDR], &name("pods")),
        Rule::new().not_in_set(&[Load::CT_ORIGINAL_IP_SADDR], &name("others")),
        Rule::new().ne(Load::CT_MARK, host(1)),
    ];
    for rule in rules {
        batch.add_rule(&TABLE, &OUTPUT, &rule.counter()).unwrap();
    }
    Nftables::open().unwrap().commit(&batch).unwrap();
    receivers.send();
    assert_eq!(counts(&OUTPUT), [2, 0, 0, 0]);
    assert_eq!(Conntrack::open().unwrap().dump(&Filter::default()).unwrap(), []);
}

fn verdict_maps() {
    let receivers = Receivers::new();
    let port = receivers.port;
    let ports = |first, last| Element::range(Value::port(first), Value::port(last));
    let classes = Set::verdict_map(name("classes"), [DataType::Port]).interval();
    let sources = Set::verdict_map(name("programs"), [DataType::Ipv4]);
    let (jumped, gone) = (name("jumped"), name("gone"));
    let mut batch = table(port);
    for chain in [&jumped, &gone] {
        batch.create_chain(&TABLE, &Chain::regular(chain.clone()));
        batch.add_rule(&TABLE, chain, &Rule::new().counter()).unwrap();
    }
    batch.create_set(&TABLE, &classes).unwrap();
    batch.create_set(&TABLE, &sources).unwrap();
    let elements = [
        ports(0, port - 1).verdict(Verdict::Drop),
        ports(port, port).verdict(Verdict::Jump(jumped.clone())),
        ports(port + 1, u16::MAX).verdict(Verdict::Drop),
    ];
    batch.add_elements(&TABLE, &classes, elements).unwrap();
    batch.add_elements(&TABLE, &sources, [Element::new(V4).verdict(Verdict::Goto(gone.clone()))]).unwrap();
    for rule in [
        Rule::new().l4proto(UDP).vmap(&[Load::CT_REPLY_PROTO_SRC], &classes.name),
        Rule::new().counter(),
        Rule::new().vmap(&[Load::CT_ORIGINAL_IP_SADDR], &sources.name),
        Rule::new().counter().drop(),
    ] {
        batch.add_rule(&TABLE, &OUTPUT, &rule).unwrap();
    }
    Nftables::open().unwrap().commit(&batch).unwrap();
    receivers.send();
    assert_eq!((counts(&jumped), counts(&gone)), (vec![2], vec![1]));
    assert_eq!(counts(&OUTPUT), [2, 1], "a jump comes back, a goto does not");
    receivers.sockets[0].set_nonblocking(true).unwrap();
    receivers.sockets[1].set_nonblocking(true).unwrap();
    let arrived = receivers
        .sockets
        .each_ref()
        .map(|socket| socket.recv_from(&mut [0; 8]).map(|(_, from)| from.ip()).ok());
    assert_eq!(arrived, [Some(IpAddr::V4(V4)), None]);
}
