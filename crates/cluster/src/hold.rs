//! After a server was away: what its lists bring waits until every kind has been heard of again.
//!
//! A server may come back with nothing, or with an older past. Then the list of policies must not count before that of nodes has
//! shown that this is no cluster to go by, and so on: what closes and what opens would come apart. So what the kinds that were away
//! bring is told together. A server that starts refuses some kinds for a while, so a kind is waited for even if it fails again when
//! others have been heard of, but not for ever.

use std::collections::{BTreeMap, BTreeSet};

/// So often a kind may fail after another one has been heard of. With the pauses between two tries that is about a minute.
const PATIENCE: u32 = 8;

/// News of kinds that were away, waiting for the others.
#[derive(Debug)]
pub struct Hold<N> {
    /// Kinds whose news wait.
    kinds: BTreeSet<usize>,
    /// Those that have not been heard of again, and how often they have failed since any was.
    away: BTreeMap<usize, u32>,
    /// Whether any has.
    heard: bool,
    news: Vec<N>,
}

impl<N> Default for Hold<N> {
    fn default() -> Self {
        Self { kinds: BTreeSet::new(), away: BTreeMap::new(), heard: false, news: Vec::new() }
    }
}

impl<N> Hold<N> {
    /// A kind cannot be read, since the server is not there.
    pub fn lose(&mut self, kind: usize) {
        self.kinds.insert(kind);
        self.away.entry(kind).or_default();
        self.fail(kind);
    }

    /// A kind that is waited for cannot be read, for whatever reason.
    pub fn fail(&mut self, kind: usize) {
        let Some(failures) = self.away.get_mut(&kind).filter(|_| self.heard) else { return };
        *failures += 1;
        if *failures > PATIENCE {
            self.away.remove(&kind);
        }
    }

    /// A kind has been heard of. Whether it is the first one of all.
    pub fn hear(&mut self, kind: usize) -> bool {
        self.away.remove(&kind);
        !std::mem::replace(&mut self.heard, true)
    }

    /// Takes news that have to wait; the others are returned.
    pub fn keep(&mut self, kind: usize, news: Vec<N>) -> Vec<N> {
        if !self.kinds.contains(&kind) {
            return news;
        }
        self.news.extend(news);
        Vec::new()
    }

    /// All that has waited, if there is nobody left to wait for.
    pub fn end(&mut self) -> Option<Vec<N>> {
        self.away.is_empty().then(|| std::mem::take(&mut self.news))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_wait_for_all_kinds_that_were_away() {
        let mut hold = Hold::default();
        hold.lose(0);
        hold.lose(1);
        assert_eq!(hold.keep(2, vec!["c"]), ["c"], "this kind was never away");
        assert!(hold.hear(1), "the first one");
        assert_eq!((hold.keep(1, vec!["b"]), hold.end()), (vec![], None));
        assert!(!hold.hear(0));
        assert_eq!(hold.keep(0, vec!["a"]), Vec::<&str>::new());
        assert_eq!(hold.end(), Some(vec!["b", "a"]));
    }

    #[test]
    fn a_kind_that_stays_away_is_not_waited_for_for_ever() {
        let mut hold = Hold::default();
        (0..2).for_each(|kind| hold.lose(kind));
        hold.hear(0);
        assert_eq!(hold.keep(0, vec!["a"]), Vec::<&str>::new());
        for failure in 0..PATIENCE {
            if failure.is_multiple_of(2) {
                hold.lose(1);
            } else {
                hold.fail(1);
            }
            assert_eq!(hold.end(), None, "a server that starts refuses some kinds for a while");
        }
        hold.fail(1);
        assert_eq!(hold.end(), Some(vec!["a"]));
    }
}
