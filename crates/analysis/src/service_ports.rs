//! A question about a Service without a port: each of its ports, one after the other.

use podfence_engine::Engine;
use podfence_model::{NamespacedName, ServicePort, World};

use crate::error::AskError;
use crate::every_port;
use crate::explain::explain;
use crate::explanation::{Explanation, Question, Verdict};
use crate::port::{AskedProtocol, PortName};

/// What may pass to a Service, port by port. All answers have the same ends.
#[derive(Debug, Clone)]
pub struct ServicePorts<'w> {
    /// The Service.
    pub service: NamespacedName,
    /// Its ports in their order, each with the answer, or why nobody stands behind it; one answer at least.
    pub ports: Vec<(ServicePort, Result<Explanation<'w>, AskError>)>,
    /// All of them together: `Depends` where some pass and others do not, or lead to nobody.
    pub verdict: Verdict,
}

/// Asks about every port of a Service, of one protocol if the question names one. The error is that of the first port if
/// nobody stands behind any.
pub(crate) fn explain_service<'w>(
    world: &'w World,
    engine: &Engine,
    question: &Question,
    id: &NamespacedName,
) -> Result<ServicePorts<'w>, AskError> {
    let service = world.services.get(id);
    let asked = service.into_iter().flat_map(|service| &service.ports);
    let fits = |port: &&ServicePort| match question.protocol {
        Some(AskedProtocol::Ports(protocol)) => port.protocol == protocol,
        Some(AskedProtocol::Icmp) | None => true,
    };
    let answer = |port: &ServicePort| {
        let question = Question {
            port: Some(PortName::Number(port.port)),
            protocol: Some(AskedProtocol::Ports(port.protocol)),
            ..question.clone()
        };
        (port.clone(), explain(world, engine, &question))
    };
    let ports: Vec<_> = asked.filter(fits).map(answer).collect();
    let first_error = ports.iter().find_map(|(_, answer)| answer.as_ref().err()).cloned();
    match first_error.filter(|_| ports.iter().all(|(_, answer)| answer.is_err())) {
        Some(error) => Err(error),
        None => Ok(ServicePorts { service: id.clone(), verdict: verdict(&ports), ports }),
    }
}

fn verdict(ports: &[(ServicePort, Result<Explanation<'_>, AskError>)]) -> Verdict {
    let paths = ports.iter().filter_map(|(_, answer)| answer.as_ref().ok()).flat_map(|answer| &answer.paths);
    match every_port::verdict(paths.map(|path| &path.answer.outcome)) {
        Verdict::Allowed if ports.iter().any(|(_, answer)| answer.is_err()) => Verdict::Depends,
        verdict => verdict,
    }
}
