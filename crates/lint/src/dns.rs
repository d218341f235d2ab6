//! Where pods ask for names, and why those that are isolated for egress cannot.
//!
//! One look for all rules of the family, so that each case is told by exactly one of them: [`cases`] finds the groups of pods
//! whose policies, taken together, let out no question, and the [`Trouble`] that says why. Without facts about the
//! cluster it is silent wherever another DNS than the assumed one could be meant. Whom pods ask is in `servers`.

mod servers;

use std::net::IpAddr;

use podfence_analysis::assumed::{DNS_PORT, is_cluster_dns, is_dns_namespace};
use podfence_engine::Outcome;
use podfence_model::{
    Cidr, Direction, Layer4, METADATA_NAME, NamespaceScope, Operator, Peer, PeerKind, Pod, Port, PortMatch,
    PortSpec, Protocol, Requirement,
};
use podfence_source::Severity;

use crate::context::{Context, PolicyRule};
use crate::finding::Finding;
use crate::isolated::{Isolated, isolated, numbered_ports};
use crate::rule::Rule;
use crate::selectors::may_name;
use crate::words;

pub(crate) use servers::{CLOUD_DNS, Servers};
use servers::{DNS_LABELS, OPENSHIFT_PORT, block_text, listens};

/// Where the DNS pods of OpenShift live.
const OPENSHIFT_NAMESPACE: &str = "openshift-dns";
/// Labels that the DNS's Service and Deployment have, and its pods have not.
const SERVICE_LABELS: [&str; 3] =
    ["kubernetes.io/name", "kubernetes.io/cluster-service", "addonmanager.kubernetes.io/mode"];

/// Why no question gets out.
#[derive(Clone, Copy)]
pub(crate) enum Trouble<'a> {
    /// No rule admits UDP 53; perhaps this item admits TCP.
    Missing(Option<&'a PortMatch>),
    /// This peer looks for the DNS in the policy's own namespace.
    OwnNamespace(&'a Peer),
    /// This peer asks for a label that DNS pods do not have.
    ServiceLabels(&'a Peer, &'a Requirement),
    /// The DNS pods listen on this port.
    Listens(Port),
    /// Pods ask this address.
    Address(IpAddr),
}

/// Pods that cannot ask, and the rule to blame.
pub(crate) struct Case<'a> {
    /// Empty where the input states no pod of the namespace.
    pub(crate) pods: Vec<&'a Pod>,
    /// The rule that was meant for it, or else one that needs names.
    pub(crate) rule: PolicyRule<'a>,
    /// Why.
    pub(crate) trouble: Trouble<'a>,
    /// Whether the DNS is known.
    pub(crate) sure: bool,
}

impl Case<'_> {
    /// Whose questions get lost.
    pub(crate) fn whose(&self) -> String {
        if self.pods.is_empty() { "its pods".to_owned() } else { words::pods(self.pods.iter().copied()) }
    }

    /// Where the pods are not in the input, neither may be the policy that admits it.
    pub(crate) fn severity(&self) -> Severity {
        if self.pods.is_empty() { Severity::Warning } else { Severity::Error }
    }
}

/// All pods that cannot ask, by the rule to blame.
pub(crate) fn cases<'c, 'a>(context: &'c Context<'a>) -> &'c [Case<'a>] {
    context.dns_cases.get_or_init(|| find(context))
}

fn find<'a>(context: &Context<'a>) -> Vec<Case<'a>> {
    let servers = Servers::of(context);
    let mut cases: Vec<Case<'a>> = Vec::new();
    for group in isolated(context, Direction::Egress) {
        let found = with_cluster_dns(context, group).and_then(|group| case(context, &servers, group));
        let Some(found) = found else { continue };
        match cases.iter_mut().find(|known| std::ptr::eq(known.rule.rule, found.rule.rule)) {
            Some(known) => known.pods.extend(found.pods),
            None => cases.push(found),
        }
    }
    cases
}

/// The group without pods that do not ask the cluster DNS: those that are it, and those of another `dnsPolicy`.
pub(crate) fn with_cluster_dns<'a>(context: &Context<'a>, group: &Isolated<'a>) -> Option<Isolated<'a>> {
    let asks = |pod: &&Pod| !is_cluster_dns(pod) && !has_own_resolver(context, pod);
    let pods: Vec<&Pod> = group.pods.iter().filter(|pod| asks(pod)).copied().collect();
    (group.pods.is_empty() || !pods.is_empty()).then(|| Isolated { pods, ..group.clone() })
}

