//! A listener that has few connections at a time, none of them for long.
//!
//! Whoever can reach it may open connections and say nothing. Each costs a file descriptor of the agent, which needs them to read
//! objects. So one more than [`MOST`] lets go of the oldest, and none outlives [`LIFE`]; a scraper connects again.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot::{Receiver, Sender, channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Sleep, sleep};

/// Connections at a time.
pub(super) const MOST: usize = 32;
/// How long a connection may last, its question, the loop's answer (ten seconds at most) and all.
const LIFE: Duration = Duration::from_secs(15);

/// A listener with few connections at a time.
#[derive(Debug)]
pub(super) struct Few<L> {
    listener: L,
    places: Arc<Semaphore>,
    /// Who dropped one of these lets go of its connection; the oldest comes first.
    open: VecDeque<Sender<()>>,
}

impl<L> Few<L> {
    pub(super) fn of(listener: L) -> Self {
        Self { listener, places: Arc::new(Semaphore::new(MOST)), open: VecDeque::new() }
    }

    /// A place, which the oldest connection has to leave if all are taken.
    async fn place(&mut self) -> (Option<OwnedSemaphorePermit>, Receiver<()>) {
        self.open.retain(|connection| !connection.is_closed());
        if self.open.len() >= MOST {
            self.open.pop_front();
        }
        let permit = Arc::clone(&self.places).acquire_owned().await.ok(); // nobody closes it
        let (held, let_go) = channel();
        self.open.push_back(held);
        (permit, let_go)
    }
}

impl<L: Listener> Listener for Few<L> {
    type Io = Brief<L::Io>;
    type Addr = L::Addr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (io, address) = self.listener.accept().await;
        let (place, let_go) = self.place().await;
        (Brief { io, let_go, end: Box::pin(sleep(LIFE)), _place: place }, address)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

/// A connection with an end.
#[derive(Debug)]
pub(super) struct Brief<T> {
    io: T,
    let_go: Receiver<()>,
    end: Pin<Box<Sleep>>,
    _place: Option<OwnedSemaphorePermit>,
}

impl<T: Unpin> Brief<T> {
    /// The connection, as long as it may last.
    fn within(&mut self, context: &mut Context<'_>) -> io::Result<Pin<&mut T>> {
        let over =
            self.end.as_mut().poll(context).is_ready() || Pin::new(&mut self.let_go).poll(context).is_ready();
        if over { Err(io::ErrorKind::TimedOut.into()) } else { Ok(Pin::new(&mut self.io)) }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Brief<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.within(context)?.poll_read(context, into)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Brief<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.within(context)?.poll_write(context, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.within(context)?.poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.within(context)?.poll_shutdown(context)
    }
}
