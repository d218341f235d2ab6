//! # A rule that adds nothing
//!
//! All that a rule admits, another rule admits already: one of the same policy, or of a policy that selects at least the same
//! pods.
//!
//! ## Why is this bad?
//!
//! It looks as if it mattered. Who takes it out to close something closes nothing, and who reads it does not see that the other
//! rule is the one that counts.
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
//!         - podSelector: {matchLabels: {app: api}}
//!       ports:
//!         - port: 5432
//!     - from:
//!         - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: tools}}
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: inside, namespace: shop}
//! spec:
//!   podSelector: {}
//!   ingress:
//!     - from:
//!         - podSelector: {}
//! ```
//!
//! ```text
//! note: this rule adds nothing: a rule of inside admits all of it
//!   7:7 adds nothing
//!   20:7 admits all of it
//!   help: take out the one or the other, whichever says what was meant
//! ```
//!
//! Take out the one or the other:
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   ingress:
//!     - from:
//!         - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: tools}}
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: inside, namespace: shop}
//! spec:
//!   podSelector: {}
//!   ingress:
//!     - from:
//!         - podSelector: {}
//! ```
//!
//! ```text
//! EQUAL  nothing changes: every connection is judged as before
//! ```
//!
//! ## When it is silent
//!
//! - The rule is covered by several others together, or by one because of the pods that are there today.
//! - `redundant-policy` or `allow-all-voids` says it of the whole policy.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   ingress:
//!     - from:
//!         - podSelector: {matchLabels: {app: api}}
//!       ports:
//!         - port: 5432
//!     - from:
//!         - podSelector: {}
//!       ports:
//!         - port: 9187
//! ```

use podfence_model::{Direction, NetworkPolicy, Rule as PolicyRule};
use podfence_source::{Edit, Severity};

use super::{allow_all_voids, redundant_policy};
use crate::context::Context;
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::within::{isolates_all_of, rule_within};

pub(super) static RULE: Rule = Rule {
    code: "redundant-rule",
    family: Family::Union,
    severity: Severity::Note,
    file: include_str!("redundant_rule.rs"),
    check: Check::World(check),
};

/// One rule of a policy, by its number.
#[derive(Clone, Copy)]
pub(super) struct Numbered<'a> {
    pub(super) policy: &'a NetworkPolicy,
    pub(super) direction: Direction,
    pub(super) index: usize,
}

impl<'a> Numbered<'a> {
    fn rule(&self) -> &'a PolicyRule {
        &self.policy.rules(self.direction)[self.index]
    }

    /// Of two rules that admit the same, the later one is the one too many.
    fn comes_before(&self, other: &Self) -> bool {
        (&self.policy.meta.id, self.index) < (&other.policy.meta.id, other.index)
    }

    fn holds(&self, other: &Self) -> bool {
        isolates_all_of(self.policy, other.policy, self.direction)
            && rule_within(&self.policy.meta.id.namespace, other.rule(), self.rule())
    }
}

fn check(context: &Context<'_>) -> Vec<Finding> {
    let told = |rule: &Numbered<'_>| allow_all_voids::voids(context, rule.policy, rule.direction);
    let found = redundant(context).into_iter().filter(|(rule, _)| !told(rule));
    found.map(|(rule, holder)| finding(context, rule, holder)).collect()
}

/// Every rule that another one holds, with that other. All of them may be taken out together, and all redundant policies
/// with them: the rules of those are left out here.
pub(super) fn redundant<'a>(context: &Context<'a>) -> Vec<(Numbered<'a>, Numbered<'a>)> {
    let of_use = |policy: &&NetworkPolicy| redundant_policy::holder(context, policy).is_none();
    let policies: Vec<&NetworkPolicy> = context.policies().filter(of_use).collect();
    let mut found = Vec::new();
    for here in policies.chunk_by(|a, b| a.meta.id.namespace == b.meta.id.namespace) {
        for direction in Direction::BOTH {
            let live = here.iter().filter(|policy| policy.directions.contains(direction));
            let rules: Vec<Numbered<'_>> = live.flat_map(|policy| numbered(policy, direction)).collect();
            found.extend(rules.iter().filter_map(|rule| Some((*rule, holder(rule, &rules)?))));
        }
    }
    found
}

fn numbered(policy: &NetworkPolicy, direction: Direction) -> impl Iterator<Item = Numbered<'_>> {
    (0..policy.rules(direction).len()).map(move |index| Numbered { policy, direction, index })
}

fn holder<'a>(rule: &Numbered<'a>, rules: &[Numbered<'a>]) -> Option<Numbered<'a>> {
    let is_same = |other: &Numbered<'_>| other.index == rule.index && std::ptr::eq(other.policy, rule.policy);
    let others = rules.iter().filter(|other| !is_same(other) && other.holds(rule));
    others.filter(|other| !rule.holds(other) || other.comes_before(rule)).copied().next()
}

fn finding(context: &Context<'_>, rule: Numbered<'_>, holder: Numbered<'_>) -> Finding {
    let whose = if std::ptr::eq(rule.policy, holder.policy) {
        "this policy".to_owned()
    } else {
        holder.policy.meta.id.name.clone()
    };
    let message = format!("this rule adds nothing: a rule of {whose} admits all of it");
    Finding::about(&RULE, rule.policy, message)
        .at(rule.rule().place.clone(), "adds nothing")
        .at(holder.rule().place.clone(), "admits all of it")
        .help("take out the one or the other, whichever says what was meant")
        .suggest(edits(context, rule))
}

fn edits(context: &Context<'_>, rule: Numbered<'_>) -> Option<Vec<Edit>> {
    let rules = context.spec(rule.policy)?.get(&[&rule.direction.to_string()])?;
    Some(vec![rules.remove_item(rule.index)?])
}

#[cfg(test)]
mod tests {
    use podfence_analysis::diff::{Snapshot, diff};
    use podfence_engine::Engine;
    use podfence_model::World;
    use podfence_source::SourceMap;
    use podfence_testkit::generate;

    use super::{Direction, redundant};
    use crate::context::Context;
    use crate::rules::union::redundant_policy;

    /// A world without the rules and policies that are said to add nothing.
    fn without_redundant(world: &World, engine: &Engine) -> World {
        let (sources, mut lean) = (SourceMap::default(), world.clone());
        let context = Context::new(world, engine, &sources);
        for (rule, _) in redundant(&context).into_iter().rev() {
            let policy = lean.policies.get_mut(&rule.policy.meta.id).expect("a policy of this world");
            match rule.direction {
                Direction::Ingress => drop(policy.ingress.remove(rule.index)),
                Direction::Egress => drop(policy.egress.remove(rule.index)),
            }
        }
        let gone = context.policies().filter(|policy| redundant_policy::holder(&context, policy).is_some());
        gone.for_each(|policy| drop(lean.policies.remove(&policy.meta.id)));
        lean
    }

    #[test]
    fn nothing_changes_without_what_is_redundant() {
        let mut leaner = 0;
        for seed in 0..200 {
            let world = generate::world(seed);
            let engine = Engine::new(&world);
            let lean = without_redundant(&world, &engine);
            leaner += usize::from(lean != world);
            let lean_engine = Engine::new(&lean);
            let before = Snapshot { world: &world, engine: &engine };
            let after = Snapshot { world: &lean, engine: &lean_engine };
            assert!(diff(before, after).is_empty(), "world {seed}");
        }
        assert!(leaner > 10, "only {leaner} worlds had something redundant");
    }
}
