//! Asks by name and by Service, as programs in pods do, and compares with the engine.

use std::net::IpAddr;
use std::time::Duration;

use podfence_analysis::assumed::is_cluster_dns;
use podfence_engine::{Engine, Outcome as Verdict};
use podfence_model::{
    Endpoint, Family, Flow, Layer4, NamespacedName, Origin, Pod, Protocol, Service, ServiceAddress,
    ServicePort,
};

use crate::cluster::{Cluster, is_dns_flow, transport};
use crate::dns::{Lookup, RecordKind};
use crate::probe::{self, Outcome, Probe, Question};

/// A pod that connects to a Service's cluster address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceChecked {
    /// Who connects.
    pub source: NamespacedName,
    /// To which Service.
    pub service: NamespacedName,
    /// By which protocol.
    pub protocol: Protocol,
    /// To which of its ports.
    pub port: u16,
    /// What the engine says of the way to each backend; empty when there is none.
    pub engine: Vec<Verdict>,
    /// What came of the packets.
    pub kernel: Outcome,
}

impl ServiceChecked {
    /// Whether the kernel did what the engine says of some backend: it chooses one by itself.
    pub fn agrees(&self) -> bool {
        let some = |wanted: Verdict| self.engine.contains(&wanted);
        match self.kernel {
            Outcome::Open { .. } | Outcome::Refused => some(Verdict::Allowed),
            Outcome::TimedOut => self.engine.is_empty() || some(Verdict::Denied),
            Outcome::Unreachable(_) | Outcome::Failed(_) => false,
        }
    }
}

/// A pod that looks a Service's name up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameChecked {
    /// Who asks.
    pub source: NamespacedName,
    /// For which name, as it was typed.
    pub name: String,
    /// What the engine says of the way to each DNS server.
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
    /// Every pod connects to every Service that somebody stated.
    pub(crate) async fn check_services(&self, engine: &Engine, timeout: Duration) -> Vec<ServiceChecked> {
        let asked: Vec<(ServiceChecked, Probe)> = self
            .stated_services()
            .flat_map(|service| service.ports.iter().map(move |port| (service, port)))
            .flat_map(|(service, port)| {
                self.callers().filter_map(move |pod| self.service_probe(engine, pod, service, port))
            })
            .collect();
        let probes: Vec<Probe> = asked.iter().map(|(_, probe)| probe.clone()).collect();
        let answers = probe::run(&probes, timeout).await;
        let known = asked.into_iter().zip(answers);
        known.map(|((checked, _), answer)| ServiceChecked { kernel: answer.outcome, ..checked }).collect()
    }

    fn service_probe(
        &self,
        engine: &Engine,
        pod: &Pod,
        service: &Service,
        port: &ServicePort,
    ) -> Option<(ServiceChecked, Probe)> {
        let ServiceAddress::Ips(ips) = &service.address else { return None };
        let (to, source) = ips.iter().find_map(|ip| Some((*ip, pod.ip(Family::of(*ip))?)))?;
        let question = Question::Port(transport(port.protocol), port.port.get());
        let probe = Probe { from: self.netns_of(pod)?.clone(), source: Some(source), to, question };
        let behind = podfence_analysis::backends(&self.world, service, port);
        let verdict = |backend: &podfence_analysis::Backend| {
            self.verdict(engine, (pod, source), &backend.end, backend.layer4)
        };
        let checked = ServiceChecked {
            source: pod.meta.id.clone(),
            service: service.meta.id.clone(),
            protocol: port.protocol,
            port: port.port.get(),
            engine: behind.iter().filter_map(verdict).collect(),
            kernel: Outcome::TimedOut,
        };
        Some((checked, probe))
    }

    fn verdict(
        &self,
        engine: &Engine,
        (pod, source): (&Pod, IpAddr),
        end: &Endpoint,
        layer4: Layer4,
    ) -> Option<Verdict> {
        let (_, address) = self.seat(end, Family::of(source))?;
        let source = Endpoint::Pod { id: pod.meta.id.clone(), address: Some(source) };
        let destination = match end {
            Endpoint::Pod { id, .. } => Endpoint::Pod { id: id.clone(), address: Some(address) },
            other => other.clone(),
        };
        engine.answer(&Flow { source, destination, layer4 }).ok().map(|answer| answer.outcome)
    }

    /// Every pod looks up the name of every Service that somebody stated.
    pub(crate) async fn check_names(&self, engine: &Engine, timeout: Duration) -> Vec<NameChecked> {
        let asked = self.callers().flat_map(|pod| self.stated_services().map(move |service| (pod, service)));
        let checks = asked.map(|(pod, service)| self.check_name(engine, pod, service, timeout));
        futures::future::join_all(checks).await.into_iter().flatten().collect()
    }

    async fn check_name(
        &self,
        engine: &Engine,
        pod: &Pod,
        service: &Service,
        timeout: Duration,
    ) -> Option<NameChecked> {
        let resolver = self.resolver(pod, timeout)?;
        let id = &service.meta.id;
        let near = id.namespace == pod.meta.id.namespace;
        let name = if near { id.name.clone() } else { format!("{}.{}", id.name, id.namespace) };
        let source = pod.ip(Family::of(resolver.nameserver.ip()))?;
        let kind = if source.is_ipv4() { RecordKind::A } else { RecordKind::Aaaa };
        let resolution = resolver.resolve(self.netns_of(pod)?, &name, kind).await.ok()?;
        let engine = self.dns_verdicts(engine, pod, source);
        Some(NameChecked { source: pod.meta.id.clone(), name, engine, kernel: resolution.lookup })
    }

    fn dns_verdicts(&self, engine: &Engine, pod: &Pod, source: IpAddr) -> Vec<Verdict> {
        let servers = self.world.pods.values().filter(|server| is_cluster_dns(server));
        let questions = servers.flat_map(|server| {
            let ports = server.ports.iter().map(|port| Layer4::Port(port.protocol, port.number));
            ports.filter(|layer4| is_dns_flow(server, *layer4)).map(move |layer4| (server, layer4))
        });
        let verdict = |(server, layer4): (&Pod, Layer4)| {
            let end = Endpoint::Pod { id: server.meta.id.clone(), address: None };
            self.verdict(engine, (pod, source), &end, layer4)
        };
        questions.filter_map(verdict).collect()
    }

    /// Pods of the input that policies can see.
    fn callers(&self) -> impl Iterator<Item = &Pod> {
        let stated = |pod: &&Pod| !matches!(pod.meta.origin, Origin::Assumed(_));
        self.world.pods.values().filter(stated).filter(|pod| pod.is_policed() && !pod.ips().is_empty())
    }

    fn stated_services(&self) -> impl Iterator<Item = &Service> {
        let stated = |service: &&Service| !matches!(service.meta.origin, Origin::Assumed(_));
        self.world.services.values().filter(stated)
    }
}
