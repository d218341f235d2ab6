//! Asks the kernel about flows and compares it with the engine.

use std::net::SocketAddr;
use std::time::Duration;

use podfence_engine::{Engine, Outcome as Verdict};
use podfence_model::{Endpoint, Family, Flow, Layer4, Pod};

use crate::cluster::{Cluster, is_dns_flow, transport};
use crate::dns::{Lookup, RecordKind, Resolver};
use crate::probe::{self, Outcome, Probe, Question};

/// A flow, what the engine says, and what the kernel did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The flow.
    pub flow: Flow,
    /// The engine's verdict; `None` if it has none.
    pub engine: Option<Verdict>,
    /// What came of the packets.
    pub kernel: Outcome,
}

impl Checked {
    /// Whether the kernel did what the engine says: a denied flow is dropped silently, an allowed one is answered,
    /// if only by a refusal where nobody listens.
    pub fn agrees(&self) -> bool {
        match &self.engine {
            Some(Verdict::Allowed) => matches!(self.kernel, Outcome::Open { .. } | Outcome::Refused),
            Some(Verdict::Denied) => self.kernel == Outcome::TimedOut,
            Some(Verdict::Undecidable(_)) | None => false,
        }
    }
}

impl Cluster {
    /// Tries all flows at once and compares.
    pub fn check(&self, engine: &Engine, flows: &[Flow], timeout: Duration) -> Vec<Checked> {
        self.runtime.block_on(self.check_flows(engine, flows, timeout))
    }

    /// Flows that the engine allows and that were not answered are tried once more, alone and longer: on a busy
    /// machine a late packet is no verdict.
    pub(crate) async fn check_flows(
        &self,
        engine: &Engine,
        flows: &[Flow],
        timeout: Duration,
    ) -> Vec<Checked> {
        let kernel = self.try_all(flows, timeout).await;
        let verdict = |flow: &Flow| engine.answer(flow).ok().map(|answer| answer.outcome);
        let mut checked: Vec<Checked> = flows
            .iter()
            .zip(kernel)
            .map(|(flow, kernel)| Checked { flow: flow.clone(), engine: verdict(flow), kernel })
            .collect();
        let late: Vec<usize> = (0..checked.len()).filter(|i| is_late(&checked[*i])).collect();
        let again: Vec<Flow> = late.iter().map(|i| checked[*i].flow.clone()).collect();
        for (place, kernel) in late.into_iter().zip(self.try_all(&again, 2 * probe::USUAL_TIMEOUT).await) {
            checked[place].kernel = kernel;
        }
        checked
    }

    /// Sends the first packets of all flows at once; outcomes are in the order of the flows.
    async fn try_all(&self, flows: &[Flow], timeout: Duration) -> Vec<Outcome> {
        let (names, others): (Vec<_>, Vec<_>) =
            flows.iter().enumerate().partition(|(_, flow)| self.dns_pod(flow).is_some());
        let mut outcomes = vec![Outcome::Failed(nix::errno::Errno::EDESTADDRREQ); flows.len()];
        let asked = others.iter().filter_map(|(place, flow)| Some((*place, self.probe(flow)?)));
        let (places, probes): (Vec<usize>, Vec<Probe>) = asked.unzip();
        let (answers, looked_up) =
            tokio::join!(probe::run(&probes, timeout), self.look_up_all(&names, timeout));
        for (place, answer) in places.into_iter().zip(answers) {
            outcomes[place] = answer.outcome;
        }
        for ((place, _), outcome) in names.iter().zip(looked_up) {
            outcomes[*place] = outcome;
        }
        outcomes
    }

    fn probe(&self, flow: &Flow) -> Option<Probe> {
        let family = family_of(flow)?;
        let (from, source) = self.seat(&flow.source, family)?;
        let (_, to) = self.seat(&flow.destination, family)?;
        let question = match flow.layer4 {
            Layer4::Icmp => Question::Ping,
            Layer4::Port(protocol, port) => Question::Port(transport(protocol), port.get()),
        };
        Some(Probe { from, source: Some(source), link: None, to, question })
    }

    /// The DNS server that a flow asks by UDP, if it does: it answers names only.
    fn dns_pod(&self, flow: &Flow) -> Option<&Pod> {
        let Endpoint::Pod { id, .. } = &flow.destination else { return None };
        self.world.pods.get(id).filter(|pod| is_dns_flow(pod, flow.layer4))
    }

    async fn look_up_all(&self, flows: &[(usize, &Flow)], timeout: Duration) -> Vec<Outcome> {
        let asked = flows.iter().map(|(_, flow)| self.look_up(flow, timeout));
        futures::future::join_all(asked).await
    }

    async fn look_up(&self, flow: &Flow, timeout: Duration) -> Outcome {
        let failed = Outcome::Failed(nix::errno::Errno::EDESTADDRREQ);
        let Layer4::Port(_, port) = flow.layer4 else { return failed };
        let Some(family) = family_of(flow) else { return failed };
        let (Some((from, source)), Some((_, to))) =
            (self.seat(&flow.source, family), self.seat(&flow.destination, family))
        else {
            return failed;
        };
        let nameserver = SocketAddr::new(to, port.get());
        let resolver = Resolver { nameserver, source: Some(source), search: Vec::new(), ndots: 1, timeout };
        match resolver.resolve(&from, "cluster.local.", RecordKind::A).await {
            Ok(resolution) => outcome(&resolution.lookup),
            Err(_) => failed,
        }
    }
}

fn is_late(checked: &Checked) -> bool {
    checked.engine == Some(Verdict::Allowed) && !checked.agrees()
}

fn family_of(flow: &Flow) -> Option<Family> {
    flow.destination.address().or(flow.source.address()).map(Family::of)
}

/// Any answer of a DNS server shows that it was reached.
fn outcome(lookup: &Lookup) -> Outcome {
    match lookup {
        Lookup::Resolved(_) | Lookup::Pointed(_) | Lookup::NoData | Lookup::NxDomain | Lookup::Failed(_) => {
            Outcome::Open { by: None }
        }
        Lookup::Refused => Outcome::Refused,
        Lookup::TimedOut => Outcome::TimedOut,
    }
}
