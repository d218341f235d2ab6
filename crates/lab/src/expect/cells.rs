//! What the cells of a row may say.

use podfence_model::{Family, NamespacedName, Port, Protocol};

use super::{Door, DoorKind, Expected, On, Party};

/// Who may send; the words of the help.
pub(super) const SENDERS: &str = "a pod or workload as NAMESPACE/NAME, all pods of a namespace as NAMESPACE/*, \
     `its node`, `other nodes` or `outside`; several with commas between them";
/// Who may be reached.
pub(super) const RECEIVERS: &str = "a pod or workload as NAMESPACE/NAME, all pods of a namespace as NAMESPACE/*, \
     `svc/NAMESPACE/NAME`, `ing/NAMESPACE/NAME`, `name NAME`, `itself`, `its node`, `other nodes`, `outside` or `metadata`; several \
     with commas between them";
/// On what.
pub(super) const WAYS: &str = "`TCP 80`, `UDP 53`, `SCTP 7`, `ICMP`, or `DNS` for a name; for a Service also `TCP 80 nodePort by \
     NODE` or `TCP 80 external address by any node`, for an Ingress `HTTP HOST/PATH`; `IPv4` or `IPv6` behind it means that one only";
/// What may come of it.
pub(super) const OUTCOMES: &str =
    "`open`, `refused`, `times out`, `resolves`, `does not resolve`, or `status 504` for an Ingress";

/// The parts of a list.
pub(super) fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim)
}

/// Who sends; `None` if that is nobody who can.
pub(super) fn sender(text: &str) -> Option<Party> {
    let can_send =
        |party: &Party| matches!(party, Party::Pods(_) | Party::ItsNode | Party::OtherNodes | Party::Outside);
    receiver(text).filter(can_send)
}

/// Who is reached.
pub(super) fn receiver(text: &str) -> Option<Party> {
    match text {
        "itself" => return Some(Party::Itself),
        "its node" => return Some(Party::ItsNode),
        "other nodes" => return Some(Party::OtherNodes),
        "outside" => return Some(Party::Outside),
        "metadata" => return Some(Party::Metadata),
        _ => {}
    }
    if let Some(name) = text.strip_prefix("name ") {
        return Some(Party::Name(name.trim().to_owned()));
    }
    match *text.split('/').collect::<Vec<_>>() {
        ["svc", namespace, name] => Some(Party::Service(object(namespace, name)?)),
        ["ing", namespace, name] => Some(Party::Ingress(object(namespace, name)?)),
        [namespace, name] => Some(Party::Pods(object(namespace, name)?)),
        _ => None,
    }
}

fn object(namespace: &str, name: &str) -> Option<NamespacedName> {
    let is_name =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-.".contains(c));
    (is_name(namespace) && (is_name(name) || name == "*")).then(|| NamespacedName::new(namespace, name))
}

/// Takes `IPv4` or `IPv6` off the end of a cell; without it both are meant.
pub(super) fn families(text: &str) -> (&str, Vec<Family>) {
    for family in Family::BOTH {
        if let Some(rest) = text.strip_suffix(&family.to_string()) {
            return (rest.trim_end(), vec![family]);
        }
    }
    (text, Family::BOTH.to_vec())
}

/// On what.
pub(super) fn on(text: &str) -> Option<On> {
    match text {
        "ICMP" => return Some(On::Icmp),
        "DNS" => return Some(On::Dns),
        _ => {}
    }
    let (protocol, rest) = text.split_once(' ')?;
    let protocol = match protocol {
        "TCP" => Protocol::Tcp,
        "UDP" => Protocol::Udp,
        "SCTP" => Protocol::Sctp,
        "HTTP" => return http(rest),
        _ => return None,
    };
    let (port, way) = rest.trim().split_once(' ').unwrap_or((rest, ""));
    let port = Port::new(port.trim().parse().ok()?)?;
    if way.is_empty() { Some(On::Port(protocol, port)) } else { Some(On::Entry(protocol, port, door(way)?)) }
}

/// `shop.example.com/api`.
fn http(text: &str) -> Option<On> {
    let (host, path) = text.trim().split_once('/')?;
    (!host.is_empty()).then(|| On::Http { host: host.to_owned(), path: format!("/{path}") })
}

/// `nodePort by node-1`, `external address by any node`.
fn door(text: &str) -> Option<Door> {
    let (kind, node) = text.split_once(" by ")?;
    let kind = match kind.trim() {
        "nodePort" => DoorKind::NodePort,
        "external address" => DoorKind::External,
        _ => return None,
    };
    Some(Door { kind, node: Some(node.trim()).filter(|node| *node != "any node").map(str::to_owned) })
}

/// What must come of it.
pub(super) fn outcome(text: &str) -> Option<Expected> {
    match text {
        "open" => Some(Expected::Open),
        "refused" => Some(Expected::Refused),
        "times out" => Some(Expected::TimesOut),
        "resolves" => Some(Expected::Resolves),
        "does not resolve" => Some(Expected::DoesNotResolve),
        _ => text.strip_prefix("status ")?.parse().ok().map(Expected::Status),
    }
}
