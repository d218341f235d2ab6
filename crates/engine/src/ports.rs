//! Port names that egress rules mention, and whether a port item matches.

use std::collections::HashMap;

use podfence_model::{Layer4, Pod, Port, PortMatch, PortSpec, Protocol};

use crate::ids::NameId;

/// The (name, protocol) pairs that egress rules mention. Only those split peer classes: an ingress rule's name
/// is resolved by the subject itself, which is part of its program.
#[derive(Debug, Default)]
pub(crate) struct Names {
    list: Vec<(String, Protocol)>,
    ids: HashMap<(String, Protocol), NameId>,
}

impl Names {
    pub(crate) fn intern(&mut self, name: &str, protocol: Protocol) -> NameId {
        let key = (name.to_owned(), protocol);
        if let Some(id) = self.ids.get(&key) {
            return *id;
        }
        let id = NameId::new(self.list.len());
        self.list.push(key.clone());
        self.ids.insert(key, id);
        id
    }

    /// The id of a mentioned name.
    pub(crate) fn id(&self, name: &str, protocol: Protocol) -> Option<NameId> {
        self.ids.get(&(name.to_owned(), protocol)).copied()
    }

    /// The numbers a pod gives to the mentioned names, sorted and without twins.
    pub(crate) fn given_by(&self, pod: &Pod) -> Vec<(NameId, Port)> {
        let known = |port: &podfence_model::ContainerPort| {
            let id = self.ids.get(&(port.name.clone()?, port.protocol))?;
            Some((*id, port.number))
        };
        let mut given: Vec<_> = pod.ports.iter().filter_map(known).collect();
        given.sort_unstable();
        given.dedup();
        given
    }

    /// How many names are mentioned.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    pub(crate) fn describe(&self, id: NameId) -> &(String, Protocol) {
        &self.list[id.index()]
    }
}

/// Whether a `ports` item matches; `destination` resolves named ports and is `None` when it is no known pod.
pub(crate) fn port_matches(item: &PortMatch, layer4: Layer4, destination: Option<&Pod>) -> bool {
    let Layer4::Port(protocol, number) = layer4 else {
        return false; // a rule with ports never admits ICMP
    };
    item.protocol == protocol
        && match &item.ports {
            PortSpec::All => true,
            PortSpec::Range(range) => range.contains(number),
            PortSpec::Named(name) => {
                destination.is_some_and(|pod| pod.named_port(name, protocol).any(|n| n == number))
            }
        }
}
