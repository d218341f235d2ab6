//! What a policy comes to at this moment: the pods that it isolates, and the addresses that a rule's peers have.
//!
//! For people who ask; what is enforced is compiled from the same classes (`compile`), all rules of a pod together.

use podfence_model::{Direction, NamespacedName, NetworkPolicy};

use crate::blocks::AddressRange;
use crate::class::Member;
use crate::ids::{PodId, PolicyId};
use crate::index::Engine;
use crate::truth::Truth;

/// The peers of one rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Peers {
    /// The rule names no peers, which is everybody; the other fields are empty then.
    pub everyone: bool,
    /// Known pods, with the addresses that are admitted.
    pub pods: Vec<Member>,
    /// Ranges of addresses that no known pod has, in rising order; they do not touch each other.
    pub ranges: Vec<AddressRange>,
}

impl Engine {
    /// The policy of this name.
    pub fn policy_id(&self, name: &NamespacedName) -> Option<PolicyId> {
        self.policies.find(name)
    }

    /// The pods of the cluster that a policy isolates.
    pub fn subjects_of(&self, policy: PolicyId) -> impl Iterator<Item = PodId> + '_ {
        let NetworkPolicy { meta, subject, .. } = self.policy(policy);
        let here = self.pods_in(&meta.id.namespace).iter().copied();
        here.filter(|id| {
            let pod = self.pod(*id);
            pod.is_policed() && subject.matches(&pod.meta.labels)
        })
    }

    /// The peers of a rule, by its place in the policy: those that it admits for certain. `None` where the policy has no such
    /// rule in that direction, or does not isolate in it.
    pub fn peers_of(&self, policy: PolicyId, direction: Direction, rule: usize) -> Option<Peers> {
        let atoms = self.entry(policy).atoms(direction).get(rule)?;
        if atoms.is_empty() {
            return Some(Peers { everyone: true, ..Peers::default() });
        }
        let mut peers = Peers::default();
        let named =
            |class: &&crate::Class| atoms.iter().any(|atom| class.signature.truth(*atom) == Truth::Yes);
        for class in self.classes().iter().filter(named) {
            peers.pods.extend(class.members.iter().filter(|member| member.address.is_some()));
            peers.ranges.extend(&class.ranges);
        }
        peers.ranges = AddressRange::joined(peers.ranges);
        Some(peers)
    }
}

#[cfg(test)]
mod tests {
    use podfence_model::{Protocol, World};
    use podfence_testkit::build::{block, eq, everything, id, ingress, ip, number, own, pod, rule, select};

    use super::*;

    #[test]
    fn a_rule_comes_to_pods_and_ranges() {
        let web = own(select(&[eq("app", "web")]));
        let policy = ingress(
            "shop/db",
            select(&[eq("app", "db")]),
            vec![
                rule(
                    vec![web, block("203.0.113.0/24", &["203.0.113.0/25"])],
                    vec![number(Protocol::Tcp, 5432)],
                ),
                rule(vec![], vec![]),
                rule(vec![own(everything())], vec![]),
            ],
        );
        let mut world = World::default();
        for (name, address, app) in [("web", "10.0.0.1", "web"), ("db", "10.0.0.2", "db")] {
            let pod = pod(&format!("shop/{name}"), "node-1", &[address], &[("app", app)]);
            world.pods.insert(pod.meta.id.clone(), pod);
        }
        world.policies.insert(policy.meta.id.clone(), policy);
        let engine = Engine::new(&world);
        let found = engine.policy_id(&id("shop/db")).unwrap();
        let subjects: Vec<PodId> = engine.subjects_of(found).collect();
        assert_eq!(subjects, [engine.pod_id(&id("shop/db")).unwrap()]);
        let of = |rule| engine.peers_of(found, Direction::Ingress, rule);
        let first = of(0).unwrap();
        assert_eq!(first.pods.iter().map(|m| m.address).collect::<Vec<_>>(), [Some(ip("10.0.0.1"))]);
        let [range] = first.ranges[..] else { panic!("{first:?}") };
        assert_eq!((range.first(), range.last()), (ip("203.0.113.128"), ip("203.0.113.255")));
        assert!(of(1).unwrap().everyone);
        assert_eq!(of(2).unwrap().pods.len(), 2);
        assert_eq!(of(3), None);
        assert_eq!(engine.peers_of(found, Direction::Egress, 0), None);
    }
}
