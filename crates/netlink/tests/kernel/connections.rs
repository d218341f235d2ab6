//! Connection tracking entries of real connections over loopback.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};

use podfence_netlink::conntrack::{Conntrack, Entry, Filter, TcpState, Transport};
use podfence_netlink::nft::{
    BaseChain, Batch, Chain, CtKey, Expr, Family, Hook, IpVersion, Load, Name, Nftables, Register, Rule,
    Table, Value, ct_state, ct_status, priority,
};

pub const TESTS: crate::Tests = &[
    ("a_tcp_connection_is_dumped_marked_and_deleted", || tcp(IpAddr::V4(Ipv4Addr::LOCALHOST))),
    ("an_ipv6_connection_is_dumped_marked_and_deleted", || tcp(IpAddr::V6(Ipv6Addr::LOCALHOST))),
    ("marks_are_swept_by_the_thousand", sweep),
    ("flushing_by_mark_spares_the_others", flush),
    ("destination_nat_shows_in_the_reply", dnat),
    ("marks_are_set_by_rules_under_a_mask", rule_marks),
];

pub const TABLE: Table = Table::new(Family::Inet, Name::constant("podfence"));
pub const OUTPUT: Name = Name::constant("output");
const TCP: u8 = 6;
const UDP: u8 = 17;

/// Connections are tracked as soon as a rule looks at them.
fn track(nft: &mut Nftables) {
    let mut batch = Batch::new();
    batch.create_table(&TABLE, None);
    batch.create_chain(&TABLE, &Chain::base(OUTPUT, BaseChain::filter(Hook::Output, priority::FILTER)));
    let rule = Rule::new().any_of(Load::CT_STATE, Value::host32(ct_state::INVALID)).drop();
    batch.add_rule(&TABLE, &OUTPUT, &rule).unwrap();
    nft.commit(&batch).unwrap();
}

fn connect(listener: &TcpListener) -> (TcpStream, TcpStream) {
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let mut server = listener.accept().unwrap().0;
    client.write_all(b"ping").unwrap();
    server.read_exact(&mut [0; 4]).unwrap();
    (client, server)
}

fn only_entry(conntrack: &mut Conntrack) -> Entry {
    let mut entries = conntrack.dump(&Filter::default()).unwrap();
    assert_eq!(entries.len(), 1, "{entries:?}");
    entries.remove(0)
}

fn tcp(address: IpAddr) {
    track(&mut Nftables::open().unwrap());
    let mut conntrack = Conntrack::open().unwrap();
    assert_eq!(conntrack.count().unwrap(), 0);
    let listener = TcpListener::bind((address, 0)).unwrap();
    let (client, _server) = connect(&listener);
    let entry = only_entry(&mut conntrack);
    assert_eq!(conntrack.count().unwrap(), 1);
    check_tcp_entry(&entry, &client);
    for (version, expected) in [(IpVersion::V4, address.is_ipv4()), (IpVersion::V6, address.is_ipv6())] {
        let filter = Filter { version: Some(version), mark: None };
        assert_eq!(conntrack.dump(&filter).unwrap().len(), usize::from(expected));
    }
    assert!(conntrack.set_mark(&entry.original, 0, 0x0000_2a00, 0x0000_ff00).unwrap());
    assert!(conntrack.set_mark(&entry.original, 0, 0x5, 0xf).unwrap());
    assert_eq!(only_entry(&mut conntrack).mark, 0x2a05);
    assert!(conntrack.delete(&entry.original, 0).unwrap());
    assert!(!conntrack.delete(&entry.original, 0).unwrap());
    assert!(!conntrack.set_mark(&entry.original, 0, 1, 1).unwrap());
    assert_eq!(conntrack.count().unwrap(), 0);
}

fn check_tcp_entry(entry: &Entry, client: &TcpStream) {
    let (local, peer) = (client.local_addr().unwrap(), client.peer_addr().unwrap());
    let ports = Transport::Ports { source: local.port(), destination: peer.port() };
    assert_eq!((entry.original.source, entry.original.destination), (local.ip(), peer.ip()));
    assert_eq!((entry.original.protocol, entry.original.transport), (TCP, ports));
    assert_eq!(entry.reply.source, peer.ip());
    assert_eq!(entry.tcp_state, Some(TcpState::Established));
    assert_eq!((entry.mark, entry.zone), (0, 0));
    let expected = ct_status::SEEN_REPLY | ct_status::ASSURED | ct_status::CONFIRMED;
    assert_eq!(entry.status & expected, expected);
    assert!(entry.timeout.is_some_and(|timeout| timeout.as_secs() > 60));
}

