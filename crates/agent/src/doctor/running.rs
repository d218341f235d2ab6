//! Whether an agent runs here, and how it stands.

use std::path::Path;

use super::{Check, Level};
use crate::local::{Answer, Client, ClientError, Request};
use crate::status::Status;

const TOPIC: &str = "agent";

pub(super) fn examine(socket: &Path) -> Check {
    let asked = Client::open(socket).and_then(|mut client| client.ask(&Request::Status));
    match asked {
        Ok(Answer::Status(status)) => stands(&status),
        Ok(_) => {
            Check::not(TOPIC, Level::Fails, "answers something else than it is asked", "podfence status")
        }
        Err(ClientError::Absent { cause, .. }) if cause.kind() == std::io::ErrorKind::PermissionDenied => {
            Check::not(
                TOPIC,
                Level::Unseen,
                format!("{} may not be opened", socket.display()),
                "sudo podfence doctor",
            )
        }
        Err(ClientError::Absent { .. }) => Check::not(
            TOPIC,
            Level::Warning,
            format!("none answers at {}", socket.display()),
            "podfence agent --source dir:PATH",
        ),
        Err(error) => Check::not(TOPIC, Level::Fails, error.to_string(), "podfence status"),
    }
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
