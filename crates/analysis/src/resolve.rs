//! From a target to the objects it means.
//!
//! A name without a namespace is looked for in all of them, a name without a kind among pods, workloads and
//! Services. More than one find is an error that lists what to type; none is an error with near names.

use std::net::IpAddr;

use podfence_model::{
    Ingress, Kind, Life, NamespacedName, NetworkPolicy, ObjectRef, Pod, Port, Service, ServiceAddress, World,
    nearest,
};

use crate::error::{AskError, Candidates, Suggestions};
use crate::port::PortName;
use crate::service::selected_pods;
use crate::target::{Target, What, short_kind, table_word};

/// What a target means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolved {
    /// Pods: one, or those of a workload or a namespace, or those that a Service selects.
    Pods {
        /// The object they stand for.
        of: ObjectRef,
        /// The pods that have not finished; never empty.
        pods: Vec<NamespacedName>,
    },
    /// A Service, by name or by one of its addresses.
    Service {
        /// The Service.
        id: NamespacedName,
        /// The address that was asked for, if it was one.
        address: Option<IpAddr>,
    },
    /// A node.
    Node(String),
    /// An address that no object in the world has.
    Ip(IpAddr),
}

/// Which end of the flow a target stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role<'a> {
    /// Opens the connection. A Service opens none, so naming one means its pods.
    Source,
    /// Accepts it, on this port if one was asked for; between objects of one name the port may tell which is meant.
    Destination(Option<&'a PortName>),
}

/// Finds what a target means. `namespace` is where names without one are looked for; `None` = everywhere.
pub fn resolve(
    world: &World,
    target: &Target,
    role: Role<'_>,
    namespace: Option<&str>,
) -> Result<Resolved, AskError> {
    let (scope, kind, name) = match &target.what {
        What::Ip(ip) => return owner(world, *ip, role),
        What::Ingress { .. } => return Err(AskError::IngressEnd(target.text.clone())),
        What::Object { namespace: own, kind, name } => (own.as_deref().or(namespace), kind.as_ref(), name),
    };
    let mut found: Vec<ObjectRef> =
        objects(world, kind).filter(|o| o.name == *name && in_scope(o, scope)).collect();
    if role == Role::Source && found.iter().any(|o| o.kind != Kind::Service) {
        found.retain(|o| o.kind != Kind::Service || kind.is_some());
    }
    match (found.as_slice(), only_with_port(world, &found, role)) {
        ([], _) => Err(not_found(world, scope, kind, name)),
        ([only], _) | (_, Some(only)) => mean(world, only, role),
        (several, None) => Err(AskError::Ambiguous {
            text: target.text.clone(),
            candidates: Candidates(several.iter().map(|o| typed(o, target)).collect()),
        }),
    }
}

/// The policy that a target names, if its kind says so or if nothing else has that name.
pub(crate) fn find_policy<'w>(
    world: &'w World,
    target: &Target,
    namespace: Option<&str>,
) -> Result<Option<&'w NetworkPolicy>, AskError> {
    let What::Object { namespace: own, kind, name } = &target.what else { return Ok(None) };
    let scope = own.as_deref().or(namespace);
    let is_other = |o: &ObjectRef| o.name == *name && in_scope(o, scope);
    match kind {
        Some(Kind::NetworkPolicy) => {}
        Some(_) => return Ok(None),
        None if objects(world, None).any(|o| is_other(&o)) => return Ok(None),
        None => {}
    }
    let kind = Kind::NetworkPolicy;
    let found: Vec<ObjectRef> = objects(world, Some(&kind)).filter(is_other).collect();
    match found.as_slice() {
        [] if target_is_policy(target) => Err(not_found(world, scope, Some(&kind), name)),
        [] => Ok(None),
        [only] => Ok(world.policies.get(&NamespacedName::new(&only.namespace, &only.name))),
        several => Err(AskError::Ambiguous {
            text: target.text.clone(),
            candidates: Candidates(several.iter().map(|o| typed(o, target)).collect()),
        }),
    }
}

/// The Ingress that a target names.
pub(crate) fn find_ingress<'w>(
    world: &'w World,
    target: &Target,
    namespace: Option<&str>,
) -> Result<&'w Ingress, AskError> {
    let What::Ingress { namespace: own, name, .. } = &target.what else {
        return Err(AskError::IngressEnd(target.text.clone()));
    };
    let scope = own.as_deref().or(namespace);
    let kind = Kind::Ingress;
    let found: Vec<ObjectRef> =
        objects(world, Some(&kind)).filter(|o| o.name == *name && in_scope(o, scope)).collect();
    let ingress = |o: &ObjectRef| world.ingresses.get(&NamespacedName::new(&o.namespace, &o.name));
    match found.as_slice() {
        [only] => ingress(only).ok_or_else(|| not_found(world, scope, Some(&kind), name)),
        [] => Err(not_found(world, scope, Some(&kind), name)),
        several => Err(AskError::Ambiguous {
            text: target.text.clone(),
            candidates: Candidates(several.iter().map(full_name).collect()),
        }),
    }
}

