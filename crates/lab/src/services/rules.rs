//! The chains: where packets come in, the ways of each port, source NAT, and what nobody answers.
//!
//! For connections from outside kube-proxy has three ways. Policy Cluster: any backend, and the source becomes the node's, for
//! the answer must come back by this node. Policy Local: a backend on this node, and the source stays. Under Local the node's
//! own pods and the node itself still reach any backend, as if they went out and came in again by a load balancer.

use std::net::SocketAddr;

use podfence_model::{SessionAffinity, TrafficPolicy};
use podfence_netlink::nft::{
    BaseChain, Batch, Chain, Comment, FibResult, Hook, Load, Name, NumgenKind, Rejection, Rule, Value,
    ct_state, fib_flags, priority,
};

use super::words::{Words, chain, set};
use super::{ServicePort, ServicesError, TABLE};
use crate::sockets::Transport;

/// The bit of the packet mark that stands for "masquerade", kube-proxy's.
const MASQUERADE: u32 = 0x4000;
/// `RTN_LOCAL`.
const LOCAL_ADDRESS: u32 = 2;
const SADDR_TYPE: Load = Load::Fib { result: FibResult::AddressType, flags: fib_flags::SADDR };

pub(super) fn add_base_chains(batch: &mut Batch) -> Result<(), ServicesError> {
    let nat = BaseChain::nat;
    let filter = |hook| BaseChain::filter(hook, priority::FILTER);
    let hooks = [
        (chain::PREROUTING, nat(Hook::Prerouting, priority::DNAT)),
        (chain::OUTPUT, nat(Hook::Output, priority::DNAT)),
        (chain::POSTROUTING, nat(Hook::Postrouting, priority::SNAT)),
        (chain::UNSERVED_FORWARD, filter(Hook::Forward)),
        (chain::UNSERVED_INPUT, filter(Hook::Input)),
        (chain::UNSERVED_OUTPUT, filter(Hook::Output)),
    ];
    for (name, base) in hooks {
        batch.create_chain(&TABLE, &Chain::base(name, base));
    }
    batch.create_chain(&TABLE, &Chain::regular(chain::REJECT));
    // An ICMP error that arrives while the client still sends is lost on TCP; a reset never is.
    let tcp = Rule::new().l4proto(Transport::Tcp.number());
    batch.add_rule(&TABLE, &chain::REJECT, &tcp.reject(Rejection::TcpReset))?;
    batch.add_rule(&TABLE, &chain::REJECT, &Rule::new().reject(Rejection::PortUnreachable))?;
    let marked = Rule::new().any_of(Load::MARK, Value::host32(MASQUERADE));
    let masquerade = marked.set_meta_mark(0, MASQUERADE).masquerade();
    Ok(batch.add_rule(&TABLE, &chain::POSTROUTING, &masquerade)?)
}

/// The chains of a port that its traffic policies and backends ask for.
pub(super) fn add_port(batch: &mut Batch, number: usize, port: &ServicePort) -> Result<(), ServicesError> {
    let about = Comment::new(port.name.clone())?;
    let create = |batch: &mut Batch, name: &Name| {
        batch.create_chain(&TABLE, &Chain::regular(name.clone()).comment(about.clone()));
    };
    if port.backends.is_empty() {
        return Ok(());
    }
    let (everywhere, local, external) =
        (chain::everywhere(number)?, chain::local(number)?, chain::external(number)?);
    create(batch, &everywhere);
    add_backends(batch, &everywhere, port, &port.backends)?;
    if has_local(port) {
        create(batch, &local);
        add_backends(batch, &local, port, &port.local)?;
    }
    if is_external(port) {
        create(batch, &external);
        for rule in external_rules(number, port)? {
            batch.add_rule(&TABLE, &external, &rule)?;
        }
    }
    Ok(())
}

/// Whether some policy keeps connections on this node, and somebody is here.
pub(super) fn has_local(port: &ServicePort) -> bool {
    let kept = [port.internal_policy, port.external_policy].contains(&TrafficPolicy::Local);
    kept && !port.local.is_empty()
}

