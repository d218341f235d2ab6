//! Objects one at a time, as an API server has them, to objects of the model: by the readers of manifests, so that both mean the same.
//!
//! What is not exactly understood takes its *closed form* ([`closed`]): a policy that admits nothing, a pod without addresses, a
//! namespace without labels. So no policy is ever lost for a field that nobody here knows. Start with [`live_object`].

mod closed;
mod tree;

use std::sync::Arc;

use podfence_model::{NetworkPolicy, Object, ObjectKey, Origin};
use serde_json::Value;

use crate::decode::Item;
use crate::diagnostic::Diagnostic;
use crate::gather::Gathered;
use crate::kinds::{self, Inherited};
use crate::sink::Sink;

/// An object of an API server, as far as it is understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveObject {
    /// Which object it is.
    pub key: ObjectKey,
    /// What it says, or its closed form; `None` where there is none (nodes and Services): what was known before counts.
    pub object: Option<Object>,
    /// What of it cannot be read, if anything: a sentence that names the field.
    pub unclear: Option<String>,
}

/// Nobody can say which object it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an object cannot be told from others: {0}")]
pub struct Nameless(String);

/// Reads an object of a kind, such as `v1` and `Pod`, which has this resource version. It need not state its kind, as items of
/// lists do not. Kinds that are no [`Object`] cannot be read.
///
/// # Errors
/// When its name cannot be read, or it is of no such kind.
pub fn live_object(
    value: &Value,
    (api_version, kind): (&str, &str),
    version: &str,
) -> Result<LiveObject, Nameless> {
    let of = Inherited { api_version: Some(api_version), kind: Some(kind) };
    let (object, problem) = match read(value, of) {
        (Some(object), None) => (Some(object), None),
        (_, problem) => {
            let why = problem.unwrap_or_else(|| "it is of another kind".to_owned());
            (closed::closed_form(value, of), Some(why))
        }
    };
    let key = match &object {
        Some(object) => object.key(),
        None => closed::key(value, kind).ok_or_else(|| Nameless(problem.clone().unwrap_or_default()))?,
    };
    let object = object.map(|object| from_server(object, version));
    Ok(LiveObject { key, object, unclear: problem })
}

/// What the readers of manifests make of a value, and the first thing that is wrong with it.
fn read(value: &Value, of: Inherited<'_>) -> (Option<Object>, Option<String>) {
    let (sink, root) = (Sink::new(Arc::from("")), tree::node(value));
    let mut gathered = Gathered::default();
    kinds::read_as(Item::new(&sink, &root, "object"), &mut gathered, of);
    let found = sink.into_found();
    let problem = found.into_iter().find(Diagnostic::is_error).map(|found| told(&found, value));
    (only_object(gathered), problem)
}

fn told(problem: &Diagnostic, value: &Value) -> String {
    let place = problem.labels.first().and_then(|label| tree::path(value, label.place.start));
    place.map_or_else(|| problem.message.clone(), |path| format!("{path}: {}", problem.message))
}

fn only_object(Gathered { world, .. }: Gathered) -> Option<Object> {
    let policy = world.policies.into_values().next().map(|policy| Object::Policy(Box::new(policy)));
    let pod = || world.pods.into_values().next().map(|pod| Object::Pod(Box::new(pod)));
    let service = || world.services.into_values().next().map(|service| Object::Service(Box::new(service)));
    let node = || world.nodes.into_values().next().map(Object::Node);
    let namespace = || world.namespaces.into_values().next().map(Object::Namespace);
    policy.or_else(pod).or_else(service).or_else(node).or_else(namespace)
}

/// The same object, which comes from an API server and stands in no text.
fn from_server(mut object: Object, version: &str) -> Object {
    let origin = Origin::Api(version.into());
    match &mut object {
        Object::Namespace(namespace) => namespace.origin = origin,
        Object::Node(node) => node.origin = origin,
        Object::Pod(pod) => pod.meta.origin = origin,
        Object::Service(service) => service.meta.origin = origin,
        Object::Policy(policy) => {
            **policy = NetworkPolicy::without_places(policy);
            policy.meta.origin = origin;
        }
    }
    object
}

#[cfg(test)]
mod tests;
