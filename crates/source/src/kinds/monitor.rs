//! `monitoring.coreos.com/v1` ServiceMonitor and PodMonitor, as far as they say what Prometheus asks.

use podfence_model::{Kind, Monitor, MonitorScope, TargetPort};

use super::header::{Header, Naming};
use super::labels;
use super::manifest::Manifest;
use super::port::{PortId, number_or_name};
use crate::decode::{Fields, Item};

/// Reads a monitor of this kind.
pub(crate) fn read(manifest: &mut Manifest<'_, '_>, kind: &str) {
    let spec = manifest.fields.mapping("spec");
    let Some(header) = Header::read(manifest, Kind::Other(kind.to_owned()), Naming::Subdomain) else {
        return;
    };
    let again = manifest.gathered.knows(&header.id);
    manifest.state(&header);
    let Some(mut spec) = spec else { return };
    let mut endpoints: Vec<Fields<'_>> = spec.mappings("endpoints").collect();
    endpoints.extend(spec.mappings("podMetricsEndpoints"));
    let monitor = Monitor {
        object: header.id,
        origin: header.origin,
        scope: spec.mapping("namespaceSelector").map_or(MonitorScope::Own, scope),
        selector: spec.get("selector").map(labels::selector).unwrap_or_default(),
        ports: endpoints.into_iter().filter_map(port).collect(),
    };
    let monitors = &mut manifest.gathered.world.monitors;
    if again {
        monitors.retain(|known| known.object != monitor.object);
    }
    monitors.push(monitor);
}

fn scope(mut fields: Fields<'_>) -> MonitorScope {
    let names: Vec<String> = fields.list("matchNames").filter_map(Item::text).map(str::to_owned).collect();
    match (fields.flag("any"), names.is_empty()) {
        (true, _) => MonitorScope::Any,
        (false, true) => MonitorScope::Own,
        (false, false) => MonitorScope::Named(names),
    }
}

/// `port` is a name; the older `targetPort` may be either.
fn port(mut endpoint: Fields<'_>) -> Option<TargetPort> {
    if let Some(name) = endpoint.text("port") {
        return Some(TargetPort::Named(name.to_owned()));
    }
    match number_or_name(endpoint.get("targetPort")?)? {
        PortId::Number(number) => Some(TargetPort::Number(number)),
        // Of the pods' port, which the Service's ports do not say.
        PortId::Name(_) => None,
    }
}
