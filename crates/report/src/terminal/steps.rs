//! The steps before policies are asked: the Service and the DNS.

use podfence_analysis::{Backend, DnsStep, Explanation, Path, ServiceStep, Via};
use podfence_engine::{Outcome, Side, TierEnd};
use podfence_model::{Layer4, NamespacedName, World};

use crate::style::{BAD, GOOD, OPEN, Sheet, paint};
use crate::words;

/// Where the Service leads.
pub(super) fn service(sheet: &mut Sheet, explanation: &Explanation<'_>) {
    let Some(step) = &explanation.service else { return };
    sheet.entry("service", &leads(step));
    for left in &step.left_out {
        sheet.more(&format!("not used: {} {}", left.who, left.why));
    }
}

fn leads(step: &ServiceStep) -> String {
    let name = &step.service.name;
    let backends = backends(&step.backends);
    match &step.via {
        Via::Alias(host) => format!(
            "{name} is only another name (ExternalName) for {host}; policies see the address that {host} \
             resolves to, and no input states that"
        ),
        Via::Headless => {
            format!("{name} is headless: its name resolves to the pods themselves, {backends}")
        }
        Via::NodePort { node, layer4 } => {
            let port = step.port.as_ref().map(|p| format!(":{}", p.port)).unwrap_or_default();
            format!("{layer4} of node/{node} is the nodePort of {name}{port} → {backends}")
        }
        Via::Virtual(ips) => {
            let ip = ips.first().map(|ip| format!(" ({ip})")).unwrap_or_default();
            let port = step.port.as_ref().map(|p| format!(":{}", p.port)).unwrap_or_default();
            let from = if step.from_slices { ", by its EndpointSlices" } else { "" };
            format!("{name}{port}{ip} → {backends}{from}")
        }
    }
}

/// The backends, grouped by port: `shop/a, shop/b port 80 and shop/c port 8080`.
pub(super) fn backends(backends: &[Backend]) -> String {
    let mut groups: Vec<(Layer4, Vec<String>)> = Vec::new();
    for backend in backends {
        let name = words::end(&backend.end);
        match groups.iter_mut().find(|(layer4, _)| *layer4 == backend.layer4) {
            Some((_, names)) => names.push(name),
            None => groups.push((backend.layer4, vec![name])),
        }
    }
    let group = |(layer4, names): &(Layer4, Vec<String>)| {
        let port = match layer4 {
            Layer4::Port(_, port) => format!(" port {port}"),
            Layer4::Icmp => String::new(),
        };
        format!("{}{port}", words::list(names))
    };
    words::list(&groups.iter().map(group).collect::<Vec<_>>())
}

/// Whether names resolve.
pub(super) fn dns(sheet: &mut Sheet, world: &World, step: Option<&DnsStep>, service: Option<&ServiceStep>) {
    let Some(step) = step else { return };
    let servers = words::pods(world, &step.servers);
    let what = match service {
        Some(service) => format!("the name {} does not resolve", service.service.name),
        None => "names do not resolve".to_owned(),
    };
    sheet.entry("dns", &dns_text(world, step, &servers, &what));
    if let Some(path) = dropped(&step.udp) {
        sheet.more(&blocker(path));
    }
}

fn dns_text(world: &World, step: &DnsStep, servers: &str, consequence: &str) -> String {
    let blocked = paint(BAD, "blocked");
    match (dropped(&step.udp), dropped(&step.tcp)) {
        (Some(path), tcp) => {
            let who = words::ends(world, &path.sources);
            let tcp =
                if tcp.is_some() { "" } else { " (TCP 53 would pass, but resolvers ask over UDP first)" };
            format!("{blocked}: {who} may not send {} to {servers}, so {consequence}{tcp}", path.layer4)
        }
        (None, _) if open(&step.udp) => {
            format!("{}: whether {} reaches {servers}", paint(OPEN, "undecidable"), port(&step.udp))
        }
        (None, Some(path)) => format!(
            "{}: {} to {servers}; but {} is dropped, so answers too long for UDP fail",
            paint(GOOD, "allowed"),
            port(&step.udp),
            path.layer4
        ),
        (None, None) => {
            let (udp, tcp) = (port(&step.udp), port(&step.tcp));
            format!("{}: {udp} and {tcp} to {servers}", paint(GOOD, "allowed"))
        }
    }
}

/// Whether the DNS step keeps a name from resolving.
pub(super) fn unresolved(explanation: &Explanation<'_>) -> bool {
    explanation.service.is_some() && explanation.dns.as_ref().is_some_and(|dns| dropped(&dns.udp).is_some())
}

fn port(paths: &[Path]) -> String {
    paths.first().map_or_else(String::new, |p| p.layer4.to_string())
}

fn dropped(paths: &[Path]) -> Option<&Path> {
    paths.iter().find(|p| p.answer.outcome == Outcome::Denied)
}

fn open(paths: &[Path]) -> bool {
    paths.iter().any(|p| matches!(p.answer.outcome, Outcome::Undecidable(_)))
}

/// Whose policies drop it.
fn blocker(path: &Path) -> String {
    let denied = |side: &&Side| side.outcome == Outcome::Denied;
    let Some(side) = path.answer.sides().find(denied) else { return String::new() };
    let policies: Vec<String> = selecting(side).iter().map(ToString::to_string).collect();
    let noun = if policies.len() == 1 { "policy" } else { "policies" };
    format!("no {} rule of {noun} {} admits it", side.direction, words::list(&policies))
}

fn selecting(side: &Side) -> &[NamespacedName] {
    let last = side.tiers.iter().rev().find(|t| matches!(t.end, TierEnd::Denied(_)));
    last.map_or(&[], |tier| tier.selecting.as_slice())
}
