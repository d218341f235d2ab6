//! A change, as callers see it.

use podfence_model::{Family, PortSet};

use crate::ends::Ends;

/// What is said of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Said {
    /// It is dropped for certain.
    Denied,
    /// It hangs on facts that are missing.
    Undecidable,
    /// It passes for certain.
    Allowed,
}

impl Said {
    pub(super) const ALL: [Self; 3] = [Self::Denied, Self::Undecidable, Self::Allowed];
}

/// From what to what a connection changes; in the order of danger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Turn {
    /// Denied before, allowed now.
    Opened,
    /// Undecidable before, allowed now.
    SettledOpen,
    /// Denied before, undecidable now.
    MayOpen,
    /// Allowed before, undecidable now.
    MayClose,
    /// Undecidable before, denied now.
    SettledClosed,
    /// Allowed before, denied now.
    Closed,
}

impl Turn {
    /// The turn from one to the other; `None` when they are the same.
    pub fn between(before: Said, after: Said) -> Option<Self> {
        use Said::{Allowed, Denied, Undecidable};
        match (before, after) {
            (Denied, Allowed) => Some(Self::Opened),
            (Undecidable, Allowed) => Some(Self::SettledOpen),
            (Denied, Undecidable) => Some(Self::MayOpen),
            (Allowed, Undecidable) => Some(Self::MayClose),
            (Undecidable, Denied) => Some(Self::SettledClosed),
            (Allowed, Denied) => Some(Self::Closed),
            (Denied, Denied) | (Undecidable, Undecidable) | (Allowed, Allowed) => None,
        }
    }

    /// What was said before.
    pub fn before(self) -> Said {
        match self {
            Self::Opened | Self::MayOpen => Said::Denied,
            Self::SettledOpen | Self::SettledClosed => Said::Undecidable,
            Self::MayClose | Self::Closed => Said::Allowed,
        }
    }

    /// What is said now.
    pub fn after(self) -> Said {
        match self {
            Self::Opened | Self::SettledOpen => Said::Allowed,
            Self::MayOpen | Self::MayClose => Said::Undecidable,
            Self::SettledClosed | Self::Closed => Said::Denied,
        }
    }

    /// The turn when both worlds change places.
    #[must_use]
    pub fn mirrored(self) -> Self {
        match self {
            Self::Opened => Self::Closed,
            Self::SettledOpen => Self::MayClose,
            Self::MayOpen => Self::SettledClosed,
            Self::MayClose => Self::SettledOpen,
            Self::SettledClosed => Self::MayOpen,
            Self::Closed => Self::Opened,
        }
    }
}

/// Whether both worlds have the ends of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Both have both ends.
    Existing,
    /// An end is in the new world only: nothing was allowed before.
    New,
    /// An end is in the old world only: nothing is allowed any more.
    Gone,
}

/// Connections that change alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Whether both worlds have the ends.
    pub scope: Scope,
    /// From what to what.
    pub turn: Turn,
    /// Who opens the connections, by the names of the change's world ([`super::Difference::side`]); never empty. Where a pod is in `to`, too, it means another one: everybody reaches itself.
    pub from: Ends,
    /// Who is reached, likewise.
    pub to: Ends,
    /// The ports that change; never empty.
    pub ports: PortSet,
    /// Ports that are allowed on all of these connections, before and after: with some, the change widens or narrows.
    pub stays: PortSet,
    /// The family, where pods of several families change in one of them only, or in each otherwise.
    pub family: Option<Family>,
}
