//! ClusterIP Services by real NAT: a table of the lab's own in every node, as kube-proxy's nftables mode keeps one.
//!
//! The destination is rewritten before policies see the packet, for pods (prerouting) and for the node itself (output); each of several
//! backends is equally likely. A pod that meets itself behind a Service is masqueraded, or it would take its own packet for a forgery. A port
//! without backends drops, where kube-proxy rejects. Which backends a port has is for the caller to say.

use std::net::{IpAddr, SocketAddr};

use podfence_netlink::Error as NetlinkError;
use podfence_netlink::nft::{
    BaseChain, Batch, BatchError, Chain, Comment, CommitError, DataType, Element, Family, Hook, IpVersion,
    Load, Name, NameError, Nftables, NumgenKind, Rule, Set, Table, Value, ValueTooLong, Verdict, priority,
};

use crate::netns::Netns;
use crate::sockets::Transport;

const TABLE: Table = Table::new(Family::Inet, Name::constant("podfence-lab"));
const POSTROUTING: Name = Name::constant("postrouting");

/// A port of a Service and who is behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePort {
    /// What `nft list` shows, for instance `shop/web:http`.
    pub name: String,
    /// The cluster address.
    pub address: IpAddr,
    /// The protocol.
    pub transport: Transport,
    /// The port of the Service.
    pub port: u16,
    /// Pods and their ports, of the family of `address`.
    pub backends: Vec<SocketAddr>,
}

