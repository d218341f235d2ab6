//! The reverse proxy of an ingress controller: one request a connection, sent on as a connection of the pod's own.
//!
//! The body of the answer is the name that the endpoint greets with. What goes wrong has the status that a real proxy gives: 404
//! without a route, 503 without an endpoint, 502 if it refuses, 504 if it does not answer in time.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::routes::{AllRoutes, Routes};
use crate::netns::Netns;
use crate::probe;
use crate::serve::{self, ServeError, Servers};
use crate::sockets::{self, Leaving, Transport};

/// Long enough for TCP's first retransmission.
pub(super) const PATIENCE: Duration = probe::USUAL_TIMEOUT;
/// As much of a request as is read.
const LONGEST: u64 = 16 << 10;

/// Starts the proxy of controller `name` in its namespace.
pub(crate) fn serve(
    netns: &Netns,
    runtime: &Handle,
    name: &str,
    port: u16,
    routes: &watch::Receiver<AllRoutes>,
) -> Result<Servers, ServeError> {
    let _inside = runtime.enter();
    let failed = |source| ServeError {
        name: name.to_owned(),
        transport: Transport::Tcp,
        port,
        netns: netns.name().to_owned(),
        source,
    };
    let mut tasks = JoinSet::new();
    let turn = Arc::new(AtomicUsize::new(0));
    for socket in netns.run(move || serve::open(Transport::Tcp, port)).map_err(failed)? {
        let listener = TcpListener::from_std(socket.into()).map_err(failed)?;
        let (netns, name, routes) = (netns.clone(), name.to_owned(), routes.clone());
        tasks.spawn(listen(listener, Proxy { netns, name, routes, turn: turn.clone() }));
    }
    Ok(Servers { tasks })
}

#[derive(Clone)]
struct Proxy {
    netns: Netns,
    name: String,
    routes: watch::Receiver<AllRoutes>,
    /// Endpoints have their turns.
    turn: Arc<AtomicUsize>,
}

async fn listen(listener: TcpListener, proxy: Proxy) {
    let mut conversations = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                let proxy = proxy.clone();
                conversations.spawn(async move { proxy.converse(stream).await });
            },
            Some(_ended) = conversations.join_next() => {}
        }
    }
}

impl Proxy {
    async fn converse(&self, mut stream: TcpStream) -> io::Result<()> {
        let local = stream.local_addr()?;
        let (status, body) = match read_request(&mut stream).await? {
            None => ("400 Bad Request", String::new()),
            Some((host, path)) => self.answer(local, &host, &path).await,
        };
        let length = body.len();
        let head = format!("HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {length}");
        stream.write_all(format!("{head}\r\nConnection: close\r\n\r\n{body}").as_bytes()).await?;
        stream.shutdown().await
    }

    fn routes(&self) -> Arc<Routes> {
        self.routes.borrow().get(&self.name).cloned().unwrap_or_default()
    }

    async fn answer(&self, local: SocketAddr, host: &str, path: &str) -> (&'static str, String) {
        let routes = self.routes();
        let Some(route) = routes.find(host, path) else { return ("404 Not Found", String::new()) };
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let Some(target) = route.targets.get(turn % route.targets.len().max(1)) else {
            return ("503 Service Unavailable", String::new());
        };
        let same = target.sockets.iter().find(|socket| socket.is_ipv4() == local.is_ipv4());
        let Some(to) = same.or(target.sockets.first()) else {
            return ("503 Service Unavailable", String::new());
        };
        match timeout(PATIENCE, self.ask(local.ip(), *to)).await {
            Err(_) => ("504 Gateway Timeout", String::new()),
            Ok(Err(_)) => ("502 Bad Gateway", String::new()),
            Ok(Ok(name)) => ("200 OK", format!("{}\n", name.unwrap_or_default())),
        }
    }

    /// Goes on from the address that it was asked at, where the family is the same: of several that a node has, the comparison
    /// knows this one.
    async fn ask(&self, asked_at: IpAddr, to: SocketAddr) -> io::Result<Option<String>> {
        let source = Some(asked_at).filter(|ip| ip.is_ipv4() == to.is_ipv4());
        let leaving = Leaving { source, link: None };
        let socket = self.netns.run_async(move || sockets::tcp_client(to.ip(), &leaving)).await?;
        let stream = TcpSocket::from_std_stream(socket.into()).connect(to).await?;
        Ok(probe::banner(stream).await)
    }
}

/// The host, without its port, and the path of a request; `None` if it is none.
async fn read_request(stream: &mut TcpStream) -> io::Result<Option<(String, String)>> {
    let mut lines = BufReader::new(stream.take(LONGEST)).lines();
    let Some(first) = lines.next_line().await? else { return Ok(None) };
    let mut words = first.split_whitespace();
    let (Some(_method), Some(path), Some(version)) = (words.next(), words.next(), words.next()) else {
        return Ok(None);
    };
    let (path, mut host) = (path.split(['?', '#']).next().unwrap_or("/").to_owned(), String::new());
    while let Some(line) = lines.next_line().await?.filter(|line| !line.is_empty()) {
        if let Some((_, value)) = line.split_once(':').filter(|(key, _)| key.eq_ignore_ascii_case("host")) {
            without_port(value.trim()).clone_into(&mut host);
        }
    }
    Ok(version.starts_with("HTTP/1.").then_some((host, path)))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}
