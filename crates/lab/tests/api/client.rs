//! Requests to the API server, one after the other, by way of `kubectl proxy`.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;
use tokio::runtime::{Builder, Runtime};

/// What is asked for again as long as its time has not come.
const PATIENCE: Duration = Duration::from_secs(20);

/// The server says no, or nothing.
#[derive(Debug, thiserror::Error)]
#[error("{method} {path}: {code}: {message}")]
pub struct Refusal {
    pub method: String,
    pub path: String,
    /// The status code; 0 if there was no answer.
    pub code: u16,
    pub message: String,
}

/// A connection to the server.
#[derive(Debug)]
pub struct Client {
    runtime: Runtime,
    socket: PathBuf,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Client {
    pub fn new(socket: PathBuf) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        Self { runtime, socket, sender: None }
    }

    /// Reads an object or a list.
    pub fn get(&mut self, path: &str) -> Result<Value, Refusal> {
        self.ask(&Method::GET, path, ("application/json", String::new()))
    }

    /// Creates an object; `text` is YAML. Where a namespace is so new that it has no service account yet, it waits for that.
    pub fn create(&mut self, collection: &str, text: &str) -> Result<Value, Refusal> {
        let begun = Instant::now();
        loop {
            let created = self.ask(&Method::POST, collection, ("application/yaml", text.to_owned()));
            match created {
                Err(refusal) if refusal.will_pass() && begun.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                created => return created,
            }
        }
    }

    /// Replaces an object, whatever it was.
    pub fn replace(&mut self, path: &str, text: &str) -> Result<Value, Refusal> {
        self.ask(&Method::PUT, path, ("application/yaml", text.to_owned()))
    }

    /// Changes a part of an object: RFC 7386.
    pub fn merge(&mut self, path: &str, part: &Value) -> Result<Value, Refusal> {
        self.ask(&Method::PATCH, path, ("application/merge-patch+json", part.to_string()))
    }

    /// Changes a part of an object: RFC 6902.
    pub fn patch(&mut self, path: &str, steps: &Value) -> Result<Value, Refusal> {
        self.ask(&Method::PATCH, path, ("application/json-patch+json", steps.to_string()))
    }

    /// Removes an object, after so many seconds for whoever runs it. That it is gone already is fine.
    pub fn delete(&mut self, path: &str, seconds: u32) -> Result<(), Refusal> {
        let options =
            format!(r#"{{"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":{seconds}}}"#);
        match self.ask(&Method::DELETE, path, ("application/json", options)) {
            Err(refusal) if refusal.code != StatusCode::NOT_FOUND.as_u16() => Err(refusal),
            _ => Ok(()),
        }
    }

    fn ask(&mut self, method: &Method, path: &str, (kind, body): (&str, String)) -> Result<Value, Refusal> {
        let refusal = |code: u16, message: String| Refusal {
            method: method.to_string(),
            path: path.to_owned(),
            code,
            message,
        };
        let request = Request::builder().method(method).uri(path).header("host", "localhost");
        let request = request.header("content-type", kind).body(Full::new(Bytes::from(body)));
        let request = request.map_err(|error| refusal(0, error.to_string()))?;
        let (code, answer) = self.send(request).map_err(|error| refusal(0, error.to_string()))?;
        let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
        if code.is_success() {
            return Ok(answer);
        }
        Err(refusal(code.as_u16(), answer["message"].as_str().unwrap_or_default().to_owned()))
    }

    fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<(StatusCode, Bytes), Box<dyn std::error::Error>> {
        let Self { runtime, socket, sender } = self;
        runtime.block_on(async {
            let mut open = if let Some(open) = sender.take().filter(|sender| !sender.is_closed()) {
                open
            } else {
                let (open, connection) = handshake(TokioIo::new(UnixStream::connect(socket).await?)).await?;
                tokio::spawn(connection);
                open
            };
            open.ready().await?;
            let response = open.send_request(request).await?;
            let code = response.status();
            let body = response.into_body().collect().await?.to_bytes();
            *sender = Some(open);
            Ok((code, body))
        })
    }
}

impl Refusal {
    /// Whether it is about something that others are still making.
    fn will_pass(&self) -> bool {
        let of_account = self.code == 403 && self.message.contains("serviceaccount");
        let of_ending = self.code == 409 && self.message.contains("being deleted");
        of_account || of_ending || (self.code == 403 && self.message.contains("is being terminated"))
    }
}
