//! What the cluster around the policies does to them.

mod cni_ignores_policy;
mod host_network;
mod ingress_backend_blocked;
mod mesh_ports;
mod metadata_address_open;
mod monitoring_blocked;
mod no_default_deny;
mod unprotected_pod;
mod webhook_blocked;

use crate::rule::Rule;

pub(super) static RULES: &[&Rule] = &[
    &host_network::RULE,
    &metadata_address_open::RULE,
    &ingress_backend_blocked::RULE,
    &webhook_blocked::RULE,
    &monitoring_blocked::RULE,
    &mesh_ports::RULE,
    &cni_ignores_policy::RULE,
    &no_default_deny::RULE,
    &unprotected_pod::RULE,
];
