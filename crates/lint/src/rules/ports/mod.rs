//! Ports and protocols.

mod service_port;

use crate::rule::Rule;

pub(super) static RULES: &[&Rule] = &[&service_port::RULE];
