//! The way through an Ingress: who proxies, how the source comes there, and whom each rule leads to.

use podfence_analysis::{IngressAnswer, IngressRoute, Path, Verdict};
use podfence_engine::Outcome;
use podfence_model::Layer4;
use podfence_source::SourceMap;

use super::{notes, path_headline, paths, rules, side, steps};
use crate::style::{BAD, BOLD, GOOD, OPEN, Sheet, paint};
use crate::words;

/// An answer about an Ingress as styled text.
pub fn ingress(answer: &IngressAnswer<'_>, sources: &SourceMap) -> String {
    let mut sheet = Sheet::default();
    sheet.line(headline(answer));
    sheet.gap();
    sheet.entry("proxy", &proxy(answer));
    for entry in &answer.entries {
        sheet.gap();
        let ends = format!("{} → {}", words::counted(&entry.source), words::destination(entry));
        sheet.line(titled(&ends, &entry.verdict));
        steps::service(&mut sheet, entry);
        paths(&mut sheet, entry);
    }
    for route in &answer.routes {
        sheet.gap();
        tell(&mut sheet, answer, route);
    }
    if answer.verdict == Verdict::Undecidable {
        notes::facts(&mut sheet, &words::missing_of(all_paths(answer)));
    }
    let mut told: Vec<_> = answer.entries.iter().flat_map(|entry| entry.notes.clone()).collect();
    told.dedup();
    notes::notes(&mut sheet, &told);
    let refused = all_paths(answer).any(|path| path.answer.outcome == Outcome::Denied);
    let drawn = all_paths(answer).filter(|path| !refused || path.answer.outcome == Outcome::Denied);
    rules::of_paths(&mut sheet, answer.world, drawn, sources);
    if let Some(leg) = all_paths(answer).find(|path| path.answer.outcome == Outcome::Denied) {
        change_of(&mut sheet, leg);
    }
    sheet.finish()
}

/// Where to ask for the smallest change: each leg has policies of its own.
fn change_of(sheet: &mut Sheet, leg: &Path) {
    let (Some(source), Some(destination)) = (leg.sources.first(), leg.destinations.first()) else { return };
    let port = match leg.layer4 {
        Layer4::Port(_, port) => format!(":{port}"),
        Layer4::Icmp => String::new(),
    };
    let (source, destination) = (words::end(source), words::end(destination));
    sheet.gap();
    sheet.entry("change", &format!("to see the smallest one, ask about a leg: {source} {destination}{port}"));
}

fn all_paths<'a>(answer: &'a IngressAnswer<'_>) -> impl Iterator<Item = &'a Path> {
    let entries = answer.entries.iter().flat_map(|entry| &entry.paths);
    entries.chain(answer.routes.iter().flat_map(|route| &route.paths))
}

fn headline(answer: &IngressAnswer<'_>) -> String {
    let (style, word) = match answer.verdict {
        Verdict::Allowed => (GOOD, "ALLOWED"),
        Verdict::Denied => (BAD, "DENIED"),
        Verdict::Depends if answer.entries.iter().any(|entry| entry.verdict == Verdict::Depends) => {
            (BAD, "DEPENDS ON THE WAY")
        }
        Verdict::Depends => (BAD, "DEPENDS ON THE RULE"),
        Verdict::Undecidable => (OPEN, "UNDECIDABLE"),
    };
    let id = &answer.ingress.meta.id;
    let path = answer.path.as_deref().unwrap_or_default();
    let source = words::counted(&answer.source);
    format!("{}  {source} → {}/ing/{}{path}", paint(style, word), id.namespace, id.name)
}

fn proxy(answer: &IngressAnswer<'_>) -> String {
    let class = answer.ingress.class.as_ref().map(|class| format!(" of class {class}")).unwrap_or_default();
    if answer.controllers.is_empty() {
        return format!(
            "no ingress controller{class} is in the input (a pod with `app.kubernetes.io/name` traefik, ingress-nginx or \
             the like, and a port for HTTP), so nobody knows under which address requests come to the backends"
        );
    }
    let verb = if answer.controllers.len() == 1 { "is" } else { "are" };
    format!(
        "{} {verb} taken for the ingress controller{class} by the labels: policies of the backends see its address, not \
         the source's",
        words::pods(answer.world, &answer.controllers)
    )
}

fn titled(text: &str, verdict: &Verdict) -> String {
    let style = match verdict {
        Verdict::Allowed => GOOD,
        Verdict::Denied | Verdict::Depends => BAD,
        Verdict::Undecidable => OPEN,
    };
    format!("{}: {}", paint(BOLD, text), paint(style, words::verdict(verdict)))
}

fn tell(sheet: &mut Sheet, answer: &IngressAnswer<'_>, route: &IngressRoute<'_>) {
    let rule = route.rule;
    let (host, path) = (rule.host.as_deref().unwrap_or("*"), rule.path.as_deref().unwrap_or("/"));
    let to = format!(
        "{}/svc/{}:{}",
        answer.ingress.meta.id.namespace,
        rule.service,
        words::target_port(&rule.port)
    );
    sheet.line(titled(&format!("{host}{path} → {to}"), &route.verdict()));
    if route.backends.is_empty() {
        sheet.entry("service", &format!("{}: no pod stands behind it", paint(BAD, "leads nowhere")));
        return;
    }
    sheet.entry("service", &steps::backends(&route.backends));
    if route.paths.is_empty() {
        sheet.entry("ingress", &isolated(route));
    }
    let several = route.paths.len() > 1;
    for path in &route.paths {
        if several {
            sheet.gap();
            sheet.line(path_headline(answer.world, path));
        }
        side::sides(sheet, answer.world, path);
    }
}

fn isolated(route: &IngressRoute<'_>) -> String {
    let policies: Vec<String> = route.isolating.iter().map(ToString::to_string).collect();
    match policies.as_slice() {
        [] => "no policy isolates them: whoever serves the Ingress reaches them".to_owned(),
        [one] => format!("isolated by policy {one}, which must admit whoever serves the Ingress"),
        many => {
            format!("isolated by policies {}: one must admit whoever serves the Ingress", words::list(many))
        }
    }
}
