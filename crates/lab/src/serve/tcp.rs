//! TCP: speak first, then echo until the client has finished.
//!
//! What is said first is a whole answer of HTTP with the name in it, so that `curl` and `wget` in a pod show who is there.

use std::io;
use std::sync::Arc;

use socket2::Socket;
use tokio::io::{AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

pub(super) fn start(tasks: &mut JoinSet<()>, socket: Socket, name: &str) -> io::Result<()> {
    let listener = TcpListener::from_std(socket.into())?;
    tasks.spawn(listen(listener, greeting(name).into()));
    Ok(())
}

fn greeting(name: &str) -> String {
    let length = name.len() + 1;
    let fields = format!("Content-Type: text/plain\r\nContent-Length: {length}\r\nConnection: close");
    format!("HTTP/1.0 200 OK\r\n{fields}\r\n\r\n{name}\n")
}

async fn listen(listener: TcpListener, banner: Arc<str>) {
    // Dropped with this task, so that connections end with their server.
    let mut conversations = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                conversations.spawn(converse(stream, banner.clone()));
            },
            Some(_ended) = conversations.join_next() => {}
        }
    }
}

/// Errors end the conversation: the client sees them, and it is the client that judges.
async fn converse(mut stream: TcpStream, banner: Arc<str>) -> io::Result<()> {
    stream.write_all(banner.as_bytes()).await?;
    let (mut from, mut to) = stream.split();
    copy(&mut from, &mut to).await?;
    stream.shutdown().await
}
