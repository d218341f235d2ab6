//! Which pods of a namespace policies isolate, and which they do not. Start with [`covers`].

use std::collections::{BTreeMap, HashMap};

use podfence_model::{Direction, Labels, Origin, Pod};

use crate::context::Context;

/// A namespace with pods in the input that are not on the host's network.
pub(crate) struct Cover<'a> {
    /// Its name.
    pub(crate) namespace: &'a str,
    /// Its pods.
    pub(crate) pods: Vec<&'a Pod>,
    /// Per direction, whether each pod is isolated.
    isolated: [Vec<bool>; 2],
    /// Per direction, whether a policy isolates whoever comes.
    by_default: [bool; 2],
}

impl<'a> Cover<'a> {
    /// Whether new pods are open in a direction, and no pod stands out.
    pub(crate) fn is_open(&self, direction: Direction) -> bool {
        !self.by_default[place(direction)] && self.forgotten(direction).next().is_none()
    }

    /// Pods that are open in a direction in which others are isolated.
    pub(crate) fn forgotten(&self, direction: Direction) -> impl Iterator<Item = &'a Pod> {
        let isolated = &self.isolated[place(direction)];
        let some = isolated.contains(&true);
        self.pods.iter().zip(isolated).filter(move |(_, isolated)| some && !**isolated).map(|(pod, _)| *pod)
    }
}

/// All namespaces with pods in the input, but for Kubernetes' own.
pub(crate) fn covers<'a>(context: &Context<'a>) -> Vec<Cover<'a>> {
    let mut by_namespace: BTreeMap<&str, Vec<&'a Pod>> = BTreeMap::new();
    let stated = |pod: &&Pod| pod.is_policed() && !matches!(pod.meta.origin, Origin::Assumed(_));
    for pod in context.pods().filter(stated) {
        let namespace = pod.meta.id.namespace.as_str();
        if !namespace.starts_with("kube-") && !namespace.starts_with("openshift-") {
            by_namespace.entry(namespace).or_default().push(pod);
        }
    }
    by_namespace.into_iter().map(|(namespace, pods)| cover(context, namespace, pods)).collect()
}

fn cover<'a>(context: &Context<'a>, namespace: &'a str, pods: Vec<&'a Pod>) -> Cover<'a> {
    let here = || context.policies().filter(|policy| policy.meta.id.namespace == namespace);
    let by_default = Direction::BOTH.map(|direction| {
        here().any(|policy| policy.directions.contains(direction) && policy.subject.is_everything())
    });
    let mut known: HashMap<&Labels, [bool; 2]> = HashMap::new();
    let mut isolated: [Vec<bool>; 2] = Default::default();
    for pod in &pods {
        let is = known.entry(&pod.meta.labels).or_insert_with(|| {
            let id = context.engine.pod_id(&pod.meta.id);
            Direction::BOTH.map(|direction| id.is_some_and(|id| context.is_isolated(id, direction)))
        });
        isolated.iter_mut().zip(*is).for_each(|(list, is)| list.push(is));
    }
    Cover { namespace, pods, isolated, by_default }
}

/// As in [`Direction::BOTH`].
fn place(direction: Direction) -> usize {
    usize::from(direction == Direction::Ingress)
}
