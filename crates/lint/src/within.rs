//! What surely contains what, whatever pods there are or will be: selectors, peers, ports, rules, policies.
//!
//! A "no" only means that it is not sure. The union of several rules is not looked at: one rule must hold the other. Start with
//! [`rule_within`] and [`policy_within`].

use podfence_model::{
    Direction, IpBlock, LabelSelector, METADATA_NAME, NamespaceScope, NetworkPolicy, Operator, Peer,
    PeerKind, PortMatch, PortSpec, Requirement, Rule,
};

/// Whether all that the one selector matches, the other one does.
pub(crate) fn selector_within(narrow: &LabelSelector, wide: &LabelSelector) -> bool {
    wide.requirements().all(|wide| narrow.requirements().any(|narrow| implies(narrow, wide)))
}

fn implies(narrow: &Requirement, wide: &Requirement) -> bool {
    use Operator::{DoesNotExist, Exists, In, NotIn};
    narrow.key == wide.key
        && match (&narrow.operator, &wide.operator) {
            (In(these), In(those)) => these.is_subset(those),
            (In(these), NotIn(those)) => these.is_disjoint(those),
            (NotIn(these), NotIn(those)) => those.is_subset(these),
            (In(_) | Exists, Exists) | (DoesNotExist, DoesNotExist | NotIn(_)) => true,
            _ => false,
        }
}

/// Whether all that the one peer of a policy in `home` names, the other one does.
pub(crate) fn peer_within(home: &str, narrow: &Peer, wide: &Peer) -> bool {
    match (&narrow.kind, &wide.kind) {
        (PeerKind::Block(narrow), PeerKind::Block(wide)) => block_within(narrow, wide),
        (
            PeerKind::Pods { namespaces: narrow_scope, pods: narrow },
            PeerKind::Pods { namespaces: wide_scope, pods: wide },
        ) => scope_within(home, narrow_scope, wide_scope) && selector_within(narrow, wide),
        _ => false,
    }
}

fn scope_within(home: &str, narrow: &NamespaceScope, wide: &NamespaceScope) -> bool {
    let own = LabelSelector::from_iter([Requirement::equals(METADATA_NAME, home)]);
    match (narrow, wide) {
        (NamespaceScope::Own, NamespaceScope::Own) => true,
        (NamespaceScope::Own, NamespaceScope::Matching(wide)) => selector_within(&own, wide),
        (NamespaceScope::Matching(narrow), NamespaceScope::Own) => selector_within(narrow, &own),
        (NamespaceScope::Matching(narrow), NamespaceScope::Matching(wide)) => selector_within(narrow, wide),
    }
}

fn block_within(narrow: &IpBlock, wide: &IpBlock) -> bool {
    let left_out =
        wide.except().iter().filter(|hole| hole.covers(narrow.cidr()) || narrow.cidr().covers(**hole));
    let mut holes = left_out;
    wide.cidr().covers(narrow.cidr())
        && holes.all(|hole| narrow.except().iter().any(|other| other.covers(*hole)))
}

/// Whether all ports of the one item are ports of the other.
pub(crate) fn port_within(narrow: &PortMatch, wide: &PortMatch) -> bool {
    narrow.protocol == wide.protocol
        && match (&narrow.ports, &wide.ports) {
            (_, PortSpec::All) => true,
            (PortSpec::Range(narrow), PortSpec::Range(wide)) => {
                wide.first() <= narrow.first() && narrow.last() <= wide.last()
            }
            (PortSpec::Named(narrow), PortSpec::Named(wide)) => narrow == wide,
            _ => false,
        }
}

/// Whether all that the one rule of a policy in `home` admits, the other one does. Empty lists are everything.
pub(crate) fn rule_within(home: &str, narrow: &Rule, wide: &Rule) -> bool {
    let peer = |narrow: &Peer| wide.peers.iter().any(|wide| peer_within(home, narrow, wide));
    let port = |narrow: &PortMatch| wide.ports.iter().any(|wide| port_within(narrow, wide));
    (wide.peers.is_empty() || (!narrow.peers.is_empty() && narrow.peers.iter().all(peer)))
        && (wide.ports.is_empty() || (!narrow.ports.is_empty() && narrow.ports.iter().all(port)))
}

/// Whether one policy isolates, in a direction, all pods of another one, in the same namespace.
pub(crate) fn isolates_all_of(wide: &NetworkPolicy, narrow: &NetworkPolicy, direction: Direction) -> bool {
    wide.meta.id.namespace == narrow.meta.id.namespace
        && wide.directions.contains(direction)
        && selector_within(&narrow.subject, &wide.subject)
}

/// Whether one policy isolates and admits all that another one does, so that the other may go.
pub(crate) fn policy_within(narrow: &NetworkPolicy, wide: &NetworkPolicy) -> bool {
    let home = &narrow.meta.id.namespace;
    let mut directions =
        Direction::BOTH.into_iter().filter(|direction| narrow.directions.contains(*direction));
    directions.all(|direction| {
        let held = |rule: &Rule| wide.rules(direction).iter().any(|other| rule_within(home, rule, other));
        isolates_all_of(wide, narrow, direction) && narrow.rules(direction).iter().all(held)
    })
}

/// Whether a rule admits everybody on every port.
pub(crate) fn admits_all(rule: &Rule) -> bool {
    rule.peers.is_empty() && rule.ports.is_empty()
}
