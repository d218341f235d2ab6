//! `docs/lint/`: a page for each rule, and the list of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use podfence_lint::{Family, Page, Rule, rules};

/// What differs from what the rules say; with blessing it is written first.
pub fn check() -> Vec<String> {
    let folder = folder();
    let wanted: BTreeMap<PathBuf, String> =
        documents().into_iter().map(|(name, text)| (folder.join(name), text)).collect();
    if crate::blessing() {
        fs::create_dir_all(&folder).expect("docs can be written");
        for stale in existing(&folder).iter().filter(|path| !wanted.contains_key(*path)) {
            fs::remove_file(stale).expect("docs can be written");
        }
        for (path, text) in &wanted {
            fs::write(path, text).expect("docs can be written");
        }
    }
    let differs = |(path, text): (&PathBuf, &String)| fs::read_to_string(path).ok().as_ref() != Some(text);
    let wrong = wanted.iter().filter(|(path, text)| differs((path, text))).map(|(path, _)| path.clone());
    let stale = existing(&folder).into_iter().filter(|path| !wanted.contains_key(path));
    wrong.chain(stale).map(|path| format!("{} is not what the rules say", path.display())).collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/lint")
}

fn existing(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).into_iter().flatten();
    files.filter_map(|file| Some(file.ok()?.path())).collect()
}

fn documents() -> Vec<(String, String)> {
    let pages = rules::all().map(|rule| (format!("{}.md", rule.code), document(rule)));
    pages.chain([("README.md".to_owned(), index())]).collect()
}

fn document(rule: &Rule) -> String {
    let page = page(rule);
    format!(
        "# {}\n\n`{}` · {} · family `{}`\n\n{}",
        page.title,
        rule.code,
        rule.severity,
        rule.family,
        page.markdown()
    )
}

/// As the file says now; what is built in may be older while examples are blessed.
fn page(rule: &Rule) -> Page {
    Page::of(&fs::read_to_string(crate::file::path(rule)).expect("rules are files"))
}

fn index() -> String {
    let families = Family::ALL.into_iter().map(|family| {
        let rules: String = rules::all().filter(|rule| rule.family == family).map(row).collect();
        format!("\n## `{family}`: {}\n\n| rule | | what it finds |\n|---|---|---|\n{rules}", family.about())
    });
    let families: String = families.collect();
    format!(
        "# The rules of `podfence lint`\n\nMade from the rules' own files, as is the page of each.\n{families}"
    )
}

fn row(rule: &Rule) -> String {
    format!("| [`{0}`]({0}.md) | {1} | {2} |\n", rule.code, rule.severity, page(rule).title)
}
