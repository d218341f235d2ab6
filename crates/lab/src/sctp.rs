//! As much of SCTP (RFC 9260) as a handshake's first two packets need: INIT, INIT ACK, ABORT.
//!
//! Many kernels have no SCTP sockets, but every kernel routes, filters and tracks its packets, so probes and servers speak it over raw
//! sockets. An INIT ACK carries the name of who answers as its state cookie, which a real client would only ever send back.

/// The IP protocol number of SCTP.
pub(crate) const PROTOCOL: u8 = 132;

const INIT: u8 = 1;
const INIT_ACK: u8 = 2;
const ABORT: u8 = 6;
const STATE_COOKIE: u16 = 7;
const HEADER: usize = 12;
const INIT_FIXED: usize = 20;

/// An SCTP packet with one chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packet {
    pub(crate) source_port: u16,
    pub(crate) destination_port: u16,
    /// The receiver's tag, 0 in an INIT.
    pub(crate) verification_tag: u32,
    pub(crate) chunk: Chunk,
}

/// The chunks we know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Chunk {
    Init { tag: u32 },
    InitAck { tag: u32, cookie: Vec<u8> },
    Abort,
}

impl Packet {
    /// The packet on the wire, from the common header on.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(64);
        bytes.extend(self.source_port.to_be_bytes());
        bytes.extend(self.destination_port.to_be_bytes());
        bytes.extend(self.verification_tag.to_be_bytes());
        bytes.extend([0; 4]);
        match &self.chunk {
            Chunk::Init { tag } => push_init(&mut bytes, INIT, *tag, None),
            Chunk::InitAck { tag, cookie } => push_init(&mut bytes, INIT_ACK, *tag, Some(cookie)),
            Chunk::Abort => bytes.extend([ABORT, 0, 0, 4]),
        }
        let checksum = crc32c(&bytes);
        bytes[8..HEADER].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Reads a packet; `None` if it is damaged or its first chunk is not one of ours.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut unsummed = bytes.to_vec();
        unsummed.get_mut(8..HEADER)?.fill(0);
        if be32(bytes, 8)?.swap_bytes() != crc32c(&unsummed) {
            return None;
        }
        let (source_port, destination_port) = (be16(bytes, 0)?, be16(bytes, 2)?);
        let chunk = Chunk::from_bytes(bytes.get(HEADER..)?)?;
        Some(Self { source_port, destination_port, verification_tag: be32(bytes, 4)?, chunk })
    }
}

impl Chunk {
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        match *bytes.first()? {
            INIT => Some(Self::Init { tag: be32(bytes, 4)? }),
            INIT_ACK => {
                Some(Self::InitAck { tag: be32(bytes, 4)?, cookie: cookie(bytes).unwrap_or_default() })
            }
            ABORT => Some(Self::Abort),
            _ => None,
        }
    }
}

/// Our INIT ACKs have the cookie first; other stacks may not, and then nobody needs it.
fn cookie(chunk: &[u8]) -> Option<Vec<u8>> {
    if be16(chunk, INIT_FIXED)? != STATE_COOKIE {
        return None;
    }
    let length = usize::from(be16(chunk, INIT_FIXED + 2)?);
    chunk.get(INIT_FIXED + 4..INIT_FIXED + length).map(<[u8]>::to_vec)
}

fn push_init(bytes: &mut Vec<u8>, kind: u8, tag: u32, cookie: Option<&[u8]>) {
    let start = bytes.len();
    bytes.extend([kind, 0, 0, 0]);
    bytes.extend(tag.to_be_bytes());
    // Receive window, outbound and inbound streams, initial sequence number.
    bytes.extend(0xffff_u32.to_be_bytes());
    bytes.extend([0, 1, 0, 1]);
    bytes.extend(tag.to_be_bytes());
    if let Some(cookie) = cookie {
        bytes.extend(STATE_COOKIE.to_be_bytes());
        bytes.extend(length_of(cookie.len() + 4));
        bytes.extend(cookie);
    }
    let length = length_of(bytes.len() - start);
    bytes[start + 2..start + 4].copy_from_slice(&length);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}

fn length_of(bytes: usize) -> [u8; 2] {
    u16::try_from(bytes).unwrap_or(u16::MAX).to_be_bytes()
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// CRC-32C (Castagnoli), the checksum of SCTP, bit by bit: packets are few and small.
fn crc32c(bytes: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0x82f6_3b78;
    let step = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ POLYNOMIAL } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc_of_the_check_string() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn packets_survive_the_wire() {
        for chunk in
            [Chunk::Init { tag: 7 }, Chunk::InitAck { tag: 9, cookie: b"web-1".to_vec() }, Chunk::Abort]
        {
            let packet = Packet { source_port: 1, destination_port: 2, verification_tag: 3, chunk };
            let mut bytes = packet.to_bytes();
            assert_eq!(Packet::from_bytes(&bytes), Some(packet));
            bytes[0] ^= 1;
            assert_eq!(Packet::from_bytes(&bytes), None, "the checksum must not match");
        }
    }
}
