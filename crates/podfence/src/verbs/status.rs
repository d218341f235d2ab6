//! `podfence status`: how the agent of this node stands, and what it enforces for a policy or a pod.

use anyhow::bail;
use clap::Args;
use podfence_agent::Status;
use podfence_agent::local::{Answer, Request};
use podfence_model::NamespacedName;

use super::socket::Socket;
use crate::cli::Output;
use crate::exit::Exit;
use crate::output;

const ABOUT: &str = "\
Examples:
  podfence status                     what this node's agent enforces, and since when
  podfence status --sync              first let it look at its source, and wait until that is enforced
  podfence status --policy shop/db    the addresses and ports that policy db comes to today
  podfence status --pod shop/web-0    its link, its policies, and whether they are enforced

Exit code: 0 the kernel is at what the objects say, 1 it is not, 2 no agent answers, or it knows
no such policy or pod.";

/// The arguments of `status`.
#[derive(Debug, Args)]
#[command(after_help = ABOUT)]
pub struct Arguments {
    #[command(flatten)]
    socket: Socket,

    /// Let the agent look at its source now, and wait until what it says is enforced
    #[arg(long)]
    sync: bool,

    /// What is enforced for this policy
    #[arg(long, value_name = "NAMESPACE/NAME", value_parser = named, conflicts_with = "pod")]
    policy: Option<NamespacedName>,

    /// What is enforced for this pod
    #[arg(long, value_name = "NAMESPACE/NAME", value_parser = named)]
    pod: Option<NamespacedName>,

    /// How to show it
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Output,
}

/// Runs the verb.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let mut client = arguments.socket.open()?;
    if arguments.sync {
        client.ask(&Request::Sync)?;
    }
    let form = arguments.output;
    let good = match client.ask(&request(arguments))? {
        Answer::Status(status) => {
            match form {
                Output::Json => output::print(&serde_json::to_string_pretty(&status)?)?,
                Output::Text => output::print(&status.to_string())?,
            }
            is_good(&status)
        }
        Answer::Policy(policy) => {
            output::show("status-policy-v1", &*policy, form)?;
            policy.standing.refused.is_empty() && policy.standing.behind.is_none()
        }
        Answer::Pod(pod) => {
            output::show("status-pod-v1", &*pod, form)?;
            pod.enforced
        }
        _ => bail!("the agent does not say how it stands"),
    };
    Ok(if good { Exit::Good } else { Exit::Denied })
}

fn request(arguments: &Arguments) -> Request {
    match (&arguments.policy, &arguments.pod) {
        (Some(NamespacedName { namespace, name }), _) => {
            Request::Policy { namespace: namespace.clone(), name: name.clone() }
        }
        (None, Some(NamespacedName { namespace, name })) => {
            Request::Pod { namespace: namespace.clone(), name: name.clone() }
        }
        (None, None) => Request::Status,
    }
}

/// `NAMESPACE/NAME`, or a name in namespace `default`.
fn named(text: &str) -> Result<NamespacedName, String> {
    let (namespace, name) = text.split_once('/').unwrap_or(("default", text));
    if namespace.is_empty() || name.is_empty() || name.contains('/') {
        return Err("say NAMESPACE/NAME".to_owned());
    }
    Ok(NamespacedName { namespace: namespace.to_owned(), name: name.to_owned() })
}

fn is_good(status: &Status) -> bool {
    status.ready && status.unreadable.is_none() && status.refused.is_empty()
}
