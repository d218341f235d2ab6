//! `ClusterFacts`: a document of our own that states what no manifest of Kubernetes does.

use podfence_model::{Cidr, DnsKind};

use super::address;
use super::manifest::Manifest;
use crate::code::Code;
use crate::decode::{Fields, Item, did_you_mean};

/// The `apiVersion` and `kind` of such a document.
pub(super) const API_VERSION: &str = "podfence.dev/v1alpha1";
pub(super) const KIND: &str = "ClusterFacts";

const DNS_KINDS: [(&str, DnsKind); 3] = [
    ("coredns", DnsKind::CoreDns),
    ("openshift", DnsKind::OpenShift),
    ("gke-cloud-dns", DnsKind::GkeCloudDns),
];

/// Adds the facts to the world's: of several documents each adds to the lists, and the last word on the rest counts.
pub(crate) fn read(manifest: &mut Manifest<'_, '_>) {
    let fields = &mut manifest.fields;
    fields.ignore(&["metadata"]);
    let world = &mut manifest.gathered.world;
    world.pod_ranges.extend(blocks(fields, "podCIDRs"));
    let facts = &mut world.facts;
    facts.service_ranges.extend(blocks(fields, "serviceCIDRs"));
    facts.node_ranges.extend(blocks(fields, "nodeCIDRs"));
    facts.api_servers.extend(fields.list("apiServers").filter_map(address::ip));
    facts.node_local_dns.extend(fields.list("nodeLocalDNS").filter_map(address::ip));
    facts.dns = fields.get("dns").and_then(dns_kind).or(facts.dns);
    facts.cni = fields.text("cni").map(str::to_lowercase).or(facts.cni.take());
    facts.complete |= fields.flag("complete");
    fields.finish(|_| None);
}

fn blocks(fields: &mut Fields<'_>, name: &'static str) -> Vec<Cidr> {
    fields.list(name).filter_map(address::cidr).collect()
}

fn dns_kind(item: Item<'_>) -> Option<DnsKind> {
    let name = item.text()?;
    let known = DNS_KINDS.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
    if known.is_none() {
        let names = DNS_KINDS.map(|(name, _)| name);
        let message = format!("unknown kind of DNS `{name}`{}", did_you_mean(name, names));
        item.error_with_help(
            Code::InvalidFacts,
            message,
            "known are `coredns`, `openshift` and `gke-cloud-dns`",
        );
    }
    known
}