fn has_own_resolver(context: &Context<'_>, pod: &Pod) -> bool {
    let spec = context.pod_spec(pod);
    let policy = spec.and_then(|spec| spec.get(&["dnsPolicy"])?.text());
    policy.is_some_and(|policy| policy == "None" || policy == "Default")
}

fn case<'a>(context: &Context<'a>, servers: &Servers<'a>, group: Isolated<'a>) -> Option<Case<'a>> {
    if group.pods.first().is_some_and(|pod| asks(context, servers, pod)) {
        return None;
    }
    let meant: Vec<PolicyRule<'a>> = group.rules().filter(|rule| items(*rule).next().is_some()).collect();
    let (rule, trouble) = if meant.is_empty() {
        missing(servers, &group)?
    } else {
        misdirected(context, servers, &group, &meant)?
    };
    Some(Case { pods: group.pods, rule, trouble, sure: servers.sure })
}

/// Whether some question of a pod gets out, or may.
fn asks(context: &Context<'_>, servers: &Servers<'_>, pod: &Pod) -> bool {
    let mut targets = servers.targets(Protocol::Udp).into_iter();
    targets.any(|(end, layer4)| context.let_out(pod, end, layer4) != Some(Outcome::Denied))
}

/// The UDP items of a rule that are meant for DNS.
pub(crate) fn items(rule: PolicyRule<'_>) -> impl Iterator<Item = &PortMatch> {
    rule.rule.ports.iter().filter(|item| item.protocol == Protocol::Udp && is_for_dns(item))
}

/// Whether an item names a port of DNS, and not thousands of others with it.
pub(crate) fn is_for_dns(item: &PortMatch) -> bool {
    match &item.ports {
        PortSpec::All => false,
        PortSpec::Named(name) => name.contains("dns"),
        PortSpec::Range(range) => {
            let narrow = range.last().get() - range.first().get() < 100;
            narrow && [DNS_PORT, OPENSHIFT_PORT].into_iter().any(|port| range.contains(port))
        }
    }
}

/// No rule is meant for DNS: that is trouble where a rule needs names, and none may be meant for another DNS.
fn missing<'a>(servers: &Servers<'_>, group: &Isolated<'a>) -> Option<(PolicyRule<'a>, Trouble<'a>)> {
    let asked = servers.sure && !group.pods.is_empty();
    if !asked && group.rules().any(may_reach_a_dns) {
        return None;
    }
    let tcp = group.rules().find_map(|rule| {
        let item = rule.rule.ports.iter().find(|item| item.protocol == Protocol::Tcp && is_for_dns(item))?;
        Some((rule, item))
    });
    match tcp {
        Some((rule, item)) => Some((rule, Trouble::Missing(Some(item)))),
        None => Some((group.rules().find(needs_names)?, Trouble::Missing(None))),
    }
}

/// Whether a rule lets pods out to whom they know by name: pods, or the whole world. A narrow block holds addresses that
/// the author knew.
fn needs_names(rule: &PolicyRule<'_>) -> bool {
    let by_name = |peer: &Peer| match &peer.kind {
        PeerKind::Pods { .. } => true,
        PeerKind::Block(block) => block.cidr().net().prefix_len() == 0,
    };
    rule.rule.peers.is_empty() || rule.rule.peers.iter().any(by_name)
}

fn may_reach_a_dns(rule: PolicyRule<'_>) -> bool {
    let ports = numbered_ports(rule.rule);
    let udp = |port| ports.contains(Layer4::Port(Protocol::Udp, port));
    let home = &rule.policy.meta.id.namespace;
    let whom = |peer: &Peer| match &peer.kind {
        PeerKind::Block(_) => true,
        PeerKind::Pods { namespaces: NamespaceScope::Own, .. } => is_dns_namespace(home),
        PeerKind::Pods { namespaces: NamespaceScope::Matching(selector), .. } => {
            may_name(selector, |name| is_dns_namespace(name) || name.contains("dns"))
        }
    };
    (udp(DNS_PORT) || udp(OPENSHIFT_PORT)) && (rule.rule.peers.is_empty() || rule.rule.peers.iter().any(whom))
}

