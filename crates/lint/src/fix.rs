//! Making the edits that are safe.

use std::collections::BTreeMap;
use std::sync::Arc;

use podfence_source::{Edit, SourceMap, apply};

use crate::finding::{Finding, Fix};

/// An input after its edits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fixed {
    /// The input's name.
    pub file: Arc<str>,
    /// Its new text.
    pub text: String,
    /// How many findings were mended.
    pub mended: usize,
}

/// The inputs that the edits of some findings change. Of findings that would change the same text only the first is mended:
/// the next run finds the others again, if they still hold.
pub fn fix<'f>(
    findings: impl IntoIterator<Item = &'f Finding>,
    wanted: impl Fn(Fix) -> bool,
    sources: &SourceMap,
) -> Vec<Fixed> {
    let mut files: BTreeMap<&Arc<str>, (Vec<&Edit>, usize)> = BTreeMap::new();
    for finding in findings.into_iter().filter(|finding| wanted(finding.fix)) {
        let edits = &finding.diagnostic.patch;
        let Some(first) = edits.first() else { continue };
        let (made, mended) = files.entry(&first.place.file).or_default();
        let clashes = edits.iter().any(|edit| made.iter().any(|other| clash(edit, other)));
        let one_file = edits.iter().all(|edit| edit.place.file == first.place.file);
        if !clashes && one_file {
            made.extend(edits);
            *mended += 1;
        }
    }
    let fixed = files.into_iter().filter_map(|(file, (edits, mended))| {
        let before = sources.text(file)?;
        let text = apply(before, edits).ok()?;
        (mended > 0 && text != before).then(|| Fixed { file: Arc::clone(file), text, mended })
    });
    fixed.collect()
}

/// Whether two edits of one file touch each other. Equal ones do: the text is to be changed once, and the next run sees.
fn clash(a: &Edit, b: &Edit) -> bool {
    a.place.start <= b.place.end && b.place.start <= a.place.end
}
