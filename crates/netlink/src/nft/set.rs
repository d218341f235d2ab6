//! Sets and maps: key and data types, and how the kernel is to store them.

use nix::libc;

use super::name::{Comment, Name};

/// The type of a key or data field, with `nft`'s number for it (`enum datatypes`), so that `nft list` prints elements as what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
pub enum DataType {
    /// `nf_proto`: an IP version, as [`super::IpVersion`].
    NfProto = 2,
    /// `ipv4_addr`.
    Ipv4 = 7,
    /// `ipv6_addr`.
    Ipv6 = 8,
    /// `ether_addr`.
    Ether = 9,
    /// `inet_proto`: a protocol number.
    Protocol = 12,
    /// `inet_service`: a port.
    Port = 13,
    /// `icmp_type`.
    IcmpType = 14,
    /// `mark`, host order.
    Mark = 19,
    /// `iface_index`, host order.
    InterfaceIndex = 20,
    /// `ct_dir`.
    Direction = 27,
    /// `icmpv6_type`.
    Icmpv6Type = 29,
    /// `ifname`, 16 bytes.
    Interface = 41,
}

/// `nft` counts concatenated types six bits each.
const TYPE_BITS: u32 = 6;

impl DataType {
    const ALL: [Self; 12] = [
        Self::NfProto,
        Self::Ipv4,
        Self::Ipv6,
        Self::Ether,
        Self::Protocol,
        Self::Port,
        Self::IcmpType,
        Self::Mark,
        Self::InterfaceIndex,
        Self::Direction,
        Self::Icmpv6Type,
        Self::Interface,
    ];

    /// Bytes of a value.
    pub const fn width(self) -> usize {
        match self {
            Self::NfProto | Self::Protocol | Self::IcmpType | Self::Icmpv6Type | Self::Direction => 1,
            Self::Port => 2,
            Self::Ipv4 | Self::Mark | Self::InterfaceIndex => 4,
            Self::Ether => 6,
            Self::Ipv6 => 16,
            Self::Interface => libc::IFNAMSIZ,
        }
    }

    fn from_number(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u32 == number)
    }

    /// `nft`'s `enum byteorder`.
    const fn byte_order(self) -> u32 {
        match self {
            Self::NfProto | Self::Mark | Self::InterfaceIndex | Self::Interface | Self::Direction => 1,
            _ => 2,
        }
    }
}

/// What a map gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MapData {
    /// Verdicts.
    Verdict,
    /// Values of this type, or of a concatenation.
    Value(Vec<DataType>),
}

/// A set or map to create, or as the kernel has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// Its name, unique within the table.
    pub name: Name,
    /// The fields of a key: one, or up to five concatenated.
    pub key: Vec<DataType>,
    /// What it maps to; none for a plain set.
    pub data: Option<MapData>,
    /// Keys are disjoint ranges (rbtree). Only for keys of one field: the kernel's set for ranges of concatenations (pipapo) takes
    /// milliseconds to delete an element, so it is refused.
    pub interval: bool,
    /// Elements cannot change after the transaction that binds the set.
    pub constant: bool,
    /// The most elements it can hold. The kernel then takes a table of fixed length for a set of single keys, which is
    /// faster to fill and to look up than one that grows; what does not fit is refused (`ENFILE`).
    pub size: Option<u32>,
    /// Shown by `nft list`.
    pub comment: Option<Comment>,
}

impl Set {
    /// A set with these key fields.
    pub fn new(name: Name, key: impl Into<Vec<DataType>>) -> Self {
        Self {
            name,
            key: key.into(),
            data: None,
            interval: false,
            constant: false,
            size: None,
            comment: None,
        }
    }

    /// A map from keys to verdicts.
    pub fn verdict_map(name: Name, key: impl Into<Vec<DataType>>) -> Self {
        Self { data: Some(MapData::Verdict), ..Self::new(name, key) }
    }

    /// A map from keys to values.
    pub fn value_map(name: Name, key: impl Into<Vec<DataType>>, data: impl Into<Vec<DataType>>) -> Self {
        Self { data: Some(MapData::Value(data.into())), ..Self::new(name, key) }
    }

    /// With ranges as keys.
    #[must_use]
    pub fn interval(self) -> Self {
        Self { interval: true, ..self }
    }

    /// With elements that never change once a rule uses the set.
    #[must_use]
    pub fn constant(self) -> Self {
        Self { constant: true, ..self }
    }

    /// With a comment.
    #[must_use]
    pub fn comment(self, comment: Comment) -> Self {
        Self { comment: Some(comment), ..self }
    }

    /// Bytes of a key.
    pub fn key_width(&self) -> usize {
        width(&self.key)
    }

    /// What forbids it.
    pub(crate) fn flaw(&self) -> Option<&'static str> {
        const FIELDS: std::ops::RangeInclusive<usize> = 1..=5;
        let data = match &self.data {
            Some(MapData::Value(fields)) => fields,
            _ => &self.key,
        };
        if !FIELDS.contains(&self.key.len()) || !FIELDS.contains(&data.len()) {
            Some("a key or datum has one to five fields")
        } else if self.key_width() > 64 || width(data) > 64 {
            Some("a key or datum has at most 64 bytes")
        } else if self.interval && self.key.len() > 1 {
            Some("ranges of concatenated keys take milliseconds to delete, so they are refused")
        } else {
            None
        }
    }
}

/// Bytes of a value of these fields: fields of a concatenation fill whole registers.
pub(crate) fn width(fields: &[DataType]) -> usize {
    match fields {
        [single] => single.width(),
        fields => fields.iter().map(|field| field.width().next_multiple_of(4)).sum(),
    }
}

/// `nft`'s number of a concatenation.
pub(crate) fn type_number(fields: &[DataType]) -> u32 {
    fields.iter().fold(0, |number, field| (number << TYPE_BITS) | *field as u32)
}

/// The byte order of a key or datum; `nft` gives concatenations none.
pub(crate) fn byte_order(fields: &[DataType]) -> u32 {
    match fields {
        [single] => single.byte_order(),
        _ => 0,
    }
}

/// The fields behind `nft`'s number; none if we never write such a type.
pub(crate) fn fields(mut number: u32) -> Option<Vec<DataType>> {
    let mut fields = Vec::new();
    while number != 0 {
        fields.push(DataType::from_number(number & ((1 << TYPE_BITS) - 1))?);
        number >>= TYPE_BITS;
    }
    fields.reverse();
    (!fields.is_empty()).then_some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn concatenated_types_are_numbered_as_nft_does() {
        use DataType::{Interface, Ipv4, Port};
        assert_eq!(type_number(&[Interface, Ipv4]), 0x0a47);
        assert_eq!(type_number(&[Ipv4, Port]), 0x1cd);
        assert_eq!(width(&[Interface, Ipv4, Port]), 24);
        assert_eq!(fields(0x0a47), Some(vec![Interface, Ipv4]));
        assert_eq!(fields(63), None);
        assert_eq!(fields(0), None);
    }
}
