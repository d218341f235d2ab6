//! What rules ask of the world: whom a policy selects, whom a peer names, what the text says, what is known. What the engine
//! says is asked in `verdicts`.

mod verdicts;

use std::cell::OnceCell;
use std::collections::BTreeMap;

use podfence_engine::{Engine, PodId};
use podfence_model::{
    ClusterFacts, Direction, LabelSelector, Layer4, Life, Namespace, NamespaceScope, NamespacedName,
    NetworkPolicy, ObjectRef, Origin, Peer, PeerKind, Place, Pod, Rule, Service, ServicePort, TargetPort,
    World,
};
use podfence_source::{Field, Outlines, SourceMap, View};

use crate::dns::Case;
use crate::finding::Finding;
use crate::isolated::Isolated;

/// A world with its engine and its text.
pub struct Context<'a> {
    /// The world, workloads expanded, cluster DNS added.
    pub world: &'a World,
    /// The engine of that world.
    pub engine: &'a Engine,
    outlines: Outlines<'a>,
    pods: BTreeMap<&'a str, Vec<&'a Pod>>,
    /// Filled by [`crate::isolated::isolated`]: egress, ingress.
    pub(crate) isolated: [OnceCell<Vec<Isolated<'a>>>; 2],
    /// Filled by [`crate::dns::cases`].
    pub(crate) dns_cases: OnceCell<Vec<Case<'a>>>,
}

/// One rule of a policy and where it stands in it.
#[derive(Clone, Copy)]
pub(crate) struct PolicyRule<'a> {
    pub(crate) policy: &'a NetworkPolicy,
    pub(crate) direction: Direction,
    pub(crate) rule: &'a Rule,
}

impl<'a> Context<'a> {
    pub(crate) fn new(world: &'a World, engine: &'a Engine, sources: &'a SourceMap) -> Self {
        let mut pods: BTreeMap<&str, Vec<&Pod>> = BTreeMap::new();
        for pod in world.pods.values().filter(|pod| pod.life != Life::Finished) {
            pods.entry(&pod.meta.id.namespace).or_default().push(pod);
        }
        let outlines = Outlines::new(sources);
        Self { world, engine, outlines, pods, isolated: Default::default(), dns_cases: OnceCell::new() }
    }

    /// All policies, in the order of their names.
    pub(crate) fn policies(&self) -> impl Iterator<Item = &'a NetworkPolicy> + use<'a> {
        self.world.policies.values()
    }

    /// The policies of a namespace, in the order of their names.
    pub(crate) fn policies_in(&self, namespace: &str) -> impl Iterator<Item = &'a NetworkPolicy> + use<'a> {
        let from = NamespacedName::new(namespace, "");
        let behind = self.world.policies.range(from..).map(|(_, policy)| policy);
        let namespace = namespace.to_owned();
        behind.take_while(move |policy| policy.meta.id.namespace == namespace)
    }

    /// Every rule that counts: those of directions that its policy does not state are left out.
    pub(crate) fn rules(&self) -> impl Iterator<Item = PolicyRule<'a>> + use<'a> {
        self.policies().flat_map(|policy| {
            let live = Direction::BOTH.into_iter().filter(|direction| policy.directions.contains(*direction));
            live.flat_map(move |direction| {
                policy.rules(direction).iter().map(move |rule| PolicyRule { policy, direction, rule })
            })
        })
    }

