//! The engine itself: a world, indexed for questions.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use podfence_model::{
    Addresses, Alike, Cidr, Direction, Family, IpBlock, Namespace, NamespacedName, NetworkPolicy, Node, Pod,
    Service, ServiceAddress, World,
};

use crate::answer::Fact;
use crate::atoms::Atoms;
use crate::blocks::{AddressRange, AddressSpace, Segment};
use crate::class::{Class, ClassKind, Classes, Member, Signature};
use crate::ids::{AtomId, ClassId, PodId, PolicyId};
use crate::pod_names::PodNames;
use crate::policies::{Policies, PolicyEntry};
use crate::ports::Names;
use crate::residents::Residents;
use crate::resolve::{Owners, Party, blocks_over_ranges};
use crate::truth::Truth;

/// A world, indexed: answers questions about flows and compiles what nodes enforce.
#[derive(Debug)]
pub struct Engine {
    pub(crate) pods: Vec<Pod>,
    pub(crate) pod_names: PodNames,
    /// What pods have alike.
    pub(crate) alike: Alike,
    pub(crate) nodes: BTreeMap<String, Node>,
    pub(crate) namespaces: BTreeMap<String, Namespace>,
    pub(crate) services: BTreeMap<NamespacedName, Service>,
    pub(crate) policies: Policies,
    /// Where the pods of a namespace are.
    pub(crate) residents: Residents,
    /// The pod ranges that are no node's.
    pub(crate) pod_ranges: Vec<Cidr>,
    pub(crate) owners: Owners,
    pub(crate) atoms: Atoms,
    pub(crate) blocks: Vec<(AtomId, IpBlock)>,
    pub(crate) space: AddressSpace,
    pub(crate) names: Names,
    /// The blocks that hold, or may hold, the addresses of pods that have none yet, wherever they will come from.
    pub(crate) likely_blocks: Vec<(AtomId, Truth)>,
    pub(crate) classes: Classes,
    /// Places of pods that are gone, to be given to new ones.
    pub(crate) free: Vec<PodId>,
}

impl Engine {
    /// Indexes a copy of a world; see [`Engine::from`] for one that is not needed any more. The copy lies closer together than
    /// what was read bit by bit.
    pub fn new(world: &World) -> Self {
        let pods = world.pods.values().cloned().collect();
        let rest = World {
            policies: world.policies.clone(),
            nodes: world.nodes.clone(),
            namespaces: world.namespaces.clone(),
            services: world.services.clone(),
            pod_ranges: world.pod_ranges.clone(),
            ..World::default()
        };
        Self::index(pods, rest, &Hosts::of(world))
    }

    /// Indexes pods and a world without pods. A pod's namespace that nobody states is implied, as by every pod that comes later.
    fn index(mut pods: Vec<Pod>, mut world: World, hosts: &Hosts) -> Self {
        for pod in &pods {
            if !world.namespaces.contains_key(&pod.meta.id.namespace) {
                let implied = Namespace::implied(&pod.meta.id.namespace);
                world.namespaces.insert(implied.name.clone(), implied);
            }
        }
        let mut atoms = Atoms::default();
        let mut names = Names::default();
        let pod_ranges: Vec<Cidr> = world.all_pod_ranges().collect();
        let mut alike = Alike::default();
        for pod in &mut pods {
            alike.share(pod);
        }
        let mut policies = Policies::default();
        for policy in world.policies.into_values() {
            policies.enter(PolicyEntry::new(policy, &mut atoms, &mut names));
        }
        world.namespaces.values().for_each(|namespace| atoms.index_namespace(namespace));
        let blocks = atoms.blocks();
        let mut engine = Self {
            pod_names: PodNames::of(&pods),
            alike,
            owners: Owners::new(&pods, hosts),
            residents: Residents::of(&pods),
            pod_ranges: world.pod_ranges,
            space: AddressSpace::new(&blocks, &pod_ranges, hosts.addresses()),
            likely_blocks: blocks_over_ranges(&blocks, &likely_ranges(&pod_ranges)),
            nodes: world.nodes,
            namespaces: world.namespaces,
            services: world.services,
            classes: Classes::default(),
            pods,
            policies,
            atoms,
            blocks,
            names,
            free: Vec::new(),
        };
        engine.classes = engine.partition();
        engine
    }

