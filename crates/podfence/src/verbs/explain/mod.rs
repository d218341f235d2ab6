//! `podfence explain SRC DST`: can SRC reach DST, and why?

mod live;

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use podfence_analysis::diff::Snapshot;
use podfence_analysis::mend::{self, Goal};
use podfence_analysis::{
    AskedProtocol, Explanation, PortName, Question, Reply, Target, Verdict, ask, assumed, portrait,
};
use podfence_engine::Engine;
use podfence_lint::{Selection, lint};
use podfence_model::{Protocol, World};
use podfence_report::mend::{Change, Draft};
use podfence_report::{findings, json, terminal};
use podfence_source::{Loaded, SourceMap};

use crate::cli::{Output, Source};
use crate::exit::Exit;
use crate::{input, output, progress};

const EXAMPLES: &str = "\
SRC and DST are [NAMESPACE/][KIND/]NAME[:PORT], node/NAME, or an IP address (with a port
[2001:db8::1]:443). Kinds: pod, deploy, sts, ds, rs, rc, job, cj, svc, node, ns, netpol,
ing. DST may be an Ingress, ing/NAME, or what serves a path of it, ing/NAME/PATH.
Without a port every port is asked about, of a Service those that it has; a destination that
declares just one is asked about on that (unless --all-ports). A workload means its
pods, here named NAME-0, NAME-1 and so on; a Service means the pods behind it, on the port they
listen on. One name alone, netpol/NAME too, is read back in plain words.

Examples:
  podfence explain client svc/nginx:80 -f manifests/
  podfence explain shop/deploy/web shop/db:5432 -f shop.yaml
  podfence explain 203.0.113.7 deploy/web --port http -f .
  podfence explain client 8.8.8.8:53 --protocol udp -f -
  podfence explain netpol/default-deny -f manifests/
  podfence explain --live shop/web shop/db:5432      what this node's kernel does, too

Exit code: 0 allowed (of many ports: one at least), 1 denied, 2 bad use or input,
3 undecidable (a fact is missing), 70 with --live, where engine and kernel differ.";

/// The arguments of `explain`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Who opens the connection
    #[arg(value_name = "SRC")]
    source: String,

    /// Who is to accept it; without it, SRC is read back: who may do what with it now
    #[arg(value_name = "DST")]
    destination: Option<String>,

    #[command(flatten)]
    input: Source,

    /// The destination's port; may also be written DST:PORT
    #[arg(long, value_name = "N|NAME", value_parser = PortName::parse, requires = "destination")]
    port: Option<PortName>,

    /// Every port, also where the destination has but one
    #[arg(long, requires = "destination", conflicts_with_all = ["port", "deny"])]
    all_ports: bool,

    /// The protocol: tcp, udp, sctp or icmp; by default what the port says, or else tcp
    #[arg(long, value_name = "PROTOCOL", value_parser = protocol, requires = "destination")]
    protocol: Option<AskedProtocol>,

    /// Also for an allowed flow: the smallest change of policies that would deny it
    #[arg(long, requires = "destination")]
    deny: bool,

    /// Ask the agent of this node: the engine's verdict beside what the kernel's tables do with the
    /// packet, chain by chain, and what its counters and the flow log say
    #[arg(long, requires = "destination", conflicts_with_all = ["filenames", "deny", "all_ports"])]
    live: bool,

    /// The agent's local socket [default: where its settings say: `PODFENCE_SOCKET`, its configuration
    /// file, or else /run/podfence/agent.sock]
    #[arg(long, value_name = "PATH", requires = "live")]
    socket: Option<PathBuf>,

    /// The form of the answer
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

fn protocol(text: &str) -> Result<AskedProtocol, String> {
    match text.to_ascii_lowercase().as_str() {
        "tcp" => Ok(AskedProtocol::Ports(Protocol::Tcp)),
        "udp" => Ok(AskedProtocol::Ports(Protocol::Udp)),
        "sctp" => Ok(AskedProtocol::Ports(Protocol::Sctp)),
        "icmp" => Ok(AskedProtocol::Icmp),
        _ => Err("protocols are tcp, udp, sctp and icmp".to_owned()),
    }
}