fn target_is_policy(target: &Target) -> bool {
    matches!(&target.what, What::Object { kind: Some(Kind::NetworkPolicy), .. })
}

/// The only one of these objects that declares the port asked for.
fn only_with_port<'a>(world: &World, objects: &'a [ObjectRef], role: Role<'_>) -> Option<&'a ObjectRef> {
    let Role::Destination(Some(port)) = role else { return None };
    let mut declaring = objects.iter().filter(|object| declares(world, object, port));
    declaring.next().filter(|_| declaring.next().is_none())
}

fn declares(world: &World, object: &ObjectRef, port: &PortName) -> bool {
    let is_it = |number: Port, name: Option<&String>| match port {
        PortName::Number(wanted) => number == *wanted,
        PortName::Name(wanted) => name == Some(wanted),
    };
    let of_pod = |pod: &Pod| pod.ports.iter().any(|p| is_it(p.number, p.name.as_ref()));
    let id = NamespacedName::new(&object.namespace, &object.name);
    match &object.kind {
        Kind::Service => {
            let mut ports = world.services.get(&id).into_iter().flat_map(|service| &service.ports);
            ports.any(|p| is_it(p.port, p.name.as_ref()))
        }
        Kind::Pod => world.pods.get(&id).is_some_and(of_pod),
        _ => world.pods_of(object).any(of_pod),
    }
}

fn in_scope(object: &ObjectRef, scope: Option<&str>) -> bool {
    object.namespace.is_empty() || scope.is_none_or(|s| s == object.namespace)
}

/// The objects that a name of this kind may mean; without a kind those that are asked about daily.
fn objects<'a>(world: &'a World, kind: Option<&'a Kind>) -> impl Iterator<Item = ObjectRef> + 'a {
    let named = |kind: Kind| {
        move |id: &NamespacedName| ObjectRef {
            kind: kind.clone(),
            namespace: id.namespace.clone(),
            name: id.name.clone(),
        }
    };
    let bare = |kind: Kind| {
        move |name: &String| ObjectRef { kind: kind.clone(), namespace: String::new(), name: name.clone() }
    };
    let everyday = world.pods.keys().map(named(Kind::Pod));
    let everyday = everyday.chain(world.workloads.keys().cloned());
    let everyday = everyday.chain(world.services.keys().map(named(Kind::Service)));
    let nodes = world.nodes.keys().map(bare(Kind::Node)).filter(move |_| kind.is_some());
    let namespaces = world.namespaces.keys().map(bare(Kind::Namespace)).filter(move |_| kind.is_some());
    let policies = world.policies.keys().map(named(Kind::NetworkPolicy)).filter(move |_| kind.is_some());
    let ingresses = world.ingresses.keys().map(named(Kind::Ingress)).filter(move |_| kind.is_some());
    let all = everyday.chain(nodes).chain(namespaces).chain(policies).chain(ingresses);
    all.filter(move |o| kind.is_none_or(|k| *k == o.kind))
}

fn mean(world: &World, object: &ObjectRef, role: Role<'_>) -> Result<Resolved, AskError> {
    let id = NamespacedName::new(&object.namespace, &object.name);
    let pods: Vec<&Pod> = match &object.kind {
        Kind::Node => return Ok(Resolved::Node(object.name.clone())),
        Kind::NetworkPolicy => return Err(AskError::NoEnd(full_name(object))),
        Kind::Service if role != Role::Source => return Ok(Resolved::Service { id, address: None }),
        Kind::Service => world.services.get(&id).into_iter().flat_map(|s| selected_pods(world, s)).collect(),
        Kind::Pod => world.pods.get(&id).into_iter().collect(),
        Kind::Namespace => world.pods.values().filter(|p| p.meta.id.namespace == object.name).collect(),
        _ => world.pods_of(object).collect(),
    };
    let finished = |p: &&&Pod| p.life == Life::Finished;
    let alive: Vec<NamespacedName> =
        pods.iter().filter(|p| object.kind == Kind::Pod || !finished(p)).map(|p| p.meta.id.clone()).collect();
    if alive.is_empty() {
        return Err(AskError::NoPods(object.to_string()));
    }
    Ok(Resolved::Pods { of: object.clone(), pods: alive })
}

/// Whose address it is; a pod's only while the pod has not finished, and never a `hostNetwork` pod's, whose
/// address is its node's.
fn owner(world: &World, ip: IpAddr, role: Role<'_>) -> Result<Resolved, AskError> {
    if let Some(pod) = world.pods.values().find(|p| p.is_policed() && p.ips().contains(&ip)) {
        let id = pod.meta.id.clone();
        let of = ObjectRef { kind: Kind::Pod, namespace: id.namespace.clone(), name: id.name.clone() };
        return Ok(Resolved::Pods { of, pods: vec![id] });
    }
    if let Some(service) = world.services.values().find(|s| has_address(s, ip)) {
        let service = service.meta.id.clone();
        return match role {
            Role::Source => Err(AskError::VirtualSource { ip, service }),
            Role::Destination(_) => Ok(Resolved::Service { id: service, address: Some(ip) }),
        };
    }
    let node = world.nodes.values().find(|n| n.addresses.contains(&ip));
    Ok(node.map_or(Resolved::Ip(ip), |node| Resolved::Node(node.name.clone())))
}

