//! How policies are usually enforced: a chain and a set of peers for each, asked one after the other.
//!
//! Nothing that is not needed for the comparison: no source check, no log, no mark. Established connections pass first.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use podfence_model::Protocol;
use podfence_netlink::nft::{
    Batch, Chain, DataType, Element, IpVersion, Load, Name, Rule, Set, Table, Value, ct_state,
};

use crate::lane::Lane;
use crate::shapes::{FORWARD, forward, in_state};
use crate::world::{PORT, peers};

/// A direction of policies.
#[derive(Debug, Clone, Copy)]
struct Direction {
    word: &'static str,
    /// Where the peer is in the header.
    peer: Load,
    /// The same for iptables.
    side: &'static str,
    /// Set on packets that some policy admitted.
    mark: u32,
}

impl Direction {
    fn chain(self) -> Name {
        name(self.word.to_owned())
    }
}

const DIRECTIONS: [Direction; 2] = [
    Direction { word: "egress", peer: Load::IP_DADDR, side: "dst", mark: 1 },
    Direction { word: "ingress", peer: Load::IP_SADDR, side: "src", mark: 2 },
];
const PROTOCOLS: [Protocol; 2] = [Protocol::Tcp, Protocol::Udp];
/// Chains and elements of so many policies go into a transaction.
const POLICIES_AT_ONCE: usize = 100;

fn name(text: String) -> Name {
    Name::new(text).unwrap()
}

/// A packet that opens a connection jumps through the chains of all egress policies until one marks it as admitted,
/// then through those of all ingress policies.
pub fn chains(table: &Table, policies: usize) -> Vec<Batch> {
    let mut first = Batch::new();
    first.create_table(table, None);
    first.create_chain(table, &forward());
    for direction in DIRECTIONS {
        first.create_chain(table, &Chain::regular(direction.chain()));
    }
    let mut batches = vec![first];
    for begin in (0..policies).step_by(POLICIES_AT_ONCE) {
        let mut batch = Batch::new();
        (begin..policies.min(begin + POLICIES_AT_ONCE)).for_each(|n| policy(&mut batch, table, n, policies));
        batches.push(batch);
    }
    batches.push(frame(table));
    batches
}

fn policy(batch: &mut Batch, table: &Table, number: usize, policies: usize) {
    let set = Set::new(name(format!("peers_{number}")), [DataType::Ipv4]);
    batch.create_set(table, &set).unwrap();
    batch.add_elements(table, &set, peers(number, policies).map(Element::new)).unwrap();
    for direction in DIRECTIONS {
        let chain = name(format!("{}_{number}", direction.word));
        batch.create_chain(table, &Chain::regular(chain.clone()));
        for protocol in PROTOCOLS {
            let of_peers = Rule::new().nfproto(IpVersion::V4).in_set(&[direction.peer], &set.name);
            let admitted = of_peers.l4proto(protocol.number()).eq(Load::TH_DPORT, Value::port(PORT));
            batch.add_rule(table, &chain, &admitted.set_meta_mark(direction.mark, direction.mark)).unwrap();
        }
        let mark = Value::host32(direction.mark);
        let admitted = Rule::new().masked_eq(Load::MARK, mark, mark).ret();
        batch.add_rule(table, &direction.chain(), &Rule::new().jump(&chain)).unwrap();
        batch.add_rule(table, &direction.chain(), &admitted).unwrap();
    }
}

fn frame(table: &Table) -> Batch {
    let mut batch = Batch::new();
    batch.add_rule(table, &FORWARD, &in_state(ct_state::ESTABLISHED).accept()).unwrap();
    for direction in DIRECTIONS {
        batch.add_rule(table, &direction.chain(), &Rule::new().drop()).unwrap();
        batch.add_rule(table, &FORWARD, &Rule::new().jump(&direction.chain())).unwrap();
    }
    batch
}

/// The same in the words of iptables and ipset.
pub fn iptables(policies: usize, lane: &Lane) -> Result<(), String> {
    let sets = sets(policies);
    let rules = rules(policies);
    lane.node.run(move || {
        feed("ipset", &["restore"], &sets)?;
        feed("iptables-legacy-restore", &[], &rules)
    })
}

fn sets(policies: usize) -> String {
    let mut text = String::new();
    for number in 0..policies {
        let _ = writeln!(text, "create peers_{number} hash:ip maxelem 262144");
        for ip in peers(number, policies) {
            let _ = writeln!(text, "add peers_{number} {ip}");
        }
    }
    text
}

fn rules(policies: usize) -> String {
    let mut text = String::from("*filter\n:FORWARD ACCEPT\n:egress -\n:ingress -\n");
    text += "-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT\n-A FORWARD -j egress\n-A FORWARD -j ingress\n";
    for direction in DIRECTIONS {
        (0..policies).for_each(|number| write_policy(&mut text, direction, number));
        let _ = writeln!(text, "-A {} -j DROP", direction.word);
    }
    text + "COMMIT\n"
}

fn write_policy(text: &mut String, Direction { word, side, mark, .. }: Direction, number: usize) {
    let _ = writeln!(text, ":{word}_{number} -");
    for protocol in ["tcp", "udp"] {
        let peer = format!("-m set --match-set peers_{number} {side} -p {protocol} --dport {PORT}");
        let _ = writeln!(text, "-A {word}_{number} {peer} -j MARK --set-xmark {mark}/{mark}");
    }
    let _ = writeln!(text, "-A {word} -j {word}_{number}");
    let _ = writeln!(text, "-A {word} -m mark --mark {mark}/{mark} -j RETURN");
}

fn feed(program: &str, arguments: &[&str], text: &str) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{program}: {error}");
    let mut child = Command::new(program).args(arguments).stdin(Stdio::piped()).spawn().map_err(failed)?;
    child.stdin.take().unwrap().write_all(text.as_bytes()).map_err(failed)?;
    let status = child.wait().map_err(failed)?;
    if status.success() { Ok(()) } else { Err(format!("{program}: {status}")) }
}
