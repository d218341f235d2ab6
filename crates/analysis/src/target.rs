//! What a user types for one end of a flow: `[NAMESPACE/][KIND/]NAME[:PORT]`, an address, a DNS name.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use podfence_model::{Kind, World, nearest};

use crate::error::Suggestions;
use crate::port::{PortName, PortNameError};

/// The kinds that a target may name, with kubectl's words for them: short, singular, plural.
const KINDS: [(Kind, &[&str]); 13] = [
    (Kind::Pod, &["pod", "po", "pods"]),
    (Kind::Deployment, &["deploy", "deployment", "deployments"]),
    (Kind::StatefulSet, &["sts", "statefulset", "statefulsets"]),
    (Kind::DaemonSet, &["ds", "daemonset", "daemonsets"]),
    (Kind::ReplicaSet, &["rs", "replicaset", "replicasets"]),
    (Kind::ReplicationController, &["rc", "replicationcontroller", "replicationcontrollers"]),
    (Kind::Job, &["job", "jobs"]),
    (Kind::CronJob, &["cj", "cronjob", "cronjobs"]),
    (Kind::Service, &["svc", "service", "services"]),
    (Kind::Node, &["node", "no", "nodes"]),
    (Kind::Namespace, &["ns", "namespace", "namespaces"]),
    (Kind::NetworkPolicy, &["netpol", "networkpolicy", "networkpolicies"]),
    (Kind::Ingress, &["ing", "ingress", "ingresses"]),
];

/// The word that a target names a kind by: `deploy`, `svc`, or the kind itself in lower case.
pub fn short_kind(kind: &Kind) -> Cow<'static, str> {
    let known = KINDS.iter().find(|(k, _)| k == kind);
    known.map_or_else(|| kind.as_str().to_lowercase().into(), |(_, words)| words[0].into())
}

fn kinds_text() -> String {
    KINDS.iter().map(|(_, words)| words[0]).collect::<Vec<_>>().join(", ")
}

/// One end of a flow as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Whom it names.
    pub what: What,
    /// `:PORT`, if given.
    pub port: Option<PortName>,
    /// Exactly what was typed.
    pub text: String,
}

/// Whom a [`Target`] names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// An object.
    Object {
        /// The namespace, if given.
        namespace: Option<String>,
        /// The kind, if given.
        kind: Option<Kind>,
        /// The name.
        name: String,
    },
    /// An Ingress: `[NAMESPACE/]ing/NAME`, or the rules that serve a path of it, `[NAMESPACE/]ing/NAME/PATH`.
    Ingress {
        /// The namespace, if given.
        namespace: Option<String>,
        /// The name.
        name: String,
        /// The path with its leading slash, if given.
        path: Option<String>,
    },
    /// An address.
    Ip(IpAddr),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Text that names no end of a flow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// A word for nodes that only tables of verdicts know.
    #[error("`{0}` is a word of tables of verdicts; type node/NAME")]
    NodeWord(String),
    /// Not of the form that is asked for.
    #[error("`{0}` is not of the form [NAMESPACE/][KIND/]NAME[:PORT], an IP address or node/NAME")]
    Form(String),
    /// The middle word of three is no kind.
    #[error("`{kind}` in `{text}` is none of the kinds {}{suggestions}", kinds_text())]
    Kind {
        /// The word.
        kind: String,
        /// The whole target.
        text: String,
        /// The kind that was perhaps meant.
        suggestions: Suggestions,
    },
    /// A block where one address is needed.
    #[error("`{0}` is a block of addresses; ask about one address in it")]
    Block(String),
    /// The port is none.
    #[error("in `{text}`: {error}")]
    Port {
        /// The whole target.
        text: String,
        /// What is wrong with the port.
        error: PortNameError,
    },
}

