//! A question without a port: every port between two ends at once.
//!
//! An answer changes only where a rule that isolates one of the ends begins or ends to name ports. So the ports are cut there
//! (`stretches`), one port of every stretch is asked about, and stretches of which the same is said for the same reason are put
//! together (`says`). Nothing translates on the way: a Service's ports are asked about one by one, in [`crate::ServicePorts`].

mod says;
mod stretches;

use podfence_engine::{Engine, FlowError, Outcome};
use podfence_model::{Endpoint, PortSet, Protocol, World};

use self::says::says_the_same;
use self::stretches::{Stretch, stretches};
use crate::dns::{DnsStep, dns_step};
use crate::entry::{Sides, directly};
use crate::error::AskError;
use crate::explain::{keep_address, needs_dns, source_ends, source_without_port};
use crate::explanation::{Asked, Question, Verdict};
use crate::folded::{OfPair, destinations, fold, sources};
use crate::judge::{Ask, Backend, Path, judge};
use crate::notes::{Note, itself_note, node_ports, notes};
use crate::port::AskedProtocol;
use crate::reach::{Reached, reach};
use crate::resolve::{Role, resolve};
use crate::twins::Twins;

/// What may pass between two ends, on whatever port.
#[derive(Debug, Clone)]
pub struct EveryPort<'w> {
    /// The world that was asked about.
    pub world: &'w World,
    /// The source.
    pub source: Asked,
    /// The destination.
    pub destination: Asked,
    /// The only protocol that was asked about; `None` = all of them.
    pub protocol: Option<Protocol>,
    /// Whether the source may ask the DNS, where that matters.
    pub dns: Option<DnsStep>,
    /// What holds for which pairs; never empty.
    pub pairs: Vec<PairPorts>,
    /// All of it together: `Depends` where some ports are open and others not.
    pub verdict: Verdict,
    /// What else is worth knowing.
    pub notes: Vec<Note>,
}

/// Ends between which the same holds on every port: every source to every destination, itself left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairPorts {
    /// Who opens the connection.
    pub sources: Vec<Endpoint>,
    /// Who accepts it.
    pub destinations: Vec<Endpoint>,
    /// What is open first, then what nobody knows, then what is refused. Port 0 is left out where a rule names port 1.
    pub parts: Vec<PortsPart>,
}

/// Ports with the same answer for the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortsPart {
    /// The ports.
    pub ports: PortSet,
    /// The answer for one of them. Its ends are those of the pair, with addresses where the answer hangs on these.
    pub path: Path,
}

/// Answers a question about every port; `world` and `engine` are as for [`crate::explain`]. Of a question's port nothing is read.
pub fn explain_every_port<'w>(
    world: &'w World,
    engine: &Engine,
    question: &Question,
) -> Result<EveryPort<'w>, AskError> {
    source_without_port(question)?;
    let namespace = question.namespace.as_deref();
    let source = resolve(world, &question.source, Role::Source, namespace)?;
    let destination = resolve(world, &question.destination, Role::Destination(None), namespace)?;
    let mut sources = source_ends(&source);
    keep_address(&question.source, sources.iter_mut());
    let Reached { mut backends, .. } = reach(world, &destination, None, Some(AskedProtocol::Icmp))?;
    keep_address(&question.destination, backends.iter_mut().map(|backend| &mut backend.end));
    let itself_left_out = sources.len() > 1;
    let mut notes = notes(world, &sources, &backends, None);
    notes.extend(itself_left_out.then(|| itself_note(&sources, &backends)).flatten());
    notes.extend(node_ports(world, &destination));
    let mut twins = Twins::default();
    let (asked, backends) = twins.represent(world, &sources, &backends);
    let protocol = only_protocol(question);
    let cut = stretches(world, engine, (&asked, &backends), protocol);
    let asks = directly(Sides { sources: &asked, backends: &backends, itself_left_out });
    let mut pairs = pairs(world, engine, &asks, &cut)?;
    for pair in &mut pairs {
        expand(&twins, pair);
    }
    let needs_dns = needs_dns(world, engine, &asked, &destination);
    let dns = if needs_dns { dns_step(world, engine, &asked, &twins)? } else { None };
    let verdict = verdict(pairs.iter().flat_map(|pair| &pair.parts).map(|part| &part.path.answer.outcome));
    let [source, destination] = [(&question.source, source), (&question.destination, destination)]
        .map(|(target, means)| Asked { text: target.text.clone(), means });
    Ok(EveryPort { world, source, destination, protocol, dns, pairs, verdict, notes })
}

