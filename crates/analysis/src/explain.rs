//! From two names to an [`Explanation`].

use podfence_engine::Engine;
use podfence_model::{Endpoint, World};

use crate::assumed::is_cluster_dns;
use crate::dns::{any_isolated, dns_step};
use crate::entry::{Sides, flows};
use crate::error::AskError;
use crate::explanation::{Asked, Explanation, Question, Verdict};
use crate::judge::{Path, at, judge};
use crate::notes::{itself_note, notes};
use crate::port::{AskedProtocol, PortName};
use crate::reach::{Reached, reach};
use crate::resolve::{Resolved, Role, resolve};
use crate::target::{Target, What};
use crate::twins::Twins;

/// Answers a question about a world, whose workloads must have been expanded and to which the cluster DNS
/// should have been added ([`crate::assumed::add_cluster_dns`]). `engine` must be of the same world.
pub fn explain<'w>(
    world: &'w World,
    engine: &Engine,
    question: &Question,
) -> Result<Explanation<'w>, AskError> {
    source_without_port(question)?;
    let namespace = question.namespace.as_deref();
    let source = resolve(world, &question.source, Role::Source, namespace)?;
    let port = asked_port(question)?;
    let destination = resolve(world, &question.destination, Role::Destination(port), namespace)?;
    let mut sources = source_ends(&source);
    let Reached { mut service, mut backends } = reach(world, &destination, port, question.protocol)?;
    keep_address(&question.source, sources.iter_mut());
    if service.is_none() {
        keep_address(&question.destination, backends.iter_mut().map(|backend| &mut backend.end));
    }
    let mut notes = notes(world, &sources, &backends, service.as_ref());
    let itself_left_out = sources.len() > 1;
    notes.extend(itself_left_out.then(|| itself_note(&sources, &backends)).flatten());
    let mut twins = Twins::default();
    let (asked, backends) = twins.represent(world, &sources, &backends);
    let sides = Sides { sources: &asked, backends: &backends, itself_left_out };
    let flows = flows(world, engine, sides, service.as_mut())?;
    notes.extend(flows.notes);
    let mut paths = judge(world, engine, &flows.asks)?;
    twins.expand(&mut paths);
    let needs_dns = needs_dns(world, engine, &asked, &destination);
    let dns = if needs_dns { dns_step(world, engine, &asked, &twins)? } else { None };
    Ok(Explanation {
        world,
        source: Asked { text: question.source.text.clone(), means: source },
        destination: Asked { text: question.destination.text.clone(), means: destination },
        verdict: verdict(&paths),
        paths,
        service,
        dns,
        notes,
    })
}

/// A port belongs to the destination.
pub(crate) fn source_without_port(question: &Question) -> Result<(), AskError> {
    match &question.source {
        Target { port: Some(_), text, .. } => Err(AskError::SourcePort(text.clone())),
        _ => Ok(()),
    }
}

pub(crate) fn asked_port(question: &Question) -> Result<Option<&PortName>, AskError> {
    let (in_target, in_option) = (question.destination.port.as_ref(), question.port.as_ref());
    if let (Some(a), Some(b)) = (in_target, in_option)
        && a != b
    {
        return Err(AskError::TwoPorts { in_target: a.clone(), in_option: b.clone() });
    }
    let port = in_target.or(in_option);
    match port.filter(|_| question.protocol == Some(AskedProtocol::Icmp)) {
        Some(port) => Err(AskError::IcmpPort(port.clone())),
        None => Ok(port),
    }
}

/// Who opens the connection; a source is never resolved to a Service.
pub(crate) fn source_ends(source: &Resolved) -> Vec<Endpoint> {
    match source {
        Resolved::Pods { pods, .. } => {
            pods.iter().map(|id| Endpoint::Pod { id: id.clone(), address: None }).collect()
        }
        Resolved::Node(name) => vec![Endpoint::Node { name: name.clone(), address: None }],
        Resolved::Ip(ip) => vec![Endpoint::Ip(*ip)],
        Resolved::Service { .. } => Vec::new(),
    }
}

/// Whoever was asked about by an address uses that one.
pub(crate) fn keep_address<'a>(target: &Target, ends: impl Iterator<Item = &'a mut Endpoint>) {
    if let What::Ip(ip) = target.what {
        ends.for_each(|end| *end = at(end, ip));
    }
}

/// DNS matters when the destination is known by a Service's name, and is worth a word when the source is
/// isolated for egress, unless the destination is a mere address or the DNS itself.
pub(crate) fn needs_dns(
    world: &World,
    engine: &Engine,
    sources: &[Endpoint],
    destination: &Resolved,
) -> bool {
    match destination {
        Resolved::Service { address, .. } => address.is_none(),
        Resolved::Pods { pods, .. } => {
            let of_dns = pods.iter().filter_map(|id| world.pods.get(id)).any(is_cluster_dns);
            !of_dns && any_isolated(engine, sources)
        }
        Resolved::Node(_) | Resolved::Ip(_) => false,
    }
}

fn verdict(paths: &[Path]) -> Verdict {
    Verdict::together(paths.iter().map(|path| Verdict::from(&path.answer.outcome)))
}
