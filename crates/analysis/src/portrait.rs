//! One object read back: whom it means today, what isolates these pods, and who may do what with them now.
//!
//! The object is a NetworkPolicy, whose pods are those that it selects, or anything that stands for pods: a pod, a workload, a
//! Service, a namespace. All pairs come from the [`Matrix`]; nothing is judged here. Start with [`portrait`].

use std::collections::{BTreeMap, BTreeSet};

use podfence_engine::{Engine, Fact, Outcome, PodId, Reading};
use podfence_model::{
    Direction, Endpoint, Family, Flow, Layer4, NamespacedName, NetworkPolicy, ObjectRef, Pod, PortSet,
    Protocol, World,
};

use crate::assumed::is_cluster_dns;
use crate::diff::samples;
use crate::dns::dns_backends;
use crate::ends::{Directory, EndName, Ends};
use crate::error::AskError;
use crate::judge::Backend;
use crate::matrix::{GroupId, Matrix, Members};
use crate::resolve::{Resolved, Role, find_policy, resolve};
use crate::target::Target;

/// Pairs of groups that are asked about for what is missing, of each group.
const ASKED: usize = 24;

/// What is read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'w> {
    /// A policy.
    Policy(&'w NetworkPolicy),
    /// Something that stands for pods.
    Pods,
}

/// An object read back.
#[derive(Debug, Clone)]
pub struct Portrait<'w> {
    /// The world that was asked about.
    pub world: &'w World,
    /// The object.
    pub of: ObjectRef,
    /// What it is.
    pub subject: Subject<'w>,
    /// The pods that it means, by name; none where a policy selects nobody.
    pub pods: Vec<EndName>,
    /// How many pods that are.
    pub count: usize,
    /// Pods that it means and that no policy sees, because they use their node's network.
    pub unseen: Vec<NamespacedName>,
    /// Both directions, egress first.
    pub sides: Vec<PortraitSide>,
}

/// What holds for the pods in one direction.
#[derive(Debug, Clone)]
pub struct PortraitSide {
    /// Which.
    pub direction: Direction,
    /// The policies that isolate some of the pods, by name.
    pub isolating: Vec<NamespacedName>,
    /// Pods that nothing isolates.
    pub open: Vec<EndName>,
    /// Who may do what now with those that are isolated.
    pub admitted: Vec<Admitted>,
    /// Whether some of it hangs on facts that are missing: `admitted` is what is certain.
    pub hangs: bool,
    /// Some of these facts, sorted.
    pub missing: Vec<Fact>,
    /// For egress: whether the isolated pods may ask the cluster's DNS; `None` where there is none.
    pub dns: Option<DnsReach>,
}

/// Whether pods may ask the cluster's DNS over UDP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsReach {
    /// Whether all of them may.
    pub may_ask: bool,
    /// The ports that its pods listen on, behind its Service.
    pub ports: PortSet,
}

/// Pods for which the same holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    /// Which of the pods.
    pub pods: Vec<EndName>,
    /// Who may connect to them, or to whom they may connect, and on which ports; nobody if empty.
    pub peers: Vec<Peers>,
}

/// Ends that are met on some ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peers {
    /// Who.
    pub who: Vec<EndName>,
    /// On which ports.
    pub ports: PortSet,
    /// In this family only, where both ends have several.
    pub family: Option<Family>,
}

impl<'w> Portrait<'w> {
    /// The policies that it is about: itself, or those that isolate some of its pods, by name.
    pub fn policies(&self) -> Vec<&'w NetworkPolicy> {
        if let Subject::Policy(policy) = self.subject {
            return vec![policy];
        }
        let isolating: BTreeSet<&NamespacedName> =
            self.sides.iter().flat_map(|side| &side.isolating).collect();
        isolating.into_iter().filter_map(|id| self.world.policies.get(id)).collect()
    }
}

/// Reads an object back. `world` is as for [`crate::explain`].
pub fn portrait<'w>(
    world: &'w World,
    engine: &Engine,
    target: &Target,
    namespace: Option<&str>,
) -> Result<Portrait<'w>, AskError> {
    let (of, subject, pods) = match find_policy(world, target, namespace)? {
        Some(policy) => (policy_ref(policy), Subject::Policy(policy), selected(world, policy)),
        None => match resolve(world, target, Role::Source, namespace)? {
            Resolved::Pods { of, pods } => (of, Subject::Pods, pods),
            Resolved::Service { .. } | Resolved::Node(_) | Resolved::Ip(_) => {
                return Err(AskError::NoPods(target.text.clone()));
            }
        },
    };
    let is_seen = |id: &NamespacedName| world.pods.get(id).is_some_and(Pod::is_policed);
    let (seen, unseen): (BTreeSet<NamespacedName>, Vec<NamespacedName>) = {
        let (seen, unseen): (Vec<_>, Vec<_>) = pods.into_iter().partition(is_seen);
        (seen.into_iter().collect(), unseen)
    };
    let asked = Asked::new(world, engine, &seen);
    let sides = Direction::BOTH.map(|direction| asked.side(direction)).into();
    Ok(Portrait { world, of, subject, pods: asked.name(&seen), count: seen.len(), unseen, sides })
}

