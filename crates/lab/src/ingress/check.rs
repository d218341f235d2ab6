//! Asks by every rule of every Ingress, from outside, and compares with the engine: open exactly if the outside may reach the
//! controller and the controller may reach the endpoint.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use podfence_analysis::{Backend, Passage, backends, controllers, passage, proxy_port};
use podfence_engine::{Engine, Outcome as Verdict};
use podfence_model::{Endpoint, Family, Flow, Layer4, NamespacedName, Pod, Port, Protocol, World};

use podfence_report::json::StatusIngress;

pub use super::client::Reply;
use super::client::Request;
use super::routes::Routes;
use crate::cluster::Cluster;
use crate::entry_check::{EntryQuestion, entries};
use crate::flows::{node_end, outside};
use crate::probe;

/// A request for a host and a path, by one way to a controller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngressQuestion {
    /// The Ingress that has such a rule.
    pub ingress: NamespacedName,
    /// The host asked for.
    pub host: String,
    /// The path asked for.
    pub path: String,
    /// How.
    pub way: Way,
}

impl IngressQuestion {
    /// The family of the connection from outside.
    pub fn family(&self) -> Option<Family> {
        match &self.way {
            Way::Pod(_, to) => Some(Family::of(to.ip())),
            Way::Service(entry) => entry.source.address().map(Family::of),
        }
    }
}

/// A way from outside to a controller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// By a Service of the controller's.
    Service(EntryQuestion),
    /// To the controller's own address: no Service is open to the outside.
    Pod(NamespacedName, SocketAddr),
}

/// Such a request, what the engine says, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngressChecked {
    /// What was asked.
    pub asked: IngressQuestion,
    /// What may come of it: one for each controller and endpoint that may have its turn.
    pub engine: Vec<Reply>,
    /// What came of it.
    pub kernel: Reply,
}

impl IngressChecked {
    /// Whether it is one of what the engine says. An endpoint that is reached but does not serve the port is a bad gateway.
    pub fn agrees(&self) -> bool {
        let reached = |reply: &Reply| matches!(reply, Reply::Answered(_));
        let refused = self.kernel == Reply::Status(502) && self.engine.iter().any(reached);
        refused || self.engine.contains(&self.kernel)
    }
}

/// Every rule of every Ingress, by every way to a controller.
pub(crate) fn questions(world: &World) -> Vec<IngressQuestion> {
    let ways = ways(world);
    let rules = world.ingresses.values().flat_map(|i| i.backends.iter().map(move |b| (&i.meta.id, b)));
    let mut out: Vec<IngressQuestion> = Vec::new();
    for (ingress, backend) in rules {
        let host = backend.host.clone().unwrap_or_else(|| "any.example".into()).replace('*', "any");
        let path = backend.path.clone().unwrap_or_else(|| "/".into());
        out.extend(ways.iter().map(|way| IngressQuestion {
            ingress: ingress.clone(),
            host: host.clone(),
            path: path.clone(),
            way: way.clone(),
        }));
    }
    out
}

/// The Ingresses, and where they can be asked.
pub(crate) fn told(world: &World) -> Vec<StatusIngress> {
    let by = |way: &Way| match way {
        Way::Service(entry) => format!("svc/{}", entry.service),
        Way::Pod(id, to) => format!("{id} at {to}"),
    };
    let by: BTreeSet<String> = ways(world).iter().map(by).collect();
    let rule = |backend: &podfence_model::IngressBackend| {
        let host = backend.host.as_deref().unwrap_or("*");
        format!("{host}{}", backend.path.as_deref().unwrap_or("/"))
    };
    let ingress = |ingress: &podfence_model::Ingress| StatusIngress {
        name: ingress.meta.id.to_string(),
        rules: ingress.backends.iter().map(rule).collect(),
        by: by.iter().cloned().collect(),
    };
    world.ingresses.values().map(ingress).collect()
}

fn ways(world: &World) -> Vec<Way> {
    let by_service: Vec<Way> = exposed(world).into_iter().map(Way::Service).collect();
    if !by_service.is_empty() {
        return by_service;
    }
    let direct = |(pod, port): (&Pod, Port)| {
        let to = move |ip: &std::net::IpAddr| Way::Pod(pod.meta.id.clone(), SocketAddr::new(*ip, port.get()));
        pod.ips().iter().map(to).collect::<Vec<_>>()
    };
    controllers(world).flat_map(direct).collect()
}

/// From outside by every Service whose backends are proxies.
fn exposed(world: &World) -> Vec<EntryQuestion> {
    let is_proxy = |backend: &Backend| {
        let Endpoint::Pod { id, .. } = &backend.end else { return false };
        let port = world.pods.get(id).and_then(|pod| proxy_port(world, pod));
        port.map(|port| Layer4::Port(Protocol::Tcp, port)) == Some(backend.layer4)
    };
    let ports =
        world.services.values().flat_map(|service| service.ports.iter().map(move |port| (service, port)));
    let proxied = ports.filter(|(service, port)| backends(world, service, port).iter().any(is_proxy));
    let ways = proxied.flat_map(|(service, port)| entries(world, service, port));
    ways.filter(|way| matches!(way.source, Endpoint::Ip(_))).collect()
}

