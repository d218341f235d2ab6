//! From one document to objects of the model: which kind it is, and who reads it.
//!
//! A NetworkPolicy is read strictly ([`policy`]); of other kinds only the fields that matter are read, but
//! a wrong type in one of those is an error. What is not Kubernetes at all is skipped with a note. Start
//! with [`read`], then [`policy`]; `catalogue` has the table of kinds.

mod address;
mod callback;
mod catalogue;
mod endpoints;
mod facts;
mod header;
mod ingress;
mod labels;
mod manifest;
mod monitor;
mod namespace;
mod node;
mod operator;
mod peer;
mod pod;
mod policy;
mod port;
mod service;
mod unread;
mod workload;

use crate::decode::{Fields, Item};
use crate::diagnostic::Diagnostic;
use crate::gather::Gathered;
use catalogue::{Answer, Reader};
use manifest::Manifest;

/// What a list passes on to items that do not state it themselves.
#[derive(Clone, Copy, Default)]
pub(crate) struct Inherited<'n> {
    pub(crate) api_version: Option<&'n str>,
    pub(crate) kind: Option<&'n str>,
}

pub(crate) use port::number as port_number;

/// Reads one document into what is gathered.
pub(crate) fn read(document: Item<'_>, gathered: &mut Gathered, default_namespace: &str) {
    object(document, gathered, default_namespace, Inherited::default());
}

/// Reads one object of an API server, which states its namespace.
pub(crate) fn read_as<'n>(item: Item<'n>, gathered: &mut Gathered, of: Inherited<'n>) {
    object(item, gathered, "", of);
}

fn object<'n>(item: Item<'n>, gathered: &mut Gathered, default_namespace: &str, inherited: Inherited<'n>) {
    let Some(mut fields) = unread::kubernetes_fields(item, inherited.kind.is_some()) else { return };
    let api_item = fields.get("apiVersion");
    let kind_item = fields.get("kind");
    let api_version = api_item.map_or(Some(inherited.api_version), |item| item.text().map(Some));
    let kind = kind_item.map_or(Some(inherited.kind), |item| item.text().map(Some));
    let (Some(api_version), Some(kind)) = (api_version, kind) else { return };
    let (Some(api_version), Some(kind)) = (api_version, kind) else {
        return unread::half_typed(&mut fields);
    };
    if let Some(of) = kind.strip_suffix("List").filter(|_| fields.has("items")) {
        return list(fields, gathered, default_namespace, api_version, of);
    }
    gathered.objects += 1;
    let answer =
        catalogue::look_up((api_version, api_item.unwrap_or(item)), (kind, kind_item.unwrap_or(item)));
    let manifest = Manifest { fields, gathered, default_namespace };
    dispatch(manifest, &answer, api_version, kind);
}

/// `List`, `NetworkPolicyList` and so on; typed ones pass their type on.
fn list(mut fields: Fields<'_>, gathered: &mut Gathered, namespace: &str, api_version: &str, of: &str) {
    let typed = (!of.is_empty()).then_some(of);
    for item in fields.list("items") {
        let inherited = Inherited { api_version: typed.map(|_| api_version), kind: typed };
        object(item, gathered, namespace, inherited);
    }
}

fn dispatch(mut manifest: Manifest<'_, '_>, answer: &Answer, api_version: &str, kind: &str) {
    match answer {
        Answer::Read(reader) => read_with(&mut manifest, reader),
        Answer::Operator => operator::read(&mut manifest, kind),
        Answer::Unknown => unread::keep(&mut manifest, api_version, kind),
        Answer::Skip => {}
    }
}

fn read_with(manifest: &mut Manifest<'_, '_>, reader: &Reader) {
    match reader {
        Reader::Namespace => namespace::read(manifest),
        Reader::Pod => pod::read(manifest),
        Reader::Node => node::read(manifest),
        Reader::Service => service::read(manifest),
        Reader::EndpointSlice => endpoints::read(manifest),
        Reader::Ingress => ingress::read(manifest),
        Reader::NetworkPolicy => policy::read(manifest),
        Reader::ClusterFacts => facts::read(manifest),
        Reader::Webhooks(kind) => callback::webhooks(manifest, kind),
        Reader::ApiService => callback::api_service(manifest, "APIService"),
        Reader::Monitor(kind) => monitor::read(manifest, kind),
        Reader::Workload(kind) => workload::read(manifest, kind.clone()),
    }
}

/// A diagnostic at an item, for the modules here that build their own.
fn at(item: Item<'_>, diagnostic: Diagnostic) {
    item.sink.report(diagnostic.at(item.place(), ""));
}
