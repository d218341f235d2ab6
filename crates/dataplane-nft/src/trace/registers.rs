//! The data registers of nf_tables, as far as the rules of ours use them.

use podfence_netlink::nft::{Comparison, Register, Value};

const WORD: usize = 4;

/// Sixteen registers of four bytes.
#[derive(Debug, Clone)]
pub(super) struct Registers([u8; WORD * Register::COUNT]);

impl Registers {
    pub(super) fn empty() -> Self {
        Self([0; WORD * Register::COUNT])
    }

    /// Puts bytes into registers; the last one is filled up with zeros.
    pub(super) fn put(&mut self, into: Register, bytes: &[u8]) {
        let room = self.0.iter_mut().skip(into.index() * WORD).take(bytes.len().next_multiple_of(WORD));
        let padded = bytes.iter().chain(std::iter::repeat(&0));
        room.zip(padded).for_each(|(place, byte)| *place = *byte);
    }

    /// So many bytes from a register on.
    pub(super) fn get(&self, from: Register, width: usize) -> &[u8] {
        let begin = from.index() * WORD;
        self.0.get(begin..begin + width).unwrap_or_default()
    }

    /// `register = (register & mask) ^ xor`.
    pub(super) fn mask(&mut self, register: Register, mask: &Value, xor: &Value) {
        let kept = self.get(register, mask.width()).iter().zip(mask.as_bytes()).zip(xor.as_bytes());
        let bytes: Vec<u8> = kept.map(|((byte, mask), xor)| (byte & mask) ^ xor).collect();
        self.put(register, &bytes);
    }

    /// Compares as big-endian numbers.
    pub(super) fn compares(&self, register: Register, how: Comparison, value: &Value) -> bool {
        let order = self.get(register, value.width()).cmp(value.as_bytes());
        match how {
            Comparison::Eq => order.is_eq(),
            Comparison::Ne => order.is_ne(),
            Comparison::Lt => order.is_lt(),
            Comparison::Le => order.is_le(),
            Comparison::Gt => order.is_gt(),
            Comparison::Ge => order.is_ge(),
        }
    }
}
