//! A kind of packets in the words of the cluster: who, to whom, and which policies said so.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::time::Instant;

use podfence_engine::{Answer, Engine, NearestMiss, Outcome, Party, Side, Tier, TierEnd, TierTrace};
use serde::{Deserialize, Serialize};

use super::kind::{Noted, Why};
use crate::calendar::Calendar;
use crate::status::utc;

/// One line of the flow log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FlowRecord {
    /// When the first of the packets came, RFC 3339 in UTC.
    pub time: String,
    /// The node that judged them.
    pub node: String,
    /// `denied` or `allowed`.
    pub verdict: String,
    /// Why: `egress` and `ingress` are policies that refuse, `admitted` is that none does, the others are the shape of the packet.
    pub reason: String,
    /// The same in a sentence.
    pub because: String,
    /// Who opened the connection, or sent the packet.
    pub source: FlowEnd,
    /// Whom it was for; behind a Service, the pod.
    pub destination: FlowEnd,
    /// `TCP`, `UDP`, `SCTP`, `ICMP`, `ICMPv6`, or a number.
    pub protocol: String,
    /// The port of the destination.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The policies that isolate the end that refused; of an allowed connection, both ends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<String>,
    /// The rules that admit an allowed connection, one for each end that is isolated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// The rule that came closest to admitting it, and in which part it fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nearest_miss: Option<String>,
    /// What the engine says of such a connection now: `denied`, `allowed`, `undecidable`. It is asked a moment later, so a policy
    /// that came between makes it `allowed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// How many packets there were.
    pub packets: u64,
    /// When the policies that it was asked about were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policies_as_of: Option<String>,
}

/// One end of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FlowEnd {
    /// Its address.
    pub address: IpAddr,
    /// The pod that has it, as `namespace/name`; absent for other addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
    /// What makes the pod, as `kind/name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload: Option<String>,
    /// The pod's labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// `node` with its name, `unknown pod` or `outside`, for addresses of no known pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
}

/// What the engine says of a kind of packets.
pub(crate) fn record(
    engine: &Engine,
    node: &str,
    noted: &Noted,
    as_of: Option<Instant>,
    calendar: Calendar,
) -> FlowRecord {
    let date = |moment| utc(calendar.date(moment));
    let kind = &noted.kind;
    let answer = kind.flow().and_then(|flow| engine.answer(&flow).ok());
    let tiers = deciding(answer.as_ref(), kind.why);
    let (verdict, reason, because) = match kind.why {
        Why::Refused(refusal) => ("denied", refusal.word(), refusal.to_string()),
        Why::Admitted => ("allowed", "admitted", "no policy of either end refuses it".to_owned()),
    };
    let selecting = tiers.iter().flat_map(|(_, tier)| &tier.selecting);
    let missed = tiers.iter().find(|(_, tier)| matches!(tier.end, TierEnd::Denied(_)));
    FlowRecord {
        time: date(noted.since),
        node: node.to_owned(),
        verdict: verdict.to_owned(),
        reason: reason.to_owned(),
        because,
        source: end(engine, kind.source),
        destination: end(engine, kind.destination),
        protocol: kind.protocol_text(),
        port: kind.port,
        policies: selecting.map(ToString::to_string).collect(),
        rules: tiers.iter().filter_map(|(side, tier)| admitting(side, tier)).collect(),
        nearest_miss: missed.and_then(|(_, tier)| tier.nearest.as_ref()).map(miss),
        engine: answer.as_ref().map(|answer| outcome(&answer.outcome).to_owned()),
        packets: noted.packets,
        policies_as_of: as_of.map(date),
    }
}

/// What NetworkPolicies say on the side that a refusal names; of an admitted connection, on both.
fn deciding(answer: Option<&Answer>, why: Why) -> Vec<(&Side, &TierTrace)> {
    let meant = |side: &&Side| match why {
        Why::Refused(refusal) => side.direction.to_string() == refusal.word(),
        Why::Admitted => true,
    };
    let tier = |side| Some((side, policies_of(side)?));
    answer.into_iter().flat_map(Answer::sides).filter(meant).filter_map(tier).collect()
}

