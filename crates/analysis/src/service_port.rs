//! Which of a Service's ports is meant.

use podfence_model::{Service, ServicePort, TargetPort, World};

use crate::error::AskError;
use crate::port::{PortName, Wanted, port_text};
use crate::service::selected_pods;

/// The Service port that is meant. Between protocols of one number TCP goes first, as everywhere in the API.
pub(crate) fn service_port<'a>(
    world: &World,
    service: &'a Service,
    wanted: Wanted<'_>,
) -> Result<&'a ServicePort, AskError> {
    let fits = |p: &&ServicePort| {
        wanted.protocol.is_none_or(|w| w == p.protocol)
            && match wanted.port {
                Some(PortName::Number(number)) => p.port == *number,
                Some(PortName::Name(name)) => p.name.as_ref() == Some(name),
                None => true,
            }
    };
    let mut fitting: Vec<&ServicePort> = service.ports.iter().filter(fits).collect();
    fitting.sort_by_key(|p| p.protocol);
    match fitting.as_slice() {
        [only] => Ok(only),
        [first, ..] if wanted.port.is_some() => Ok(first),
        _ => Err(port_error(world, service, wanted)),
    }
}

fn port_error(world: &World, service: &Service, wanted: Wanted<'_>) -> AskError {
    let text = |p: &ServicePort| port_text(p.port, p.protocol, p.name.as_deref());
    let declared = service.ports.iter().map(text).collect();
    let Some(port) = wanted.port else {
        return AskError::PortNeeded { who: format!("Service {}", service.meta.id), declared };
    };
    let leads = |p: &&ServicePort| match (&p.target, port) {
        (TargetPort::Number(target), PortName::Number(number)) => target == number,
        (TargetPort::Named(target), PortName::Name(name)) => target == name,
        (TargetPort::Named(target), PortName::Number(number)) => selected_pods(world, service)
            .any(|pod| pod.named_port(target, p.protocol).any(|declared| declared == *number)),
        (TargetPort::Number(_), PortName::Name(_)) => false,
    };
    let listening = service.ports.iter().find(leads).map(text);
    let protocol = wanted.protocol.map(|p| format!("/{p}")).unwrap_or_default();
    AskError::NoSuchServicePort {
        service: service.meta.id.clone(),
        port: format!("{port}{protocol}"),
        declared,
        listening,
    }
}
