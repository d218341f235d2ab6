//! Tests that are Markdown: a `##` heading starts a case, its code blocks are the inputs and what is
//! expected of them.
//!
//! An input is a block of language `yaml` or `json`, named `case.yaml`, `case.json`, or by `name=FILE` in
//! the fence. Characters that are hard to see are drawn: `→` tab, `␍` carriage return, `⌂` byte order mark.
//! A block of language `text` holds what was found, one of `model` what was read.
//! `PODFENCE_BLESS=1 cargo test` writes those blocks anew: read the diff.

#![allow(clippy::unwrap_used)] // a test that cannot read its own cases must stop

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use podfence_source::{Diagnostic, Input, Label, SourceMap};

/// One case of a file.
pub struct Case {
    pub title: String,
    pub inputs: Vec<Input>,
    /// The expected blocks: language and content.
    pub expected: Vec<(String, String)>,
    /// Prose and input blocks as written, to write the file anew.
    written: String,
}

/// Runs every case of `tests/FOLDER/*.md` and compares the blocks that `outcome` yields.
pub fn run(folder: &str, outcome: impl Fn(&Case) -> Vec<(String, String)>) {
    let bless = std::env::var_os("PODFENCE_BLESS").is_some();
    let mut failures = String::new();
    let mut count = 0;
    for path in markdown_files(folder) {
        let (preamble, cases) = parse(&fs::read_to_string(&path).unwrap());
        let outcomes: Vec<_> = cases.iter().map(|case| without_empty(outcome(case))).collect();
        if bless {
            fs::write(&path, render(&preamble, &cases, &outcomes)).unwrap();
            continue;
        }
        for (case, outcome) in cases.iter().zip(outcomes) {
            count += 1;
            if case.expected != outcome {
                complain(&mut failures, &path, case, &outcome);
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
    println!("{count} cases");
}

fn without_empty(blocks: Vec<(String, String)>) -> Vec<(String, String)> {
    blocks.into_iter().filter(|(_, content)| !content.is_empty()).collect()
}

fn complain(failures: &mut String, path: &Path, case: &Case, outcome: &[(String, String)]) {
    let show = |blocks: &[(String, String)]| -> String {
        blocks.iter().flat_map(|(language, content)| ["[", language, "]\n", content]).collect()
    };
    let (expected, seen) = (show(&case.expected), show(outcome));
    let file = path.file_name().unwrap().to_string_lossy();
    writeln!(failures, "--- {file}: {}\nexpected:\n{expected}\nseen:\n{seen}", case.title).unwrap();
}

fn markdown_files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "md"));
    paths.sort();
    paths
}

fn parse(markdown: &str) -> (String, Vec<Case>) {
    let mut sections = markdown.split("\n## ");
    let preamble = sections.next().unwrap_or("").to_owned();
    (preamble, sections.map(case).collect())
}

fn case(section: &str) -> Case {
    let (title, body) = section.split_once('\n').unwrap_or((section, ""));
    let mut case =
        Case { title: title.to_owned(), inputs: Vec::new(), expected: Vec::new(), written: String::new() };
    let mut lines = body.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else {
            case.written.push_str(line);
            case.written.push('\n');
            continue;
        };
        let content: String = lines.by_ref().take_while(|l| *l != "```").flat_map(|l| [l, "\n"]).collect();
        block(&mut case, info, content);
    }
    case
}

fn block(case: &mut Case, info: &str, content: String) {
    let (language, name) = info.split_once(" name=").unwrap_or((info, ""));
    if !matches!(language, "yaml" | "json") {
        return case.expected.push((language.to_owned(), content));
    }
    write!(case.written, "```{info}\n{content}```\n").unwrap();
    let name = if name.is_empty() { format!("case.{language}") } else { name.to_owned() };
    let bytes = content.replace('→', "\t").replace('␍', "\r").replace('⌂', "\u{feff}").into_bytes();
    case.inputs.push(Input::Bytes { name, bytes });
}

fn render(preamble: &str, cases: &[Case], outcomes: &[Vec<(String, String)>]) -> String {
    let mut text = format!("{}\n", preamble.trim_end());
    for (case, outcome) in cases.iter().zip(outcomes) {
        write!(text, "\n## {}\n{}\n", case.title, case.written.trim_end()).unwrap();
        for (language, content) in outcome {
            write!(text, "\n```{language}\n{content}```\n").unwrap();
        }
    }
    text
}

/// Findings as the blocks have them: the one-line form, then the text it points at, other places, help
/// and edits, each on a line of its own.
pub fn show_found(found: &[Diagnostic], sources: &SourceMap) -> String {
    let mut text = String::new();
    for diagnostic in found {
        writeln!(text, "{diagnostic}").unwrap();
        for (i, Label { place, text: label }) in diagnostic.labels.iter().enumerate() {
            let slice = first_line(sources.slice(place).unwrap_or(""));
            let also = if i > 0 { format!("{}:{}: ", place.line, place.column) } else { String::new() };
            let label = if label.is_empty() { String::new() } else { format!(" ({label})") };
            writeln!(text, "  at {also}`{slice}`{label}").unwrap();
        }
        if let Some(help) = &diagnostic.help {
            writeln!(text, "  help: {help}").unwrap();
        }
        for edit in &diagnostic.patch {
            writeln!(text, "  edit: `{}`", edit.text).unwrap();
        }
    }
    text
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or("");
    let more = if text.lines().count() > 1 { "…" } else { "" };
    format!("{}{more}", line.replace('\t', "→"))
}
