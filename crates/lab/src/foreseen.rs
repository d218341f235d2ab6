//! What must come of a connection that passes: an answer where a server listens, a refusal where none does.
//!
//! Policies say whether packets pass; whether they are answered hangs on the ports that containers declare. Both together tell a
//! change of the one from a change of the other, without asking the kernel twice.

use podfence_analysis::backends;
use podfence_engine::Outcome as Verdict;
use podfence_model::{Endpoint, Flow, Layer4, NamespacedName, Pod, Port, Protocol, World};
use podfence_report::grid::Sign;

use crate::cluster::OUTSIDE_PORT;

/// What must come of a flow with this verdict.
pub(crate) fn flow(world: &World, flow: &Flow, verdict: &Verdict) -> Sign {
    match verdict {
        Verdict::Allowed if is_answered(world, &flow.destination, flow.layer4) => Sign::Open,
        Verdict::Allowed => Sign::Refused,
        Verdict::Denied => Sign::Closed,
        Verdict::Undecidable(_) => Sign::Unknown,
    }
}

/// What must come of connections to a port of a Service that pass or do not, as `verdicts` says: it chooses a backend by itself.
pub(crate) fn through(
    world: &World,
    service: &NamespacedName,
    (protocol, port): (Protocol, Port),
    verdicts: Sign,
) -> Sign {
    let service = world.services.get(service);
    let found = service.and_then(|service| Some((service, service.port(protocol, port)?)));
    let Some((service, port)) = found.filter(|_| verdicts == Sign::Open) else { return verdicts };
    let answers = backends(world, service, port).into_iter().map(|backend| match backend.end {
        Endpoint::Ip(_) => true, // of which the input says nothing
        end => is_answered(world, &end, backend.layer4),
    });
    let (open, refused): (Vec<bool>, Vec<bool>) = answers.partition(|answered| *answered);
    match (open.is_empty(), refused.is_empty()) {
        (true, _) => Sign::Refused,
        (false, true) => Sign::Open,
        (false, false) => Sign::Mixed,
    }
}

/// Whether a server listens there.
fn is_answered(world: &World, end: &Endpoint, layer4: Layer4) -> bool {
    let Layer4::Port(protocol, port) = layer4 else { return true };
    let declares = |pod: &Pod| pod.ports.iter().any(|one| (one.protocol, one.number) == (protocol, port));
    match end {
        Endpoint::Pod { id, .. } => world.pods.get(id).is_some_and(declares),
        Endpoint::Node { name, .. } => {
            let guests = world.pods.values().filter(|pod| pod.host_network);
            guests.into_iter().any(|pod| pod.node.as_ref() == Some(name) && declares(pod))
        }
        Endpoint::Ip(_) => (protocol, port.get()) == (Protocol::Tcp, OUTSIDE_PORT),
    }
}
