//! What the lab is like, as arguments: how pods hang on their nodes, and which families have addresses.

use clap::{Args, ValueEnum};
use podfence_lab::setup::{self, Families, Setup};

/// `--links` and `--family`.
#[derive(Debug, Clone, Copy, Args)]
pub struct Arguments {
    /// How pods hang on their nodes
    #[arg(long, value_enum, default_value_t = Links::Ptp)]
    links: Links,

    /// The families that pods, nodes and Services have addresses of
    #[arg(long, value_enum, default_value_t = Family::Dual)]
    family: Family,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Links {
    /// Each on a link of its own, as with routed CNIs
    Ptp,
    /// All of a node on one bridge
    Bridge,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Family {
    Ipv4,
    Ipv6,
    Dual,
}

impl Arguments {
    /// The lab that was asked for.
    pub fn setup(self) -> Setup {
        let links = match self.links {
            Links::Ptp => setup::Links::Ptp,
            Links::Bridge => setup::Links::Bridge,
        };
        let families = match self.family {
            Family::Ipv4 => Families::Ipv4,
            Family::Ipv6 => Families::Ipv6,
            Family::Dual => Families::Dual,
        };
        Setup { links, families }
    }
}
