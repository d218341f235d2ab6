//! Asks by name and by Service, as programs in pods do, and compares with the engine.

use std::net::IpAddr;
use std::time::Duration;

use podfence_analysis::assumed::DNS_PORT;
use podfence_analysis::{Front, Passage, passage};
use podfence_engine::{Engine, Outcome as Verdict};
use podfence_model::{Endpoint, Family, Pod, Protocol, Service, ServiceAddress};

use crate::asked::{NameQuestion, ServiceQuestion};
use crate::cluster::{Cluster, transport};
use crate::dns::{Lookup, Resolver};
use crate::probe::{self, Outcome, Probe, Question};

/// A pod that connects to a Service's cluster address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceChecked {
    /// What was tried.
    pub asked: ServiceQuestion,
    /// What the engine says of the way to each backend; where there is none, of the way to the Service's address.
    pub engine: Vec<Verdict>,
    /// What came of the packets.
    pub kernel: Outcome,
}

impl ServiceChecked {
    /// Whether the kernel did what the engine says of some backend: it chooses one by itself.
    pub fn agrees(&self) -> bool {
        is_one_of(&self.engine, &self.kernel)
    }
}

/// Whether the kernel did what some verdict says.
pub(crate) fn is_one_of(engine: &[Verdict], kernel: &Outcome) -> bool {
    match kernel {
        Outcome::Open { .. } | Outcome::Refused => engine.contains(&Verdict::Allowed),
        Outcome::TimedOut => engine.contains(&Verdict::Denied),
        Outcome::Unreachable(_) | Outcome::Failed(_) => false,
    }
}

/// The verdicts on what may become of a connection. A connection that finds no backend on its node is dropped; one that
/// finds none at all is refused, unless policies drop it before.
pub(crate) fn verdicts(passage: Passage) -> Vec<Verdict> {
    match passage {
        Passage::Ways(ways) => ways.into_iter().map(|way| way.outcome).collect(),
        Passage::NoBackend(outcome) => vec![outcome],
        Passage::NoneHere => vec![Verdict::Denied],
    }
}

/// A pod that looks a Service's name up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameChecked {
    /// What was asked.
    pub asked: NameQuestion,
    /// What the engine says of the way to each DNS server that is ready; where none is, of the way to their Service.
    pub engine: Vec<Verdict>,
    /// What came of it.
    pub kernel: Lookup,
}

impl NameChecked {
    /// Whether an answer came exactly if the engine allows it for some server.
    pub fn agrees(&self) -> bool {
        match self.kernel {
            Lookup::TimedOut => self.engine.contains(&Verdict::Denied),
            _ => self.engine.contains(&Verdict::Allowed),
        }
    }
}

impl Cluster {
    /// Connects to Services. What is late is tried again, as for flows.
    pub(crate) async fn check_services(
        &self,
        engine: &Engine,
        asked: &[ServiceQuestion],
        timeout: Duration,
    ) -> Vec<ServiceChecked> {
        let tried = asked.iter().filter_map(|question| self.service_probe(engine, question));
        probe::run_all(tried, timeout, |one, outcome| one.kernel = outcome, ServiceChecked::agrees).await
    }

    fn service_probe(&self, engine: &Engine, asked: &ServiceQuestion) -> Option<(ServiceChecked, Probe)> {
        let pod = self.world.pods.get(&asked.source)?;
        let source = pod.ip(Family::of(asked.address))?;
        let question = Question::Port(transport(asked.protocol), asked.port.get());
        let from = self.netns_of(pod)?.clone();
        let probe = Probe { from, source: Some(source), link: None, to: asked.address, question };
        let engine = self.verdicts_on(engine, (pod, source), asked)?;
        Some((ServiceChecked { asked: asked.clone(), engine, kernel: Outcome::TimedOut }, probe))
    }

    fn verdicts_on(
        &self,
        engine: &Engine,
        (pod, source): (&Pod, IpAddr),
        asked: &ServiceQuestion,
    ) -> Option<Vec<Verdict>> {
        let service = self.world.services.get(&asked.service)?;
        let port = service.port(asked.protocol, asked.port)?;
        let source = Endpoint::Pod { id: pod.meta.id.clone(), address: Some(source) };
        let front = Front::Cluster(asked.address);
        passage(&self.world, engine, (service, port), &source, &front).ok().map(verdicts)
    }

    /// Looks names up. What is late is asked again, as for flows.
    pub(crate) async fn check_names(
        &self,
        engine: &Engine,
        asked: &[NameQuestion],
        timeout: Duration,
    ) -> Vec<NameChecked> {
        let checks = asked.iter().map(|question| self.check_name(engine, question, timeout));
        futures::future::join_all(checks).await.into_iter().flatten().collect()
    }

    async fn check_name(
        &self,
        engine: &Engine,
        asked: &NameQuestion,
        timeout: Duration,
    ) -> Option<NameChecked> {
        let pod = self.world.pods.get(&asked.source)?;
        let resolver = self.resolver(pod, timeout)?;
        let source = pod.ip(Family::of(resolver.nameserver.ip()))?;
        let resolver = Resolver { source: Some(source), ..resolver };
        let look_up = async |resolver: &Resolver| {
            let resolution = resolver.resolve(self.netns_of(pod)?, &asked.name, asked.kind).await.ok()?;
            let engine =
                self.dns_verdicts(engine, (pod, source), resolver.nameserver.ip(), resolution.over_tcp);
            Some(NameChecked { asked: asked.clone(), engine, kernel: resolution.lookup })
        };
        let first = look_up(&resolver).await?;
        if first.kernel != Lookup::TimedOut || first.agrees() {
            return Some(first);
        }
        look_up(&Resolver { timeout: 2 * probe::USUAL_TIMEOUT, ..resolver }).await
    }

    /// What the engine says of the protocol that decided: a long answer comes over TCP, after a short one over UDP.
    fn dns_verdicts(
        &self,
        engine: &Engine,
        client: (&Pod, IpAddr),
        server: IpAddr,
        over_tcp: bool,
    ) -> Vec<Verdict> {
        let has = |service: &&Service| matches!(&service.address, ServiceAddress::Ips(ips) if ips.contains(&server));
        let Some(service) = self.world.services.values().find(has) else { return Vec::new() };
        let asked = ServiceQuestion {
            source: client.0.meta.id.clone(),
            service: service.meta.id.clone(),
            protocol: if over_tcp { Protocol::Tcp } else { Protocol::Udp },
            port: DNS_PORT,
            address: server,
        };
        self.verdicts_on(engine, client, &asked).unwrap_or_default()
    }
}
