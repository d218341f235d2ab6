//! A client of the proxies: one request, and what came of it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout_at};

use super::proxy::PATIENCE;
use crate::netns::Netns;
use crate::probe::Outcome;
use crate::sockets::{self, Leaving};

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reply {
    /// The endpoint of this name answered.
    Answered(String),
    /// The proxy answered with this status, having reached nobody.
    Status(u16),
    /// The proxy's port refused.
    Refused,
    /// The proxy was not reached in time.
    TimedOut,
    /// The request went wrong, and says nothing.
    Failed(String),
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered(name) => write!(f, "answered by {name}"),
            Self::Status(status) => write!(f, "status {status}"),
            Self::Refused => f.write_str("refused"),
            Self::TimedOut => f.write_str("timed out"),
            Self::Failed(why) => write!(f, "failed: {why}"),
        }
    }
}

/// A request to be made.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) from: Netns,
    pub(super) source: IpAddr,
    /// The interface that it must leave by, if routing shall not choose.
    pub(super) link: Option<String>,
    pub(super) to: SocketAddr,
    pub(super) host: String,
    pub(super) path: String,
}

impl Request {
    /// Connects within `timeout` and then waits as long as the proxy may take.
    pub(super) async fn make(&self, timeout: Duration) -> Reply {
        let begun = Instant::now();
        let stream = match timeout_at(begun + timeout, self.connect()).await {
            Err(_) => return Reply::TimedOut,
            Ok(Err(error)) => return refusal(&error),
            Ok(Ok(stream)) => stream,
        };
        match timeout_at(Instant::now() + 2 * PATIENCE, self.ask(stream)).await {
            Err(_) => Reply::Failed("the proxy is silent".into()),
            Ok(Err(error)) => Reply::Failed(error.to_string()),
            Ok(Ok(answer)) => read(&answer),
        }
    }

    async fn connect(&self) -> std::io::Result<TcpStream> {
        let (to, leaving) = (self.to, Leaving { source: Some(self.source), link: self.link.clone() });
        let socket = self.from.run_async(move || sockets::tcp_client(to.ip(), &leaving)).await?;
        TcpSocket::from_std_stream(socket.into()).connect(to).await
    }

    async fn ask(&self, mut stream: TcpStream) -> std::io::Result<String> {
        let Self { host, path, .. } = self;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    }
}

fn refusal(error: &std::io::Error) -> Reply {
    match Outcome::of(error) {
        Outcome::Refused => Reply::Refused,
        Outcome::TimedOut => Reply::TimedOut,
        _ => Reply::Failed(error.to_string()),
    }
}

fn read(answer: &str) -> Reply {
    let status = answer.split_whitespace().nth(1).and_then(|status| status.parse().ok());
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    match status {
        Some(200) => Reply::Answered(body.trim_end().to_owned()),
        Some(status) => Reply::Status(status),
        None => Reply::Failed("no answer of HTTP".into()),
    }
}
