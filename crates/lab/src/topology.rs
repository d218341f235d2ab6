//! The lab's geography: the outside, nodes that route, and pods on them.
//!
//! The outside is one namespace that is also the wire between the nodes: it owns documentation addresses and the metadata server's, and
//! knows which pod ranges lie behind which node. Pods come and go at any time. A hostNetwork pod has no namespace: it lives in its node's.
//! Services, name resolution and servers are placed on top by other modules.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::netns::{Netns, NetnsError};
use crate::rtnl::RtnlError;
use crate::setup::Links;
use crate::sysctl::{self, Role};
use crate::wire::{self, Guest, Link, Router};

/// Index of the first link in the void; small numbers belong to the kernel.
const FIRST_VOID: u32 = 1000;

/// Where cloud providers serve metadata to IPv4 instances.
pub const METADATA_V4: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254));
/// Where AWS serves metadata to IPv6 instances.
pub const METADATA_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254));

/// Addresses of the outside world: documentation addresses (RFC 5737, RFC 3849) and the metadata server's.
pub fn usual_outside() -> Vec<IpAddr> {
    vec![
        Ipv4Addr::new(192, 0, 2, 1).into(),
        Ipv4Addr::new(198, 51, 100, 1).into(),
        Ipv4Addr::new(203, 0, 113, 1).into(),
        METADATA_V4,
        Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(),
        METADATA_V6,
    ]
}

/// A node to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeSpec {
    /// Unique name.
    pub name: String,
    /// Its addresses; the first of a family is the source of what it sends. With [`Links::Bridge`] those that lie in the
    /// ranges of its pods are the bridge's.
    pub addresses: Vec<IpAddr>,
    /// The ranges its pods' addresses come from.
    pub pod_ranges: Vec<IpNet>,
}

/// A pod to be, with a namespace of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodSpec {
    /// Unique name, for instance `namespace/name`.
    pub name: String,
    /// The node it runs on.
    pub node: String,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// The name of its interface on the node, at most 15 bytes; `veth` and a number if absent.
    pub interface: Option<String>,
}

/// A pod's namespace and the node's end of its link.
#[derive(Debug)]
pub struct Pod {
    netns: Netns,
    node: String,
    link: Link,
}

impl Pod {
    /// The pod's namespace.
    pub fn netns(&self) -> &Netns {
        &self.netns
    }

    /// The node it runs on.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// The name of its interface on the node.
    pub fn interface(&self) -> &str {
        &self.link.name
    }
}

/// The world could not be built or changed.
#[derive(Debug, thiserror::Error)]
pub enum TopologyError {
    /// A namespace was refused.
    #[error(transparent)]
    Namespace(#[from] NetnsError),
    /// Links or routes were refused.
    #[error("links of {place}: {source}")]
    Links {
        /// The node, or `outside`.
        place: String,
        /// What was refused.
        source: RtnlError,
    },
    /// A pod names a node that does not exist.
    #[error("pod {pod}: there is no node {node}")]
    NoSuchNode {
        /// The pod.
        pod: String,
        /// The node it names.
        node: String,
    },
    /// No such pod or node.
    #[error("there is no {0}")]
    NoSuchPlace(String),
    /// The name is taken.
    #[error("there is a {0} already")]
    Duplicate(String),
}

/// Every namespace of the lab and the links between them.
#[derive(Debug)]
pub struct Topology {
    links: Links,
    void: Netns,
    outside: Router,
    nodes: BTreeMap<String, Router>,
    /// The outside's ends of the nodes' links.
    uplinks: BTreeMap<String, Link>,
    /// Addresses that each node is one of the ways to.
    exposed: BTreeMap<String, BTreeSet<IpAddr>>,
    pods: BTreeMap<String, Pod>,
    next_void: u32,
}

impl Topology {
    /// An outside that owns `addresses` and swallows what goes anywhere else. Pods will have links of their own.
    pub fn new(addresses: &[IpAddr]) -> Result<Self, TopologyError> {
        Self::with_links(Links::Ptp, addresses)
    }

    /// As [`Self::new`], with pods hanging on their nodes by `links`.
    pub fn with_links(links: Links, addresses: &[IpAddr]) -> Result<Self, TopologyError> {
        let void = Netns::new("void", Role::Endpoint)?;
        let netns = Netns::new("outside", Role::Router)?;
        let outside = Router::new(netns, addresses.to_vec(), &void, FIRST_VOID).map_err(at("outside"))?;
        outside.own(addresses).map_err(at("outside"))?;
        let anywhere = [Ipv4Net::default().into(), Ipv6Net::default().into()];
        outside.swallow(&anywhere).map_err(at("outside"))?;
        let (nodes, uplinks, pods) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let exposed = BTreeMap::new();
        Ok(Self { links, void, outside, nodes, uplinks, exposed, pods, next_void: FIRST_VOID })
    }

    /// Gives the outside more addresses.
    pub fn add_outside(&mut self, addresses: &[IpAddr]) -> Result<(), TopologyError> {
        self.outside.own(addresses).map_err(at("outside"))
    }

