//! How much fits into a set.
//!
//! A set with a stated size is a table of fixed length in the kernel (`nft_hash_estimate`): it fills three to four times
//! faster than one that grows, and is looked up faster. What does not fit is refused (`ENFILE`), so sets get head-room,
//! and one that is outgrown is made anew. Sets of ranges are trees and need no size.

/// The least that a set of a union has room for. Such sets are many, and the kernel walks all of a table to find one by
/// its name: its table comes with the set, and larger ones lie further apart in its caches.
const LEAST: usize = 8;
/// The least that a set of pods has room for; there are some twenty, and outgrowing one makes the whole table anew.
const LEAST_PODS: usize = 1024;

/// What a set holds, and what it could.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    held: usize,
    size: Option<u32>,
}

impl Room {
    /// For a set of a union: room for this many elements and as many again.
    pub(crate) fn of(held: usize) -> Self {
        Self::at_least(held, LEAST)
    }

    /// For a set of pods.
    pub(crate) fn of_pods(held: usize) -> Self {
        Self::at_least(held, LEAST_PODS)
    }

    /// For ranges.
    pub(crate) fn unbounded(held: usize) -> Self {
        Self { held, size: None }
    }

    fn at_least(held: usize, least: usize) -> Self {
        let size = held.saturating_mul(2).max(least);
        Self { held, size: u32::try_from(size).ok() }
    }

    /// The size to state; nothing for a set that grows.
    pub(crate) fn size(self) -> Option<u32> {
        self.size
    }

    /// The elements that are in it.
    pub(crate) fn held(self) -> usize {
        self.held
    }

    /// After a transaction that removes some and then adds some; `None` if they do not fit.
    pub(crate) fn change(self, removed: usize, added: usize) -> Option<Self> {
        let held = (self.held + added).saturating_sub(removed);
        self.size.is_none_or(|size| held <= size as usize).then_some(Self { held, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_removed_makes_room() {
        let room = Room::of(50);
        assert_eq!((room.held(), room.size()), (50, Some(100)));
        let full = room.change(0, 50).unwrap();
        assert_eq!(full.held(), 100);
        assert_eq!(full.change(0, 1), None);
        assert_eq!(full.change(1, 1), Some(full));
    }

    #[test]
    fn empty_sets_have_room_and_trees_have_no_end() {
        assert_eq!((Room::of(0).size(), Room::of_pods(0).size()), (Some(8), Some(1024)));
        assert_eq!(Room::unbounded(9).change(1, 1 << 40).map(Room::size), Some(None));
    }
}