/// A policy by its kind and name.
pub fn policy_ref(policy: &NetworkPolicy) -> ObjectRef {
    let id = &policy.meta.id;
    let (namespace, name) = (id.namespace.clone(), id.name.clone());
    ObjectRef { kind: podfence_model::Kind::NetworkPolicy, namespace, name }
}

fn selected(world: &World, policy: &NetworkPolicy) -> Vec<NamespacedName> {
    let here = world.pods.values().filter(|pod| pod.meta.id.namespace == policy.meta.id.namespace);
    let chosen = here
        .filter(|pod| pod.life != podfence_model::Life::Finished && policy.subject.matches(&pod.meta.labels));
    chosen.map(|pod| pod.meta.id.clone()).collect()
}

/// The pods asked about, in both matrices of their world.
struct Asked<'a> {
    world: &'a World,
    engine: &'a Engine,
    pods: &'a BTreeSet<NamespacedName>,
    certain: Matrix,
    possible: Matrix,
    directory: Directory,
}

/// In which family (`None` = in each that both ends have), and on which ports.
type Way = (Option<Family>, PortSet);

/// The groups that may be met so.
type Reach = BTreeMap<Way, BTreeSet<GroupId>>;

/// The same while it is gathered: per group, the ports in each family.
type Gathered = BTreeMap<GroupId, BTreeMap<Family, PortSet>>;

impl<'a> Asked<'a> {
    fn new(world: &'a World, engine: &'a Engine, pods: &'a BTreeSet<NamespacedName>) -> Self {
        let [certain, possible] = [Reading::Certain, Reading::Possible].map(|as_| Matrix::new(engine, as_));
        Self { world, engine, pods, certain, possible, directory: Directory::new(world, engine) }
    }

    fn name(&self, pods: &BTreeSet<NamespacedName>) -> Vec<EndName> {
        self.directory.name(&Ends { pods: pods.clone(), ..Ends::default() })
    }

    fn side(&self, direction: Direction) -> PortraitSide {
        let ids: Vec<PodId> = self.pods.iter().filter_map(|name| self.engine.pod_id(name)).collect();
        let isolating = ids.iter().flat_map(|pod| self.engine.isolating(*pod, direction));
        let isolating: BTreeSet<NamespacedName> =
            isolating.map(|policy| self.engine.policy(policy).meta.id.clone()).collect();
        let is_open = |pod: &&PodId| self.engine.isolating(**pod, direction).is_empty();
        let open = ids.iter().filter(is_open).map(|pod| self.engine.pod(*pod).meta.id.clone()).collect();
        let [reached, possible] =
            [&self.certain, &self.possible].map(|matrix| self.reached(matrix, direction));
        PortraitSide {
            direction,
            isolating: isolating.into_iter().collect(),
            open: self.name(&open),
            dns: (direction == Direction::Egress).then(|| self.dns(&reached)).flatten(),
            hangs: reached != possible,
            missing: self.missing(&reached, &possible, direction),
            admitted: self.admitted(reached),
        }
    }

    /// What the engine misses for connections that are possible and not certain.
    fn missing(
        &self,
        certain: &BTreeMap<GroupId, Reach>,
        possible: &BTreeMap<GroupId, Reach>,
        direction: Direction,
    ) -> Vec<Fact> {
        let mut facts = BTreeSet::new();
        for (own, reach) in possible {
            let sure = certain.get(own);
            let is_unsure = |(way, other): &(&Way, &GroupId)| {
                let known = |reach: &Reach| reach.get(*way).is_some_and(|groups| groups.contains(other));
                !sure.is_some_and(known)
            };
            let pairs = reach.iter().flat_map(|(way, groups)| groups.iter().map(move |other| (way, other)));
            for ((_, ports), other) in pairs.filter(is_unsure).take(ASKED) {
                let flows = samples::layers(ports).into_iter();
                let flows = flows.filter_map(|layer4| self.flow((*own, *other), layer4, direction));
                facts.extend(flows.flat_map(|flow| self.facts_missing(&flow)));
            }
        }
        facts.into_iter().collect()
    }

    fn facts_missing(&self, flow: &Flow) -> Vec<Fact> {
        match self.engine.answer(flow).map(|answer| answer.outcome) {
            Ok(Outcome::Undecidable(facts)) => facts.into_iter().collect(),
            Ok(Outcome::Allowed | Outcome::Denied) | Err(_) => Vec::new(),
        }
    }

    /// A connection between the first members of two groups.
    fn flow(&self, (own, other): (GroupId, GroupId), layer4: Layer4, direction: Direction) -> Option<Flow> {
        let end = |group| match &self.possible.group(group).members {
            Members::Pods(pods) => {
                let pod = self.engine.pod(*pods.first()?);
                Some(Endpoint::Pod { id: pod.meta.id.clone(), address: pod.ips().first().copied() })
            }
            Members::UnknownPods(ranges) | Members::Outside(ranges) => {
                Some(Endpoint::Ip(ranges.first()?.first()))
            }
        };
        let (own, other) = (end(own)?, end(other)?);
        let (source, destination) = if direction == Direction::Egress { (own, other) } else { (other, own) };
        Some(Flow { source, destination, layer4 })
    }

