//! Bits that fields are compared with and statements are told: connection states, TCP flags, look-up and translation flags.

/// Bits of [`super::CtKey::State`] (`NF_CT_STATE_BIT`).
pub mod ct_state {
    /// Belongs to no connection the kernel can follow.
    pub const INVALID: u32 = 1;
    /// Both sides were seen.
    pub const ESTABLISHED: u32 = 2;
    /// An ICMP error about a connection, or one that a helper expected.
    pub const RELATED: u32 = 4;
    /// Only one side was seen.
    pub const NEW: u32 = 8;
    /// Excluded from tracking.
    pub const UNTRACKED: u32 = 64;
}

/// Bits of [`super::CtKey::Status`] (`IPS_*`, `nf_conntrack_common.h`).
pub mod ct_status {
    /// It was expected by a helper.
    pub const EXPECTED: u32 = 1;
    /// Answers were seen.
    pub const SEEN_REPLY: u32 = 2;
    /// Never expires early.
    pub const ASSURED: u32 = 4;
    /// Its first packet left this host's stack.
    pub const CONFIRMED: u32 = 8;
    /// Source is translated.
    pub const SRC_NAT: u32 = 16;
    /// Destination is translated.
    pub const DST_NAT: u32 = 32;
}

/// Flags of a TCP header.
pub mod tcp_flags {
    /// No more data.
    pub const FIN: u8 = 1;
    /// Open.
    pub const SYN: u8 = 2;
    /// Abort.
    pub const RST: u8 = 4;
    /// Push.
    pub const PSH: u8 = 8;
    /// Acknowledgement is valid.
    pub const ACK: u8 = 16;
}

/// What a routing look-up takes from the packet (`NFTA_FIB_F_*`).
pub mod fib_flags {
    /// The source address.
    pub const SADDR: u32 = 1;
    /// The destination address.
    pub const DADDR: u32 = 2;
    /// The packet mark.
    pub const MARK: u32 = 4;
    /// The input interface.
    pub const IIF: u32 = 8;
    /// The output interface.
    pub const OIF: u32 = 16;
}

/// Flags of translations (`NF_NAT_RANGE_*`).
pub mod nat_flags {
    /// Choose the source port at random.
    pub const RANDOM: u32 = 4;
    /// Give a client the same address again.
    pub const PERSISTENT: u32 = 8;
    /// Choose the source port wholly at random.
    pub const FULLY_RANDOM: u32 = 16;
}
