//! One object of an input, before its kind is read.

use podfence_model::{Kind, ObjectRef};

use super::header::Header;
use crate::code::Code;
use crate::decode::Fields;
use crate::gather::Gathered;
use crate::names;

/// An object's top-level fields and what reading it needs to know.
pub(crate) struct Manifest<'n, 'g> {
    /// The object's fields; `apiVersion` and `kind` are taken.
    pub(crate) fields: Fields<'n>,
    /// What has been read so far, and where the object goes.
    pub(crate) gathered: &'g mut Gathered,
    /// The namespace of objects that state none.
    pub(crate) default_namespace: &'g str,
}

impl Manifest<'_, '_> {
    /// The object's namespace: stated, or the default; empty for cluster-scoped kinds.
    pub(super) fn namespace_of(&self, metadata: &mut Fields<'_>, namespaced: bool) -> String {
        let stated = metadata.get("namespace").filter(|_| namespaced);
        let Some(item) = stated else {
            return if namespaced { self.default_namespace.to_owned() } else { String::new() };
        };
        match item.text() {
            None | Some("") => self.default_namespace.to_owned(),
            Some(name) => {
                if let Err(why) = names::dns_label(name) {
                    item.error(Code::InvalidName, format!("namespace `{name}` {why}"), "");
                }
                name.to_owned()
            }
        }
    }

    /// Notes that this object is stated here; see [`Gathered::state`].
    pub(super) fn state(&mut self, header: &Header<'_>) {
        self.gathered.state(&header.id, self.fields.item);
    }

    /// A name for an object that only has `generateName`: the cluster would make one up as well.
    pub(super) fn generated_name(&self, prefix: &str, kind: &Kind, namespace: &str) -> String {
        let name = |n: u32| format!("{prefix}generated-{n}");
        let taken = |n: &u32| {
            let id = ObjectRef { kind: kind.clone(), namespace: namespace.to_owned(), name: name(*n) };
            self.gathered.knows(&id)
        };
        name((1..u32::MAX).find(|n| !taken(n)).unwrap_or(u32::MAX))
    }
}
