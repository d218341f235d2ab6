//! Sets of ports in words.

use podfence_analysis::PortsPart;
use podfence_model::{ContainerPort, Endpoint, Layer4, PortSet, Protocol, World};

/// `all ports`, `TCP 80; UDP 53`, or `all ports but TCP 25` where that is shorter.
pub(crate) fn text(ports: &PortSet) -> String {
    let rest = PortSet::all().difference(ports);
    if rest.is_empty() {
        "all ports".to_owned()
    } else if stretches(&rest) < stretches(ports) {
        format!("all ports but {rest}")
    } else {
        ports.to_string()
    }
}

/// The ports of a part that its destinations declare, each once, rising.
pub(crate) fn declared(world: &World, part: &PortsPart) -> Vec<ContainerPort> {
    let pods = part.path.destinations.iter().filter_map(|end| match end {
        Endpoint::Pod { id, .. } => world.pods.get(id),
        Endpoint::Node { .. } | Endpoint::Ip(_) => None,
    });
    let declared = pods.flat_map(|pod| &pod.ports);
    let within = declared.filter(|port| part.ports.contains(Layer4::Port(port.protocol, port.number)));
    let mut within: Vec<ContainerPort> = within.cloned().collect();
    within.sort_by(|a, b| (a.protocol, a.number, &a.name).cmp(&(b.protocol, b.number, &b.name)));
    within.dedup();
    within
}

/// `TCP 80 (http)`.
pub(crate) fn declared_text(port: &ContainerPort) -> String {
    let name = port.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
    format!("{} {}{name}", port.protocol, port.number)
}

/// How many stretches it takes to write a set down.
fn stretches(ports: &PortSet) -> usize {
    let ranges: usize = Protocol::ALL.into_iter().map(|protocol| ports.ranges(protocol).count()).sum();
    ranges + usize::from(ports.has_portless())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_where_that_is_shorter() {
        let tcp = |first, last| PortSet::range(Protocol::Tcp, first, last);
        let table = [
            (PortSet::all(), "all ports"),
            (tcp(80, 80), "TCP 80"),
            (PortSet::all().difference(&tcp(25, 25)), "all ports but TCP 25"),
            (tcp(0, u16::MAX), "all TCP"),
            (PortSet::all().difference(&PortSet::portless()), "all ports but ICMP"),
        ];
        for (ports, expected) in table {
            assert_eq!(text(&ports), expected);
        }
    }
}
