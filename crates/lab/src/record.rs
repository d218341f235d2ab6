//! Findings as values for programs.

use podfence_engine::Outcome as Verdict;
use podfence_model::Endpoint;
use podfence_report::json::{Compared, LabStep, VerdictRow};

use crate::check::Checked;
use crate::dns::Lookup;
use crate::entry_check::EntryChecked;
use crate::ingress::check::{IngressChecked, Reply, Way};
use crate::probe::Outcome;
use crate::run::Findings;
use crate::service_check::{NameChecked, ServiceChecked};

/// A step and everything that was compared in it.
pub fn step(name: Option<String>, findings: &Findings, verdicts: Vec<VerdictRow>) -> LabStep {
    LabStep { name, differences: findings.differences(), compared: compared(findings), verdicts }
}

/// Everything that was compared.
pub fn compared(findings: &Findings) -> Vec<Compared> {
    let flows = findings.flows.iter().map(flow);
    let services = findings.services.iter().map(service);
    let entries = findings.entries.iter().map(entry);
    let ingresses = findings.ingresses.iter().map(request);
    flows.chain(services).chain(entries).chain(ingresses).chain(findings.names.iter().map(look_up)).collect()
}

/// A flow that was tried.
pub(crate) fn flow(one: &Checked) -> Compared {
    let address = match one.flow.destination {
        Endpoint::Ip(_) => None, // its name already
        Endpoint::Pod { address, .. } | Endpoint::Node { address, .. } => address,
    };
    let address = address.map_or(String::new(), |ip| format!(" at {ip}"));
    Compared {
        from: one.flow.source.to_string(),
        to: format!("{}{address}", one.flow.destination),
        on: one.flow.layer4.to_string(),
        engine: one.engine.as_ref().map_or("undecidable", |v| verdicts(std::slice::from_ref(v))),
        kernel: outcome(&one.kernel),
        agree: one.agrees(),
    }
}

/// A connection to a Service that was tried.
pub(crate) fn service(one: &ServiceChecked) -> Compared {
    Compared {
        from: one.asked.source.to_string(),
        to: format!("svc/{} at {}", one.asked.service, one.asked.address),
        on: format!("{} {}", one.asked.protocol, one.asked.port),
        engine: verdicts(&one.engine),
        kernel: outcome(&one.kernel),
        agree: one.agrees(),
    }
}

/// A connection to a Service by another way that was tried.
pub(crate) fn entry(one: &EntryChecked) -> Compared {
    Compared {
        from: one.asked.source.to_string(),
        to: format!("svc/{} at {}", one.asked.service, one.asked),
        on: format!("{} {}", one.asked.protocol, one.asked.port),
        engine: verdicts(&one.engine),
        kernel: outcome(&one.kernel),
        agree: one.agrees(),
    }
}

/// A request by an Ingress that was made.
pub(crate) fn request(one: &IngressChecked) -> Compared {
    let by = match &one.asked.way {
        Way::Service(entry) => format!("svc/{} at {entry}", entry.service),
        Way::Pod(id, to) => format!("{id} at {to}"),
    };
    let answered = one.engine.iter().filter(|reply| matches!(reply, Reply::Answered(_))).count();
    Compared {
        from: "outside".into(),
        to: format!("ing/{} by {by}", one.asked.ingress),
        on: format!("HTTP {}{}", one.asked.host, one.asked.path),
        engine: match answered {
            _ if one.engine.is_empty() => "undecidable",
            0 => "denied",
            n if n == one.engine.len() => "allowed",
            _ => "depends",
        },
        kernel: match one.kernel {
            Reply::Answered(_) => "open",
            Reply::Status(404) => "not found",
            Reply::Status(502) => "bad gateway",
            Reply::Status(503) => "unavailable",
            Reply::Status(504) => "gateway timeout",
            Reply::Refused => "refused",
            Reply::TimedOut => "timed out",
            Reply::Status(_) | Reply::Failed(_) => "failed",
        },
        agree: one.agrees(),
    }
}

/// A look-up that was made.
pub(crate) fn look_up(one: &NameChecked) -> Compared {
    Compared {
        from: one.asked.source.to_string(),
        to: format!("name/{}", one.asked.name),
        on: format!("DNS {}", one.asked.kind),
        engine: verdicts(&one.engine),
        kernel: answer(&one.kernel),
        agree: one.agrees(),
    }
}

fn answer(lookup: &Lookup) -> &'static str {
    match lookup {
        Lookup::Resolved(_) | Lookup::Pointed(_) => "resolved",
        Lookup::NoData | Lookup::NxDomain => "no such name",
        Lookup::Refused => "refused",
        Lookup::TimedOut => "timed out",
        Lookup::Failed(_) => "failed",
    }
}

fn verdicts(all: &[Verdict]) -> &'static str {
    let allowed = all.iter().filter(|v| **v == Verdict::Allowed).count();
    let undecided = all.iter().any(|v| matches!(v, Verdict::Undecidable(_)));
    match allowed {
        _ if undecided => "undecidable",
        0 => "denied",
        n if n == all.len() => "allowed",
        _ => "depends",
    }
}

fn outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Open { .. } => "open",
        Outcome::Refused => "refused",
        Outcome::TimedOut => "timed out",
        Outcome::Unreachable(_) => "unreachable",
        Outcome::Failed(_) => "failed",
    }
}
