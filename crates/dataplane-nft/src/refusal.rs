//! Why a packet was dropped, as the log prefix says it.

use std::fmt;

use podfence_model::Direction;
use podfence_netlink::nft::LogPrefix;

/// Why a packet was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// The sender's egress policies do not admit it.
    Egress,
    /// The receiver's ingress policies do not admit it.
    Ingress,
    /// Its source address does not belong to the link it came from.
    Source,
    /// It belongs to no connection that can be judged (untracked, invalid, a stray ICMP error).
    NoConnection,
    /// A TCP or SCTP packet in the middle of a connection that nobody has seen begin.
    MidStream,
    /// An address of this node's pod ranges that no known pod has.
    UnknownPod,
    /// Neighbour discovery, router advertisements and redirects between pods.
    Router,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Egress,
        Self::Ingress,
        Self::Source,
        Self::NoConnection,
        Self::MidStream,
        Self::UnknownPod,
        Self::Router,
    ];

    /// The word for it, in chain names and log prefixes.
    pub fn word(self) -> &'static str {
        match self {
            Self::Egress => "egress",
            Self::Ingress => "ingress",
            Self::Source => "source",
            Self::NoConnection => "no_connection",
            Self::MidStream => "mid_stream",
            Self::UnknownPod => "unknown_pod",
            Self::Router => "router",
        }
    }

    /// The refusal that a log prefix names; `None` for prefixes that are not ours.
    pub fn from_prefix(prefix: &str) -> Option<Self> {
        let word = prefix.strip_prefix(PREFIX)?;
        Self::ALL.into_iter().find(|refusal| refusal.word() == word)
    }

    pub(crate) fn prefix(self) -> String {
        format!("{PREFIX}{}", self.word())
    }

    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::Egress => "refused by the sender's egress policies",
            Self::Ingress => "refused by the receiver's ingress policies",
            Self::Source => "its source address is not the sender's",
            Self::NoConnection => "it belongs to no known connection",
            Self::MidStream => "it belongs to a connection that nobody saw begin",
            Self::UnknownPod => "an address of the pod ranges that is no known pod's",
            Self::Router => {
                "neighbour discovery, router advertisements and redirects do not pass between pods"
            }
        }
    }

    pub(crate) fn of(direction: Direction) -> Self {
        match direction {
            Direction::Ingress => Self::Ingress,
            Direction::Egress => Self::Egress,
        }
    }
}

const PREFIX: &str = "podfence ";
/// Comes with the packet that opens an admitted connection.
pub(crate) const ADMITTED: LogPrefix = LogPrefix::constant("podfence admitted");

/// Whether a log prefix is that of the packet that opens an admitted connection.
pub fn is_admission(prefix: &str) -> bool {
    prefix == ADMITTED.as_str()
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_read_back() {
        for refusal in Refusal::ALL {
            assert_eq!(Refusal::from_prefix(&refusal.prefix()), Some(refusal));
        }
        assert_eq!(Refusal::from_prefix("DROP "), None);
    }
}
