//! What names mean in the cluster: the specification "Kubernetes DNS-Based Service Discovery", 1.1.0, as far as Services go.

use std::collections::BTreeSet;
use std::net::IpAddr;

use podfence_analysis::{Backend, backends, served_at};
use podfence_model::{Addresses, Layer4, Life, Pod, Protocol, Service, ServiceAddress, ServicePort, World};

use super::addresses;
use crate::dns::{NameError, Zone};

/// The zone of a world's Services.
pub(super) fn zone(world: &World) -> Result<Zone, NameError> {
    let mut zone = Zone::new();
    for service in world.services.values() {
        let name = name_of(service);
        zone.add_addresses(&name, &resolved_addresses(world, service))?;
        for port in service.ports.iter().filter(|port| port.name.is_some()) {
            add_port(&mut zone, world, service, port)?;
        }
    }
    Ok(zone)
}

fn name_of(service: &Service) -> String {
    let id = &service.meta.id;
    format!("{}.{}.svc.cluster.local.", id.name, id.namespace)
}

/// What a Service's name resolves to: its cluster addresses, or its pods' when it is headless.
fn resolved_addresses(world: &World, service: &Service) -> Vec<IpAddr> {
    match &service.address {
        ServiceAddress::Ips(ips) => ips.clone(),
        ServiceAddress::Unstated => Vec::new(),
        ServiceAddress::Headless if service.ports.is_empty() => {
            let chosen = world.pods.values().filter(|pod| is_chosen(service, pod));
            chosen.flat_map(|pod| pod.ips().to_vec()).collect()
        }
        ServiceAddress::Headless => {
            let ends = service.ports.iter().flat_map(|port| backends(world, service, port));
            let ips = ends.flat_map(|backend| addresses(world, &backend.end));
            ips.collect::<BTreeSet<_>>().into_iter().collect()
        }
    }
}

/// Whether a headless Service without ports, which the API allows, leads to a pod.
fn is_chosen(service: &Service, pod: &Pod) -> bool {
    let ready = pod.ready && pod.life == Life::Present || service.publish_not_ready;
    pod.meta.id.namespace == service.meta.id.namespace
        && matches!(pod.addresses, Addresses::Known(_))
        && ready
        && service
            .selector
            .as_ref()
            .is_some_and(|wanted| wanted.iter().all(|(key, value)| pod.meta.labels.get(key) == Some(value)))
}

/// The SRV record of a named port: to the Service itself, or to a name for each of its pods when it is headless.
fn add_port(zone: &mut Zone, world: &World, service: &Service, port: &ServicePort) -> Result<(), NameError> {
    let of = name_of(service);
    let protocol = match port.protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
        Protocol::Sctp => "sctp",
    };
    let name = format!("_{}._{protocol}.{of}", port.name.as_deref().unwrap_or_default());
    if service.address != ServiceAddress::Headless {
        return zone.add_service(&name, port.port.get(), &of);
    }
    for Backend { end, layer4 } in served_at(world, service, port) {
        let ips = addresses(world, &end);
        let (Some(first), Layer4::Port(_, number)) = (ips.first(), layer4) else { continue };
        let own = format!("{}.{of}", first.to_string().replace(['.', ':'], "-"));
        zone.add_addresses(&own, &ips)?;
        zone.add_service(&name, number.get(), &own)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use hickory_proto::rr::{Name, RecordType};
    use podfence_model::{EndpointAddress, EndpointPort, EndpointSlice, Meta, TargetPort};
    use podfence_testkit::build::{ORIGIN, Put, labels, pod, port};

    use super::*;
    use crate::dns::Found;
    use crate::place::place;

    fn world(address: ServiceAddress) -> World {
        let mut world = World::default();
        let mut web = pod("shop/web", "node-1", &["10.244.1.9"], &[("app", "web")]);
        web.ports.push(podfence_model::ContainerPort {
            name: Some("http".into()),
            protocol: Protocol::Tcp,
            number: port(8080),
        });
        world.put(web);
        let mut placed = place(world).unwrap();
        let mut service = placed.services.values().next().unwrap().clone();
        service.meta.id = podfence_testkit::build::id("shop/web");
        service.selector = Some(labels(&[("app", "web")]));
        service.address = address;
        service.ports.truncate(1);
        service.ports[0].name = Some("http".into());
        service.ports[0].protocol = Protocol::Tcp;
        service.ports[0].target = TargetPort::Named("http".into());
        placed.services.insert(service.meta.id.clone(), service);
        placed
    }

    fn records(world: &World, name: &str, kind: RecordType) -> Vec<String> {
        match zone(world).unwrap().find(&Name::from_ascii(name).unwrap(), kind) {
            Found::Records(records) => records.iter().map(ToString::to_string).collect(),
            Found::NoSuchName => Vec::new(),
        }
    }

    #[test]
    fn a_headless_service_names_each_pod_and_its_port() {
        let world = world(ServiceAddress::Headless);
        let own = "10-244-1-9.web.shop.svc.cluster.local.";
        assert_eq!(records(&world, "web.shop.svc.cluster.local.", RecordType::A), ["10.244.1.9"]);
        assert_eq!(records(&world, own, RecordType::A), ["10.244.1.9"]);
        let srv = records(&world, "_http._tcp.web.shop.svc.cluster.local.", RecordType::SRV);
        assert_eq!(srv, [format!("0 100 8080 {own}")]);
    }

    #[test]
    fn a_slice_says_which_port_its_endpoints_have() {
        let mut world = world(ServiceAddress::Headless);
        let service = world.services.get_mut(&podfence_testkit::build::id("shop/web")).unwrap();
        service.selector = None;
        let endpoint = |ip: &str| EndpointAddress {
            addresses: vec![ip.parse().unwrap()],
            ready: true,
            node: None,
            pod: None,
        };
        let port =
            EndpointPort { name: Some("http".into()), protocol: Protocol::Tcp, port: Some(port(9000)) };
        let slice = EndpointSlice {
            meta: Meta::new("shop", "web", ORIGIN),
            service: Some("web".into()),
            endpoints: vec![endpoint("192.0.2.7")],
            ports: vec![port],
        };
        world.endpoint_slices.insert(slice.meta.id.clone(), slice);
        let srv = records(&world, "_http._tcp.web.shop.svc.cluster.local.", RecordType::SRV);
        assert_eq!(srv, ["0 100 9000 192-0-2-7.web.shop.svc.cluster.local."]);
    }

    #[test]
    fn a_service_with_an_address_names_itself_and_its_own_port() {
        let world = world(ServiceAddress::Ips(vec!["10.96.3.4".parse().unwrap()]));
        let srv = records(&world, "_http._tcp.web.shop.svc.cluster.local.", RecordType::SRV);
        assert_eq!(srv, ["0 100 53 web.shop.svc.cluster.local."]);
    }
}
