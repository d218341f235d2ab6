//! Metrics and probes over HTTP: `/metrics`, `/metrics/cluster`, `/livez`, `/readyz`.
//!
//! One thread with a runtime of its own. It asks the loop for a sample, at most once in a while however many ask it, and never
//! holds the loop up: a question is one message. Nothing can be changed here, and nothing is told that names a pod. Where it
//! cannot listen, as when another program has the port, the loop is told and it tries again: nobody's enforcement waits for metrics.

mod asked;
mod few;

use std::convert::Infallible;
use std::io;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::runtime::Builder;

use self::asked::Asked;
use self::few::Few;
use crate::config::Listen;
use crate::message::Message;
use crate::metrics::{CLUSTER, Metric, NODE, write};
use crate::place::bind_over;
use crate::threads::spawn;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Between two tries to listen.
const AGAIN: Duration = Duration::from_secs(5);

/// Where it listens, before it does.
#[derive(Debug)]
enum Bound {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// Serves in a thread of its own until the loop has ended, which is told whether it can.
pub fn serve(listen: &Listen, to: &Sender<Message>) {
    if *listen == Listen::Nowhere {
        return;
    }
    let (listen, to) = (listen.clone(), to.clone());
    let mut first = Some(bind(&listen)); // who is told that the agent runs finds it there
    spawn("http", move || {
        loop {
            let bound = first.take().unwrap_or_else(|| bind(&listen));
            let Err(error) = bound.and_then(|bound| answer(bound, &to));
            let why = format!(
                "cannot listen at {listen}: {error}; it is tried again, --listen names another place"
            );
            if to.send(Message::Served(Err(why))).is_err() {
                return;
            }
            thread::sleep(AGAIN);
        }
    });
}

fn bind(listen: &Listen) -> io::Result<Bound> {
    let bound = match listen {
        Listen::Nowhere => return Err(io::ErrorKind::AddrNotAvailable.into()),
        Listen::Tcp(address) => Bound::Tcp(TcpListener::bind(address)?),
        Listen::Unix(path) => Bound::Unix(bind_over(path, 0o660)?),
    };
    match &bound {
        Bound::Tcp(listener) => listener.set_nonblocking(true)?,
        Bound::Unix(listener) => listener.set_nonblocking(true)?,
    }
    Ok(bound)
}

/// Never ends unless it cannot begin.
fn answer(bound: Bound, to: &Sender<Message>) -> io::Result<Infallible> {
    let runtime = Builder::new_current_thread().enable_io().enable_time().max_blocking_threads(2).build()?;
    let routes = routes(Arc::new(Asked::new(to.clone())));
    let _ = to.send(Message::Served(Ok(()))); // an error: the process ends
    runtime.block_on(async {
        match bound {
            Bound::Tcp(listener) => {
                axum::serve(Few::of(tokio::net::TcpListener::from_std(listener)?), routes).await
            }
            Bound::Unix(listener) => {
                axum::serve(Few::of(tokio::net::UnixListener::from_std(listener)?), routes).await
            }
        }
    })?;
    Err(io::ErrorKind::UnexpectedEof.into())
}

fn routes(asked: Arc<Asked>) -> Router {
    Router::new()
        .route("/metrics", get(|asked| page(asked, NODE)))
        .route("/metrics/cluster", get(|asked| page(asked, CLUSTER)))
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .with_state(asked)
}

async fn page(State(asked): State<Arc<Asked>>, metrics: &'static [Metric]) -> Response {
    let Some(sample) = asked.sample().await else { return no_answer() };
    match write(sample, metrics) {
        Ok(text) => ([(CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

async fn livez(State(asked): State<Arc<Asked>>) -> Response {
    asked.sample().await.map_or_else(no_answer, |_| "ok\n".into_response())
}

async fn readyz(State(asked): State<Arc<Asked>>) -> Response {
    let Some(sample) = asked.sample().await else { return no_answer() };
    match sample.status.obstacles() {
        none if none.is_empty() => "ok\n".into_response(),
        obstacles => (StatusCode::SERVICE_UNAVAILABLE, obstacles.join("\n") + "\n").into_response(),
    }
}

fn no_answer() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, "the agent's loop does not answer\n").into_response()
}

#[cfg(test)]
mod tests;
