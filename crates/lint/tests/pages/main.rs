//! Every rule's page holds: its examples fire, stay silent and are mended as it says, and `docs/lint/` says the same.
//!
//! `PODFENCE_BLESS=1` writes what the rules say, and their mended examples, into the rules' files, and the pages into
//! `docs/lint/`: read both.

mod documents;
mod example;
mod file;

use std::path::Path;
use std::sync::OnceLock;

use podfence_lint::{Family, rules};
use podfence_source::Code;

/// The folder of a family's rules.
fn folder(family: Family) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules").join(family.name())
}

fn blessing() -> bool {
    std::env::var_os("PODFENCE_BLESS").is_some()
}

/// What does not hold of the examples; they are looked at once, and blessed once, whichever test asks first.
fn example_failures() -> &'static [String] {
    static FAILURES: OnceLock<Vec<String>> = OnceLock::new();
    FAILURES.get_or_init(|| {
        let of = |rule| file::check(rule).into_iter().map(|failure| format!("{}: {failure}", rule.code));
        rules::all().flat_map(of).collect()
    })
}

#[test]
fn every_rule_does_what_its_page_says() {
    let failures = example_failures();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn every_rule_has_one_code_and_a_file_of_that_name() {
    let mut codes: Vec<&str> = rules::all().map(|rule| rule.code).collect();
    codes.sort_unstable();
    let twins: Vec<_> = codes.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(twins.is_empty(), "{twins:?}");
    for rule in rules::all() {
        let path = file::path(rule);
        assert!(path.exists(), "{} is missing", path.display());
    }
}

#[test]
fn whatever_reading_finds_has_its_rule() {
    for code in Code::ALL.iter().filter(|code| code.is_of_manifests()) {
        let rule = rules::find(code.word()).unwrap_or_else(|| panic!("no rule for {code}"));
        assert_eq!(rule.family, Family::Validation, "{code}");
    }
}

#[test]
fn no_file_of_a_rule_is_left_out() {
    for family in Family::ALL {
        let files = std::fs::read_dir(folder(family)).expect("a folder for each family");
        let found = files.filter(|file| file.as_ref().is_ok_and(|file| file.file_name() != "mod.rs")).count();
        let listed = rules::all().filter(|rule| rule.family == family).count();
        assert_eq!(found, listed, "files and list of {family} differ");
    }
}

#[test]
fn the_documentation_says_what_the_rules_say() {
    example_failures();
    let failures = documents::check();
    assert!(failures.is_empty(), "{}\nPODFENCE_BLESS=1 writes them", failures.join("\n"));
}
