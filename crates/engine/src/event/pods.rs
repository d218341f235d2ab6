//! Pods come, go and change: each address moves from one class to another, and nothing else is computed again.

use std::collections::BTreeSet;
use std::net::IpAddr;

use podfence_model::{NamespacedName, Pod};

use crate::class::Member;
use crate::ids::{ClassId, PodId};
use crate::index::{Engine, member_addresses};

/// An address of a known pod that changed its class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// The address.
    pub address: IpAddr,
    /// The class it left; `None` when no known pod had it.
    pub from: Option<ClassId>,
    /// The class it is in now; `None` when no known pod has it any more.
    pub to: Option<ClassId>,
}

impl Engine {
    /// Enters a pod, or what it has become. Costs by the pod's own addresses and labels, not by other pods.
    pub fn put_pod(&mut self, mut pod: Pod) -> Vec<Move> {
        self.imply_namespace(&pod.meta.id.namespace);
        self.alike.share(&mut pod);
        let known = self.pod_id(&pod.meta.id);
        let id = known.unwrap_or_else(|| self.new_place(&pod));
        let before = self.withdraw(id);
        self.pods[id.index()] = pod;
        if known.is_none() {
            self.pod_names.enter(&self.pods, id);
        }
        self.announce(id, before)
    }

    /// Forgets a pod. Nothing moves when it is not known.
    pub fn remove_pod(&mut self, name: &NamespacedName) -> Vec<Move> {
        let Some(id) = self.pod_names.remove(&self.pods, name) else { return Vec::new() };
        let before = self.withdraw(id);
        self.pods[id.index()].life = podfence_model::Life::Finished;
        self.residents.leave(&name.namespace, id);
        self.free.push(id);
        self.announce(id, before)
    }

    fn new_place(&mut self, pod: &Pod) -> PodId {
        let id = self.free.pop().unwrap_or_else(|| {
            self.pods.push(pod.clone());
            PodId::new(self.pods.len() - 1)
        });
        self.residents.enter(&pod.meta.id.namespace, id);
        id
    }

    /// Puts a pod where it belongs now, after something besides itself has changed.
    pub(super) fn reseat_pod(&mut self, id: PodId) -> Vec<Move> {
        if !self.pod(id).is_policed() {
            return Vec::new();
        }
        self.classes.leave(Member { pod: id, address: None });
        self.seat_without_address(id);
        let addresses = self.pod(id).ips().to_vec();
        addresses.into_iter().filter_map(|address| self.reseat(address)).collect()
    }

    fn seat_without_address(&mut self, id: PodId) {
        if member_addresses(self.pod(id)).contains(&None) {
            let signature = self.pod_signature(id, &[]);
            self.classes.join(signature, Member { pod: id, address: None });
        }
    }

    /// Gives up the claims of a pod; returns the addresses it had.
    fn withdraw(&mut self, id: PodId) -> BTreeSet<IpAddr> {
        let pod = &self.pods[id.index()];
        if !pod.is_policed() {
            return BTreeSet::new();
        }
        self.classes.leave(Member { pod: id, address: None });
        let had: BTreeSet<IpAddr> = pod.ips().iter().copied().collect();
        for ip in &had {
            self.owners.release(*ip, id);
        }
        had
    }

    /// Makes the claims of a pod, and puts every address that it had or has where it belongs now.
    fn announce(&mut self, id: PodId, before: BTreeSet<IpAddr>) -> Vec<Move> {
        let mut addresses = before;
        let pod = &self.pods[id.index()];
        if pod.is_policed() {
            for ip in pod.ips() {
                self.owners.claim(*ip, id);
            }
            addresses.extend(pod.ips());
            self.seat_without_address(id);
        }
        addresses.into_iter().filter_map(|address| self.reseat(address)).collect()
    }

    fn reseat(&mut self, address: IpAddr) -> Option<Move> {
        let owner = self.pod_with_address(address);
        let seat = Member { pod: PodId::new(0), address: Some(address) }; // an address holds its seat whosever it is
        let from = self.classes.leave(seat);
        let to = owner.map(|pod| {
            let signature = self.pod_signature(pod, &[address]);
            self.classes.join(signature, Member { pod, address: Some(address) })
        });
        (from != to).then_some(Move { address, from, to })
    }
}