fn has_address(service: &Service, ip: IpAddr) -> bool {
    let virtual_ip = matches!(&service.address, ServiceAddress::Ips(ips) if ips.contains(&ip));
    virtual_ip || service.external_ips.contains(&ip) || service.load_balancer_ips.contains(&ip)
}

/// An object as a user may type it in place of `target`, with the port typed there.
fn typed(object: &ObjectRef, target: &Target) -> String {
    let port = target.port.as_ref().map(|p| format!(":{p}")).unwrap_or_default();
    format!("{}{port}", full_name(object))
}

/// `NAMESPACE/KIND/NAME`, which is never unclear.
pub(crate) fn full_name(object: &ObjectRef) -> String {
    let kind = short_kind(&object.kind);
    if object.namespace.is_empty() {
        return format!("{kind}/{}", object.name);
    }
    format!("{}/{kind}/{}", object.namespace, object.name)
}

fn not_found(world: &World, scope: Option<&str>, kind: Option<&Kind>, name: &str) -> AskError {
    if let (None, None, Some(instead)) = (scope, kind, table_word(name)) {
        return AskError::TableWord { word: name.to_owned(), instead };
    }
    if let (None, None, true) = (scope, kind, name.chars().all(|c| c.is_ascii_digit() || c == '.')) {
        return AskError::NoAddress(name.to_owned());
    }
    if let (Some("default"), "kubernetes") = (scope, name) {
        return AskError::ApiServer;
    }
    let what = kind.map_or_else(|| "pod, workload or Service".to_owned(), ToString::to_string);
    let in_namespace = scope.filter(|_| !matches!(kind, Some(Kind::Node | Kind::Namespace)));
    let what = match in_namespace {
        Some(namespace) if !world.namespaces.contains_key(namespace) => {
            format!("namespace `{namespace}`, so no {what} `{name}` in it")
        }
        Some(namespace) => format!("{what} `{name}` in namespace {namespace}"),
        None => format!("{what} `{name}`"),
    };
    let suggestions = suggestions(world, scope, kind, name);
    let is_outside = scope.is_none() && kind.is_none() && name.contains('.') && suggestions.0.is_empty();
    if is_outside { AskError::OutsideName(name.to_owned()) } else { AskError::NotFound { what, suggestions } }
}

/// Up to three objects that may have been meant: the same name elsewhere, a near name, or the workload of
/// a pod whose real name was typed (`web-7d4b9c-x2k4z`).
fn suggestions(world: &World, scope: Option<&str>, kind: Option<&Kind>, name: &str) -> Suggestions {
    let everything: Vec<ObjectRef> = objects(world, None)
        .chain(objects(world, Some(&Kind::Node)))
        .chain(objects(world, Some(&Kind::Namespace)))
        .chain(objects(world, Some(&Kind::NetworkPolicy)))
        .chain(objects(world, Some(&Kind::Ingress)))
        .collect();
    let scope = scope.map(|s| likely_namespace(world, s));
    let is_end = |kind: &Kind| !matches!(kind, Kind::Namespace | Kind::NetworkPolicy | Kind::Ingress);
    let fits = |o: &&ObjectRef| kind.map_or(is_end(&o.kind), |k| *k == o.kind);
    let here = || everything.iter().filter(|o| in_scope(o, scope)).filter(fits);
    let elsewhere = everything.iter().filter(|o| is_end(&o.kind) || kind == Some(&o.kind));
    let makes = |o: &&ObjectRef| {
        world.workloads.contains_key(o) && name.strip_prefix(&o.name).is_some_and(|r| r.starts_with('-'))
    };
    let near = nearest(name, here().map(|o| o.name.as_str()));
    let near = here().filter(|o| Some(o.name.as_str()) == near);
    let exact = here().filter(|o| o.name == name);
    let mut list: Vec<String> = exact.chain(near).chain(here().filter(makes)).map(full_name).collect();
    if list.is_empty() {
        list.extend(elsewhere.filter(|o| o.name == name).map(full_name));
    }
    let mut seen = std::collections::HashSet::new();
    list.retain(|text| seen.insert(text.clone()));
    list.truncate(3);
    Suggestions(list)
}

/// The namespace itself, or the one that a mistyped name is nearest to.
fn likely_namespace<'a>(world: &'a World, name: &'a str) -> &'a str {
    if world.namespaces.contains_key(name) {
        return name;
    }
    nearest(name, world.namespaces.keys().map(String::as_str)).unwrap_or(name)
}
