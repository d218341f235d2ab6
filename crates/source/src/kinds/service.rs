//! `v1` Service.

use std::net::IpAddr;

use podfence_model::{
    Kind, Service, ServiceAddress, ServicePort, ServiceType, SessionAffinity, TargetPort, TrafficPolicy,
};

use super::header::{Header, Naming};
use super::labels::labels;
use super::manifest::Manifest;
use super::port::PortId;
use super::{address, port};
use crate::code::Code;
use crate::decode::{Fields, IntOrText, Item};

/// Reads a Service into the world.
pub(crate) fn read(manifest: &mut Manifest<'_, '_>) {
    let spec = manifest.fields.required("spec").and_then(Item::mapping);
    let balancer = manifest.fields.mapping("status").map(load_balancer_ips).unwrap_or_default();
    let Some(mut header) = Header::read(manifest, Kind::Service, Naming::Label) else { return };
    let Some(mut spec) = spec else { return };
    manifest.state(&header);
    let service = Service {
        meta: header.meta(),
        kind: service_type(&mut spec),
        address: address(&mut spec),
        external_ips: spec.list("externalIPs").filter_map(address::ip).collect(),
        load_balancer_ips: balancer,
        selector: spec.get("selector").map(labels).filter(|selector| !selector.is_empty()),
        ports: spec.mappings("ports").filter_map(service_port).collect(),
        external_traffic: traffic_policy(&mut spec, "externalTrafficPolicy"),
        internal_traffic: traffic_policy(&mut spec, "internalTrafficPolicy"),
        affinity: affinity(&mut spec),
        publish_not_ready: spec.flag("publishNotReadyAddresses"),
    };
    manifest.gathered.world.services.insert(service.meta.id.clone(), service);
}

fn load_balancer_ips(mut status: Fields<'_>) -> Vec<IpAddr> {
    let Some(mut balancer) = status.mapping("loadBalancer") else { return Vec::new() };
    let ip = |mut entry: Fields<'_>| entry.get("ip").and_then(address::ip);
    balancer.mappings("ingress").filter_map(ip).collect()
}

fn service_type(spec: &mut Fields<'_>) -> ServiceType {
    let external_name = spec.text("externalName").unwrap_or_default();
    choice(spec, "type", ServiceType::ClusterIp, |text| match text {
        "ClusterIP" => Some(ServiceType::ClusterIp),
        "NodePort" => Some(ServiceType::NodePort),
        "LoadBalancer" => Some(ServiceType::LoadBalancer),
        "ExternalName" => Some(ServiceType::ExternalName(external_name.to_owned())),
        _ => None,
    })
}

fn traffic_policy(spec: &mut Fields<'_>, field: &'static str) -> TrafficPolicy {
    choice(spec, field, TrafficPolicy::Cluster, |text| match text {
        "Cluster" => Some(TrafficPolicy::Cluster),
        "Local" => Some(TrafficPolicy::Local),
        _ => None,
    })
}

fn affinity(spec: &mut Fields<'_>) -> SessionAffinity {
    choice(spec, "sessionAffinity", SessionAffinity::None, |text| match text {
        "None" => Some(SessionAffinity::None),
        "ClientIP" => Some(SessionAffinity::ClientIp),
        _ => None,
    })
}

/// A field that is one of a few words.
fn choice<T>(spec: &mut Fields<'_>, field: &'static str, absent: T, read: impl Fn(&str) -> Option<T>) -> T {
    let Some(item) = spec.get(field) else { return absent };
    let Some(text) = item.text().filter(|text| !text.is_empty()) else { return absent };
    read(text).unwrap_or_else(|| {
        item.error(Code::InvalidService, format!("unknown `{field}` `{text}`"), "");
        absent
    })
}

/// `clusterIPs`, or the older `clusterIP`.
fn address(spec: &mut Fields<'_>) -> ServiceAddress {
    let mut items: Vec<Item<'_>> = spec.list("clusterIPs").collect();
    let single = spec.get("clusterIP");
    if items.is_empty() {
        items.extend(single.filter(|item| item.text() != Some("")));
    }
    match items.first() {
        None => ServiceAddress::Unstated,
        Some(item) if item.text() == Some("None") => ServiceAddress::Headless,
        Some(_) => ServiceAddress::Ips(items.into_iter().filter_map(address::ip).collect()),
    }
}

fn service_port(mut fields: Fields<'_>) -> Option<ServicePort> {
    let name = fields.text("name").map(str::to_owned);
    let protocol = port::protocol(&mut fields);
    let number = fields.required("port").and_then(port::number);
    let target = fields.get("targetPort").filter(|item| !is_unset(*item)).map(port::number_or_name);
    let node_port = fields.get("nodePort").filter(|item| !is_unset(*item)).and_then(port::number);
    let port = number?;
    let target = target.map_or(Some(TargetPort::Number(port)), |id| id.map(target_port))?;
    Some(ServicePort { name, protocol: protocol?, port, target, node_port })
}

/// Zero and the empty text stand for absent in the API's own types.
fn is_unset(item: Item<'_>) -> bool {
    matches!(item.peek_int_or_text(), Some(IntOrText::Int(0) | IntOrText::Text("")))
}

/// A port by number or name, as the model has it.
fn target_port(id: PortId) -> TargetPort {
    match id {
        PortId::Number(port) => TargetPort::Number(port),
        PortId::Name(name) => TargetPort::Named(name),
    }
}
