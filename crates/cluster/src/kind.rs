//! The kinds of objects that an agent follows, and what is kept of each: what verdicts depend on, and nothing else.
//!
//! EndpointSlices are not among them. Policies see a connection behind its Service, the kernel's connection entry names the real
//! backend, and no rule of ours says who stands behind a Service. A pod's conditions are not kept either: whether it is ready matters
//! to Services alone.

use podfence_model::{NamespacedName, ObjectKey};

use crate::wanted::Wanted::{self, Only, Whole};

/// A kind that is followed.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// `apiVersion` and `kind`.
    pub(crate) of: (&'static str, &'static str),
    /// Its name in URLs, and in rules of RBAC.
    pub(crate) resource: &'static str,
    /// The group in rules of RBAC.
    pub(crate) group: &'static str,
    /// What is kept of a line of a watch.
    pub(crate) line: Wanted,
    /// What is kept of a page of a list.
    pub(crate) page: Wanted,
    key: fn(NamespacedName) -> ObjectKey,
}

impl Kind {
    /// The path of all its objects.
    pub(crate) fn path(&self) -> String {
        path(self.of.0, self.resource)
    }

    /// The key of an object of this kind; kinds without namespaces ignore it.
    pub(crate) fn key(&self, id: NamespacedName) -> ObjectKey {
        (self.key)(id)
    }
}

/// The path of all objects of a resource.
pub(crate) fn path(api_version: &str, resource: &str) -> String {
    let root = if api_version.contains('/') { "apis" } else { "api" };
    format!("/{root}/{api_version}/{resource}")
}

/// The annotation of the bookmark that ends the first part of a streaming list (KEP-3157).
pub(crate) const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

const METADATA: Wanted = Only(&[
    ("name", Whole),
    ("namespace", Whole),
    ("labels", Whole),
    ("resourceVersion", Whole),
    ("creationTimestamp", Whole),
    ("deletionTimestamp", Whole),
    ("managedFields", Only(&[("time", Whole)])),
    ("ownerReferences", Only(&[("kind", Whole), ("name", Whole), ("controller", Whole)])),
    ("annotations", Only(&[(INITIAL_EVENTS_END, Whole)])),
]);
const PORTS: Wanted = Only(&[("name", Whole), ("protocol", Whole), ("containerPort", Whole)]);
const STATUS: Wanted = Only(&[("phase", Whole), ("podIP", Whole), ("podIPs", Only(&[("ip", Whole)]))]);
const POD: Wanted = Only(&[
    ("nodeName", Whole),
    ("hostNetwork", Whole),
    ("containers", Only(&[("ports", PORTS)])),
    ("initContainers", Only(&[("restartPolicy", Whole), ("ports", PORTS)])),
]);
const RANGES: Wanted = Only(&[("podCIDR", Whole), ("podCIDRs", Whole)]);
const ADDRESSES: Wanted = Only(&[("addresses", Only(&[("type", Whole), ("address", Whole)]))]);
const BALANCER: Wanted = Only(&[("loadBalancer", Only(&[("ingress", Only(&[("ip", Whole)]))]))]);

/// A kind with what is kept of its objects beside `metadata`.
macro_rules! kind {
    ($group:literal, $version:literal, $kind:literal, $resource:literal, $key:expr, $($part:literal: $wanted:expr),*) => {
        Kind {
            of: ($version, $kind),
            group: $group,
            resource: $resource,
            // What errors say (`metav1.Status`) comes in place of an object.
            line: Only(&[
                ("type", Whole),
                ("object", Only(&[("metadata", METADATA), $(($part, $wanted),)* ("code", Whole), ("reason", Whole), ("message", Whole)])),
            ]),
            page: Only(&[
                ("metadata", Only(&[("resourceVersion", Whole), ("continue", Whole)])),
                ("items", Only(&[("metadata", METADATA), $(($part, $wanted)),*])),
            ]),
            key: $key,
        }
    };
}

/// The kinds that an agent follows.
pub const FOLLOWED: [Kind; 5] = [
    kind!("", "v1", "Namespace", "namespaces", |id| ObjectKey::Namespace(id.name),),
    kind!("", "v1", "Node", "nodes", |id| ObjectKey::Node(id.name), "spec": RANGES, "status": ADDRESSES),
    kind!("", "v1", "Pod", "pods", ObjectKey::Pod, "spec": POD, "status": STATUS),
    kind!("", "v1", "Service", "services", ObjectKey::Service, "spec": Whole, "status": BALANCER),
    kind!(
        "networking.k8s.io", "networking.k8s.io/v1", "NetworkPolicy", "networkpolicies", ObjectKey::Policy,
        "spec": Whole
    ),
];
