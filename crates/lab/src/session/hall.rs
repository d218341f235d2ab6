//! What callers are shown of a running lab: a picture that the lab renews after every change.
//!
//! It holds the namespaces of all places, not the cluster itself, so a caller never waits for probes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use podfence_analysis::{Target, What};
use podfence_model::{Kind, Life, Pod, Service, ServiceAddress, ServicePort, World};
use podfence_report::json::{LabStatus, StatusChange, StatusCompared, StatusNode, StatusPod, StatusService};

use super::claim::Call;
use super::{Enter, Reply, Request};
use crate::cluster::Cluster;
use crate::ingress;
use crate::netns::Netns;
use crate::probe::USUAL_TIMEOUT;

/// A place of the lab that commands can be run in.
#[derive(Debug, Clone)]
pub struct Room {
    netns: Netns,
    enter: Enter,
}

/// The picture, shared between the lab and whoever answers callers.
#[derive(Debug, Clone)]
pub struct Hall(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    user: File,
    begun: Instant,
    picture: Mutex<Picture>,
}

#[derive(Debug)]
struct Picture {
    status: LabStatus,
    changed: Option<Instant>,
    world: World,
    rooms: BTreeMap<String, Room>,
    namespace: String,
}

impl Hall {
    /// For a lab that begins now. To be called inside the sandbox: callers are led into its user namespace.
    pub fn new(name: &str, follows: String, rootless: bool, namespace: &str) -> io::Result<Self> {
        let status = LabStatus {
            name: name.to_owned(),
            pid: std::process::id(),
            follows,
            up_seconds: 0,
            rootless,
            nodes: Vec::new(),
            pods: Vec::new(),
            services: Vec::new(),
            ingresses: Vec::new(),
            policies: Vec::new(),
            last_change: None,
            refused: None,
            compared: 0,
            differences: 0,
            possible: 0,
            full: None,
        };
        let (world, rooms, namespace) = (World::default(), BTreeMap::new(), namespace.to_owned());
        let picture = Mutex::new(Picture { status, changed: None, world, rooms, namespace });
        let user = File::open("/proc/self/ns/user")?;
        Ok(Self(Arc::new(Inner { user, begun: Instant::now(), picture })))
    }

    /// Shows the cluster as it is now, after `changes`.
    pub fn show(&self, cluster: &Cluster, changes: Vec<String>) {
        self.with(|picture| {
            picture.world = cluster.world().clone();
            picture.rooms = rooms(cluster);
            describe(&picture.world, &mut picture.status);
            picture.status.refused = None;
            if !changes.is_empty() {
                picture.status.last_change = Some(StatusChange { seconds_ago: 0, what: changes });
                picture.changed = Some(Instant::now());
            }
        });
    }

    /// Shows how engine and kernel compared, on how many of the connections that are possible.
    pub fn compared(&self, compared: usize, differences: usize, possible: usize) {
        self.with(|Picture { status, .. }| {
            (status.compared, status.differences, status.possible) = (compared, differences, possible);
            if compared >= possible {
                status.full = Some(StatusCompared { compared, differences });
            }
        });
    }

    /// Shows that the files cannot be followed, and why.
    pub fn refuse(&self, why: String) {
        self.with(|picture| picture.status.refused = Some(why));
    }

    /// Answers a caller. Whether it wants the lab to end is for the caller of this function to see.
    pub fn receive(&self, call: Call) {
        match &call.request {
            Request::Status => {
                let reply = Reply::Status(Box::new(self.status()));
                call.answer(&reply, &[]);
            }
            Request::Exec { place } => match self.with(|picture| picture.room(place)) {
                Ok(Room { netns, enter }) => {
                    call.answer(&Reply::Enter(enter), &[self.0.user.as_fd(), netns.fd()]);
                }
                Err(why) => call.answer(&Reply::Refused(why), &[]),
            },
            Request::Down => call.answer(&Reply::Ending, &[]),
        }
    }

    fn status(&self) -> LabStatus {
        self.with(|picture| {
            let mut status = picture.status.clone();
            status.up_seconds = self.0.begun.elapsed().as_secs();
            if let (Some(change), Some(then)) = (&mut status.last_change, picture.changed) {
                change.seconds_ago = then.elapsed().as_secs();
            }
            status
        })
    }

