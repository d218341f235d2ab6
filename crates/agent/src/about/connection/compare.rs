//! Asks both, and says whether they agree.

use std::net::IpAddr;

use podfence_dataplane_nft::{DataplaneError, End, Hop, Opening, Refusal, Trace};
use podfence_engine::{Always, Answer, Engine, Outcome, Party, Side, Tier, TierEnd};
use podfence_model::Layer4;
use podfence_plan::{Link, NodePlan};

use super::question::{self, Meant};
use super::{Agreement, Comparison, Comparisons, InKernel, Judgement, LastRefused, Question};
use crate::about::Standing;
use crate::flow::{Log, end, miss, outcome};

/// Whoever can be asked what the kernel does with a packet.
pub(crate) type AskKernel<'a> = dyn FnMut(&Opening) -> Result<Trace, DataplaneError> + 'a;

/// Compares, for all connections that are meant.
pub(crate) fn compare(
    (engine, plan): (&Engine, &NodePlan),
    standing: Standing,
    (asked, log): (&Question, &Log),
    kernel: &mut AskKernel<'_>,
) -> Result<Comparisons, String> {
    let (meant, more) = question::meant(engine, asked)?;
    let here = Here { engine, plan, node: &standing.node };
    let connections: Result<_, String> =
        meant.into_iter().map(|one| here.connection(one, log, kernel)).collect();
    Ok(Comparisons { connections: connections?, standing, more })
}

/// A node, and what it goes by.
struct Here<'a> {
    engine: &'a Engine,
    plan: &'a NodePlan,
    node: &'a str,
}

impl Here<'_> {
    fn connection(&self, one: Meant, log: &Log, kernel: &mut AskKernel<'_>) -> Result<Comparison, String> {
        let answer = self.engine.answer(&one.flow()).map_err(|error| error.to_string())?;
        let trace = self.hop(&answer).map(|hop| self.led(kernel, one, hop)).transpose()?;
        let (agreement, because) = self.agreement(&answer, trace.as_ref());
        Ok(Comparison {
            source: end(self.engine, one.source),
            destination: end(self.engine, one.destination),
            layer4: one.layer4.to_string(),
            engine: outcome(&answer.outcome).to_owned(),
            sides: answer.sides().map(|side| self.judgement(&answer, side)).collect(),
            kernel: trace.map(InKernel::from),
            agreement,
            because,
            last_refused: last_refused(log, one),
        })
    }

    /// Where such packets come by on this node; `None` where nothing here judges them.
    fn hop(&self, answer: &Answer) -> Option<Hop> {
        let is_here = |party: &Party| match party {
            Party::Pod { id, .. } => self.plan.pods.contains_key(&self.engine.pod(*id).meta.id),
            Party::UnknownPod(ip) => self.plan.local_ranges.iter().any(|range| range.contains(*ip)),
            Party::Node { .. } | Party::Outside(_) => false,
        };
        let is_node =
            |party: &Party| matches!(party, Party::Node { name: Some(name), .. } if name == self.node);
        match (&answer.source, &answer.destination) {
            (source, _) if is_node(source) => None, // it leaves by the output hook, where nothing is judged
            (source, destination) if is_here(source) && is_node(destination) => Some(Hop::Input),
            (source, destination) if is_here(source) || is_here(destination) => Some(Hop::Forward),
            _ => None,
        }
    }

    fn led(&self, kernel: &mut AskKernel<'_>, one: Meant, hop: Hop) -> Result<Trace, String> {
        let Meant { source, destination, layer4 } = one;
        let (input, output) = (self.link_of(source), self.link_of(destination));
        let opening = Opening { source, destination, layer4, input, output, hop };
        kernel(&opening).map_err(|error| format!("the kernel cannot be asked: {error}"))
    }

    /// The interface by which packets from and to an address come and go, where it is known.
    fn link_of(&self, ip: IpAddr) -> Option<String> {
        let pod = self.engine.pod_with_address(ip)?;
        let link = self.plan.pods.get(&self.engine.pod(pod).meta.id)?.link.as_ref()?;
        Some(match link {
            Link::Routed(name) => name.clone(),
            Link::Bridged { bridge, .. } => bridge.clone(),
        })
    }

    fn judgement(&self, answer: &Answer, side: &Side) -> Judgement {
        let pod = self.engine.pod(side.subject);
        let because = match answer.always {
            Some(always) => always_text(always).to_owned(),
            None => because(side),
        };
        Judgement {
            direction: side.direction.to_string(),
            pod: pod.meta.id.to_string(),
            verdict: outcome(&side.outcome).to_owned(),
            because,
            here: self.plan.pods.contains_key(&pod.meta.id),
            node: pod.node.clone(),
        }
    }

    fn agreement(&self, answer: &Answer, trace: Option<&Trace>) -> (Agreement, Option<String>) {
        let Some(trace) = trace else {
            return (Agreement::NotJudgedHere, Some(self.who_judges(answer)));
        };
        if let End::Altered(difference) = &trace.end {
            return (Agreement::Differ, Some(difference.to_string()));
        }
        let stranger =
            [&answer.source, &answer.destination].iter().any(|p| matches!(p, Party::UnknownPod(_)));
        if stranger && matches!(trace.end, End::Dropped { why: Some(Refusal::UnknownPod), .. }) {
            let why = "a pod address that no known pod has talks to nobody until one is known to have it";
            return (Agreement::Agree, Some(why.to_owned()));
        }
        match (self.says_here(answer), trace.end == End::Passed) {
            (Outcome::Undecidable(facts), _) => {
                let facts: Vec<String> = facts.iter().map(ToString::to_string).collect();
                (Agreement::Undecidable, Some(format!("the engine would have to know {}", facts.join(", "))))
            }
            (Outcome::Allowed, true) | (Outcome::Denied, false) => (Agreement::Agree, None),
            (Outcome::Allowed, false) | (Outcome::Denied, true) => (Agreement::Differ, None),
        }
    }

    /// What the engine says of the ends that are judged here.
    fn says_here(&self, answer: &Answer) -> Outcome {
        if answer.always.is_some() {
            return answer.outcome.clone();
        }
        let here = |side: &&Side| self.plan.pods.contains_key(&self.engine.pod(side.subject).meta.id);
        answer.sides().filter(here).fold(Outcome::Allowed, |all, side| all.and(side.outcome.clone()))
    }

    fn who_judges(&self, answer: &Answer) -> String {
        if matches!(&answer.source, Party::Node { name: Some(name), .. } if name == self.node) {
            return "what the node itself sends is not judged: it may always reach its own pods".to_owned();
        }
        let nodes: Vec<&str> =
            answer.sides().filter_map(|side| self.engine.pod(side.subject).node.as_deref()).collect();
        match &nodes[..] {
            [] => "no end of it is a pod that policies reach".to_owned(),
            some => format!("its ends are on other nodes; ask the agent of {}", some.join(" and of ")),
        }
    }
}

