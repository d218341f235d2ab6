//! Names and phrases that several renderers share, so that one thing is called the same everywhere.

use std::collections::BTreeSet;

use podfence_analysis::resolve::Resolved;
use podfence_analysis::{
    Asked, EveryPort, Explanation, Idle, Path, ServiceStep, Verdict, Via, WhyIdle, short_kind,
};
use podfence_engine::{Fact, Outcome, Party, RuleRef};
pub(crate) use podfence_model::words::{SHOWN, count, list};
use podfence_model::{
    Direction, Endpoint, Kind, Layer4, Life, NamespaceScope, NamespacedName, NetworkPolicy, ObjectRef,
    Origin, PeerKind, Rule, TargetPort, World,
};

/// How many pods of a namespace may be left out of what is called all of it.
const LEFT_OUT: usize = 3;

/// `a`, `a and b`, `a, b and c`: whole, however long.
pub(crate) fn all_of(texts: &[String]) -> String {
    joined(texts, "and")
}

/// `a`, `a or b`, `a, b or c`.
pub(crate) fn any_of(texts: &[String]) -> String {
    joined(texts, "or")
}

fn joined(texts: &[String], word: &str) -> String {
    match texts {
        [init @ .., last] if !init.is_empty() => format!("{} {word} {last}", init.join(", ")),
        few => few.join(""),
    }
}

/// An end of a path, with its address where the answer hangs on it.
pub(crate) fn end(end: &Endpoint) -> String {
    match end {
        Endpoint::Ip(ip) => ip.to_string(),
        _ => match end.address() {
            Some(ip) => format!("{end} at {ip}"),
            None => end.to_string(),
        },
    }
}

/// Ends as a list, or as the pods of their workload where they are too many to be named.
pub(crate) fn ends(world: &World, ends: &[Endpoint]) -> String {
    if let Some(workload) = workload_of(world, ends).filter(|_| ends.len() > SHOWN) {
        return format!("{} pods of {}", ends.len(), object(workload));
    }
    if let Some(text) = most_of_namespace(world, ends).filter(|_| ends.len() > SHOWN) {
        return text;
    }
    list(&ends.iter().map(end).collect::<Vec<_>>())
}

/// The one workload that makes all of these pods.
fn workload_of<'w>(world: &'w World, ends: &[Endpoint]) -> Option<&'w ObjectRef> {
    let mut workloads = ends.iter().map(|end| match end {
        Endpoint::Pod { id, address: None } => world.pods.get(id)?.workload.as_ref(),
        _ => None,
    });
    let first = workloads.next()??;
    workloads.all(|other| other == Some(first)).then_some(first)
}

/// `all of shop but shop/db-0`, where that leaves out few.
fn most_of_namespace(world: &World, ends: &[Endpoint]) -> Option<String> {
    let named: Option<BTreeSet<&NamespacedName>> = ends.iter().map(unaddressed).collect();
    let named = named?;
    let namespace = &named.first()?.namespace;
    if named.iter().any(|id| id.namespace != *namespace) {
        return None;
    }
    let here = world.pods.values().filter(|pod| pod.meta.id.namespace == *namespace);
    let others = here.filter(|pod| pod.life != Life::Finished && !named.contains(&pod.meta.id));
    let others: Vec<String> = others.map(|pod| pod.meta.id.to_string()).collect();
    match others.len() {
        0 => Some(format!("all of {namespace}")),
        1..=LEFT_OUT => Some(format!("all of {namespace} but {}", list(&others))),
        _ => None,
    }
}

/// A pod whose answer hangs on no address.
fn unaddressed(end: &Endpoint) -> Option<&NamespacedName> {
    match end {
        Endpoint::Pod { id, address: None } => Some(id),
        _ => None,
    }
}

/// Pods as a list, `(assumed)` behind the whole where no input states them.
pub(crate) fn pods(world: &World, ids: &[NamespacedName]) -> String {
    let names: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let assumed = |id| world.pods.get(id).is_some_and(|p| matches!(p.meta.origin, Origin::Assumed(_)));
    let assumed = if ids.iter().all(assumed) { " (assumed)" } else { "" };
    format!("{}{assumed}", list(&names))
}

/// What a target means, in the form in which it may be typed.
pub(crate) fn asked(asked: &Asked) -> String {
    match &asked.means {
        Resolved::Pods { of, .. } if of.kind == Kind::Pod => format!("{}/{}", of.namespace, of.name),
        Resolved::Pods { of, .. } => object(of),
        Resolved::Service { id, .. } => format!("{}/svc/{}", id.namespace, id.name),
        Resolved::Node(name) => format!("node/{name}"),
        Resolved::Ip(ip) => ip.to_string(),
    }
}

