//! Whether a row holds: engine and kernel both say of every connection what the row says.

use podfence_engine::Outcome as Verdict;
use podfence_report::json::{Compared, VerdictRow};

use super::{Ask, Expected, Question, Row};
use crate::check::Checked;
use crate::dns::Lookup;
use crate::ingress::check::{IngressChecked, Reply};
use crate::probe::Outcome;
use crate::record;
use crate::run::Findings;
use crate::service_check::{NameChecked, ServiceChecked};

/// The rows, each with the connections that are not as it says.
pub fn check(asks: &[Ask], findings: &Findings) -> Vec<VerdictRow> {
    let row = |ask: &Ask| {
        let broken: Vec<Compared> =
            ask.questions.iter().filter_map(|question| broken(&ask.row, question, findings)).collect();
        let cells = &ask.row.cells;
        VerdictRow {
            file: cells.from.place.file.to_string(),
            line: cells.from.place.line,
            from: cells.from.text.clone(),
            to: cells.to.text.clone(),
            on: cells.on.text.clone(),
            outcome: cells.outcome.text.clone(),
            holds: broken.is_empty(),
            connections: ask.questions.len(),
            broken,
        }
    };
    asks.iter().map(row).collect()
}

/// The connections that break rows.
pub fn breaking<'a>(asks: &'a [Ask], findings: &'a Findings) -> impl Iterator<Item = &'a Question> {
    let of_row = |ask: &'a Ask| ask.questions.iter().map(move |question| (&ask.row, question));
    let broken = asks.iter().flat_map(of_row).filter(|(row, one)| broken(row, one, findings).is_some());
    broken.map(|(_, question)| question)
}

/// What was found instead; `None` if it is as the row says. What was never tried breaks the row, too.
fn broken(row: &Row, question: &Question, findings: &Findings) -> Option<Compared> {
    let wanted = row.outcome;
    match question {
        Question::Flow(flow) => match findings.flows.iter().find(|one| one.flow == *flow) {
            Some(one) => (!flow_is(one, wanted)).then(|| record::flow(one)),
            None => Some(untried(row)),
        },
        Question::Service(asked) => match findings.services.iter().find(|one| one.asked == *asked) {
            Some(one) => (!service_is(one, wanted)).then(|| record::service(one)),
            None => Some(untried(row)),
        },
        Question::Entry(asked) => match findings.entries.iter().find(|one| one.asked == *asked) {
            Some(one) => (!both(&one.engine, &one.kernel, wanted)).then(|| record::entry(one)),
            None => Some(untried(row)),
        },
        Question::Ingress(asked) => match findings.ingresses.iter().find(|one| one.asked == *asked) {
            Some(one) => (!request_is(one, wanted)).then(|| record::request(one)),
            None => Some(untried(row)),
        },
        Question::Name(asked) => match findings.names.iter().find(|one| one.asked == *asked) {
            Some(one) => (!name_is(one, wanted)).then(|| record::look_up(one)),
            None => Some(untried(row)),
        },
    }
}

fn untried(row: &Row) -> Compared {
    let cells = &row.cells;
    Compared {
        from: cells.from.text.clone(),
        to: cells.to.text.clone(),
        on: cells.on.text.clone(),
        engine: "undecidable",
        kernel: "failed",
        agree: false,
    }
}

fn flow_is(one: &Checked, wanted: Expected) -> bool {
    one.engine.as_ref().is_some_and(|verdict| both(std::slice::from_ref(verdict), &one.kernel, wanted))
}

fn service_is(one: &ServiceChecked, wanted: Expected) -> bool {
    both(&one.engine, &one.kernel, wanted)
}

fn both(engine: &[Verdict], kernel: &Outcome, wanted: Expected) -> bool {
    match wanted {
        Expected::Open => all(engine, &Verdict::Allowed) && kernel.is_open(),
        Expected::Refused => all(engine, &Verdict::Allowed) && *kernel == Outcome::Refused,
        Expected::TimesOut => all(engine, &Verdict::Denied) && *kernel == Outcome::TimedOut,
        Expected::Resolves | Expected::DoesNotResolve | Expected::Status(_) => false,
    }
}

fn all(engine: &[Verdict], verdict: &Verdict) -> bool {
    !engine.is_empty() && engine.iter().all(|one| one == verdict)
}

/// Whoever of an Ingress' endpoints has its turn, the request must come out as wanted.
fn request_is(one: &IngressChecked, wanted: Expected) -> bool {
    let is = |reply: &Reply| match wanted {
        Expected::Open => matches!(reply, Reply::Answered(_)),
        Expected::Refused => *reply == Reply::Refused,
        Expected::TimesOut => *reply == Reply::TimedOut,
        Expected::Status(status) => *reply == Reply::Status(status),
        Expected::Resolves | Expected::DoesNotResolve => false,
    };
    !one.engine.is_empty() && one.engine.iter().all(is) && is(&one.kernel)
}

fn name_is(one: &NameChecked, wanted: Expected) -> bool {
    let (allowed, denied) = (all(&one.engine, &Verdict::Allowed), all(&one.engine, &Verdict::Denied));
    match (wanted, &one.kernel) {
        (Expected::Resolves, Lookup::Resolved(_))
        | (Expected::DoesNotResolve, Lookup::NxDomain | Lookup::NoData) => allowed,
        (Expected::DoesNotResolve, Lookup::TimedOut) => denied,
        _ => false,
    }
}
