//! From the running cluster to another world, by what differs, in an order that never opens a hole.
//!
//! 1. What goes is taken away first: servers, links, nodes. An address whose pod has no link reaches nobody.
//! 2. The rules of the new world come into force while its new pods have no link yet: whatever a new pod sends first, and
//!    whatever is sent to an address that another pod had, meets the rules of the pod that has it now. The rules of what has
//!    gone leave in the same transaction, when there is no packet left that they could refuse.
//! 3. Only then are new pods plugged in and served.
//! 4. Services and DNS point to what is there: before 3 at what stays, after it at everything.
//!
//! Each node switches in one transaction; between nodes there is a moment in which some follow the new world and others the
//! old one, as in any cluster. A failure leaves a cluster that the next update starts from: what is built is noted as it is.

use std::collections::BTreeSet;
use std::net::IpAddr;

use podfence_engine::Engine;
use podfence_model::{NamespacedName, World};

use super::names::zone;
use super::parts::{Parts, Place, Shared};
use super::proxied::{Proxied, exposed};
use super::{Cluster, ClusterError, stale};
use crate::ingress::all_routes;
use crate::services::program;
use crate::topology::{NodeSpec, PodSpec};

/// Interface names hold 15 bytes.
const INTERFACE: usize = 15;

impl Cluster {
    /// Brings the cluster to another placed world with the least change, and enforces it. Returns the engine whose
    /// verdicts are in force.
    ///
    /// Pods that are the same by name, node and addresses keep running, with their connections as far as policies let
    /// them. To keep places between worlds is the caller's choice: [`crate::place::place_after`].
    pub fn update(&mut self, world: World) -> Result<Engine, ClusterError> {
        let engine = Engine::new(&world);
        let parts = self.begin(world)?;
        self.enforce()?;
        self.finish(&parts)?;
        Ok(engine)
    }

    /// As [`Self::update`], but new pods are plugged in before any agent has heard of them, as a CNI does it. `started` is
    /// called when they are and may let them send: until their agent knows them they are closed.
    pub fn update_late(&mut self, world: World, started: impl FnOnce(&Self)) -> Result<Engine, ClusterError> {
        let engine = Engine::new(&world);
        let parts = self.begin(world)?;
        let coming = self.coming(&parts).collect();
        self.plug(coming)?;
        started(self);
        self.enforce()?;
        self.finish(&parts)?;
        Ok(engine)
    }

    /// Everything that comes before the new rules.
    pub(super) fn begin(&mut self, world: World) -> Result<Parts, ClusterError> {
        let parts = Parts::of(&world);
        self.world = world;
        self.stop_servers(&parts);
        self.unplug(&parts)?;
        self.settle_nodes(&parts)?;
        self.name_links(&parts);
        Ok(parts)
    }

    /// Everything that comes after the new rules.
    pub(super) fn finish(&mut self, parts: &Parts) -> Result<(), ClusterError> {
        let coming: Vec<PodSpec> = self.coming(parts).collect();
        let absent: BTreeSet<IpAddr> = coming.iter().flat_map(|pod| pod.addresses.clone()).collect();
        self.translate(&absent)?;
        self.plug(coming)?;
        self.start_servers(parts)?;
        self.translate(&BTreeSet::new())?;
        self.zone.replace(zone(&self.world)?);
        self.routes.send_replace(all_routes(&self.world));
        Ok(())
    }

    /// Stops what is served no more, and what is served otherwise.
    fn stop_servers(&mut self, parts: &Parts) {
        let goes = |place: &Place| match place {
            Place::Pod(name) => self.goes(parts, name),
            Place::Node(name) => self.node_goes(parts, name),
            Place::Outside => false,
        };
        let stopped: Vec<Place> = self.serving.keys().filter(|place| goes(place)).cloned().collect();
        let changed =
            self.serving.iter().filter(|(place, (serving, _))| parts.serving.get(place) != Some(serving));
        let changed: Vec<Place> = changed.map(|(place, _)| place.clone()).collect();
        for place in stopped.into_iter().chain(changed) {
            for servers in self.serving.remove(&place).into_iter().flat_map(|(_, servers)| servers) {
                self.runtime.block_on(servers.stop());
            }
        }
    }

    fn goes(&self, parts: &Parts, pod: &str) -> bool {
        let Some(now) = self.plugged.get(pod) else { return false };
        let same = |then: &PodSpec| then.node == now.node && then.addresses == now.addresses;
        self.node_goes(parts, &now.node) || !parts.pods.get(pod).is_some_and(same)
    }