/// What NetworkPolicies say on a side.
fn policies_of(side: &Side) -> Option<&TierTrace> {
    side.tiers.iter().find(|tier| tier.tier == Tier::NetworkPolicy)
}

fn admitting(side: &Side, tier: &TierTrace) -> Option<String> {
    let TierEnd::Allowed(rule) = &tier.end else { return None };
    Some(format!("{} rule {} of policy {}", side.direction, rule.rule + 1, rule.policy))
}

pub(crate) fn outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Allowed => "allowed",
        Outcome::Denied => "denied",
        Outcome::Undecidable(_) => "undecidable",
    }
}

pub(crate) fn miss(nearest: &NearestMiss) -> String {
    let NearestMiss { rule, miss, .. } = nearest;
    let parts = match (&miss.peer, &miss.port) {
        (Some(_), Some(_)) => "names other peers and other ports",
        (Some(_), None) => "names other peers",
        _ => "names other ports",
    };
    format!("{} rule {} of policy {} {parts}", rule.direction, rule.rule + 1, rule.policy)
}

pub(crate) fn end(engine: &Engine, address: IpAddr) -> FlowEnd {
    let mut end = FlowEnd { address, pod: None, workload: None, labels: BTreeMap::new(), other: None };
    match engine.party_at(address) {
        Party::Pod { id, .. } => {
            let pod = engine.pod(id);
            end.pod = Some(pod.meta.id.to_string());
            end.workload = pod.workload.as_ref().map(|made| format!("{}/{}", made.kind.as_str(), made.name));
            end.labels = (*pod.meta.labels).clone();
        }
        Party::Node { name, .. } => {
            end.other = Some(name.map_or("node".into(), |name| format!("node {name}")));
        }
        Party::UnknownPod(_) => end.other = Some("unknown pod".into()),
        Party::Outside(_) => end.other = Some("outside".into()),
    }
    end
}

impl FlowRecord {
    /// Whether it tells of packets that were refused.
    pub fn is_refusal(&self) -> bool {
        self.verdict == "denied"
    }

    /// Who, to whom, how: what one sort of packets has alike.
    pub fn kind(&self) -> (IpAddr, IpAddr, &str, Option<u16>) {
        (self.source.address, self.destination.address, &self.protocol, self.port)
    }
}

impl FlowEnd {
    /// Whether it is meant by `NAMESPACE`, `NAMESPACE/POD` or an address.
    pub fn is(&self, asked: &str) -> bool {
        let pod = self.pod.as_deref();
        let namespace = pod.and_then(|pod| pod.split_once('/')).map(|(namespace, _)| namespace);
        pod == Some(asked) || namespace == Some(asked) || self.address.to_string() == asked
    }
}

impl fmt::Display for FlowEnd {
    /// `shop/web (10.244.1.3)`, `203.0.113.9 (outside)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.pod, &self.other) {
            (Some(pod), _) => write!(f, "{pod} ({})", self.address),
            (None, Some(other)) => write!(f, "{} ({other})", self.address),
            (None, None) => write!(f, "{}", self.address),
        }
    }
}

impl fmt::Display for FlowRecord {
    /// For people, in a line, and another one for the nearest miss.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { time, verdict, source, destination, protocol, .. } = self;
        write!(f, "{time}  {verdict}  {source} → {destination} {protocol}")?;
        if let Some(port) = self.port {
            write!(f, " {port}")?;
        }
        if self.packets > 1 {
            write!(f, "  {} packets", self.packets)?;
        }
        match (self.rules.as_slice(), self.policies.as_slice()) {
            ([], []) => write!(f, "\n    {}", self.because)?,
            ([], policies) => write!(f, "\n    {}: {}", self.because, policies.join(", "))?,
            (rules, _) => write!(f, "\n    by {}", rules.join(" and "))?,
        }
        if let Some(miss) = &self.nearest_miss {
            write!(f, "\n    nearest miss: {miss}")?;
        }
        match self.engine.as_deref() {
            Some("allowed") if self.is_refusal() && !self.policies.is_empty() => {
                write!(f, "\n    the engine allows such a connection by now")
            }
            Some("denied") if !self.is_refusal() => {
                write!(f, "\n    the engine denies such a connection by now, or its other node does")
            }
            _ => Ok(()),
        }
    }
}
