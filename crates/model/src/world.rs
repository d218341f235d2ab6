//! Everything that is known of a cluster.

use std::collections::{BTreeMap, BTreeSet};

use crate::caller::{Callback, Monitor};
use crate::facts::ClusterFacts;
use crate::ingress::Ingress;
use crate::meta::{Kind, NamespacedName, ObjectRef, Origin};
use crate::namespace::Namespace;
use crate::net::Cidr;
use crate::node::Node;
use crate::pod::Pod;
use crate::policy::NetworkPolicy;
use crate::service::{EndpointSlice, Service};
use crate::workload::Workload;

/// An object of a kind we do not know. It may make pods, so "selects nothing" cannot be said for sure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownObject {
    /// `apiVersion`.
    pub api_version: String,
    /// Kind and name.
    pub id: ObjectRef,
    /// Where it was read.
    pub origin: Origin,
}

/// A cluster's objects, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct World {
    /// Namespaces, stated or implied by what lives in them.
    pub namespaces: BTreeMap<String, Namespace>,
    /// Pods that are stated as such; see [`World::expand_workloads`] for the others.
    pub pods: BTreeMap<NamespacedName, Pod>,
    /// Objects that make pods.
    pub workloads: BTreeMap<ObjectRef, Workload>,
    /// Nodes.
    pub nodes: BTreeMap<String, Node>,
    /// Services.
    pub services: BTreeMap<NamespacedName, Service>,
    /// EndpointSlices.
    pub endpoint_slices: BTreeMap<NamespacedName, EndpointSlice>,
    /// Ingresses.
    pub ingresses: BTreeMap<NamespacedName, Ingress>,
    /// NetworkPolicies.
    pub policies: BTreeMap<NamespacedName, NetworkPolicy>,
    /// Services that API servers call.
    pub callbacks: Vec<Callback>,
    /// What Prometheus is to ask.
    pub monitors: Vec<Monitor>,
    /// Objects of unknown kinds.
    pub unknown: Vec<UnknownObject>,
    /// The ranges that the cluster's pods get their addresses from, beside those of the nodes.
    pub pod_ranges: Vec<Cidr>,
    /// What else was told about the cluster.
    pub facts: ClusterFacts,
}

impl World {
    /// Adds the pods that the workloads make and the namespaces that objects imply, so that `pods`
    /// and `namespaces` are whole. A workload whose pods are stated (a dump of a cluster) makes no others;
    /// a stated pod or namespace of the same name stays as it is.
    pub fn expand_workloads(&mut self) {
        let nodes: Vec<&str> = self.nodes.keys().map(String::as_str).collect();
        let stated: BTreeSet<&ObjectRef> = self.pods.values().filter_map(|p| p.workload.as_ref()).collect();
        let unmade = self.workloads.values().filter(|w| !stated.contains(&w.id));
        let made: Vec<Pod> = unmade.flat_map(|w| w.pods(&nodes)).collect();
        for mut pod in made {
            if self.is_of_another(&pod) {
                let kind = pod.workload.as_ref().map_or_else(String::new, |w| w.kind.as_str().to_lowercase());
                pod.meta.id.name = format!("{}-{kind}", pod.meta.id.name);
            }
            self.pods.entry(pod.meta.id.clone()).or_insert(pod);
        }
        self.imply_namespaces();
    }

    /// Whether the name of a pod to add is taken by a pod of another workload, such as a Deployment beside
    /// a StatefulSet of one name: in a cluster both have pods, so neither may swallow the other's here.
    fn is_of_another(&self, pod: &Pod) -> bool {
        let taken = self.pods.get(&pod.meta.id);
        taken.is_some_and(|other| other.workload.is_some() && other.workload != pod.workload)
    }

    fn imply_namespaces(&mut self) {
        let mut used: Vec<String> = Vec::new();
        used.extend(self.pods.keys().map(|id| id.namespace.clone()));
        used.extend(self.services.keys().map(|id| id.namespace.clone()));
        used.extend(self.policies.keys().map(|id| id.namespace.clone()));
        used.extend(self.workloads.keys().map(|id| id.namespace.clone()));
        for name in used {
            self.namespaces.entry(name).or_insert_with_key(|name| Namespace::implied(name));
        }
    }

    /// All ranges that hold pod addresses: the cluster's and each node's.
    pub fn all_pod_ranges(&self) -> impl Iterator<Item = Cidr> + '_ {
        let of_nodes = self.nodes.values().flat_map(|n| n.pod_ranges.iter().copied());
        self.pod_ranges.iter().copied().chain(of_nodes)
    }

    /// The pods of one workload.
    pub fn pods_of<'a>(&'a self, workload: &'a ObjectRef) -> impl Iterator<Item = &'a Pod> {
        self.pods.values().filter(move |p| p.workload.as_ref() == Some(workload))
    }

    /// Workloads of one namespace with this name, and this kind if one is given.
    pub fn workloads_named<'a>(
        &'a self,
        id: &'a NamespacedName,
        kind: Option<&'a Kind>,
    ) -> impl Iterator<Item = &'a Workload> {
        self.workloads.values().filter(move |w| {
            w.id.namespace == id.namespace && w.id.name == id.name && kind.is_none_or(|k| *k == w.id.kind)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Copies, Labels, PodTemplate};

    fn deployment(copies: u32) -> Workload {
        let template = PodTemplate {
            labels: Labels::new(),
            node: None,
            host_network: false,
            ports: crate::Shared::new(),
        };
        let id = ObjectRef { kind: Kind::Deployment, namespace: "shop".into(), name: "web".into() };
        Workload { id, origin: Origin::Assumed("test"), copies: Copies::Count(copies), template }
    }

    #[test]
    fn workloads_make_their_pods_once_and_imply_their_namespace() {
        let mut world = World::default();
        let web = deployment(2);
        world.workloads.insert(web.id.clone(), web);
        for _ in 0..2 {
            world.expand_workloads();
            let names: Vec<String> = world.pods.keys().map(ToString::to_string).collect();
            assert_eq!(names, ["shop/web-0", "shop/web-1"]);
        }
        assert!(!world.namespaces["shop"].labels_known);
    }

    #[test]
    fn a_workload_whose_pods_are_stated_makes_no_others() {
        let mut world = World::default();
        let web = deployment(2);
        let mut pod = web.pods(&[]).remove(0);
        pod.meta.id.name = "web-5d9c-x7k2p".into();
        world.pods.insert(pod.meta.id.clone(), pod);
        world.workloads.insert(web.id.clone(), web);
        world.expand_workloads();
        assert_eq!(world.pods.len(), 1);
    }
}