/// The Services of a node could not be programmed. Its old ones stay.
#[derive(Debug, thiserror::Error)]
pub enum ServicesError {
    /// A backend is of another family than the Service's address.
    #[error("service port {name}: backend {backend} and cluster address {address} are of two families")]
    MixedFamilies {
        /// The service port.
        name: String,
        /// The backend.
        backend: SocketAddr,
        /// The cluster address.
        address: IpAddr,
    },
    /// Its name cannot be shown by `nft list`.
    #[error("service port: {0}")]
    Name(#[from] NameError),
    /// An address does not fit; a bug of ours.
    #[error(transparent)]
    Value(#[from] ValueTooLong),
    /// A rule or set cannot be written; a bug of ours.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// The netlink socket.
    #[error("services of {node}: {source}")]
    Socket {
        /// The node.
        node: String,
        /// What went wrong.
        source: NetlinkError,
    },
    /// The kernel refused.
    #[error("services of {node}: {source}")]
    Refused {
        /// The node.
        node: String,
        /// What was refused.
        source: CommitError,
    },
}

/// Lets a node translate exactly these Services, in one transaction. Open connections keep their backends.
pub fn program(node: &Netns, ports: &[ServicePort]) -> Result<(), ServicesError> {
    let batch = compile(ports)?;
    let name = node.name().to_owned();
    node.run(move || {
        let mut nft =
            Nftables::open().map_err(|source| ServicesError::Socket { node: name.clone(), source })?;
        nft.commit(&batch).map_err(|source| ServicesError::Refused { node: name, source })
    })
}

fn compile(ports: &[ServicePort]) -> Result<Batch, ServicesError> {
    let mut batch = Batch::new();
    batch.delete_table_if_present(&TABLE);
    batch.create_table(&TABLE, Some(&Comment::constant("Services of the Podfence lab")));
    let hooks = [
        (Name::constant("prerouting"), Hook::Prerouting, priority::DNAT),
        (Name::constant("output"), Hook::Output, priority::DNAT),
        (POSTROUTING, Hook::Postrouting, priority::SNAT),
    ];
    for (chain, hook, priority) in &hooks {
        batch.create_chain(&TABLE, &Chain::base(chain.clone(), BaseChain::nat(*hook, *priority)));
    }
    for (number, port) in ports.iter().enumerate() {
        check_families(port)?;
        add_backends(&mut batch, number, port)?;
    }
    for words in &WORDS {
        let ports: Vec<_> = ports.iter().enumerate().filter(|(_, port)| words.fit(port.address)).collect();
        let services = add_services(&mut batch, words, &ports)?;
        for (chain, ..) in &hooks[..2] {
            let fields = [words.daddr, Load::L4PROTO, Load::TH_DPORT];
            batch.add_rule(&TABLE, chain, &Rule::new().nfproto(words.version).vmap(&fields, &services))?;
        }
        add_hairpin(&mut batch, words, &ports)?;
    }
    Ok(batch)
}

fn check_families(port: &ServicePort) -> Result<(), ServicesError> {
    let (name, address) = (port.name.clone(), port.address);
    match port.backends.iter().find(|backend| backend.is_ipv4() != address.is_ipv4()) {
        Some(&backend) => Err(ServicesError::MixedFamilies { name, backend, address }),
        None => Ok(()),
    }
}

/// A chain for each port: of `n` backends the first is taken with probability 1/n, of the rest the next with 1/(n-1), and so on.
fn add_backends(batch: &mut Batch, number: usize, port: &ServicePort) -> Result<(), ServicesError> {
    if port.backends.is_empty() {
        return Ok(());
    }
    let name = chain_of(number)?;
    batch.create_chain(&TABLE, &Chain::regular(name.clone()).comment(Comment::new(port.name.clone())?));
    for (left, backend) in (1..=port.backends.len()).rev().zip(&port.backends) {
        let mut rule = Rule::new().l4proto(port.transport.number());
        if left > 1 {
            let modulus = u32::try_from(left).unwrap_or(u32::MAX);
            rule = rule.eq(Load::Numgen { kind: NumgenKind::Random, modulus }, Value::host32(0));
        }
        batch.add_rule(&TABLE, &name, &rule.dnat(backend.ip(), Some(backend.port())))?;
    }
    Ok(())
}

fn chain_of(number: usize) -> Result<Name, NameError> {
    Name::new(format!("service-{number}"))
}

type Numbered<'a> = (usize, &'a ServicePort);

fn add_services(batch: &mut Batch, words: &Words, ports: &[Numbered<'_>]) -> Result<Name, ServicesError> {
    let name = Name::new(format!("services-{}", words.suffix))?;
    let map = Set::verdict_map(name.clone(), [words.address, DataType::Protocol, DataType::Port]);
    batch.create_set(&TABLE, &map)?;
    let mut elements = Vec::new();
    for (number, port) in ports {
        let key = [port.address.into(), Value::byte(port.transport.number()), Value::port(port.port)];
        let verdict =
            if port.backends.is_empty() { Verdict::Drop } else { Verdict::Goto(chain_of(*number)?) };
        elements.push(Element::new(Value::concat(&key)?).verdict(verdict));
    }
    batch.add_elements(&TABLE, &map, elements)?;
    Ok(name)
}

fn add_hairpin(batch: &mut Batch, words: &Words, ports: &[Numbered<'_>]) -> Result<(), ServicesError> {
    let name = Name::new(format!("hairpin-{}", words.suffix))?;
    let set = Set::new(name, [words.address; 2]);
    batch.create_set(&TABLE, &set)?;
    let mut pods: Vec<_> = ports.iter().flat_map(|(_, port)| &port.backends).map(SocketAddr::ip).collect();
    pods.sort_unstable();
    pods.dedup();
    let pairs = pods.into_iter().map(|pod| Ok(Element::new(Value::concat(&[pod.into(), pod.into()])?)));
    batch.add_elements(&TABLE, &set, pairs.collect::<Result<Vec<_>, ValueTooLong>>()?)?;
    let pair = [words.saddr, words.daddr];
    let rule = Rule::new().nfproto(words.version).in_set(&pair, &set.name).masquerade();
    batch.add_rule(&TABLE, &POSTROUTING, &rule.comment(Comment::constant("a pod behind its own Service")))?;
    Ok(())
}

/// What the two IP versions call the same things.
struct Words {
    version: IpVersion,
    suffix: &'static str,
    address: DataType,
    saddr: Load,
    daddr: Load,
}

const WORDS: [Words; 2] = [
    Words {
        version: IpVersion::V4,
        suffix: "v4",
        address: DataType::Ipv4,
        saddr: Load::IP_SADDR,
        daddr: Load::IP_DADDR,
    },
    Words {
        version: IpVersion::V6,
        suffix: "v6",
        address: DataType::Ipv6,
        saddr: Load::IP6_SADDR,
        daddr: Load::IP6_DADDR,
    },
];

impl Words {
    fn fit(&self, address: IpAddr) -> bool {
        address.is_ipv4() == (self.version == IpVersion::V4)
    }
}
