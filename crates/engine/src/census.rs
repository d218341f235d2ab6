//! How many objects there are, for whoever watches.

use crate::index::Engine;

/// Numbers of objects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Census {
    /// Pods, those that policies cannot see among them.
    pub pods: usize,
    /// Policies.
    pub policies: usize,
    /// Namespaces, those known by name alone among them.
    pub namespaces: usize,
    /// Nodes.
    pub nodes: usize,
}

impl Engine {
    /// How many objects it knows. Costs nothing, however many there are.
    pub fn census(&self) -> Census {
        Census {
            pods: self.pods.len() - self.free.len(),
            policies: self.policies.in_force(),
            namespaces: self.namespaces.len(),
            nodes: self.nodes.len(),
        }
    }
}
