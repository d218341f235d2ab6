//! A logged packet.

use std::time::{Duration, SystemTime};

use nix::libc;

use crate::conntrack::Entry;
use crate::message::{Message, narrow};
use crate::nft::{Direction, Hook};
use crate::wire::{Attributes, array};

/// What the kernel tells about a logged packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// The log statement's prefix.
    pub prefix: String,
    /// The hook of the base chain; none for families whose hooks we do not know.
    pub hook: Option<Hook>,
    /// Ether type: 0x0800 IPv4, 0x86dd IPv6.
    pub ether_type: u16,
    /// Index of the interface it came in by.
    pub input: Option<u32>,
    /// Index of the interface it leaves by.
    pub output: Option<u32>,
    /// Index of the bridge port it came in by.
    pub physical_input: Option<u32>,
    /// Index of the bridge port it leaves by.
    pub physical_output: Option<u32>,
    /// Packet mark.
    pub mark: u32,
    /// When it arrived, if anything on the way asked for the time.
    pub timestamp: Option<SystemTime>,
    /// The packet from the network header on, cut to the receiver's or statement's length; see [`crate::headers::parse`].
    pub payload: Vec<u8>,
    /// The connection, if it has one and [`super::Receiver::attaches_connections`].
    pub connection: Option<PacketConnection>,
    /// Counts the packets of the group.
    pub sequence: Option<u32>,
}

/// The connection of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PacketConnection {
    /// Its entry. A packet that opens a connection has one that is not in the table yet.
    pub entry: Entry,
    /// Whether this packet goes as the first one did.
    pub direction: Direction,
}

impl Packet {
    pub(crate) fn read(message: &Message<'_>) -> Self {
        let attributes = message.attributes();
        let get = |kind| attributes.get(narrow(kind));
        let number = |kind| attributes.be32(narrow(kind));
        let header = get(libc::NFULA_PACKET_HDR);
        Self {
            prefix: attributes.string(narrow(libc::NFULA_PREFIX)).unwrap_or_default(),
            hook: header.and_then(|header| header.get(2)).and_then(|hook| Hook::from_number((*hook).into())),
            ether_type: header.and_then(array).map_or(0, u16::from_be_bytes),
            input: number(libc::NFULA_IFINDEX_INDEV),
            output: number(libc::NFULA_IFINDEX_OUTDEV),
            physical_input: number(libc::NFULA_IFINDEX_PHYSINDEV),
            physical_output: number(libc::NFULA_IFINDEX_PHYSOUTDEV),
            mark: number(libc::NFULA_MARK).unwrap_or_default(),
            timestamp: get(libc::NFULA_TIMESTAMP).and_then(read_time),
            payload: get(libc::NFULA_PAYLOAD).unwrap_or_default().to_vec(),
            connection: read_connection(attributes),
            sequence: number(libc::NFULA_SEQ),
        }
    }
}

/// `struct nfulnl_msg_packet_timestamp`: seconds and microseconds, 64 bits each.
fn read_time(bytes: &[u8]) -> Option<SystemTime> {
    let seconds = u64::from_be_bytes(array(bytes)?);
    let microseconds = u64::from_be_bytes(array(bytes.get(8..)?)?);
    let since_epoch = Duration::from_secs(seconds).checked_add(Duration::from_micros(microseconds))?;
    SystemTime::UNIX_EPOCH.checked_add(since_epoch)
}

/// `enum ip_conntrack_info`: 3 and 4 are replies.
fn read_connection(attributes: Attributes<'_>) -> Option<PacketConnection> {
    const FIRST_REPLY: u32 = 3;
    let entry = Entry::read(attributes.nested(narrow(libc::NFULA_CT))?)?;
    let info = attributes.be32(narrow(libc::NFULA_CT_INFO))?;
    let direction = if info < FIRST_REPLY { Direction::Original } else { Direction::Reply };
    Some(PacketConnection { entry, direction })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::message::{Head, Messages, put};
    use crate::wire::Encode;

    proptest! {
        #[test]
        fn any_attributes_are_survived(attributes in proptest::collection::vec((0_u16..22, any::<Vec<u8>>()), 0..8)) {
            let mut bytes = Vec::new();
            put(&mut bytes, Head { kind: 0x400, flags: 0, sequence: 0, family: 2, resource: 0 }, |body| {
                for (kind, payload) in &attributes {
                    body.put(*kind, payload);
                }
            });
            let packets: Vec<_> = Messages(&bytes).map(|message| Packet::read(&message)).collect();
            prop_assert_eq!(packets.len(), 1);
        }
    }
}
