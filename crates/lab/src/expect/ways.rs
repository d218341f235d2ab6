//! Rows about Services by the nodes' side and about Ingresses, as connections to try.
//!
//! What can be tried is listed by [`crate::entry_check`] and [`crate::ingress::check`]; a row chooses from it.

use podfence_analysis::Front;
use podfence_model::{Endpoint, Family, NamespacedName, Pod, Port, Protocol, Service, World};

use super::ask::{Question, names, wrong};
use super::{Door, DoorKind, Row, TableError};
use crate::entry_check::{EntryQuestion, entries};
use crate::ingress::check::{IngressQuestion, questions};

/// Connections to a port of a Service by one of its doors, from these pods; from the outside if there are none.
pub(super) fn by_door(
    world: &World,
    row: &Row,
    service: &Service,
    (protocol, port, door): (Protocol, Port, &Door),
    senders: Option<&[&Pod]>,
) -> Result<Vec<Question>, TableError> {
    if let Some(node) = door.node.as_ref().filter(|node| !world.nodes.contains_key(*node)) {
        let known: Vec<&str> = world.nodes.keys().map(String::as_str).collect();
        let message = format!("there is no node {node}");
        return Err(wrong(&row.cells.on, message, format!("the nodes are {}", known.join(", "))));
    }
    let sends = |source: &Endpoint| match source {
        Endpoint::Pod { id, .. } => senders.is_some_and(|pods| pods.iter().any(|pod| pod.meta.id == *id)),
        Endpoint::Ip(_) => senders.is_none(),
        Endpoint::Node { .. } => false,
    };
    let ports = service.ports.iter().filter(|p| (p.protocol, p.port) == (protocol, port));
    let ways = ports.flat_map(|port| entries(world, service, port));
    let meant: Vec<_> = ways.filter(|way| sends(&way.source) && leads_by(door, way)).collect();
    if meant.is_empty() {
        let message = format!("Service {} has no such way", service.meta.id);
        let help = "a nodePort needs a Service of type NodePort or LoadBalancer, an external address a load balancer \
                    or `externalIPs`";
        return Err(wrong(&row.cells.on, message, help));
    }
    let meant = meant.into_iter().filter(|way| of_family(row, &way.source));
    Ok(meant.map(Question::Entry).collect())
}

/// Whether a way is through this door. Pods reach external addresses by their own nodes.
fn leads_by(door: &Door, way: &EntryQuestion) -> bool {
    let by = match &way.front {
        Front::NodePort(node, _) if door.kind == DoorKind::NodePort => node,
        Front::External(_, node) if door.kind == DoorKind::External => node,
        Front::NodePort(..) | Front::External(..) | Front::Cluster(_) => return false,
    };
    door.node.as_ref().is_none_or(|wanted| wanted == by)
}

fn of_family(row: &Row, source: &Endpoint) -> bool {
    source.address().is_some_and(|ip| row.families.contains(&Family::of(ip)))
}

/// Requests from outside, by every way to the controllers that an Ingress may have.
pub(super) fn requests(
    world: &World,
    row: &Row,
    id: &NamespacedName,
    (host, path): (&str, &str),
) -> Result<Vec<Question>, TableError> {
    if !world.ingresses.contains_key(id) {
        let known = names(world.ingresses.keys().filter(|other| other.namespace == id.namespace));
        let help = format!("namespace {} has {known}", id.namespace);
        return Err(wrong(&row.cells.to, format!("there is no Ingress {id}"), help));
    }
    let meant = questions(world).into_iter().filter(|one| one.ingress == *id);
    let meant = meant.filter(|one| one.family().is_some_and(|family| row.families.contains(&family)));
    let mut out: Vec<Question> = Vec::new();
    for one in meant {
        let one = Question::Ingress(IngressQuestion { host: host.to_owned(), path: path.to_owned(), ..one });
        if !out.contains(&one) {
            out.push(one);
        }
    }
    Ok(out)
}
