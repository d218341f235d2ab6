//! What is enforced for one policy, one pod or one connection, for whoever asks about it.
//!
//! Everything is read from the live engine and plan, and for a connection from the kernel, at the moment of the question; nothing
//! is kept. The words are in `text`.

mod connection;
mod pod;
mod policy;
mod text;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(crate) use self::connection::compare;
pub use self::connection::{
    Agreement, AskedProtocol, Comparison, Comparisons, InChain, InKernel, Judgement, LastRefused, Question,
    Who,
};
pub(crate) use self::pod::pod;
pub use self::pod::{LinkOf, PodStatus, Side};
pub(crate) use self::policy::policy;
pub use self::policy::{PeerPod, PolicyStatus, RuleStatus, Way};

/// How the agent stands to what it is asked about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// The agent's node.
    pub node: String,
    /// When the state in force was made: everything that was told before is in it. RFC 3339 in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
    /// Why the kernel is not at the plan, if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behind: Option<String>,
    /// How long the oldest change waits that is not enforced yet, in milliseconds; 0 if none waits.
    pub lag_milliseconds: u64,
    /// Objects that decide here and that the kernel refuses, with what it says. They are enforced closed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub refused: BTreeMap<String, String>,
}
