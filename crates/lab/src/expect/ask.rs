//! From rows to what must be asked of a world: every sender with every receiver, in every family they share.

use std::net::IpAddr;

use podfence_model::{
    Endpoint, Family, Flow, Layer4, NamespacedName, Pod, Port, Protocol, Service, ServiceAddress, World,
};

use super::{Cell, On, Party, Row, TableError, folded, ways};
use crate::asked::{Asked, NameQuestion, ServiceQuestion, to_port};
use crate::dns::RecordKind;
use crate::entry_check::EntryQuestion;
use crate::flows::{metadata, node_end, outside, pod_end};
use crate::ingress::check::IngressQuestion;
use crate::place::nameservers;

/// One thing to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// A flow.
    Flow(Flow),
    /// A connection to a Service.
    Service(ServiceQuestion),
    /// A connection to a Service by another way.
    Entry(EntryQuestion),
    /// A request by an Ingress.
    Ingress(IngressQuestion),
    /// A look-up.
    Name(NameQuestion),
}

/// A row and everything it speaks about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The row.
    pub row: Row,
    /// What to ask; empty only if it speaks about a family that is not used in this world.
    pub questions: Vec<Question>,
}

/// What the rows speak about in a placed world.
///
/// # Errors
/// Rows that name what the world does not have.
pub fn ask(world: &World, rows: Vec<Row>) -> Result<Vec<Ask>, Vec<TableError>> {
    let (mut asks, mut wrong) = (Vec::new(), Vec::new());
    for row in rows {
        match questions(world, &row) {
            Ok(questions) if questions.is_empty() && used(world, &row) => wrong.push(empty(&row)),
            Ok(questions) => asks.push(Ask { row, questions }),
            Err(error) => wrong.push(error),
        }
    }
    if wrong.is_empty() { Ok(asks) } else { Err(folded(wrong)) }
}

impl Asked {
    /// Adds what the rows speak about and is not asked yet.
    pub fn add(&mut self, asks: &[Ask]) {
        for question in asks.iter().flat_map(|ask| &ask.questions) {
            match question {
                Question::Flow(flow) => add(&mut self.flows, flow),
                Question::Service(service) => add(&mut self.services, service),
                Question::Entry(entry) => add(&mut self.entries, entry),
                Question::Ingress(request) => add(&mut self.ingresses, request),
                Question::Name(name) => add(&mut self.names, name),
            }
        }
    }
}

fn add<T: Clone + PartialEq>(list: &mut Vec<T>, one: &T) {
    if !list.contains(one) {
        list.push(one.clone());
    }
}

/// Whether packets of one of the row's families are sent in this world, for look-ups those to the cluster DNS.
fn used(world: &World, row: &Row) -> bool {
    let server = nameservers(world).first().copied();
    let addresses: Vec<IpAddr> = match row.on.as_slice() {
        [On::Dns, ..] => server.into_iter().collect(),
        _ => world.nodes.values().flat_map(|node| node.addresses.clone()).collect(),
    };
    row.families == Family::BOTH || addresses.iter().any(|ip| row.families.contains(&Family::of(*ip)))
}

pub(super) fn wrong(cell: &Cell, message: impl Into<String>, help: impl Into<String>) -> TableError {
    TableError::new(cell.place.clone(), message, help)
}

fn empty(row: &Row) -> TableError {
    let help = "a pod with itself is `itself`; both ends need an address of the same family";
    wrong(&row.cells.to, "this row speaks about no connection at all", help)
}

fn questions(world: &World, row: &Row) -> Result<Vec<Question>, TableError> {
    let mut out = Vec::new();
    for from in &row.from {
        for to in &row.to {
            for on in &row.on {
                out.extend(Pair { world, row, from, to, on }.questions()?);
            }
        }
    }
    Ok(out)
}

/// One sender, one receiver, one way.
struct Pair<'a> {
    world: &'a World,
    row: &'a Row,
    from: &'a Party,
    to: &'a Party,
    on: &'a On,
}

