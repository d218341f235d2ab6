//! A small API server on loopback: lists in pages, watches, streaming lists, bookmarks, and everything that may go wrong with them.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::watch;

/// The resource, namespace and name of an object.
pub type Name = (&'static str, String, String);

/// What the server has, and how it behaves.
#[expect(clippy::struct_excessive_bools, reason = "moods that come and go apart")]
#[derive(Default)]
pub struct Store {
    pub version: u64,
    pub objects: BTreeMap<Name, Value>,
    log: Vec<(u64, &'static str, String)>,
    /// Watches cannot go on from before this version.
    pub horizon: u64,
    /// Lists that are being read by pages.
    lists: Vec<Vec<Value>>,
    pub pages_expire: bool,
    pub no_streams: bool,
    /// Streams its lists, but never says that they are over.
    pub endless: bool,
    pub forbidden: BTreeSet<String>,
    /// Answers 500.
    pub broken: bool,
    /// The next list breaks off after so many objects.
    pub break_off: Option<usize>,
    pub delay: Duration,
    /// Requests of each resource, as `list`, `page`, `stream` and `watch`.
    pub asked: BTreeMap<String, Vec<&'static str>>,
}

impl Store {
    pub fn put(&mut self, resource: &'static str, mut object: Value) {
        let name = name_of(resource, &object);
        self.version += 1;
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        let event = if self.objects.contains_key(&name) { "MODIFIED" } else { "ADDED" };
        self.note(resource, event, &object);
        self.objects.insert(name, object);
    }

    pub fn delete(&mut self, name: &Name) {
        let Some(mut object) = self.objects.remove(name) else { return };
        self.version += 1;
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        self.note(name.0, "DELETED", &object);
    }

    /// Nobody can go on from where they are.
    pub fn forget_history(&mut self) {
        self.version += 1;
        self.horizon = self.version;
    }

    fn note(&mut self, resource: &'static str, event: &str, object: &Value) {
        self.log.push((self.version, resource, json!({"type": event, "object": object}).to_string() + "\n"));
    }

    /// The database is restored from a copy: other objects, another past, nobody is told.
    pub fn restore(&mut self, (version, objects): (u64, BTreeMap<Name, Value>)) {
        (self.version, self.objects) = (version, objects);
        self.log.clear();
    }

    /// A line of a watch, whatever it says.
    pub fn raw(&mut self, resource: &'static str, line: &str) {
        self.version += 1;
        self.log.push((self.version, resource, format!("{line}\n")));
    }

    fn of<'s>(&'s self, resource: &'s str) -> impl Iterator<Item = &'s Value> {
        self.objects.iter().filter(move |(name, _)| name.0 == resource).map(|(_, object)| object)
    }
}

pub fn name_of(resource: &'static str, object: &Value) -> Name {
    let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
    (resource, text("namespace"), text("name"))
}

/// A server that runs, until it is dropped with its process.
#[derive(Clone)]
pub struct Server {
    store: Arc<Mutex<Store>>,
    /// Counts what has happened, for watches that wait.
    news: Arc<watch::Sender<u64>>,
    /// Watches of an earlier round end.
    round: Arc<watch::Sender<u64>>,
    pub address: SocketAddr,
}

impl Server {
    pub fn start() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let server = Self {
            store: Arc::default(),
            news: Arc::new(watch::channel(0).0),
            round: Arc::new(watch::channel(0).0),
            address,
        };
        let app = Router::new().fallback(answer).with_state(server.clone());
        thread::spawn(move || runtime.block_on(async { axum::serve(listener, app).await }));
        server
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Changes what the server has, and tells who watches.
    pub fn with<T>(&self, change: impl FnOnce(&mut Store) -> T) -> T {
        let result = change(&mut self.lock());
        self.news.send_modify(|count| *count += 1);
        result
    }

    /// Ends all watches, in the middle of whatever they do.
    pub fn cut(&self) {
        self.round.send_modify(|count| *count += 1);
    }

    fn lock(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap()
    }
}

type Asked = BTreeMap<String, String>;

async fn answer(State(server): State<Server>, uri: Uri) -> Response {
    let parts = uri.query().unwrap_or_default().split('&').filter_map(|part| part.split_once('='));
    let asked: Asked = parts.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    let resource = uri.path().rsplit('/').next().unwrap_or_default().to_owned();
    let delay = server.lock().delay;
    tokio::time::sleep(delay).await;
    let is = |field: &str| asked.get(field).is_some_and(|value| value == "true");
    let kind = match (is("watch"), is("sendInitialEvents"), asked.contains_key("continue")) {
        (true, true, _) => "stream",
        (true, false, _) => "watch",
        (false, _, true) => "page",
        (false, _, false) => "list",
    };
    server.lock().asked.entry(resource.clone()).or_default().push(kind);
    if let Some(refusal) = refusal(&server.lock(), &resource, kind) {
        return refusal;
    }
    match kind {
        "stream" | "watch" => watching(&server, resource, kind == "stream", &asked),
        _ => list(&mut server.lock(), &resource, &asked),
    }
}

fn refusal(store: &Store, resource: &str, kind: &str) -> Option<Response> {
    if store.broken {
        return Some(status(500, "etcdserver: request timed out"));
    }
    if store.forbidden.contains(resource) {
        let who = "system:serviceaccount:podfence:agent";
        return Some(status(
            403,
            &format!("{resource} is forbidden: User \"{who}\" cannot list resource \"{resource}\""),
        ));
    }
    (store.no_streams && kind == "stream").then(|| {
        status(422, "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled")
    })
}

fn status(code: u16, message: &str) -> Response {
    let body = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "reason": "x", "code": code});
    (StatusCode::from_u16(code).unwrap(), body.to_string()).into_response()
}

