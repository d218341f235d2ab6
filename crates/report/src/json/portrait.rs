//! An object read back, for programs.

use podfence_analysis::ends::EndName;
use podfence_analysis::{Peers, Portrait, PortraitSide, Subject};
use podfence_lint::Finding;
use podfence_source::SourceMap;
use serde::Serialize;

use super::Document;
use crate::findings::{self, FindingView};
use crate::{ends, words};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PortraitView {
    object: String,
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<String>,
    pods: Vec<String>,
    pod_count: usize,
    on_host_network: Vec<String>,
    egress: SideView,
    ingress: SideView,
    findings: Vec<FindingView>,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct SideView {
    isolated_by: Vec<String>,
    open: Vec<String>,
    isolated: Vec<AdmittedView>,
    undecidable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    dns: Option<bool>,
}

#[derive(Serialize)]
struct AdmittedView {
    pods: Vec<String>,
    peers: Vec<PeerView>,
}

#[derive(Serialize)]
struct PeerView {
    names: Vec<String>,
    ports: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    family: Option<String>,
}

/// An object read back as JSON, with what lint finds about its policies.
pub fn portrait(portrait: &Portrait<'_>, found: &[&Finding], sources: &SourceMap) -> String {
    let side = |direction| {
        portrait.sides.iter().find(|side| side.direction == direction).map(side).unwrap_or_default()
    };
    let view = PortraitView {
        object: words::object(&portrait.of),
        kind: portrait.of.kind.to_string(),
        place: match portrait.subject {
            Subject::Policy(policy) => Some(policy.meta.origin.to_string()),
            Subject::Pods => None,
        },
        pods: names(&portrait.pods),
        pod_count: portrait.count,
        on_host_network: portrait.unseen.iter().map(ToString::to_string).collect(),
        egress: side(podfence_model::Direction::Egress),
        ingress: side(podfence_model::Direction::Ingress),
        findings: found.iter().map(|finding| findings::view(finding, sources)).collect(),
    };
    Document::new("explain-object-v1", view).text()
}

fn names(all: &[EndName]) -> Vec<String> {
    all.iter().map(ends::name).collect()
}

fn peer(peers: &Peers) -> PeerView {
    let Peers { who, ports, family } = peers;
    PeerView { names: names(who), ports: ports.to_string(), family: family.map(|family| family.to_string()) }
}

fn side(side: &PortraitSide) -> SideView {
    let admitted = side
        .admitted
        .iter()
        .map(|one| AdmittedView { pods: names(&one.pods), peers: one.peers.iter().map(peer).collect() });
    SideView {
        isolated_by: side.isolating.iter().map(ToString::to_string).collect(),
        open: names(&side.open),
        isolated: admitted.collect(),
        undecidable: side.hangs,
        dns: side.dns.as_ref().map(|dns| dns.may_ask),
    }
}
