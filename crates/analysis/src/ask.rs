//! Whatever a user may ask about two ends, and the answer in the form that fits it.
//!
//! With a port, or where the destination has but one, that is an [`Explanation`]. Without, every port is asked about: of a
//! Service those that it has, of all else all there are. By an Ingress the way has two legs.

use podfence_engine::Engine;
use podfence_model::{NamespacedName, ServiceType, World};

use crate::error::AskError;
use crate::every_port::{EveryPort, explain_every_port};
use crate::explain::{asked_port, explain, source_without_port};
use crate::explanation::{Explanation, Question, Verdict};
use crate::ingress::{IngressAnswer, explain_ingress};
use crate::port::AskedProtocol;
use crate::resolve::{Resolved, Role, resolve};
use crate::service_ports::{ServicePorts, explain_service};
use crate::target::What;

/// An answer.
#[derive(Debug, Clone)]
pub enum Reply<'w> {
    /// About one port.
    Port(Box<Explanation<'w>>),
    /// About all ports there are.
    EveryPort(Box<EveryPort<'w>>),
    /// About all ports of a Service.
    Service(ServicePorts<'w>),
    /// About an Ingress.
    Ingress(Box<IngressAnswer<'w>>),
}

impl Reply<'_> {
    /// All of it together.
    pub fn verdict(&self) -> &Verdict {
        match self {
            Self::Port(explanation) => &explanation.verdict,
            Self::EveryPort(ports) => &ports.verdict,
            Self::Service(ports) => &ports.verdict,
            Self::Ingress(answer) => &answer.verdict,
        }
    }
}

/// Answers a question; `world` and `engine` are as for [`explain`]. Every port is asked about where none is stated and the
/// destination does not have just one, and always with `every_port`.
pub fn ask<'w>(
    world: &'w World,
    engine: &Engine,
    question: &Question,
    every_port: bool,
) -> Result<Reply<'w>, AskError> {
    if let What::Ingress { path, .. } = &question.destination.what {
        return match asked_port(question)? {
            Some(port) => Err(AskError::IngressPort(port.clone())),
            None => {
                explain_ingress(world, engine, question, path.as_deref()).map(|a| Reply::Ingress(Box::new(a)))
            }
        };
    }
    if every_port && question.protocol != Some(AskedProtocol::Icmp) {
        return match asked_port(question)? {
            Some(port) => Err(AskError::OnePortAndAll(port.clone())),
            None => ask_every_port(world, engine, question),
        };
    }
    match explain(world, engine, question) {
        Ok(explanation) => Ok(Reply::Port(Box::new(explanation))),
        Err(AskError::PortNeeded { .. }) => ask_every_port(world, engine, question),
        Err(error) => Err(error),
    }
}

fn ask_every_port<'w>(world: &'w World, engine: &Engine, question: &Question) -> Result<Reply<'w>, AskError> {
    source_without_port(question)?;
    let destination =
        resolve(world, &question.destination, Role::Destination(None), question.namespace.as_deref())?;
    match &destination {
        Resolved::Service { id, .. } if is_alias(world, id) => {
            explain(world, engine, question).map(|explanation| Reply::Port(Box::new(explanation)))
        }
        Resolved::Service { id, .. } if world.services.get(id).is_some_and(|s| !s.ports.is_empty()) => {
            explain_service(world, engine, question, id).map(Reply::Service)
        }
        _ => explain_every_port(world, engine, question).map(|ports| Reply::EveryPort(Box::new(ports))),
    }
}

/// Whether a Service is only a name, behind which no port is known to be served.
fn is_alias(world: &World, id: &NamespacedName) -> bool {
    world.services.get(id).is_some_and(|service| matches!(service.kind, ServiceType::ExternalName(_)))
}
