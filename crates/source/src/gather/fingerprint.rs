//! Fingerprints of trees: whether two statements of an object say the same.
//!
//! Every object that is read needs one, so they are made for speed: folded products of 64 bits, as in wyhash, not the hash of
//! the standard library. Their seeds are drawn anew for each reading, so that nobody can write two objects that are different
//! and look equal. Start with [`Fingerprints::of`].

use std::hash::{BuildHasher, RandomState};

use crate::yaml::{Entry, Node, Value};

/// What fingerprints of one reading are made with; those of another cannot be compared with them.
pub(crate) struct Fingerprints {
    seeds: [u64; 2],
}

impl Default for Fingerprints {
    fn default() -> Self {
        let random = RandomState::new();
        Self { seeds: [random.hash_one(0), random.hash_one(1)] }
    }
}

impl Fingerprints {
    /// A hash of a tree's content: places do not matter, nor does the order of keys.
    pub(crate) fn of(&self, node: &Node<'_>) -> u64 {
        match &node.value {
            Value::Scalar(scalar) => self.joined(u64::from(scalar.plain), self.text(&scalar.text)),
            Value::Sequence(items) => items.iter().fold(2, |hash, item| self.joined(hash, self.of(item))),
            Value::Mapping(entries) => {
                let sum = entries.iter().map(|entry| self.entry(entry)).fold(0, u64::wrapping_add);
                self.joined(3, sum)
            }
        }
    }

    fn entry(&self, entry: &Entry<'_>) -> u64 {
        self.joined(self.text(&entry.key.text), self.of(&entry.value))
    }

    fn text(&self, text: &str) -> u64 {
        let (words, rest) = text.as_bytes().as_chunks();
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        let all = words.iter().chain([&last]).map(|word| u64::from_le_bytes(*word));
        all.fold(text.len() as u64, |hash, word| self.joined(hash, word))
    }

    fn joined(&self, hash: u64, next: u64) -> u64 {
        let (low, high) = (hash ^ self.seeds[0]).carrying_mul(next ^ self.seeds[1], 0);
        low ^ high
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Documents;

    #[test]
    fn what_says_the_same_has_one_fingerprint_and_nothing_else_has() {
        let prints = Fingerprints::default();
        let print = |text: &str| Documents::new(text).find_map(|document| Some(prints.of(&document.root?)));
        let other = print("a: [x, {b: 1, c: 12345678}]\n");
        assert!(other.is_some());
        assert_eq!(other, print("a:\n  - x # one\n  - c: 12345678\n    b: 1\n"), "order of keys, places");
        for text in [
            "a: [x, {b: \"1\", c: 12345678}]\n",
            "a: [{b: 1, c: 12345678}, x]\n",
            "a: [x, {b: 12345678, c: 1}]\n",
            "a: [x, {b: 1, c: 123456780}]\n",
            "a: [x, {b: 1}, {c: 12345678}]\n",
            "{}\n",
            "[]\n",
        ] {
            assert_ne!(print(text), other, "{text}");
        }
        assert_ne!(print("{}\n"), print("[]\n"));
    }
}
