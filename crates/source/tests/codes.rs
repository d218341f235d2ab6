//! Every finding of reading has a code of the list, and every code of the list is in use.

#![allow(clippy::unwrap_used, reason = "a test that cannot read the sources must stop")]

use std::fs;
use std::path::{Path, PathBuf};

use podfence_source::Code;

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { sources(&path, found) } else { found.push(path) }
    }
}

/// The texts of the crate, without the two files that define diagnostics and codes.
fn texts() -> Vec<(PathBuf, String)> {
    let mut paths = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut paths);
    paths.retain(|path| !path.ends_with("code.rs") && !path.ends_with("diagnostic.rs"));
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn diagnostics_are_made_from_codes_only() {
    for (path, text) in texts() {
        for other in ["new", "error", "warning", "note"].map(|name| format!("Diagnostic::{name}(")) {
            assert!(!text.contains(&other), "{} has {other}", path.display());
        }
    }
}

#[test]
fn every_code_is_in_use() {
    let all: String = texts().into_iter().map(|(_, text)| text).collect();
    for code in Code::ALL {
        assert!(all.contains(&format!("Code::{code:?}")), "no reader reports {code:?}");
    }
}

#[test]
fn codes_are_short_words_joined_by_dashes() {
    for code in Code::ALL {
        let word = code.word();
        let good = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        assert!(word.split('-').all(good) && word.len() <= 24, "{word}");
    }
    let mut words: Vec<&str> = Code::ALL.iter().map(|code| code.word()).collect();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), Code::ALL.len());
}
