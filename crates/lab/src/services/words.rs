//! What the two IP versions call the same things, and the names in the table.

use podfence_model::Family;
use podfence_netlink::nft::{DataType, IpVersion, Load, Name, NameError};

/// The words of one IP version.
pub(super) struct Words {
    pub(super) version: IpVersion,
    pub(super) family: Family,
    pub(super) suffix: &'static str,
    pub(super) address: DataType,
    pub(super) saddr: Load,
    pub(super) daddr: Load,
}

pub(super) const WORDS: [Words; 2] = [
    Words {
        version: IpVersion::V4,
        family: Family::V4,
        suffix: "v4",
        address: DataType::Ipv4,
        saddr: Load::IP_SADDR,
        daddr: Load::IP_DADDR,
    },
    Words {
        version: IpVersion::V6,
        family: Family::V6,
        suffix: "v6",
        address: DataType::Ipv6,
        saddr: Load::IP6_SADDR,
        daddr: Load::IP6_DADDR,
    },
];

impl Words {
    pub(super) fn of(family: Family) -> &'static Self {
        let [v4, v6] = &WORDS;
        if family == Family::V4 { v4 } else { v6 }
    }

    /// The name of a set or map of this version.
    pub(super) fn name(&self, word: &str) -> Result<Name, NameError> {
        Name::new(format!("{word}-{}", self.suffix))
    }
}

/// The sets and maps, each once a version.
pub(super) mod set {
    /// Address, protocol and port, and what happens to packets to them.
    pub(in super::super) const SERVICES: &str = "services";
    /// Protocol and port of the node, and what happens to packets to them.
    pub(in super::super) const NODE_PORTS: &str = "node-ports";
    /// Address, protocol and port that nobody answers.
    pub(in super::super) const UNSERVED: &str = "unserved";
    /// Protocol and port of the node that nobody answers.
    pub(in super::super) const UNSERVED_NODE_PORTS: &str = "unserved-node-ports";
    /// Ranges of the node's own pods.
    pub(in super::super) const OWN_PODS: &str = "own-pods";
    /// Each backend with itself.
    pub(in super::super) const HAIRPIN: &str = "hairpin";
}

/// The chains.
pub(super) mod chain {
    use super::{Name, NameError};

    pub(in super::super) const PREROUTING: Name = Name::constant("prerouting");
    pub(in super::super) const OUTPUT: Name = Name::constant("output");
    pub(in super::super) const POSTROUTING: Name = Name::constant("postrouting");
    pub(in super::super) const UNSERVED_FORWARD: Name = Name::constant("unserved-forward");
    pub(in super::super) const UNSERVED_INPUT: Name = Name::constant("unserved-input");
    pub(in super::super) const UNSERVED_OUTPUT: Name = Name::constant("unserved-output");
    pub(in super::super) const REJECT: Name = Name::constant("reject");

    /// Any backend of a port.
    pub(in super::super) fn everywhere(number: usize) -> Result<Name, NameError> {
        Name::new(format!("service-{number}"))
    }

    /// A backend on this node.
    pub(in super::super) fn local(number: usize) -> Result<Name, NameError> {
        Name::new(format!("local-{number}"))
    }

    /// What comes by an address or port that is open to everybody.
    pub(in super::super) fn external(number: usize) -> Result<Name, NameError> {
        Name::new(format!("external-{number}"))
    }
}