/// Answers, and tells by the exit code.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    if let (true, Some(destination)) = (arguments.live, &arguments.destination) {
        return live::run(arguments, destination);
    }
    let Some(mut loaded) = input::load(&arguments.input)? else { return Ok(Exit::Unusable) };
    assumed::add_cluster_dns(&mut loaded.world);
    let Loaded { world, sources, .. } = &loaded;
    if !arguments.input.quiet {
        input::tell_idle(world, &World::default());
    }
    let engine = progress::during("indexing policies", || Engine::new(world));
    let Some(destination) = &arguments.destination else {
        return read_back(arguments, &loaded, &engine);
    };
    let question = question(arguments, destination, world)?;
    let reply = ask(world, &engine, &question, arguments.all_ports)?;
    if arguments.deny && !matches!(reply, Reply::Port(_)) {
        bail!("--deny is about one port: add :PORT to the destination, or --port");
    }
    let form = arguments.output;
    output::print(&match &reply {
        Reply::Port(explanation) => {
            one_port(arguments, Snapshot { world, engine: &engine }, &question, explanation, sources)
        }
        Reply::EveryPort(ports) if form == Output::Text => terminal::every_port(ports),
        Reply::EveryPort(ports) => json::every_port(ports),
        Reply::Service(ports) if form == Output::Text => terminal::service_ports(ports),
        Reply::Service(ports) => json::service_ports(ports),
        Reply::Ingress(answer) if form == Output::Text => terminal::ingress(answer, sources),
        Reply::Ingress(answer) => json::ingress(answer),
    })?;
    Ok(exit(&reply))
}

/// An answer about one port, with the smallest change that would turn it.
fn one_port(
    arguments: &Arguments,
    before: Snapshot<'_>,
    question: &Question,
    explanation: &Explanation<'_>,
    sources: &SourceMap,
) -> String {
    let is_denied = explanation.verdict == Verdict::Denied;
    let goal = if arguments.deny && !is_denied { Goal::Deny } else { Goal::Allow };
    let draft = Draft::new(before.world, sources, input::options(&arguments.input));
    let mended = progress::during("looking for the smallest change", || {
        mend::smallest(before, question, goal, &|amendments| draft.read_back(amendments))
    });
    let change = Change { found: mended.as_ref().map_err(|why| *why), goal, sources };
    match arguments.output {
        Output::Text => terminal::explain(explanation, sources, Some(&change)),
        Output::Json => json::explain(explanation, Some(&change)),
    }
}

/// Of many ports one that is open is enough.
fn exit(reply: &Reply<'_>) -> Exit {
    match (reply, reply.verdict()) {
        (Reply::EveryPort(_) | Reply::Service(_), Verdict::Depends) => Exit::Good,
        (_, verdict) => Exit::from(verdict),
    }
}

/// One object alone.
fn read_back(arguments: &Arguments, loaded: &Loaded, engine: &Engine) -> anyhow::Result<Exit> {
    let Loaded { world, sources, notes, .. } = loaded;
    let target = Target::parse(&arguments.source, world)?;
    let portrait = portrait(world, engine, &target, arguments.input.namespace.as_deref())?;
    let report = lint(world, engine, sources, notes, &Selection::default());
    let found = findings::about(&report, &portrait);
    output::print(&match arguments.output {
        Output::Text => terminal::portrait(&portrait, &found),
        Output::Json => json::portrait(&portrait, &found, sources),
    })?;
    Ok(Exit::Good)
}

fn question(arguments: &Arguments, destination: &str, world: &World) -> anyhow::Result<Question> {
    Ok(Question {
        source: Target::parse(&arguments.source, world)?,
        destination: Target::parse(destination, world)?,
        port: arguments.port.clone(),
        protocol: arguments.protocol,
        namespace: arguments.input.namespace.clone(),
    })
}
