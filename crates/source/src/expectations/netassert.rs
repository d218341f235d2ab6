//! Tests of netassert v2, as they are: a list of connections, each with the exit code that a client must end with.
//!
//! Source of the rules: `internal/data/types.go` of controlplaneio/netassert v2. Only what the network decides is judged: how often and
//! how long to try does not matter offline. A host known by a name alone, or by an address that never leaves the pod, is
//! skipped with a reason.

use std::net::IpAddr;

use podfence_model::{Claim, Connections, Expectation, Wanted, Word};

use crate::code::Code;
use crate::decode::{Fields, Item};

const KINDS: [&str; 4] = ["deployment", "statefulset", "daemonset", "pod"];

/// Reads a list of tests.
pub(super) fn read(item: Item<'_>, into: &mut Vec<Expectation>) {
    for item in item.list().into_iter().flatten() {
        let Some(test) = test(item) else { continue };
        if into.iter().any(|before| before.name == test.name) {
            let name = test.name.as_deref().unwrap_or_default();
            item.error(Code::Netassert, format!("there are two tests of the name `{name}`"), "");
        }
        into.push(test);
    }
}

fn test(item: Item<'_>) -> Option<Expectation> {
    let mut fields = item.mapping()?;
    let name = fields.required("name").and_then(Item::text).map(str::to_owned);
    let kind = fields.required("type");
    one_of(kind, &["k8s"]);
    let protocol = fields.get("protocol");
    let protocol = protocol.map_or(Some("tcp"), |item| one_of(Some(item), &["tcp", "udp"]));
    let port = fields.required("targetPort").and_then(crate::kinds::port_number);
    let exit_code = fields.get("exitCode").and_then(Item::integer).unwrap_or(0);
    let source = fields.required("src").and_then(Item::mapping).and_then(source);
    let destination = fields.required("dst").and_then(Item::mapping).and_then(destination);
    fields.ignore(&["timeoutSeconds", "attempts", "pass", "failureReason"]);
    fields.finish(|_| None);
    let (protocol, port, from) = (protocol?, port?, source?);
    if let (Some(Destination::Host(host) | Destination::Address(host)), "udp") = (&destination, protocol) {
        let error = Code::Netassert.error("a test by UDP must have a `k8sResource` as its destination");
        item.sink.report(error.at(host.place.clone(), ""));
    }
    let ports = vec![Word { text: format!("{protocol} {port}"), place: item.place() }];
    let wanted = if exit_code == 0 { Wanted::Allowed } else { Wanted::Denied };
    let claim = match destination? {
        Destination::Host(host) => {
            Claim::Skipped(format!("only a DNS server knows the addresses of `{}`", host.text))
        }
        Destination::Address(ip) if is_local(&ip.text) => {
            Claim::Skipped(format!("{} is the pod itself, and no policy sees that", ip.text))
        }
        Destination::Resource(to) | Destination::Address(to) => Claim::Connections(Connections {
            wanted,
            from: vec![from],
            to: vec![to],
            ports,
            family: None,
            policies: None,
        }),
    };
    Some(Expectation { name, claim, place: item.place() })
}

enum Destination {
    Resource(Word),
    /// A host by its address.
    Address(Word),
    /// A host by its name.
    Host(Word),
}

fn source(mut fields: Fields<'_>) -> Option<Word> {
    let resource = fields.required("k8sResource").and_then(Item::mapping).and_then(resource);
    fields.finish(|_| None);
    resource
}

fn destination(mut fields: Fields<'_>) -> Option<Destination> {
    let (resource_item, host_item) = (fields.get("k8sResource"), fields.get("host"));
    fields.finish(|_| None);
    match (resource_item, host_item) {
        (Some(item), None) => item.mapping().and_then(resource).map(Destination::Resource),
        (None, Some(item)) => item.mapping().and_then(host),
        (Some(_), Some(host)) => {
            host.error(Code::Netassert, "`dst` may have a `k8sResource` or a `host`, not both", "");
            None
        }
        (None, None) => {
            fields.item.error(Code::Netassert, "`dst` needs a `k8sResource` or a `host`", "");
            None
        }
    }
}

/// As `NAMESPACE/KIND/NAME`.
fn resource(mut fields: Fields<'_>) -> Option<Word> {
    let kind_item = fields.required("kind");
    let kind = one_of(kind_item, &KINDS);
    let name = fields.required("name").and_then(Item::text);
    let namespace = fields.required("namespace").and_then(Item::text);
    fields.ignore(&["clone"]);
    fields.finish(|_| None);
    Some(Word { text: format!("{}/{}/{}", namespace?, kind?, name?), place: fields.item.place() })
}

fn host(mut fields: Fields<'_>) -> Option<Destination> {
    let item = fields.required("name")?;
    fields.finish(|_| None);
    let word = Word { text: item.text()?.to_owned(), place: item.place() };
    let is_address = word.text.parse::<IpAddr>().is_ok();
    Some(if is_address { Destination::Address(word) } else { Destination::Host(word) })
}

/// Whether packets to an address stay in the pod.
fn is_local(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok_and(|ip| ip.is_unspecified() || ip.is_loopback())
}

/// A field that is one of a few words.
fn one_of<'n>(item: Option<Item<'n>>, known: &[&'static str]) -> Option<&'n str> {
    let item = item?;
    let text = item.text()?;
    if known.contains(&text) {
        return Some(text);
    }
    let near = crate::decode::did_you_mean(text, known.iter().copied());
    let help = format!("netassert knows {}", known.join(", "));
    item.error_with_help(Code::Netassert, format!("unknown {item} `{text}`{near}"), &help);
    None
}
