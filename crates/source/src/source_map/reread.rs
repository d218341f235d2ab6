//! Edits made in memory and read again: whether they do to the policies what they are meant to do.
//!
//! Whoever knows what the policies are to be after a change asks [`SourceMap::makes`] before it offers edits, and says it in words where
//! they do something else: text has more layouts than anybody thinks of, and one value may be written for several objects
//! (anchors, merge keys). What edits do to the *text* is [`crate::edit`]'s.

use std::collections::BTreeSet;
use std::sync::Arc;

use podfence_model::{NetworkPolicy, Origin, World};

use super::SourceMap;
use crate::diagnostic::Edit;
use crate::edit::apply;
use crate::input::Input;
use crate::read::{Loaded, read};

impl SourceMap {
    /// The files that edits change, and no others, as they read afterwards. `None` where the edits cannot be made, or what
    /// comes of them would be refused.
    pub fn reread(&self, edits: &[Edit]) -> Option<Loaded> {
        let changed = |file: &Arc<str>| {
            let own = edits.iter().filter(|edit| edit.place.file == *file);
            let text = apply(self.text(file)?, own).ok()?;
            Some(Input::Bytes { name: file.to_string(), bytes: text.into_bytes() })
        };
        let inputs: Option<Vec<Input>> = files(edits).into_iter().map(changed).collect();
        read(&inputs?, &self.options).ok()
    }

    /// Whether the edits make the policies of the files that they change those of the world `meant`: no other policy, no other
    /// rule. Policies of `meant` that are from elsewhere are not looked at.
    pub fn makes(&self, edits: &[Edit], meant: &World) -> bool {
        let Some(read) = self.reread(edits) else { return false };
        let files = files(edits);
        let is_here = |policy: &NetworkPolicy| match &policy.meta.origin {
            Origin::File(place) => files.contains(&place.file),
            Origin::Api(_) | Origin::Assumed(_) => false,
        };
        // A later input may state a policy again: then that statement counts.
        let counts = |policy: &&NetworkPolicy| meant.policies.get(&policy.meta.id).is_none_or(is_here);
        let wanted = meant.policies.values().filter(|policy| is_here(policy));
        let found = read.world.policies.values().filter(counts);
        wanted.map(NetworkPolicy::without_places).eq(found.map(NetworkPolicy::without_places))
    }
}

fn files(edits: &[Edit]) -> BTreeSet<&Arc<str>> {
    edits.iter().map(|edit| &edit.place.file).collect()
}
