//! The ports of an expectation: `80`, `TCP 80-90`, `http`, `UDP`, `ICMP`, `declared`, `all`.

use podfence_model::{Pod, PortSet, Protocol, Word};

use super::{Mistake, Result};
use crate::port::PortName;

/// Every port that a flow can use, and ICMP; port 0 is none.
pub(super) fn every_port() -> PortSet {
    let of = |protocol| PortSet::range(protocol, 1, u16::MAX);
    Protocol::ALL.into_iter().map(of).fold(PortSet::portless(), |all, ports| all.union(&ports))
}

/// Ports as stated; what names and `declared` come to hangs on the pod.
#[derive(Debug, Default)]
pub(super) struct Ports {
    fixed: PortSet,
    names: Vec<(Option<Protocol>, String)>,
    declared: bool,
}

impl Ports {
    /// Reads the words; none of them means every port.
    pub(super) fn read(words: &[Word]) -> Result<Self> {
        let mut ports = Self::default();
        if words.is_empty() {
            ports.fixed = every_port();
        }
        let mistakes: Vec<Mistake> = words.iter().filter_map(|word| ports.add(word).err()).collect();
        if mistakes.is_empty() { Ok(ports) } else { Err(mistakes) }
    }

    fn add(&mut self, word: &Word) -> std::result::Result<(), Mistake> {
        let parts: Vec<&str> = word.text.split_whitespace().collect();
        let (protocol, port) = match parts[..] {
            [one] => match protocol(one) {
                Some(protocol) => (Some(protocol), None),
                None => (None, Some(one)),
            },
            [first, port] if protocol(first).is_some() => (protocol(first), Some(port)),
            _ => return Err(unreadable(word)),
        };
        match (protocol, port) {
            (Some(protocol), None) => self.fix(&PortSet::range(protocol, 1, u16::MAX)),
            (None, Some("all")) => self.fix(&every_port()),
            (None, Some("declared")) => self.declared = true,
            (None, Some(icmp)) if icmp.eq_ignore_ascii_case("icmp") => self.fix(&PortSet::portless()),
            (protocol, Some(port)) => match range(port) {
                Some((first, last)) => {
                    self.fix(&PortSet::range(protocol.unwrap_or(Protocol::Tcp), first, last));
                }
                None => match PortName::parse(port) {
                    Ok(PortName::Name(name)) => self.names.push((protocol, name)),
                    _ => return Err(unreadable(word)),
                },
            },
            (None, None) => return Err(unreadable(word)),
        }
        Ok(())
    }

    fn fix(&mut self, ports: &PortSet) {
        self.fixed = self.fixed.union(ports);
    }

    /// What they come to on a pod.
    pub(super) fn on(&self, pod: &Pod) -> PortSet {
        let fits = |protocol: Protocol, name: Option<&String>| {
            let named = |(wanted, wanted_name): &(Option<Protocol>, String)| {
                wanted.is_none_or(|wanted| wanted == protocol) && name == Some(wanted_name)
            };
            self.declared || self.names.iter().any(named)
        };
        let declared = pod.ports.iter().filter(|port| fits(port.protocol, port.name.as_ref()));
        declared.fold(self.fixed.clone(), |all, port| {
            all.union(&PortSet::range(port.protocol, port.number.get(), port.number.get()))
        })
    }

    /// What they come to where ports have no names.
    pub(super) fn on_address(&self) -> &PortSet {
        &self.fixed
    }

    /// Whether they mean a port of a Service.
    pub(super) fn mean(&self, port: &podfence_model::ServicePort) -> bool {
        let number = PortSet::range(port.protocol, port.port.get(), port.port.get());
        let named = |(protocol, name): &(Option<Protocol>, String)| {
            protocol.is_none_or(|protocol| protocol == port.protocol) && port.name.as_ref() == Some(name)
        };
        self.declared || self.fixed.covers(&number) || self.names.iter().any(named)
    }
}

fn protocol(text: &str) -> Option<Protocol> {
    Protocol::ALL.into_iter().find(|protocol| protocol.to_string().eq_ignore_ascii_case(text))
}

fn range(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (0 < first && first <= last).then_some((first, last))
}

fn unreadable(word: &Word) -> Mistake {
    let message = format!(
        "`{}` is no port: write 80, TCP 8000-8080, UDP 53, a port's name, TCP, ICMP, declared or all",
        word.text
    );
    Mistake::new(&word.place, message)
}

/// A set of ports in the words that are read here; none for all ports.
pub fn port_words(ports: &PortSet) -> Vec<String> {
    if ports.covers(&every_port()) {
        return Vec::new();
    }
    let text = |protocol: Protocol, (first, last): (u16, u16)| match (first, last) {
        (0 | 1, u16::MAX) => protocol.to_string(),
        _ if first == last => format!("{protocol} {first}"),
        _ => format!("{protocol} {}-{last}", first.max(1)),
    };
    let of =
        |protocol| ports.ranges(protocol).filter(|range| range.1 > 0).map(move |range| text(protocol, range));
    let portless = ports.has_portless().then(|| "ICMP".to_owned());
    Protocol::ALL.into_iter().flat_map(of).chain(portless).collect()
}
