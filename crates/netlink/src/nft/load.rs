//! What a rule can look at: packet headers, packet metadata, the connection entry, routes, a number generator.
//!
//! The associated constants name the usual ones as `nft` does. In an inet table a rule must know the family before it loads `ip` or
//! `ip6` fields (`Rule::nfproto`) and the protocol before it loads `th` fields (`Rule::l4proto`), or `nft list` cannot name them.

use nix::libc;

use super::bits::fib_flags;

/// A source of bytes for registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// Metadata of the packet.
    Meta(MetaKey),
    /// Bytes of the packet.
    Payload {
        /// Counted from here.
        header: Header,
        /// Bytes to skip.
        offset: u32,
        /// Bytes to load, at most 64.
        length: u8,
    },
    /// A field of the connection entry. Untracked packets have none: the rule then does not match.
    Ct {
        /// The field.
        key: CtKey,
        /// Of which tuple; required by addresses and ports, and refused by the other keys.
        direction: Option<Direction>,
    },
    /// A routing look-up.
    Fib {
        /// What to learn.
        result: FibResult,
        /// What to look up: [`super::fib_flags`].
        flags: u32,
    },
    /// A number below `modulus`, in host order.
    Numgen {
        /// How it is drawn.
        kind: NumgenKind,
        /// One more than the largest number.
        modulus: u32,
    },
}

/// Metadata of a packet (`NFT_META_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum MetaKey {
    /// Ether type, big-endian 16 bits.
    Protocol = 1,
    /// Packet mark, host order.
    Mark = 3,
    /// Index of the input interface, host order.
    Iif = 4,
    /// Index of the output interface, host order.
    Oif = 5,
    /// Name of the input interface.
    IifName = 6,
    /// Name of the output interface.
    OifName = 7,
    /// `NFPROTO_*`, 8 bits.
    NfProto = 15,
    /// Transport protocol after IPv6 extension headers, 8 bits.
    L4Proto = 16,
    /// Name of the bridge that the packet came in by.
    BridgeIifName = 17,
    /// Name of the bridge that the packet leaves by.
    BridgeOifName = 18,
}

/// Where payload offsets count from (`NFT_PAYLOAD_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Header {
    /// Ethernet.
    Link = 0,
    /// IPv4, IPv6 or ARP.
    Network = 1,
    /// TCP, UDP, SCTP, ICMP. Absent from later fragments: the rule then does not match.
    Transport = 2,
}

/// A field of a connection entry (`NFT_CT_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum CtKey {
    /// [`super::ct_state`] bits, host order. The one key that untracked and invalid packets have.
    State = 0,
    /// The direction of this packet, 8 bits: [`Direction`].
    Direction = 1,
    /// [`super::ct_status`] bits, host order.
    Status = 2,
    /// Connection mark, host order.
    Mark = 3,
    /// Transport protocol, 8 bits; needs a direction.
    Protocol = 10,
    /// Source port or ICMP id.
    ProtoSrc = 11,
    /// Destination port.
    ProtoDst = 12,
    /// Conntrack zone, host order 16 bits.
    Zone = 17,
    /// IPv4 source.
    SrcIp = 19,
    /// IPv4 destination.
    DstIp = 20,
    /// IPv6 source.
    SrcIp6 = 21,
    /// IPv6 destination.
    DstIp6 = 22,
}

/// A tuple of a connection (`IP_CT_DIR_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Direction {
    /// As the first packet was sent.
    Original = 0,
    /// As answers are sent.
    Reply = 1,
}

/// What a routing look-up tells (`NFT_FIB_RESULT_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum FibResult {
    /// Index of the output interface; 0 without a route.
    Oif = 1,
    /// Name of the output interface.
    OifName = 2,
    /// The address type (`RTN_*`): 1 unicast, 2 local, 3 broadcast.
    AddressType = 3,
}

/// How numbers are drawn (`NFT_NG_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum NumgenKind {
    /// Each in turn.
    Incremental = 0,
    /// At random.
    Random = 1,
}

