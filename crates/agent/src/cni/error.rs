//! Errors as the CNI specification wants them: a code, a sentence, and what to do, as JSON on standard output.

use serde_json::{Value, json};

use crate::local::ClientError;

/// Why a command fails. Codes below 100 are the specification's ("Error"), the others ours.
#[derive(Debug, thiserror::Error)]
pub enum CniError {
    /// 1: the configuration is for another version of the specification.
    #[error("CNI version {0:?} is not spoken here: write 1.0.0 or 1.1.0 in the network configuration")]
    Version(String),
    /// 4: the runtime's environment lacks something.
    #[error("{0}")]
    Environment(String),
    /// 6: the configuration is not JSON, or a value is not what it should be.
    #[error("the network configuration cannot be read: {0}")]
    Decode(#[from] serde_json::Error),
    /// 7: the configuration misses something.
    #[error("{0}")]
    Config(String),
    /// 11: the agent is away or late; the runtime tries again.
    #[error("pod is not programmed: {0}")]
    Late(ClientError),
    /// 50: the agent cannot take new pods now.
    #[error("{0}")]
    NotReady(String),
    /// 100: the pod's link is not to be found on this node.
    #[error("{0}")]
    Link(String),
}

impl CniError {
    /// The code of the specification.
    pub fn code(&self) -> u32 {
        match self {
            Self::Version(_) => 1,
            Self::Environment(_) => 4,
            Self::Decode(_) => 6,
            Self::Config(_) => 7,
            Self::Late(_) => 11,
            Self::NotReady(_) => 50,
            Self::Link(_) => 100,
        }
    }

    fn details(&self) -> &'static str {
        match self {
            Self::Version(_) | Self::Decode(_) | Self::Config(_) => "see the node's /etc/cni/net.d",
            Self::Environment(_) => "the container runtime calls this plugin",
            Self::Late(_) | Self::NotReady(_) => "run `podfence status` on the node",
            Self::Link(_) => "this plugin must stand behind the one that makes the pod's link",
        }
    }

    /// What is written on standard output.
    pub fn json(&self, version: &str) -> Value {
        json!({ "cniVersion": version, "code": self.code(), "msg": self.to_string(), "details": self.details() })
    }
}
