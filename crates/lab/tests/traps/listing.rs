//! What an operator sees: `nft list ruleset`. Skipped with a message where there is no `nft`, except in CI.

use std::process::{Command, Output};

use podfence_model::{NetworkPolicy, Protocol};
use podfence_testkit::build::{
    BOTH, block, egress, every, ingress, named, number, one_of, own, policy, range, rule, select, serves,
};

use crate::bed::{Bed, peer, subject};
use crate::stateful::bed;

/// The listing of a node's ruleset; none where it cannot be had.
fn listing(bed: &Bed, node: &str) -> Option<String> {
    let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
    let list = move || Command::new("nft").args(["list", "ruleset"]).env("PATH", path).output();
    match bed.place(node).run(list) {
        Ok(Output { status, stdout, stderr }) => {
            assert!(status.success() && stderr.is_empty(), "{}", String::from_utf8_lossy(&stderr));
            Some(String::from_utf8(stdout).unwrap())
        }
        Err(error) => {
            assert!(std::env::var("CI").is_err(), "CI needs the nft program: {error}");
            println!("no nft program, so the listing is not read: {error}");
            None
        }
    }
}

fn policies() -> Vec<NetworkPolicy> {
    let web = vec![number(Protocol::Tcp, 80), range(Protocol::Tcp, 8000, 8999), named(Protocol::Udp, "dns")];
    vec![
        policy("x/default-deny", subject("a"), BOTH),
        ingress(
            "x/web",
            subject("a"),
            vec![
                rule(
                    vec![
                        own(select(&[one_of("app", &["b", "c"])])),
                        block("192.0.2.0/24", &["192.0.2.128/25"]),
                    ],
                    web,
                ),
                rule(vec![peer("b")], vec![]),
            ],
        ),
        egress(
            "x/names",
            subject("b"),
            vec![rule(vec![], vec![number(Protocol::Udp, 53), every(Protocol::Tcp)])],
        ),
    ]
}

/// Lines that tell the story of `a`, one after the other: a `#` stands for a number, and what is indented is left out.
const LINES: &[&str] = &[
    "table inet podfence {",
    "comment \"Podfence: Kubernetes NetworkPolicy. Made by a program, do not edit\"",
    "set links {",
    "map ingress_v4 {",
    "elements = { 10.244.1.10 comment \"x/a\" : jump ingress_# }",
    "chain sources {",
    "type filter hook prerouting priority raw - 10; policy accept;",
    "iifname . ip saddr @sources_v4 accept",
    "chain forward {",
    "type filter hook forward priority filter - 10; policy accept;",
    "meta nfproto ipv4 goto judge_forward_v4",
    "goto judge_forward_v6",
    "chain judge_forward_v4 {",
    "ip saddr != @local_pods_v4 ip saddr @pod_ranges_v4 ip saddr != @known_pods_v4 goto refused_unknown_pod",
    "ct state new goto new_v4",
    "ct state invalid,untracked goto no_connection",
    "ct original ip saddr vmap @egress_v4 comment \"what the sender's policies say\"",
    "ct reply ip saddr vmap @ingress_v4 comment \"what the receiver's policies say\"",
    "goto stamp",
    "chain new_v4 {",
    "tcp flags != syn / fin,syn,rst,ack jump mid_stream",
    "ip saddr vmap @egress_v4 comment \"what the sender's policies say\"",
    "ip daddr vmap @ingress_v4 comment \"what the receiver's policies say\"",
    "chain judge_forward_v6 {",
    "icmpv6 type 135-136 ip6 hoplimit 255 accept",
    "chain refused_ingress {",
];

/// The same for the objects of policies.
const OBJECTS: &[&[&str]] = &[
    &[
        "chain ingress_# {",
        "comment \"x/default-deny, x/web\"",
        "ct direction original tcp dport vmap @ingress_#_tcp",
        "meta l4proto tcp ct reply proto-src vmap @ingress_#_tcp",
        "goto from_#",
    ],
    &[
        "map ingress_#_tcp {",
        "elements = { 0-79 : goto from_#, 80 : goto from_#, 81-7999 : goto from_#, 8000-8999 : goto from_#, 9000-65535 : goto from_# }",
    ],
    &[
        "chain egress_# {",
        "comment \"x/names\"",
        "ct direction original udp dport 53 return",
        "meta l4proto udp ct reply proto-src 53 return",
    ],
    &[
        "set peers_#_blocks_v4 {",
        "comment \"192.0.2.0/24 except 192.0.2.128/25; pods app in (b, c) in x; pods app=b in x\"",
        "elements = { 192.0.2.0/25 }",
    ],
    &["chain egress_# {", "comment \"x/default-deny\"", "goto refused_egress"],
];

pub fn it_reads_well() {
    let mut bed = bed();
    bed.pod("a").ports = vec![serves("dns", Protocol::Udp, 53)].into();
    bed.enforce(&policies());
    let Some(listing) = listing(&bed, "node-1") else { return };
    if std::env::var_os("PODFENCE_SHOW").is_some() {
        println!("{listing}");
    }
    for lines in OBJECTS.iter().chain([&LINES]) {
        let mut rest = listing.lines().map(|line| unnumbered(line.trim()));
        for line in *lines {
            assert!(rest.any(|have| have == *line), "`{line}` is not in, or not in its place:\n{listing}");
        }
    }
}

/// Numbers in names, left out: `_12` is `_#`.
fn unnumbered(line: &str) -> String {
    let mut out = String::new();
    for part in line.split_inclusive('_') {
        let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let numbered = out.ends_with('_') && digits > 0;
        out.push_str(if numbered { "#" } else { "" });
        out.push_str(if numbered { &part[digits..] } else { part });
    }
    out
}
