//! The port of a question: as typed, by name or number, or found from what the destination declares.

use std::fmt;

use podfence_model::{ContainerPort, Layer4, Pod, Port, Protocol};

use crate::error::AskError;

/// A port as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortName {
    /// A number.
    Number(Port),
    /// The name of a container port, or of a Service port.
    Name(String),
}

/// Text that is no port.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PortNameError {
    /// Digits, but no port.
    #[error("`{0}` is no port: ports are 1 to 65535")]
    Number(String),
    /// No port name (IANA_SVC_NAME: up to 15 lower-case letters, digits and dashes, one letter at least).
    #[error("`{0}` is neither a port number nor a port name such as `http`")]
    Name(String),
}

impl PortName {
    /// Parses a number or a port name.
    pub fn parse(text: &str) -> Result<Self, PortNameError> {
        if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            let number = text.parse().map_err(|_| PortNameError::Number(text.to_owned()))?;
            return Ok(Self::Number(number));
        }
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let named = text.bytes().all(fits) && text.bytes().any(|b| b.is_ascii_lowercase());
        let named = named && text.len() <= 15;
        if named { Ok(Self::Name(text.to_owned())) } else { Err(PortNameError::Name(text.to_owned())) }
    }
}

impl fmt::Display for PortName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// `--protocol`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedProtocol {
    /// One with ports.
    Ports(Protocol),
    /// ICMP or ICMPv6, whichever the addresses ask for.
    Icmp,
}

/// What the user said about ports and protocol.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub port: Option<&'a PortName>,
    pub protocol: Option<Protocol>,
}

/// The port on an end that declares none: a node or an address.
pub(crate) fn bare_layer4(wanted: Wanted<'_>, who: &str) -> Result<Layer4, AskError> {
    match wanted.port {
        Some(PortName::Number(number)) => Ok(Layer4::Port(wanted.protocol.unwrap_or(Protocol::Tcp), *number)),
        Some(PortName::Name(name)) => Err(AskError::NameNeedsPod { name: name.clone(), who: who.to_owned() }),
        None => Err(AskError::PortNeeded { who: who.to_owned(), declared: Vec::new() }),
    }
}

/// The port on a pod. Without a protocol it is the one that the pod declares for the number, or else TCP.
pub(crate) fn pod_layer4(pod: &Pod, wanted: Wanted<'_>) -> Result<Layer4, AskError> {
    let fits = |p: &&ContainerPort| wanted.protocol.is_none_or(|w| w == p.protocol);
    let declared: Vec<&ContainerPort> = pod.ports.iter().filter(fits).collect();
    match wanted.port {
        Some(PortName::Number(number)) => {
            let mut protocols = declared.iter().filter(|p| p.number == *number).map(|p| p.protocol);
            let only = protocols.next().filter(|first| protocols.all(|p| p == *first));
            Ok(Layer4::Port(wanted.protocol.or(only).unwrap_or(Protocol::Tcp), *number))
        }
        Some(PortName::Name(name)) => {
            let named = declared.iter().filter(|p| p.name.as_ref() == Some(name));
            one(named.copied()).ok_or_else(|| AskError::NoSuchPortName {
                name: name.clone(),
                who: format!("pod {}", pod.meta.id),
                declared: port_list(&pod.ports),
            })
        }
        None => one(declared.iter().copied()).ok_or_else(|| AskError::PortNeeded {
            who: format!("pod {}", pod.meta.id),
            declared: port_list(&pod.ports),
        }),
    }
}

fn one<'a>(mut ports: impl Iterator<Item = &'a ContainerPort>) -> Option<Layer4> {
    let first = ports.next()?;
    let same = |p: &ContainerPort| (p.protocol, p.number) == (first.protocol, first.number);
    ports.all(same).then_some(Layer4::Port(first.protocol, first.number))
}

/// The declared ports for a message: `8080 (http)`, `53/UDP (dns)`.
fn port_list(ports: &[ContainerPort]) -> Vec<String> {
    ports.iter().map(|p| port_text(p.number, p.protocol, p.name.as_deref())).collect()
}

/// A port for a message; TCP goes without saying.
pub(crate) fn port_text(number: Port, protocol: Protocol, name: Option<&str>) -> String {
    let protocol = if protocol == Protocol::Tcp { String::new() } else { format!("/{protocol}") };
    let name = name.map(|n| format!(" ({n})")).unwrap_or_default();
    format!("{number}{protocol}{name}")
}
