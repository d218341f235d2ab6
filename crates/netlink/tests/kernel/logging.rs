//! Packets that rules log, received with their prefix and at once.

use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use podfence_netlink::headers::{self, TransportHeader};
use podfence_netlink::nflog::{Event, Options, Packet, Receiver};
use podfence_netlink::nft::{
    BaseChain, Batch, Chain, Direction, Hook, Load, Log, LogPrefix, Name, Nftables, Rule, Value, ct_state,
    priority,
};

use crate::connections::TABLE;

pub const TESTS: crate::Tests = &[
    ("a_dropped_packet_is_received_within_100_ms_with_its_prefix", dropped),
    ("the_connection_is_attached_where_the_kernel_can", connection),
    ("lost_packets_are_counted", lost),
    ("a_group_belongs_to_one_receiver", one_receiver),
    ("payloads_are_cut_where_asked", cut),
];

const INPUT: Name = Name::constant("input");
const GROUP: u16 = 5;

/// Drops and logs UDP at input; `look_at_connections` switches tracking on.
fn log_and_drop(prefix: &str, look_at_connections: bool) {
    let mut batch = Batch::new();
    batch.create_table(&TABLE, None);
    batch.create_chain(&TABLE, &Chain::base(INPUT, BaseChain::filter(Hook::Input, priority::FILTER)));
    let mut rule = Rule::new().l4proto(17);
    if look_at_connections {
        rule = rule.any_of(Load::CT_STATE, Value::host32(ct_state::NEW));
    }
    let rule = rule.log(Log::new(GROUP, LogPrefix::new(prefix).unwrap())).drop();
    batch.add_rule(&TABLE, &INPUT, &rule).unwrap();
    Nftables::open().unwrap().commit(&batch).unwrap();
}

fn send(target: &str) -> SocketAddr {
    let target: SocketAddr = target.parse().unwrap();
    let any = if target.is_ipv4() { "127.0.0.1:0" } else { "[::1]:0" };
    let socket = UdpSocket::bind(any).unwrap();
    socket.send_to(&[7; 100], target).unwrap();
    socket.local_addr().unwrap()
}

fn packet(receiver: &mut Receiver) -> Packet {
    match receiver.receive(Duration::from_secs(2)).unwrap() {
        Some(Event::Packet(packet)) => *packet,
        other => panic!("no packet: {other:?}"),
    }
}

fn dropped() {
    let longest = "p".repeat(LogPrefix::MAX);
    log_and_drop(&longest, false);
    let mut receiver = Receiver::bind(GROUP, &Options::default()).unwrap();
    assert_eq!(receiver.receive(Duration::ZERO).unwrap(), None);
    for (target, ether_type) in [("127.0.0.1:9", 0x0800), ("[::1]:9", 0x86dd)] {
        let start = Instant::now();
        let source = send(target);
        let packet = packet(&mut receiver);
        let took = start.elapsed();
        println!("{target}: logged and received in {took:?}");
        assert!(took < Duration::from_millis(100), "{took:?}");
        assert_eq!(packet.prefix, longest);
        assert_eq!((packet.hook, packet.ether_type), (Some(Hook::Input), ether_type));
        assert_eq!((packet.input, packet.output, packet.mark), (Some(1), None, 0));
        assert_eq!(packet.connection, None);
        let headers = headers::parse(&packet.payload).unwrap();
        assert_eq!((headers.source, headers.protocol), (source.ip(), 17));
        let ports = TransportHeader::Ports { source: source.port(), destination: 9 };
        assert_eq!(headers.transport, Some(ports));
    }
}

fn connection() {
    log_and_drop("deny", true);
    let mut receiver = Receiver::bind(GROUP, &Options::default()).unwrap();
    let source = send("127.0.0.1:9");
    let mut polled = [PollFd::new(receiver.as_fd(), PollFlags::POLLIN)];
    assert_eq!(poll(&mut polled, PollTimeout::from(1000_u16)), Ok(1));
    let packet = packet(&mut receiver);
    if !receiver.attaches_connections() {
        println!("this kernel attaches no connections to logged packets (NETFILTER_NETLINK_GLUE_CT)");
        return assert_eq!(packet.connection, None);
    }
    let connection = packet.connection.unwrap();
    assert_eq!(connection.direction, Direction::Original);
    assert_eq!(connection.entry.original.source, source.ip());
    assert_eq!(connection.entry.reply.source, "127.0.0.1".parse::<std::net::IpAddr>().unwrap());
}

fn lost() {
    const SENT: u32 = 500;
    log_and_drop("deny", false);
    let options = Options { buffer_bytes: 4096, connections: false, ..Options::default() };
    let mut receiver = Receiver::bind(GROUP, &options).unwrap();
    for _ in 0..SENT {
        send("127.0.0.1:9");
    }
    let (mut received, mut lost) = (0, 0);
    let mut count = |receiver: &mut Receiver| {
        while let Some(event) = receiver.receive(Duration::from_millis(50)).unwrap() {
            match event {
                Event::Packet(_) => received += 1,
                Event::Lost(packets) => lost += packets,
            }
        }
    };
    count(&mut receiver);
    send("127.0.0.1:9");
    count(&mut receiver);
    assert!(lost > 0);
    assert_eq!(received + lost, SENT + 1);
}

fn one_receiver() {
    let first = Receiver::bind(GROUP, &Options::default()).unwrap();
    let error = Receiver::bind(GROUP, &Options::default()).unwrap_err();
    assert!(error.to_string().starts_with("bind NFLOG group 5: "), "{error}");
    drop(first);
    Receiver::bind(GROUP, &Options::default()).unwrap();
}

fn cut() {
    log_and_drop("deny", false);
    for (copy_bytes, expected) in [(40, 40), (0, 128), (256, 128)] {
        let mut receiver = Receiver::bind(GROUP, &Options { copy_bytes, ..Options::default() }).unwrap();
        send("127.0.0.1:9");
        assert_eq!(packet(&mut receiver).payload.len(), expected);
    }
}