/// Sends a datagram from a new port to each of `count` ports of loopback.
fn datagrams(count: u16) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for port in 1..=count {
        let target = SocketAddr::from(([127, 0, 0, 1], port));
        // The ICMP error of the port before comes back here.
        if socket.send_to(b"x", target).is_err() {
            socket.send_to(b"x", target).unwrap();
        }
    }
}

fn sweep() {
    const COUNT: u16 = 3000;
    let mut nft = Nftables::open().unwrap();
    track(&mut nft);
    datagrams(COUNT);
    let mut conntrack = Conntrack::open().unwrap();
    let all = conntrack.dump(&Filter::default()).unwrap();
    assert_eq!(all.len(), usize::from(COUNT));
    let tuples =
        |entries: &[Entry]| entries.iter().map(|entry| (entry.original, entry.zone)).collect::<Vec<_>>();
    assert_eq!(conntrack.set_marks(tuples(&all[..1000]), 0x100, 0xf00).unwrap(), 1000);
    assert_eq!(conntrack.set_marks(tuples(&all[500..]), 0x7, 0xf).unwrap(), 2500);
    let marked = |conntrack: &mut Conntrack, mark| {
        conntrack.dump(&Filter { version: None, mark: Some(mark) }).unwrap().len()
    };
    assert_eq!(marked(&mut conntrack, (0x100, 0xf00)), 1000);
    assert_eq!(marked(&mut conntrack, (0x107, 0xfff)), 500);
    assert_eq!(marked(&mut conntrack, (0, 0xf)), 500);
    for entry in &all[..10] {
        assert!(conntrack.delete(&entry.original, entry.zone).unwrap());
    }
    assert_eq!(conntrack.set_marks(tuples(&all), 0, u32::MAX).unwrap(), 2990, "what is gone is no error");
    assert_eq!(marked(&mut conntrack, (0, u32::MAX)), 2990);
}

fn flush() {
    let mut nft = Nftables::open().unwrap();
    track(&mut nft);
    datagrams(20);
    let mut conntrack = Conntrack::open().unwrap();
    let all = conntrack.dump(&Filter::default()).unwrap();
    conntrack.set_marks(all[..5].iter().map(|entry| (entry.original, 0)), 0x10, 0xf0).unwrap();
    conntrack.flush_marked(0x10, 0xf0).unwrap();
    assert_eq!(conntrack.count().unwrap(), 15);
    conntrack.flush().unwrap();
    assert_eq!(conntrack.count().unwrap(), 0);
}

fn dnat() {
    let mut nft = Nftables::open().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let service = IpAddr::from([127, 9, 9, 9]);
    let mut batch = Batch::new();
    batch.create_table(&TABLE, None);
    batch.create_chain(&TABLE, &Chain::base(OUTPUT, BaseChain::nat(Hook::Output, priority::DNAT)));
    let rule = Rule::new()
        .nfproto(IpVersion::V4)
        .eq(Load::IP_DADDR, Value::from(service))
        .l4proto(TCP)
        .eq(Load::TH_DPORT, Value::port(80))
        .dnat(Ipv4Addr::LOCALHOST.into(), Some(port));
    batch.add_rule(&TABLE, &OUTPUT, &rule).unwrap();
    nft.commit(&batch).unwrap();
    let _client = TcpStream::connect((service, 80)).unwrap();
    let entry = only_entry(&mut Conntrack::open().unwrap());
    assert_eq!((entry.original.destination, entry.reply.source), (service, Ipv4Addr::LOCALHOST.into()));
    let Transport::Ports { source, .. } = entry.reply.transport else { panic!("ports") };
    assert_eq!(source, port);
    assert_ne!(entry.status & ct_status::DST_NAT, 0);
}

fn rule_marks() {
    let mut nft = Nftables::open().unwrap();
    let set_all = Rule::new().set_ct_mark(0x1234_5678, u32::MAX);
    let set_some = Rule::new().set_ct_mark(0x0a00, 0x0f00);
    let by_hand = Rule::new()
        .expression(Expr::Immediate { value: Value::host32(7), into: Register::FIRST })
        .expression(Expr::SetCt { key: CtKey::Mark, register: Register::FIRST });
    let mut batch = Batch::new();
    batch.create_table(&TABLE, None);
    batch.create_chain(&TABLE, &Chain::base(OUTPUT, BaseChain::filter(Hook::Output, priority::FILTER)));
    batch.add_rule(&TABLE, &OUTPUT, &by_hand.l4proto(UDP)).unwrap();
    batch.add_rule(&TABLE, &OUTPUT, &set_all).unwrap();
    batch.add_rule(&TABLE, &OUTPUT, &set_some).unwrap();
    nft.commit(&batch).unwrap();
    datagrams(1);
    assert_eq!(only_entry(&mut Conntrack::open().unwrap()).mark, 0x1234_5a78);
}
