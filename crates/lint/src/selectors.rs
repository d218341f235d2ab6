//! Selectors against the labels that are there: when one surely matches nothing, and what was probably meant.
//!
//! "Surely" needs to know every pod: those of the input, the templates of workloads that are scaled to nothing or finished,
//! and the labels that controllers add. Start with [`matches_nothing`] and [`correction`].

use podfence_model::{
    LabelSelector, Labels, METADATA_NAME, NetworkPolicy, Operator, PeerKind, Place, Requirement, nearest,
};
use podfence_source::{Edit, View};

use crate::context::{Context, label_view};

/// Labels that controllers give to pods and no template states: of ReplicaSets, StatefulSets, DaemonSets and Jobs.
const GIVEN: [&str; 9] = [
    "pod-template-hash",
    "controller-revision-hash",
    "pod-template-generation",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
    "controller-uid",
    "batch.kubernetes.io/controller-uid",
    "job-name",
    "batch.kubernetes.io/job-name",
];

/// Whether a controller gives this label to the pods it makes.
pub(crate) fn is_given(key: &str) -> bool {
    GIVEN.contains(&key) || key == "batch.kubernetes.io/job-completion-index"
}

/// Whether a selector surely matches no pod of a namespace: the input knows its pods, and neither one of them nor the
/// template of a workload without pods has the labels.
pub(crate) fn matches_nothing(context: &Context<'_>, namespace: &str, selector: &LabelSelector) -> bool {
    let templates = context.world.workloads.values().filter(|workload| workload.id.namespace == namespace);
    context.knows_pods_of(namespace)
        && !selector.requirements().any(|requirement| is_given(&requirement.key))
        && context.matching(namespace, selector).is_empty()
        && !templates.map(|workload| &workload.template.labels).any(|labels| selector.matches(labels))
}

/// A label that pods have in place of the one that a selector asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Correction<'s> {
    /// The key that is asked for.
    pub(crate) asked: &'s str,
    /// The key and the value that pods have.
    pub(crate) key: String,
    pub(crate) value: String,
    /// Whether it is plainly a slip: another key with the very value, or a letter or two of a longer word.
    pub(crate) plain: bool,
}

/// The one label whose correction makes a selector match some of these labels.
pub(crate) fn correction<'s>(selector: &'s LabelSelector, there: &[&Labels]) -> Option<Correction<'s>> {
    selector.requirements().find_map(|requirement| {
        let Operator::In(values) = &requirement.operator else { return None };
        let value = values.first().filter(|_| values.len() == 1)?;
        let others: Vec<&Labels> =
            there.iter().filter(|labels| meets_the_rest(selector, requirement, labels)).copied().collect();
        other_value(requirement, value, &others).or_else(|| other_key(requirement, value, &others))
    })
}

fn meets_the_rest(selector: &LabelSelector, but: &Requirement, labels: &Labels) -> bool {
    selector.requirements().all(|requirement| requirement == but || requirement.matches(labels))
}

fn other_value<'s>(asked: &'s Requirement, value: &str, there: &[&Labels]) -> Option<Correction<'s>> {
    let values = || there.iter().filter_map(|labels| labels.get(&asked.key)).map(String::as_str);
    let near = slip(value, values()).map(|near| (near, true));
    let (near, plain) = near.or_else(|| Some((nearest(value, values())?, false)))?;
    Some(Correction { asked: &asked.key, key: asked.key.clone(), value: near.to_owned(), plain })
}

/// Another key with this very value, if there is only one.
fn other_key<'s>(asked: &'s Requirement, value: &str, there: &[&Labels]) -> Option<Correction<'s>> {
    let labels = there.iter().flat_map(|labels| labels.iter());
    let mut keys: Vec<&String> = labels.filter(|(_, v)| *v == value).map(|(key, _)| key).collect();
    keys.sort_unstable();
    keys.dedup();
    let [key] = keys[..] else { return None };
    Some(Correction { asked: &asked.key, key: key.clone(), value: value.to_owned(), plain: true })
}

impl Correction<'_> {
    /// `key: value`, as a manifest has it.
    pub(crate) fn words(&self) -> String {
        format!("{}: {}", self.key, self.value)
    }

    /// The corrected label in the text of a selector; `None` where it stands in an expression.
    pub(crate) fn edits(&self, selector: Option<View<'_, '_>>) -> Option<Vec<Edit>> {
        let label = selector?.get(&["matchLabels"])?.field(self.asked)?;
        let same_key = self.key == self.asked;
        Some(vec![if same_key {
            label.value.replace_scalar(&self.value)?
        } else {
            label.rename(&self.key)?
        }])
    }
}

