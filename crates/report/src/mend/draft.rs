//! The texts with a change made, read again.
//!
//! What a policy says is what the API server makes of its text, defaults and all: so what is told of a change is what the changed
//! text says, not what was meant.

use std::collections::BTreeMap;

use podfence_analysis::mend::Amendment;
use podfence_model::{NamespacedName, NetworkPolicy, Origin, Place, World};
use podfence_source::{Edit, Input, Options, Outlines, SourceMap, apply, read};

use super::edits::edits;
use crate::manifest::{self, Style};

/// Texts that may be changed.
pub struct Draft<'a> {
    before: &'a World,
    sources: &'a SourceMap,
    options: Options,
    outlines: Outlines<'a>,
}

impl<'a> Draft<'a> {
    /// The texts of a world, read as `options` say.
    pub fn new(before: &'a World, sources: &'a SourceMap, options: Options) -> Self {
        Self { before, sources, options, outlines: Outlines::new(sources) }
    }

    /// The policies that the amendments change or add, as they are read from the changed text. Where no sure edit can be made,
    /// the whole policy is written anew.
    pub fn read_back(&self, amendments: &[Amendment]) -> Option<Vec<NetworkPolicy>> {
        let mut edited: BTreeMap<&NamespacedName, Option<Vec<Edit>>> = BTreeMap::new();
        for (amendment, edits) in amendments.iter().zip(edits(self.before, amendments, &self.outlines)) {
            let all = edited.entry(amendment.policy()).or_insert_with(|| Some(Vec::new()));
            *all = all.take().zip(edits).map(|(all, edits)| [all, edits].concat());
        }
        let policy = |(name, edits): (&NamespacedName, Option<Vec<Edit>>)| {
            let text = match edits {
                Some(edits) => self.edited(name, &edits)?,
                None => manifest::policy(&amended(self.before, name, amendments)?).block(Style::Lines),
            };
            self.read(name, text)
        };
        edited.into_iter().map(policy).collect()
    }

    /// The document of a policy with edits made.
    fn edited(&self, name: &NamespacedName, edits: &[Edit]) -> Option<String> {
        let Origin::File(place) = &self.before.policies.get(name)?.meta.origin else { return None };
        let text = self.sources.text(&place.file)?;
        let (start, end) = document(text, place);
        let shifted = |edit: &Edit| {
            let offset = |at: u32| at.checked_sub(u32::try_from(start).ok()?);
            let place = Place {
                start: offset(edit.place.start)?,
                end: offset(edit.place.end)?,
                ..edit.place.clone()
            };
            Some(Edit { place, text: edit.text.clone() })
        };
        let edits: Vec<Edit> = edits.iter().map(shifted).collect::<Option<_>>()?;
        apply(text.get(start..end)?, &edits).ok()
    }

    fn read(&self, name: &NamespacedName, text: String) -> Option<NetworkPolicy> {
        let input = Input::Bytes { name: "changed.yaml".to_owned(), bytes: text.into_bytes() };
        read(&[input], &self.options).ok()?.world.policies.remove(name)
    }
}

/// What amendments, made one after the other, make of a policy.
fn amended(before: &World, name: &NamespacedName, amendments: &[Amendment]) -> Option<NetworkPolicy> {
    let mut world = World::default();
    world.policies.extend(before.policies.get(name).map(|policy| (name.clone(), policy.clone())));
    for amendment in amendments.iter().filter(|amendment| amendment.policy() == name) {
        world.policies.insert(name.clone(), amendment.amended(&world)?);
    }
    world.policies.remove(name)
}

/// Where the document of a place begins and ends. A marker of documents stands in the first column wherever it stands.
fn document(text: &str, place: &Place) -> (usize, usize) {
    let at = place.start as usize;
    let before = text.get(..at).and_then(|before| before.rfind("\n---")).map(|marker| marker + 1);
    let behind = text.get(at..).and_then(|rest| rest.find("\n---")).map(|marker| at + marker + 1);
    (before.unwrap_or(0), behind.unwrap_or(text.len()))
}
