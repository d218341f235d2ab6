//! Forgets where UDP was translated to, when a Service has changed: datagrams have no end that would make the kernel forget.
//!
//! kube-proxy does the same (`pkg/proxy/conntrack/cleanup.go`). A connection of TCP ends by itself, or its client gives up.

use std::net::SocketAddr;

use podfence_netlink::conntrack::{Conntrack, Entry, Filter, Transport as Conntracked};

use super::ClusterError;
use crate::netns::Netns;
use crate::services::ServicePort;
use crate::sockets::Transport;

/// Deletes the entries to UDP ports of Services, in `before` or in `now`, that no backend of `now` answers.
pub(super) fn forget(node: &Netns, before: &[ServicePort], now: &[ServicePort]) -> Result<(), ClusterError> {
    let udp = |ports: &[ServicePort]| -> Vec<ServicePort> {
        ports.iter().filter(|port| port.transport == Transport::Udp).cloned().collect()
    };
    let (before, now) = (udp(before), udp(now));
    if before == now {
        return Ok(());
    }
    let name = node.name().to_owned();
    node.run(move || {
        let mut conntrack = Conntrack::open()?;
        let entries = conntrack.dump(&Filter::default())?;
        for entry in entries.iter().filter(|entry| is_stale(entry, &before, &now)) {
            conntrack.delete(&entry.original, entry.zone)?;
        }
        Ok(())
    })
    .map_err(|source| ClusterError::Connections { node: name, source })
}

fn is_stale(entry: &Entry, before: &[ServicePort], now: &[ServicePort]) -> bool {
    let Some((asked, answered)) = ends(entry) else { return false };
    let of = |ports: &[ServicePort]| -> Option<Vec<SocketAddr>> {
        let port = ports.iter().find(|port| port.is_asked(Transport::Udp, asked))?;
        Some(port.backends.clone())
    };
    match of(now) {
        Some(backends) => !backends.contains(&answered),
        None => of(before).is_some(),
    }
}

/// Where the first datagram was sent to, and who answers it.
fn ends(entry: &Entry) -> Option<(SocketAddr, SocketAddr)> {
    let (original, reply) = (&entry.original, &entry.reply);
    match (original.transport, reply.transport) {
        (Conntracked::Ports { destination, .. }, Conntracked::Ports { source, .. })
            if original.protocol == Transport::Udp.number() =>
        {
            Some((SocketAddr::new(original.destination, destination), SocketAddr::new(reply.source, source)))
        }
        _ => None,
    }
}