    fn node_goes(&self, parts: &Parts, node: &str) -> bool {
        let Some(now) = self.nodes.get(node) else { return false };
        parts.nodes.get(node).is_none_or(|then| then.addresses != now.addresses)
    }

    fn unplug(&mut self, parts: &Parts) -> Result<(), ClusterError> {
        let going: Vec<String> = self.plugged.keys().filter(|pod| self.goes(parts, pod)).cloned().collect();
        for pod in going {
            self.plugged.remove(&pod);
            self.topology.remove_pod(&pod)?;
            if let Some((namespace, name)) = pod.split_once('/') {
                self.agents.unplug(&NamespacedName::new(namespace, name))?;
            }
        }
        Ok(())
    }

    fn settle_nodes(&mut self, parts: &Parts) -> Result<(), ClusterError> {
        let going: Vec<String> =
            self.nodes.keys().filter(|node| self.node_goes(parts, node)).cloned().collect();
        for node in going {
            self.nodes.remove(&node);
            self.agents.remove(&node);
            self.translated.remove(&node);
            self.topology.remove_node(&node)?;
        }
        let new: Vec<NodeSpec> =
            parts.nodes.values().filter(|node| !self.nodes.contains_key(&node.name)).cloned().collect();
        self.topology.add_nodes(&new)?;
        self.nodes.extend(new.into_iter().map(|node| (node.name.clone(), node)));
        for node in parts.nodes.values() {
            self.widen(node)?;
        }
        Ok(())
    }

    /// Ranges that a node has lost stay where they are until another node gets them: nobody has an address in them.
    fn widen(&mut self, node: &NodeSpec) -> Result<(), ClusterError> {
        let Some(now) = self.nodes.get_mut(&node.name) else { return Ok(()) };
        let more = node.pod_ranges.iter().filter(|range| !now.pod_ranges.contains(range));
        let more: Vec<_> = more.copied().collect();
        now.pod_ranges.clone_from(&node.pod_ranges);
        if more.is_empty() { Ok(()) } else { Ok(self.topology.widen_node(&node.name, &more)?) }
    }

    /// Names the links of pods before they are made: their rules are.
    fn name_links(&mut self, parts: &Parts) {
        self.links.retain(|pod, _| parts.pods.contains_key(pod));
        for pod in parts.pods.keys() {
            if !self.plugged.contains_key(pod) {
                self.last_link += 1;
                let name = pod.rsplit('/').next().unwrap_or_default().replace('.', "-");
                let mut interface = format!("v{}-{name}", self.last_link);
                interface.truncate(INTERFACE);
                self.links.insert(pod.clone(), interface);
            }
        }
    }

    fn coming(&self, parts: &Parts) -> impl Iterator<Item = PodSpec> {
        let new = parts.pods.values().filter(|pod| !self.plugged.contains_key(&pod.name));
        new.map(|pod| PodSpec { interface: self.links.get(&pod.name).cloned(), ..pod.clone() })
    }

    fn plug(&mut self, coming: Vec<PodSpec>) -> Result<(), ClusterError> {
        let added = self.topology.add_pods(&coming);
        let made = coming.into_iter().filter(|pod| self.topology.pod(&pod.name).is_some());
        self.plugged.extend(made.map(|pod| (pod.name.clone(), pod)));
        Ok(added?)
    }

    fn start_servers(&mut self, parts: &Parts) -> Result<(), ClusterError> {
        for (place, serving) in &parts.serving {
            if self.serving.contains_key(place) {
                continue;
            }
            let Some(netns) = place.netns(&self.topology) else { continue };
            let shared = Shared { zone: &self.zone, routes: &self.routes };
            let servers = serving.start(netns, self.runtime.handle(), &shared)?;
            self.serving.insert(place.clone(), (serving.clone(), servers));
        }
        Ok(())
    }

    /// Lets every node translate the Services of the world, without backends at `absent` addresses.
    fn translate(&mut self, absent: &BTreeSet<IpAddr>) -> Result<(), ClusterError> {
        self.topology.expose(&exposed(&self.world))?;
        for (name, netns) in self.topology.nodes() {
            let Some(node) = self.world.nodes.get(name) else { continue };
            let mut now = Proxied::of(&self.world, node);
            now.ports.iter_mut().for_each(|port| port.without(|ip| absent.contains(&ip)));
            let before = self.translated.get(name);
            if before != Some(&now) {
                program(netns, &now.pods, &now.ports)?;
                stale::forget(netns, before.map_or(&[][..], |before| &before.ports), &now.ports)?;
                self.translated.insert(name.to_owned(), now);
            }
        }
        Ok(())
    }
}
