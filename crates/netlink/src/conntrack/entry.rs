//! An entry of the connection tracking table.

use std::time::Duration;

use super::constants::{
    CTA_ID, CTA_MARK, CTA_PROTOINFO, CTA_PROTOINFO_TCP, CTA_PROTOINFO_TCP_STATE, CTA_STATUS, CTA_TIMEOUT,
    CTA_TUPLE_ORIG, CTA_TUPLE_REPLY, CTA_ZONE,
};
use super::tuple::Tuple;
use crate::wire::Attributes;

/// A tracked connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// As its first packet was sent.
    pub original: Tuple,
    /// As answers come: behind NAT, the source is the real server.
    pub reply: Tuple,
    /// Zone; entries of different zones may have equal tuples.
    pub zone: u16,
    /// The kernel's number for it; a later entry of the same tuple has another.
    pub id: u32,
    /// Connection mark.
    pub mark: u32,
    /// Bits of [`crate::nft::ct_status`].
    pub status: u32,
    /// Time until it expires without packets.
    pub timeout: Option<Duration>,
    /// Where a TCP connection is.
    pub tcp_state: Option<TcpState>,
}

impl Entry {
    pub(crate) fn read(attributes: Attributes<'_>) -> Option<Self> {
        let tcp = attributes.nested(CTA_PROTOINFO).and_then(|info| info.nested(CTA_PROTOINFO_TCP));
        Some(Self {
            original: Tuple::read(attributes.nested(CTA_TUPLE_ORIG)?)?,
            reply: Tuple::read(attributes.nested(CTA_TUPLE_REPLY)?)?,
            zone: attributes.be16(CTA_ZONE).unwrap_or_default(),
            id: attributes.be32(CTA_ID).unwrap_or_default(),
            mark: attributes.be32(CTA_MARK).unwrap_or_default(),
            status: attributes.be32(CTA_STATUS).unwrap_or_default(),
            timeout: attributes.be32(CTA_TIMEOUT).map(|seconds| Duration::from_secs(seconds.into())),
            tcp_state: tcp.and_then(|tcp| tcp.u8(CTA_PROTOINFO_TCP_STATE)).and_then(TcpState::from_number),
        })
    }
}

/// The state of a TCP connection as the tracker sees it (`enum tcp_conntrack`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum TcpState {
    /// Not known.
    None = 0,
    /// SYN seen.
    SynSent = 1,
    /// SYN and ACK seen.
    SynRecv = 2,
    /// Both sides agreed.
    Established = 3,
    /// FIN seen.
    FinWait = 4,
    /// FIN acknowledged.
    CloseWait = 5,
    /// Both FINs seen.
    LastAck = 6,
    /// Both FINs acknowledged.
    TimeWait = 7,
    /// RST seen.
    Close = 8,
    /// Both sides sent a SYN.
    SynSent2 = 9,
}

impl TcpState {
    const ALL: [Self; 10] = [
        Self::None,
        Self::SynSent,
        Self::SynRecv,
        Self::Established,
        Self::FinWait,
        Self::CloseWait,
        Self::LastAck,
        Self::TimeWait,
        Self::Close,
        Self::SynSent2,
    ];

    fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::Encode;

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200), kind in 0_u16..25) {
            Entry::read(Attributes::new(&bytes));
            let mut nested = Vec::new();
            nested.nest(kind, |inner| inner.nest(kind % 4, |inner| inner.put(kind % 10, &bytes)));
            Entry::read(Attributes::new(&nested));
        }
    }
}
