//! The agent that is asked: which socket it listens at.

use std::path::{Path, PathBuf};

use clap::Args;
use podfence_agent::config::AgentSocket;
use podfence_agent::local::Client;

/// Which agent is asked.
#[derive(Debug, Args)]
pub struct Socket {
    /// The agent's local socket [default: where its settings say: `PODFENCE_SOCKET`, its configuration
    /// file, or else /run/podfence/agent.sock]
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
}

impl Socket {
    /// Finds it, as the agent does.
    pub fn find(&self) -> anyhow::Result<AgentSocket> {
        find(self.socket.as_deref())
    }

    /// Begins a conversation.
    pub fn open(&self) -> anyhow::Result<Client> {
        Ok(self.find()?.open()?)
    }
}

/// Finds the socket, unless a flag names it.
pub fn find(flag: Option<&Path>) -> anyhow::Result<AgentSocket> {
    let flag = flag.map(|path| path.to_string_lossy().into_owned());
    let flags = |name: &str| flag.iter().filter(|_| name == "socket").cloned().collect();
    Ok(AgentSocket::find(flags, |variable| std::env::var(variable).ok(), None)?)
}