impl Cluster {
    /// Makes the requests. What is not as the engine says is asked again: on a busy machine a late packet is no verdict.
    pub(crate) async fn check_ingresses(
        &self,
        engine: &Engine,
        asked: &[IngressQuestion],
        timeout: Duration,
    ) -> Vec<IngressChecked> {
        let all = asked.iter().map(|question| async {
            let (request, wanted) = (self.request(question)?, self.expected(engine, question)?);
            let kernel = request.make(timeout).await;
            let first = IngressChecked { asked: question.clone(), engine: wanted, kernel };
            if first.agrees() {
                return Some(first);
            }
            Some(IngressChecked { kernel: request.make(2 * probe::USUAL_TIMEOUT).await, ..first })
        });
        futures::future::join_all(all).await.into_iter().flatten().collect()
    }

    fn request(&self, asked: &IngressQuestion) -> Option<Request> {
        let (to, link) = match &asked.way {
            Way::Pod(_, to) => (*to, None),
            Way::Service(entry) => {
                let to = self.dialled(entry, Family::of(entry.source.address()?))?;
                (to, entry.entry().and_then(|node| self.topology.uplink(node)))
            }
        };
        let (host, path) = (asked.host.clone(), asked.path.clone());
        let source = outside(Family::of(to.ip()))?;
        Some(Request {
            from: self.topology.outside().clone(),
            source,
            link: link.map(str::to_owned),
            to,
            host,
            path,
        })
    }

    /// What may come of a request.
    fn expected(&self, engine: &Engine, asked: &IngressQuestion) -> Option<Vec<Reply>> {
        match &asked.way {
            Way::Pod(id, to) => {
                let end = Endpoint::Pod { id: id.clone(), address: Some(to.ip()) };
                let layer4 = Layer4::Port(Protocol::Tcp, Port::new(to.port())?);
                let source = Endpoint::Ip(outside(Family::of(to.ip()))?);
                let flow = Flow { source, destination: end.clone(), layer4 };
                let outcome = engine.answer(&flow).ok()?.outcome;
                Some(self.behind(engine, asked, &end, &outcome))
            }
            Way::Service(entry) => {
                let service = self.world.services.get(&entry.service)?;
                let is_meant = |port: &&podfence_model::ServicePort| port.port == entry.port;
                let port = service.ports.iter().find(is_meant)?;
                match passage(&self.world, engine, (service, port), &entry.source, &entry.front).ok()? {
                    Passage::NoneHere | Passage::NoBackend(Verdict::Denied) => Some(vec![Reply::TimedOut]),
                    Passage::NoBackend(_) => Some(vec![Reply::Refused]),
                    Passage::Ways(ways) => {
                        let replies =
                            ways.iter().map(|way| self.behind(engine, asked, &way.backend.end, &way.outcome));
                        Some(replies.flatten().collect())
                    }
                }
            }
        }
    }

    /// What may come of a request that comes to a controller with this verdict.
    fn behind(
        &self,
        engine: &Engine,
        asked: &IngressQuestion,
        controller: &Endpoint,
        outcome: &Verdict,
    ) -> Vec<Reply> {
        let Endpoint::Pod { id, address: Some(address) } = controller else { return Vec::new() };
        let Some(pod) = self.world.pods.get(id) else { return Vec::new() };
        match outcome {
            Verdict::Denied => return vec![Reply::TimedOut],
            Verdict::Undecidable(_) => return Vec::new(),
            Verdict::Allowed => {}
        }
        let routes = Routes::of(&self.world, pod);
        let Some(route) = routes.find(&asked.host, &asked.path) else { return vec![Reply::Status(404)] };
        if route.targets.is_empty() {
            return vec![Reply::Status(503)];
        }
        let family = Family::of(*address);
        let verdict = |backend: &Backend| self.onward(engine, controller, backend, family);
        route.targets.iter().filter_map(|target| verdict(&target.backend)).collect()
    }

    /// What comes of the controller's own connection to an endpoint.
    fn onward(
        &self,
        engine: &Engine,
        controller: &Endpoint,
        backend: &Backend,
        family: Family,
    ) -> Option<Reply> {
        let destination = match &backend.end {
            Endpoint::Pod { id, .. } => {
                Endpoint::Pod { id: id.clone(), address: self.world.pods.get(id)?.ip(family) }
            }
            Endpoint::Node { name, .. } => node_end(&self.world, name, family)?,
            Endpoint::Ip(ip) => Endpoint::Ip(*ip),
        };
        let name = destination.to_string();
        let flow = Flow { source: controller.clone(), destination, layer4: backend.layer4 };
        match engine.answer(&flow).ok()?.outcome {
            Verdict::Allowed => Some(Reply::Answered(name)),
            Verdict::Denied => Some(Reply::Status(504)),
            Verdict::Undecidable(_) => None,
        }
    }
}
