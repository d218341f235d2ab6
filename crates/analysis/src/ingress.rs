//! The way through an Ingress: from a source to a controller, and from the controller to whom each rule leads.
//!
//! A controller proxies: it opens a connection of its own, straight to an endpoint, so the backends' policies see its pods and
//! not the source. `serving` says which pods are controllers and which Ingresses they serve; the lab goes by the same.
//! Start with [`explain_ingress`].

mod serving;

use podfence_engine::Engine;
use podfence_model::{
    Direction, Endpoint, Ingress, IngressBackend, NamespacedName, Pod, Port, Service, ServicePort, World,
};

use crate::entry::{Sides, directly, is_exposed, is_outside};
use crate::error::AskError;
use crate::explain::{explain, keep_address, source_ends, source_without_port};
use crate::explanation::{Asked, Explanation, Question, Verdict};
use crate::judge::{Backend, Path, judge};
use crate::port::PortName;
use crate::resolve::{Role, find_ingress, resolve};
use crate::service::{backends, pod_end};
use crate::target::{Target, What};

pub use serving::{backend_port, controllers, proxy_port, serves};

/// What may come through an Ingress.
#[derive(Debug, Clone)]
pub struct IngressAnswer<'w> {
    /// The world that was asked about.
    pub world: &'w World,
    /// The source.
    pub source: Asked,
    /// The Ingress.
    pub ingress: &'w Ingress,
    /// The only path that was asked about, if one was.
    pub path: Option<String>,
    /// The controllers' pods; none where the input has none.
    pub controllers: Vec<NamespacedName>,
    /// From the source to the controllers: by every Service before them, or straight to their pods where there is none.
    pub entries: Vec<Explanation<'w>>,
    /// The rules, in their order.
    pub routes: Vec<IngressRoute<'w>>,
    /// Both legs together: allowed where every rule leads to somebody who may be reached.
    pub verdict: Verdict,
}

/// Where a rule of an Ingress leads.
#[derive(Debug, Clone)]
pub struct IngressRoute<'w> {
    /// The rule's backend.
    pub rule: &'w IngressBackend,
    /// Who stands behind it; nobody where there is no such Service or port, or no pod is ready.
    pub backends: Vec<Backend>,
    /// The policies that isolate those for ingress, by name.
    pub isolating: Vec<NamespacedName>,
    /// From the controllers to them, folded; empty where there is nobody on one side.
    pub paths: Vec<Path>,
}

impl IngressRoute<'_> {
    /// Whether it can be used.
    pub fn verdict(&self) -> Verdict {
        if self.backends.is_empty() {
            return Verdict::Denied;
        }
        Verdict::together(self.paths.iter().map(|path| Verdict::from(&path.answer.outcome)))
    }
}

/// Answers a question whose destination is an Ingress; `world` and `engine` are as for [`crate::explain`].
pub(crate) fn explain_ingress<'w>(
    world: &'w World,
    engine: &Engine,
    question: &Question,
    path: Option<&str>,
) -> Result<IngressAnswer<'w>, AskError> {
    source_without_port(question)?;
    let namespace = question.namespace.as_deref();
    let ingress = find_ingress(world, &question.destination, namespace)?;
    let source = resolve(world, &question.source, Role::Source, namespace)?;
    let mut sources = source_ends(&source);
    keep_address(&question.source, sources.iter_mut());
    let serving: Vec<(&Pod, Port)> =
        controllers(world).filter(|(pod, _)| serves(world, pod, ingress)).collect();
    let doors = doors(world, &serving, &sources);
    let entries: Vec<Explanation<'w>> =
        doors.iter().map(|door| enter(world, engine, question, door)).collect::<Result<_, _>>()?;
    let chosen = rules_for(ingress, path).into_iter();
    let routes: Vec<IngressRoute<'w>> =
        chosen.map(|rule| route(world, engine, ingress, rule, &serving)).collect::<Result<_, _>>()?;
    if routes.is_empty() {
        let (ingress, path) = (ingress.meta.id.clone(), path.unwrap_or("/").to_owned());
        return Err(AskError::NoRoute { ingress, path });
    }
    Ok(IngressAnswer {
        world,
        source: Asked { text: question.source.text.clone(), means: source },
        ingress,
        path: path.map(str::to_owned),
        controllers: serving.iter().map(|(pod, _)| pod.meta.id.clone()).collect(),
        verdict: verdict(&entries, &routes),
        entries,
        routes,
    })
}

