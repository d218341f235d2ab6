//! Which ends and ports of an overview are asked for.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::str::FromStr;

use podfence_engine::Engine;
use podfence_model::{Cidr, NamespacedName, Port, PortSet, Protocol, World, nearest};

use super::Overview;
use crate::AddressSet;
use crate::ends::Ends;
use crate::error::{AskError, Suggestions};
use crate::port::PortName;
use crate::resolve::{Resolved, Role, resolve};
use crate::target::Target;

/// What to show of an overview. By default everything.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only these sources.
    pub from: Option<Ends>,
    /// Only these destinations.
    pub to: Option<Ends>,
    /// Only what comes to this namespace's pods or from them.
    pub namespace: Option<String>,
    /// Only these ports.
    pub ports: Option<PortSet>,
}

/// Why a filter cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// A target means nothing, or several things.
    #[error(transparent)]
    Target(#[from] AskError),
    /// A target with a port.
    #[error("`{0}` has a port; give it by --port")]
    WithPort(String),
    /// A target without any address that policies could see.
    #[error("`{0}` has no end that a matrix shows: no pod that policies select, and no known address")]
    NoEnds(String),
    /// The cluster address of a Service as destination.
    #[error(
        "{ip} is an address of Service {service}, and no packet arrives there: it goes to one of the Service's pods; name the Service"
    )]
    VirtualTarget {
        /// The address.
        ip: IpAddr,
        /// The Service.
        service: NamespacedName,
    },
    /// No such namespace.
    #[error("no namespace `{name}` in the input{near}")]
    Namespace {
        /// The name.
        name: String,
        /// A name that there is.
        near: Suggestions,
    },
    /// Nobody uses the port's name.
    #[error("no pod has a port named `{0}`")]
    PortName(String),
}

/// A port that is asked for: `443`, `53/udp` or `http`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortFilter {
    name: PortName,
    protocol: Option<Protocol>,
}

impl FromStr for PortFilter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, protocol) = match text.split_once('/') {
            Some((name, protocol)) => (name, Some(protocol_named(protocol)?)),
            None => (text, None),
        };
        Ok(Self { name: PortName::parse(name).map_err(|error| error.to_string())?, protocol })
    }
}

fn protocol_named(text: &str) -> Result<Protocol, String> {
    let found = Protocol::ALL.into_iter().find(|protocol| protocol.to_string().eq_ignore_ascii_case(text));
    found.ok_or_else(|| format!("`{text}` is no protocol with ports: these are tcp, udp and sctp"))
}

impl PortFilter {
    /// What the port means in a world: a number in every protocol unless one is given, a name every number that some pod
    /// gives it.
    fn ports(&self, world: &World) -> Result<PortSet, FilterError> {
        let asked = |protocol: &Protocol| self.protocol.is_none_or(|own| own == *protocol);
        let one = |protocol, number: Port| PortSet::range(protocol, number.get(), number.get());
        match &self.name {
            PortName::Number(number) => {
                let protocols = Protocol::ALL.into_iter().filter(asked);
                Ok(protocols.fold(PortSet::NONE, |all, protocol| all.union(&one(protocol, *number))))
            }
            PortName::Name(name) => {
                let ports = world.pods.values().flat_map(|pod| &pod.ports);
                let named = ports.filter(|port| port.name.as_ref() == Some(name) && asked(&port.protocol));
                let found =
                    named.fold(PortSet::NONE, |all, port| all.union(&one(port.protocol, port.number)));
                if found.is_empty() { Err(FilterError::PortName(name.clone())) } else { Ok(found) }
            }
        }
    }
}

impl Filter {
    /// A filter from what was typed. Names without a namespace are looked for in `namespace`; no targets mean everybody.
    pub fn new(
        (world, engine): (&World, &Engine),
        (from, to): (&[Target], &[Target]),
        namespace: Option<&str>,
        ports: &[PortFilter],
    ) -> Result<Self, FilterError> {
        if let Some(name) = namespace.filter(|name| !world.namespaces.contains_key(*name)) {
            return Err(no_namespace(world, name));
        }
        let ports = ports.iter().map(|port| port.ports(world));
        let ports = ports.reduce(|all, one| Ok(all?.union(&one?))).transpose()?;
        Ok(Self {
            from: ends(world, engine, from, namespace)?,
            to: ends(world, engine, to, namespace).map_err(as_destination)?,
            namespace: namespace.map(ToOwned::to_owned),
            ports,
        })
    }