impl Target {
    /// Parses what a user typed. `world` lends the kinds that operators make pods from (`prometheus/k8s`).
    ///
    /// Of two parts the first is a kind if it is a word for one, and a namespace otherwise; all three
    /// parts are never unclear.
    pub fn parse(text: &str, world: &World) -> Result<Self, TargetError> {
        if let Ok(ip) = text.parse() {
            return Ok(Self { what: What::Ip(ip), port: None, text: text.to_owned() });
        }
        let block = || TargetError::Block(text.to_owned());
        let (who, port) = split_port(text).map_err(|error| if is_block(text) { block() } else { error })?;
        if is_block(who) {
            return Err(block());
        }
        let port = port.map(PortName::parse).transpose();
        let port = port.map_err(|error| TargetError::Port { text: text.to_owned(), error })?;
        let what = match who.parse() {
            Ok(ip) => What::Ip(ip),
            Err(_) => object(who, text, world)?,
        };
        Ok(Self { what, port, text: text.to_owned() })
    }
}

/// What to type here for a word that tables of verdicts have for an address.
pub(crate) fn table_word(word: &str) -> Option<&'static str> {
    match word {
        "outside" => Some("an IP address, for instance 192.0.2.1"),
        "metadata" => Some("169.254.169.254"),
        _ => None,
    }
}

fn is_block(text: &str) -> bool {
    text.parse::<ipnet::IpNet>().is_ok()
}

/// Cuts `:PORT` off; brackets around an IPv6 address are taken away.
fn split_port(text: &str) -> Result<(&str, Option<&str>), TargetError> {
    let form = || TargetError::Form(text.to_owned());
    if let Some(rest) = text.strip_prefix('[') {
        let (ip, port) = rest.split_once(']').ok_or_else(form)?;
        ip.parse::<std::net::Ipv6Addr>().map_err(|_| form())?;
        return match port.strip_prefix(':') {
            None if port.is_empty() => Ok((ip, None)),
            None => Err(form()),
            port => Ok((ip, port)),
        };
    }
    match text.split_once(':') {
        Some((_, port)) if port.contains(':') => Err(form()),
        Some((who, port)) => Ok((who, Some(port))),
        None => Ok((text, None)),
    }
}

fn object(who: &str, text: &str, world: &World) -> Result<What, TargetError> {
    let parts: Vec<&str> = who.split('/').collect();
    if matches!(who, "its node" | "other nodes") {
        return Err(TargetError::NodeWord(who.to_owned()));
    }
    if let Some(ingress) = ingress(&parts, world) {
        return Ok(ingress);
    }
    if parts.iter().any(|part| !is_name(part)) {
        return Err(TargetError::Form(text.to_owned()));
    }
    let make = |namespace: Option<&str>, kind, name: &str| What::Object {
        namespace: namespace.map(Into::into),
        kind,
        name: name.into(),
    };
    match parts[..] {
        [name] => Ok(service_dns_name(name).unwrap_or_else(|| make(None, None, name))),
        [first, name] => match kind_of(first, world) {
            Some(kind) => Ok(make(None, Some(kind), name)),
            None => Ok(make(Some(first), None, name)),
        },
        [namespace, word, name] => match kind_of(word, world) {
            Some(kind) => Ok(make(Some(namespace), Some(kind), name)),
            None => Err(unknown_kind(word, text)),
        },
        _ => Err(TargetError::Form(text.to_owned())),
    }
}

/// An Ingress, whatever stands in its path.
fn ingress(parts: &[&str], world: &World) -> Option<What> {
    let is_kind = |word: &str| kind_of(word, world) == Some(Kind::Ingress);
    let (namespace, name, path) = match parts {
        [word, name, path @ ..] if is_kind(word) => (None, name, path),
        [namespace, word, name, path @ ..] if is_kind(word) && is_name(namespace) => {
            (Some((*namespace).to_owned()), name, path)
        }
        _ => return None,
    };
    let path = (!path.is_empty()).then(|| format!("/{}", path.join("/")));
    is_name(name).then(|| What::Ingress { namespace, name: (*name).to_owned(), path })
}

fn unknown_kind(word: &str, text: &str) -> TargetError {
    let words = KINDS.iter().flat_map(|(_, words)| words.iter().copied());
    let near = nearest(word, words).map(ToOwned::to_owned);
    TargetError::Kind {
        kind: word.into(),
        text: text.to_owned(),
        suggestions: Suggestions(near.into_iter().collect()),
    }
}

