//! The plan of one node.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;

use podfence_engine::{AddressRange, ClassKind, Compiled, Engine, PodId, Program, ProgramId, Union};
use podfence_model::{Cidr, Direction, NamespacedName, Protocol};

/// Names a program: its direction, policies and the numbers of its named ports, as text.
pub type ProgramKey = Arc<str>;

/// Names a union: the peers as the rules name them, as text.
pub type UnionKey = Arc<str>;

/// The host's end of a pod's link.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Link {
    /// An interface of this name that the host routes: packets of the pod come from it and from no other.
    Routed(String),
    /// A port of a bridge: above the link layer packets of all its pods come from the bridge, so which pod sent one is
    /// known by the port alone, in family bridge.
    Bridged {
        /// The bridge's name, which the host routes.
        bridge: String,
        /// The port's name.
        port: String,
    },
}

impl Link {
    /// The name of the interface, and of the bridge that it is a port of, if it is one.
    pub fn names(&self) -> (&str, Option<&str>) {
        match self {
            Self::Routed(name) => (name, None),
            Self::Bridged { bridge, port } => (port, Some(bridge)),
        }
    }
}

/// A pod of this node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalPod {
    /// Its addresses; empty while it has none.
    pub addresses: Vec<IpAddr>,
    /// The host's end of its link, if the pod has one of its own: source addresses are checked against it.
    pub link: Option<Link>,
    /// The program of what it sends; `None` when nothing isolates it for egress.
    pub egress: Option<ProgramKey>,
    /// The program of what it receives; `None` when nothing isolates it for ingress.
    pub ingress: Option<ProgramKey>,
}

impl LocalPod {
    /// Its program in a direction.
    pub fn program(&self, direction: Direction) -> Option<&ProgramKey> {
        match direction {
            Direction::Ingress => self.ingress.as_ref(),
            Direction::Egress => self.egress.as_ref(),
        }
    }

    /// Its programs in both directions.
    pub fn programs(&self) -> impl Iterator<Item = &ProgramKey> {
        self.ingress.iter().chain(&self.egress)
    }
}

/// Ports from `first` to `last`, both included, and the peers that may use them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortRow {
    /// The lowest port.
    pub first: u16,
    /// The highest port.
    pub last: u16,
    /// Who is admitted.
    pub union: UnionKey,
}

/// A program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramPlan {
    /// Ingress or egress.
    pub direction: Direction,
    /// The policies it comes from, in order of name.
    pub policies: Vec<NamespacedName>,
    /// Rows of admitted ports in rising order, disjoint; what is in no row is refused.
    pub ports: BTreeMap<Protocol, Vec<PortRow>>,
    /// Who is admitted on protocols without ports, ICMP among them; `None` = nobody.
    pub portless: Option<UnionKey>,
}

impl ProgramPlan {
    /// The rows of a protocol.
    pub fn rows(&self, protocol: Protocol) -> &[PortRow] {
        self.ports.get(&protocol).map_or(&[], Vec::as_slice)
    }

    /// The unions it refers to.
    pub fn unions(&self) -> impl Iterator<Item = &UnionKey> {
        self.ports.values().flatten().map(|row| &row.union).chain(&self.portless)
    }
}

/// The peers of a union. A known pod is admitted by `pods` alone; only other addresses are looked up in `ranges`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnionPlan {
    /// Everybody is admitted, and the other fields are empty.
    pub everyone: bool,
    /// Addresses of known pods.
    pub pods: BTreeSet<IpAddr>,
    /// Disjoint ranges in rising order that do not touch each other.
    pub ranges: Vec<AddressRange>,
}

impl UnionPlan {
    /// Whether it admits an address, given the addresses of all known pods.
    pub fn admits(&self, ip: IpAddr, known: &BTreeSet<IpAddr>) -> bool {
        if self.everyone || self.pods.contains(&ip) {
            return true;
        }
        !known.contains(&ip) && self.ranges_hold(ip)
    }

    /// Whether the address lies in one of the ranges.
    fn ranges_hold(&self, ip: IpAddr) -> bool {
        let behind = self.ranges.partition_point(|range| range.begins_by(ip));
        behind.checked_sub(1).is_some_and(|i| self.ranges[i].contains(ip))
    }
}

