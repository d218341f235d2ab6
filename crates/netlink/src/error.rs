//! What can go wrong on a netlink socket, apart from a refused transaction (that is [`crate::nft::CommitError`]).

use std::fmt;
use std::time::Duration;

use nix::errno::Errno;

/// A failed request. Every variant names what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A system call on the socket itself failed.
    #[error("cannot {action} the netlink socket: {}", .errno.desc())]
    Socket {
        /// What was tried, as a verb.
        action: &'static str,
        /// The kernel's error.
        errno: Errno,
    },
    /// The kernel refused the request.
    #[error("{request}: {refusal}")]
    Refused {
        /// What was asked for.
        request: String,
        /// The kernel's answer.
        refusal: Refusal,
    },
    /// No answer came in time.
    #[error("{request}: no answer within {waited:?}")]
    TimedOut {
        /// What was asked for.
        request: String,
        /// How long we waited.
        waited: Duration,
    },
    /// Somebody changed the dumped objects again and again while we read them.
    #[error("{request}: the objects kept changing during {attempts} dumps")]
    Interrupted {
        /// What was asked for.
        request: String,
        /// Dumps tried.
        attempts: u32,
    },
    /// The answer is not what the kernel's headers promise.
    #[error("{request}: cannot read the kernel's answer: {what}")]
    Malformed {
        /// What was asked for.
        request: String,
        /// The part that could not be read.
        what: &'static str,
    },
}

impl Error {
    /// Whether the kernel said that the object does not exist (`ENOENT`).
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Refused { refusal, .. } if refusal.errno == Errno::ENOENT)
    }

    pub(crate) fn socket(action: &'static str) -> impl FnOnce(Errno) -> Self {
        move |errno| Self::Socket { action, errno }
    }
}

/// A kernel error with the sentence the kernel may add to it (`NETLINK_EXT_ACK`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The error number.
    pub errno: Errno,
    /// The kernel's own words, where it has any.
    pub reason: Option<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.errno.desc())?;
        match &self.reason {
            Some(reason) => write!(f, " ({reason})"),
            None => Ok(()),
        }
    }
}