    /// Adds nodes and the routes to their pod ranges.
    pub fn add_nodes(&mut self, specs: &[NodeSpec]) -> Result<(), TopologyError> {
        refuse_duplicates("node", specs.iter().map(|spec| &spec.name), |name| self.nodes.contains_key(name))?;
        let namespaces = namespaces(specs.iter().map(|spec| spec.name.as_str()), Role::Router)?;
        let mut guests = Vec::new();
        let mut routers = Vec::new();
        for (spec, netns) in specs.iter().zip(namespaces) {
            let addresses = self.uplink_addresses(spec);
            routers.push((spec, self.router(spec, &netns, addresses.clone())?));
            guests.push(Guest { netns, addresses, router_interface: None, ranges: spec.pod_ranges.clone() });
        }
        let uplinks = self.outside.connect(&guests).map_err(at("outside"))?;
        for ((spec, router), uplink) in routers.into_iter().zip(uplinks) {
            router.swallow(&spec.pod_ranges).map_err(at(&spec.name))?;
            self.nodes.insert(spec.name.clone(), router);
            self.uplinks.insert(spec.name.clone(), uplink);
        }
        Ok(())
    }

    fn router(
        &mut self,
        spec: &NodeSpec,
        netns: &Netns,
        addresses: Vec<IpAddr>,
    ) -> Result<Router, TopologyError> {
        self.next_void += 1;
        let router = Router::new(netns.clone(), addresses, &self.void, self.next_void);
        let mut router = router.map_err(at(&spec.name))?;
        if self.links == Links::Bridge {
            let switched = netns.run(sysctl::filter_bridges);
            switched.map_err(|source| NetnsError::Sysctl { name: spec.name.clone(), source })?;
            router.bridge(bridged(spec)).map_err(at(&spec.name))?;
        }
        Ok(router)
    }

    /// The addresses of a node's link to the outside: those that are not its bridge's, unless it has no others.
    fn uplink_addresses(&self, spec: &NodeSpec) -> Vec<IpAddr> {
        let bridged: Vec<IpAddr> = bridged(spec).iter().map(IpNet::addr).collect();
        let (inner, mut outer): (Vec<IpAddr>, Vec<IpAddr>) =
            spec.addresses.iter().partition(|ip| self.links == Links::Bridge && bridged.contains(ip));
        let lacking = |ip: &IpAddr| !outer.iter().any(|other| other.is_ipv4() == ip.is_ipv4());
        let more: Vec<IpAddr> = inner.into_iter().filter(lacking).collect();
        outer.extend(more);
        outer
    }

    /// Lets the nodes be the way to these addresses, and to no others of their kind: from outside by the first node, or by the
    /// one whose link a sender is bound to. What a node does not translate vanishes there.
    pub fn expose(&mut self, addresses: &[IpAddr]) -> Result<(), TopologyError> {
        let wanted: BTreeSet<IpAddr> = addresses.iter().copied().collect();
        for (name, uplink) in &self.uplinks {
            let exposed = self.exposed.entry(name.clone()).or_default();
            let Some(router) = self.nodes.get(name) else { continue };
            let new: Vec<IpNet> = wanted.difference(exposed).map(|ip| (*ip).into()).collect();
            let gone: Vec<IpNet> = exposed.difference(&wanted).map(|ip| (*ip).into()).collect();
            router.swallow(&new).and_then(|()| router.forget(&gone)).map_err(at(name))?;
            self.outside.offer(uplink, &router.addresses, &new, &gone).map_err(at("outside"))?;
            exposed.clone_from(&wanted);
        }
        Ok(())
    }

    /// The name of the outside's end of a node's link.
    pub fn uplink(&self, node: &str) -> Option<&str> {
        self.uplinks.get(node).map(|link| link.name.as_str())
    }

    /// Lets more ranges of pods lie behind a node.
    pub fn widen_node(&mut self, name: &str, ranges: &[IpNet]) -> Result<(), TopologyError> {
        let (Some(router), Some(uplink)) = (self.nodes.get(name), self.uplinks.get(name)) else {
            return Err(TopologyError::NoSuchPlace(format!("node {name}")));
        };
        router.swallow(ranges).map_err(at(name))?;
        self.outside.lead(uplink, &router.addresses, ranges).map_err(at("outside"))
    }

    /// Takes a node away that has no pods any more.
    pub fn remove_node(&mut self, name: &str) -> Result<(), TopologyError> {
        // Held until its link is deleted: a namespace that nobody holds takes its links with it, at some moment.
        let (Some(_node), Some(uplink)) = (self.nodes.remove(name), self.uplinks.remove(name)) else {
            return Err(TopologyError::NoSuchPlace(format!("node {name}")));
        };
        self.exposed.remove(name);
        self.outside.disconnect(&uplink).map_err(at("outside"))
    }

