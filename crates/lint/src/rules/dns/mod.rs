//! Name resolution of pods that are isolated for egress.

mod cloud_dns;
mod dns_own_namespace;
mod dns_port_5353;
mod dns_service_labels;
mod dns_to_everywhere;
mod dns_without_tcp;
mod egress_without_dns;
mod node_local_dns;

use crate::rule::Rule;

pub(super) static RULES: &[&Rule] = &[
    &egress_without_dns::RULE,
    &dns_without_tcp::RULE,
    &dns_own_namespace::RULE,
    &dns_service_labels::RULE,
    &dns_port_5353::RULE,
    &node_local_dns::RULE,
    &cloud_dns::RULE,
    &dns_to_everywhere::RULE,
];