    fn with<T>(&self, look: impl FnOnce(&mut Picture) -> T) -> T {
        look(&mut self.0.picture.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Picture {
    fn room(&self, place: &str) -> Result<Room, String> {
        if let Some(room) = self.rooms.get(place) {
            return Ok(room.clone());
        }
        let target = Target::parse(place, &self.world).map_err(|error| error.to_string())?;
        let What::Object { namespace, kind, name } = target.what else {
            return Err(format!("{place} is an address; name a pod, node/NAME or outside"));
        };
        let fits = |pod: &&Pod| match &kind {
            None | Some(Kind::Pod) if pod.meta.id.name == name => true,
            Some(Kind::Pod) => false,
            kind => pod
                .workload
                .as_ref()
                .is_some_and(|w| w.name == name && kind.as_ref().is_none_or(|k| *k == w.kind)),
        };
        let fitting: Vec<&Pod> = self.world.pods.values().filter(fits).collect();
        let wanted = namespace.as_ref().unwrap_or(&self.namespace);
        let here = fitting.iter().find(|pod| pod.meta.id.namespace == *wanted);
        // A name that only one namespace has needs no namespace.
        let spaces: BTreeSet<&String> = fitting.iter().map(|pod| &pod.meta.id.namespace).collect();
        let only = fitting.first().filter(|_| namespace.is_none() && spaces.len() == 1);
        let found = here.or(only).and_then(|pod| self.rooms.get(&pod.meta.id.to_string()));
        found.cloned().ok_or_else(|| self.unknown(place, &spaces))
    }

    fn unknown(&self, place: &str, elsewhere: &BTreeSet<&String>) -> String {
        let rooms = self.rooms.keys().map(String::as_str);
        let near = podfence_model::nearest(place, rooms).map(|name| format!("did you mean {name}?"));
        let spaces: Vec<&str> = elsewhere.iter().map(|space| space.as_str()).collect();
        let there = (!spaces.is_empty()).then(|| format!("namespaces {} have one", spaces.join(", ")));
        let hint = near.or(there).unwrap_or_else(|| "`podfence lab status` lists all pods".into());
        format!("nothing called {place} runs in the lab; {hint}")
    }
}

/// Every place that commands can be run in, by its name.
fn rooms(cluster: &Cluster) -> BTreeMap<String, Room> {
    let mut rooms = BTreeMap::new();
    let room = |netns: &Netns, hostname: &str, resolv_conf| Room {
        netns: netns.clone(),
        enter: Enter { hostname: hostname.to_owned(), resolv_conf },
    };
    for (name, netns) in cluster.topology().nodes() {
        rooms.insert(format!("node/{name}"), room(netns, name, None));
    }
    rooms.insert("outside".into(), room(cluster.topology().outside(), "outside", None));
    for pod in cluster.world().pods.values() {
        if let Some(netns) = cluster.netns_of(pod) {
            rooms.insert(pod.meta.id.to_string(), room(netns, &pod.meta.id.name, resolv_conf(cluster, pod)));
        }
    }
    rooms
}

/// As the kubelet writes it (`resolv.conf(5)`).
fn resolv_conf(cluster: &Cluster, pod: &Pod) -> Option<String> {
    let resolver = cluster.resolver(pod, USUAL_TIMEOUT)?;
    let (search, server, ndots) = (resolver.search.join(" "), resolver.nameserver.ip(), resolver.ndots);
    Some(format!("search {search}\nnameserver {server}\noptions ndots:{ndots}\n"))
}

fn describe(world: &World, status: &mut LabStatus) {
    let texts = |ips: &[std::net::IpAddr]| ips.iter().map(ToString::to_string).collect::<Vec<_>>();
    let node = |node: &podfence_model::Node| StatusNode {
        name: node.name.clone(),
        addresses: texts(&node.addresses),
    };
    status.nodes = world.nodes.values().map(node).collect();
    let pod = |pod: &Pod| StatusPod {
        name: pod.meta.id.to_string(),
        node: pod.node.clone().unwrap_or_default(),
        addresses: texts(pod.ips()),
        remarks: remarks(pod),
    };
    status.pods = world.pods.values().map(pod).collect();
    status.services = world.services.values().map(service).collect();
    status.ingresses = ingress::check::told(world);
    status.policies = world.policies.keys().map(ToString::to_string).collect();
}

fn service(service: &Service) -> StatusService {
    let texts = |ips: &[std::net::IpAddr]| ips.iter().map(ToString::to_string).collect::<Vec<_>>();
    let port = |port: &ServicePort| {
        let at_nodes = port.node_port.map_or_else(String::new, |number| format!(" (nodePort {number})"));
        format!("{} {}{at_nodes}", port.protocol, port.port)
    };
    StatusService {
        name: service.meta.id.to_string(),
        addresses: match &service.address {
            ServiceAddress::Ips(ips) => texts(ips),
            ServiceAddress::Headless => vec!["headless".into()],
            ServiceAddress::Unstated => Vec::new(),
        },
        ports: service.ports.iter().map(port).collect(),
        external: [texts(&service.load_balancer_ips), texts(&service.external_ips)].concat(),
    }
}

fn remarks(pod: &Pod) -> Vec<String> {
    let all = [
        (pod.life == Life::Terminating, "terminating"),
        (!pod.ready, "not ready"),
        (pod.host_network, "host network"),
        (pod.ips().is_empty(), "no address yet"),
    ];
    all.into_iter().filter(|(so, _)| *so).map(|(_, what)| what.to_owned()).collect()
}