fn only_protocol(question: &Question) -> Option<Protocol> {
    match question.protocol {
        Some(AskedProtocol::Ports(protocol)) => Some(protocol),
        Some(AskedProtocol::Icmp) | None => None,
    }
}

/// What several outcomes come to where one that is open is enough to be of use.
pub(crate) fn verdict<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> Verdict {
    let (mut open, mut unknown, mut refused) = (false, false, false);
    for outcome in outcomes {
        match outcome {
            Outcome::Allowed => open = true,
            Outcome::Undecidable(_) => unknown = true,
            Outcome::Denied => refused = true,
        }
    }
    match (open, unknown, refused) {
        (true, false, false) => Verdict::Allowed,
        (true, ..) => Verdict::Depends,
        (false, false, true) => Verdict::Denied,
        (false, ..) => Verdict::Undecidable,
    }
}

/// What holds for one pair.
struct Row {
    ask: Ask,
    parts: Vec<PortsPart>,
}

impl OfPair for Row {
    fn source(&self) -> &Endpoint {
        &self.ask.source
    }

    fn destination(&self) -> &Endpoint {
        &self.ask.backend.end
    }
}

/// Asks about every pair. Ends without a common family are no pair, unless there is no other.
fn pairs(world: &World, engine: &Engine, asks: &[Ask], cut: &[Stretch]) -> Result<Vec<PairPorts>, FlowError> {
    let mut rows = Vec::new();
    for ask in asks {
        match parts(world, engine, ask, cut) {
            Ok(parts) => rows.push(Row { ask: ask.clone(), parts }),
            Err(FlowError::MixedFamilies) => {}
            Err(error) => return Err(error),
        }
    }
    if rows.is_empty() && !asks.is_empty() {
        return Err(FlowError::MixedFamilies);
    }
    Ok(fold(rows, same).into_iter().map(pair).collect())
}

fn parts(world: &World, engine: &Engine, ask: &Ask, cut: &[Stretch]) -> Result<Vec<PortsPart>, FlowError> {
    let mut parts: Vec<PortsPart> = Vec::new();
    for stretch in cut {
        let backend = Backend { end: ask.backend.end.clone(), layer4: stretch.asked };
        for path in judge(world, engine, &[Ask::direct(&ask.source, &backend)])? {
            match parts.iter_mut().find(|part| is_same_path(&part.path, &path)) {
                Some(part) => part.ports = part.ports.union(&stretch.ports),
                None => parts.push(PortsPart { ports: stretch.ports.clone(), path }),
            }
        }
    }
    parts.sort_by(|a, b| (rank(a), &a.ports).cmp(&(rank(b), &b.ports)));
    Ok(parts)
}

fn rank(part: &PortsPart) -> u8 {
    match part.path.answer.outcome {
        Outcome::Allowed => 0,
        Outcome::Undecidable(_) => 1,
        Outcome::Denied => 2,
    }
}

fn is_same_path(a: &Path, b: &Path) -> bool {
    a.sources == b.sources && a.destinations == b.destinations && says_the_same(&a.answer, &b.answer)
}

/// Whether the same holds for two pairs. Where the answer hangs on addresses, it is told of them alone.
fn same(a: &Row, b: &Row) -> bool {
    let is_plain = |row: &Row, part: &PortsPart| {
        part.path.sources == [row.ask.source.clone()]
            && part.path.destinations == [row.ask.backend.end.clone()]
    };
    a.parts.len() == b.parts.len()
        && a.parts.iter().zip(&b.parts).all(|(one, other)| {
            one.ports == other.ports
                && is_plain(a, one)
                && is_plain(b, other)
                && says_the_same(&one.path.answer, &other.path.answer)
        })
}

fn pair(group: Vec<Row>) -> PairPorts {
    let (sources, destinations) = (sources(&group), destinations(&group));
    let several = group.len() > 1;
    let mut rows = group.into_iter();
    let mut parts = rows.next().map(|row| row.parts).unwrap_or_default();
    for row in rows {
        for (part, other) in parts.iter_mut().zip(row.parts) {
            part.path.missing.extend(other.path.missing);
        }
    }
    for path in parts.iter_mut().map(|part| &mut part.path) {
        path.missing.sort_unstable();
        path.missing.dedup();
        if several {
            path.sources.clone_from(&sources);
            path.destinations.clone_from(&destinations);
        }
    }
    PairPorts { sources, destinations, parts }
}

fn expand(twins: &Twins, pair: &mut PairPorts) {
    pair.sources = twins.all_sources(&pair.sources);
    pair.destinations = twins.all_backends(&pair.destinations);
    for part in &mut pair.parts {
        twins.expand(std::slice::from_mut(&mut part.path));
    }
}
