//! Documents and objects that are not read: what is no Kubernetes object, and kinds that nobody here knows.

use podfence_model::{Kind, ObjectRef, Origin, UnknownObject};

use super::at;
use super::manifest::Manifest;
use crate::code::Code;
use crate::decode::{Fields, Item};

/// The fields of a document that is a Kubernetes object; anything else is skipped with a note, or refused
/// when it looks like an object that has lost its type. Items of typed lists need none (`typed`).
pub(super) fn kubernetes_fields(item: Item<'_>, typed: bool) -> Option<Fields<'_>> {
    if !item.is_mapping() {
        at(item, Code::NotKubernetes.note("skipped: this is no Kubernetes object"));
        return None;
    }
    let fields = item.mapping()?;
    let has = |name: &str| fields.has(name);
    let parts = ["apiVersion", "kind", "metadata", "spec"].into_iter().filter(|name| has(name)).count();
    if typed || (has("kind") || has("metadata")) && parts > 1 {
        return Some(fields);
    }
    at(item, Code::NotKubernetes.note(skipped(&fields)));
    None
}

fn skipped(fields: &Fields<'_>) -> &'static str {
    let has = |name: &str| fields.has(name);
    if has("apiVersion") && has("name") && has("version") {
        return "skipped: this is a Helm chart's description, not a manifest";
    }
    if has("services") && !has("kind") {
        return "skipped: this looks like a compose file, not a manifest";
    }
    if has("resources") || has("patches") || has("bases") {
        return "skipped: this looks like a kustomization; render it with `kubectl kustomize`";
    }
    "skipped: this is no Kubernetes object (no `apiVersion` and `kind`)"
}

/// Reports an object that lacks `apiVersion`, `kind` or both.
pub(super) fn half_typed(fields: &mut Fields<'_>) {
    fields.required("apiVersion");
    fields.required("kind");
}

/// Keeps an object of an unknown kind: it may make pods, so that nobody can say "selects nothing".
pub(super) fn keep(manifest: &mut Manifest<'_, '_>, api_version: &str, kind: &str) {
    let item = manifest.fields.item;
    if api_version.starts_with("kustomize.config.k8s.io/") {
        let message = format!("skipped: a {kind} is an instruction to kustomize");
        at(item, Code::NotKubernetes.note(message).help("render it with `kubectl kustomize`"));
        manifest.gathered.objects -= 1;
        return;
    }
    let Some(mut metadata) = manifest.fields.mapping("metadata") else { return };
    let Some(name) = metadata.text("name").or_else(|| metadata.text("generateName")) else { return };
    let namespace = manifest.namespace_of(&mut metadata, true);
    let id = ObjectRef { kind: Kind::Other(kind.to_owned()), namespace, name: name.to_owned() };
    let again = manifest.gathered.knows(&id);
    manifest.gathered.state(&id, item);
    if !again {
        let origin = Origin::File(item.place());
        let object = UnknownObject { api_version: api_version.to_owned(), id, origin };
        manifest.gathered.world.unknown.push(object);
    }
}