fn list(store: &mut Store, resource: &str, asked: &Asked) -> Response {
    let limit: usize = asked.get("limit").map_or(usize::MAX, |limit| limit.parse().unwrap());
    let (number, from) = match asked.get("continue").map(|token| token.split_once('-').unwrap()) {
        Some(_) if store.pages_expire => return status(410, "The provided continue parameter is too old"),
        Some((number, from)) => (number.parse().unwrap(), from.parse().unwrap()),
        None => {
            let all = store.of(resource).cloned().collect();
            store.lists.push(all);
            (store.lists.len() - 1, 0)
        }
    };
    let all = &store.lists[number];
    let end = all.len().min(from + limit);
    let next = if end < all.len() { format!("{number}-{end}") } else { String::new() };
    let body = json!({
        "kind": "List", "metadata": {"resourceVersion": store.version.to_string(), "continue": next}, "items": &all[from..end],
    });
    body.to_string().into_response()
}

/// One watch.
struct Watching {
    server: Server,
    resource: String,
    /// What it has told.
    version: u64,
    /// Lines of the list that it begins with.
    first: Vec<String>,
    /// Whether it ends after them.
    breaks_off: bool,
    news: watch::Receiver<u64>,
    round: watch::Receiver<u64>,
}

fn watching(server: &Server, resource: String, streams: bool, asked: &Asked) -> Response {
    let mut store = server.lock();
    let (mut news, mut round) = (server.news.subscribe(), server.round.subscribe());
    news.mark_unchanged();
    round.mark_unchanged();
    let from = asked.get("resourceVersion").and_then(|version| version.parse().ok()).unwrap_or(0);
    let (mut first, mut breaks_off) = (Vec::new(), false);
    if streams {
        first = store
            .of(&resource)
            .map(|object| json!({"type": "ADDED", "object": object}).to_string() + "\n")
            .collect();
        if let Some(count) = store.break_off.take_if(|_| !first.is_empty()) {
            first.truncate(count);
            breaks_off = true;
        } else if !store.endless {
            first.push(bookmark(store.version, true));
        }
    } else if from < store.horizon {
        let gone = json!({"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"});
        first.push(json!({"type": "ERROR", "object": gone}).to_string() + "\n");
        breaks_off = true;
    }
    let version = if streams { store.version } else { from };
    drop(store);
    let watching = Watching { server: server.clone(), resource, version, first, breaks_off, news, round };
    Body::from_stream(stream::unfold(watching, next)).into_response()
}

fn bookmark(version: u64, ends_list: bool) -> String {
    let annotations = if ends_list { json!({"k8s.io/initial-events-end": "true"}) } else { json!({}) };
    let object = json!({"metadata": {"resourceVersion": version.to_string(), "annotations": annotations}});
    json!({"type": "BOOKMARK", "object": object}).to_string() + "\n"
}

/// What a watch says next.
async fn next(mut watching: Watching) -> Option<(Result<String, Infallible>, Watching)> {
    if !watching.first.is_empty() {
        let line = watching.first.remove(0);
        return Some((Ok(line), watching));
    }
    if watching.breaks_off {
        return None;
    }
    loop {
        let text = {
            let store = watching.server.lock();
            let news = store.log.iter().filter(|(version, resource, _)| {
                *version > watching.version && *resource == watching.resource
            });
            let text: String = news.map(|(_, _, line)| line.as_str()).collect();
            watching.version = store.version.max(watching.version);
            text
        };
        if !text.is_empty() {
            return Some((Ok(text), watching));
        }
        let Watching { news, round, .. } = &mut watching;
        tokio::select! {
            _ = news.changed() => {}
            _ = round.changed() => return None,
        }
    }
}
