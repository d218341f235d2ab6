//! One rule's file: its examples held against the rule, or written anew.

use std::path::PathBuf;

use podfence_lint::Rule;

use crate::example::{all, changes, mended, new_errors, said};

/// A line of a page, or a whole fenced block.
enum Part {
    Line(String),
    Block { info: String, text: String },
}

/// The file that a rule is written in.
pub fn path(rule: &Rule) -> PathBuf {
    crate::folder(rule.family).join(format!("{}.rs", rule.code.replace('-', "_")))
}

/// What does not hold; with blessing, the file is written anew first.
pub fn check(rule: &Rule) -> Vec<String> {
    let file = std::fs::read_to_string(path(rule)).expect("rules are files");
    let page: Vec<&str> = file.lines().map_while(|line| line.strip_prefix("//!")).collect();
    let written = parts(&page);
    let mut failures = Vec::new();
    let made = remake(rule, &written, &mut failures);
    let wanted: String = made.iter().map(Part::render).collect();
    let code: Vec<&str> = file.lines().skip(page.len()).collect();
    let anew = format!("{wanted}{}\n", code.join("\n"));
    if anew != file {
        if crate::blessing() {
            std::fs::write(path(rule), anew).expect("rules can be written");
        } else {
            failures.push(format!("its page should say\n{wanted}"));
        }
    }
    failures
}

impl Part {
    fn render(&self) -> String {
        match self {
            Self::Line(line) => format!("//!{line}\n"),
            Self::Block { info, text } => {
                let lines = text.lines().map(|line| format!("//! {line}").trim_end().to_owned() + "\n");
                format!("//! ```{info}\n{}//! ```\n", lines.collect::<String>())
            }
        }
    }

    fn is(&self, wanted: &str) -> bool {
        matches!(self, Self::Block { info, .. } if info == wanted)
    }
}

fn parts(page: &[&str]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in page {
        let bare = line.strip_prefix(' ').unwrap_or(line);
        open = match (open.take(), bare.strip_prefix("```")) {
            (Some((info, text)), Some(_)) => {
                parts.push(Part::Block { info, text });
                None
            }
            (Some((info, text)), None) => Some((info, format!("{text}{bare}\n"))),
            (None, Some(info)) => Some((info.to_owned(), String::new())),
            (None, None) => {
                parts.push(Part::Line((*line).to_owned()));
                None
            }
        };
    }
    parts
}

/// The page with what the rule says today below its examples.
fn remake(rule: &Rule, written: &[Part], failures: &mut Vec<String>) -> Vec<Part> {
    let mut page =
        Page { rule, made: Vec::new(), cluster: String::new(), example: None, silent: 0, failures };
    for part in written {
        match part {
            Part::Line(line) => page.line(line),
            Part::Block { info, text } => page.block(info, text),
        }
    }
    if page.example.is_none() || page.silent == 0 {
        page.failures.push("its page needs an example that fires and one that does not".to_owned());
    }
    page.made
}

/// A page while it is written anew.
struct Page<'a> {
    rule: &'a Rule,
    made: Vec<Part>,
    /// Facts about the cluster for the examples of this section.
    cluster: String,
    /// The last example that fires.
    example: Option<String>,
    silent: usize,
    failures: &'a mut Vec<String>,
}

impl Page<'_> {
    fn line(&mut self, line: &str) {
        if line.starts_with(" ## ") {
            self.cluster.clear();
        }
        self.made.push(Part::Line(line.to_owned()));
    }

    fn block(&mut self, info: &str, text: &str) {
        match info {
            "yaml cluster" => text.clone_into(&mut self.cluster),
            "yaml fires" => return self.fires(text),
            "yaml silent" => self.silent(text),
            "yaml fixed" => return self.fixed(),
            // Was written anew with its example.
            "text" if below_example(&self.made) => {
                self.made.pop_if(|last| matches!(last, Part::Line(line) if line.is_empty()));
                return;
            }
            _ => {}
        }
        self.keep(info, text);
    }

    fn keep(&mut self, info: &str, text: &str) {
        self.made.push(Part::Block { info: info.to_owned(), text: text.to_owned() });
    }

    fn fires(&mut self, text: &str) {
        self.keep("yaml fires", text);
        self.example = Some(text.to_owned());
        let says = said(self.rule, text, &self.cluster);
        if says.is_empty() {
            let found = all(text, &self.cluster);
            self.failures.push(format!("it says nothing of\n{text}where this is found:\n{found}"));
        } else {
            self.line("");
            self.keep("text", &says);
        }
    }

    fn silent(&mut self, text: &str) {
        self.silent += 1;
        let says = said(self.rule, text, &self.cluster);
        if !says.is_empty() {
            self.failures.push(format!("it should say nothing of\n{text}but says\n{says}"));
        }
    }

    fn fixed(&mut self) {
        let before = self.example.clone().unwrap_or_default();
        let after = mended(self.rule, &before, &self.cluster);
        self.failures.extend(not_mended(self.rule, &before, &after, &self.cluster));
        self.keep("yaml fixed", &after);
        if let Some(changes) = changes(&before, &after, &self.cluster) {
            self.line("");
            self.keep("text", &changes);
        }
    }
}

/// Whether the last thing but empty lines is what a rule says of an example, or what mending it changes.
fn below_example(made: &[Part]) -> bool {
    let mut last = made.iter().rev().skip_while(|part| matches!(part, Part::Line(line) if line.is_empty()));
    let text = last.next().is_some_and(|part| part.is("text"));
    let above = last.find(|part| matches!(part, Part::Block { .. }));
    text && above.is_some_and(|part| part.is("yaml fires") || part.is("yaml fixed"))
}

fn not_mended(rule: &Rule, before: &str, after: &str, cluster: &str) -> Option<String> {
    if before == after {
        return Some(format!("it has no edits for\n{before}"));
    }
    let still = said(rule, after, cluster);
    if !still.is_empty() {
        return Some(format!("its edits lead to\n{after}of which it says\n{still}"));
    }
    let new = new_errors(before, after, cluster);
    (!new.is_empty()).then(|| format!("its edits lead to\n{after}which has new errors: {new:?}"))
}