/// How many pods a target means, where it is not plainly one.
fn several_pods(asked: &Asked) -> Option<String> {
    match &asked.means {
        Resolved::Pods { pods, .. } if pods.len() > 1 => Some(count(pods.len(), "pod", "pods")),
        _ => None,
    }
}

/// An end of a question without a port: `shop/deploy/web (2 pods)`.
pub(crate) fn counted(end: &Asked) -> String {
    let pods = several_pods(end).map(|pods| format!(" ({pods})")).unwrap_or_default();
    format!("{}{pods}", asked(end))
}

/// `NAMESPACE/KIND/NAME`.
pub(crate) fn object(object: &ObjectRef) -> String {
    let mut text = String::new();
    push_object(&mut text, object);
    text
}

/// The same, behind a text.
pub(crate) fn push_object(text: &mut String, object: &ObjectRef) {
    if !object.namespace.is_empty() {
        text.extend([&object.namespace, "/"]);
    }
    text.extend([&short_kind(&object.kind), "/", &object.name]);
}

/// The destination with its port, and the protocol in brackets: `shop/svc/nginx:1234 (TCP)`.
pub(crate) fn destination(explanation: &Explanation<'_>) -> String {
    let who = asked(&explanation.destination);
    let layer4 = asked_layer4(explanation);
    let (port, protocol) = match layer4 {
        Some(Layer4::Port(protocol, port)) => (format!(":{port}"), Some(protocol.to_string())),
        Some(Layer4::Icmp) => (String::new(), Some("ICMP".to_owned())),
        None => (String::new(), None),
    };
    let who = if who.contains(':') && !port.is_empty() { format!("[{who}]") } else { who };
    let brackets: Vec<String> = several_pods(&explanation.destination).into_iter().chain(protocol).collect();
    let brackets = if brackets.is_empty() { String::new() } else { format!(" ({})", brackets.join(", ")) };
    format!("{who}{port}{brackets}")
}

/// What was asked for, before a Service translates it; `None` when it differs from pod to pod.
pub(crate) fn asked_layer4(explanation: &Explanation<'_>) -> Option<Layer4> {
    if let Some(ServiceStep { via: Via::NodePort { layer4, .. }, .. }) = &explanation.service {
        return Some(*layer4);
    }
    if let Some(ServiceStep { port: Some(port), .. }) = &explanation.service {
        return Some(Layer4::Port(port.protocol, port.port));
    }
    let mut all = explanation.paths.iter().map(|p| p.layer4);
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

/// A `targetPort`, or the port that an Ingress names: number or name.
pub(crate) fn target_port(port: &TargetPort) -> String {
    match port {
        TargetPort::Number(number) => number.to_string(),
        TargetPort::Named(name) => name.clone(),
    }
}

/// The verdict in one word, as everywhere in Podfence.
pub(crate) fn verdict(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Allowed => "allowed",
        Verdict::Denied => "denied",
        Verdict::Depends => "depends",
        Verdict::Undecidable => "undecidable",
    }
}

/// An outcome in one word.
pub(crate) fn outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Allowed => "allowed",
        Outcome::Denied => "denied",
        Outcome::Undecidable(_) => "undecidable",
    }
}

/// What is missing for a verdict, each with how to supply it.
pub(crate) fn missing(explanation: &Explanation<'_>) -> Vec<(String, String)> {
    if let Some(ServiceStep { via: Via::Alias(host), .. }) = &explanation.service {
        return vec![(format!("the address that {host} resolves to"), alias_supply(host))];
    }
    explanation.missing().into_iter().map(supplied).collect()
}

/// The same of an answer about every port.
pub(crate) fn missing_of_ports(answer: &EveryPort<'_>) -> Vec<(String, String)> {
    missing_of(answer.pairs.iter().flat_map(|pair| &pair.parts).map(|part| &part.path))
}

/// The same of some paths.
pub(crate) fn missing_of<'a>(paths: impl Iterator<Item = &'a Path>) -> Vec<(String, String)> {
    let facts: BTreeSet<&Fact> = paths.flat_map(|path| &path.missing).collect();
    facts.into_iter().map(supplied).collect()
}

/// A fact, and how to supply it.
pub(crate) fn supplied(fact: &Fact) -> (String, String) {
    (fact.to_string(), supply(fact))
}

