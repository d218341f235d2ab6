//! The attribute codec (`struct nlattr`): length and type in host order, payload padded to four bytes, nests flagged.
//!
//! Integers inside netfilter attributes are big-endian unless a caller says otherwise. Reading never panics: an attribute that does
//! not fit its buffer ends the iteration.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const HEADER: usize = 4;
const NESTED: u16 = 1 << 15;
const TYPE_MASK: u16 = 0x3fff;

const fn aligned(length: usize) -> usize {
    length.next_multiple_of(4)
}

/// Appends attributes to a message.
pub(crate) trait Encode {
    /// An attribute with these bytes.
    fn put(&mut self, kind: u16, payload: &[u8]);
    /// An attribute made of other attributes.
    fn nest(&mut self, kind: u16, body: impl FnOnce(&mut Vec<u8>));
    /// Zero bytes up to the next multiple of four.
    fn pad(&mut self);

    fn put_u8(&mut self, kind: u16, value: u8) {
        self.put(kind, &[value]);
    }
    fn put_be16(&mut self, kind: u16, value: u16) {
        self.put(kind, &value.to_be_bytes());
    }
    fn put_be32(&mut self, kind: u16, value: u32) {
        self.put(kind, &value.to_be_bytes());
    }
    fn put_be64(&mut self, kind: u16, value: u64) {
        self.put(kind, &value.to_be_bytes());
    }
    /// A string with its terminating NUL.
    fn put_string(&mut self, kind: u16, value: &str);
}

impl Encode for Vec<u8> {
    fn put(&mut self, kind: u16, payload: &[u8]) {
        let start = begin(self, kind);
        self.extend_from_slice(payload);
        end(self, start);
    }

    fn nest(&mut self, kind: u16, body: impl FnOnce(&mut Vec<u8>)) {
        let start = begin(self, kind | NESTED);
        body(self);
        end(self, start);
    }

    fn pad(&mut self) {
        self.resize(aligned(self.len()), 0);
    }

    fn put_string(&mut self, kind: u16, value: &str) {
        let start = begin(self, kind);
        self.extend_from_slice(value.as_bytes());
        self.push(0);
        end(self, start);
    }
}

fn begin(buffer: &mut Vec<u8>, kind: u16) -> usize {
    let start = buffer.len();
    buffer.extend_from_slice(&[0; 2]);
    buffer.extend_from_slice(&kind.to_ne_bytes());
    start
}

fn end(buffer: &mut Vec<u8>, start: usize) {
    let length = u16::try_from(buffer.len() - start).expect("callers keep attributes below 64 KiB");
    buffer[start..start + 2].copy_from_slice(&length.to_ne_bytes());
    buffer.pad();
}

/// The attributes of a message or nest, in order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attributes<'a>(&'a [u8]);

impl<'a> Attributes<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The payload of the first attribute of this type.
    pub(crate) fn get(self, kind: u16) -> Option<&'a [u8]> {
        self.into_iter().find(|(found, _)| *found == kind).map(|(_, payload)| payload)
    }

    /// The attributes inside the first attribute of this type.
    pub(crate) fn nested(self, kind: u16) -> Option<Attributes<'a>> {
        self.get(kind).map(Attributes)
    }

    pub(crate) fn u8(self, kind: u16) -> Option<u8> {
        self.get(kind)?.first().copied()
    }

    pub(crate) fn be16(self, kind: u16) -> Option<u16> {
        self.get(kind).and_then(array).map(u16::from_be_bytes)
    }

    pub(crate) fn be32(self, kind: u16) -> Option<u32> {
        self.get(kind).and_then(array).map(u32::from_be_bytes)
    }

    /// An integer in host order, as routing has them.
    pub(crate) fn ne32(self, kind: u16) -> Option<u32> {
        self.get(kind).and_then(array).map(u32::from_ne_bytes)
    }

    /// An address of either family, by its length.
    pub(crate) fn ip(self, kind: u16) -> Option<IpAddr> {
        match self.get(kind)? {
            bytes if bytes.len() == 4 => array::<4>(bytes).map(IpAddr::from),
            bytes => array::<16>(bytes).map(IpAddr::from),
        }
    }

    pub(crate) fn be64(self, kind: u16) -> Option<u64> {
        self.get(kind).and_then(array).map(u64::from_be_bytes)
    }

    pub(crate) fn ipv4(self, kind: u16) -> Option<Ipv4Addr> {
        self.get(kind).and_then(array::<4>).map(Ipv4Addr::from)
    }

    pub(crate) fn ipv6(self, kind: u16) -> Option<Ipv6Addr> {
        self.get(kind).and_then(array::<16>).map(Ipv6Addr::from)
    }

    /// Whether all of these are among `listed`, bit by bit, and whatever else is listed is zero: a default that the kernel states
    /// and we leave out. Nests, which only we flag, are compared attribute by attribute.
    pub(crate) fn are_listed_as(self, listed: Attributes<'_>) -> bool {
        let is_listed = |(kind, payload): (u16, &[u8])| {
            let found = listed.get(kind & TYPE_MASK);
            found.map_or(kind & NESTED != 0 && payload.is_empty(), |found| match kind & NESTED {
                0 => found == payload,
                _ => Attributes(payload).are_listed_as(Attributes(found)),
            })
        };
        let mut own = self.0;
        std::iter::from_fn(|| step(&mut own)).all(is_listed)
            && listed
                .into_iter()
                .all(|(kind, payload)| self.get(kind).is_some() || payload.iter().all(|byte| *byte == 0))
    }

    /// A string, without its NUL, with what is not UTF-8 replaced.
    pub(crate) fn string(self, kind: u16) -> Option<String> {
        self.get(kind).map(text)
    }
}

