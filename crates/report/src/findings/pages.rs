//! Rules for people: the page of one, and the list of all.

use podfence_lint::{Family, Rule, rules};

use crate::style::{BOLD, DIM, paint};

/// A rule's page for the terminal.
pub fn page(rule: &Rule) -> String {
    let page = rule.page();
    let facts = format!("{} · {} · family {}", rule.code, rule.severity, rule.family);
    let mut fenced = false;
    let body: String = page.markdown().lines().filter_map(|line| shown(line, &mut fenced)).collect();
    format!("{}\n{}\n\n{body}", paint(BOLD, &page.title), paint(DIM, facts))
}

/// A line of Markdown for the terminal: examples indented instead of fenced.
fn shown(line: &str, fenced: &mut bool) -> Option<String> {
    if line.starts_with("```") {
        *fenced = !*fenced;
        return None;
    }
    let line = match line.strip_prefix("## ") {
        Some(heading) => paint(BOLD, heading),
        None if *fenced => format!("    {line}"),
        None => line.to_owned(),
    };
    Some(format!("{}\n", line.trim_end()))
}

/// All rules, family by family.
pub fn list() -> String {
    Family::ALL.iter().map(|family| section(*family)).collect::<Vec<_>>().join("\n")
}

fn section(family: Family) -> String {
    let rules = rules::all().filter(|rule| rule.family == family).map(|rule| {
        let severity = rule.severity.to_string();
        format!("  {:<28} {severity:<8} {}\n", rule.code, rule.page().title)
    });
    format!("{}: {}\n{}", paint(BOLD, family), family.about(), rules.collect::<String>())
}
