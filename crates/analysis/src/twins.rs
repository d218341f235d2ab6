//! Pods that no policy, port name or node tells apart, such as the pods of one Deployment in a manifest.
//!
//! Asking about every pair of a thousand pods and a thousand others would be a million equal answers. One
//! pod of such a crowd is asked about, and the answer is told of all.

use std::collections::{BTreeSet, HashMap, HashSet};

use podfence_engine::Fact;
use podfence_model::{Addresses, ContainerPort, Endpoint, Labels, Life, NamespacedName, ObjectRef, World};

use crate::judge::{Backend, Path};

/// Crowds smaller than this are asked about one by one. Of three there is always one left to stand for the
/// others when one of them stands at the other end.
const CROWD: usize = 3;

/// Who stands for whom.
#[derive(Default)]
pub(crate) struct Twins {
    sources: HashMap<Endpoint, Vec<Endpoint>>,
    backends: HashMap<Endpoint, Vec<Endpoint>>,
}

/// What tells pods apart.
#[derive(PartialEq, Eq, Hash)]
enum Looks<'w> {
    /// Like nobody else: no pod, or one with an address or a life of its own.
    Unique(&'w Endpoint),
    Pod {
        namespace: &'w str,
        labels: &'w Labels,
        workload: &'w ObjectRef,
        node: Option<&'w str>,
        host_network: bool,
        ports: &'w [ContainerPort],
    },
}

fn looks<'w>(world: &'w World, end: &'w Endpoint) -> Looks<'w> {
    let Endpoint::Pod { id, address: None } = end else { return Looks::Unique(end) };
    let plain = world
        .pods
        .get(id)
        .filter(|p| p.addresses == Addresses::Unstated && p.life == Life::Present && p.ready);
    match plain.and_then(|pod| Some((pod, pod.workload.as_ref()?))) {
        None => Looks::Unique(end),
        Some((pod, workload)) => Looks::Pod {
            namespace: &pod.meta.id.namespace,
            labels: &pod.meta.labels,
            workload,
            node: pod.node.as_deref(),
            host_network: pod.host_network,
            ports: &pod.ports,
        },
    }
}

impl Twins {
    /// Leaves of every crowd one to ask about. A lone source stays apart from its twins among the backends:
    /// it reaches itself whatever holds for them.
    pub(crate) fn represent(
        &mut self,
        world: &World,
        sources: &[Endpoint],
        backends: &[Backend],
    ) -> (Vec<Endpoint>, Vec<Backend>) {
        let lone = sources.first().filter(|_| sources.len() == 1);
        let ends: HashSet<&Endpoint> = backends.iter().map(|b| &b.end).collect();
        let mut asked: Vec<Endpoint> = Vec::new();
        for crowd in crowds(sources, |s| looks(world, s)) {
            asked.extend(choose(&mut self.sources, &crowd, |end| !ends.contains(end)));
        }
        let mut chosen = Vec::new();
        for crowd in crowds(backends, |b| {
            let looks = if lone == Some(&b.end) { Looks::Unique(&b.end) } else { looks(world, &b.end) };
            (looks, b.layer4)
        }) {
            let Some(layer4) = crowd.first().map(|b| b.layer4) else { continue };
            let ends: Vec<&Endpoint> = crowd.iter().map(|b| &b.end).collect();
            let ends = choose(&mut self.backends, &ends, |end| !asked.contains(end));
            chosen.extend(ends.into_iter().map(|end| Backend { end, layer4 }));
        }
        (asked, chosen)
    }

    /// Tells of all what was found of those who stood for them.
    pub(crate) fn expand(&self, paths: &mut [Path]) {
        for path in paths {
            path.sources = self.all_sources(&path.sources);
            path.destinations = self.all_backends(&path.destinations);
            path.missing = path.missing.iter().flat_map(|fact| self.all_facts(fact)).collect();
        }
    }

    /// Everybody for whom some sources stand.
    pub(crate) fn all_sources(&self, asked: &[Endpoint]) -> Vec<Endpoint> {
        all(&self.sources, asked)
    }

    /// Everybody for whom some backends stand.
    pub(crate) fn all_backends(&self, asked: &[Endpoint]) -> Vec<Endpoint> {
        all(&self.backends, asked)
    }

    fn all_facts(&self, fact: &Fact) -> Vec<Fact> {
        let (id, make): (_, fn(NamespacedName) -> Fact) = match fact {
            Fact::PodAddress(id) => (id, Fact::PodAddress),
            Fact::PodNode(id) => (id, Fact::PodNode),
            other => return vec![other.clone()],
        };
        let end = Endpoint::Pod { id: id.clone(), address: None };
        let members = if self.sources.contains_key(&end) { &self.sources } else { &self.backends };
        let pods = all(members, &[end]).into_iter().filter_map(|end| match end {
            Endpoint::Pod { id, .. } => Some(make(id)),
            Endpoint::Node { .. } | Endpoint::Ip(_) => None,
        });
        pods.collect()
    }
}

/// One of a crowd, by preference one that `fits`, entered as standing for all; all of them if they are few.
fn choose(
    standing: &mut HashMap<Endpoint, Vec<Endpoint>>,
    crowd: &[&Endpoint],
    fits: impl Fn(&Endpoint) -> bool,
) -> Vec<Endpoint> {
    let all: Vec<Endpoint> = crowd.iter().map(|end| (*end).clone()).collect();
    match all.iter().find(|end| fits(end)).or(all.first()).cloned() {
        Some(one) if all.len() >= CROWD => {
            standing.insert(one.clone(), all);
            vec![one]
        }
        _ => all,
    }
}

fn all(standing: &HashMap<Endpoint, Vec<Endpoint>>, ends: &[Endpoint]) -> Vec<Endpoint> {
    let members = |end: &Endpoint| standing.get(end).cloned().unwrap_or_else(|| vec![end.clone()]);
    ends.iter().flat_map(members).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Items grouped by their looks, in the order in which they first appear.
fn crowds<'a, T, L: Eq + std::hash::Hash>(items: &'a [T], looks: impl Fn(&'a T) -> L) -> Vec<Vec<&'a T>> {
    let mut places: HashMap<L, usize> = HashMap::new();
    let mut crowds: Vec<Vec<&T>> = Vec::new();
    for item in items {
        let place = *places.entry(looks(item)).or_insert(crowds.len());
        if place == crowds.len() {
            crowds.push(Vec::new());
        }
        crowds[place].push(item);
    }
    crowds
}