/// What one node must enforce.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodePlan {
    /// Pods of this node that policies can see.
    pub pods: BTreeMap<NamespacedName, LocalPod>,
    /// The programs of those pods.
    pub programs: BTreeMap<ProgramKey, ProgramPlan>,
    /// The unions of those programs.
    pub unions: BTreeMap<UnionKey, UnionPlan>,
    /// Addresses of every known pod of the cluster.
    pub known: BTreeSet<IpAddr>,
    /// Ranges that this node's pods get their addresses from: an address in them that is no known pod's talks
    /// to nobody.
    pub local_ranges: Vec<Cidr>,
}

impl NodePlan {
    /// The plan of `node`. `links` gives the host's end of each local pod's link, where there is one.
    pub fn build(engine: &Engine, node: &str, links: &BTreeMap<NamespacedName, Link>) -> Self {
        let local: Vec<PodId> =
            engine.pod_ids().filter(|id| engine.pod(*id).node.as_deref() == Some(node)).collect();
        Self::of(engine, &engine.compile(local), node, links)
    }

    /// The plan of `node` from what was compiled for its pods.
    pub(crate) fn of(
        engine: &Engine,
        compiled: &Compiled,
        node: &str,
        links: &BTreeMap<NamespacedName, Link>,
    ) -> Self {
        let known: BTreeSet<IpAddr> = engine.known_addresses().collect();
        let mut plan = Self { known, local_ranges: engine.pod_ranges_of(node), ..Self::default() };
        for (id, program) in compiled.programs() {
            plan.programs.insert(program_key(compiled, id), program_plan(compiled, program));
        }
        for (_, union) in compiled.unions() {
            plan.unions.insert(union_key(union), union_plan(engine, union));
        }
        for id in engine.pod_ids().filter(|id| engine.pod(*id).node.as_deref() == Some(node)) {
            plan.pods.insert(engine.pod(id).meta.id.clone(), local_pod(engine, compiled, id, links));
        }
        plan
    }
}

pub(crate) fn local_pod(
    engine: &Engine,
    compiled: &Compiled,
    id: PodId,
    links: &BTreeMap<NamespacedName, Link>,
) -> LocalPod {
    let pod = engine.pod(id);
    let program = |direction| compiled.program_of(id, direction).map(|p| program_key(compiled, p));
    LocalPod {
        addresses: pod.ips().iter().copied().filter(|ip| engine.pod_with_address(*ip) == Some(id)).collect(),
        link: links.get(&pod.meta.id).cloned(),
        egress: program(Direction::Egress),
        ingress: program(Direction::Ingress),
    }
}

pub(crate) fn program_key(compiled: &Compiled, id: ProgramId) -> ProgramKey {
    let program = compiled.program(id);
    let mut text = program.direction.to_string();
    for policy in &program.policies {
        let _ = write!(text, " {policy}"); // writing to a String cannot fail
    }
    for (name, protocol, numbers) in &program.named {
        let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        let _ = write!(text, " {protocol}:{name}={}", numbers.join(","));
    }
    text.into()
}

pub(crate) fn union_key(union: &Union) -> UnionKey {
    union.expression.as_str().into()
}

pub(crate) fn program_plan(compiled: &Compiled, program: &Program) -> ProgramPlan {
    let key = |id| union_key(compiled.union(id));
    let row = |r: &podfence_engine::PortRow| PortRow { first: r.first, last: r.last, union: key(r.union) };
    ProgramPlan {
        direction: program.direction,
        policies: program.policies.clone(),
        ports: program.ports.iter().map(|(p, rows)| (*p, rows.iter().map(row).collect())).collect(),
        portless: program.portless.map(key),
    }
}

pub(crate) fn union_plan(engine: &Engine, union: &Union) -> UnionPlan {
    if union.everyone {
        return UnionPlan { everyone: true, ..UnionPlan::default() };
    }
    let mut plan = UnionPlan::default();
    for class in union.classes.iter().map(|id| engine.class(*id)) {
        debug_assert!(class.kind() == ClassKind::Pods || class.members.is_empty());
        plan.pods.extend(class.members.iter().filter_map(|m| m.address));
        plan.ranges.extend(&class.ranges);
    }
    plan.ranges = AddressRange::joined(plan.ranges);
    plan
}
