//! Address blocks.

mod api_server;
mod block_behind_snat;
mod block_covers_pods;
mod block_is_service;
mod everywhere;
mod except_covers_all;
mod except_overridden;
mod one_family;
mod private_ranges_for_pods;

use crate::rule::Rule;

pub(super) static RULES: &[&Rule] = &[
    &block_covers_pods::RULE,
    &block_is_service::RULE,
    &block_behind_snat::RULE,
    &except_covers_all::RULE,
    &except_overridden::RULE,
    &one_family::RULE,
    &everywhere::RULE,
    &private_ranges_for_pods::RULE,
    &api_server::RULE,
];
