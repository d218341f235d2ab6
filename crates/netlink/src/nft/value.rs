//! What packets are compared with and sets are keyed by: bytes in the order the kernel holds them in registers.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::name::NameError;

/// `NFT_DATA_VALUE_MAXLEN`: sixteen 32-bit registers.
const MAX: usize = 64;
/// `IFNAMSIZ`.
const INTERFACE_NAME: usize = 16;

/// One field, or a concatenation of fields each padded to four bytes. At most 64 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value {
    // Unused bytes are zero, so that the derived order is that of the bytes and then of the length.
    bytes: [u8; MAX],
    length: u8,
}

/// A concatenation does not fit the kernel's registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a value of {bytes} bytes does not fit the kernel's 64 bytes of registers")]
pub struct ValueTooLong {
    /// Bytes it would take.
    pub bytes: usize,
}

impl Value {
    fn fixed<const N: usize>(source: [u8; N]) -> Self {
        const { assert!(N <= MAX) };
        let mut bytes = [0; MAX];
        bytes[..N].copy_from_slice(&source);
        Self { bytes, length: u8::try_from(N).unwrap_or_default() }
    }

    /// Bytes in register order.
    pub fn from_bytes(source: &[u8]) -> Result<Self, ValueTooLong> {
        let mut bytes = [0; MAX];
        let room = bytes.get_mut(..source.len()).ok_or(ValueTooLong { bytes: source.len() })?;
        room.copy_from_slice(source);
        Ok(Self { bytes, length: u8::try_from(source.len()).unwrap_or_default() })
    }

    /// A port or any other big-endian 16-bit field.
    pub fn port(port: u16) -> Self {
        Self::fixed(port.to_be_bytes())
    }

    /// A protocol number, ICMP type, nfproto, connection direction or any other 8-bit field.
    pub fn byte(byte: u8) -> Self {
        Self::fixed([byte])
    }

    /// A 32-bit number in host order: marks, connection states and status, interface indices.
    pub fn host32(number: u32) -> Self {
        Self::fixed(number.to_ne_bytes())
    }

    /// An interface name of at most 15 bytes, padded to 16.
    pub fn interface(name: &str) -> Result<Self, NameError> {
        let what = "interface name";
        let mut bytes = [0; INTERFACE_NAME];
        match bytes[..INTERFACE_NAME - 1].get_mut(..name.len()) {
            _ if name.is_empty() => Err(NameError::Empty { what }),
            None => Err(NameError::TooLong { what, text: name.into(), limit: INTERFACE_NAME - 1 }),
            Some(room) => {
                room.copy_from_slice(name.as_bytes());
                Ok(Self::fixed(bytes))
            }
        }
    }

    /// How the names of interfaces begin, which is compared with so many bytes of them.
    pub fn interface_prefix(beginning: &str) -> Result<Self, NameError> {
        let padded = Self::interface(beginning)?;
        Ok(Self { length: u8::try_from(beginning.len()).unwrap_or(padded.length), ..padded })
    }

    /// Fields one after the other, each padded to a 32-bit register.
    pub fn concat(fields: &[Self]) -> Result<Self, ValueTooLong> {
        let length = fields.iter().map(Self::padded_len).sum();
        let mut joined = Self { bytes: [0; MAX], length: 0 };
        if length > MAX {
            return Err(ValueTooLong { bytes: length });
        }
        for field in fields {
            let start = usize::from(joined.length);
            joined.bytes[start..start + field.width()].copy_from_slice(field.as_bytes());
            joined.length += u8::try_from(field.padded_len()).unwrap_or_default();
        }
        Ok(joined)
    }

    /// The bytes in register order.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.width()]
    }

    /// Bytes it takes.
    pub fn width(&self) -> usize {
        usize::from(self.length)
    }

    fn padded_len(&self) -> usize {
        self.width().next_multiple_of(4)
    }

    /// The next larger big-endian number of the same width; none after the largest.
    pub(crate) fn successor(&self) -> Option<Self> {
        let mut next = *self;
        for byte in next.bytes[..self.width()].iter_mut().rev() {
            *byte = byte.wrapping_add(1);
            if *byte != 0 {
                return Some(next);
            }
        }
        None
    }

    /// The next smaller big-endian number of the same width; none before zero.
    pub(crate) fn predecessor(&self) -> Option<Self> {
        let mut previous = *self;
        for byte in previous.bytes[..self.width()].iter_mut().rev() {
            *byte = byte.wrapping_sub(1);
            if *byte != u8::MAX {
                return Some(previous);
            }
        }
        None
    }

    /// The largest number of this width.
    pub(crate) fn largest(width: usize) -> Self {
        let mut value = Self { bytes: [0; MAX], length: u8::try_from(width.min(MAX)).unwrap_or_default() };
        value.bytes[..width.min(MAX)].fill(u8::MAX);
        value
    }

    /// Zero of this width.
    pub(crate) fn zero(width: usize) -> Self {
        Self { bytes: [0; MAX], length: u8::try_from(width.min(MAX)).unwrap_or_default() }
    }
}

impl From<Ipv4Addr> for Value {
    fn from(address: Ipv4Addr) -> Self {
        Self::fixed(address.octets())
    }
}

impl From<Ipv6Addr> for Value {
    fn from(address: Ipv6Addr) -> Self {
        Self::fixed(address.octets())
    }
}

impl From<IpAddr> for Value {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => address.into(),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn concatenations_pad_every_field() {
        let value =
            Value::concat(&[Value::byte(6), Ipv4Addr::new(10, 0, 0, 1).into(), Value::port(80)]).unwrap();
        assert_eq!(value.as_bytes(), [6, 0, 0, 0, 10, 0, 0, 1, 0, 80, 0, 0]);
        let name = Value::interface("eth0").unwrap();
        assert_eq!(name.as_bytes(), b"eth0\0\0\0\0\0\0\0\0\0\0\0\0");
        assert_eq!(Value::concat(&[name; 4]).unwrap().width(), 64);
        assert_eq!(Value::concat(&[name; 5]), Err(ValueTooLong { bytes: 80 }));
    }

    #[test]
    fn interface_names_hold_fifteen_bytes() {
        assert!(Value::interface("abcdefghijklmno").is_ok());
        assert!(Value::interface("abcdefghijklmnop").is_err());
        assert!(Value::interface("").is_err());
    }

    #[test]
    fn successors_carry_and_end() {
        assert_eq!(Value::port(0x00ff).successor(), Some(Value::port(0x0100)));
        assert_eq!(Value::port(0xffff).successor(), None);
        assert_eq!(Value::port(0x0100).predecessor(), Some(Value::port(0x00ff)));
        assert_eq!(Value::port(0).predecessor(), None);
        assert_eq!(Value::largest(2), Value::port(u16::MAX));
    }
}