/// Rules are meant for DNS, and do not lead to it.
fn misdirected<'a>(
    context: &Context<'a>,
    servers: &Servers<'a>,
    group: &Isolated<'a>,
    meant: &[PolicyRule<'a>],
) -> Option<(PolicyRule<'a>, Trouble<'a>)> {
    let asked = servers.sure && !group.pods.is_empty();
    let first = *meant.first()?;
    if let Some(ip) = servers.addresses.first() {
        return asked.then_some((first, Trouble::Address(*ip)));
    }
    let peers = || meant.iter().flat_map(|rule| rule.rule.peers.iter().map(|peer| (*rule, peer)));
    let wrong = |(rule, peer)| trouble_of(context, servers, rule, peer).map(|trouble| (rule, trouble));
    let all_wrong =
        meant.iter().all(|rule| !rule.rule.peers.is_empty()) && peers().all(|p| wrong(p).is_some());
    let found = peers().find_map(wrong);
    match found {
        Some(found) if asked || all_wrong => Some(found),
        None if asked => Some((first, Trouble::Missing(None))),
        _ => None,
    }
}

/// What is wrong with a peer that is meant to be the DNS.
fn trouble_of<'a>(
    context: &Context<'a>,
    servers: &Servers<'a>,
    rule: PolicyRule<'a>,
    peer: &'a Peer,
) -> Option<Trouble<'a>> {
    let PeerKind::Pods { namespaces, pods } = &peer.kind else { return None };
    if *namespaces == NamespaceScope::Own && is_elsewhere(context, rule, pods) {
        return Some(Trouble::OwnNamespace(peer));
    }
    let of_service = |requirement: &&Requirement| {
        let pods_have_it = || servers.pods.iter().any(|pod| requirement.matches(&pod.meta.labels));
        let positive = matches!(requirement.operator, Operator::In(_) | Operator::Exists);
        positive && SERVICE_LABELS.contains(&requirement.key.as_str()) && !pods_have_it()
    };
    if let Some(requirement) = pods.requirements().find(of_service) {
        return Some(Trouble::ServiceLabels(peer, requirement));
    }
    let dns = context.peer_pods(rule.policy, peer).into_iter().find(|pod| is_cluster_dns(pod));
    let listens = dns.map(listens).or_else(|| names_openshift(namespaces).then_some(OPENSHIFT_PORT))?;
    let fits = numbered_ports(rule.rule).contains(Layer4::Port(Protocol::Udp, listens))
        || items(rule).any(|item| matches!(item.ports, PortSpec::Named(_)));
    (!fits).then_some(Trouble::Listens(listens))
}

fn names_openshift(namespaces: &NamespaceScope) -> bool {
    let NamespaceScope::Matching(selector) = namespaces else { return false };
    let named = Requirement::equals(METADATA_NAME, OPENSHIFT_NAMESPACE);
    selector.requirements().any(|requirement| *requirement == named)
}

/// Whether a peer of the policy's own namespace means DNS pods that are not there.
fn is_elsewhere(context: &Context<'_>, rule: PolicyRule<'_>, pods: &podfence_model::LabelSelector) -> bool {
    let home = &rule.policy.meta.id.namespace;
    let named = |requirement: &Requirement| match &requirement.operator {
        Operator::In(values) => values.iter().any(|value| value.contains("dns")),
        _ => DNS_LABELS[1..].contains(&requirement.key.as_str()),
    };
    !is_dns_namespace(home)
        && pods.requirements().any(named)
        && context.matching(home, pods).is_empty()
        && !context.makes_unknown_pods(home)
}

/// Pods that must ask an address and may not: what is said where the address `is` one of the rule's.
pub(crate) fn address_findings(
    rule: &'static Rule,
    context: &Context<'_>,
    is: impl Fn(IpAddr) -> bool,
    what: &str,
) -> Vec<Finding> {
    let found = |case: &Case<'_>| match case.trouble {
        Trouble::Address(ip) if is(ip) => {
            let message = format!("{} cannot ask {what}, {ip}, which answers names here", case.whose());
            let place = items(case.rule).next().and_then(|item| item.place.clone());
            let peers = context.view(case.rule.rule.place.as_ref()).and_then(|rule| rule.get(&["to"]));
            let edit = peers.and_then(|peers| peers.add_item(&block_text(ip)));
            let finding = Finding::about(rule, case.rule.policy, message).at(place, "not to this address");
            Some(
                finding
                    .help(format!("add the peer `{}`", Cidr::host(ip)))
                    .suggest(edit.map(|edit| vec![edit])),
            )
        }
        _ => None,
    };
    cases(context).iter().filter_map(found).collect()
}
