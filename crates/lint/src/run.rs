//! Running the rules over a world.

use podfence_engine::Engine;
use podfence_model::World;
use podfence_source::{Diagnostic, SourceMap};

use crate::context::Context;
use crate::finding::{Finding, Fix};
use crate::rule::Check;
use crate::rules::{self, UNUSED_SUPPRESSION};
use crate::select::Selection;
use crate::suppress::Suppressions;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// In the order of the texts; those without a place first.
    pub findings: Vec<Finding>,
    /// How many more their authors know of.
    pub suppressed: usize,
}

/// All findings about a world. Its workloads must have been expanded and the cluster DNS added
/// (`podfence_analysis::assumed::add_cluster_dns`); `engine` must be of the same world. `reading` is what reading found.
pub fn lint(
    world: &World,
    engine: &Engine,
    sources: &SourceMap,
    reading: &[Diagnostic],
    selection: &Selection,
) -> Report {
    let context = Context::new(world, engine, sources);
    let mut found = of_reading(reading, selection);
    for rule in rules::all().filter(|rule| selection.wants(rule)) {
        if let Check::World(check) = rule.check {
            found.extend(check(&context));
        }
    }
    let mut suppressions = Suppressions::of(sources);
    let all = found.len();
    found.retain(|finding| !suppressions.holds(finding, &context));
    let suppressed = all - found.len();
    without_unreadable(&mut found, sources);
    // A comment for a rule that did not run is not known to be idle.
    if *selection == Selection::default() {
        found.extend(suppressions.unused().filter(|_| selection.wants(&UNUSED_SUPPRESSION)));
    }
    Report { findings: sorted(found), suppressed }
}

/// How many bytes are read again at most to see whether edits leave something readable.
const BUDGET: usize = 64 << 20;

/// Takes back edits after which the text would be refused, such as a name that must be in quotes: they are told in words only.
fn without_unreadable(found: &mut [Finding], sources: &SourceMap) {
    let mut budget = BUDGET;
    for finding in found.iter_mut().filter(|finding| finding.object.is_some()) {
        let Some(first) = finding.diagnostic.patch.first() else { continue };
        let size = sources.text(&first.place.file).map_or(0, str::len);
        let Some(left) = budget.checked_sub(size) else { return };
        budget = left;
        if sources.reread(&finding.diagnostic.patch).is_none() {
            finding.diagnostic.patch.clear();
            finding.fix = Fix::None;
        }
    }
}

/// The findings about inputs that are refused: what reading found, and nothing else, because nothing is decided on half of
/// what somebody wrote.
pub fn refused(reading: &[Diagnostic], selection: &Selection) -> Report {
    Report { findings: sorted(of_reading(reading, selection)), suppressed: 0 }
}

fn of_reading(reading: &[Diagnostic], selection: &Selection) -> Vec<Finding> {
    let finding = |diagnostic: &Diagnostic| {
        let rule = rules::find(diagnostic.code).unwrap_or(&rules::UNREADABLE);
        // An error of reading is never deselected: nothing else is known without it.
        let wanted = diagnostic.is_error() || selection.wants(rule);
        wanted.then(|| Finding::read(rule, diagnostic.clone()))
    };
    reading.iter().filter_map(finding).collect()
}

fn sorted(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_cached_key(|finding| {
        let place = finding.place();
        let at = place.map(|place| (place.file.clone(), place.start));
        (at, finding.diagnostic.severity, finding.rule.code)
    });
    findings.dedup();
    findings
}
