//! `podfence doctor`: whether this node is fit for an agent, and what would mend it.
//!
//! [`examine`] looks at the node as it is and changes nothing. [`try_kernel`] writes one plan with everything in it and must be
//! called in a network namespace that nobody uses. What may not be seen is said, and is no fault of the node.

mod hooks;
mod running;
mod switches;
mod trial;

use std::fmt;

use podfence_dataplane_nft::Settings;
use serde::Serialize;

pub use self::trial::try_kernel;
use crate::config::AgentSocket;

/// How a check ended, the worse the later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// As it should be.
    Ok,
    /// It may not be looked at.
    Unseen,
    /// It works, and something may surprise.
    Warning,
    /// Policies are not enforced, or not fully, until it is mended.
    Fails,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Unseen => "unseen",
            Self::Warning => "warning",
            Self::Fails => "FAILS",
        })
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at.
    pub topic: &'static str,
    /// How it ended.
    pub level: Level,
    /// What was found, and what that means.
    pub found: String,
    /// What to do about it, a command where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

impl Check {
    /// All is well.
    pub fn ok(topic: &'static str, found: impl Into<String>) -> Self {
        Self { topic, level: Level::Ok, found: found.into(), mend: None }
    }

    /// Something that is not well.
    pub fn not(topic: &'static str, level: Level, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { topic, level, found: found.into(), mend: Some(mend.into()) }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<8} {:<18} {}", self.level, self.topic, self.found)?;
        self.mend.iter().try_for_each(|mend| writeln!(f, "{:27} → {mend}", ""))
    }
}

/// Looks at the network namespace of the calling thread, and for an agent at a socket.
pub fn examine(socket: &AgentSocket) -> Vec<Check> {
    let mut checks = switches::examine();
    checks.extend(hooks::examine(&Settings::default()));
    checks.extend(running::examine(socket));
    checks
}
