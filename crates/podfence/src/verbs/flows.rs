//! `podfence flows`: whom the agent of this node refused or admitted, and which policies said so.

use clap::Args;
use podfence_agent::flow::{FlowEnd, FlowRecord};
use podfence_agent::local::{Answer, Request};

use super::socket::Socket;
use crate::cli::Output;
use crate::exit::Exit;
use crate::output;

const ABOUT: &str = "\
Packets of one kind (who, to whom, on which port, why) are one line when they begin, and one line
with a count every ten seconds as long as they go on. Connections that policies admit are told of
if the agent is asked to: podfence agent --flow-log-allowed all, or 1/100 for one in a hundred.

Examples:
  podfence flows                      the last ones
  podfence flows -f --to shop         and those to come, to pods of namespace shop
  podfence flows -o json | jq .       with labels, workloads and the nearest miss

Exit code: 0 shown, 2 no agent answers.";

/// The arguments of `flows`.
#[derive(Debug, Args)]
#[command(after_help = ABOUT)]
pub struct Arguments {
    /// Go on with those to come
    #[arg(short, long)]
    follow: bool,

    /// Only from this namespace, NAMESPACE/POD or address
    #[arg(long, value_name = "WHO")]
    from: Option<String>,

    /// Only to this namespace, NAMESPACE/POD or address
    #[arg(long, value_name = "WHO")]
    to: Option<String>,

    /// Only what was refused
    #[arg(long, conflicts_with = "allowed")]
    denied: bool,

    /// Only what was admitted
    #[arg(long)]
    allowed: bool,

    #[command(flatten)]
    socket: Socket,

    /// How to show them: text, or a JSON object a line
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Output,
}

/// Runs the verb.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let mut client = arguments.socket.open()?;
    client.send(&Request::Flows { follow: arguments.follow })?;
    while let Answer::Flow(record) = client.answer()? {
        if is_asked(arguments, &record) {
            output::print(&line(&record, arguments.output)?)?;
        }
    }
    Ok(Exit::Good)
}

fn is_asked(arguments: &Arguments, record: &FlowRecord) -> bool {
    let meets = |end: &FlowEnd, asked: &Option<String>| asked.as_ref().is_none_or(|asked| end.is(asked));
    let of_verdict = if record.is_refusal() { !arguments.allowed } else { !arguments.denied };
    of_verdict && meets(&record.source, &arguments.from) && meets(&record.destination, &arguments.to)
}

fn line(record: &FlowRecord, form: Output) -> serde_json::Result<String> {
    Ok(match form {
        Output::Json => serde_json::to_string(record)? + "\n",
        Output::Text => format!("{record}\n"),
    })
}
