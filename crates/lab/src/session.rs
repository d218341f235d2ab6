//! How other terminals reach a running lab: a unix socket in a directory that is ours alone.
//!
//! One line of JSON asks ([`Request`]), one line answers ([`Reply`]), and the connection ends. With the answer to `exec`
//! come two file descriptors (`SCM_RIGHTS`): the lab's user namespace and the network namespace of the pod, so that the asking
//! process can go there itself ([`crate::inside`]): its terminal, signals and exit code are then the command's own.
//!
//! ```text
//! {"want":"status"}                     {"status":{…}}
//! {"want":"exec","place":"shop/web"}    {"enter":{"hostname":"web","resolv_conf":"nameserver …"}} and two descriptors
//! {"want":"down"}                       "ending"
//! anything that cannot be done          {"refused":"there is no pod …"}
//! ```
//!
//! A lab holds a lock as long as it lives; whoever gets the lock may remove the socket of a lab that was killed. [`Claim`] is
//! the lab's side, [`client`] the other, [`dir`] the directory.

mod attend;
mod claim;
pub mod client;
pub mod dir;
mod hall;

use std::io;
use std::path::PathBuf;

use podfence_report::json::LabStatus;
use serde::{Deserialize, Serialize};

pub use attend::attend;
pub use claim::Claim;
pub use hall::{Hall, Room};

/// What can be asked of a lab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "want", rename_all = "snake_case")]
pub enum Request {
    /// How it is.
    Status,
    /// The way into a place: `[NAMESPACE/]POD`, `node/NAME` or `outside`.
    Exec {
        /// Which.
        place: String,
    },
    /// To end.
    Down,
}

/// What a lab answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// How it is.
    Status(Box<LabStatus>),
    /// What a command in a place needs to know; two descriptors come with it.
    Enter(Enter),
    /// It is about to end.
    Ending,
    /// It cannot be done, and why.
    Refused(String),
}

/// What a command in a place needs beside its namespaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enter {
    /// The name of the host, for prompts.
    pub hostname: String,
    /// The contents of `/etc/resolv.conf`; none where the lab has no names.
    pub resolv_conf: Option<String>,
}

/// A lab cannot be reached, or cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// No lab of that name runs.
    #[error("no lab named {name} is running; {}", instead(running))]
    NoSuchLab {
        /// The name.
        name: String,
        /// The labs that do run.
        running: Vec<String>,
    },
    /// A lab of that name runs already.
    #[error(
        "a lab named {0} is running already; end it with `podfence lab down --name {0}`, or give this one another \
         --name"
    )]
    Running(String),
    /// A name that cannot be that of a file.
    #[error("{0:?} is not a name for a lab: 1 to 32 of a-z, 0-9 and -")]
    Name(String),
    /// The directory is somebody else's, or open to others.
    #[error("{0} must be a directory of yours that nobody else may enter (mode 0700)")]
    Unsafe(PathBuf),
    /// The socket or its directory.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// What came back is no answer.
    #[error("the lab does not answer as expected: {0}; is it of the same version?")]
    Answer(String),
    /// The lab said no.
    #[error("{0}")]
    Refused(String),
}

/// What to do where no lab has the name.
fn instead(running: &[String]) -> String {
    match running {
        [] => "start one with `podfence lab up DIR`".to_owned(),
        [first, ..] => format!("running: {}; add --name {first}", running.join(", ")),
    }
}

impl SessionError {
    fn at(path: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}
