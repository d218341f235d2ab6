//! The sets and maps: which address and port leads to which chain, and what nobody answers.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use podfence_model::{Family, TrafficPolicy};
use podfence_netlink::nft::{Batch, DataType, Element, Name, NameError, Set, Value, ValueTooLong, Verdict};

use super::rules::{has_local, is_external};
use super::words::{Words, chain, set};
use super::{ServicePort, ServicesError, TABLE};

/// Makes them; those that hold no chains are filled already.
pub(super) fn add_sets(
    batch: &mut Batch,
    words: &Words,
    pods: &[IpNet],
    ports: &[ServicePort],
) -> Result<(), ServicesError> {
    for map in maps(words)? {
        batch.create_set(&TABLE, &map)?;
    }
    let own_pods = Set::new(words.name(set::OWN_PODS)?, [words.address]).interval();
    let ours: Vec<IpNet> =
        pods.iter().filter(|net| Family::of(net.addr()) == words.family).copied().collect();
    let ranges = IpNet::aggregate(&ours);
    let ranges = ranges.iter().map(|net| Element::range(net.network(), net.broadcast()));
    batch.create_set(&TABLE, &own_pods)?;
    batch.add_elements(&TABLE, &own_pods, ranges.collect::<Vec<_>>())?;
    let hairpin = Set::new(words.name(set::HAIRPIN)?, [words.address; 2]);
    batch.create_set(&TABLE, &hairpin)?;
    Ok(batch.add_elements(&TABLE, &hairpin, pairs(words, ports)?)?)
}

fn maps(words: &Words) -> Result<[Set; 4], NameError> {
    let at_address = [words.address, DataType::Protocol, DataType::Port];
    let at_node = [DataType::Protocol, DataType::Port];
    Ok([
        Set::verdict_map(words.name(set::SERVICES)?, at_address),
        Set::verdict_map(words.name(set::UNSERVED)?, at_address),
        Set::verdict_map(words.name(set::NODE_PORTS)?, at_node),
        Set::verdict_map(words.name(set::UNSERVED_NODE_PORTS)?, at_node),
    ])
}

/// Each backend with itself: it would take its own packet for a forgery.
fn pairs(words: &Words, ports: &[ServicePort]) -> Result<Vec<Element>, ValueTooLong> {
    let ours = ports.iter().filter(|port| port.family == words.family);
    let mut backends: Vec<IpAddr> = ours.flat_map(|port| &port.backends).map(SocketAddr::ip).collect();
    backends.sort_unstable();
    backends.dedup();
    let pair = |ip: IpAddr| Ok(Element::new(Value::concat(&[ip.into(), ip.into()])?));
    backends.into_iter().map(pair).collect()
}

type Verdicts = BTreeMap<Value, Verdict>;

/// Where each address and port leads. Of two ports that claim the same the first has it.
pub(super) fn fill(batch: &mut Batch, words: &Words, ports: &[ServicePort]) -> Result<(), ServicesError> {
    let mut all: [Verdicts; 4] = Default::default();
    let ours = ports.iter().enumerate().filter(|(_, port)| port.family == words.family);
    for (number, port) in ours {
        let [served, unserved, served_at_node, unserved_at_node] = &mut all;
        let internal = Ways::internal(number, port)?;
        for key in keys(port, &port.cluster)? {
            internal.enter(key, served, unserved);
        }
        let external = Ways::external(number, port)?;
        for key in keys(port, &port.external)? {
            external.enter(key, served, unserved);
        }
        if let Some(key) = node_key(port)? {
            external.enter(key, served_at_node, unserved_at_node);
        }
    }
    for (map, verdicts) in maps(words)?.iter().zip(all) {
        let elements = verdicts.into_iter().map(|(key, verdict)| Element::new(key).verdict(verdict));
        batch.add_elements(&TABLE, map, elements.collect::<Vec<_>>())?;
    }
    Ok(())
}

/// What happens to packets for a port: before translation, and if nothing translates them.
struct Ways {
    served: Option<Name>,
    unserved: Option<Verdict>,
}

impl Ways {
    fn internal(number: usize, port: &ServicePort) -> Result<Self, NameError> {
        let local = port.internal_policy == TrafficPolicy::Local;
        let served = match port {
            _ if port.backends.is_empty() => None,
            _ if !local => Some(chain::everywhere(number)?),
            _ if has_local(port) => Some(chain::local(number)?),
            _ => None,
        };
        Ok(Self { unserved: nobody(port, local), served })
    }

    fn external(number: usize, port: &ServicePort) -> Result<Self, NameError> {
        let local = port.external_policy == TrafficPolicy::Local;
        let any = is_external(port) && !port.backends.is_empty();
        let served = any.then(|| chain::external(number)).transpose()?;
        Ok(Self { unserved: nobody(port, local), served })
    }

    fn enter(&self, key: Value, served: &mut Verdicts, unserved: &mut Verdicts) {
        if served.contains_key(&key) || unserved.contains_key(&key) {
            return;
        }
        served.extend(self.served.iter().map(|chain| (key, Verdict::Goto(chain.clone()))));
        unserved.extend(self.unserved.iter().map(|verdict| (key, verdict.clone())));
    }
}

/// A port without backends rejects; one whose backends are all elsewhere, and that is kept to this node, drops.
fn nobody(port: &ServicePort, local: bool) -> Option<Verdict> {
    if port.backends.is_empty() {
        return Some(Verdict::Goto(chain::REJECT));
    }
    (local && port.local.is_empty()).then_some(Verdict::Drop)
}

fn keys(port: &ServicePort, addresses: &[IpAddr]) -> Result<Vec<Value>, ValueTooLong> {
    let (protocol, number) = (Value::byte(port.transport.number()), Value::port(port.port));
    addresses.iter().map(|address| Value::concat(&[(*address).into(), protocol, number])).collect()
}

fn node_key(port: &ServicePort) -> Result<Option<Value>, ValueTooLong> {
    let key = |number| Value::concat(&[Value::byte(port.transport.number()), Value::port(number)]);
    port.node_port.map(key).transpose()
}