/// Where a controller is reached.
enum Door<'w> {
    Service(&'w Service, Port),
    Pod(&'w Pod, Port),
}

/// Every Service before the controllers that the sources can use, or else the controllers' own ports.
fn doors<'w>(world: &'w World, serving: &[(&'w Pod, Port)], sources: &[Endpoint]) -> Vec<Door<'w>> {
    let outside = sources.iter().all(|source| is_outside(world, source));
    let leads = |service: &Service, port: &ServicePort| {
        backends(world, service, port).iter().any(|backend| {
            serving.iter().any(|(pod, port)| *backend == serving::backend(pod_end(pod, None), *port))
        })
    };
    let usable = world.services.values().filter(|service| !outside || is_exposed(service));
    let ports = usable.flat_map(|service| service.ports.iter().map(move |port| (service, port)));
    let before = ports.filter(|(service, port)| leads(service, port));
    let doors: Vec<Door<'w>> = before.map(|(service, port)| Door::Service(service, port.port)).collect();
    if doors.is_empty() { serving.iter().map(|(pod, port)| Door::Pod(pod, *port)).collect() } else { doors }
}

fn enter<'w>(
    world: &'w World,
    engine: &Engine,
    question: &Question,
    door: &Door<'_>,
) -> Result<Explanation<'w>, AskError> {
    let (kind, id, port) = match door {
        Door::Service(service, port) => (podfence_model::Kind::Service, &service.meta.id, port),
        Door::Pod(pod, port) => (podfence_model::Kind::Pod, &pod.meta.id, port),
    };
    let what =
        What::Object { namespace: Some(id.namespace.clone()), kind: Some(kind), name: id.name.clone() };
    let text = question.destination.text.clone();
    let destination = Target { what, port: Some(PortName::Number(*port)), text };
    explain(world, engine, &Question { destination, port: None, protocol: None, ..question.clone() })
}

/// The rules that requests for a path come by: of each host the longest path that fits (`pathType` is taken for Prefix). All
/// rules where no path is asked about.
fn rules_for<'w>(ingress: &'w Ingress, path: Option<&str>) -> Vec<&'w IngressBackend> {
    let Some(path) = path else { return ingress.backends.iter().collect() };
    let fits = |rule: &&IngressBackend| {
        path.strip_prefix(own_path(rule)).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let fitting: Vec<&IngressBackend> = ingress.backends.iter().filter(fits).collect();
    let is_longest = |rule: &&&'w IngressBackend| {
        fitting.iter().all(|other| other.host != rule.host || own_path(other).len() <= own_path(rule).len())
    };
    fitting.iter().filter(is_longest).copied().collect()
}

fn own_path(rule: &IngressBackend) -> &str {
    rule.path.as_deref().unwrap_or("/").trim_end_matches('/')
}

fn route<'w>(
    world: &'w World,
    engine: &Engine,
    ingress: &Ingress,
    rule: &'w IngressBackend,
    serving: &[(&Pod, Port)],
) -> Result<IngressRoute<'w>, AskError> {
    let service = world.services.get(&NamespacedName::new(&ingress.meta.id.namespace, &rule.service));
    let behind =
        service.and_then(|service| Some(backends(world, service, backend_port(service, &rule.port)?)));
    let backends = behind.unwrap_or_default();
    let sources: Vec<Endpoint> = serving.iter().map(|(pod, _)| pod_end(pod, None)).collect();
    let asks = directly(Sides { sources: &sources, backends: &backends, itself_left_out: false });
    let paths = judge(world, engine, &asks)?;
    let isolating = isolating(engine, &backends);
    Ok(IngressRoute { rule, backends, isolating, paths })
}

fn isolating(engine: &Engine, backends: &[Backend]) -> Vec<NamespacedName> {
    let pods = backends.iter().filter_map(|backend| match &backend.end {
        Endpoint::Pod { id, .. } => engine.pod_id(id),
        Endpoint::Node { .. } | Endpoint::Ip(_) => None,
    });
    let policies = pods.flat_map(|pod| engine.isolating(pod, Direction::Ingress));
    let mut names: Vec<NamespacedName> = policies.map(|id| engine.policy(id).meta.id.clone()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn verdict(entries: &[Explanation<'_>], routes: &[IngressRoute<'_>]) -> Verdict {
    let entry = Verdict::together(entries.iter().map(|entry| entry.verdict.clone()));
    let both = routes.iter().map(|route| match (&entry, route.verdict()) {
        (Verdict::Denied, _) | (_, Verdict::Denied) => Verdict::Denied,
        (Verdict::Allowed, route) => route,
        (_, Verdict::Allowed) => entry.clone(),
        (Verdict::Undecidable, _) | (_, Verdict::Undecidable) => Verdict::Undecidable,
        (Verdict::Depends, Verdict::Depends) => Verdict::Depends,
    });
    Verdict::together(both)
}
