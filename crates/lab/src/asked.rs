//! What a run asks: flows, connections to Services and look-ups of names.
//!
//! [`Asked::everything`] is what can be asked of any world; expected verdicts add what they speak about
//! ([`crate::expect`]), for instance a port that nobody declares.

use std::net::IpAddr;

use podfence_model::{
    Family, Flow, NamespacedName, Origin, Pod, Protocol, Service, ServiceAddress, ServicePort, World,
};

use crate::dns::RecordKind;
use crate::entry_check::{EntryQuestion, entries, leads_to_dns};
use crate::flows;
use crate::ingress;
use crate::ingress::check::IngressQuestion;
use crate::place::{has_seat, nameservers};

/// A pod connects to a Service's cluster address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceQuestion {
    /// Who connects.
    pub source: NamespacedName,
    /// To which Service.
    pub service: NamespacedName,
    /// By which protocol.
    pub protocol: Protocol,
    /// To which of its ports.
    pub port: podfence_model::Port,
    /// At which of its addresses.
    pub address: IpAddr,
}

/// A pod looks a name up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameQuestion {
    /// Who asks.
    pub source: NamespacedName,
    /// For which name, as it is typed.
    pub name: String,
    /// For addresses of which family.
    pub kind: RecordKind,
}

/// Everything that a run asks, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Between pods, nodes and the outside.
    pub flows: Vec<Flow>,
    /// From pods to Services.
    pub services: Vec<ServiceQuestion>,
    /// By the other ways into Services, from everywhere.
    pub entries: Vec<EntryQuestion>,
    /// By the rules of Ingresses, from outside.
    pub ingresses: Vec<IngressQuestion>,
    /// Names.
    pub names: Vec<NameQuestion>,
}

impl Asked {
    /// Everybody to everything that is served; every pod to every Service that somebody stated, and its name.
    pub fn everything(world: &World) -> Self {
        let (flows, ingresses) = (flows::everything(world), ingress::check::questions(world));
        let mut asked = Self { flows, ingresses, ..Self::default() };
        for service in stated_services(world) {
            asked.entries.extend(service.ports.iter().flat_map(|port| entries(world, service, port)));
        }
        for pod in callers(world) {
            for service in stated_services(world) {
                asked.services.extend(to_service(world, pod, service));
                asked.names.extend(of_name(world, pod, service));
            }
        }
        asked
    }

    /// How many questions there are.
    pub fn count(&self) -> usize {
        let services = self.services.len() + self.entries.len() + self.ingresses.len();
        self.flows.len() + services + self.names.len()
    }
}

/// Pods of the input that policies can see.
fn callers(world: &World) -> impl Iterator<Item = &Pod> {
    let stated = |pod: &&Pod| !matches!(pod.meta.origin, Origin::Assumed(_));
    world.pods.values().filter(stated).filter(|pod| has_seat(world, pod))
}

fn stated_services(world: &World) -> impl Iterator<Item = &Service> {
    world.services.values().filter(|service| !matches!(service.meta.origin, Origin::Assumed(_)))
}

fn to_service<'a>(
    world: &'a World,
    pod: &'a Pod,
    service: &'a Service,
) -> impl Iterator<Item = ServiceQuestion> + 'a {
    let others = service.ports.iter().filter(move |port| !leads_to_dns(world, service, port));
    others.flat_map(move |port| to_port(pod, service, port))
}

/// A pod to one port of a Service, at each address of a family that the pod has.
pub(crate) fn to_port<'a>(
    pod: &'a Pod,
    service: &'a Service,
    port: &'a ServicePort,
) -> impl Iterator<Item = ServiceQuestion> + 'a {
    let ips: &[IpAddr] = match &service.address {
        ServiceAddress::Ips(ips) => ips,
        ServiceAddress::Headless | ServiceAddress::Unstated => &[],
    };
    ips.iter().filter(|ip| pod.ip(Family::of(**ip)).is_some()).map(|ip| ServiceQuestion {
        source: pod.meta.id.clone(),
        service: service.meta.id.clone(),
        protocol: port.protocol,
        port: port.port,
        address: *ip,
    })
}

/// A Service's name as a program in the pod would write it, in the family of the pod's DNS server.
fn of_name(world: &World, pod: &Pod, service: &Service) -> Option<NameQuestion> {
    let server = nameservers(world).into_iter().find(|ip| pod.ip(Family::of(*ip)).is_some())?;
    let id = &service.meta.id;
    let near = id.namespace == pod.meta.id.namespace;
    let name = if near { id.name.clone() } else { format!("{}.{}", id.name, id.namespace) };
    Some(NameQuestion { source: pod.meta.id.clone(), name, kind: RecordKind::of(Family::of(server)) })
}
