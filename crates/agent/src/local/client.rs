//! Asking an agent over its local socket.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Answer, Request};
use crate::flow::FlowRecord;

/// The agent could not be asked, or could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens.
    #[error("no agent answers at {}: {cause}; is `podfence agent` running, and may you open its socket?", .path.display())]
    Absent {
        /// The socket.
        path: PathBuf,
        /// What the system said; it is in the message already.
        cause: io::Error,
    },
    /// The conversation broke off.
    #[error("the agent stopped answering: {0}")]
    Broken(#[from] io::Error),
    /// What came back is no answer.
    #[error("the agent answers what this version does not understand: {0}")]
    Garbled(#[from] serde_json::Error),
    /// The agent says no.
    #[error("{0}")]
    Refused(String),
}

/// A conversation with an agent.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<UnixStream>,
}

impl Client {
    /// Opens the socket of an agent.
    pub fn open(path: &Path) -> Result<Self, ClientError> {
        let absent = |cause| ClientError::Absent { path: path.to_owned(), cause };
        Ok(Self { stream: BufReader::new(UnixStream::connect(path).map_err(absent)?) })
    }

    /// As [`Self::open`], but the agent has only so long to take a request, and to answer it.
    pub fn open_within(path: &Path, patience: Duration) -> Result<Self, ClientError> {
        let client = Self::open(path)?;
        client.stream.get_ref().set_read_timeout(Some(patience))?;
        client.stream.get_ref().set_write_timeout(Some(patience))?;
        Ok(client)
    }

    /// Asks, and waits for the answer.
    pub fn ask(&mut self, request: &Request) -> Result<Answer, ClientError> {
        self.send(request)?;
        self.answer()
    }

    /// The flow records that the agent keeps.
    pub fn flows(&mut self) -> Result<Vec<FlowRecord>, ClientError> {
        self.send(&Request::Flows { follow: false })?;
        let mut records = Vec::new();
        while let Answer::Flow(record) = self.answer()? {
            records.push(*record);
        }
        Ok(records)
    }

    /// Asks without waiting: there is one [`Self::answer`] for each request, in their order.
    pub fn send(&mut self, request: &Request) -> Result<(), ClientError> {
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        Ok(self.stream.get_mut().write_all(&line)?)
    }

    /// Waits for the answer to the oldest request that has none.
    pub fn answer(&mut self) -> Result<Answer, ClientError> {
        let mut answer = String::new();
        if self.stream.read_line(&mut answer)? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        match serde_json::from_str(&answer)? {
            Answer::Error { error } => Err(ClientError::Refused(error)),
            answer => Ok(answer),
        }
    }
}
