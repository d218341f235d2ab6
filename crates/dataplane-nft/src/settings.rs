//! What an operator may choose about the table.

use std::num::NonZeroU32;

use podfence_netlink::nft::{Family, Name, Table};

use crate::generation::{Generations, Stamp};
use crate::pod_interface::PodInterface;

/// Settings of a dataplane. The defaults suit a node with kube-proxy and a CNI that routes through the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The table's name, in family inet.
    pub table: Name,
    /// The bits of the connection mark that hold the generation; at least two. Others keep the rest.
    pub mark_mask: u32,
    /// Order among the chains of the forward and input hooks, lower first.
    pub priority: i32,
    /// Links of pods, where pods have no ranges: what comes from one and goes to one must be of a known pod.
    pub pod_interfaces: Vec<PodInterface>,
    /// The NFLOG group that refused packets are reported to.
    pub log_group: u16,
    /// Which connections that are admitted are told of; `None` for none, and then no rule is there for it.
    pub admissions: Option<Admissions>,
    /// About the most bytes of one transaction, during which all others of the network namespace wait; 64 KiB at
    /// least. Larger changes are built beside what is in force. Sockets may allow less.
    pub transaction_bytes: usize,
}

/// Which connections that are admitted are told of when they are opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admissions {
    /// The NFLOG group that they are reported to: one of their own, so that they take no room from refusals.
    pub log_group: u16,
    /// Of so many one, drawn at random.
    pub one_in: NonZeroU32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            table: Name::constant("podfence"),
            mark_mask: 0xff00_0000,
            priority: -10, // before the usual filter chains: a packet we refuse is refused whatever they say
            pod_interfaces: Vec::new(),
            log_group: 5353,
            admissions: None,
            transaction_bytes: 4 << 20, // some 100,000 addresses, and tens of milliseconds
        }
    }
}

impl Settings {
    /// Whether generations fit into the bits of a mask: at least two bits next to each other, without a gap.
    pub fn is_mask(mask: u32) -> bool {
        Generations::new(mask, Stamp::NONE).is_some()
    }

    /// The most bytes of a transaction on a socket that sends at most `max_batch_bytes`.
    pub(crate) fn limit(&self, max_batch_bytes: usize) -> usize {
        const LEAST: usize = 64 << 10;
        self.transaction_bytes.max(LEAST).min(max_batch_bytes)
    }

    pub(crate) fn table(&self) -> Table {
        Table::new(Family::Inet, self.table.clone())
    }
}
