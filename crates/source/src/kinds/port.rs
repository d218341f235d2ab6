//! `ports` items of a policy, and port numbers, names and protocols wherever they stand.
//!
//! Rules of validity: `ValidateNetworkPolicyPort`, `IsValidPortNum`, `IsValidPortName`.

use podfence_model::{Port, PortMatch, PortRange, PortSpec, Protocol};

use super::at;
use super::policy::{mapping_item, misplaced};
use crate::code::Code;
use crate::decode::{Fields, IntOrText, Item};
use crate::names;

/// Reads one `ports` item of a rule.
pub(super) fn read(item: Item<'_>) -> Option<PortMatch> {
    if let Some(port) = item.peek_int_or_text().filter(|_| item.is_plain()) {
        bare(item, &port);
        return None;
    }
    let mut fields = mapping_item(item)?;
    let protocol = protocol(&mut fields);
    let port = fields.get("port");
    let end = fields.get("endPort");
    fields.finish(misplaced);
    let ports = match port {
        None => every_port(end)?,
        Some(port) => ports(port, end)?,
    };
    Some(PortMatch { protocol: protocol?, ports, place: Some(item.place()) })
}

/// A port that is the item itself, as in `ports: [80]`.
fn bare(item: Item<'_>, port: &IntOrText<'_>) {
    let (text, what) = match port {
        IntOrText::Int(number) => (number.to_string(), "a number"),
        IntOrText::Text(text) => ((*text).to_owned(), "a text"),
    };
    let finding = Code::WrongType.error(format!("{item} must be a mapping, but this is {what}"));
    let finding = finding.help(format!("write `port: {text}`"));
    at(item, item.rewritten(finding, &format!("{{port: {text}}}")));
}

fn every_port(end: Option<Item<'_>>) -> Option<PortSpec> {
    if let Some(end) = end {
        end.error(Code::EndPort, "`endPort` needs a `port` to start from", "");
        return None;
    }
    Some(PortSpec::All)
}

fn ports(port: Item<'_>, end: Option<Item<'_>>) -> Option<PortSpec> {
    match (number_or_name(port)?, end) {
        (PortId::Name(name), None) => Some(PortSpec::Named(name)),
        (PortId::Name(name), Some(end)) => {
            let message = format!("`endPort` needs a number as `port`, not the name `{name}`");
            end.error(Code::EndPort, message, "");
            None
        }
        (PortId::Number(port), None) => Some(PortSpec::Range(PortRange::single(port))),
        (PortId::Number(first), Some(end)) => {
            let last = number(end)?;
            let range = PortRange::new(first, last);
            range.map_err(|error| end.error(Code::EndPort, error.to_string(), "")).ok().map(PortSpec::Range)
        }
    }
}

/// A port by number or by name.
pub(crate) enum PortId {
    Number(Port),
    Name(String),
}

/// A port number, 1 to 65535.
pub(crate) fn number(item: Item<'_>) -> Option<Port> {
    let number = item.integer()?;
    let port = u16::try_from(number).ok().and_then(Port::new);
    if port.is_none() {
        item.error(Code::InvalidPort, format!("port {number} is not between 1 and 65535"), "");
    }
    port
}

/// A port number or a port name.
pub(crate) fn number_or_name(item: Item<'_>) -> Option<PortId> {
    match item.int_or_text()? {
        IntOrText::Int(_) => number(item).map(PortId::Number),
        IntOrText::Text(text) => name(item, text).map(PortId::Name),
    }
}

fn name(item: Item<'_>, text: &str) -> Option<String> {
    let Err(why) = names::port_name(text) else { return Some(text.to_owned()) };
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        let message = format!("port \"{text}\" in quotes is a name, and a name {why}");
        let help = format!("for the number, leave out the quotes: {text}");
        at(item, Code::QuotedPort.error(message).help(help).edit(item.place(), text));
    } else {
        item.error(Code::InvalidPort, format!("port name `{text}` {why}"), "");
    }
    None
}

/// `protocol`: TCP when absent; `None` when it is none of the three (which is reported).
pub(crate) fn protocol(fields: &mut Fields<'_>) -> Option<Protocol> {
    let Some(item) = fields.get("protocol") else { return Some(Protocol::Tcp) };
    let text = item.text()?;
    let known = match text {
        "TCP" => Some(Protocol::Tcp),
        "UDP" => Some(Protocol::Udp),
        "SCTP" => Some(Protocol::Sctp),
        _ => None,
    };
    if known.is_none() {
        unknown_protocol(item, text);
    }
    known
}

fn unknown_protocol(item: Item<'_>, text: &str) {
    let upper = text.to_uppercase();
    let help = match upper.as_str() {
        "TCP" | "UDP" | "SCTP" => {
            let finding = Code::UnknownProtocol.error(format!("unknown protocol `{text}`"));
            let finding = finding.help(format!("write it in capitals: `{upper}`"));
            return at(item, item.rewritten(finding, &upper));
        }
        "ICMP" | "ICMPV6" => "policies cannot name ICMP; a rule without `ports` admits it".to_owned(),
        "ANY" | "ALL" | "*" => "for every protocol, leave out `ports`".to_owned(),
        _ => "protocols are `TCP`, `UDP` and `SCTP`".to_owned(),
    };
    item.error_with_help(Code::UnknownProtocol, format!("unknown protocol `{text}`"), &help);
}
