//! `networking.k8s.io/v1` Ingress, as far as it leads to Services.

use podfence_model::{Ingress, IngressBackend, Kind, TargetPort};

use super::header::{Header, Naming};
use super::manifest::Manifest;
use super::port;
use crate::decode::{Fields, Item};

/// The annotation that stood for `ingressClassName`, still widely used.
const CLASS: &str = "kubernetes.io/ingress.class";

/// Reads an Ingress into the world.
pub(crate) fn read(manifest: &mut Manifest<'_, '_>) {
    let spec = manifest.fields.mapping("spec");
    let Some(mut header) = Header::read(manifest, Kind::Ingress, Naming::Subdomain) else { return };
    manifest.state(&header);
    let annotated = header.annotation(CLASS).and_then(Item::text);
    let (class, backends) =
        spec.map(|mut spec| (spec.text("ingressClassName"), backends(&mut spec))).unwrap_or_default();
    let class = class.or(annotated).map(str::to_owned);
    let ingress = Ingress { meta: header.meta(), class, backends };
    manifest.gathered.world.ingresses.insert(ingress.meta.id.clone(), ingress);
}

fn backends(spec: &mut Fields<'_>) -> Vec<IngressBackend> {
    let default = spec.mapping("defaultBackend").and_then(|fields| backend(fields, None, None));
    default.into_iter().chain(spec.mappings("rules").flat_map(rule)).collect()
}

fn rule(mut rule: Fields<'_>) -> Vec<IngressBackend> {
    let host = rule.text("host");
    let Some(mut http) = rule.mapping("http") else { return Vec::new() };
    let path = |mut fields: Fields<'_>| {
        let path = fields.text("path").map(str::to_owned);
        backend(fields.required("backend")?.mapping()?, host.map(str::to_owned), path)
    };
    http.mappings("paths").filter_map(path).collect()
}

/// A backend that is a Service; one that is a `resource` leads to no pod that is known.
fn backend(mut fields: Fields<'_>, host: Option<String>, path: Option<String>) -> Option<IngressBackend> {
    let mut service = fields.mapping("service")?;
    let name = service.required("name")?.text()?.to_owned();
    let port = service.required("port")?.mapping().and_then(service_port)?;
    Some(IngressBackend { host, path, service: name, port })
}

fn service_port(mut fields: Fields<'_>) -> Option<TargetPort> {
    if let Some(name) = fields.text("name") {
        return Some(TargetPort::Named(name.to_owned()));
    }
    fields.required("number").and_then(port::number).map(TargetPort::Number)
}
