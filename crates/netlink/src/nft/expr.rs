//! Expressions: the kernel's instructions that a rule is made of. [`super::Rule`] writes the usual sequences.

use super::element::Verdict;
use super::load::{CtKey, Load, MetaKey};
use super::name::{LogPrefix, Name};
use super::value::Value;

/// One of the sixteen 32-bit data registers (`NFT_REG32_00` …). Wider values go on in the next ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Register(u8);

impl Register {
    /// The first register.
    pub const FIRST: Self = Self(0);
    /// How many there are.
    pub const COUNT: usize = 16;

    /// Where it stands among all data registers, from 0.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The register `bytes` further on; none behind the last.
    pub fn after(self, bytes: usize) -> Option<Self> {
        let index = self.index() + bytes.div_ceil(4);
        if index >= Self::COUNT {
            return None;
        }
        u8::try_from(index).ok().map(Self)
    }

    /// The kernel's number. The 128-bit name is used where there is one, as `nft` does.
    pub(crate) const fn number(self) -> u32 {
        const REG_1: u32 = 1;
        const REG32_00: u32 = 8;
        let index = self.0 as u32;
        if index.is_multiple_of(4) { REG_1 + index / 4 } else { REG32_00 + index }
    }
}

/// One instruction. An expression that does not match ends its rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// Puts a field of the packet into registers.
    Load {
        /// The field.
        from: Load,
        /// The first register.
        into: Register,
    },
    /// Puts constant bytes into registers.
    Immediate {
        /// The bytes.
        value: Value,
        /// The first register.
        into: Register,
    },
    /// Compares registers with constant bytes, as big-endian numbers.
    Compare {
        /// The first register.
        register: Register,
        /// How.
        comparison: Comparison,
        /// With what.
        value: Value,
    },
    /// Matches when registers are between two values, both included.
    Range {
        /// The first register.
        register: Register,
        /// Matches outside instead.
        inverted: bool,
        /// The lower end.
        first: Value,
        /// The upper end.
        last: Value,
    },
    /// `register = (register & mask) ^ xor`.
    Bitwise {
        /// The first register.
        register: Register,
        /// Bits to keep.
        mask: Value,
        /// Bits to flip then; as wide as the mask.
        xor: Value,
    },
    /// Matches when registers are a key of a set.
    Lookup {
        /// The set.
        set: Name,
        /// The first register of the key.
        register: Register,
        /// Matches when they are not.
        inverted: bool,
    },
    /// Gives the verdict that a map has for a key. A key that is not in the map does not match.
    VerdictMap {
        /// The map.
        map: Name,
        /// The first register of the key.
        register: Register,
    },
    /// Replaces the key in registers by what a map has for it. A key that is not in the map does not match.
    ValueMap {
        /// The map.
        map: Name,
        /// The first register of the key.
        register: Register,
        /// The first register of the datum.
        into: Register,
    },
    /// Puts a number below `modulus` into a register, in host order: the Jenkins hash of other registers.
    Hash {
        /// The first register of what is hashed.
        from: Register,
        /// Its bytes.
        length: u32,
        /// Where the number goes.
        into: Register,
        /// One more than the largest number.
        modulus: u32,
        /// Equal seeds give equal hashes.
        seed: u32,
    },
    /// Gives a verdict.
    Verdict(Verdict),
    /// Sets packet metadata.
    SetMeta {
        /// Which.
        key: MetaKey,
        /// From here.
        register: Register,
    },
    /// Sets a field of the connection entry.
    SetCt {
        /// Which.
        key: CtKey,
        /// From here.
        register: Register,
    },
    /// Counts packets and bytes.
    Counter,
    /// Sends the packet to an NFLOG group.
    Log(Log),
    /// Matches at a limited rate.
    Limit(Limit),
    /// Translates addresses of the connection.
    Nat(Nat),
    /// Source NAT to the address of the output interface.
    Masquerade {
        /// [`super::nat_flags`].
        flags: u32,
    },
    /// Excludes the packet from connection tracking. For raw prerouting and output chains.
    NoTrack,
    /// Drops the packet and tells its sender. For input, forward, output and prerouting chains.
    Reject(Rejection),
}

/// How the sender of a rejected packet is told (`NFT_REJECT_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Rejection {
    /// By a TCP reset; the packet must be TCP.
    TcpReset = 1,
    /// By an ICMP error of the packet's family: nobody has the port.
    PortUnreachable = 2,
}

/// How registers are compared (`NFT_CMP_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Comparison {
    /// Equal.
    Eq = 0,
    /// Different.
    Ne = 1,
    /// Less.
    Lt = 2,
    /// Less or equal.
    Le = 3,
    /// Greater.
    Gt = 4,
    /// Greater or equal.
    Ge = 5,
}

/// A log statement to an NFLOG group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// The group.
    pub group: u16,
    /// Comes with every packet.
    pub prefix: Option<LogPrefix>,
    /// Bytes of the packet to copy; none for what the receiver asked for.
    pub snaplen: Option<u32>,
    /// Packets to collect before the receiver is woken; none for the receiver's setting.
    pub queue_threshold: Option<u16>,
}

impl Log {
    /// To this group, with this prefix.
    pub const fn new(group: u16, prefix: LogPrefix) -> Self {
        Self { group, prefix: Some(prefix), snaplen: None, queue_threshold: None }
    }

    /// With at most this many bytes of each packet.
    #[must_use]
    pub fn snaplen(self, bytes: u32) -> Self {
        Self { snaplen: Some(bytes), ..self }
    }
}

/// A packet rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Packets …
    pub packets: u64,
    /// … per this many seconds: 1, 60, 3600, 86400 or 604800 for `nft list` to name it.
    pub seconds: u64,
    /// Packets above the rate that pass at once.
    pub burst: u32,
    /// Matches above the rate instead of below.
    pub over: bool,
}

/// A translation; addresses and ports come from registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nat {
    /// Which end.
    pub kind: NatKind,
    /// Of the address.
    pub version: IpVersion,
    /// Where the address is.
    pub address: Option<Register>,
    /// Where the port is.
    pub port: Option<Register>,
    /// [`super::nat_flags`].
    pub flags: u32,
}

/// Which end of a connection is translated (`NFT_NAT_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum NatKind {
    /// The source.
    Source = 0,
    /// The destination.
    Destination = 1,
}

/// IPv4 or IPv6, with the number of `NFPROTO_*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum IpVersion {
    /// IPv4.
    V4 = 2,
    /// IPv6.
    V6 = 10,
}

impl IpVersion {
    /// Bytes of an address.
    pub const fn address_width(self) -> usize {
        match self {
            Self::V4 => 4,
            Self::V6 => 16,
        }
    }
}
