//! Generations: which judgement a connection carries in its mark.
//!
//! A change that takes something away begins a new generation; connections stamped by an older one are judged again
//! on their next packet. Before a number returns, no entry may still carry it: [`Generations`] knows which numbers
//! are clean, and asks for a sweep when none is left.

/// The value of a generation in the connection mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub value: u32,
    pub mask: u32,
}

impl Stamp {
    /// No generation: matches nothing that was ever stamped.
    pub(crate) const NONE: Self = Self { value: 0, mask: 0 };

    /// How a rule says which stamp it looks for: a process that takes the table over reads it back.
    pub(crate) fn text(self) -> String {
        format!("connections stamped {:#x} under {:#x} are judged", self.value, self.mask)
    }

    /// The stamp that such a text names.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let mut numbers = text.split(' ').filter_map(|word| word.strip_prefix("0x"));
        let mut next = || u32::from_str_radix(numbers.next()?, 16).ok();
        Some(Self { value: next()?, mask: next()? })
    }
}

/// The numbers that a mask has room for, and which one is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Generations {
    mask: u32,
    current: u32,
    /// The highest number; 0 means "not stamped".
    last: u32,
    /// Numbers that no connection entry carries, in the order they will be used.
    clean: Vec<u32>,
}

impl Generations {
    /// For a mask of neighbouring bits; `None` when it has fewer than two bits or a gap. `in_force` is the stamp
    /// that rules of an earlier process still give, perhaps under another mask. No number is known to be clean.
    pub(crate) fn new(mask: u32, in_force: Stamp) -> Option<Self> {
        let last = mask.checked_shr(mask.trailing_zeros())?;
        let whole = last.checked_add(1).is_none_or(u32::is_power_of_two);
        if !whole || last < 3 {
            return None;
        }
        let current = (in_force.value & mask) >> mask.trailing_zeros();
        Some(Self { mask, current, last, clean: Vec::new() })
    }

    /// The same numbers, while the rules of an earlier process still give `in_force`. None is known to be clean.
    pub(crate) fn taking_over(&self, in_force: Stamp) -> Self {
        Self::new(self.mask, in_force).expect("the mask was good before")
    }

    /// The generation in force.
    pub(crate) fn current(&self) -> u32 {
        self.current
    }

    /// The stamp of a generation.
    pub(crate) fn stamp(&self, generation: u32) -> Stamp {
        Stamp { value: (generation << self.mask.trailing_zeros()) & self.mask, mask: self.mask }
    }

    /// The next clean number; `None` when a sweep must come first.
    pub(crate) fn next(&self) -> Option<u32> {
        self.clean.first().copied()
    }

    /// Puts the next number in force.
    pub(crate) fn advance(&mut self, to: u32) {
        self.clean.retain(|number| *number != to);
        self.current = to;
    }

    /// Notes that only the generation in force is still carried by any entry. The numbers kept for later are few:
    /// with a mask of many bits not all of them need to be listed.
    pub(crate) fn swept(&mut self) {
        const AHEAD: u32 = 1024;
        let numbers = (1..self.last).map(|step| (self.current + step - 1) % self.last + 1);
        let numbers = numbers.filter(|n| *n != self.current);
        self.clean = numbers.take(AHEAD as usize).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_two_bit_mask_has_three_generations_and_sweeps_before_any_returns() {
        let mut generations = Generations::new(0x0300_0000, Stamp::NONE).unwrap();
        assert_eq!(generations.next(), None);
        generations.swept();
        let mut used = Vec::new();
        while let Some(next) = generations.next() {
            generations.advance(next);
            used.push((next, generations.stamp(next).value));
        }
        assert_eq!(used, [(1, 0x0100_0000), (2, 0x0200_0000)]);
        generations.swept();
        assert_eq!(generations.next(), Some(3));
        generations.advance(3);
        assert_eq!(generations.next(), Some(1));
    }

    #[test]
    fn a_stamp_is_read_back_and_its_number_not_given_again_at_once() {
        let old = Generations::new(0x0300_0000, Stamp::NONE).unwrap().stamp(1);
        assert_eq!(Stamp::from_text(&old.text()), Some(old));
        assert_eq!(Stamp::from_text("something else"), None);
        for (mask, next) in [(0x0300_0000, 2), (0x0f00_0000, 2), (0x3000_0000, 1)] {
            let mut generations = Generations::new(mask, old).unwrap();
            generations.swept();
            assert_eq!(generations.next(), Some(next), "{mask:#x}");
        }
    }

    #[test]
    fn masks_with_a_gap_or_too_few_bits_are_refused() {
        for mask in [0, 1, 0x8000_0000, 0x0500_0000] {
            assert_eq!(Generations::new(mask, Stamp::NONE), None, "{mask:#x}");
        }
        assert!(Generations::new(u32::MAX, Stamp::NONE).is_some());
    }
}
