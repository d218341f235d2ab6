//! `metadata`: names, namespaces and labels.

use podfence_model::{Kind, Labels, Meta, NamespacedName, ObjectRef, Origin};

use super::manifest::Manifest;
use crate::code::Code;
use crate::decode::{Fields, Item};
use crate::kinds::labels::labels;
use crate::names;

/// The part of `metadata` that readers need.
pub(crate) struct Header<'n> {
    /// Kind, namespace (empty for cluster-scoped kinds) and name.
    pub(crate) id: ObjectRef,
    pub(crate) labels: Labels,
    pub(crate) origin: Origin,
    /// `annotations`, unread: their values are not ours to judge.
    pub(crate) annotations: Option<Fields<'n>>,
    /// The rest of `metadata`.
    pub(crate) fields: Fields<'n>,
}

/// What an object of a kind may be called, and whether it lives in a namespace.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Naming {
    /// Without a namespace, named by a DNS label (Namespace).
    ClusterLabel,
    /// Without a namespace, named by a DNS name (Node).
    Cluster,
    /// In a namespace, named by a DNS label (Service).
    Label,
    /// In a namespace, named by a DNS name.
    Subdomain,
}

impl Naming {
    fn check(self, name: &str) -> Result<(), &'static str> {
        match self {
            Self::ClusterLabel | Self::Label => names::dns_label(name),
            Self::Cluster | Self::Subdomain => names::dns_subdomain(name),
        }
    }

    fn is_namespaced(self) -> bool {
        matches!(self, Self::Label | Self::Subdomain)
    }
}

/// Fields of `metadata` that say nothing about the network.
const BOOKKEEPING: [&str; 12] = [
    "clusterName",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "generation",
    "managedFields",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];

impl<'n> Header<'n> {
    /// Reads `metadata`; `None` when the object has no usable name (which is reported).
    pub(crate) fn read(manifest: &mut Manifest<'n, '_>, kind: Kind, naming: Naming) -> Option<Self> {
        let origin = Origin::File(manifest.fields.item.place());
        let mut fields = manifest.fields.required("metadata")?.mapping()?;
        let namespace = manifest.namespace_of(&mut fields, naming.is_namespaced());
        let labels = fields.get("labels").map(labels).unwrap_or_default();
        let annotations = fields.mapping("annotations");
        let name = name(manifest, &mut fields, &kind, &namespace, naming)?;
        let id = ObjectRef { kind, namespace, name };
        Some(Self { id, labels, origin, annotations, fields })
    }

    /// As the model wants it for objects in a namespace. The labels go with it.
    pub(crate) fn meta(&mut self) -> Meta {
        let id = NamespacedName::new(&self.id.namespace, &self.id.name);
        Meta { id, labels: std::mem::take(&mut self.labels), origin: self.origin.clone() }
    }

    /// Reports fields that `metadata` does not have.
    pub(crate) fn finish(mut self) {
        self.fields.ignore(&BOOKKEEPING);
        self.fields.finish(|_| None);
    }

    /// An annotation's value, if it is a text.
    pub(crate) fn annotation(&self, name: &str) -> Option<Item<'n>> {
        let (_, item) = self.annotations.as_ref()?.entries().find(|(key, _)| key.text == name)?;
        Some(item)
    }
}

fn name(
    manifest: &Manifest<'_, '_>,
    fields: &mut Fields<'_>,
    kind: &Kind,
    namespace: &str,
    naming: Naming,
) -> Option<String> {
    let Some(item) = fields.get("name") else {
        if let Some(prefix) = fields.text("generateName") {
            return Some(manifest.generated_name(prefix, kind, namespace));
        }
        fields.required("name");
        return None;
    };
    let name = item.text()?;
    if let Err(why) = naming.check(name) {
        let why = if name.is_empty() { "is empty" } else { why };
        item.error(Code::InvalidName, format!("{kind} name `{name}` {why}"), "");
        return None;
    }
    Some(name.to_owned())
}
