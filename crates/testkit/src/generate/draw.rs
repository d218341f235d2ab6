//! Drawing from small choices.

use fastrand::Rng;

/// What the generators ask of a random number generator.
pub(crate) trait Draw {
    /// True in `percent` of 100 calls.
    fn chance(&mut self, percent: u32) -> bool;

    /// One of the items, all alike. Panics on an empty list.
    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T;

    /// One of the items, as often as its weight says. Panics when the weights add to 0.
    fn weighted<'a, T>(&mut self, items: &'a [(u32, T)]) -> &'a T;

    /// Between `least` and `most` different items, in their order.
    fn some<'a, T>(&mut self, items: &'a [T], least: usize, most: usize) -> Vec<&'a T>;
}

impl Draw for Rng {
    fn chance(&mut self, percent: u32) -> bool {
        self.u32(0..100) < percent
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.usize(0..items.len())]
    }

    fn weighted<'a, T>(&mut self, items: &'a [(u32, T)]) -> &'a T {
        let mut left = self.u32(0..items.iter().map(|(weight, _)| weight).sum());
        for (weight, item) in items {
            if left < *weight {
                return item;
            }
            left -= weight;
        }
        unreachable!("the number drawn is below the sum of all weights")
    }

    fn some<'a, T>(&mut self, items: &'a [T], least: usize, most: usize) -> Vec<&'a T> {
        let wanted = self.usize(least..=most.min(items.len()));
        let mut chosen: Vec<usize> = self.choose_multiple(0..items.len(), wanted);
        chosen.sort_unstable();
        chosen.into_iter().map(|index| &items[index]).collect()
    }
}
