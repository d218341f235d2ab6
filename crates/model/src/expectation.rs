//! What somebody expects of a cluster, as read from a file: claims about who reaches whom, not yet held against anything.
//!
//! Ends, ports and policies are kept as [`Word`]s, since what they mean hangs on a world. Source of the form: `docs/expectations.md`.

use crate::meta::Place;
use crate::net::Family;
use crate::policy::Directions;

/// A text and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The text.
    pub text: String,
    /// Where.
    pub place: Place,
}

/// One claim, with what its author calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// `name`, if stated.
    pub name: Option<String>,
    /// What is claimed.
    pub claim: Claim,
    /// Where it stands.
    pub place: Place,
}

/// What is claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// `allow`, `deny`, `permits`, `forbids`: every connection of a set ends one way.
    Connections(Connections),
    /// `exactly`: some reach what is listed, and nothing else.
    Exactly(Exactly),
    /// `equivalent`: two sets of policies admit the same.
    Equivalent {
        /// One set.
        policies: Vec<Word>,
        /// The other.
        to: Vec<Word>,
    },
    /// `contains`: one set of policies admits all that another does.
    Contains {
        /// Who admits at least as much.
        policies: Vec<Word>,
        /// As who.
        of: Vec<Word>,
    },
    /// `redundant`: without these policies all stays as it is.
    Redundant {
        /// The policies.
        policies: Vec<Word>,
    },
    /// `isolated`: some policy selects each of the pods.
    Isolated {
        /// The pods.
        pods: Vec<Word>,
        /// In which directions; not empty.
        directions: Directions,
    },
    /// `hostNetwork`: these pods have it, and no others. Policies select none that does.
    HostNetwork {
        /// The pods; may be none.
        pods: Vec<Word>,
    },
    /// Something that cannot be judged offline, with the reason.
    Skipped(String),
}

/// How connections must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// All pass.
    Allowed,
    /// All are refused.
    Denied,
}

/// Every member of one set to every member of another, on every port of a third.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connections {
    /// How they must end.
    pub wanted: Wanted,
    /// Who opens them.
    pub from: Vec<Word>,
    /// Who is to accept them.
    pub to: Vec<Word>,
    /// On which ports; empty = on all.
    pub ports: Vec<Word>,
    /// In which family; `None` = in each that both ends have.
    pub family: Option<Family>,
    /// The policies that are looked at; `None` = all.
    pub policies: Option<Vec<Word>>,
}

/// All that some may reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exactly {
    /// Who opens connections.
    pub from: Vec<Word>,
    /// Whom they reach; everybody else is out of their reach.
    pub reaches: Vec<Reach>,
    /// Where missing facts leave it open.
    pub undecided: Vec<Reach>,
    /// In which family; `None` = in each.
    pub family: Option<Family>,
}

/// Some ends and the ports on which they are reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Who.
    pub to: Vec<Word>,
    /// On which ports; empty = on all.
    pub ports: Vec<Word>,
}