/// Whether it is open to everybody.
pub(super) fn is_external(port: &ServicePort) -> bool {
    port.node_port.is_some() || !port.external.is_empty()
}

/// Of `n` backends the first is taken with probability 1/n, of the rest the next with 1/(n-1), and so on; with client
/// affinity, the one that the client's address hashes to.
fn add_backends(
    batch: &mut Batch,
    name: &Name,
    port: &ServicePort,
    backends: &[SocketAddr],
) -> Result<(), ServicesError> {
    let words = Words::of(port.family);
    let count = u32::try_from(backends.len()).unwrap_or(u32::MAX);
    for (number, backend) in (0..count).zip(backends) {
        let rule = Rule::new().nfproto(words.version).l4proto(port.transport.number());
        let modulus = count - number;
        let rule = match port.affinity {
            _ if count == 1 => rule,
            SessionAffinity::ClientIp => rule.hashed(words.saddr, count, number),
            SessionAffinity::None if modulus == 1 => rule,
            SessionAffinity::None => {
                rule.eq(Load::Numgen { kind: NumgenKind::Random, modulus }, Value::host32(0))
            }
        };
        batch.add_rule(&TABLE, name, &rule.dnat(backend.ip(), Some(backend.port())))?;
    }
    Ok(())
}

fn external_rules(number: usize, port: &ServicePort) -> Result<Vec<Rule>, ServicesError> {
    let words = Words::of(port.family);
    let everywhere = chain::everywhere(number)?;
    let relayed = |rule: Rule| rule.set_meta_mark(MASQUERADE, MASQUERADE).goto(&everywhere);
    if port.external_policy == TrafficPolicy::Cluster {
        return Ok(vec![relayed(Rule::new())]);
    }
    let own_pods = Rule::new().nfproto(words.version).in_set(&[words.saddr], &words.name(set::OWN_PODS)?);
    let node = Rule::new().eq(SADDR_TYPE, Value::host32(LOCAL_ADDRESS));
    let mut rules = vec![own_pods.goto(&everywhere), relayed(node)];
    if has_local(port) {
        rules.push(Rule::new().goto(&chain::local(number)?));
    }
    Ok(rules)
}

/// From the hooks to the maps.
pub(super) fn add_ways_in(batch: &mut Batch, words: &Words) -> Result<(), ServicesError> {
    let at_address = [words.daddr, Load::L4PROTO, Load::TH_DPORT];
    let at_node = [Load::L4PROTO, Load::TH_DPORT];
    let rule = || Rule::new().nfproto(words.version);
    let to_node = || rule().eq(Load::FIB_DADDR_TYPE, Value::host32(LOCAL_ADDRESS));
    let fresh = || rule().any_of(Load::CT_STATE, Value::host32(ct_state::NEW));
    for chain in [chain::PREROUTING, chain::OUTPUT] {
        batch.add_rule(&TABLE, &chain, &rule().vmap(&at_address, &words.name(set::SERVICES)?))?;
        batch.add_rule(&TABLE, &chain, &to_node().vmap(&at_node, &words.name(set::NODE_PORTS)?))?;
    }
    for chain in [chain::UNSERVED_FORWARD, chain::UNSERVED_INPUT, chain::UNSERVED_OUTPUT] {
        batch.add_rule(&TABLE, &chain, &fresh().vmap(&at_address, &words.name(set::UNSERVED)?))?;
    }
    let nobody = fresh().vmap(&at_node, &words.name(set::UNSERVED_NODE_PORTS)?);
    batch.add_rule(&TABLE, &chain::UNSERVED_INPUT, &nobody)?;
    let pair = rule().in_set(&[words.saddr, words.daddr], &words.name(set::HAIRPIN)?).masquerade();
    let about = Comment::constant("a pod behind its own Service");
    Ok(batch.add_rule(&TABLE, &chain::POSTROUTING, &pair.comment(about))?)
}
