//! `v1` Namespace.

use podfence_model::{Kind, METADATA_NAME, Namespace};

use super::at;
use super::header::{Header, Naming};
use super::manifest::Manifest;
use crate::code::Code;
use crate::decode::Item;

/// The annotation with which clusters before 1.7 isolated a namespace.
const DEAD_ANNOTATION: &str = "net.beta.kubernetes.io/network-policy";

/// Reads a Namespace into the world.
pub(crate) fn read(manifest: &mut Manifest<'_, '_>) {
    let Some(mut header) = Header::read(manifest, Kind::Namespace, Naming::ClusterLabel) else { return };
    if let Some(item) = header.annotation(DEAD_ANNOTATION) {
        let message = format!("annotation `{DEAD_ANNOTATION}` does nothing since Kubernetes 1.7");
        item.note(Code::DeadAnnotation, format!("{message}: isolate the namespace with a NetworkPolicy"));
    }
    note_overwritten(&mut header);
    manifest.state(&header);
    let Header { id, labels, origin, .. } = header;
    let namespace = Namespace::new(id.name.clone(), labels, origin);
    manifest.gathered.world.namespaces.insert(id.name, namespace);
}

/// The API server sets the label with the namespace's name itself, whatever the manifest says.
fn note_overwritten(header: &mut Header<'_>) {
    let labels = header.fields.get("labels").filter(|item| item.is_mapping()).and_then(Item::mapping);
    let stated = labels.and_then(|labels| labels.entries().find(|(key, _)| key.text == METADATA_NAME));
    let (Some((_, item)), Some(value)) = (stated, header.labels.get(METADATA_NAME)) else { return };
    let name = &header.id.name;
    if value != name {
        let message =
            format!("label `{METADATA_NAME}` is set to the namespace's own name, `{name}`, not `{value}`");
        at(item, item.rewritten(Code::OverwrittenLabel.warning(message), name));
    }
}
