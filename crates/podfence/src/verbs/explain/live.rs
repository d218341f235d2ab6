//! `podfence explain --live SRC DST`: what the engine of this node's agent says, beside what the kernel's tables say.

use anyhow::bail;
use podfence_agent::about::{self, Agreement, Comparisons, Who};
use podfence_agent::local::{Answer, Request};
use podfence_analysis::{AskedProtocol, Target, What};
use podfence_model::{Kind, Protocol, World};

use super::super::socket;
use super::Arguments;
use crate::exit::Exit;
use crate::output;

/// Asks the agent, and tells by the exit code.
pub fn run(arguments: &Arguments, destination: &str) -> anyhow::Result<Exit> {
    let request = Request::Compare(question(arguments, destination)?);
    let Answer::Compared(compared) = socket::find(arguments.socket.as_deref())?.open()?.ask(&request)? else {
        bail!("the agent answers something else");
    };
    output::show("explain-live-v1", &*compared, arguments.output)?;
    Ok(exit(&compared))
}

fn question(arguments: &Arguments, destination: &str) -> anyhow::Result<about::Question> {
    let [source, destination] =
        [&arguments.source, destination].map(|text| Target::parse(text, &World::default()));
    let (source, destination) = (source?, destination?);
    let port = arguments.port.as_ref().or(destination.port.as_ref());
    let namespace = arguments.input.namespace.as_deref().unwrap_or("default");
    Ok(about::Question {
        port: port.map(ToString::to_string),
        protocol: arguments.protocol.map(protocol),
        source: who(source, namespace)?,
        destination: who(destination, namespace)?,
    })
}

fn who(target: Target, default: &str) -> anyhow::Result<Who> {
    let text = target.text;
    match target.what {
        What::Ip(ip) => Ok(Who::Address(ip)),
        What::Object { kind: Some(Kind::Node), name, .. } => Ok(Who::Node(name)),
        What::Object { kind: Some(Kind::Service | Kind::Namespace | Kind::NetworkPolicy), .. }
        | What::Ingress { .. } => {
            bail!(
                "{text}: with --live, ask about pods, workloads, nodes and addresses; behind a Service, about its pods"
            )
        }
        What::Object { namespace, kind, name } => Ok(Who::Object {
            namespace: namespace.unwrap_or_else(|| default.to_owned()),
            kind: kind.map(|kind| kind.as_str().to_owned()),
            name,
        }),
    }
}

fn protocol(asked: AskedProtocol) -> about::AskedProtocol {
    match asked {
        AskedProtocol::Ports(Protocol::Tcp) => about::AskedProtocol::Tcp,
        AskedProtocol::Ports(Protocol::Udp) => about::AskedProtocol::Udp,
        AskedProtocol::Ports(Protocol::Sctp) => about::AskedProtocol::Sctp,
        AskedProtocol::Icmp => about::AskedProtocol::Icmp,
    }
}

/// A difference is a fault of ours, or of whoever wrote to our tables; it goes before everything else.
fn exit(compared: &Comparisons) -> Exit {
    let any = |agreement| compared.connections.iter().any(|one| one.agreement == agreement);
    if any(Agreement::Differ) {
        Exit::Differs
    } else if any(Agreement::Undecidable) {
        Exit::Undecidable
    } else if compared.connections.iter().any(|one| one.engine == "allowed") {
        Exit::Good
    } else {
        Exit::Denied
    }
}
