//! A Service without a port: each of its ports with where it leads and what the policies say there.

use podfence_analysis::{Explanation, Note, ServicePorts, Verdict};
use podfence_model::ServicePort;

use super::every_port::one_port;
use super::{notes, paths, steps};
use crate::style::{BAD, BOLD, GOOD, OPEN, Sheet, paint};
use crate::words;

/// An answer about all ports of a Service as styled text.
pub fn service_ports(answer: &ServicePorts<'_>) -> String {
    let mut sheet = Sheet::default();
    let known: Vec<&Explanation<'_>> =
        answer.ports.iter().filter_map(|(_, answer)| answer.as_ref().ok()).collect();
    let Some(first) = known.first() else { return sheet.finish() };
    sheet.line(headline(answer, first));
    sheet.gap();
    steps::dns(&mut sheet, first.world, first.dns.as_ref(), first.service.as_ref());
    for (port, reply) in &answer.ports {
        sheet.gap();
        match reply {
            Ok(explanation) => one(&mut sheet, port, explanation),
            Err(error) => sheet.line(format!("{}: {}", title(port), paint(BAD, error))),
        }
    }
    if answer.verdict == Verdict::Undecidable {
        let mut facts: Vec<_> = known.iter().flat_map(|explanation| words::missing(explanation)).collect();
        facts.sort_unstable();
        facts.dedup();
        notes::facts(&mut sheet, &facts);
    }
    notes::notes(&mut sheet, &all_notes(&known));
    if answer.verdict != Verdict::Allowed {
        one_port(&mut sheet);
    }
    sheet.finish()
}

fn headline(answer: &ServicePorts<'_>, first: &Explanation<'_>) -> String {
    let (style, word) = match answer.verdict {
        Verdict::Allowed => (GOOD, "ALLOWED"),
        Verdict::Denied => (BAD, "DENIED"),
        Verdict::Depends => (OPEN, "DEPENDS ON THE PORT"),
        Verdict::Undecidable => (OPEN, "UNDECIDABLE"),
    };
    let unresolved = answer.verdict == Verdict::Allowed && steps::unresolved(first);
    let but = if unresolved { ", but the name does not resolve" } else { "" };
    let ports = words::count(answer.ports.len(), "port", "ports");
    let (source, destination) = (words::counted(&first.source), words::asked(&first.destination));
    format!("{}  {source} → {destination} ({ports}){but}", paint(style, word))
}

fn title(port: &ServicePort) -> String {
    let name = port.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
    paint(BOLD, format!("{} {}{name}", port.protocol, port.port))
}

fn one(sheet: &mut Sheet, port: &ServicePort, explanation: &Explanation<'_>) {
    let (style, word) = match explanation.verdict {
        Verdict::Allowed => (GOOD, "allowed"),
        Verdict::Denied => (BAD, "denied"),
        Verdict::Depends => (BAD, "depends on the ends"),
        Verdict::Undecidable => (OPEN, "undecidable"),
    };
    sheet.line(format!("{}: {}", title(port), paint(style, word)));
    steps::service(sheet, explanation);
    paths(sheet, explanation);
}

/// What holds for all ports once.
fn all_notes(known: &[&Explanation<'_>]) -> Vec<Note> {
    let mut notes: Vec<Note> = Vec::new();
    for note in known.iter().flat_map(|explanation| &explanation.notes) {
        // Each protocol has been asked about.
        if !notes.contains(note) && !matches!(note, Note::OtherProtocol(_)) {
            notes.push(note.clone());
        }
    }
    notes
}
