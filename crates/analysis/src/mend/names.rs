//! How policies can name some ends: as peers, and pods as the subject of a policy.
//!
//! Each way is a variant: by one label, the label of the application first, by all labels, by namespace. Which of them opens
//! least is for the engine to say.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use podfence_model::{
    Cidr, Endpoint, IpBlock, LabelSelector, Labels, METADATA_NAME, NamespaceScope, ObjectRef, PeerKind, Pod,
    Requirement, World,
};

/// Labels that say which application a pod belongs to, the best first.
const BEST: [&str; 6] =
    ["app.kubernetes.io/name", "app", "k8s-app", "name", "app.kubernetes.io/component", "component"];
/// Labels that controllers give to single pods or versions of them.
const VOLATILE: [&str; 4] = [
    "pod-template-hash",
    "controller-revision-hash",
    "pod-template-generation",
    "statefulset.kubernetes.io/pod-name",
];
/// Labels tried one by one.
const SINGLE: usize = 4;
/// Workloads that get an item each.
const EACH: usize = 4;

/// Ends as policies see them.
struct Sorted<'w> {
    pods: BTreeMap<&'w str, Vec<&'w Pod>>,
    addresses: BTreeSet<IpAddr>,
}

/// The ways to name some ends in `from` or `to` of a policy in a namespace, the likeliest first; none where an end has
/// neither labels that policies see nor a known address.
pub(super) fn peers(world: &World, home: &str, ends: &[Endpoint]) -> Vec<Vec<PeerKind>> {
    let Some(sorted) = sort(world, ends) else { return Vec::new() };
    let blocks: Vec<PeerKind> = sorted.addresses.iter().filter_map(|ip| block(*ip)).collect();
    let scope = |namespace: &str| match namespace {
        own if own == home => NamespaceScope::Own,
        other => NamespaceScope::Matching(equals(METADATA_NAME, other)),
    };
    let item = |namespace: &str, pods| PeerKind::Pods { namespaces: scope(namespace), pods };
    let options: Vec<(&str, Vec<Vec<LabelSelector>>)> =
        sorted.pods.iter().map(|(namespace, pods)| (*namespace, ways(pods))).collect();
    let most = options.iter().map(|(_, ways)| ways.len()).max().unwrap_or(1);
    let variant = |n: usize| {
        let of = |(namespace, ways): &(&str, Vec<Vec<LabelSelector>>)| -> Vec<PeerKind> {
            let way = ways.get(n).or(ways.last()).cloned().unwrap_or_default();
            way.into_iter().map(|pods| item(namespace, pods)).collect()
        };
        options.iter().flat_map(of).chain(blocks.iter().cloned()).collect()
    };
    (0..most).map(variant).collect()
}

/// The ways to select these pods, all of one namespace, as the subject of a policy.
pub(super) fn subjects(world: &World, ends: &[Endpoint]) -> Vec<(String, LabelSelector)> {
    let Some(Sorted { pods, addresses }) = sort(world, ends) else { return Vec::new() };
    let mut namespaces = pods.into_iter();
    match (namespaces.next(), namespaces.next()) {
        (Some((namespace, pods)), None) if addresses.is_empty() => {
            let single = ways(&pods).into_iter().filter(|way| way.len() == 1).flatten();
            single.map(|selector| (namespace.to_owned(), selector)).collect()
        }
        _ => Vec::new(),
    }
}

/// The pods of one namespace, each way as selectors of which each takes a part of them.
fn ways(pods: &[&Pod]) -> Vec<Vec<LabelSelector>> {
    let labels = common_labels(pods.iter().copied());
    let singles = best(&labels).into_iter().take(SINGLE);
    let mut ways: Vec<Vec<LabelSelector>> = singles.map(|(key, value)| vec![equals(key, value)]).collect();
    if labels.len() > 1 {
        ways.push(vec![labels.iter().map(|(key, value)| Requirement::equals(key, value)).collect()]);
    }
    ways.extend(each_workload(pods));
    ways.push(vec![LabelSelector::everything()]);
    ways
}

/// One selector for each workload, where there are several.
fn each_workload(pods: &[&Pod]) -> Option<Vec<LabelSelector>> {
    let mut of: BTreeMap<Option<&ObjectRef>, Vec<&Pod>> = BTreeMap::new();
    for pod in pods {
        of.entry(pod.workload.as_ref()).or_default().push(pod);
    }
    let one = |pods: &Vec<&Pod>| {
        let labels = common_labels(pods.iter().copied());
        best(&labels).first().map(|(key, value)| equals(key, value))
    };
    let selectors: BTreeSet<LabelSelector> = of.values().map(one).collect::<Option<_>>()?;
    (2..=EACH).contains(&selectors.len()).then(|| selectors.into_iter().collect())
}

/// Labels that all of them have, but for those that come and go.
fn common_labels<'a>(mut pods: impl Iterator<Item = &'a Pod>) -> Labels {
    let first = pods.next().map(|pod| pod.meta.labels.clone()).unwrap_or_default();
    let mut common: Labels = first.into_iter().filter(|(key, _)| !VOLATILE.contains(&key.as_str())).collect();
    pods.for_each(|pod| common.retain(|key, value| pod.meta.labels.get(key) == Some(value)));
    common
}

/// Labels, those that name an application first.
fn best(labels: &Labels) -> Vec<(&str, &str)> {
    let mut all: Vec<(&str, &str)> =
        labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    all.sort_by_key(|(key, _)| BEST.iter().position(|best| best == key).unwrap_or(BEST.len()));
    all
}

fn equals(key: &str, value: &str) -> LabelSelector {
    [Requirement::equals(key, value)].into_iter().collect()
}

fn block(ip: IpAddr) -> Option<PeerKind> {
    IpBlock::new(Cidr::host(ip), Vec::new()).ok().map(PeerKind::Block)
}

/// Pods by namespace, and the addresses of all others; `None` where an address is not known.
fn sort<'w>(world: &'w World, ends: &[Endpoint]) -> Option<Sorted<'w>> {
    let mut sorted = Sorted { pods: BTreeMap::new(), addresses: BTreeSet::new() };
    for end in ends {
        match end {
            Endpoint::Ip(ip) => drop(sorted.addresses.insert(*ip)),
            Endpoint::Node { name, address } => sorted.addresses.extend(of_node(world, name, *address)?),
            Endpoint::Pod { id, address } => match world.pods.get(id)? {
                pod if pod.is_policed() => sorted.pods.entry(&pod.meta.id.namespace).or_default().push(pod),
                pod => sorted.addresses.extend(of_node(world, pod.node.as_deref()?, *address)?),
            },
        }
    }
    Some(sorted)
}

fn of_node(world: &World, name: &str, chosen: Option<IpAddr>) -> Option<Vec<IpAddr>> {
    let all = &world.nodes.get(name)?.addresses;
    let used: Vec<IpAddr> = chosen.map_or_else(|| all.clone(), |one| vec![one]);
    (!used.is_empty()).then_some(used)
}
