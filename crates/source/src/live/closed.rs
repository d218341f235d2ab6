//! What stands for an object that is not exactly understood: nothing is allowed by it, and nothing to or from it.
//!
//! Of a policy, whom it selects and for which directions is kept as far as these can be read; otherwise it selects all pods of its
//! namespace, and both directions. Each is read by the reader of policies, alone.

use podfence_model::{Directions, Namespace, NamespacedName, NetworkPolicy, Object, ObjectKey};
use serde_json::{Map, Value, json};

use super::read;
use crate::kinds::Inherited;

/// The closed form of an object. `None` where there is none, or its name cannot be read.
pub(super) fn closed_form(value: &Value, of: Inherited<'_>) -> Option<Object> {
    match of.kind? {
        "NetworkPolicy" => policy(value, of),
        "Pod" => pod(value, of),
        "Namespace" => match key(value, "Namespace")? {
            ObjectKey::Namespace(name) => Some(Object::Namespace(Namespace::implied(name))),
            _ => None,
        },
        _ => None,
    }
}

/// Which object it is, by its bare name.
pub(super) fn key(value: &Value, kind: &str) -> Option<ObjectKey> {
    let metadata = value.get("metadata")?;
    let text = |field: &str| Some(metadata.get(field)?.as_str()?.to_owned()).filter(|text| !text.is_empty());
    let name = text("name")?;
    let inside = |key: fn(NamespacedName) -> ObjectKey| {
        Some(key(NamespacedName { namespace: text("namespace")?, name: name.clone() }))
    };
    match kind {
        "Namespace" => Some(ObjectKey::Namespace(name)),
        "Node" => Some(ObjectKey::Node(name)),
        "Pod" => inside(ObjectKey::Pod),
        "Service" => inside(ObjectKey::Service),
        "NetworkPolicy" => inside(ObjectKey::Policy),
        _ => None,
    }
}

/// A part of an object: its name and these fields.
fn part(value: &Value, fields: Value) -> Option<Value> {
    let metadata = value.get("metadata")?;
    let mut part =
        json!({"metadata": {"name": metadata.get("name")?, "namespace": metadata.get("namespace")?}});
    part.as_object_mut()?.extend(match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    });
    Some(part)
}

/// What a part of an object says, if it is understood.
fn exactly(value: &Value, fields: Value, of: Inherited<'_>) -> Option<Object> {
    match read(&part(value, fields)?, of) {
        (object, None) => object,
        _ => None,
    }
}

fn policy(value: &Value, of: Inherited<'_>) -> Option<Object> {
    let with = |spec: Value| match exactly(value, json!({ "spec": spec }), of)? {
        Object::Policy(policy) => Some(*policy),
        _ => None,
    };
    let empty = Value::Object(Map::new());
    let spec = value.get("spec").unwrap_or(&empty);
    let field = |name: &str| spec.get(name).unwrap_or(&Value::Null);
    let subject = with(json!({"podSelector": field("podSelector")}));
    let subject = subject.filter(|_| spec.is_object()).or_else(|| with(json!({"podSelector": {}})))?;
    let types = with(json!({"podSelector": {}, "policyTypes": field("policyTypes")}));
    let stated = field("policyTypes").as_array().is_some_and(|types| !types.is_empty());
    let directions = match types {
        Some(policy) if stated => policy.directions,
        _ => Directions { ingress: true, egress: true },
    };
    Some(Object::Policy(Box::new(NetworkPolicy { directions, ..subject })))
}

/// On its node, if that can be read, and without addresses: they are then ones that no known pod has.
fn pod(value: &Value, of: Inherited<'_>) -> Option<Object> {
    let spec = value.get("spec");
    let field = |name: &str| spec.and_then(|spec| spec.get(name)).unwrap_or(&Value::Null);
    let with = |spec: Value| exactly(value, json!({"spec": spec, "status": {"phase": "Pending"}}), of);
    with(json!({"nodeName": field("nodeName"), "hostNetwork": field("hostNetwork")}))
        .or_else(|| with(json!({"nodeName": field("nodeName")})))
        .or_else(|| with(json!({})))
}
