//! Why a connection comes to what it does: the question to ask `explain`.

use std::sync::Arc;

use podfence_engine::Engine;
use podfence_model::{Family, Layer4, Port, PortSet, Protocol, World};

use super::judge::{Judge, Who};
use super::selection::pod_text;
use crate::port::{AskedProtocol, PortName};
use crate::target::Target;
use crate::{Explanation, Question, Verdict, explain};

/// One connection, and the world in which it is asked about.
#[derive(Debug, Clone)]
pub struct Trace {
    world: Arc<World>,
    engine: Arc<Engine>,
    question: Question,
}

impl Trace {
    /// A connection from the first of some ends to the first other one; `None` where these are one and the same.
    pub(super) fn new(
        judge: &Judge,
        from: &Who,
        to: &Who,
        ports: &PortSet,
        family: Option<Family>,
    ) -> Option<Self> {
        let from_text = names(judge, from, family).next()?;
        let to_text = names(judge, to, family).find(|text| *text != from_text)?;
        let (world, engine) = judge.shared();
        let target = |text: &str| Target::parse(text, &world).ok();
        let (port, protocol) = some_port(ports)?;
        let question = Question {
            source: target(&from_text)?,
            destination: target(&to_text)?,
            port: port.map(PortName::Number),
            protocol: Some(protocol),
            namespace: None,
        };
        Some(Self { world, engine, question })
    }

    /// The same connection in another world with the same pods.
    pub(super) fn within(&self, judge: &Judge) -> Self {
        let (world, engine) = judge.shared();
        Self { world, engine, question: self.question.clone() }
    }

    /// Whether facts are missing.
    pub(super) fn is_undecidable(&self) -> bool {
        self.answer().is_some_and(|explanation| explanation.verdict == Verdict::Undecidable)
    }

    /// The question.
    pub fn question(&self) -> &Question {
        &self.question
    }

    /// Its answer; `None` where it cannot be asked.
    pub fn answer(&self) -> Option<Explanation<'_>> {
        explain(&self.world, &self.engine, &self.question).ok()
    }
}

/// The ends of a part as they may be typed.
fn names<'a>(
    judge: &'a Judge,
    who: &'a Who,
    family: Option<Family>,
) -> Box<dyn Iterator<Item = String> + 'a> {
    match who {
        Who::Pods(pods) => Box::new(pods.iter().map(|id| pod_text(&judge.engine().pod(*id).meta.id))),
        Who::Host(host) => Box::new(std::iter::once(host.text.clone())),
        Who::Unknown(set) | Who::Outside(set) => {
            let set = family.map_or_else(|| set.clone(), |family| set.of_family(family));
            Box::new(judge.some_address(&set).map(|ip| ip.to_string()).into_iter())
        }
    }
}

/// A port of a set: one that readers know, or the first, or else ICMP.
fn some_port(ports: &PortSet) -> Option<(Option<Port>, AskedProtocol)> {
    let first = |protocol: Protocol| {
        let mut ranges = ports
            .ranges(protocol)
            .filter_map(|(first, last)| Port::new(first).or_else(|| (last > 0).then_some(Port::MIN)));
        ranges.next().map(|port| (Some(port), AskedProtocol::Ports(protocol)))
    };
    let known = |number| Port::new(number).filter(|port| ports.contains(Layer4::Port(Protocol::Tcp, *port)));
    if let Some(port) = [80, 443].into_iter().find_map(known) {
        return Some((Some(port), AskedProtocol::Ports(Protocol::Tcp)));
    }
    let with_port = Protocol::ALL.into_iter().find_map(first);
    with_port.or_else(|| ports.has_portless().then_some((None, AskedProtocol::Icmp)))
}
