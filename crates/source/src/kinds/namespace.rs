//! `v1` Namespace.

use podfence_model::{Kind, Namespace};

use super::header::{Header, Naming};
use super::manifest::Manifest;

/// The annotation with which clusters before 1.7 isolated a namespace.
const DEAD_ANNOTATION: &str = "net.beta.kubernetes.io/network-policy";

/// Reads a Namespace into the world.
pub(crate) fn read(manifest: &mut Manifest<'_, '_>) {
    let Some(header) = Header::read(manifest, Kind::Namespace, Naming::ClusterLabel) else { return };
    if let Some(item) = header.annotation(DEAD_ANNOTATION) {
        let message = format!("annotation `{DEAD_ANNOTATION}` does nothing since Kubernetes 1.7");
        item.note("dead-annotation", format!("{message}: isolate the namespace with a NetworkPolicy"));
    }
    manifest.state(&header);
    let Header { id, labels, origin, .. } = header;
    let namespace = Namespace::new(id.name.clone(), labels, origin);
    manifest.gathered.world.namespaces.insert(id.name, namespace);
}
