//! What things are called in the kernel. Numbers come from the ledger; comments say which policy a thing is from.

use podfence_model::{Direction, Family, Protocol};
use podfence_netlink::nft::{Comment, Name};

use crate::refusal::Refusal;

/// A name made of our own words and numbers, which always fits.
pub(crate) fn name(text: impl Into<String>) -> Name {
    Name::new(text).expect("names of ours are short identifiers")
}

/// A comment of any text: what does not fit or cannot be shown is left out, visibly.
pub(crate) fn comment(text: &str) -> Option<Comment> {
    const ELLIPSIS: &str = "...";
    let shown: String = text.chars().map(|c| if c == '"' || c.is_control() { '?' } else { c }).collect();
    if shown.len() <= Comment::MAX {
        return Comment::new(shown).ok();
    }
    let fits = |(at, c): &(usize, char)| at + c.len_utf8() <= Comment::MAX - ELLIPSIS.len();
    let kept: String = shown.char_indices().take_while(fits).map(|(_, c)| c).collect();
    Comment::new(kept + ELLIPSIS).ok()
}

/// `egress_7`: the chain of a program.
pub(crate) fn program_chain(direction: Direction, id: u32) -> Name {
    name(format!("{direction}_{id}"))
}

/// `egress_7_tcp`: a program's map from ports to unions.
pub(crate) fn port_map(direction: Direction, id: u32, protocol: Protocol) -> Name {
    name(format!("{direction}_{id}_{}", protocol.to_string().to_lowercase()))
}

/// `to_5` or `from_5`: the chain that looks the peer up in a union.
pub(crate) fn union_chain(direction: Direction, id: u32) -> Name {
    match direction {
        Direction::Egress => name(format!("to_{id}")),
        Direction::Ingress => name(format!("from_{id}")),
    }
}

/// Which set of a union.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slot {
    pub family: Family,
    /// Ranges of other addresses, or else known pods.
    pub ranges: bool,
}

impl Slot {
    pub(crate) const ALL: [Self; 4] = [
        Self { family: Family::V4, ranges: false },
        Self { family: Family::V6, ranges: false },
        Self { family: Family::V4, ranges: true },
        Self { family: Family::V6, ranges: true },
    ];
}

/// `peers_5_pods_v4`: one set of a union.
pub(crate) fn union_set(id: u32, slot: Slot) -> Name {
    let what = if slot.ranges { "blocks" } else { "pods" };
    name(format!("peers_{id}_{what}_{}", suffix(slot.family)))
}

/// `v4` or `v6`.
pub(crate) fn suffix(family: Family) -> &'static str {
    match family {
        Family::V4 => "v4",
        Family::V6 => "v6",
    }
}

/// `refused_egress`: where refused packets are counted, logged and dropped.
pub(crate) fn refused(refusal: Refusal) -> Name {
    name(format!("refused_{}", refusal.word()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_of_any_length_and_letters_fit() {
        for text in ["", "a", "\"\n", &"x".repeat(300), &"é".repeat(100)] {
            let shown = comment(text);
            assert_eq!(shown.is_none(), text.is_empty(), "{text}");
        }
        assert!(comment(&"x".repeat(300)).unwrap().as_str().ends_with("..."));
    }
}
