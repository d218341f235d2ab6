//! Pods that the same policies isolate in a direction: what these policies say of one of them, they say of all.
//!
//! Rules that claim a denial or a permission ask about each such group once, over all of its policies. Where the input
//! states no pod of a namespace, all its policies of the direction make one group without pods: what none of them
//! admits is admitted to nobody there. Start with [`isolated`].

use std::collections::{BTreeMap, HashMap};

use podfence_engine::PolicyId;
use podfence_model::{Direction, Labels, Layer4, NetworkPolicy, Pod, PortMatch, PortSet, PortSpec, Rule};

use crate::context::{Context, PolicyRule};

/// One group.
#[derive(Clone)]
pub(crate) struct Isolated<'a> {
    /// The direction.
    pub(crate) direction: Direction,
    /// Never empty, in the order of their names.
    pub(crate) policies: Vec<&'a NetworkPolicy>,
    /// Empty where the input states no pod of the namespace.
    pub(crate) pods: Vec<&'a Pod>,
}

impl<'a> Isolated<'a> {
    /// All rules of all policies.
    pub(crate) fn rules(&self) -> impl Iterator<Item = PolicyRule<'a>> + use<'a, '_> {
        let direction = self.direction;
        self.policies.iter().flat_map(move |policy| {
            policy.rules(direction).iter().map(move |rule| PolicyRule { policy, direction, rule })
        })
    }
}

/// All groups of a direction, in the order of their namespaces.
pub(crate) fn isolated<'c, 'a>(context: &'c Context<'a>, direction: Direction) -> &'c [Isolated<'a>] {
    let known = &context.isolated[usize::from(direction == Direction::Ingress)];
    known.get_or_init(|| find(context, direction))
}

fn find<'a>(context: &Context<'a>, direction: Direction) -> Vec<Isolated<'a>> {
    let mut groups: BTreeMap<(&str, Vec<PolicyId>), Vec<&'a Pod>> = BTreeMap::new();
    let mut known: HashMap<(&str, &Labels), Vec<PolicyId>> = HashMap::new();
    for pod in context.pods().filter(|pod| pod.is_policed()) {
        let Some(id) = context.engine.pod_id(&pod.meta.id) else { continue };
        let namespace = pod.meta.id.namespace.as_str();
        let policies = known
            .entry((namespace, &pod.meta.labels))
            .or_insert_with(|| context.engine.isolating(id, direction));
        if !policies.is_empty() {
            groups.entry((namespace, policies.clone())).or_default().push(pod);
        }
    }
    let with_pods = groups.into_iter().map(|((_, ids), pods)| Isolated {
        direction,
        policies: ids.into_iter().map(|id| context.engine.policy(id)).collect(),
        pods,
    });
    with_pods.chain(without_pods(context, direction)).collect()
}

fn without_pods<'a>(context: &Context<'a>, direction: Direction) -> Vec<Isolated<'a>> {
    let mut by_namespace: BTreeMap<&str, Vec<&'a NetworkPolicy>> = BTreeMap::new();
    for policy in context.policies().filter(|policy| policy.directions.contains(direction)) {
        let namespace = policy.meta.id.namespace.as_str();
        if context.pods_in(namespace).is_empty() {
            by_namespace.entry(namespace).or_default().push(policy);
        }
    }
    let group = |policies| Isolated { direction, policies, pods: Vec::new() };
    by_namespace.into_values().map(group).collect()
}

/// Whether a rule may admit something on a port: a name may mean any.
pub(crate) fn may_use(rule: &Rule, layer4: Layer4) -> bool {
    let named = rule.ports.iter().any(|item| matches!(item.ports, PortSpec::Named(_)));
    named || numbered_ports(rule).contains(layer4)
}

/// The ports that a rule names by number, or all of them where it names none. Named ports are left out.
pub(crate) fn numbered_ports(rule: &Rule) -> PortSet {
    if rule.ports.is_empty() {
        return PortSet::all();
    }
    rule.ports.iter().fold(PortSet::NONE, |all, item| all.union(&numbers(item)))
}

/// The ports of one item; none for a name.
pub(crate) fn numbers(item: &PortMatch) -> PortSet {
    match &item.ports {
        PortSpec::All => PortSet::range(item.protocol, 0, u16::MAX),
        PortSpec::Range(range) => PortSet::range(item.protocol, range.first().get(), range.last().get()),
        PortSpec::Named(_) => PortSet::NONE,
    }
}
