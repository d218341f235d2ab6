//! Where the agent of this node listens, for whoever asks it: found as the agent finds it.
//!
//! Of the settings only this one counts, so that a mistake in another keeps nobody from asking. For the same reason the usual file
//! need not be good: why it says nothing is told if nobody answers.

use std::fmt;
use std::path::{Path, PathBuf};

use podfence_source::StatedSettings;

use super::Configuration;
use super::resolved::{ConfigError, DEFAULT_FILE, Origin, chosen, named, refused, stated};
use super::settings::SETTINGS;
use crate::local::{Client, ClientError};

/// The socket of an agent, and who named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentSocket {
    /// Where it is.
    pub path: PathBuf,
    origin: Origin,
    /// Why the usual file of settings says nothing, where it should.
    unread: Option<String>,
}

/// Nobody answers at a socket.
#[derive(Debug, thiserror::Error)]
#[error("{cause}\n  {socket}")]
pub struct NoAgent {
    /// What went wrong.
    pub cause: ClientError,
    socket: AgentSocket,
}

impl AgentSocket {
    /// Finds it. What is asked for is as with [`super::resolve`].
    ///
    /// # Errors
    /// When what somebody says makes no sense, or a file that somebody names cannot be read.
    pub fn find(
        flags: impl Fn(&str) -> Vec<String>,
        environment: impl Fn(&str) -> Option<String>,
        file: Option<&Path>,
    ) -> Result<Self, ConfigError> {
        let by = named(file, &environment);
        let (file, unread) = match stated(by.as_ref()) {
            Err(error) if by.is_none() => (StatedSettings::default(), Some(error.to_string())),
            stated => (stated?, None),
        };
        let mut read = Configuration::default();
        let mut origin = Origin::Default;
        for setting in SETTINGS.iter().filter(|setting| setting.name == "socket") {
            let Some(chosen) = chosen(setting, (&flags, &environment), &file) else { continue };
            if let Err(message) = setting.set(&mut read, &chosen.values) {
                return Err(refused(setting, &chosen.origin, message, &file.sources));
            }
            origin = chosen.origin;
        }
        Ok(Self { path: read.socket, origin, unread })
    }

    /// Who named it.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Begins a conversation.
    ///
    /// # Errors
    /// When nobody answers.
    pub fn open(&self) -> Result<Client, NoAgent> {
        Client::open(&self.path).map_err(|cause| NoAgent { cause, socket: self.clone() })
    }
}

impl fmt::Display for AgentSocket {
    /// Who named it, and how to name another.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::Default => write!(
                f,
                "nobody names a socket, so it is the usual one: --socket, PODFENCE_SOCKET or `socket` in {DEFAULT_FILE} name another"
            )?,
            origin => write!(f, "the socket is named by: {origin}")?,
        }
        self.unread.iter().try_for_each(|why| write!(f, "\n  {DEFAULT_FILE} says nothing: {why}"))
    }
}