impl<'a> Pair<'a> {
    fn questions(&self) -> Result<Vec<Question>, TableError> {
        match (self.to, self.on) {
            (Party::Name(name), _) => self.look_ups(name),
            (Party::Ingress(id), On::Http { host, path }) => {
                ways::requests(self.world, self.row, id, (host, path))
            }
            (Party::Service(id), On::Port(protocol, port)) => self.connections(id, *protocol, *port),
            (Party::Service(id), On::Entry(protocol, port, door)) => {
                let service = self.service(id)?;
                let senders = if *self.from == Party::Outside { None } else { Some(self.senders()?) };
                let way = (*protocol, *port, door);
                ways::by_door(self.world, self.row, service, way, senders.as_deref())
            }
            (Party::Service(_), _) => Err(wrong(
                &self.row.cells.on,
                "a Service answers on its ports only",
                "write `TCP 80` or the like",
            )),
            (_, On::Port(protocol, port)) => self.flows(Layer4::Port(*protocol, *port)),
            (_, On::Icmp) => self.flows(Layer4::Icmp),
            (_, On::Entry(..) | On::Dns | On::Http { .. }) => Err(wrong(
                &self.row.cells.on,
                "only Services have node ports and external addresses",
                "write `svc/NAMESPACE/NAME` under to",
            )),
        }
    }

    /// A name in every family that a pod has; the question itself goes to the cluster DNS in one of them.
    fn look_ups(&self, name: &str) -> Result<Vec<Question>, TableError> {
        let mut out = Vec::new();
        for pod in self.senders()? {
            let server = nameservers(self.world).into_iter().find(|ip| pod.ip(Family::of(*ip)).is_some());
            if !server.is_some_and(|ip| self.row.families.contains(&Family::of(ip))) {
                continue;
            }
            let look_up = |family: Family| {
                let (source, kind) = (pod.meta.id.clone(), RecordKind::of(family));
                Question::Name(NameQuestion { source, name: name.to_owned(), kind })
            };
            out.extend(Family::BOTH.into_iter().filter(|family| pod.ip(*family).is_some()).map(look_up));
        }
        Ok(out)
    }

    fn connections(
        &self,
        id: &NamespacedName,
        protocol: Protocol,
        port: Port,
    ) -> Result<Vec<Question>, TableError> {
        let service = self.service(id)?;
        let Some(port) = service.ports.iter().find(|p| (p.protocol, p.port) == (protocol, port)) else {
            let known: Vec<String> =
                service.ports.iter().map(|p| format!("{} {}", p.protocol, p.port)).collect();
            let message = format!("Service {id} has no port {protocol} {port}");
            return Err(wrong(&self.row.cells.on, message, format!("it has {}", known.join(", "))));
        };
        let senders = self.senders()?.into_iter();
        let asked = senders.flat_map(|pod| to_port(pod, service, port));
        let asked = asked.filter(|question| self.row.families.contains(&Family::of(question.address)));
        Ok(asked.map(Question::Service).collect())
    }

