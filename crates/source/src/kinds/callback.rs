//! Services that API servers call: those of admission webhooks and of aggregated APIs.

use podfence_model::{Callback, Kind, NamespacedName, ObjectRef, Origin, Port};

use super::header::{Header, Naming};
use super::manifest::Manifest;
use super::port;
use crate::decode::Fields;

/// `ServiceReference.port` when it is absent.
const HTTPS: Port = Port::new(443).unwrap();

/// What the Services of one object have in common.
struct Owner {
    object: ObjectRef,
    origin: Origin,
}

/// Reads a `ValidatingWebhookConfiguration` or `MutatingWebhookConfiguration`.
pub(crate) fn webhooks(manifest: &mut Manifest<'_, '_>, kind: &str) {
    let hooks: Vec<Fields<'_>> = manifest.fields.mappings("webhooks").collect();
    let Some(owner) = owner(manifest, kind) else { return };
    let found: Vec<Callback> = hooks.into_iter().filter_map(|hook| webhook(&owner, hook)).collect();
    manifest.gathered.world.callbacks.extend(found);
}

/// Reads an `APIService`.
pub(crate) fn api_service(manifest: &mut Manifest<'_, '_>, kind: &str) {
    let spec = manifest.fields.mapping("spec");
    let Some(owner) = owner(manifest, kind) else { return };
    let service = spec.and_then(|mut spec| spec.mapping("service"));
    let found = service.and_then(|service| callback(&owner, owner.object.name.clone(), true, service));
    manifest.gathered.world.callbacks.extend(found);
}

fn owner(manifest: &mut Manifest<'_, '_>, kind: &str) -> Option<Owner> {
    let header = Header::read(manifest, Kind::Other(kind.to_owned()), Naming::Cluster)?;
    let again = manifest.gathered.knows(&header.id);
    manifest.state(&header);
    if again {
        manifest.gathered.world.callbacks.retain(|known| known.object != header.id);
    }
    Some(Owner { object: header.id, origin: header.origin })
}

fn webhook(owner: &Owner, mut hook: Fields<'_>) -> Option<Callback> {
    let name = hook.text("name").unwrap_or_default().to_owned();
    let required = hook.text("failurePolicy") != Some("Ignore");
    let service = hook.mapping("clientConfig")?.mapping("service")?;
    callback(owner, name, required, service)
}

fn callback(owner: &Owner, name: String, required: bool, mut service: Fields<'_>) -> Option<Callback> {
    let place = service.item.place();
    let id = NamespacedName::new(service.text("namespace")?, service.text("name")?);
    let port = service.get("port").and_then(port::number).unwrap_or(HTTPS);
    let Owner { object, origin } = owner;
    Some(Callback {
        object: object.clone(),
        origin: origin.clone(),
        name,
        service: id,
        port,
        required,
        place,
    })
}