/// The known word that differs from this one by a slip of the pen in one of its parts, in case or in the signs between its parts,
/// and not by a number, a letter or a stage that makes it another word: `carts` for `cart`, `kube-system` for `kubesystem`, but
/// neither `team-b` for `team-a` nor `shop-prod` for `shop-dev`.
pub(crate) fn slip<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    known.into_iter().find(|other| differs_by_slip(word, other))
}

fn differs_by_slip(word: &str, other: &str) -> bool {
    const SIGNS: [char; 4] = ['-', '_', '.', '/'];
    let run_together = |text: &str| text.replace(SIGNS, "").to_lowercase();
    if word != other && word.len() >= 3 && run_together(word) == run_together(other) {
        return true;
    }
    let parts = |text| str::split(text, SIGNS);
    let differing: Vec<(&str, &str)> = parts(word).zip(parts(other)).filter(|(a, b)| a != b).collect();
    let letters = |part: &str| part.len() >= 4 && part.chars().all(|c| c.is_ascii_alphabetic());
    match differing[..] {
        [(a, b)] if parts(word).count() == parts(other).count() => {
            letters(a) && letters(b) && nearest(a, [b]).is_some() || is_swap(a, b)
        }
        _ => false,
    }
}

/// Whether two neighbouring letters of a word of three or more have changed places, and nothing else.
fn is_swap(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let all_letters = a.iter().all(char::is_ascii_alphabetic);
    let mut differing = (0..a.len().min(b.len())).filter(|at| a[*at] != b[*at]);
    match (differing.next(), differing.next(), differing.next()) {
        (Some(i), Some(j), None) => {
            a.len() == b.len() && a.len() >= 3 && all_letters && j == i + 1 && a[i] == b[j] && a[j] == b[i]
        }
        _ => false,
    }
}

/// Every selector of pods with its text: of subjects, and of peers.
pub(crate) fn each<'c, 'a>(
    context: &'c Context<'a>,
) -> impl Iterator<Item = (&'a NetworkPolicy, &'a LabelSelector, Option<View<'c, 'a>>)> {
    let subjects = context.policies().map(|policy| {
        let text = context.spec(policy).and_then(|spec| spec.get(&["podSelector"]));
        (policy, &policy.subject, text)
    });
    let peers = context.peers().filter_map(|(rule, peer)| {
        let PeerKind::Pods { pods, .. } = &peer.kind else { return None };
        let text = context.peer_field(peer, "podSelector").map(|field| field.value);
        Some((rule.policy, pods, text))
    });
    subjects.chain(peers)
}

/// Where a selector names a label, or the whole selector where the text has no such label.
pub(crate) fn label_place(selector: Option<View<'_, '_>>, key: &str) -> Option<Place> {
    let selector = selector?;
    let in_labels = selector.get(&["matchLabels"]).and_then(|labels| Some(labels.field(key)?.place()));
    in_labels
        .or_else(|| label_view(selector, key).map(|item| item.place()))
        .or_else(|| Some(selector.place()))
}

/// Whether a selector of namespaces may match one that is `wanted`: not where it names others.
pub(crate) fn may_name(namespaces: &LabelSelector, wanted: impl Fn(&str) -> bool) -> bool {
    namespaces.requirements().all(|requirement| match &requirement.operator {
        Operator::In(names) if requirement.key == METADATA_NAME => names.iter().any(|name| wanted(name)),
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::slip;

    #[test]
    fn a_slip_is_no_other_word() {
        let table = [
            ("cart", "carts", true),
            ("shop-fronted", "shop-frontend", true),
            ("kube-systm", "kube-system", true),
            ("kubesystem", "kube-system", true),
            ("kube_system", "kube-system", true),
            ("wbe", "web", true),
            ("Web", "web", true),
            ("v1.1", "v11", true),
            ("ab", "ba", false),
            ("s12", "s21", false),
            ("team-a", "team-b", false),
            ("shard-1", "shard-2", false),
            ("web", "web2", false),
            ("payments-dev", "payments-prod", false),
            ("east", "west", false),
            ("api", "app", false),
        ];
        for (word, known, expected) in table {
            assert_eq!(slip(word, [known]).is_some(), expected, "{word} {known}");
        }
    }
}