    fn service(&self, id: &NamespacedName) -> Result<&'a Service, TableError> {
        let cell = &self.row.cells.to;
        let Some(service) = self.world.services.get(id) else {
            let known = names(self.world.services.keys().filter(|other| other.namespace == id.namespace));
            let help = format!("namespace {} has {known}", id.namespace);
            return Err(wrong(cell, format!("there is no Service {id}"), help));
        };
        match service.address {
            ServiceAddress::Ips(_) => Ok(service),
            ServiceAddress::Headless | ServiceAddress::Unstated => {
                Err(wrong(cell, format!("Service {id} has no cluster address"), "name the pods behind it"))
            }
        }
    }

    /// The sending pods of a row that is about pods only.
    fn senders(&self) -> Result<Vec<&'a Pod>, TableError> {
        match self.from {
            Party::Pods(id) => self.pods(id, &self.row.cells.from),
            _ => Err(wrong(
                &self.row.cells.from,
                "only pods use Services' addresses and names here",
                "name a pod",
            )),
        }
    }

    fn flows(&self, layer4: Layer4) -> Result<Vec<Question>, TableError> {
        let ends = match (self.from, self.to) {
            (Party::Pods(from), Party::Pods(to)) => {
                let receivers = self.pods(to, &self.row.cells.to)?;
                let senders = self.pods(from, &self.row.cells.from)?;
                self.ends(&senders, |pod, family| {
                    let others = receivers.iter().filter(|other| other.meta.id != pod.meta.id);
                    others.filter_map(|other| self.seat(other, family)).collect()
                })
            }
            (Party::Pods(from), to) => {
                let senders = self.pods(from, &self.row.cells.from)?;
                self.ends(&senders, |pod, family| self.around(pod, to, family))
            }
            (from, Party::Pods(to)) => {
                let receivers = self.pods(to, &self.row.cells.to)?;
                let turned = self.ends(&receivers, |pod, family| self.around(pod, from, family));
                turned.into_iter().map(|(to, from)| (from, to)).collect()
            }
            _ => return Err(wrong(&self.row.cells.from, "one end must be a pod", "name a pod or workload")),
        };
        let flow = |(source, destination)| Question::Flow(Flow { source, destination, layer4 });
        Ok(ends.into_iter().map(flow).collect())
    }

    /// Every pod with what `others` says is opposite to it.
    fn ends(
        &self,
        pods: &[&Pod],
        others: impl Fn(&Pod, Family) -> Vec<Endpoint>,
    ) -> Vec<(Endpoint, Endpoint)> {
        let mut out = Vec::new();
        for family in &self.row.families {
            for pod in pods {
                let Some(end) = self.seat(pod, *family) else { continue };
                out.extend(others(pod, *family).into_iter().map(|other| (end.clone(), other)));
            }
        }
        out
    }

    /// Where a pod is on the network: a `hostNetwork` pod is its node.
    fn seat(&self, pod: &Pod, family: Family) -> Option<Endpoint> {
        if pod.host_network {
            return node_end(self.world, pod.node.as_deref()?, family);
        }
        pod_end(self.world, pod, family)
    }

    /// What a word means beside a pod.
    fn around(&self, pod: &Pod, word: &Party, family: Family) -> Vec<Endpoint> {
        let nodes = |wanted: fn(bool) -> bool| {
            let names = self.world.nodes.keys();
            let names = names.filter(move |name| wanted(pod.node.as_ref() == Some(*name)));
            names.filter_map(|name| node_end(self.world, name, family)).collect()
        };
        match word {
            Party::Itself => self.seat(pod, family).into_iter().collect(),
            Party::ItsNode => nodes(|own| own),
            Party::OtherNodes => nodes(|own| !own),
            Party::Outside => outside(family).map(Endpoint::Ip).into_iter().collect(),
            Party::Metadata => vec![Endpoint::Ip(metadata(family))],
            Party::Pods(_) | Party::Service(_) | Party::Ingress(_) | Party::Name(_) => Vec::new(),
        }
    }

    fn pods(&self, id: &NamespacedName, cell: &Cell) -> Result<Vec<&'a Pod>, TableError> {
        let all = || self.world.pods.values().filter(|pod| pod.meta.id.namespace == id.namespace);
        let named = |pod: &&Pod| id.name == "*" || pod.workload.as_ref().is_some_and(|w| w.name == id.name);
        let found: Vec<&Pod> = match self.world.pods.get(id) {
            Some(pod) => vec![pod],
            None => all().filter(named).collect(),
        };
        if found.is_empty() {
            let message = format!("there is no pod and no workload {id}");
            let help = format!("namespace {} has {}", id.namespace, names(all().map(|pod| &pod.meta.id)));
            return Err(wrong(cell, message, help));
        }
        Ok(found)
    }
}

pub(super) fn names<'a>(ids: impl Iterator<Item = &'a NamespacedName>) -> String {
    let names: Vec<&str> = ids.map(|id| id.name.as_str()).collect();
    if names.is_empty() { "nothing of the kind".into() } else { names.join(", ") }
}