fn always_text(always: Always) -> &'static str {
    match always {
        Always::Itself => "a pod may always talk to itself",
        Always::OwnNode => "a node may always talk to its own pods",
    }
}

/// What decided a side, in words.
fn because(side: &Side) -> String {
    let Some(tier) = side.tiers.iter().find(|tier| tier.tier == Tier::NetworkPolicy) else {
        return "no policy isolates it".to_owned();
    };
    let selecting = || tier.selecting.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match &tier.end {
        TierEnd::NotSelected | TierEnd::Passed(_) => "no policy isolates it".to_owned(),
        TierEnd::Allowed(rule) => format!("rule {} of policy {}", rule.rule + 1, rule.policy),
        TierEnd::Denied(_) => {
            let nearest = tier.nearest.as_ref().map(|nearest| format!("; nearest: {}", miss(nearest)));
            format!("isolated by {}{}", selecting(), nearest.unwrap_or_default())
        }
        TierEnd::Undecidable(_) => format!("isolated by {}; a fact is missing", selecting()),
    }
}

fn last_refused(log: &Log, one: Meant) -> Option<LastRefused> {
    let (protocol, port) = match one.layer4 {
        Layer4::Port(protocol, port) => (protocol.to_string(), Some(port.get())),
        Layer4::Icmp if one.source.is_ipv6() => ("ICMPv6".to_owned(), None),
        Layer4::Icmp => ("ICMP".to_owned(), None),
    };
    let kind = (one.source, one.destination, protocol.as_str(), port);
    let mut same = log.kept().filter(|record| record.is_refusal() && record.kind() == kind);
    let first = same.next()?;
    let start = LastRefused { time: first.time.clone(), packets: first.packets };
    Some(same.fold(start, |all, record| LastRefused {
        time: record.time.clone(),
        packets: all.packets + record.packets,
    }))
}
