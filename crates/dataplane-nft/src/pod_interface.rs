//! Which of the node's links lead to pods, by name: for nodes whose pods have no ranges of addresses of their own.

use std::fmt;
use std::str::FromStr;

use podfence_netlink::nft::Value;

/// A link's name, or with `*` at its end all that begin so: `cni0`, `cali*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PodInterface {
    text: String,
    value: Value,
}

/// A text that names no link.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} names no link of pods: {why}; write a name such as cni0, or a beginning such as cali*")]
pub struct BadInterface {
    text: String,
    why: &'static str,
}

impl PodInterface {
    /// What the name of a link is compared with.
    pub(crate) fn value(&self) -> Value {
        self.value
    }
}

impl FromStr for PodInterface {
    type Err = BadInterface;

    fn from_str(text: &str) -> Result<Self, BadInterface> {
        let bad = |why| BadInterface { text: text.to_owned(), why };
        let value = match text.strip_suffix('*') {
            Some("") => return Err(bad("every link of the node would be closed")),
            Some(beginning) => Value::interface_prefix(beginning),
            None => Value::interface(text),
        };
        if text == "lo" || text.strip_suffix('*').unwrap_or(text).contains(['*', '/', ' ']) {
            return Err(bad("there is no such link of a pod"));
        }
        Ok(Self { text: text.to_owned(), value: value.map_err(|_| bad("names have 1 to 15 bytes"))? })
    }
}

impl fmt::Display for PodInterface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_beginnings_are_told_from_nonsense() {
        for (text, width) in [("cni0", 16), ("cali*", 4), ("v*", 1), ("fifteen-letters", 16)] {
            let pattern: PodInterface = text.parse().unwrap();
            assert_eq!((pattern.to_string().as_str(), pattern.value().width()), (text, width));
        }
        for text in ["", "*", "lo", "a*b", "a**", "more-than-15-letters", "more-than-15-letters*", "a b"] {
            assert!(text.parse::<PodInterface>().is_err(), "{text}");
        }
    }
}
