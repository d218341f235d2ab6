//! What an operator may choose about the table.

use podfence_netlink::nft::{Family, Name, Table};

/// Settings of a dataplane. The defaults suit a node with kube-proxy and a CNI that routes through the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The table's name, in family inet.
    pub table: Name,
    /// The bits of the connection mark that hold the generation; at least two. Others keep the rest.
    pub mark_mask: u32,
    /// Order among the chains of the forward and input hooks, lower first.
    pub priority: i32,
    /// The NFLOG group that refused packets are reported to.
    pub log_group: u16,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            table: Name::constant("podfence"),
            mark_mask: 0xff00_0000,
            priority: -10, // before the usual filter chains: a packet we refuse is refused whatever they say
            log_group: 5353,
        }
    }
}

impl Settings {
    pub(crate) fn table(&self) -> Table {
        Table::new(Family::Inet, self.table.clone())
    }
}
