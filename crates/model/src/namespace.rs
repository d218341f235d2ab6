//! Namespaces.

use crate::labels::Labels;
use crate::meta::Origin;

/// The label that every namespace carries with its own name as value (KEP-2161).
pub const METADATA_NAME: &str = "kubernetes.io/metadata.name";

/// A namespace and its labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespace {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.labels`, always with [`METADATA_NAME`].
    pub labels: Labels,
    /// False when no input states the namespace: it exists because objects live in it, and of its
    /// labels only [`METADATA_NAME`] is known.
    pub labels_known: bool,
    /// Where the namespace was read.
    pub origin: Origin,
}

impl Namespace {
    /// A namespace with these labels, [`METADATA_NAME`] added as the API server does.
    pub fn new(name: impl Into<String>, mut labels: Labels, origin: Origin) -> Self {
        let name = name.into();
        labels.insert(METADATA_NAME.into(), name.clone());
        Self { name, labels, labels_known: true, origin }
    }

    /// A namespace that no input states but that objects live in.
    pub fn implied(name: impl Into<String>) -> Self {
        let origin = Origin::Assumed("implied by the objects in it");
        Self { labels_known: false, ..Self::new(name, Labels::new(), origin) }
    }
}