    /// The isolated groups among the pods, and whom each may meet.
    fn reached(&self, matrix: &Matrix, direction: Direction) -> BTreeMap<GroupId, Reach> {
        let mut all: BTreeMap<GroupId, Gathered> = BTreeMap::new();
        for (id, group) in matrix.groups_with_ids() {
            if group.is_isolated(direction) && !self.members(matrix, id).is_empty() {
                all.insert(id, Gathered::new());
            }
        }
        for (from, _) in matrix.groups_with_ids() {
            if direction == Direction::Ingress || all.contains_key(&from) {
                matrix.families().for_each(|family| add_row(&mut all, matrix, direction, (family, from)));
            }
        }
        all.into_iter().map(|(own, gathered)| (own, by_ports(matrix, own, gathered))).collect()
    }

    /// The pods asked about that are in a group.
    fn members(&self, matrix: &Matrix, group: GroupId) -> BTreeSet<NamespacedName> {
        let Members::Pods(pods) = &matrix.group(group).members else { return BTreeSet::new() };
        let names = pods.iter().map(|pod| &self.engine.pod(*pod).meta.id);
        names.filter(|name| self.pods.contains(*name)).cloned().collect()
    }

    /// Groups that meet the same are told of together.
    fn admitted(&self, reached: BTreeMap<GroupId, Reach>) -> Vec<Admitted> {
        let mut by_reach: BTreeMap<Reach, BTreeSet<NamespacedName>> = BTreeMap::new();
        for (group, reach) in reached {
            by_reach.entry(reach).or_default().extend(self.members(&self.certain, group));
        }
        let peers = |reach: Reach| {
            let named = reach.into_iter().map(|((family, ports), groups)| {
                let ends = Ends::of_groups(self.engine, &self.certain, groups);
                Peers { who: self.directory.name(&ends), ports, family }
            });
            named.collect()
        };
        by_reach
            .into_iter()
            .map(|(reach, pods)| Admitted { pods: self.name(&pods), peers: peers(reach) })
            .collect()
    }

    /// Whether every isolated group may send to some server of the cluster DNS, on the port that it listens on.
    fn dns(&self, reached: &BTreeMap<GroupId, Reach>) -> Option<DnsReach> {
        let servers: Vec<&Pod> = self.world.pods.values().filter(|pod| is_cluster_dns(pod)).collect();
        if servers.is_empty() || reached.is_empty() {
            return None;
        }
        let backends = dns_backends(self.world, &servers, Protocol::Udp);
        let is_asked = |reach: &Reach, backend: &Backend| {
            let Endpoint::Pod { id, .. } = &backend.end else { return false };
            let Some(pod) = self.engine.pod_id(id) else { return false };
            let has_it = |group: &GroupId| matches!(&self.certain.group(*group).members, Members::Pods(pods) if pods.contains(&pod));
            reach
                .iter()
                .any(|((_, ports), groups)| ports.contains(backend.layer4) && groups.iter().any(has_it))
        };
        let asks = |reach: &Reach| backends.iter().any(|backend| is_asked(reach, backend));
        let ports = backends.iter().fold(PortSet::NONE, |all, one| all.union(&PortSet::of(one.layer4)));
        Some(DnsReach { may_ask: reached.values().all(asks), ports })
    }
}

/// Adds what one group reaches in a family, seen from the ends that are asked about.
fn add_row(
    all: &mut BTreeMap<GroupId, Gathered>,
    matrix: &Matrix,
    direction: Direction,
    (family, from): (Family, GroupId),
) {
    for reached in matrix.row(family, from) {
        for to in reached.groups.into_iter().filter(|to| !is_itself(matrix, from, *to)) {
            let (own, other) = if direction == Direction::Egress { (from, to) } else { (to, from) };
            if let Some(gathered) = all.get_mut(&own) {
                gathered.entry(other).or_default().insert(family, reached.ports.clone());
            }
        }
    }
}

/// Groups by what they are met on; in each family where that differs.
fn by_ports(matrix: &Matrix, own: GroupId, gathered: Gathered) -> Reach {
    let mut reach = Reach::new();
    for (other, ports) in gathered {
        let shared = |family: &Family| [own, other].iter().all(|group| matrix.group(*group).is_of(*family));
        let mut everywhere = matrix.families().filter(shared).map(|family| ports.get(&family));
        let first = ports.values().next();
        if everywhere.all(|of_family| of_family == first) {
            let same = first.cloned().unwrap_or_default();
            reach.entry((None, same)).or_default().insert(other);
        } else {
            for (family, ports) in ports {
                reach.entry((Some(family), ports)).or_default().insert(other);
            }
        }
    }
    reach
}

/// A pod alone in its group reaches itself whatever holds.
fn is_itself(matrix: &Matrix, from: GroupId, to: GroupId) -> bool {
    from == to && matches!(&matrix.group(from).members, Members::Pods(pods) if pods.len() == 1)
}
