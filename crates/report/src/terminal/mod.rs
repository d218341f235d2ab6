//! Answers for people: short, exact, readable without knowing Podfence.

mod every_port;
mod ingress;
mod notes;
mod portrait;
mod rules;
mod service_ports;
mod side;
mod status;
mod steps;

use podfence_analysis::{Explanation, Idle, Path, Verdict};
use podfence_engine::Outcome;
use podfence_model::{Endpoint, World};
use podfence_source::SourceMap;

use crate::decisive::Decisive;
use crate::mend::{self, Change};
use crate::style::{BAD, BOLD, GOOD, OPEN, Piece, Sheet, paint};
use crate::words;

pub use every_port::every_port;
pub use ingress::ingress;
pub(crate) use notes::text as note_text;
pub use portrait::portrait;
pub use service_ports::service_ports;
pub use status::lab_status;

/// An explanation as styled text: the verdict, each step on the way with its reason, and the lines of the
/// rules that decided or came closest; then the smallest change that turns the verdict, if one is given.
pub fn explain(explanation: &Explanation<'_>, sources: &SourceMap, change: Option<&Change<'_>>) -> String {
    let mut sheet = Sheet::default();
    sheet.line(headline(explanation));
    sheet.gap();
    steps::service(&mut sheet, explanation);
    steps::dns(&mut sheet, explanation.world, explanation.dns.as_ref(), explanation.service.as_ref());
    paths(&mut sheet, explanation);
    notes::missing(&mut sheet, explanation);
    notes::notes(&mut sheet, &explanation.notes);
    rules::rules(&mut sheet, explanation, sources);
    if let Some(change) = change {
        mend::tell(&mut sheet, explanation.world, change);
    }
    sheet.finish()
}

fn paths(sheet: &mut Sheet, explanation: &Explanation<'_>) {
    let several = explanation.paths.len() > 1;
    for path in &explanation.paths {
        if several {
            sheet.gap();
            sheet.line(path_headline(explanation.world, path));
        }
        if path.arrives.is_none() && explanation.paths.iter().any(|p| p.arrives.is_some()) {
            sheet.entry("enters", "by the pod's own node, where the source's address stays as it is");
        }
        side::sides(sheet, explanation.world, path);
    }
}

/// What the policies of both ends say about a path, and the drawn rules behind it, without styles, for other forms than a
/// terminal's.
pub(crate) fn path(world: &World, path: &Path, text: &Decisive<'_>) -> (Vec<Piece>, Vec<String>) {
    let mut sheet = Sheet::default();
    side::sides(&mut sheet, world, path);
    (sheet.pieces().into_iter().map(Piece::plain).collect(), rules::of_path(world, path, text))
}

fn headline(explanation: &Explanation<'_>) -> String {
    let (style, word) = match explanation.verdict {
        Verdict::Allowed => (GOOD, "ALLOWED"),
        Verdict::Denied => (BAD, "DENIED"),
        Verdict::Depends => (BAD, depends(explanation)),
        Verdict::Undecidable => (OPEN, "UNDECIDABLE"),
    };
    let (source, destination) = (words::counted(&explanation.source), words::destination(explanation));
    let allowed = explanation.verdict == Verdict::Allowed;
    let but = if allowed && steps::unresolved(explanation) { ", but the name does not resolve" } else { "" };
    format!("{}  {source} → {destination}{but}", paint(style, word))
}

/// On what a mixed verdict depends.
fn depends(explanation: &Explanation<'_>) -> &'static str {
    let paths = &explanation.paths;
    let first = paths.first();
    let same = |of: fn(&Path) -> &Vec<Endpoint>| paths.iter().all(|p| Some(of(p)) == first.map(of));
    let addressed = |end: &Endpoint| !matches!(end, Endpoint::Ip(_)) && end.address().is_some();
    if paths.iter().any(|p| p.arrives.is_some()) {
        "DEPENDS ON THE ENTRY NODE"
    } else if paths.iter().any(|p| p.sources.iter().chain(&p.destinations).any(addressed)) {
        "DEPENDS ON THE ADDRESSES"
    } else if same(|p| &p.sources) && explanation.service.is_some() {
        "DEPENDS ON THE BACKEND"
    } else if same(|p| &p.destinations) {
        "DEPENDS ON THE SOURCE"
    } else {
        "DEPENDS ON THE PODS"
    }
}

fn path_headline(world: &World, path: &Path) -> String {
    let by = path.arrives.as_ref().map(|node| format!(" by {}", words::end(node))).unwrap_or_default();
    let (sources, destinations) = (words::ends(world, &path.sources), words::ends(world, &path.destinations));
    let ends = format!("{sources}{by} → {destinations} {}", path.layer4);
    format!("{}: {}", paint(BOLD, ends), painted(&path.answer.outcome))
}

fn painted(outcome: &Outcome) -> String {
    let style = match outcome {
        Outcome::Allowed => GOOD,
        Outcome::Denied => BAD,
        Outcome::Undecidable(_) => OPEN,
    };
    paint(style, words::outcome(outcome))
}

/// A note about a policy that chooses no pod, in one line.
pub fn idle(idle: &Idle<'_>) -> String {
    words::idle(idle)
}

/// A heading between parts of a longer text.
pub fn heading(text: &str) -> String {
    paint(BOLD, text)
}

/// How engine and kernel compare, in one line: on `compared` connections, of those that are `possible`.
pub fn agreement(compared: usize, differences: usize, possible: usize) -> String {
    let tried = if compared < possible {
        format!("{compared} connections tried, of {possible}")
    } else {
        format!("{compared} connections")
    };
    match differences {
        0 => format!("{}: engine and kernel agree on all {tried}", paint(GOOD, "AGREE")),
        n => format!("{}: engine and kernel differ on {n} of {tried} (marked !!)", paint(BAD, "DIFFER")),
    }
}
