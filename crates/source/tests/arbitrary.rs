//! Whatever the bytes are, reading them ends with a result and never with a panic; and every place lies
//! inside its text, on character borders.

use podfence_source::{Diagnostic, Input, Options, SourceMap, read};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

/// A manifest that has a bit of everything.
const MANIFEST: &str = include_str!("arbitrary/manifest.yaml");

/// Pieces that matter to YAML or to Kubernetes.
const PIECES: [&str; 38] = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ": ",
    "- ",
    ",",
    "\n",
    "\n  ",
    "\t",
    "\"",
    "'",
    "&a ",
    "*a",
    "!!str ",
    "|",
    ">",
    "#",
    "---\n",
    "...\n",
    "<<: ",
    "? ",
    "%YAML 1.1\n",
    "~",
    "yes",
    "0",
    "-1",
    "1e400",
    "65536",
    "10.0.0.0/8",
    "é",
    "\u{feff}",
    "\u{85}",
    "{{",
    "kind",
    "items",
    "\r",
];

fn check(bytes: Vec<u8>) {
    let input = Input::Bytes { name: "fuzz.yaml".to_owned(), bytes };
    match read(&[input], &Options::default()) {
        Ok(loaded) => places_are_inside(&loaded.notes, &loaded.sources),
        Err(refused) => {
            assert!(refused.diagnostics.iter().any(Diagnostic::is_error));
            places_are_inside(&refused.diagnostics, &refused.sources);
        }
    }
}

fn places_are_inside(found: &[Diagnostic], sources: &SourceMap) {
    for place in found.iter().flat_map(|d| &d.labels).map(|label| &label.place) {
        assert!(place.line > 0 && place.column > 0, "{place:?}");
        if let Some(text) = sources.text(&place.file) {
            assert!(sources.slice(place).is_some(), "{place:?} in {text:?}");
        }
    }
}

/// Cuts, repeats and inserts at random character borders.
fn mutate(text: &str, edits: &[(Index, Index, u8)]) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for (at, length, what) in edits {
        let at = at.index(characters.len() + 1);
        let end = (at + length.index(12)).min(characters.len());
        let cut: Vec<char> = characters.drain(at..end).collect();
        let piece = match what % 4 {
            0 => String::new(),
            1 => cut.iter().chain(&cut).collect(),
            _ => PIECES[usize::from(*what) % PIECES.len()].to_owned(),
        };
        characters.splice(at..at, piece.chars());
    }
    characters.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..200)) {
        check(bytes);
    }

    #[test]
    fn arbitrary_pieces_never_panic(pieces in vec(0..PIECES.len(), 0..40)) {
        check(pieces.into_iter().map(|i| PIECES[i]).collect::<String>().into_bytes());
    }

    #[test]
    fn mutated_manifests_never_panic(edits in vec((any::<Index>(), any::<Index>(), any::<u8>()), 1..6)) {
        check(mutate(MANIFEST, &edits).into_bytes());
    }
}
