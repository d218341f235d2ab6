//! What the rules are about, in groups that can be selected together.

use std::fmt;

/// A group of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Whom a policy or a peer selects.
    Selecting,
    /// Ingress, egress, `policyTypes`.
    Directions,
    /// Ports and protocols.
    Ports,
    /// Name resolution of pods that are isolated for egress.
    Dns,
    /// `ipBlock`.
    Blocks,
    /// What the cluster around the policies does to them.
    Platform,
    /// What several policies say together.
    Union,
    /// What the API server refuses or reads otherwise than it looks.
    Validation,
}

impl Family {
    /// All families, in the order of the documentation.
    pub const ALL: [Self; 8] = [
        Self::Selecting,
        Self::Directions,
        Self::Ports,
        Self::Dns,
        Self::Blocks,
        Self::Platform,
        Self::Union,
        Self::Validation,
    ];

    /// The word for `--select` and `--ignore`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Selecting => "selecting",
            Self::Directions => "directions",
            Self::Ports => "ports",
            Self::Dns => "dns",
            Self::Blocks => "blocks",
            Self::Platform => "platform",
            Self::Union => "union",
            Self::Validation => "validation",
        }
    }

    /// What its rules are about, in a few words.
    pub fn about(self) -> &'static str {
        match self {
            Self::Selecting => "whom a policy or a peer selects",
            Self::Directions => "ingress, egress and `policyTypes`",
            Self::Ports => "ports and protocols",
            Self::Dns => "name resolution of pods that are isolated for egress",
            Self::Blocks => "address blocks",
            Self::Platform => "what the cluster around the policies does to them",
            Self::Union => "what several policies say together",
            Self::Validation => "what the API server refuses, or reads otherwise than it looks",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