    /// Adds pods to their nodes, those of a node in one batch.
    pub fn add_pods(&mut self, specs: &[PodSpec]) -> Result<(), TopologyError> {
        refuse_duplicates("pod", specs.iter().map(|spec| &spec.name), |name| self.pods.contains_key(name))?;
        let namespaces = namespaces(specs.iter().map(|spec| spec.name.as_str()), Role::Endpoint)?;
        let mut by_node = BTreeMap::<&str, Vec<(&PodSpec, Guest)>>::new();
        for (spec, netns) in specs.iter().zip(namespaces) {
            let (addresses, router_interface) = (spec.addresses.clone(), spec.interface.clone());
            let guest = Guest { netns, addresses, router_interface, ranges: Vec::new() };
            by_node.entry(&spec.node).or_default().push((spec, guest));
        }
        by_node.into_iter().try_for_each(|(node, pods)| self.add_to_node(node, pods))
    }

    fn add_to_node(&mut self, node: &str, pods: Vec<(&PodSpec, Guest)>) -> Result<(), TopologyError> {
        let (specs, guests): (Vec<_>, Vec<_>) = pods.into_iter().unzip();
        let Some(router) = self.nodes.get_mut(node) else {
            let pod = specs.into_iter().map(|spec| spec.name.clone()).next().unwrap_or_default();
            return Err(TopologyError::NoSuchNode { pod, node: node.to_owned() });
        };
        let links = router.connect(&guests).map_err(at(node))?;
        for ((spec, guest), link) in specs.into_iter().zip(guests).zip(links) {
            let (netns, node) = (guest.netns, node.to_owned());
            self.pods.insert(spec.name.clone(), Pod { netns, node, link });
        }
        Ok(())
    }

    /// Takes a pod away: its link and routes at once, its namespace with the last socket in it.
    pub fn remove_pod(&mut self, name: &str) -> Result<(), TopologyError> {
        let pod = self.pods.remove(name).ok_or_else(|| TopologyError::NoSuchPlace(format!("pod {name}")))?;
        let Some(router) = self.nodes.get(&pod.node) else { return Ok(()) };
        router.disconnect(&pod.link).map_err(at(&pod.node))
    }

    /// Gives a pod one more address, which may be another's: a drill.
    pub fn give(&self, name: &str, address: IpAddr) -> Result<(), TopologyError> {
        let pod = self.pods.get(name).ok_or_else(|| TopologyError::NoSuchPlace(format!("pod {name}")))?;
        pod.netns.run(move || wire::take(address)).map_err(at(name))
    }

    /// Hangs a pod on its node's uplink as a macvlan, so that its packets go around the node: a drill.
    pub fn bypass(&self, name: &str) -> Result<(), TopologyError> {
        let pod = self.pods.get(name).ok_or_else(|| TopologyError::NoSuchPlace(format!("pod {name}")))?;
        let Some(router) = self.nodes.get(&pod.node) else { return Ok(()) };
        router.bypass(&pod.link, &pod.netns).map_err(at(&pod.node))
    }

    /// The bridge of every node that the pods' interfaces are ports of, if they are.
    pub fn bridge(&self) -> Option<&'static str> {
        (self.links == Links::Bridge).then_some(wire::BRIDGE)
    }

    /// The outside world's namespace.
    pub fn outside(&self) -> &Netns {
        &self.outside.netns
    }

    /// A node's namespace.
    pub fn node(&self, name: &str) -> Option<&Netns> {
        self.nodes.get(name).map(|router| &router.netns)
    }

    /// A pod that has a namespace of its own.
    pub fn pod(&self, name: &str) -> Option<&Pod> {
        self.pods.get(name)
    }

    /// Every node's name and namespace.
    pub fn nodes(&self) -> impl Iterator<Item = (&str, &Netns)> {
        self.nodes.iter().map(|(name, router)| (name.as_str(), &router.netns))
    }

    /// Every pod that has a namespace of its own, by name.
    pub fn pods(&self) -> impl Iterator<Item = (&str, &Pod)> {
        self.pods.iter().map(|(name, pod)| (name.as_str(), pod))
    }
}

/// The addresses of a node's bridge, with the prefixes of the ranges they lie in.
fn bridged(spec: &NodeSpec) -> Vec<IpNet> {
    let on_bridge = |ip: &IpAddr| {
        let range = spec.pod_ranges.iter().find(|range| range.contains(ip))?;
        IpNet::new(*ip, range.prefix_len()).ok()
    };
    spec.addresses.iter().filter_map(on_bridge).collect()
}

fn refuse_duplicates<'a>(
    kind: &str,
    names: impl Iterator<Item = &'a String>,
    taken: impl Fn(&str) -> bool,
) -> Result<(), TopologyError> {
    let mut seen = BTreeSet::new();
    for name in names {
        if taken(name) || !seen.insert(name) {
            return Err(TopologyError::Duplicate(format!("{kind} {name}")));
        }
    }
    Ok(())
}

/// Makes many namespaces at once.
fn namespaces<'a>(names: impl Iterator<Item = &'a str>, role: Role) -> Result<Vec<Netns>, NetnsError> {
    let begun: Vec<_> = names.map(|name| Netns::begin(name, role)).collect::<Result<_, _>>()?;
    begun.into_iter().map(crate::netns::Nascent::finish).collect()
}

fn at(place: &str) -> impl Fn(RtnlError) -> TopologyError {
    let place = place.to_owned();
    move |source| TopologyError::Links { place: place.clone(), source }
}
