//! # A policy without `policyTypes`
//!
//! A policy does not say in its `policyTypes` for which directions it isolates. Then it isolates for ingress, always, and for
//! egress if it has an egress rule.
//!
//! ## Why is this bad?
//!
//! It has to be known. A policy with egress rules only is the trap: it isolates its pods for ingress as well and admits nothing
//! there. That is a warning where no other policy isolates some of these pods for ingress; all else is a note.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   ingress:
//!     - ports:
//!         - port: 8080
//! ```
//!
//! ```text
//! note: without `policyTypes` this isolates for ingress
//!   4:1
//!   help: say `policyTypes: [Ingress]`
//! ```
//!
//! Written out as it is read, which changes nothing:
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   ingress:
//!     - ports:
//!         - port: 8080
//!   policyTypes: [Ingress]
//! ```
//!
//! ```text
//! EQUAL  nothing changes: every connection is judged as before
//! ```
//!
//! The trap:
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   egress:
//!     - to: [{podSelector: {matchLabels: {app: db}}}]
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ```
//!
//! ```text
//! warning: without `policyTypes` this isolates 1 pod for ingress, too, and admits nothing there
//!   4:1 isolates for ingress and egress
//!   help: if only egress is meant, say `policyTypes: [Egress]`
//! ```
//!
//! If only egress was meant:
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   egress:
//!     - to: [{podSelector: {matchLabels: {app: db}}}]
//!   policyTypes: [Egress]
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ```
//!
//! ```text
//! opened    everybody → every pod all ports
//! ```
//!
//! ## When it is silent
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   policyTypes: [Egress]
//!   egress:
//!     - to: [{podSelector: {matchLabels: {app: db}}}]
//! ```

use podfence_model::{Direction, NetworkPolicy};
use podfence_source::{Edit, Severity, View};

use crate::context::Context;
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::words;

pub(super) static RULE: Rule = Rule {
    code: "implicit-policy-types",
    family: Family::Directions,
    severity: Severity::Warning,
    file: include_str!("implicit_policy_types.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    context.policies().filter_map(|policy| finding(context, policy)).collect()
}

fn finding(context: &Context<'_>, policy: &NetworkPolicy) -> Option<Finding> {
    let spec = context.spec(policy)?;
    if spec.get(&["policyTypes"]).is_some_and(|types| !types.is_empty_collection()) {
        return None;
    }
    let key = context.object(&policy.meta.origin)?.field("spec")?.key_place();
    let shut = shut(context, policy);
    if shut > 0 {
        let pods = words::count(shut, "pod", "pods");
        let message =
            format!("without `policyTypes` this isolates {pods} for ingress, too, and admits nothing there");
        let finding = Finding::about(&RULE, policy, message).at(key, "isolates for ingress and egress");
        let help = "if only egress is meant, say `policyTypes: [Egress]`";
        return Some(finding.help(help).suggest(stated(spec, "[Egress]")));
    }
    let (read, meant) = if policy.directions.egress {
        ("[Ingress, Egress]", "ingress and egress")
    } else {
        ("[Ingress]", "ingress")
    };
    let message = format!("without `policyTypes` this isolates for {meant}");
    let finding = Finding::about(&RULE, policy, message).severity(Severity::Note).at(key, "");
    Some(finding.help(format!("say `policyTypes: {read}`")).fix(stated(spec, read)))
}

/// How many pods nobody can reach although the policy does not mention ingress: no other policy isolates them for it.
fn shut(context: &Context<'_>, policy: &NetworkPolicy) -> usize {
    let mentions = context.spec(policy).is_some_and(|spec| spec.field("ingress").is_some());
    if mentions || !policy.directions.egress {
        return 0;
    }
    let subjects = context.subjects(policy);
    subjects.iter().filter(|(id, _)| context.engine.isolating(*id, Direction::Ingress).len() == 1).count()
}

fn stated(spec: View<'_, '_>, types: &str) -> Option<Vec<Edit>> {
    match spec.field("policyTypes") {
        Some(field) => Some(vec![field.set(types)?]),
        None => Some(vec![spec.add_field(&format!("policyTypes: {types}"))?]),
    }
}
