//! Who stands at an end of a flow, and what policies can see of them.

use std::collections::HashMap;
use std::net::IpAddr;

use podfence_model::{Addresses, Cidr, Endpoint, Family, IpBlock, Life, NamespacedName, Pod};

use crate::answer::FlowError;
use crate::blocks::{AddressRange, ranges_of};
use crate::class::{ClassKind, Signature};
use crate::ids::{AtomId, PodId};
use crate::index::{Engine, Hosts};
use crate::truth::Truth;

/// An end of a flow, resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Party {
    /// A pod that policies can see, with the addresses it may use in the flow; none when not known.
    Pod {
        /// The pod.
        id: PodId,
        /// The addresses it may use.
        addresses: Vec<IpAddr>,
    },
    /// A node, or a `hostNetwork` pod, which is its node.
    Node {
        /// The node's name; `None` when a `hostNetwork` pod has no node yet.
        name: Option<String>,
        /// The addresses it may use; none when not known.
        addresses: Vec<IpAddr>,
    },
    /// An address of the pod ranges that no known pod has.
    UnknownPod(IpAddr),
    /// An address outside the cluster.
    Outside(IpAddr),
}

impl Party {
    /// The pod, if the party is one.
    pub fn pod(&self) -> Option<PodId> {
        match self {
            Self::Pod { id, .. } => Some(*id),
            _ => None,
        }
    }

    /// The addresses it may use in the flow.
    pub fn addresses(&self) -> &[IpAddr] {
        match self {
            Self::Pod { addresses, .. } | Self::Node { addresses, .. } => addresses,
            Self::UnknownPod(ip) | Self::Outside(ip) => std::slice::from_ref(ip),
        }
    }

    fn has(&self, family: Family) -> bool {
        self.addresses().iter().any(|ip| Family::of(*ip) == family)
    }

    fn keep(&mut self, families: &[Family]) {
        if let Self::Pod { addresses, .. } | Self::Node { addresses, .. } = self {
            addresses.retain(|ip| families.contains(&Family::of(*ip)));
        }
    }
}

/// Who has an address.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Owner {
    Pod(PodId),
    /// A new pod has got the address of one that is still terminating, or the like.
    Contested(Vec<PodId>),
    Node(String),
}

/// Owners of the known addresses.
#[derive(Debug, Default)]
pub(crate) struct Owners(HashMap<IpAddr, Owner>);

impl Owners {
    pub(crate) fn new(pods: &[Pod], hosts: &Hosts) -> Self {
        let mut owners = Self::default();
        for (i, pod) in pods.iter().enumerate().filter(|(_, p)| p.is_policed()) {
            for ip in pod.ips() {
                owners.claim(*ip, PodId::new(i));
            }
        }
        owners.0.extend(hosts.iter().map(|(ip, node)| (*ip, Owner::Node(node.clone()))));
        owners
    }

    /// A pod says that it has an address. A node's address stays the node's.
    pub(crate) fn claim(&mut self, ip: IpAddr, pod: PodId) {
        let claimed = match self.0.remove(&ip) {
            None => Owner::Pod(pod),
            Some(Owner::Pod(other)) => Owner::Contested(vec![other, pod]),
            Some(Owner::Contested(mut others)) => {
                others.push(pod);
                Owner::Contested(others)
            }
            Some(node @ Owner::Node(_)) => node,
        };
        self.0.insert(ip, claimed);
    }

    /// A pod does not have an address any more.
    pub(crate) fn release(&mut self, ip: IpAddr, pod: PodId) {
        match self.0.get_mut(&ip) {
            Some(Owner::Pod(owner)) if *owner == pod => drop(self.0.remove(&ip)),
            Some(Owner::Contested(claims)) => claims.retain(|claim| *claim != pod),
            Some(Owner::Pod(_) | Owner::Node(_)) | None => {}
        }
    }

