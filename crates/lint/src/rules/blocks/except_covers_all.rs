//! # Exceptions that leave nothing
//!
//! The `except` of an `ipBlock` holds all of its `cidr`.
//!
//! ## Why is this bad?
//!
//! The block matches no address, so the peer might as well not be there.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: office, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - from:
//!         - ipBlock:
//!             cidr: 192.0.2.0/24
//!             except:
//!               - 192.0.2.0/25
//!               - 192.0.2.128/25
//! ```
//!
//! ```text
//! error: the exceptions hold all of 192.0.2.0/24: the block matches nothing
//!   11:13 nothing is left
//!   help: take out the peer, or the exceptions that are too wide
//! ```
//!
//! ## When it is silent
//!
//! One address is left. (An exception that is the `cidr` itself is refused by the API server.)
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: office, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - from:
//!         - ipBlock:
//!             cidr: 192.0.2.0/24
//!             except:
//!               - 192.0.2.0/25
//!               - 192.0.2.128/26
//! ```

use podfence_analysis::AddressSet;
use podfence_source::Severity;

use crate::blocks::{BlockPeer, all};
use crate::context::Context;
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};

pub(super) static RULE: Rule = Rule {
    code: "except-covers-all",
    family: Family::Blocks,
    severity: Severity::Error,
    file: include_str!("except_covers_all.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    let empty = |peer: &BlockPeer<'_>| AddressSet::from(peer.block).is_empty();
    all(context).filter(empty).map(|peer| finding(context, peer)).collect()
}

fn finding(context: &Context<'_>, peer: BlockPeer<'_>) -> Finding {
    let message = format!("the exceptions hold all of {}: the block matches nothing", peer.block.cidr());
    let block = context.view(peer.peer.place.as_ref()).and_then(|peer| peer.get(&["ipBlock"]));
    let except = block.and_then(|block| Some(block.field("except")?.place()));
    Finding::about(&RULE, peer.rule.policy, message)
        .at(except, "nothing is left")
        .help("take out the peer, or the exceptions that are too wide")
}
