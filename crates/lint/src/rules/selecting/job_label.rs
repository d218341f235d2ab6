//! # One run of a CronJob
//!
//! A selector asks for `job-name` (or `batch.kubernetes.io/job-name`) of a CronJob's job.
//!
//! ## Why is this bad?
//!
//! A CronJob names its jobs anew at each run, `backup-28391820` and so on, so the label matches at most one run. The CronJob's
//! own name is never a value of it.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   ingress:
//!     - from:
//!         - podSelector:
//!             matchLabels:
//!               job-name: backup
//! ---
//! apiVersion: batch/v1
//! kind: CronJob
//! metadata: {name: backup, namespace: shop}
//! spec:
//!   schedule: "0 3 * * *"
//!   jobTemplate:
//!     spec:
//!       template:
//!         metadata: {labels: {app: backup}}
//!         spec: {containers: [{name: backup, image: backup}]}
//! ```
//!
//! ```text
//! warning: the CronJob backup gives each run another `job-name`: this matches one run at most
//!   10:15 changes with every run
//!   help: select by the labels of the CronJob's pod template
//! ```
//!
//! Select a label of the pod template:
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   ingress:
//!     - from:
//!         - podSelector: {matchLabels: {app: backup}}
//! ```
//!
//! ## When it is silent
//!
//! No CronJob of the policy's namespace has such a name: a Job that is made once keeps the name that it is given.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: migration, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {job-name: migration}}
//!   policyTypes: [Ingress]
//! ---
//! apiVersion: batch/v1
//! kind: Job
//! metadata: {name: migration, namespace: shop}
//! spec:
//!   template:
//!     metadata: {labels: {app: migration}}
//!     spec: {containers: [{name: migration, image: migration}]}
//! ```

use podfence_model::{Kind, LabelSelector, NetworkPolicy, ObjectRef, Operator};
use podfence_source::{Severity, View};

use crate::context::Context;
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::selectors::{each, label_place};

pub(super) static RULE: Rule = Rule {
    code: "job-label",
    family: Family::Selecting,
    severity: Severity::Warning,
    file: include_str!("job_label.rs"),
    check: Check::World(check),
};

const KEYS: [&str; 2] = ["job-name", "batch.kubernetes.io/job-name"];

fn check(context: &Context<'_>) -> Vec<Finding> {
    let all = each(context);
    all.filter_map(|(policy, selector, text)| finding(context, policy, selector, text)).collect()
}

fn finding(
    context: &Context<'_>,
    policy: &NetworkPolicy,
    selector: &LabelSelector,
    text: Option<View<'_, '_>>,
) -> Option<Finding> {
    let (key, name) = selector.requirements().find_map(|requirement| match &requirement.operator {
        Operator::In(values) if KEYS.contains(&requirement.key.as_str()) => {
            let name = values.iter().find_map(|value| cron_job(context, policy, value))?;
            Some((&requirement.key, name))
        }
        _ => None,
    })?;
    let message = format!("the CronJob {name} gives each run another `{key}`: this matches one run at most");
    let finding = Finding::about(&RULE, policy, message).at(label_place(text, key), "changes with every run");
    Some(finding.help("select by the labels of the CronJob's pod template"))
}

/// The CronJob whose job this is the name of, or whose own name it is.
fn cron_job<'v>(context: &Context<'_>, policy: &NetworkPolicy, value: &'v str) -> Option<&'v str> {
    let exists = |name: &str| {
        let namespace = policy.meta.id.namespace.clone();
        let id = ObjectRef { kind: Kind::CronJob, namespace, name: name.to_owned() };
        context.world.workloads.contains_key(&id)
    };
    let run = value.rsplit_once('-').filter(|(_, number)| number.chars().all(|c| c.is_ascii_digit()));
    [Some(value), run.map(|(name, _)| name)].into_iter().flatten().find(|name| exists(name))
}
