//! Answering one flow: the walk through directions, tiers, policies and rules that also makes the trace.

use podfence_model::{Direction, Endpoint, Flow, Layer4, Peer, PeerKind, Pod};

use crate::answer::{
    Always, Answer, Fact, FlowError, NearestMiss, Outcome, RuleRef, Side, Tier, TierEnd, TierTrace,
};
use crate::class::Signature;
use crate::ids::{AtomId, PodId, PolicyId};
use crate::index::Engine;
use crate::miss::{Question, RuleMiss};
use crate::ports::port_matches;
use crate::resolve::Party;
use crate::truth::Truth;

/// The other end of a side, with what policies can see of it.
struct Far<'a> {
    party: &'a Party,
    signature: Signature,
}

/// How one rule stands to a flow.
enum RuleEnd {
    Admits(RuleRef),
    MayAdmit(Vec<Fact>),
    Misses(RuleRef, RuleMiss),
}

impl Engine {
    /// What becomes of a flow, and why. The destination must be what the packet carries after service
    /// translation.
    pub fn answer(&self, flow: &Flow) -> Result<Answer, FlowError> {
        let (source, destination) = self.parties(&flow.source, &flow.destination)?;
        let egress = source
            .pod()
            .map(|pod| self.side(Direction::Egress, pod, &destination, &destination, flow.layer4));
        let ingress = destination
            .pod()
            .map(|pod| self.side(Direction::Ingress, pod, &source, &destination, flow.layer4));
        let judged = [&egress, &ingress].into_iter().flatten().map(|side| side.outcome.clone());
        let judged = judged.fold(Outcome::Allowed, Outcome::and);
        let (always, outcome) = match self.always(&source, &destination) {
            (Some(always), Truth::Yes) => (Some(always), Outcome::Allowed),
            (_, Truth::Maybe) if judged != Outcome::Allowed => {
                (None, self.undecided_node(&flow.source, &source, &destination))
            }
            _ => (None, judged),
        };
        Ok(Answer { source, destination, outcome, always, egress, ingress })
    }

    /// Whether the flow passes whatever the policies say.
    fn always(&self, source: &Party, destination: &Party) -> (Option<Always>, Truth) {
        let Some(pod) = destination.pod() else { return (None, Truth::No) };
        match source {
            Party::Pod { id, .. } => (Some(Always::Itself), (*id == pod).into()),
            Party::Node { name, .. } => {
                let home = self.pod(pod).node.as_ref();
                let same = match (name, home) {
                    (Some(name), Some(home)) => (name == home).into(),
                    _ => Truth::Maybe,
                };
                (Some(Always::OwnNode), same)
            }
            Party::UnknownPod(_) | Party::Outside(_) => (None, Truth::No),
        }
    }

    /// The pods whose node would have to be known: the destination, a `hostNetwork` source, or both.
    fn undecided_node(&self, asked: &Endpoint, source: &Party, destination: &Party) -> Outcome {
        let homeless = destination.pod().map(|id| self.pod(id)).filter(|pod| pod.node.is_none());
        let mut facts: Vec<Fact> =
            homeless.map(|pod| Fact::PodNode(pod.meta.id.clone())).into_iter().collect();
        if let (Endpoint::Pod { id, .. }, Party::Node { name: None, .. }) = (asked, source) {
            facts.push(Fact::PodNode(id.clone()));
        }
        facts.sort_unstable();
        Outcome::Undecidable(facts)
    }

    fn side(
        &self,
        direction: Direction,
        subject: PodId,
        far: &Party,
        destination: &Party,
        layer4: Layer4,
    ) -> Side {
        let far = Far { party: far, signature: self.signature(far) };
        let resolver = destination.pod().map(|id| self.pod(id));
        let mut tiers = Vec::new();
        let mut outcome = Outcome::Allowed; // behind the last tier
        for tier in Tier::ORDER {
            let trace = match tier {
                Tier::NetworkPolicy => self.network_policy_tier(direction, subject, &far, resolver, layer4),
                Tier::Admin | Tier::Baseline => continue, // no policies of these tiers in the model yet
            };
            let end = trace.end.clone();
            tiers.push(trace);
            match end {
                TierEnd::NotSelected | TierEnd::Passed(_) => {}
                TierEnd::Allowed(_) => break,
                TierEnd::Denied(_) => {
                    outcome = Outcome::Denied;
                    break;
                }
                TierEnd::Undecidable(facts) => {
                    outcome = Outcome::Undecidable(facts);
                    break;
                }
            }
        }
        Side { direction, subject, outcome, tiers }
    }

    /// NetworkPolicies only add: the first rule that admits decides; without one the subject's isolation does.
    fn network_policy_tier(
        &self,
        direction: Direction,
        subject: PodId,
        far: &Far<'_>,
        resolver: Option<&Pod>,
        layer4: Layer4,
    ) -> TierTrace {
        let selecting = self.isolating(subject, direction);
        let namespace = &self.pod(subject).meta.id.namespace;
        let question = Question {
            direction,
            policy_namespace: namespace,
            peer: far.party,
            layer4,
            destination: resolver,
        };
        let (end, nearest) = self.decide(&selecting, far, &question);
        let selecting = selecting.iter().map(|id| self.policy(*id).meta.id.clone()).collect();
        TierTrace { tier: Tier::NetworkPolicy, selecting, end, nearest }
    }

