//! Namespaces, nodes and Services come, go and change.

use podfence_model::{Namespace, NamespacedName, Node, Object, ObjectKey, Service};

use super::Move;
use crate::index::Engine;

impl Engine {
    /// Enters a namespace, or what it has become. Costs by the pods in it.
    pub fn put_namespace(&mut self, namespace: Namespace) -> Vec<Move> {
        let known = self.namespaces.get(&namespace.name);
        if known.is_some_and(|known| {
            (&known.labels, known.labels_known) == (&namespace.labels, namespace.labels_known)
        }) {
            return Vec::new();
        }
        self.atoms.index_namespace(&namespace);
        let here = self.pods_in(&namespace.name).to_vec();
        self.namespaces.insert(namespace.name.clone(), namespace);
        here.into_iter().flat_map(|pod| self.reseat_pod(pod)).collect()
    }

    /// Forgets a namespace: of its labels nothing is known any more but its name.
    pub fn remove_namespace(&mut self, name: &str) -> Vec<Move> {
        self.put_namespace(Namespace::implied(name))
    }

    /// An object as it was told last; `None` when it is not known. Workloads are not: only their pods.
    pub fn object(&self, key: &ObjectKey) -> Option<Object> {
        Some(match key {
            ObjectKey::Namespace(name) => Object::Namespace(self.namespaces.get(name)?.clone()),
            ObjectKey::Node(name) => Object::Node(self.nodes.get(name)?.clone()),
            ObjectKey::Pod(id) => Object::Pod(Box::new(self.pod(self.pod_id(id)?).clone())),
            ObjectKey::Policy(id) => Object::Policy(Box::new(self.policy(self.policies.find(id)?).clone())),
            ObjectKey::Service(id) => Object::Service(Box::new(self.services.get(id)?.clone())),
        })
    }

    /// Sees that a namespace is known, if only by name.
    pub(super) fn imply_namespace(&mut self, name: &str) {
        if !self.namespaces.contains_key(name) {
            self.put_namespace(Namespace::implied(name));
        }
    }

    /// Enters a node, or what it has become. True when its addresses or its pod ranges are other than before: then
    /// everything is indexed anew, and all numbers given before mean nothing any more.
    pub fn put_node(&mut self, node: Node) -> bool {
        let before = self.nodes.insert(node.name.clone(), node.clone());
        let moved = before
            .is_none_or(|before| (before.addresses, before.pod_ranges) != (node.addresses, node.pod_ranges));
        if moved {
            self.renew();
        }
        moved
    }

    /// Forgets a node; true, with the meaning that [`Engine::put_node`] gives it, when there was one.
    pub fn remove_node(&mut self, name: &str) -> bool {
        let known = self.nodes.remove(name).is_some();
        if known {
            self.renew();
        }
        known
    }

    /// Enters a Service, or what it has become. No verdict depends on it; hints in traces do.
    pub fn put_service(&mut self, service: Service) {
        self.services.insert(service.meta.id.clone(), service);
    }

    /// Forgets a Service.
    pub fn remove_service(&mut self, name: &NamespacedName) {
        self.services.remove(name);
    }
}
