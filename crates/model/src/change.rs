//! What happens to a cluster: objects come, change and go.
//!
//! Only objects that verdicts depend on are told here. Sources (files, an API server) make changes of what they see; whoever
//! follows them (engine, plan, agent) need not know where they come from.

use std::fmt;

use crate::meta::NamespacedName;
use crate::namespace::Namespace;
use crate::node::Node;
use crate::pod::Pod;
use crate::policy::NetworkPolicy;
use crate::service::Service;
use crate::world::World;

/// An object that verdicts, or the words about them, depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Object {
    /// A namespace.
    Namespace(Namespace),
    /// A node.
    Node(Node),
    /// A pod.
    Pod(Box<Pod>),
    /// A NetworkPolicy.
    Policy(Box<NetworkPolicy>),
    /// A Service.
    Service(Box<Service>),
}

impl Object {
    /// Which object it is.
    pub fn key(&self) -> ObjectKey {
        match self {
            Self::Namespace(namespace) => ObjectKey::Namespace(namespace.name.clone()),
            Self::Node(node) => ObjectKey::Node(node.name.clone()),
            Self::Pod(pod) => ObjectKey::Pod(pod.meta.id.clone()),
            Self::Policy(policy) => ObjectKey::Policy(policy.meta.id.clone()),
            Self::Service(service) => ObjectKey::Service(service.meta.id.clone()),
        }
    }
}

/// Which object: its kind and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKey {
    /// A namespace.
    Namespace(String),
    /// A node.
    Node(String),
    /// A pod.
    Pod(NamespacedName),
    /// A NetworkPolicy.
    Policy(NamespacedName),
    /// A Service.
    Service(NamespacedName),
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Namespace(name) => write!(f, "namespace {name}"),
            Self::Node(name) => write!(f, "node {name}"),
            Self::Pod(id) => write!(f, "pod {id}"),
            Self::Policy(id) => write!(f, "policy {id}"),
            Self::Service(id) => write!(f, "service {id}"),
        }
    }
}

/// An object has come or is other than before, or has gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// What it is now.
    Put(Object),
    /// It has gone.
    Remove(ObjectKey),
}

impl Change {
    /// Which object has changed.
    pub fn key(&self) -> ObjectKey {
        match self {
            Self::Put(object) => object.key(),
            Self::Remove(key) => key.clone(),
        }
    }
}

impl World {
    /// Does a change.
    pub fn change(&mut self, change: Change) {
        match change {
            Change::Put(Object::Namespace(namespace)) => {
                self.namespaces.insert(namespace.name.clone(), namespace);
            }
            Change::Put(Object::Node(node)) => drop(self.nodes.insert(node.name.clone(), node)),
            Change::Put(Object::Pod(pod)) => drop(self.pods.insert(pod.meta.id.clone(), *pod)),
            Change::Put(Object::Policy(policy)) => {
                self.policies.insert(policy.meta.id.clone(), *policy);
            }
            Change::Put(Object::Service(service)) => {
                self.services.insert(service.meta.id.clone(), *service);
            }
            Change::Remove(ObjectKey::Namespace(name)) => drop(self.namespaces.remove(&name)),
            Change::Remove(ObjectKey::Node(name)) => drop(self.nodes.remove(&name)),
            Change::Remove(ObjectKey::Pod(id)) => drop(self.pods.remove(&id)),
            Change::Remove(ObjectKey::Policy(id)) => drop(self.policies.remove(&id)),
            Change::Remove(ObjectKey::Service(id)) => drop(self.services.remove(&id)),
        }
    }
}
