//! Sets of ports for programs.

use podfence_model::{PortSet, Protocol};
use serde::Serialize;

/// Ports of one protocol, both ends included; of ICMP, which has none, only the protocol.
#[derive(Serialize)]
pub(super) struct PortsView {
    protocol: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<u16>,
}

pub(super) fn view(ports: &PortSet) -> Vec<PortsView> {
    let of = |protocol: Protocol| {
        let view = move |(first, last)| PortsView {
            protocol: protocol.to_string(),
            first: Some(first),
            last: Some(last),
        };
        ports.ranges(protocol).map(view)
    };
    let icmp = PortsView { protocol: "ICMP".to_owned(), first: None, last: None };
    Protocol::ALL.into_iter().flat_map(of).chain(ports.has_portless().then_some(icmp)).collect()
}
