//! Whether an agent runs here, and how it stands.

use std::collections::BTreeSet;

use podfence_dataplane_nft::Settings;
use podfence_netlink::nft::Nftables;

use super::{Check, Level};
use crate::config::AgentSocket;
use crate::local::{Answer, Client, ClientError, Request};
use crate::lock::guardian;
use crate::status::Status;

const TOPIC: &str = "agent";

pub(super) fn examine(socket: &AgentSocket) -> Vec<Check> {
    let asked = Client::open(&socket.path).and_then(|mut client| client.ask(&Request::Status));
    vec![match asked {
        Ok(Answer::Status(status)) => {
            return [Some(stands(&status)), at_first(&status)].into_iter().flatten().collect();
        }
        Ok(_) => {
            Check::not(TOPIC, Level::Fails, "answers something else than it is asked", "podfence status")
        }
        Err(ClientError::Absent { cause, .. }) if cause.kind() == std::io::ErrorKind::PermissionDenied => {
            Check::not(
                TOPIC,
                Level::Unseen,
                format!("{} may not be opened", socket.path.display()),
                "sudo podfence doctor",
            )
        }
        Err(ClientError::Absent { .. }) => away(socket, guardian(&Settings::default()), &left()),
        Err(error) => Check::not(TOPIC, Level::Fails, error.to_string(), "podfence status"),
    }]
}

/// The tables of ours that are in the kernel, as far as that may be seen.
fn left() -> Vec<String> {
    let ours = Settings::default().table;
    let chains = Nftables::open().and_then(|mut nft| nft.all_chains()).unwrap_or_default();
    let tables = chains.iter().map(|chain| &chain.table).filter(|table| table.name == ours);
    tables.map(ToString::to_string).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Nobody answers: an agent may listen elsewhere, or have left its tables.
fn away(socket: &AgentSocket, guardian: Option<i32>, left: &[String]) -> Check {
    let none = format!("none answers at {} ({})", socket.path.display(), socket.origin());
    match (guardian, left) {
        (Some(process), _) => Check::not(
            TOPIC,
            Level::Warning,
            format!("{none}, but process {process} guards this node"),
            format!("podfence doctor --socket PATH, the path that stands in /proc/{process}/cmdline"),
        ),
        (None, []) => Check::not(TOPIC, Level::Warning, none, "podfence agent --source dir:PATH"),
        (None, tables) => Check::not(
            TOPIC,
            Level::Warning,
            format!("none runs, and what an earlier one enforced stays: table {}", tables.join(", ")),
            "start it, or take everything out: podfence agent --cleanup",
        ),
    }
}

/// Whether pods are closed before the first state.
fn at_first(status: &Status) -> Option<Check> {
    let why = status.open_at_first.as_ref()?;
    let mend = why.split_once("mend: ").map_or(why.as_str(), |(_, mend)| mend);
    let found = "pods are open until the first state: nothing says which they are";
    Some(Check::not("before agent", Level::Warning, found, mend))
}

fn stands(status: &Status) -> Check {
    let pods = status.plan.pods;
    if !status.not_enforced.is_empty() {
        Check::not(TOPIC, Level::Fails, "NOT ENFORCED for some pods", "podfence status")
    } else if !status.ready {
        Check::not(
            TOPIC,
            Level::Fails,
            "runs, and the kernel is not at what the objects say",
            "podfence status",
        )
    } else if status.unlinked.is_empty() {
        Check::ok(TOPIC, format!("runs and enforces; {pods} pods here"))
    } else {
        let found = format!(
            "runs and enforces; the sources of {} of {pods} pods are not checked",
            status.unlinked.len()
        );
        Check::not(TOPIC, Level::Warning, found, "podfence status")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_none_answers_what_is_left_is_told() {
        let socket = AgentSocket::find(|_| vec!["/nowhere".into()], |_| None, None).unwrap();
        let found = |guardian, left: &[&str]| {
            let left: Vec<String> = left.iter().map(ToString::to_string).collect();
            away(&socket, guardian, &left).to_string()
        };
        assert!(found(None, &[]).contains("none answers at /nowhere (flag --socket)"));
        let left = found(None, &["bridge podfence", "inet podfence"]);
        assert!(
            left.contains("stays: table bridge podfence, inet podfence") && left.contains("--cleanup"),
            "{left}"
        );
        let elsewhere = found(Some(7), &["inet podfence"]);
        assert!(
            elsewhere.contains("process 7 guards") && elsewhere.contains("/proc/7/cmdline"),
            "{elsewhere}"
        );
    }
}
