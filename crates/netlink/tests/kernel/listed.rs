//! Rules and sets of every kind, and the lines that `nft list ruleset` (1.0.6) prints for them.

#![expect(clippy::too_many_lines, reason = "tables of cases")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use podfence_netlink::nft::{
    Comment, Comparison, DataType, Element, FibResult, IpVersion, Limit, Load, Log, LogPrefix, Name,
    NumgenKind, Rejection, Rule, Set, Value, Verdict, ct_state, fib_flags, tcp_flags,
};

/// The chain that rules jump to.
pub const PROGRAM: Name = Name::constant("program/shop-web");

pub fn name(text: &'static str) -> Name {
    Name::constant(text)
}

pub fn host(bits: u32) -> Value {
    Value::host32(bits)
}

/// Rules, and the line that `nft` prints for each.
pub fn cases() -> Vec<(Rule, &'static str)> {
    [matches(), connections(), lookups(), statements()].concat()
}

fn matches() -> Vec<(Rule, &'static str)> {
    let eth = || Value::interface("eth0").unwrap();
    let v4 = Ipv4Addr::new(10, 0, 0, 1);
    let v6 = "fd00::1".parse::<Ipv6Addr>().unwrap();
    let flags = tcp_flags::FIN | tcp_flags::SYN | tcp_flags::RST | tcp_flags::ACK;
    let icmpv6 = |rule: Rule| rule.nfproto(IpVersion::V6).l4proto(58);
    vec![
        (Rule::new().eq(Load::IIFNAME, eth()).accept(), r#"iifname "eth0" accept"#),
        (
            Rule::new().eq(Load::OIFNAME, Value::interface_prefix("cali").unwrap()).drop(),
            r#"oifname "cali*" drop"#,
        ),
        (Rule::new().ne(Load::OIFNAME, eth()).accept(), r#"oifname != "eth0" accept"#),
        (Rule::new().eq(Load::IIF, host(1)).accept(), r#"iif "lo" accept"#),
        (Rule::new().nfproto(IpVersion::V4).accept(), "meta nfproto ipv4 accept"),
        (Rule::new().nfproto(IpVersion::V4).eq(Load::IP_SADDR, v4).drop(), "ip saddr 10.0.0.1 drop"),
        (
            Rule::new()
                .nfproto(IpVersion::V4)
                .masked_eq(Load::IP_DADDR, Ipv4Addr::new(255, 0, 0, 0), Ipv4Addr::new(10, 0, 0, 0))
                .drop(),
            "ip daddr 10.0.0.0/8 drop",
        ),
        (Rule::new().nfproto(IpVersion::V6).eq(Load::IP6_DADDR, v6).drop(), "ip6 daddr fd00::1 drop"),
        (Rule::new().l4proto(6).eq(Load::TH_DPORT, Value::port(80)).accept(), "tcp dport 80 accept"),
        (Rule::new().l4proto(132).eq(Load::TH_SPORT, Value::port(80)).accept(), "sctp sport 80 accept"),
        (
            Rule::new().l4proto(17).in_range(Load::TH_DPORT, Value::port(1), Value::port(9)).accept(),
            "udp dport 1-9 accept",
        ),
        (
            Rule::new()
                .l4proto(6)
                .masked_eq(Load::TCP_FLAGS, Value::byte(flags), Value::byte(tcp_flags::SYN))
                .accept(),
            "tcp flags syn / fin,syn,rst,ack accept",
        ),
        (
            Rule::new()
                .l4proto(6)
                .masked_ne(Load::TCP_FLAGS, Value::byte(flags), Value::byte(tcp_flags::SYN))
                .drop(),
            "tcp flags != syn / fin,syn,rst,ack drop",
        ),
        (
            icmpv6(Rule::new()).eq(Load::ICMP_TYPE, Value::byte(135)).accept(),
            "icmpv6 type nd-neighbor-solicit accept",
        ),
        (
            icmpv6(Rule::new()).in_range(Load::ICMP_TYPE, Value::byte(133), Value::byte(137)).accept(),
            "icmpv6 type 133-137 accept",
        ),
        (
            Rule::new().nfproto(IpVersion::V4).l4proto(1).eq(Load::ICMP_TYPE, Value::byte(8)).accept(),
            "icmp type echo-request accept",
        ),
        (Rule::new().eq(Load::MARK, host(5)).accept(), "meta mark 0x00000005 accept"),
        (
            Rule::new().masked_eq(Load::MARK, host(0xf0), host(0x10)).accept(),
            "meta mark & 0x000000f0 == 0x00000010 accept",
        ),
        (
            Rule::new()
                .eq(Load::Fib { result: FibResult::AddressType, flags: fib_flags::DADDR }, host(2))
                .accept(),
            "fib daddr type local accept",
        ),
        (Rule::new().eq(Load::FIB_SADDR_IIF_OIF, host(0)).drop(), "fib saddr . iif oif 0 drop"),
        (
            Rule::new().eq(Load::Numgen { kind: NumgenKind::Random, modulus: 3 }, host(0)).accept(),
            "numgen random mod 3 0 accept",
        ),
    ]
}

fn connections() -> Vec<(Rule, &'static str)> {
    let related = ct_state::ESTABLISHED | ct_state::RELATED;
    let v4 = Ipv4Addr::new(10, 0, 0, 1);
    vec![
        (Rule::new().any_of(Load::CT_STATE, host(related)).accept(), "ct state established,related accept"),
        (Rule::new().eq(Load::CT_STATE, host(ct_state::NEW)).accept(), "ct state == new accept"),
        (
            Rule::new().any_of(Load::CT_STATE, host(ct_state::INVALID | ct_state::UNTRACKED)).drop(),
            "ct state invalid,untracked drop",
        ),
        (Rule::new().eq(Load::CT_DIRECTION, Value::byte(1)).accept(), "ct direction reply accept"),
        (Rule::new().any_of(Load::CT_STATUS, host(32)).accept(), "ct status dnat accept"),
        (Rule::new().eq(Load::CT_MARK, host(7)).accept(), "ct mark 0x00000007 accept"),
        (Rule::new().ne(Load::CT_MARK, host(7)).accept(), "ct mark != 0x00000007 accept"),
        (
            Rule::new().masked_eq(Load::CT_MARK, host(0xf0), host(0x10)).accept(),
            "ct mark & 0x000000f0 == 0x00000010 accept",
        ),
        (
            Rule::new().masked_ne(Load::CT_MARK, host(0xf0), host(0x10)).accept(),
            "ct mark & 0x000000f0 != 0x00000010 accept",
        ),
        (Rule::new().set_ct_mark(7, u32::MAX), "ct mark set 0x00000007"),
        (Rule::new().set_ct_mark(0x10, 0xf0), "ct mark set ct mark & 0xffffff1f | 0x00000010"),
        (Rule::new().set_ct_mark(0, 0xf0), "ct mark set ct mark & 0xffffff0f"),
        (Rule::new().set_meta_mark(0x10, 0xf0), "meta mark set meta mark & 0xffffff1f | 0x00000010"),
        (Rule::new().eq(Load::CT_ORIGINAL_IP_SADDR, v4).accept(), "ct original ip saddr 10.0.0.1 accept"),
        (
            Rule::new().eq(Load::CT_REPLY_IP6_SADDR, Ipv6Addr::LOCALHOST).accept(),
            "ct reply ip6 saddr ::1 accept",
        ),
        (
            Rule::new().l4proto(6).eq(Load::CT_REPLY_PROTO_SRC, Value::port(80)).accept(),
            "meta l4proto tcp ct reply proto-src 80 accept",
        ),
        (
            Rule::new()
                .l4proto(6)
                .compare(Load::CT_REPLY_PROTO_SRC, Comparison::Lt, Value::port(80))
                .accept(),
            "meta l4proto tcp ct reply proto-src < 80 accept",
        ),
    ]
}

fn lookups() -> Vec<(Rule, &'static str)> {
    use Load as L;
    let v4 = || Rule::new().nfproto(IpVersion::V4);
    let v6 = || Rule::new().nfproto(IpVersion::V6);
    let tcp = || Rule::new().l4proto(6);
    vec![
        (v4().in_set(&[L::IP_SADDR], &name("pods")).accept(), "ip saddr @pods accept"),
        (v4().not_in_set(&[L::IP_DADDR], &name("pods")).drop(), "ip daddr != @pods drop"),
        (v4().in_set(&[L::IP_DADDR], &name("blocks")).accept(), "ip daddr @blocks accept"),
        (v6().in_set(&[L::IP6_SADDR], &name("pods6")).accept(), "ip6 saddr @pods6 accept"),
        (
            v4().in_set(&[L::IIFNAME, L::IP_SADDR], &name("sources")).accept(),
            "iifname . ip saddr @sources accept",
        ),
        (
            v4().not_in_set(&[L::IIFNAME, L::IP_SADDR], &name("sources")).drop(),
            "iifname . ip saddr != @sources drop",
        ),
        (
            v6().in_set(&[L::IIFNAME, L::IP6_SADDR], &name("sources6")).accept(),
            "iifname . ip6 saddr @sources6 accept",
        ),
        (v4().vmap(&[L::IP_SADDR], &name("programs")), "ip saddr vmap @programs"),
        (tcp().in_set(&[L::TH_DPORT], &name("ports")).accept(), "tcp dport @ports accept"),
        (tcp().vmap(&[L::TH_DPORT], &name("classes")), "tcp dport vmap @classes"),
        (
            Rule::new().in_set(&[L::CT_ORIGINAL_IP_SADDR], &name("pods")).accept(),
            "ct original ip saddr @pods accept",
        ),
        (
            Rule::new().not_in_set(&[L::CT_ORIGINAL_IP_SADDR], &name("pods")).drop(),
            "ct original ip saddr != @pods drop",
        ),
        (
            Rule::new().in_set(&[L::CT_ORIGINAL_IP_SADDR], &name("blocks")).accept(),
            "ct original ip saddr @blocks accept",
        ),
        (
            Rule::new().vmap(&[L::CT_ORIGINAL_IP_SADDR], &name("programs")),
            "ct original ip saddr vmap @programs",
        ),
        (Rule::new().vmap(&[L::CT_REPLY_IP_SADDR], &name("programs")), "ct reply ip saddr vmap @programs"),
        (
            Rule::new().vmap(&[L::CT_ORIGINAL_IP6_SADDR], &name("programs6")),
            "ct original ip6 saddr vmap @programs6",
        ),
        (
            Rule::new().in_set(&[L::CT_ORIGINAL_IP_SADDR, L::CT_REPLY_IP_SADDR], &name("pairs")).accept(),
            "ct original ip saddr . ct reply ip saddr @pairs accept",
        ),
        (
            Rule::new().in_set(&[L::CT_ORIGINAL_IP6_SADDR, L::CT_REPLY_IP6_SADDR], &name("pairs6")).accept(),
            "ct original ip6 saddr . ct reply ip6 saddr @pairs6 accept",
        ),
        (
            tcp().vmap(&[L::CT_REPLY_PROTO_SRC], &name("classes")),
            "meta l4proto tcp ct reply proto-src vmap @classes",
        ),
        (
            tcp().in_set(&[L::CT_REPLY_PROTO_SRC], &name("ports")).accept(),
            "meta l4proto tcp ct reply proto-src @ports accept",
        ),
        (
            tcp().in_set(&[L::CT_REPLY_IP_SADDR, L::CT_REPLY_PROTO_SRC], &name("backends")).accept(),
            "meta l4proto tcp ct reply ip saddr . ct reply proto-src @backends accept",
        ),
        (
            tcp().vmap(&[L::CT_ORIGINAL_IP_SADDR, L::L4PROTO, L::CT_REPLY_PROTO_SRC], &name("flows")),
            "meta l4proto tcp ct original ip saddr . meta l4proto . ct reply proto-src vmap @flows",
        ),
        (
            Rule::new().in_set(&[L::IIFNAME, L::CT_ORIGINAL_IP_SADDR], &name("sources")).accept(),
            "iifname . ct original ip saddr @sources accept",
        ),
        (Rule::new().vmap(&[L::L4PROTO], &name("protocols")), "meta l4proto vmap @protocols"),
        (Rule::new().vmap(&[L::NFPROTO], &name("versions")), "meta nfproto vmap @versions"),
        (Rule::new().vmap(&[L::IIFNAME], &name("links")), "iifname vmap @links"),
        (v6().l4proto(58).vmap(&[L::ICMP_TYPE], &name("messages")), "icmpv6 type vmap @messages"),
        (Rule::new().in_set(&[L::CT_MARK], &name("marks")).accept(), "ct mark @marks accept"),
        (
            v4().l4proto(6).dnat_map(IpVersion::V4, &[L::IP_DADDR, L::TH_DPORT], &name("services"), true),
            "dnat ip to ip daddr . tcp dport map @services",
        ),
    ]
}

fn statements() -> Vec<(Rule, &'static str)> {
    let log = || Log::new(5, LogPrefix::constant("deny 12 "));
    let limit = Limit { packets: 10, seconds: 1, burst: 5, over: false };
    let v6 = IpAddr::from("fd00::2".parse::<Ipv6Addr>().unwrap());
    vec![
        (Rule::new().counter().drop(), "counter packets 0 bytes 0 drop"),
        (Rule::new().reject(Rejection::PortUnreachable), "reject"),
        (Rule::new().l4proto(6).reject(Rejection::TcpReset), "meta l4proto tcp reject with tcp reset"),
        (
            Rule::new().nfproto(IpVersion::V4).hashed(Load::IP_SADDR, 3, 1).accept(),
            "jhash ip saddr mod 3 seed 0x706f6466 1 accept",
        ),
        (Rule::new().log(log()).drop(), r#"log prefix "deny 12 " group 5 drop"#),
        (Rule::new().log(log().snaplen(128)).drop(), r#"log prefix "deny 12 " group 5 snaplen 128 drop"#),
        (Rule::new().limit(limit).log(log()), r#"limit rate 10/second log prefix "deny 12 " group 5"#),
        (
            Rule::new().limit(Limit { over: true, burst: 9, ..limit }).drop(),
            "limit rate over 10/second burst 9 packets drop",
        ),
        (Rule::new().jump(&PROGRAM), "jump program/shop-web"),
        (Rule::new().goto(&PROGRAM), "goto program/shop-web"),
        (Rule::new().ret(), "return"),
        (Rule::new().notrack(), "notrack"),
        (
            Rule::new().accept().comment(Comment::constant("NetworkPolicy shop/allow-frontend")),
            r#"accept comment "NetworkPolicy shop/allow-frontend""#,
        ),
        (
            Rule::new().nfproto(IpVersion::V4).snat(Ipv4Addr::LOCALHOST.into()),
            "meta nfproto ipv4 snat ip to 127.0.0.1",
        ),
        (
            Rule::new().nfproto(IpVersion::V4).dnat(Ipv4Addr::LOCALHOST.into(), None),
            "meta nfproto ipv4 dnat ip to 127.0.0.1",
        ),
        (Rule::new().l4proto(6).dnat(v6, Some(80)), "meta l4proto tcp dnat ip6 to [fd00::2]:80"),
        (Rule::new().masquerade(), "masquerade"),
    ]
}

/// The sets that the rules refer to.
pub fn named_sets() -> Vec<Set> {
    use DataType::{Icmpv6Type, Interface, Ipv4, Ipv6, Mark, NfProto, Port, Protocol};
    vec![
        Set::new(name("pods"), [Ipv4]),
        Set::new(name("pods6"), [Ipv6]),
        Set::new(name("blocks"), [Ipv4]).interval(),
        Set::new(name("sources"), [Interface, Ipv4]),
        Set::new(name("sources6"), [Interface, Ipv6]),
        Set::new(name("pairs"), [Ipv4, Ipv4]),
        Set::new(name("pairs6"), [Ipv6, Ipv6]),
        Set::new(name("ports"), [Port]).interval(),
        Set::new(name("marks"), [Mark]),
        Set::verdict_map(name("programs"), [Ipv4]),
        Set::verdict_map(name("programs6"), [Ipv6]),
        Set::verdict_map(name("classes"), [Port]).interval(),
        Set::verdict_map(name("protocols"), [Protocol]),
        Set::value_map(name("services"), [Ipv4, Port], [Ipv4, Port]),
        Set::new(name("backends"), [Ipv4, Port]),
        Set::verdict_map(name("flows"), [Ipv4, Protocol, Port]),
        Set::verdict_map(name("versions"), [NfProto]),
        Set::verdict_map(name("links"), [Interface]),
        Set::verdict_map(name("messages"), [Icmpv6Type]),
    ]
}

/// Sets, their elements, and lines that `nft` prints for them.
pub fn set_cases() -> Vec<(Set, Vec<Element>, &'static [&'static str])> {
    use DataType::{Interface, Ipv4, Ipv6, Mark, Port, Protocol};
    let v4 = |last| Value::from(Ipv4Addr::new(10, 0, 0, last));
    let concat = |fields: &[Value]| Value::concat(fields).unwrap();
    let eth = Value::interface("eth0").unwrap();
    let web = Comment::constant("shop/web-1");
    vec![
        (
            Set::new(name("a"), [Ipv4]).comment(Comment::constant("union of 3 rules")),
            vec![Element::new(v4(1)).comment(web)],
            &[
                "type ipv4_addr",
                r#"comment "union of 3 rules""#,
                r#"elements = { 10.0.0.1 comment "shop/web-1" }"#,
            ],
        ),
        (
            Set::new(name("a"), [Ipv4]).interval(),
            vec![
                Element::range(v4(0), v4(255)),
                Element::range(Ipv4Addr::new(11, 0, 0, 0), Ipv4Addr::BROADCAST),
            ],
            &["flags interval", "elements = { 10.0.0.0/24, 11.0.0.0-255.255.255.255 }"],
        ),
        (
            Set::new(name("a"), [Interface, Ipv4]),
            vec![Element::new(concat(&[eth, v4(1)]))],
            &["type ifname . ipv4_addr", r#"elements = { "eth0" . 10.0.0.1 }"#],
        ),
        (
            Set::new(name("a"), [Ipv4, Protocol, Port]),
            vec![Element::new(concat(&[v4(1), Value::byte(6), Value::port(80)]))],
            &["type ipv4_addr . inet_proto . inet_service", "elements = { 10.0.0.1 . tcp . 80 }"],
        ),
        (
            Set::new(name("a"), [Mark]),
            vec![Element::new(host(7))],
            &["type mark", "elements = { 0x00000007 }"],
        ),
        (
            Set::verdict_map(name("a"), [Ipv6]),
            vec![Element::new(Ipv6Addr::LOCALHOST).verdict(Verdict::Jump(PROGRAM))],
            &["type ipv6_addr : verdict", "elements = { ::1 : jump program/shop-web }"],
        ),
        (
            Set::verdict_map(name("a"), [Port]).interval(),
            vec![
                Element::range(Value::port(0), Value::port(79)).verdict(Verdict::Goto(PROGRAM)),
                Element::range(Value::port(80), Value::port(80)).verdict(Verdict::Jump(PROGRAM)),
                Element::range(Value::port(81), Value::port(65535)).verdict(Verdict::Drop),
            ],
            &[
                "type inet_service : verdict",
                "elements = { 0-79 : goto program/shop-web, 80 : jump program/shop-web, 81-65535 : drop }",
            ],
        ),
        (
            Set::value_map(name("a"), [Ipv4], [Ipv4, Port]),
            vec![Element::new(v4(1)).value(concat(&[v4(2), Value::port(8080)]))],
            &["type ipv4_addr : ipv4_addr . inet_service", "elements = { 10.0.0.1 : 10.0.0.2 . 8080 }"],
        ),
        (
            Set::value_map(name("a"), [Ipv4], [Mark]),
            vec![Element::new(v4(1)).value(host(5))],
            &["type ipv4_addr : mark", "elements = { 10.0.0.1 : 0x00000005 }"],
        ),
    ]
}