    /// Cuts all addresses into classes: known pods by signature, everything else by segment.
    fn partition(&self) -> Classes {
        let mut classes = Classes::default();
        for id in self.pod_ids() {
            let its_own = |ip: &Option<IpAddr>| ip.is_none_or(|ip| self.pod_with_address(ip) == Some(id));
            for address in member_addresses(self.pod(id)).into_iter().filter(its_own) {
                let signature = self.pod_signature(id, address.as_slice());
                classes.join(signature, Member { pod: id, address });
            }
        }
        for segment in self.space.all() {
            classes.add_range(bare_signature(segment), segment.range);
        }
        classes
    }

    /// Every pod that policies can see.
    pub fn pod_ids(&self) -> impl Iterator<Item = PodId> + '_ {
        let seen = self.pods.iter().enumerate().filter(|(_, p)| p.is_policed());
        seen.map(|(i, _)| PodId::new(i))
    }

    /// The pods of a namespace, those that policies cannot see among them.
    pub fn pods_in(&self, namespace: &str) -> &[PodId] {
        self.residents.within(namespace)
    }

    /// A pod by name, also one that policies cannot see.
    pub fn pod_id(&self, name: &NamespacedName) -> Option<PodId> {
        self.pod_names.get(&self.pods, name)
    }

    /// A pod.
    pub fn pod(&self, id: PodId) -> &Pod {
        &self.pods[id.index()]
    }

    /// A policy.
    pub fn policy(&self, id: PolicyId) -> &NetworkPolicy {
        &self.entry(id).policy
    }

    pub(crate) fn entry(&self, id: PolicyId) -> &PolicyEntry {
        self.policies.get(id)
    }

    /// The policies that isolate a pod in a direction, in order of name.
    pub fn isolating(&self, pod: PodId, direction: Direction) -> Vec<PolicyId> {
        let meta = &self.pod(pod).meta;
        let here = self.policies.of_namespace(&meta.id.namespace).iter();
        here.filter(|id| {
            let policy = self.policy(**id);
            policy.directions.contains(direction) && policy.subject.matches(&meta.labels)
        })
        .copied()
        .collect()
    }

    /// All peer classes.
    pub fn classes(&self) -> &[Class] {
        self.classes.list()
    }

    /// All peer classes with their numbers.
    pub fn classes_with_ids(&self) -> impl Iterator<Item = (ClassId, &Class)> {
        self.classes.list().iter().enumerate().map(|(index, class)| (ClassId::new(index), class))
    }

    /// The ranges of each class that ends can have: without the cluster addresses of Services, because a Service's pod has
    /// taken the place of such an address before any policy sees the packet.
    pub fn ranges_of_ends(&self) -> Vec<(ClassId, Vec<AddressRange>)> {
        let ips = self.services.values().filter_map(|service| match &service.address {
            ServiceAddress::Ips(ips) => Some(ips),
            ServiceAddress::Headless | ServiceAddress::Unstated => None,
        });
        let mut holes: Vec<AddressRange> =
            ips.flatten().map(|ip| AddressRange::of(Cidr::host(*ip))).collect();
        holes.sort_unstable();
        let left = |class: &Class| class.ranges.iter().flat_map(|range| range.without_some(&holes)).collect();
        self.classes_with_ids().map(|(id, class)| (id, left(class))).collect()
    }

    /// A peer class.
    pub fn class(&self, id: ClassId) -> &Class {
        &self.classes.list()[id.index()]
    }

    /// Whether every peer's place in every rule is known: no address and no namespace's labels are missing that some
    /// policy asks about. Then both readings of a compilation are one.
    pub fn is_certain(&self) -> bool {
        self.classes.list().iter().all(|class| class.signature.maybe.is_empty())
    }

    /// What nobody has stated and some policy asks about: addresses of pods and labels of namespaces. Nothing if the engine
    /// [is certain](Self::is_certain).
    pub fn unstated(&self) -> BTreeSet<Fact> {
        let unsure = self.classes.list().iter().filter(|class| !class.signature.maybe.is_empty());
        let facts = unsure.flat_map(|class| {
            let pods = class.members.iter().map(|member| &self.pod(member.pod).meta.id);
            pods.flat_map(|pod| class.signature.maybe.iter().map(move |atom| self.fact(*atom, pod)))
        });
        facts.collect()
    }

    /// What is missing where a pod may belong to an atom.
    fn fact(&self, atom: AtomId, pod: &NamespacedName) -> Fact {
        match self.atoms.block(atom) {
            Some(_) => Fact::PodAddress(pod.clone()),
            None => Fact::NamespaceLabels(pod.namespace.clone()),
        }
    }

    /// The addresses that known pods have.
    pub fn known_addresses(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.classes.list().iter().flat_map(|class| class.members.iter().filter_map(|m| m.address))
    }

    /// All ranges that hold pod addresses: the cluster's and each node's.
    pub(crate) fn all_pod_ranges(&self) -> Vec<Cidr> {
        let of_nodes = self.nodes.values().flat_map(|node| &node.pod_ranges);
        self.pod_ranges.iter().chain(of_nodes).copied().collect()
    }

    /// The ranges that a node's pods get their addresses from; empty when not known.
    pub fn pod_ranges_of(&self, node: &str) -> Vec<Cidr> {
        self.nodes.get(node).map_or_else(Vec::new, |n| n.pod_ranges.clone())
    }

    /// The class of an address as long as no known pod has it: an unknown pod's, or one outside.
    pub fn class_of_stranger(&self, ip: IpAddr) -> Option<ClassId> {
        self.classes.id(&bare_signature(self.space.segment(ip)?))
    }

    /// The class of a party, unless a missing fact leaves it between classes.
    pub fn class_of(&self, party: &Party) -> Option<ClassId> {
        self.classes.id(&self.signature(party))
    }
}