/// An alias may lead to another Service of the cluster.
fn alias_supply(host: &str) -> String {
    let parts: Vec<&str> = host.trim_end_matches('.').split('.').collect();
    match parts[..] {
        [name, namespace, "svc", ..] => format!("ask about {namespace}/svc/{name}"),
        _ => "ask about that address instead of the Service".to_owned(),
    }
}

/// How to supply a missing fact.
fn supply(fact: &Fact) -> String {
    match fact {
        Fact::NamespaceLabels(name) => format!("add the Namespace object `{name}` to the input"),
        Fact::PodAddress(_) => {
            "give a Pod with `status.podIPs`, or ask about an address instead of the pod".to_owned()
        }
        Fact::NodeAddress(_) => "give a Node with `status.addresses`".to_owned(),
        Fact::WhichAddress(_) => "ask about one of the addresses".to_owned(),
        Fact::PodNode(_) => "state `spec.nodeName`".to_owned(),
    }
}

/// `egress rule 2`; rules count from 1 for people.
pub(crate) fn rule_name(rule: &RuleRef) -> String {
    format!("{} rule {}", rule.direction, rule.rule + 1)
}

/// ` (line 12)`, for where the file is plain from the context, or nothing.
pub(crate) fn line(rule: &RuleRef) -> String {
    rule.place.as_ref().map(|place| format!(" (line {})", place.line)).unwrap_or_default()
}

/// ` (policy.yaml:12)`, or nothing.
pub(crate) fn place(rule: &RuleRef) -> String {
    rule.place.as_ref().map(|place| format!(" ({place})")).unwrap_or_default()
}

/// The policy and the rule that a reference means.
pub(crate) fn rule<'w>(world: &'w World, rule: &RuleRef) -> Option<(&'w NetworkPolicy, &'w Rule)> {
    let policy = world.policies.get(&rule.policy)?;
    policy.rules(rule.direction).get(rule.rule).map(|found| (policy, found))
}

/// What a rule admits by the items that match: `to pods with app=web in its own namespace, TCP 80`.
pub(crate) fn admits(world: &World, reference: &RuleRef) -> String {
    let Some((policy, rule)) = rule(world, reference) else { return String::new() };
    let preposition = preposition(reference.direction);
    let peer = reference.peer.and_then(|i| rule.peers.get(i));
    let peer = peer.map_or_else(|| "everybody".to_owned(), |p| peer_text(&p.kind, &policy.meta.id.namespace));
    let port = reference.port.and_then(|i| rule.ports.get(i));
    let port = port.map_or_else(|| "every port".to_owned(), ToString::to_string);
    format!("{preposition} {peer}, {port}")
}

/// Whom a peer item names, its own namespace by name.
pub(crate) fn peer_text(peer: &PeerKind, own: &str) -> String {
    match peer {
        PeerKind::Pods { namespaces: NamespaceScope::Own, pods } if pods.is_everything() => {
            format!("every pod in namespace {own}")
        }
        PeerKind::Pods { namespaces: NamespaceScope::Own, pods } => {
            format!("pods with {pods} in namespace {own}")
        }
        PeerKind::Pods { .. } | PeerKind::Block(_) => peer.to_string(),
    }
}

/// `to` for egress, `from` for ingress.
pub(crate) fn preposition(direction: Direction) -> &'static str {
    match direction {
        Direction::Egress => "to",
        Direction::Ingress => "from",
    }
}

/// Why no policy is asked about ends that no policy can select.
pub(crate) fn unpoliced(world: &World, subjects: &[Endpoint], party: &Party) -> String {
    let who = ends(world, subjects);
    match (party, subjects.first()) {
        (Party::Node { .. }, Some(Endpoint::Pod { .. })) => {
            format!("{who} uses its node's network (hostNetwork), and no policy selects that")
        }
        (Party::Node { .. }, _) => format!("policies select only pods, and {who} is a node"),
        (Party::UnknownPod(_), _) => format!("no known pod has {who}, so no known policy selects it"),
        (Party::Outside(_), _) => format!("policies select only pods, and {who} is outside the cluster"),
        (Party::Pod { .. }, _) => format!("no policy selects {who}"),
    }
}

/// A policy that chooses nobody is mostly one in the wrong namespace.
pub(crate) fn idle(idle: &Idle<'_>) -> String {
    let NetworkPolicy { meta, .. } = idle.policy;
    let why = match idle.why {
        WhyIdle::NoPods => format!("namespace {} has no pods", meta.id.namespace),
        WhyIdle::NoMatch => format!("no pod of namespace {} matches its podSelector", meta.id.namespace),
    };
    format!("note: policy {} ({}) chooses no pod: {why}", meta.id, meta.origin)
}