/// Text up to the first NUL, with what is not UTF-8 replaced.
pub(crate) fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

/// The first `N` bytes.
pub(crate) fn array<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.first_chunk().copied()
}

#[expect(clippy::copy_iterator, reason = "look-ups must not consume it")]
impl<'a> Iterator for Attributes<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (kind, payload) = step(&mut self.0)?;
        Some((kind & TYPE_MASK, payload))
    }
}

/// The first attribute, flags and all; what follows it is left.
fn step<'a>(bytes: &mut &'a [u8]) -> Option<(u16, &'a [u8])> {
    let length = usize::from(u16::from_ne_bytes(array(bytes)?));
    let kind = u16::from_ne_bytes(array(bytes.get(2..)?)?);
    let payload = bytes.get(HEADER..length)?;
    *bytes = bytes.get(aligned(length)..).unwrap_or_default();
    Some((kind, payload))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_padded_and_nests_are_flagged() {
        let mut bytes = Vec::new();
        bytes.put_string(1, "t");
        bytes.nest(4, |inner| inner.put_be32(1, 2));
        let expected = [6, 0, 1, 0, b't', 0, 0, 0, 12, 0, 4, 0x80, 8, 0, 1, 0, 0, 0, 0, 2];
        assert_eq!(bytes, expected);
        let attributes = Attributes::new(&bytes);
        assert_eq!(attributes.string(1).as_deref(), Some("t"));
        assert_eq!(attributes.nested(4).and_then(|nest| nest.be32(1)), Some(2));
        assert_eq!(attributes.get(9), None);
    }

    #[test]
    fn what_is_listed_may_say_more_only_where_that_is_nothing() {
        let written = |value: u32| {
            let mut bytes = Vec::new();
            bytes.put_string(1, "set");
            bytes.nest(2, |inner| inner.put_be32(1, value));
            bytes
        };
        let listed = |more: &[(u16, u32)]| {
            let mut bytes = Vec::new();
            let mut nest = Vec::new();
            nest.put_be32(1, 7);
            bytes.put(2, &nest); // the kernel flags no nest
            for (kind, value) in more {
                bytes.put_be32(*kind, *value);
            }
            bytes.put_string(1, "set");
            bytes
        };
        let same = |written: &[u8], listed: &[u8]| Attributes(written).are_listed_as(Attributes(listed));
        assert!(same(&written(7), &listed(&[])));
        assert!(same(&written(7), &listed(&[(9, 0)])));
        assert!(!same(&written(7), &listed(&[(9, 1)])));
        assert!(!same(&written(8), &listed(&[])));
        assert!(!same(&written(7), &listed(&[])[12..]));
    }

    #[test]
    fn truncated_attributes_end_the_iteration() {
        let mut bytes = Vec::new();
        bytes.put_be32(1, 7);
        bytes.put_be64(2, 8);
        for length in 0..bytes.len() {
            let complete = usize::from(length >= 8);
            assert_eq!(Attributes::new(&bytes[..length]).count(), complete, "{length} bytes");
        }
    }

    #[test]
    fn a_length_below_the_header_is_not_an_attribute() {
        assert_eq!(Attributes::new(&[0, 0, 1, 0, 9, 9, 9, 9]).count(), 0);
        assert_eq!(Attributes::new(&[3, 0, 1, 0, 9, 9, 9, 9]).count(), 0);
    }
}