impl From<World> for Engine {
    /// Indexes a world. Its workloads must have been expanded ([`World::expand_workloads`]).
    fn from(mut world: World) -> Self {
        let hosts = Hosts::of(&world);
        let pods = std::mem::take(&mut world.pods).into_values().collect();
        Self::index(pods, world, &hosts)
    }
}

/// What policies can see of the addresses of a segment that no known pod has.
fn bare_signature(segment: &Segment) -> Signature {
    let kind = if segment.pods { ClassKind::UnknownPods } else { ClassKind::Outside };
    Signature { kind, atoms: segment.blocks.clone(), maybe: Vec::new(), named: Vec::new() }
}

/// The seats that a pod would hold: its addresses, or one without while it has none stated.
pub(crate) fn member_addresses(pod: &Pod) -> Vec<Option<IpAddr>> {
    match &pod.addresses {
        Addresses::Known(ips) => ips.iter().copied().map(Some).collect(),
        Addresses::Unstated => vec![None],
        Addresses::NotYet => Vec::new(),
    }
}

/// Addresses that are no pod's own: each with the node that has it.
#[derive(Debug, Default)]
pub(crate) struct Hosts(Vec<(IpAddr, String)>);

impl Hosts {
    /// The nodes' addresses, and those of `hostNetwork` pods, which are their node's too.
    fn of(world: &World) -> Self {
        let of_nodes = world.nodes.values().flat_map(|n| n.addresses.iter().map(|ip| (*ip, n.name.clone())));
        let hosted = world.pods.values().filter(|p| p.host_network);
        let of_pods = hosted.flat_map(|p| p.ips().iter().filter_map(|ip| Some((*ip, p.node.clone()?))));
        Self(of_nodes.chain(of_pods).collect())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(IpAddr, String)> {
        self.0.iter()
    }

    fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.0.iter().map(|(ip, _)| *ip)
    }
}

/// Where a pod's address may lie when nobody has stated it: the pod ranges, or else what IPv4 has for unicast.
/// IPv4 is assumed for a world that shows no pod range; the ranges left out can be no pod's.
pub(crate) fn likely_ranges(pod_ranges: &[Cidr]) -> Vec<Cidr> {
    if !pod_ranges.is_empty() {
        return pod_ranges.to_vec();
    }
    let never = ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"];
    let never: Vec<Cidr> = never.iter().filter_map(|c| c.parse().ok()).collect();
    outside_of(Cidr::all(Family::V4), &never)
}

/// `whole` without the blocks of `never`, as the fewest blocks.
fn outside_of(whole: Cidr, never: &[Cidr]) -> Vec<Cidr> {
    if never.iter().any(|n| n.covers(whole)) {
        return Vec::new();
    }
    if !never.iter().any(|n| whole.covers(*n)) {
        return vec![whole];
    }
    let halves = whole.net().subnets(whole.net().prefix_len() + 1).into_iter().flatten();
    halves.flat_map(|half| outside_of(Cidr::new(half), never)).collect()
}
