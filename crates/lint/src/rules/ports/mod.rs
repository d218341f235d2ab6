//! Ports and protocols.

mod every_port;
mod ping_by_ports;
mod port_name_differs;
mod port_name_unknown;
mod port_not_declared;
mod service_port;
mod udp_port_as_tcp;
mod wide_range;

use crate::rule::Rule;

pub(super) static RULES: &[&Rule] = &[
    &service_port::RULE,
    &port_name_unknown::RULE,
    &port_name_differs::RULE,
    &port_not_declared::RULE,
    &udp_port_as_tcp::RULE,
    &every_port::RULE,
    &wide_range::RULE,
    &ping_by_ports::RULE,
];
