//! Tables and chains: what they are called and where they hook into the kernel's packet path.

use std::fmt;

use super::name::{Comment, Name};

/// The address family of a table (`NFPROTO_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Family {
    /// IPv4 and IPv6 together.
    Inet = 1,
    /// IPv4.
    Ip = 2,
    /// Frames on bridges.
    Bridge = 7,
    /// IPv6.
    Ip6 = 10,
}

impl Family {
    const ALL: [Self; 4] = [Self::Inet, Self::Ip, Self::Bridge, Self::Ip6];

    pub(crate) const fn number(self) -> u8 {
        self as u8
    }

    pub(crate) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.number() == number)
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inet => "inet",
            Self::Ip => "ip",
            Self::Bridge => "bridge",
            Self::Ip6 => "ip6",
        })
    }
}

/// Which table: every operation and dump is limited to one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Table {
    /// Its family.
    pub family: Family,
    /// Its name, unique within the family.
    pub name: Name,
}

impl Table {
    /// The table of this family and name.
    pub const fn new(family: Family, name: Name) -> Self {
        Self { family, name }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.family, self.name)
    }
}

/// A chain to create, or as the kernel has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// Its name, unique within the table.
    pub name: Name,
    /// Where it hooks in; none for a chain that is only jumped to.
    pub base: Option<BaseChain>,
    /// Shown by `nft list`.
    pub comment: Option<Comment>,
}

impl Chain {
    /// A chain that rules jump or go to.
    pub const fn regular(name: Name) -> Self {
        Self { name, base: None, comment: None }
    }

    /// A chain that packets enter at a hook.
    pub const fn base(name: Name, base: BaseChain) -> Self {
        Self { name, base: Some(base), comment: None }
    }

    /// With a comment.
    #[must_use]
    pub fn comment(self, comment: Comment) -> Self {
        Self { comment: Some(comment), ..self }
    }
}

/// Where a chain meets packets, and what happens to those that no rule decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BaseChain {
    /// Its type.
    pub kind: ChainKind,
    /// The hook.
    pub hook: Hook,
    /// Order among chains of a hook, lower first; see [`priority`].
    pub priority: i32,
    /// The verdict at the end of the chain.
    pub policy: Policy,
}

impl BaseChain {
    /// A filter chain that accepts what it does not drop.
    pub const fn filter(hook: Hook, priority: i32) -> Self {
        Self { kind: ChainKind::Filter, hook, priority, policy: Policy::Accept }
    }

    /// A NAT chain.
    pub const fn nat(hook: Hook, priority: i32) -> Self {
        Self { kind: ChainKind::Nat, hook, priority, policy: Policy::Accept }
    }
}

/// The type of a base chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainKind {
    /// Sees every packet.
    Filter,
    /// Sees the first packet of a connection only.
    Nat,
    /// Re-routes packets whose mark or address it changed.
    Route,
}

impl ChainKind {
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Filter => "filter",
            Self::Nat => "nat",
            Self::Route => "route",
        }
    }

    pub(crate) fn from_text(text: &str) -> Option<Self> {
        [Self::Filter, Self::Nat, Self::Route].into_iter().find(|kind| kind.text() == text)
    }
}

/// A netfilter hook (`NF_INET_*`; `NF_BR_*` have the same numbers).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Hook {
    /// Before routing.
    Prerouting = 0,
    /// To this host.
    Input = 1,
    /// Through this host.
    Forward = 2,
    /// From this host.
    Output = 3,
    /// After routing.
    Postrouting = 4,
}

impl Hook {
    pub(crate) fn from_number(number: u32) -> Option<Self> {
        [Self::Prerouting, Self::Input, Self::Forward, Self::Output, Self::Postrouting]
            .into_iter()
            .find(|hook| *hook as u32 == number)
    }
}

/// The verdict for packets that reach the end of a base chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Policy {
    /// They are dropped.
    Drop = 0,
    /// They pass.
    Accept = 1,
}

/// Well-known priorities (`NF_IP_PRI_*`, `NF_BR_PRI_*`).
pub mod priority {
    /// Before connection tracking: `notrack` works here.
    pub const RAW: i32 = -300;
    /// Where packets are usually altered.
    pub const MANGLE: i32 = -150;
    /// Destination NAT at prerouting.
    pub const DNAT: i32 = -100;
    /// Where packets are usually filtered.
    pub const FILTER: i32 = 0;
    /// Source NAT at postrouting.
    pub const SNAT: i32 = 100;
    /// Filtering on bridges.
    pub const BRIDGE_FILTER: i32 = -200;
}
