//! Whom pods ask for names: what is known of it, or else assumed.

use std::net::{IpAddr, Ipv4Addr};

use podfence_analysis::assumed::{DNS_PORT, is_cluster_dns};
use podfence_model::{Cidr, DnsKind, Endpoint, Layer4, METADATA_NAME, Origin, Pod, Port, Protocol};

use crate::context::Context;

/// The port that DNS pods of OpenShift listen on.
pub(super) const OPENSHIFT_PORT: Port = Port::new(5353).unwrap();
/// Cloud DNS for GKE answers at the metadata server.
pub(crate) const CLOUD_DNS: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254));

/// Where pods ask.
pub(crate) struct Servers<'a> {
    /// The cluster's DNS pods.
    pub(super) pods: Vec<&'a Pod>,
    /// Addresses that pods ask in place of pods.
    pub(super) addresses: Vec<IpAddr>,
    /// Whether it was stated, or is assumed.
    pub(super) sure: bool,
}

impl<'a> Servers<'a> {
    /// What is known, or else assumed.
    pub(crate) fn of(context: &Context<'a>) -> Self {
        let facts = context.facts();
        let pods: Vec<&Pod> = context.pods().filter(|pod| is_cluster_dns(pod)).collect();
        let stated = pods.iter().any(|pod| !matches!(pod.meta.origin, Origin::Assumed(_)));
        let addresses = match facts.dns {
            _ if !facts.node_local_dns.is_empty() => facts.node_local_dns.clone(),
            Some(DnsKind::GkeCloudDns) => vec![CLOUD_DNS],
            _ => Vec::new(),
        };
        let sure = stated || facts.dns.is_some() || facts.complete || !addresses.is_empty();
        Self { pods, addresses, sure }
    }

    /// Everybody a pod may have to ask over a protocol, with the port.
    pub(crate) fn targets(&self, protocol: Protocol) -> Vec<(Endpoint, Layer4)> {
        let at = |ip: &IpAddr| (Endpoint::Ip(*ip), Layer4::Port(protocol, DNS_PORT));
        if !self.addresses.is_empty() {
            return self.addresses.iter().map(at).collect();
        }
        let end = |pod: &Pod| Endpoint::Pod { id: pod.meta.id.clone(), address: None };
        self.pods.iter().map(|pod| (end(pod), Layer4::Port(protocol, listens(pod)))).collect()
    }

    /// A rule that admits all of it, as an item of `egress`.
    pub(crate) fn rule_text(&self) -> String {
        let port = self.port();
        let local =
            self.addresses.iter().map(|ip| format!("  - {}\n", block_text(*ip).replace('\n', "\n    ")));
        let peers: String = self.peer_text().into_iter().chain(local).collect();
        format!(
            "to:\n{peers}ports:\n  - protocol: UDP\n    port: {port}\n  - protocol: TCP\n    port: {port}"
        )
    }

    fn peer_text(&self) -> Option<String> {
        let pod = self.pods.first()?;
        let namespace = &pod.meta.id.namespace;
        let label = self.label();
        Some(format!(
            "  - namespaceSelector:\n      matchLabels:\n        {METADATA_NAME}: {namespace}\n    podSelector:\n      \
             matchLabels:\n        {label}\n"
        ))
    }

    /// A label that its pods are known by, as `key: value`.
    pub(crate) fn label(&self) -> String {
        let labels = self.pods.iter().flat_map(|pod| &pod.meta.labels);
        let known = labels.into_iter().find(|(key, _)| DNS_LABELS.contains(&key.as_str()));
        known.map_or_else(|| "k8s-app: kube-dns".to_owned(), |(key, value)| format!("{key}: {value}"))
    }

    /// The port to admit.
    pub(crate) fn port(&self) -> Port {
        let pods = self.pods.first().filter(|_| self.addresses.is_empty());
        pods.map_or(DNS_PORT, |pod| listens(pod))
    }

    /// The namespace of the DNS pods.
    pub(crate) fn namespace(&self) -> &'a str {
        self.pods.first().map_or("kube-system", |pod| &pod.meta.id.namespace)
    }
}

/// Labels that DNS pods are known by.
pub(super) const DNS_LABELS: [&str; 2] = ["k8s-app", "dns.operator.openshift.io/daemonset-dns"];

/// A peer of one address, as an item of `to`.
pub(super) fn block_text(ip: IpAddr) -> String {
    format!("ipBlock:\n  cidr: {}", Cidr::host(ip))
}

/// The number that a DNS pod listens on.
pub(super) fn listens(pod: &Pod) -> Port {
    let udp = || pod.ports.iter().filter(|port| port.protocol == Protocol::Udp);
    let usual = udp().find(|port| [DNS_PORT, OPENSHIFT_PORT].contains(&port.number));
    usual.or_else(|| udp().next()).map_or(DNS_PORT, |port| port.number)
}