    /// The pod that has an address: of several, the last one that is not terminating.
    pub(crate) fn pod(&self, ip: IpAddr, pods: &[Pod]) -> Option<PodId> {
        match self.0.get(&ip)? {
            Owner::Pod(id) => Some(*id),
            Owner::Contested(claims) => {
                let stays = |id: &&PodId| pods[id.index()].life != Life::Terminating;
                claims.iter().rev().find(stays).or(claims.last()).copied()
            }
            Owner::Node(_) => None,
        }
    }

    fn node(&self, ip: IpAddr) -> Option<&String> {
        match self.0.get(&ip)? {
            Owner::Node(name) => Some(name),
            Owner::Pod(_) | Owner::Contested(_) => None,
        }
    }
}

impl Engine {
    /// The known pod that has an address.
    pub fn pod_with_address(&self, ip: IpAddr) -> Option<PodId> {
        self.owners.pod(ip, &self.pods)
    }

    /// Who the two ends of a flow are. Addresses of a family that the other end lacks are left out.
    pub(crate) fn parties(
        &self,
        source: &Endpoint,
        destination: &Endpoint,
    ) -> Result<(Party, Party), FlowError> {
        let (mut from, mut to) = (self.party(source)?, self.party(destination)?);
        if from.addresses().is_empty() || to.addresses().is_empty() {
            return Ok((from, to));
        }
        let shared: Vec<Family> = Family::BOTH.into_iter().filter(|f| from.has(*f) && to.has(*f)).collect();
        if shared.is_empty() {
            return Err(FlowError::MixedFamilies);
        }
        from.keep(&shared);
        to.keep(&shared);
        Ok((from, to))
    }

    /// Who has an address.
    pub fn party_at(&self, ip: IpAddr) -> Party {
        self.ip_party(ip)
    }

    fn party(&self, endpoint: &Endpoint) -> Result<Party, FlowError> {
        match endpoint {
            Endpoint::Pod { id, address } => self.pod_party(id, *address),
            Endpoint::Node { name, address } => self.node_party(name, *address),
            Endpoint::Ip(ip) => Ok(self.ip_party(*ip)),
        }
    }

    fn pod_party(&self, id: &NamespacedName, address: Option<IpAddr>) -> Result<Party, FlowError> {
        let pod_id = self.pod_id(id).ok_or_else(|| FlowError::NoSuchPod(id.clone()))?;
        let pod = self.pod(pod_id);
        if !pod.is_policed() && !pod.host_network {
            return Err(FlowError::Finished(id.clone()));
        }
        if let Some(stranger) = address.filter(|ip| !pod.ips().is_empty() && !pod.ips().contains(ip)) {
            return Err(FlowError::NotItsAddress { who: id.to_string(), address: stranger });
        }
        let addresses = address.map_or_else(|| pod.ips().to_vec(), |ip| vec![ip]);
        if !pod.host_network {
            return Ok(Party::Pod { id: pod_id, addresses });
        }
        match pod.node.as_deref().filter(|name| self.nodes.contains_key(*name)) {
            Some(name) if addresses.is_empty() => self.node_party(name, None),
            _ => Ok(Party::Node { name: pod.node.clone(), addresses }),
        }
    }

    fn node_party(&self, name: &str, address: Option<IpAddr>) -> Result<Party, FlowError> {
        let node = self.nodes.get(name).ok_or_else(|| FlowError::NoSuchNode(name.to_owned()))?;
        let addresses = address.map_or_else(|| node.addresses.clone(), |ip| vec![ip]);
        Ok(Party::Node { name: Some(name.to_owned()), addresses })
    }

    fn ip_party(&self, ip: IpAddr) -> Party {
        if let Some(id) = self.pod_with_address(ip) {
            return Party::Pod { id, addresses: vec![ip] };
        }
        if let Some(name) = self.owners.node(ip) {
            return Party::Node { name: Some(name.clone()), addresses: vec![ip] };
        }
        let in_pod_range = self.space.segment(ip).is_some_and(|s| s.pods);
        if in_pod_range { Party::UnknownPod(ip) } else { Party::Outside(ip) }
    }

