//! Texts with limits: names of tables, chains and sets, comments, log prefixes. Too long is an error, never a shorter text.

use std::borrow::Cow;
use std::fmt;

/// Why a text cannot be a name, comment or prefix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing in it.
    #[error("a {what} cannot be empty")]
    Empty {
        /// What the text was to be.
        what: &'static str,
    },
    /// More bytes than the kernel keeps.
    #[error("{what} `{text}` has {} bytes, the limit is {limit}", .text.len())]
    TooLong {
        /// What the text was to be.
        what: &'static str,
        /// The text.
        text: String,
        /// The most bytes it may have.
        limit: usize,
    },
    /// A byte that `nft` could not read back.
    #[error("{what} `{text}` holds a character that nft cannot read back")]
    Character {
        /// What the text was to be.
        what: &'static str,
        /// The text.
        text: String,
    },
}

macro_rules! limited_text {
    ($(#[$doc:meta])* $type:ident, $what:literal, $limit:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(Cow<'static, str>);

        impl $type {
            /// The most bytes it may have.
            pub const MAX: usize = $limit;

            /// Checks the text.
            pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
                let text = text.into();
                match check(text.as_bytes(), Self::MAX, $valid) {
                    Flaw::None => Ok(Self(Cow::Owned(text))),
                    Flaw::Empty => Err(NameError::Empty { what: $what }),
                    Flaw::TooLong => Err(NameError::TooLong { what: $what, text, limit: Self::MAX }),
                    Flaw::Character => Err(NameError::Character { what: $what, text }),
                }
            }

            /// A text known at compile time; a bad one does not compile when used for a constant.
            pub const fn constant(text: &'static str) -> Self {
                assert!(matches!(check(text.as_bytes(), Self::MAX, $valid), Flaw::None), "not a valid text");
                Self(Cow::Borrowed(text))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.0)
            }
        }
    };
}

limited_text!(
    /// The name of a table, chain or set: an `nft` identifier (a letter, `_` or `.`, then also digits, `/`, `\` and `-`), at most 255
    /// bytes (`NFT_NAME_MAXLEN` counts the NUL).
    Name, "name", 255, Alphabet::Identifier
);
limited_text!(
    /// A comment that `nft list` shows: printable, without double quotes, at most 128 bytes (`NFTNL_UDATA_COMMENT_MAXLEN`).
    Comment, "comment", 128, Alphabet::Quoted
);
limited_text!(
    /// The prefix of a log statement: printable, without double quotes, at most 127 bytes (`NF_LOG_PREFIXLEN` counts the NUL).
    LogPrefix, "log prefix", 127, Alphabet::Quoted
);

impl Name {
    /// What the kernel says it is, unchecked: it may come from other hands.
    pub(crate) fn from_kernel(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}

impl Comment {
    /// What the kernel says it is, unchecked: it may come from other hands.
    pub(crate) fn from_kernel(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}

#[derive(Clone, Copy)]
enum Alphabet {
    Identifier,
    Quoted,
}

enum Flaw {
    None,
    Empty,
    TooLong,
    Character,
}

const fn check(text: &[u8], limit: usize, alphabet: Alphabet) -> Flaw {
    if text.is_empty() {
        return Flaw::Empty;
    }
    if text.len() > limit {
        return Flaw::TooLong;
    }
    let mut index = 0;
    while index < text.len() {
        if !alphabet.allows(text[index], index) {
            return Flaw::Character;
        }
        index += 1;
    }
    Flaw::None
}

impl Alphabet {
    const fn allows(self, byte: u8, index: usize) -> bool {
        match self {
            Self::Identifier => match byte {
                b'_' | b'.' => true,
                b'/' | b'\\' | b'-' | b'0'..=b'9' => index > 0,
                _ => byte.is_ascii_alphabetic(),
            },
            Self::Quoted => byte != b'"' && !byte.is_ascii_control(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_nft_identifiers_of_at_most_255_bytes() {
        assert!(Name::new("x".repeat(255)).is_ok());
        assert!(matches!(Name::new("x".repeat(256)), Err(NameError::TooLong { limit: 255, .. })));
        assert!(Name::new("in/shop/web-1.2_3").is_ok());
        for bad in ["1st", "-a", "a b", "a:b", "ä", "a\0"] {
            assert!(matches!(Name::new(bad), Err(NameError::Character { .. })), "{bad}");
        }
        assert_eq!(Name::new(""), Err(NameError::Empty { what: "name" }));
    }

    #[test]
    fn prefixes_and_comments_keep_their_limits() {
        assert!(LogPrefix::new("x".repeat(127)).is_ok());
        assert!(LogPrefix::new("x".repeat(128)).is_err());
        assert!(Comment::new("é".repeat(64)).is_ok());
        assert!(Comment::new("x".repeat(129)).is_err());
        assert!(Comment::new("say \"hi\"").is_err());
        assert_eq!(
            LogPrefix::new("a\nb").unwrap_err().to_string(),
            "log prefix `a\nb` holds a character that nft cannot read back"
        );
    }
}