fn is_name(part: &str) -> bool {
    !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'))
}

/// `NAME.NAMESPACE.svc` with or without a cluster domain behind it.
fn service_dns_name(name: &str) -> Option<What> {
    let mut parts = name.split('.');
    let (name, namespace, svc) = (parts.next()?, parts.next()?, parts.next()?);
    (svc == "svc").then(|| What::Object {
        namespace: Some(namespace.into()),
        kind: Some(Kind::Service),
        name: name.into(),
    })
}

/// The kind that a word names: kubectl's words, also with a group behind a dot (`deployments.apps`), or
/// the kind of an operator's object in the world.
pub(crate) fn kind_of(word: &str, world: &World) -> Option<Kind> {
    let bare = word.split('.').next().unwrap_or(word).to_lowercase();
    let known = KINDS.iter().find(|(_, words)| words.contains(&bare.as_str()));
    if let Some((kind, _)) = known {
        return Some(kind.clone());
    }
    let kinds = world.workloads.keys().map(|id| &id.kind);
    kinds.filter(|k| matches!(k, Kind::Other(_))).find(|k| k.as_str().to_lowercase() == bare).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> String {
        match Target::parse(text, &World::default()) {
            Ok(Target { what: What::Ip(ip), port, .. }) => format!("{ip} {port:?}"),
            Ok(Target { what: What::Object { namespace, kind, name }, port, .. }) => {
                format!("{namespace:?} {kind:?} {name} {port:?}")
            }
            Ok(Target { what: What::Ingress { namespace, name, path }, .. }) => {
                format!("{namespace:?} {name} {path:?}")
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn targets_are_read_as_kubectl_users_write_them() {
        let table = [
            ("web", "None None web None"),
            ("shop/web", r#"Some("shop") None web None"#),
            ("deploy/web:http", r#"None Some(Deployment) web Some(Name("http"))"#),
            ("deployments.apps/web", "None Some(Deployment) web None"),
            ("shop/svc/web:80", r#"Some("shop") Some(Service) web Some(Number(80))"#),
            ("web.shop.svc.cluster.local:80", r#"Some("shop") Some(Service) web Some(Number(80))"#),
            ("no/worker-1", "None Some(Node) worker-1 None"),
            ("ing/web", "None web None"),
            ("shop/ing/web", r#"Some("shop") web None"#),
            ("shop/ing/web/api/v1/", r#"Some("shop") web Some("/api/v1/")"#),
            ("ing/web/", r#"None web Some("/")"#),
            ("10.0.0.1", "10.0.0.1 None"),
            ("10.0.0.1:443", "10.0.0.1 Some(Number(443))"),
            ("2001:db8::1", "2001:db8::1 None"),
            ("[2001:db8::1]", "2001:db8::1 None"),
            ("[2001:db8::1]:443", "2001:db8::1 Some(Number(443))"),
            ("10.0.0.0/8", "`10.0.0.0/8` is a block of addresses; ask about one address in it"),
            ("its node:80", "`its node` is a word of tables of verdicts; type node/NAME"),
            ("web:0", "in `web:0`: `0` is no port: ports are 1 to 65535"),
            (
                "shop/depoly/web",
                "`depoly` in `shop/depoly/web` is none of the kinds pod, deploy, sts, ds, rs, rc, job, cj, svc, node, ns, netpol, ing; did you mean `deploy`?",
            ),
            ("2001:db8::/32", "`2001:db8::/32` is a block of addresses; ask about one address in it"),
        ];
        for (text, expected) in table {
            assert_eq!(parts(text), expected, "{text}");
        }
        for bad in ["", "/", "a/b/c/d", "web:80:90", "we b", "[10.0.0.1]:80", "[::1", "[::1]80"] {
            assert!(parts(bad).contains("is not of the form"), "{bad}: {}", parts(bad));
        }
    }
}
