//! Refused packets by reason and namespace, with a limit to how many namespaces are told apart.

use std::collections::{BTreeMap, BTreeSet};

use podfence_dataplane_nft::Refusal;

use crate::flow::FlowRecord;

/// Namespaces that are told apart, those that come first. More would be a series each, for ever.
const NAMESPACES: usize = 64;
/// All others.
const OTHER: &str = "other";

/// Packets by reason and namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusals {
    packets: BTreeMap<(&'static str, String), u64>,
    namespaces: BTreeSet<String>,
}

impl Refusals {
    /// Counts the packets of a record, for the namespace of the pod that refused, or else of whoever sent them; none for those
    /// of no known pod.
    pub fn count(&mut self, reason: Refusal, record: &FlowRecord) {
        let refusing = if reason == Refusal::Ingress { &record.destination } else { &record.source };
        let namespace =
            refusing.pod.as_deref().and_then(|pod| pod.split_once('/')).map_or("", |(name, _)| name);
        let label = self.label(namespace);
        *self.packets.entry((reason.word(), label)).or_default() += record.packets;
    }

    fn label(&mut self, namespace: &str) -> String {
        if self.namespaces.len() < NAMESPACES {
            self.namespaces.insert(namespace.to_owned());
        }
        if self.namespaces.contains(namespace) { namespace.to_owned() } else { OTHER.to_owned() }
    }

    /// Reason, namespace and packets.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &str, u64)> {
        self.packets.iter().map(|((reason, namespace), packets)| (*reason, namespace.as_str(), *packets))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::FlowEnd;

    fn record(source: &str, destination: &str) -> FlowRecord {
        let end = |pod: &str| FlowEnd {
            address: std::net::Ipv4Addr::LOCALHOST.into(),
            pod: Some(pod.to_owned()),
            workload: None,
            labels: BTreeMap::new(),
            other: None,
        };
        FlowRecord {
            time: String::new(),
            node: String::new(),
            verdict: String::new(),
            reason: String::new(),
            because: String::new(),
            source: end(source),
            destination: end(destination),
            protocol: String::new(),
            port: None,
            policies: Vec::new(),
            rules: Vec::new(),
            nearest_miss: None,
            engine: None,
            packets: 2,
            policies_as_of: None,
        }
    }

    #[test]
    fn namespaces_without_number_are_one() {
        let mut refusals = Refusals::default();
        for number in 0..1_000 {
            let record = record(&format!("from-{number}/a"), &format!("to-{number}/b"));
            refusals.count(Refusal::Egress, &record);
            refusals.count(Refusal::Ingress, &record);
        }
        assert_eq!(refusals.all().count(), NAMESPACES + 2);
        assert_eq!(refusals.all().map(|(_, _, packets)| packets).sum::<u64>(), 4_000);
        assert!(refusals.all().any(|all| all == ("egress", "from-0", 2)));
        assert!(refusals.all().any(|all| all == ("ingress", "to-0", 2)));
        assert!(refusals.all().any(|all| all == ("egress", OTHER, 2 * (1_000 - 32))));
    }
}
