//! `discovery.k8s.io/v1` EndpointSlice. The older Endpoints are not read: every cluster mirrors them.

use podfence_model::{EndpointAddress, EndpointPort, EndpointSlice, Kind};

use super::header::{Header, Naming};
use super::manifest::Manifest;
use super::{address, port};
use crate::decode::Fields;

/// The label that ties a slice to its Service.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// Reads an EndpointSlice into the world.
pub(crate) fn read(manifest: &mut Manifest<'_, '_>) {
    let named = manifest.fields.text("addressType") == Some("FQDN");
    let endpoints = manifest.fields.mappings("endpoints").map(|e| endpoint(e, named)).collect();
    let ports = manifest.fields.mappings("ports").filter_map(endpoint_port).collect();
    let Some(mut header) = Header::read(manifest, Kind::EndpointSlice, Naming::Subdomain) else { return };
    manifest.state(&header);
    let service = header.labels.get(SERVICE_NAME).cloned();
    let slice = EndpointSlice { meta: header.meta(), service, endpoints, ports };
    manifest.gathered.world.endpoint_slices.insert(slice.meta.id.clone(), slice);
}

/// One endpoint; those of a slice of DNS names have no address.
fn endpoint(mut fields: Fields<'_>, named: bool) -> EndpointAddress {
    let items = fields.list("addresses").filter(|_| !named);
    let addresses = items.filter_map(address::ip).collect();
    let ready = fields.mapping("conditions").and_then(|mut c| c.get("ready")?.boolean());
    let node = fields.text("nodeName").map(str::to_owned);
    let pod = fields.mapping("targetRef").and_then(|mut target| {
        let is_pod = target.text("kind") == Some("Pod");
        target.text("name").filter(|_| is_pod).map(str::to_owned)
    });
    EndpointAddress { addresses, ready: ready.unwrap_or(true), node, pod }
}

fn endpoint_port(mut fields: Fields<'_>) -> Option<EndpointPort> {
    let name = fields.text("name").map(str::to_owned);
    let protocol = port::protocol(&mut fields)?;
    Some(EndpointPort { name, protocol, port: fields.get("port").and_then(port::number) })
}