    /// What policies can see of a party.
    pub(crate) fn signature(&self, party: &Party) -> Signature {
        match party {
            Party::Pod { id, addresses } => self.pod_signature(*id, addresses),
            Party::UnknownPod(_) => self.bare_signature(ClassKind::UnknownPods, party.addresses()),
            Party::Node { .. } | Party::Outside(_) => {
                self.bare_signature(ClassKind::Outside, party.addresses())
            }
        }
    }

    fn bare_signature(&self, kind: ClassKind, addresses: &[IpAddr]) -> Signature {
        let mut signature = Signature { kind, atoms: Vec::new(), maybe: Vec::new(), named: Vec::new() };
        self.add_blocks(&mut signature, addresses, || {
            self.blocks.iter().map(|(atom, _)| (*atom, Truth::Maybe))
        });
        signature
    }

    pub(crate) fn pod_signature(&self, id: PodId, addresses: &[IpAddr]) -> Signature {
        let pod = self.pod(id);
        let mut signature =
            Signature { kind: ClassKind::Pods, atoms: Vec::new(), maybe: Vec::new(), named: Vec::new() };
        if pod.addresses == Addresses::NotYet {
            return signature; // a subject, but nobody's peer
        }
        for (atom, truth) in self.atoms.of_pod(&pod.meta.id.namespace, &pod.meta.labels) {
            if truth == Truth::Yes { &mut signature.atoms } else { &mut signature.maybe }.push(atom);
        }
        self.add_blocks(&mut signature, addresses, || self.likely_blocks.iter().copied());
        signature.named = self.names.given_by(pod);
        signature
    }

    /// Enters the blocks of some addresses; of addresses that are not known `likely` says what may hold them.
    fn add_blocks<I: Iterator<Item = (AtomId, Truth)>>(
        &self,
        signature: &mut Signature,
        addresses: &[IpAddr],
        likely: impl Fn() -> I,
    ) {
        if addresses.is_empty() {
            likely().for_each(|(atom, truth)| enter(signature, atom, truth));
        } else {
            let held: Vec<&[AtomId]> = addresses
                .iter()
                .filter_map(|ip| self.space.segment(*ip))
                .map(|s| s.blocks.as_slice())
                .collect();
            for atom in held.iter().copied().flatten() {
                let all = held.iter().all(|blocks| blocks.binary_search(atom).is_ok());
                enter(signature, *atom, if all { Truth::Yes } else { Truth::Maybe });
            }
        }
        for list in [&mut signature.atoms, &mut signature.maybe] {
            list.sort_unstable();
            list.dedup();
        }
    }
}

fn enter(signature: &mut Signature, atom: AtomId, truth: Truth) {
    match truth {
        Truth::Yes => signature.atoms.push(atom),
        Truth::Maybe => signature.maybe.push(atom),
        Truth::No => {}
    }
}

/// What can be said of each block about an address that lies somewhere in `likely`, which is not empty.
pub(crate) fn blocks_over_ranges(blocks: &[(AtomId, IpBlock)], likely: &[Cidr]) -> Vec<(AtomId, Truth)> {
    blocks.iter().map(|(atom, block)| (*atom, block_over_ranges(&ranges_of(block), likely))).collect()
}

/// Whether an address somewhere in `likely` lies in a block: yes if the block holds all of them, no if none.
pub(crate) fn block_over_ranges(block: &[AddressRange], likely: &[Cidr]) -> Truth {
    let one = |cidr: &Cidr| {
        let range = AddressRange::of(*cidr);
        let same = |r: &&AddressRange| r.family == range.family;
        if block.iter().filter(same).any(|r| r.low <= range.low && range.high <= r.high) {
            return Truth::Yes;
        }
        let apart = block.iter().filter(same).all(|r| r.high < range.low || range.high < r.low);
        if apart { Truth::No } else { Truth::Maybe }
    };
    let mut truths = likely.iter().map(one);
    let Some(first) = truths.next() else { return Truth::Maybe };
    truths.fold(first, |a, b| if a == b { a } else { Truth::Maybe })
}
