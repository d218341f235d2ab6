//! One question by datagram: send, send once more, and wait for what answers it.
//!
//! Probes and the resolver ask this way, so that one lost packet is no verdict.

use std::io;
use std::time::Duration;

use nix::errno::Errno;
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

/// When the second packet goes out, as a part of the time-out.
const AGAIN_AFTER: u32 = 3;

/// Sends `request` until `judge` recognises an answer in what arrives; `None` when `timeout` has passed. An error that
/// `is_ours` denies is about somebody else's packet.
///
/// # Errors
/// Of the socket, which is also how ICMP errors arrive.
pub(crate) async fn ask_twice<T>(
    socket: &UdpSocket,
    request: &[u8],
    timeout: Duration,
    judge: impl Fn(&[u8]) -> Option<T>,
    is_ours: impl Fn(&UdpSocket) -> bool,
) -> io::Result<Option<T>> {
    let begun = Instant::now();
    for patience in [timeout / AGAIN_AFTER, timeout] {
        send(socket, request, &is_ours).await?;
        if let Ok(answer) = timeout_at(begun + patience, listen(socket, &judge, &is_ours)).await {
            return answer.map(Some);
        }
    }
    Ok(None)
}

/// A filter on the sender's own node answers `EPERM`, a full queue `ENOBUFS`: to the flow, both are silence.
async fn send(socket: &UdpSocket, request: &[u8], is_ours: impl Fn(&UdpSocket) -> bool) -> io::Result<()> {
    loop {
        match socket.send(request).await {
            Err(error) if is_silence(&error) => return Ok(()),
            Err(_) if !is_ours(socket) => {}
            other => return other.map(|_sent| ()),
        }
    }
}

fn is_silence(error: &io::Error) -> bool {
    matches!(error.raw_os_error().map(Errno::from_raw), Some(Errno::EPERM | Errno::ENOBUFS))
}

async fn listen<T>(
    socket: &UdpSocket,
    judge: impl Fn(&[u8]) -> Option<T>,
    is_ours: impl Fn(&UdpSocket) -> bool,
) -> io::Result<T> {
    let mut buffer = vec![0; 4096];
    loop {
        let length = match socket.recv(&mut buffer).await {
            Err(_) if !is_ours(socket) => continue,
            other => other?,
        };
        if let Some(answer) = judge(&buffer[..length]) {
            return Ok(answer);
        }
    }
}