    /// Every peer of a rule that counts.
    pub(crate) fn peers(&self) -> impl Iterator<Item = (PolicyRule<'a>, &'a Peer)> + use<'a> {
        self.rules().flat_map(|rule| rule.rule.peers.iter().map(move |peer| (rule, peer)))
    }

    /// What was told about the cluster.
    pub(crate) fn facts(&self) -> &'a ClusterFacts {
        &self.world.facts
    }

    // Text.

    /// The text at a place; `None` for what was not read from a text.
    pub(crate) fn view(&self, place: Option<&Place>) -> Option<View<'_, 'a>> {
        self.outlines.at(place?)
    }

    /// The text of an object.
    pub(crate) fn object(&self, origin: &Origin) -> Option<View<'_, 'a>> {
        self.view(place_of(origin))
    }

    /// The text of a policy's `spec`.
    pub(crate) fn spec(&self, policy: &NetworkPolicy) -> Option<View<'_, 'a>> {
        self.object(&policy.meta.origin)?.get(&["spec"])
    }

    /// The text of a rule's `from` or `to`.
    pub(crate) fn peer_list(
        &self,
        PolicyRule { rule, direction, .. }: PolicyRule<'_>,
    ) -> Option<View<'_, 'a>> {
        let key = if direction == Direction::Ingress { "from" } else { "to" };
        self.view(rule.place.as_ref())?.get(&[key])
    }

    /// The field of a peer that has this key, with its place.
    pub(crate) fn peer_field(&self, peer: &Peer, key: &str) -> Option<Field<'_, 'a>> {
        self.view(peer.place.as_ref())?.field(key)
    }

    /// Where a policy says whom it selects: `podSelector` with its value, or else the object's first line.
    pub(crate) fn subject_place(&self, policy: &NetworkPolicy) -> Option<Place> {
        let stated = self.spec(policy).and_then(|spec| Some(spec.field("podSelector")?.place()));
        stated.or_else(|| place_of(&policy.meta.origin).cloned())
    }

    /// The main places of the object that a finding is about.
    pub(crate) fn origin_of(&self, finding: &Finding) -> Option<&'a Place> {
        place_of(self.origin(finding.object.as_ref()?)?)
    }

    /// An annotation of the object that a finding is about.
    pub(crate) fn annotated(&self, finding: &Finding, name: &str) -> Option<&str> {
        let object = self.object(self.origin(finding.object.as_ref()?)?)?;
        object.get(&["metadata", "annotations", name])?.text()
    }

    /// Objects of kinds without a name in the model, and where they were read.
    fn callers(&self) -> impl Iterator<Item = (&'a ObjectRef, &'a Origin)> {
        let callbacks = self.world.callbacks.iter().map(|call| (&call.object, &call.origin));
        let monitors = self.world.monitors.iter().map(|monitor| (&monitor.object, &monitor.origin));
        let workloads = self.world.workloads.values().map(|workload| (&workload.id, &workload.origin));
        callbacks.chain(monitors).chain(workloads)
    }

    fn origin(&self, object: &ObjectRef) -> Option<&'a Origin> {
        use podfence_model::Kind;
        let id = NamespacedName::new(&object.namespace, &object.name);
        match object.kind {
            Kind::NetworkPolicy => self.world.policies.get(&id).map(|policy| &policy.meta.origin),
            Kind::Service => self.world.services.get(&id).map(|service| &service.meta.origin),
            Kind::Ingress => self.world.ingresses.get(&id).map(|ingress| &ingress.meta.origin),
            Kind::Pod => self.world.pods.get(&id).map(|pod| &pod.meta.origin),
            Kind::Namespace => self.world.namespaces.get(&object.name).map(|namespace| &namespace.origin),
            Kind::Other(_) => self.callers().find(|(known, _)| *known == object).map(|(_, origin)| origin),
            _ => self.world.workloads.get(object).map(|workload| &workload.origin),
        }
    }

    /// The text of a pod's `spec`, in its own object or in its workload's template.
    pub(crate) fn pod_spec(&self, pod: &Pod) -> Option<View<'_, 'a>> {
        let object = self.object(&pod.meta.origin)?;
        let ways: [&[&str]; 3] =
            [&["spec", "jobTemplate", "spec", "template", "spec"], &["spec", "template", "spec"], &["spec"]];
        ways.into_iter().find_map(|way| object.get(way))
    }

    // Pods and namespaces.

    /// The pods of a namespace that have not finished, those on the host's network included.
    pub(crate) fn pods_in(&self, namespace: &str) -> &[&'a Pod] {
        self.pods.get(namespace).map_or(&[], Vec::as_slice)
    }

    /// All pods that have not finished.
    pub(crate) fn pods(&self) -> impl Iterator<Item = &'a Pod> + '_ {
        self.pods.values().flatten().copied()
    }

    /// The pods that a selector matches in a namespace.
    pub(crate) fn matching(&self, namespace: &str, selector: &LabelSelector) -> Vec<&'a Pod> {
        let pods = self.pods_in(namespace).iter();
        pods.filter(|pod| selector.matches(&pod.meta.labels)).copied().collect()
    }

    /// The pods whose labels a policy selects. Those with `hostNetwork` are among them, although it has no effect on them.
    pub(crate) fn selected(&self, policy: &NetworkPolicy) -> Vec<&'a Pod> {
        self.matching(&policy.meta.id.namespace, &policy.subject)
    }

    /// The pods that a policy isolates.
    pub(crate) fn subjects(&self, policy: &NetworkPolicy) -> Vec<(PodId, &'a Pod)> {
        let selected = self.selected(policy).into_iter().filter(|pod| pod.is_policed());
        selected.filter_map(|pod| Some((self.engine.pod_id(&pod.meta.id)?, pod))).collect()
    }

    /// Known namespaces that a peer of a policy in `home` looks into. Those whose labels nobody has stated are left out.
    pub(crate) fn peer_namespaces(&self, home: &str, scope: &NamespaceScope) -> Vec<&'a Namespace> {
        let namespaces = self.world.namespaces.values();
        match scope {
            NamespaceScope::Own => namespaces.filter(|namespace| namespace.name == home).collect(),
            NamespaceScope::Matching(selector) => namespaces
                .filter(|namespace| namespace.labels_known || selector.is_everything())
                .filter(|namespace| selector.matches(&namespace.labels))
                .collect(),
        }
    }

    /// The pods that a peer names today; empty for blocks. Pods of namespaces without known labels are left out.
    pub(crate) fn peer_pods(&self, policy: &NetworkPolicy, peer: &Peer) -> Vec<&'a Pod> {
        let PeerKind::Pods { namespaces, pods } = &peer.kind else { return Vec::new() };
        let looked_into = self.peer_namespaces(&policy.meta.id.namespace, namespaces);
        looked_into.iter().flat_map(|namespace| self.matching(&namespace.name, pods)).collect()
    }

    /// Whether a Service's selector matches a pod.
    pub(crate) fn fronts(service: &Service, pod: &Pod) -> bool {
        let selector = service.selector.as_ref();
        let has = |(key, value): (&String, &String)| pod.meta.labels.get(key) == Some(value);
        pod.meta.id.namespace == service.meta.id.namespace && selector.is_some_and(|s| s.iter().all(has))
    }

    /// What those of some pods that a Service selects listen on for it.
    pub(crate) fn listens(service: &Service, pods: &[&Pod]) -> Vec<Layer4> {
        let behind = pods.iter().filter(|pod| Self::fronts(service, pod));
        let of_pod = |pod: &&&Pod| -> Vec<Layer4> {
            let target = |port: &ServicePort| match &port.target {
                TargetPort::Number(number) => Some(*number),
                TargetPort::Named(name) => pod.named_port(name, port.protocol).next(),
            };
            let ports = service.ports.iter();
            ports.filter_map(|port| Some(Layer4::Port(port.protocol, target(port)?))).collect()
        };
        behind.take(1).flat_map(|pod| of_pod(&pod)).collect()
    }

    // What is known.

    /// Whether the input states who lives in a namespace: it has pods or workloads there, and no object of an unknown kind
    /// that an operator may make pods of.
    pub(crate) fn knows_pods_of(&self, namespace: &str) -> bool {
        let stated = self.pods_in(namespace).iter().any(|pod| !matches!(pod.meta.origin, Origin::Assumed(_)));
        (stated || self.facts().complete) && !self.makes_unknown_pods(namespace)
    }

    /// Whether an object of an unknown kind may make pods in a namespace.
    pub(crate) fn makes_unknown_pods(&self, namespace: &str) -> bool {
        let may_make = |object: &podfence_model::UnknownObject| {
            object.id.namespace == namespace || object.id.namespace.is_empty()
        };
        self.world.unknown.iter().any(may_make)
    }

    /// Whether the input states every namespace there is.
    pub(crate) fn knows_all_namespaces(&self) -> bool {
        self.facts().complete
    }
}

/// The place of an object that was read from a text.
pub(crate) fn place_of(origin: &Origin) -> Option<&Place> {
    match origin {
        Origin::File(place) => Some(place),
        Origin::Api(_) | Origin::Assumed(_) => None,
    }
}

/// Where a selector names a label: the value in `matchLabels`, or the item of `matchExpressions`.
pub(crate) fn label_view<'o, 's>(selector: View<'o, 's>, key: &str) -> Option<View<'o, 's>> {
    let equal = selector.get(&["matchLabels", key]);
    equal.or_else(|| {
        let mut expressions = selector.get(&["matchExpressions"])?.items();
        expressions.find(|item| item.get(&["key"]).and_then(|k| k.text()) == Some(key))
    })
}
