//! A cluster read once, for questions: every object as a text of its own, as `kubectl get -o yaml` would show it.
//!
//! Whoever asks reads these texts as manifests, so that answers show the lines that decide, and nothing here judges what they say.
//! What may not be read is told, with what no answer can know then. Start with [`read_all`].

use futures::future::join_all;
use kube::Client;
use kube::core::Request;
use kube::core::params::ListParams;
use serde_json::Value;
use tokio::runtime::Builder;
use tokio::time::timeout;

use crate::access::Endpoint;
use crate::failure::Failure;
use crate::follow::FollowError;
use crate::line::Page;
use crate::manifest::yaml;
use crate::wanted::Wanted;
use crate::watch::Patience;

/// A kind that is read for questions.
#[derive(Debug, Clone, Copy)]
struct Asked {
    api_version: &'static str,
    kind: &'static str,
    resource: &'static str,
    namespaced: bool,
    /// What nobody knows without it.
    without: &'static str,
}

const fn asked(
    (api_version, kind, resource): (&'static str, &'static str, &'static str),
    namespaced: bool,
    without: &'static str,
) -> Asked {
    Asked { api_version, kind, resource, namespaced, without }
}

/// What verdicts and the words about them need. Objects that make pods are not read: their pods are.
const ASKED: [Asked; 7] = [
    asked(("v1", "Namespace", "namespaces"), false, "which labels namespaces have"),
    asked(("v1", "Node", "nodes"), false, "which addresses are nodes', and which ranges are pods'"),
    asked(("v1", "Pod", "pods"), true, "which pods there are"),
    asked(("v1", "Service", "services"), true, "what Services stand for"),
    asked(
        ("discovery.k8s.io/v1", "EndpointSlice", "endpointslices"),
        true,
        "who stands behind Services without selectors",
    ),
    asked(("networking.k8s.io/v1", "Ingress", "ingresses"), true, "what Ingresses lead to"),
    asked(("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies"), true, "which policies there are"),
];

/// One object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Kind, namespace and name, and that it is in the cluster: what messages show for a file's name.
    pub name: String,
    /// As YAML.
    pub text: String,
}

/// Objects that may not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Their name in URLs: `pods`.
    pub resource: &'static str,
    /// The only namespace of which they are known, if there is one.
    pub only_of: Option<String>,
    /// Why, as a sentence with its mend.
    pub why: String,
    /// What no answer can know.
    pub without: &'static str,
}

/// Everything that could be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// The objects.
    pub texts: Vec<Text>,
    /// What could not be read.
    pub unread: Vec<Unread>,
}

/// Nothing could be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The configuration, or the system.
    #[error(transparent)]
    Begin(#[from] FollowError),
    /// The server.
    #[error("{0} ({1})")]
    Server(String, String),
}

/// Reads a cluster. Of what may not be read of all namespaces, that of one namespace is read if that is allowed.
///
/// # Errors
/// When the server cannot be asked, or policies may not be read anywhere: then every answer would be wrong.
pub fn read_all(endpoint: &Endpoint, namespace: &str) -> Result<Reading, ReadError> {
    let runtime = Builder::new_current_thread().enable_all().build().map_err(FollowError::from)?;
    let origin = || format!("{}, by {}", endpoint.url(), endpoint.origin());
    runtime.block_on(async {
        let client = endpoint.client().map_err(FollowError::from)?;
        let parts = join_all(ASKED.iter().map(|asked| one_kind(&client, asked, namespace))).await;
        let mut reading = Reading::default();
        for part in parts {
            let (texts, unread) = part.map_err(|why| ReadError::Server(why, origin()))?;
            reading.texts.extend(texts);
            reading.unread.extend(unread);
        }
        Ok(reading)
    })
}

/// The objects of a kind, and what of it may not be read.
async fn one_kind(
    client: &Client,
    asked: &Asked,
    namespace: &str,
) -> Result<(Vec<Text>, Option<Unread>), String> {
    let everywhere = list(client, asked, None).await;
    let failure = match everywhere {
        Ok(texts) => return Ok((texts, None)),
        Err(failure @ Failure::Forbidden(_)) => failure,
        Err(failure) => return Err(failure.told_of(asked.resource, group(asked))),
    };
    let unread = |only_of| Unread {
        resource: asked.resource,
        only_of,
        why: failure.told_of(asked.resource, group(asked)),
        without: asked.without,
    };
    let here =
        if asked.namespaced { list(client, asked, Some(namespace)).await } else { Err(failure.clone()) };
    match here {
        Ok(texts) => Ok((texts, Some(unread(Some(namespace.to_owned()))))),
        Err(_) if asked.kind == "NetworkPolicy" => Err(unread(None).why),
        Err(_) => Ok((Vec::new(), Some(unread(None)))),
    }
}

fn group(asked: &Asked) -> &'static str {
    asked.api_version.split_once('/').map_or("", |(group, _)| group)
}

/// All objects of a kind, of one namespace or of all.
async fn list(client: &Client, asked: &Asked, namespace: Option<&str>) -> Result<Vec<Text>, Failure> {
    let patience = Patience::default();
    let path = path(asked.api_version, asked.resource, namespace);
    let mut wanted = ListParams { limit: Some(patience.page), ..ListParams::default() };
    let mut texts = Vec::new();
    loop {
        let request =
            Request::new(path.as_str()).list(&wanted).map_err(|error| Failure::Refused(error.to_string()))?;
        let text = async { Ok(client.request_text(request).await?) };
        let text = timeout(patience.list, text).await.unwrap_or(Err(Failure::Silent))?;
        let page = Page::of(text.as_bytes(), Wanted::Whole)?;
        texts.extend(page.items.into_iter().map(|item| shown(asked, item)));
        match page.next {
            Some(next) => wanted.continue_token = Some(next),
            None => return Ok(texts),
        }
    }
}

fn path(api_version: &str, resource: &str, namespace: Option<&str>) -> String {
    let all = crate::kind::path(api_version, resource);
    namespace.map_or(all.clone(), |name| {
        all.replace(&format!("/{resource}"), &format!("/namespaces/{name}/{resource}"))
    })
}

/// An object as a text: items of lists do not state their kinds, and who has written which field is of no interest.
fn shown(asked: &Asked, mut object: Value) -> Text {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default();
    let name = match text("namespace") {
        "" => format!("{} {} in the cluster", asked.kind, text("name")),
        namespace => format!("{} {namespace}/{} in the cluster", asked.kind, text("name")),
    };
    let head = format!("apiVersion: {}\nkind: {}\n", asked.api_version, asked.kind);
    if let Some(fields) = object.as_object_mut() {
        fields.retain(|field, _| field != "apiVersion" && field != "kind");
    }
    Text { name, text: head + &yaml(&object) }
}
