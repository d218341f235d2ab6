//! Who is asked about: names as their objects have them now, ports as the answering pod has them.

use std::net::IpAddr;

use podfence_engine::{Engine, PodId};
use podfence_model::{
    Endpoint, Family, Flow, Kind, Layer4, NamespacedName, Object, ObjectKey, Pod, Port, Protocol, nearest,
};
use serde::{Deserialize, Serialize};

/// So many connections are answered at a time: each asks the kernel.
const MOST: usize = 64;

/// A connection that is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Question {
    /// Who opens it.
    pub source: Who,
    /// Who is to accept it.
    pub destination: Who,
    /// The port of the pod that answers, by number or name; without one that which the pod declares, if it is one alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
    /// The protocol; TCP unless the port says another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<AskedProtocol>,
}

/// A protocol that policies know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AskedProtocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
    /// ICMP or `ICMPv6`, which have no ports.
    Icmp,
}

/// An end of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Who {
    /// Whoever has an address.
    Address(IpAddr),
    /// A node, by its name.
    Node(String),
    /// A pod of this name, or else the pods of a workload of this name, or of this kind (`Deployment`).
    Object {
        /// Its namespace.
        namespace: String,
        /// `Pod` or the kind of a workload.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<String>,
        /// Its name.
        name: String,
    },
}

/// A connection that is meant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Meant {
    pub source: IpAddr,
    pub destination: IpAddr,
    pub layer4: Layer4,
}

impl Meant {
    pub(super) fn flow(self) -> Flow {
        let [source, destination] = [self.source, self.destination].map(Endpoint::Ip);
        Flow { source, destination, layer4: self.layer4 }
    }
}

/// The connections that a question is about; and how many more there are.
pub(super) fn meant(engine: &Engine, asked: &Question) -> Result<(Vec<Meant>, usize), String> {
    let (sources, destinations) = (addresses(engine, &asked.source)?, addresses(engine, &asked.destination)?);
    let same_family = |source: &IpAddr, ip: &IpAddr| Family::of(*source) == Family::of(*ip);
    let pairs: Vec<(IpAddr, IpAddr)> = sources
        .iter()
        .flat_map(|source| destinations.iter().filter(|ip| same_family(source, ip)).map(|ip| (*source, *ip)))
        .collect();
    if pairs.is_empty() {
        return Err("the two ends have no address family in common".to_owned());
    }
    let connection = |&(source, destination): &(IpAddr, IpAddr)| {
        Ok(Meant { source, destination, layer4: layer4(engine, asked, destination)? })
    };
    let first: Result<Vec<Meant>, String> = pairs.iter().take(MOST).map(connection).collect();
    Ok((first?, pairs.len().saturating_sub(MOST)))
}

fn addresses(engine: &Engine, who: &Who) -> Result<Vec<IpAddr>, String> {
    match who {
        Who::Address(ip) => Ok(vec![*ip]),
        Who::Node(name) => match engine.object(&ObjectKey::Node(name.clone())) {
            Some(Object::Node(node)) if !node.addresses.is_empty() => Ok(node.addresses),
            Some(_) => Err(format!("node {name} has no known address")),
            None => Err(format!("the agent knows no node {name}")),
        },
        Who::Object { namespace, kind, name } => {
            let pods = pods(engine, namespace, kind.as_deref(), name)?;
            let all: Vec<IpAddr> = pods.iter().flat_map(|id| engine.pod(*id).ips()).copied().collect();
            if all.is_empty() {
                return Err(format!(
                    "{namespace}/{name} has no address now; until it has, it talks to nobody"
                ));
            }
            Ok(all)
        }
    }
}

fn pods(engine: &Engine, namespace: &str, kind: Option<&str>, name: &str) -> Result<Vec<PodId>, String> {
    let is_pod = kind.is_none_or(|kind| kind == Kind::Pod.as_str());
    let known = engine.pod_id(&NamespacedName::new(namespace, name)).filter(|_| is_pod);
    if let Some(id) = known {
        return Ok(vec![id]);
    }
    let made_by = |pod: &Pod| {
        let made = pod.workload.as_ref().filter(|made| made.name == name);
        made.is_some_and(|made| kind.is_none_or(|kind| made.kind.as_str() == kind))
    };
    let of_workload = engine.pods_in(namespace).iter().copied().filter(|id| made_by(engine.pod(*id)));
    let of_workload: Vec<PodId> = of_workload.collect();
    if of_workload.is_empty() { Err(unknown(engine, namespace, kind, name)) } else { Ok(of_workload) }
}

fn unknown(engine: &Engine, namespace: &str, kind: Option<&str>, name: &str) -> String {
    let pods = || engine.pods_in(namespace).iter().map(|id| engine.pod(*id).meta.id.name.as_str());
    let meant = match nearest(name, pods()) {
        Some(near) => format!("; is {namespace}/{near} meant?"),
        None if pods().next().is_none() => format!("; namespace {namespace} has no pod that it knows"),
        None => String::new(),
    };
    let what = kind.map_or_else(|| "pod and no workload".to_owned(), str::to_owned);
    format!("the agent knows no {what} {namespace}/{name}{meant}")
}

fn layer4(engine: &Engine, asked: &Question, destination: IpAddr) -> Result<Layer4, String> {
    let pod = engine.pod_with_address(destination).map(|id| engine.pod(id));
    let protocol = match asked.protocol {
        Some(AskedProtocol::Icmp) => return Ok(Layer4::Icmp),
        Some(AskedProtocol::Tcp) => Some(Protocol::Tcp),
        Some(AskedProtocol::Udp) => Some(Protocol::Udp),
        Some(AskedProtocol::Sctp) => Some(Protocol::Sctp),
        None => None,
    };
    let Some(port) = &asked.port else { return only_port(pod, protocol) };
    if let Ok(number) = port.parse::<u16>() {
        let number = Port::new(number).ok_or("ports are 1 to 65535")?;
        return Ok(Layer4::Port(protocol.unwrap_or(Protocol::Tcp), number));
    }
    let named = |protocol| pod.into_iter().flat_map(move |pod| pod.named_port(port, protocol));
    let mut found = Protocol::ALL.into_iter().filter(|p| protocol.is_none_or(|asked| asked == *p));
    let found = found.find_map(|protocol| Some(Layer4::Port(protocol, named(protocol).next()?)));
    found.ok_or_else(|| format!("{destination} has no port called {port}; give its number"))
}

/// The port of a pod that declares just one.
fn only_port(pod: Option<&Pod>, protocol: Option<Protocol>) -> Result<Layer4, String> {
    let declared = pod.into_iter().flat_map(|pod| pod.ports.iter());
    let declared = declared.filter(|port| protocol.is_none_or(|asked| asked == port.protocol));
    let mut ports: Vec<Layer4> = declared.map(|port| Layer4::Port(port.protocol, port.number)).collect();
    ports.sort_unstable();
    ports.dedup();
    match ports[..] {
        [one] => Ok(one),
        _ => Err("say which port: add :PORT to the destination, or --port".to_owned()),
    }
}
