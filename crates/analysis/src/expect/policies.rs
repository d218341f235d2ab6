//! Sets of policies: `NAMESPACE/NAME` with wildcards, and `in PATH` for those of a file or below a folder.

use podfence_model::{NamespacedName, NetworkPolicy, Origin, Word, World, nearest};

use super::pattern::fits;
use super::{Checker, Mistake, Result};

impl Checker<'_> {
    /// The world with some policies alone.
    pub(super) fn only(&self, words: &[Word]) -> Result<World> {
        let chosen = self.policies(words)?;
        let mut world = self.judge.world().clone();
        world.policies.retain(|id, _| chosen.contains(id));
        Ok(world)
    }

    /// The world without some policies.
    pub(super) fn without(&self, words: &[Word]) -> Result<World> {
        let chosen = self.policies(words)?;
        let mut world = self.judge.world().clone();
        world.policies.retain(|id, _| !chosen.contains(id));
        Ok(world)
    }

    /// The policies that words mean; each word means one at least.
    fn policies(&self, words: &[Word]) -> Result<Vec<NamespacedName>> {
        let (mut chosen, mut mistakes) = (Vec::new(), Vec::new());
        for word in words {
            let before = chosen.len();
            let policies = self.judge.world().policies.values();
            chosen.extend(
                policies.filter(|policy| self.means(&word.text, policy)).map(|policy| policy.meta.id.clone()),
            );
            if chosen.len() == before {
                mistakes.push(Mistake::new(&word.place, self.no_policy(&word.text)));
            }
        }
        if mistakes.is_empty() { Ok(chosen) } else { Err(mistakes) }
    }

    fn means(&self, text: &str, policy: &NetworkPolicy) -> bool {
        if let Some(path) = text.strip_prefix("in ") {
            return is_in(path.trim(), policy);
        }
        let (namespace, name) = text.split_once('/').unwrap_or((self.namespace.unwrap_or("*"), text));
        fits(namespace, &policy.meta.id.namespace) && fits(name, &policy.meta.id.name)
    }

    fn no_policy(&self, text: &str) -> String {
        let known: Vec<String> = self.judge.world().policies.keys().map(ToString::to_string).collect();
        let near = nearest(text, known.iter().map(String::as_str));
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        format!("`{text}` fits no NetworkPolicy{near}")
    }
}

/// Whether a policy was read from a file, or from one below a folder.
fn is_in(path: &str, policy: &NetworkPolicy) -> bool {
    let Origin::File(place) = &policy.meta.origin else { return false };
    let plain = |text: &str| text.trim_start_matches("./").trim_end_matches('/').to_owned();
    let (path, file) = (plain(path), plain(&place.file));
    file == path || file.strip_prefix(&path).is_some_and(|rest| rest.starts_with('/'))
}
