//! What the API server refuses, or reads otherwise than it looks. Reading finds it; the rules here are its documentation.

mod api_version;
mod block_with_selector;
mod dead_annotation;
mod duplicate_key;
mod duplicate_object;
mod empty_item;
mod empty_label;
mod empty_peer;
mod end_port;
mod except_outside_cidr;
mod host_bits;
mod implicit_selector;
mod invalid_address;
mod invalid_alias;
mod invalid_cidr;
mod invalid_count;
mod invalid_facts;
mod invalid_key;
mod invalid_label;
mod invalid_merge;
mod invalid_name;
mod invalid_policy_types;
mod invalid_port;
mod invalid_selector;
mod invalid_service;
mod legacy_api;
mod missing_field;
mod more_findings;
mod no_objects;
mod non_canonical_cidr;
mod not_kubernetes;
mod overwritten_label;
mod quoted_port;
mod selector_mismatch;
mod tab_indentation;
mod too_big;
mod unknown_field;
mod unknown_kind;
mod unknown_protocol;
mod unquoted_key;
mod unquoted_value;
mod unread_policy;
mod unreadable;
mod unrendered_template;
mod unused_suppression;
mod wrong_type;
mod yaml_syntax;

use podfence_source::{Code, Severity};

use crate::family::Family;
use crate::rule::{Check, Rule};

pub(crate) use unreadable::RULE as UNREADABLE;
pub(crate) use unused_suppression::RULE as UNUSED_SUPPRESSION;

pub(super) static RULES: &[&Rule] = &[
    &unreadable::RULE,
    &no_objects::RULE,
    &not_kubernetes::RULE,
    &more_findings::RULE,
    &yaml_syntax::RULE,
    &tab_indentation::RULE,
    &duplicate_key::RULE,
    &invalid_key::RULE,
    &unrendered_template::RULE,
    &too_big::RULE,
    &invalid_alias::RULE,
    &invalid_merge::RULE,
    &missing_field::RULE,
    &unknown_field::RULE,
    &wrong_type::RULE,
    &empty_item::RULE,
    &unquoted_value::RULE,
    &unquoted_key::RULE,
    &empty_label::RULE,
    &invalid_label::RULE,
    &overwritten_label::RULE,
    &invalid_selector::RULE,
    &selector_mismatch::RULE,
    &invalid_name::RULE,
    &invalid_address::RULE,
    &invalid_cidr::RULE,
    &except_outside_cidr::RULE,
    &host_bits::RULE,
    &non_canonical_cidr::RULE,
    &empty_peer::RULE,
    &block_with_selector::RULE,
    &invalid_port::RULE,
    &quoted_port::RULE,
    &end_port::RULE,
    &unknown_protocol::RULE,
    &invalid_policy_types::RULE,
    &implicit_selector::RULE,
    &unknown_kind::RULE,
    &api_version::RULE,
    &legacy_api::RULE,
    &unread_policy::RULE,
    &dead_annotation::RULE,
    &duplicate_object::RULE,
    &invalid_count::RULE,
    &invalid_service::RULE,
    &invalid_facts::RULE,
    &unused_suppression::RULE,
];

/// The rule that stands for a code of reading. `severity` is the worst that reading gives it.
const fn reader(code: Code, severity: Severity, file: &'static str) -> Rule {
    Rule { code: code.word(), family: Family::Validation, severity, file, check: Check::Reader }
}