    fn decide(
        &self,
        selecting: &[PolicyId],
        far: &Far<'_>,
        question: &Question<'_>,
    ) -> (TierEnd, Option<NearestMiss>) {
        if selecting.is_empty() {
            return (TierEnd::NotSelected, None);
        }
        let mut facts = Vec::new();
        let mut nearest: Option<(RuleRef, RuleMiss)> = None;
        for policy in selecting {
            for end in self.rule_ends(*policy, far, question) {
                match end {
                    RuleEnd::Admits(rule) => return (TierEnd::Allowed(rule), None),
                    RuleEnd::MayAdmit(more) => facts.extend(more),
                    RuleEnd::Misses(rule, miss) => {
                        let closer =
                            |best: &RuleMiss| miss.cost(question.layer4) < best.cost(question.layer4);
                        if nearest.as_ref().is_none_or(|(_, best)| closer(best)) {
                            nearest = Some((rule, miss));
                        }
                    }
                }
            }
        }
        if !facts.is_empty() {
            facts.sort_unstable();
            facts.dedup();
            return (TierEnd::Undecidable(facts), None);
        }
        let nearest = nearest.map(|(rule, near)| {
            let hints = self.hints(&near, question);
            NearestMiss { rule, miss: near.miss, hints }
        });
        (TierEnd::Denied(None), nearest)
    }

    fn rule_ends<'a>(
        &'a self,
        policy: PolicyId,
        far: &'a Far<'a>,
        question: &'a Question<'a>,
    ) -> impl Iterator<Item = RuleEnd> + 'a {
        let entry = self.entry(policy);
        let rules = entry.policy.rules(question.direction).iter().zip(entry.atoms(question.direction));
        rules.enumerate().map(move |(index, (rule, atoms))| {
            let (peer, peer_truth) = best_peer(atoms, &far.signature);
            let port =
                rule.ports.iter().position(|item| port_matches(item, question.layer4, question.destination));
            let ports = rule.ports.is_empty() || port.is_some();
            let reference = |peer, port| RuleRef {
                policy: entry.policy.meta.id.clone(),
                direction: question.direction,
                rule: index,
                peer,
                port,
                place: rule.place.clone(),
            };
            match peer_truth.and(ports.into()) {
                Truth::Yes => RuleEnd::Admits(reference(peer, port)),
                Truth::Maybe => RuleEnd::MayAdmit(self.missing_facts(&rule.peers, atoms, far)),
                Truth::No => {
                    let peer = peer.filter(|_| peer_truth != Truth::No);
                    let miss = self.miss(rule, peer, port, question);
                    RuleEnd::Misses(reference(miss.peer, miss.port), miss)
                }
            }
        })
    }

    /// What would have to be known to say whether the peers match.
    fn missing_facts(&self, peers: &[Peer], atoms: &[AtomId], far: &Far<'_>) -> Vec<Fact> {
        let open = peers.iter().zip(atoms).filter(|(_, atom)| far.signature.truth(**atom) == Truth::Maybe);
        open.map(|(peer, _)| self.missing_fact(peer, far.party)).collect()
    }

    fn missing_fact(&self, peer: &Peer, far: &Party) -> Fact {
        let several = far.addresses().len() > 1;
        match (far, &peer.kind) {
            (Party::Pod { id, .. }, PeerKind::Pods { .. }) => {
                Fact::NamespaceLabels(self.pod(*id).meta.id.namespace.clone())
            }
            (Party::Pod { id, .. }, PeerKind::Block(_)) if several => {
                Fact::WhichAddress(format!("pod {}", self.pod(*id).meta.id))
            }
            (Party::Pod { id, .. }, PeerKind::Block(_)) => Fact::PodAddress(self.pod(*id).meta.id.clone()),
            (Party::Node { name, .. }, _) => {
                let name = name.clone().unwrap_or_else(|| "of the hostNetwork pod".into());
                if several { Fact::WhichAddress(format!("node {name}")) } else { Fact::NodeAddress(name) }
            }
            (Party::UnknownPod(ip) | Party::Outside(ip), _) => Fact::WhichAddress(ip.to_string()),
        }
    }
}

/// The peer item that matches best, and how well; no items at all = everybody.
fn best_peer(atoms: &[AtomId], signature: &Signature) -> (Option<usize>, Truth) {
    if atoms.is_empty() {
        return (None, Truth::Yes);
    }
    let truths = atoms.iter().map(|atom| signature.truth(*atom)).enumerate();
    // The first of the best: `max_by_key` would keep the last.
    let best = truths.rev().max_by_key(|(_, truth)| *truth);
    best.map_or((None, Truth::No), |(index, truth)| (Some(index), truth))
}