macro_rules! payload {
    ($($(#[$doc:meta])* $name:ident = $header:ident, $offset:literal, $length:literal;)*) => {
        $($(#[$doc])* pub const $name: Self = Self::Payload { header: Header::$header, offset: $offset, length: $length };)*
    };
}

macro_rules! meta {
    ($($(#[$doc:meta])* $name:ident = $key:ident;)*) => {
        $($(#[$doc])* pub const $name: Self = Self::Meta(MetaKey::$key);)*
    };
}

macro_rules! ct {
    ($($(#[$doc:meta])* $name:ident = $key:ident, $direction:expr;)*) => {
        $($(#[$doc])* pub const $name: Self = Self::Ct { key: CtKey::$key, direction: $direction };)*
    };
}

impl Load {
    payload! {
        /// `ip saddr`.
        IP_SADDR = Network, 12, 4;
        /// `ip daddr`.
        IP_DADDR = Network, 16, 4;
        /// `ip6 saddr`.
        IP6_SADDR = Network, 8, 16;
        /// `ip6 daddr`.
        IP6_DADDR = Network, 24, 16;
        /// `th sport` (TCP, UDP, SCTP).
        TH_SPORT = Transport, 0, 2;
        /// `th dport` (TCP, UDP, SCTP).
        TH_DPORT = Transport, 2, 2;
        /// `tcp flags`: [`super::tcp_flags`].
        TCP_FLAGS = Transport, 13, 1;
        /// `icmp type` or `icmpv6 type`, by the protocol matched before.
        ICMP_TYPE = Transport, 0, 1;
        /// `icmp code` or `icmpv6 code`.
        ICMP_CODE = Transport, 1, 1;
        /// `arp operation`.
        ARP_OPERATION = Network, 6, 2;
        /// `arp saddr ip` of Ethernet ARP.
        ARP_SADDR_IP = Network, 14, 4;
        /// `ether saddr`.
        ETHER_SADDR = Link, 6, 6;
        /// `ether type`.
        ETHER_TYPE = Link, 12, 2;
    }

    meta! {
        /// `meta protocol`: the ether type.
        PROTOCOL = Protocol;
        /// `meta mark`.
        MARK = Mark;
        /// `iif`.
        IIF = Iif;
        /// `oif`.
        OIF = Oif;
        /// `iifname`.
        IIFNAME = IifName;
        /// `oifname`.
        OIFNAME = OifName;
        /// `meta nfproto`.
        NFPROTO = NfProto;
        /// `meta l4proto`.
        L4PROTO = L4Proto;
        /// `ibrname`.
        IBRNAME = BridgeIifName;
        /// `obrname`.
        OBRNAME = BridgeOifName;
    }

    ct! {
        /// `ct state`.
        CT_STATE = State, None;
        /// `ct direction`.
        CT_DIRECTION = Direction, None;
        /// `ct status`.
        CT_STATUS = Status, None;
        /// `ct mark`.
        CT_MARK = Mark, None;
        /// `ct zone`.
        CT_ZONE = Zone, None;
        /// `ct original ip saddr`.
        CT_ORIGINAL_IP_SADDR = SrcIp, Some(Direction::Original);
        /// `ct original ip daddr`.
        CT_ORIGINAL_IP_DADDR = DstIp, Some(Direction::Original);
        /// `ct reply ip saddr`: the real server, behind destination NAT.
        CT_REPLY_IP_SADDR = SrcIp, Some(Direction::Reply);
        /// `ct reply ip daddr`.
        CT_REPLY_IP_DADDR = DstIp, Some(Direction::Reply);
        /// `ct original ip6 saddr`.
        CT_ORIGINAL_IP6_SADDR = SrcIp6, Some(Direction::Original);
        /// `ct original ip6 daddr`.
        CT_ORIGINAL_IP6_DADDR = DstIp6, Some(Direction::Original);
        /// `ct reply ip6 saddr`: the real server, behind destination NAT.
        CT_REPLY_IP6_SADDR = SrcIp6, Some(Direction::Reply);
        /// `ct reply ip6 daddr`.
        CT_REPLY_IP6_DADDR = DstIp6, Some(Direction::Reply);
        /// `ct original proto-src`.
        CT_ORIGINAL_PROTO_SRC = ProtoSrc, Some(Direction::Original);
        /// `ct original proto-dst`.
        CT_ORIGINAL_PROTO_DST = ProtoDst, Some(Direction::Original);
        /// `ct reply proto-src`: the port of the real server.
        CT_REPLY_PROTO_SRC = ProtoSrc, Some(Direction::Reply);
        /// `ct reply proto-dst`.
        CT_REPLY_PROTO_DST = ProtoDst, Some(Direction::Reply);
        /// `ct original protocol`.
        CT_ORIGINAL_PROTOCOL = Protocol, Some(Direction::Original);
    }

    /// `fib saddr . iif oif`: the interface that answers to the source would leave by, 0 if not the one it came in by.
    pub const FIB_SADDR_IIF_OIF: Self =
        Self::Fib { result: FibResult::Oif, flags: fib_flags::SADDR | fib_flags::IIF };
    /// `fib daddr type`.
    pub const FIB_DADDR_TYPE: Self = Self::Fib { result: FibResult::AddressType, flags: fib_flags::DADDR };

    /// Bytes that it loads.
    pub const fn width(self) -> usize {
        match self {
            Self::Payload { length, .. } => length as usize,
            Self::Meta(key) => key.width(),
            Self::Ct { key, .. } => key.width(),
            Self::Fib { result: FibResult::OifName, .. } => libc::IFNAMSIZ,
            Self::Fib { .. } | Self::Numgen { .. } => 4,
        }
    }
}

impl MetaKey {
    const fn width(self) -> usize {
        match self {
            Self::NfProto | Self::L4Proto => 1,
            Self::Protocol => 2,
            Self::Mark | Self::Iif | Self::Oif => 4,
            Self::IifName | Self::OifName | Self::BridgeIifName | Self::BridgeOifName => libc::IFNAMSIZ,
        }
    }
}

impl CtKey {
    const fn width(self) -> usize {
        match self {
            Self::Direction | Self::Protocol => 1,
            Self::ProtoSrc | Self::ProtoDst | Self::Zone => 2,
            Self::State | Self::Status | Self::Mark | Self::SrcIp | Self::DstIp => 4,
            Self::SrcIp6 | Self::DstIp6 => 16,
        }
    }
}
