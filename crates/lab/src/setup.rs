//! What a lab is like, where manifests leave it open: how pods hang on their nodes, and which families have addresses.

use std::fmt;
use std::net::IpAddr;

use podfence_model::Family;

/// How pods hang on their nodes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Links {
    /// Each on a link of its own with a `/32` and a `/128`, as with routed CNIs.
    #[default]
    Ptp,
    /// All of a node on one bridge, `cni0`, whose address is their gateway, as with the CNI plugin `bridge`.
    Bridge,
}

/// The families that pods, nodes and Services have addresses of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Families {
    /// IPv4 alone.
    Ipv4,
    /// IPv6 alone.
    Ipv6,
    /// Both.
    #[default]
    Dual,
}

impl Families {
    /// Whether a family is one of them.
    pub fn has(self, family: Family) -> bool {
        match self {
            Self::Ipv4 => family == Family::V4,
            Self::Ipv6 => family == Family::V6,
            Self::Dual => true,
        }
    }

    /// Whether an address is of one of them.
    pub fn hold(self, address: IpAddr) -> bool {
        self.has(Family::of(address))
    }
}

/// What a lab is like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Setup {
    /// How pods hang on their nodes.
    pub links: Links,
    /// The families in use.
    pub families: Families,
}

impl Setup {
    /// Every lab that there is.
    pub const ALL: [Self; 6] = [
        Self { links: Links::Ptp, families: Families::Dual },
        Self { links: Links::Ptp, families: Families::Ipv4 },
        Self { links: Links::Ptp, families: Families::Ipv6 },
        Self { links: Links::Bridge, families: Families::Dual },
        Self { links: Links::Bridge, families: Families::Ipv4 },
        Self { links: Links::Bridge, families: Families::Ipv6 },
    ];
}

impl fmt::Display for Setup {
    /// As in `ptp/dual`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let links = match self.links {
            Links::Ptp => "ptp",
            Links::Bridge => "bridge",
        };
        let families = match self.families {
            Families::Ipv4 => "ipv4",
            Families::Ipv6 => "ipv6",
            Families::Dual => "dual",
        };
        write!(f, "{links}/{families}")
    }
}