    /// The views that make up the table, none of which shows what another does.
    pub(super) fn views(&self, overview: &Overview<'_>) -> Vec<View> {
        let view = |to: Option<Ends>, from: Option<Ends>| View { to, from, ports: self.ports.clone() };
        let Some(namespace) = &self.namespace else {
            return vec![view(self.to.clone(), self.from.clone())];
        };
        let groups = overview.certain.groups_with_ids().map(|(id, _)| id);
        let all = Ends::of_groups(overview.engine, &overview.certain, groups);
        let (sources, targets) = (self.from.as_ref().unwrap_or(&all), self.to.as_ref().unwrap_or(&all));
        let (to_others, to_its_own) = apart(targets, namespace);
        let (_, from_its_own) = apart(sources, namespace);
        vec![view(Some(to_its_own), self.from.clone()), view(Some(to_others), Some(from_its_own))]
    }
}

fn no_namespace(world: &World, name: &str) -> FilterError {
    let known = nearest(name, world.namespaces.keys().map(String::as_str));
    let near = Suggestions(known.into_iter().map(ToOwned::to_owned).collect());
    FilterError::Namespace { name: name.to_owned(), near }
}

/// Targets are looked up as sources are; this is what that says of a destination.
fn as_destination(error: FilterError) -> FilterError {
    match error {
        FilterError::Target(AskError::VirtualSource { ip, service }) => {
            FilterError::VirtualTarget { ip, service }
        }
        other => other,
    }
}

/// Everybody but a namespace's pods, and these.
fn apart(ends: &Ends, namespace: &str) -> (Ends, Ends) {
    let (own, others) = ends.pods.iter().cloned().partition(|id| id.namespace == namespace);
    (Ends { pods: others, ..ends.clone() }, Ends { pods: own, ..Ends::default() })
}

/// Sources and destinations whose pairs are shown.
pub(super) struct View {
    /// `None` = everybody.
    pub to: Option<Ends>,
    /// `None` = everybody.
    pub from: Option<Ends>,
    /// `None` = every port.
    pub ports: Option<PortSet>,
}

impl View {
    /// Whether to say of a destination that nobody reaches it: not if only some were asked about.
    pub(super) fn shows_unreached(&self) -> bool {
        self.from.is_none()
    }
}

fn ends(
    world: &World,
    engine: &Engine,
    targets: &[Target],
    namespace: Option<&str>,
) -> Result<Option<Ends>, FilterError> {
    let mut all: Option<Ends> = None;
    for target in targets {
        if target.port.is_some() {
            return Err(FilterError::WithPort(target.text.clone()));
        }
        let found = ends_of(world, engine, &resolve(world, target, Role::Source, namespace)?);
        if found.is_empty() {
            return Err(FilterError::NoEnds(target.text.clone()));
        }
        let all = all.get_or_insert_default();
        all.pods.extend(found.pods);
        all.unknown = all.unknown.union(&found.unknown);
        all.outside = all.outside.union(&found.outside);
    }
    Ok(all)
}

fn ends_of(world: &World, engine: &Engine, resolved: &Resolved) -> Ends {
    let pods: BTreeSet<NamespacedName> = match resolved {
        Resolved::Pods { pods, .. } => pods.iter().filter(|id| is_policed(engine, id)).cloned().collect(),
        Resolved::Service { .. } | Resolved::Node(_) | Resolved::Ip(_) => BTreeSet::new(),
    };
    let addresses = match resolved {
        Resolved::Node(name) => world.nodes.get(name).map_or_else(Vec::new, |node| node.addresses.clone()),
        Resolved::Ip(ip) => vec![*ip],
        Resolved::Pods { .. } | Resolved::Service { .. } => Vec::new(),
    };
    let addresses: AddressSet = addresses.into_iter().map(Cidr::host).collect();
    Ends { pods, unknown: addresses.clone(), outside: addresses }
}

fn is_policed(engine: &Engine, id: &NamespacedName) -> bool {
    engine.pod_id(id).is_some_and(|id| engine.pod(id).is_policed())
}
