//! One object read back: whom it means today, what isolates these pods, and who may do what with them now.
//!
//! The object is a NetworkPolicy, whose pods are those that it selects, or anything that stands for pods: a pod, a workload, a
//! Service, a namespace. All pairs come from the [`Matrix`]; nothing is judged here. Start with [`portrait`].

use std::collections::{BTreeMap, BTreeSet};

use podfence_engine::{Engine, Fact, Outcome, PodId, Reading};
use podfence_model::{
    Direction, Endpoint, Family, Flow, Layer4, NamespacedName, NetworkPolicy, ObjectRef, PortSet, Protocol,
    World,
};

use crate::assumed::{DNS_PORT, is_cluster_dns};
use crate::diff::samples;
use crate::ends::{Directory, EndName, Ends};
use crate::error::AskError;
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
    /// For egress: whether all of the isolated pods may ask the cluster's DNS over UDP; `None` where there is none.
    pub dns: Option<bool>,
}

/// Pods for which the same holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    /// Which of the pods.
    pub pods: Vec<EndName>,
    /// Who may connect to them, or to whom they may connect, and on which ports; nobody if empty.
    pub peers: Vec<(Vec<EndName>, PortSet)>,
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
    let is_seen = |id: &NamespacedName| world.pods.get(id).is_some_and(podfence_model::Pod::is_policed);
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

/// Ports, and the groups that may be met on them.
type Reach = BTreeMap<PortSet, BTreeSet<GroupId>>;

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
            let is_unsure = |(ports, other): &(&PortSet, &GroupId)| {
                let known = |reach: &Reach| reach.get(*ports).is_some_and(|groups| groups.contains(other));
                !sure.is_some_and(known)
            };
            let pairs =
                reach.iter().flat_map(|(ports, groups)| groups.iter().map(move |other| (ports, other)));
            for (ports, other) in pairs.filter(is_unsure).take(ASKED) {
                let layers = samples::layers(ports).into_iter();
                let flows = layers.filter_map(|layer4| self.flow((*own, *other), layer4, direction));
                let answers = flows.filter_map(|flow| self.engine.answer(&flow).ok());
                facts.extend(
                    answers
                        .filter_map(|answer| match answer.outcome {
                            Outcome::Undecidable(facts) => Some(facts),
                            Outcome::Allowed | Outcome::Denied => None,
                        })
                        .flatten(),
                );
            }
        }
        facts.into_iter().collect()
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
        let mut all: BTreeMap<GroupId, Reach> = BTreeMap::new();
        for (id, group) in matrix.groups_with_ids() {
            if group.is_isolated(direction) && !self.members(matrix, id).is_empty() {
                all.insert(id, Reach::new());
            }
        }
        for (from, _) in matrix.groups_with_ids() {
            if direction == Direction::Ingress || all.contains_key(&from) {
                matrix.families().for_each(|family| add_row(&mut all, matrix, direction, (family, from)));
            }
        }
        all
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
            let named = reach.into_iter().map(|(ports, groups)| {
                let ends = Ends::of_groups(self.engine, &self.certain, groups);
                (self.directory.name(&ends), ports)
            });
            named.collect()
        };
        by_reach
            .into_iter()
            .map(|(reach, pods)| Admitted { pods: self.name(&pods), peers: peers(reach) })
            .collect()
    }

    /// Whether every isolated group may send UDP 53 to a server of the cluster DNS.
    fn dns(&self, reached: &BTreeMap<GroupId, Reach>) -> Option<bool> {
        let is_server = |id: &GroupId| match &self.certain.group(*id).members {
            Members::Pods(pods) => pods.iter().any(|pod| is_cluster_dns(self.engine.pod(*pod))),
            Members::UnknownPods(_) | Members::Outside(_) => false,
        };
        let asks = |reach: &Reach| {
            let udp = Layer4::Port(Protocol::Udp, DNS_PORT);
            reach.iter().any(|(ports, groups)| ports.contains(udp) && groups.iter().any(is_server))
        };
        let known = self.world.pods.values().any(is_cluster_dns);
        (known && !reached.is_empty()).then(|| reached.values().all(asks))
    }
}

/// Adds what one group reaches in a family, seen from the ends that are asked about.
fn add_row(
    all: &mut BTreeMap<GroupId, Reach>,
    matrix: &Matrix,
    direction: Direction,
    (family, from): (Family, GroupId),
) {
    for reached in matrix.row(family, from) {
        for to in reached.groups.into_iter().filter(|to| !is_itself(matrix, from, *to)) {
            let (own, other) = if direction == Direction::Egress { (from, to) } else { (to, from) };
            if let Some(reach) = all.get_mut(&own) {
                reach.entry(reached.ports.clone()).or_default().insert(other);
            }
        }
    }
}

/// A pod alone in its group reaches itself whatever holds.
fn is_itself(matrix: &Matrix, from: GroupId, to: GroupId) -> bool {
    from == to && matches!(&matrix.group(from).members, Members::Pods(pods) if pods.len() == 1)
}
