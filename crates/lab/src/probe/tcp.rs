//! A TCP probe: connect, then hear who is there.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::Socket;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout_at};

use super::Outcome;

pub(super) async fn ask(socket: Socket, to: SocketAddr, timeout: Duration) -> io::Result<Outcome> {
    let deadline = Instant::now() + timeout;
    match timeout_at(deadline, TcpSocket::from_std_stream(socket.into()).connect(to)).await {
        Err(_) => Ok(Outcome::TimedOut),
        Ok(stream) => {
            let name = timeout_at(deadline, banner(stream?)).await;
            Ok(Outcome::Open { by: name.ok().flatten() })
        }
    }
}

/// The first line the server says, behind the head if it speaks HTTP. An open port whose server stays silent is open all the same.
pub(crate) async fn banner(stream: TcpStream) -> Option<String> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next_line().await.ok()??;
    if !first.starts_with("HTTP/") {
        return Some(first);
    }
    while !lines.next_line().await.ok()??.is_empty() {}
    lines.next_line().await.ok()?
}
