//! What the two families call the same header and connection fields, and the matches that the frame is made of.

use podfence_model::{Direction, Family};
use podfence_netlink::nft::{self, Comment, Header, IpVersion, Load, Rule, Value, ct_state, tcp_flags};

use crate::generation::Stamp;

const ICMP: u8 = 1;
const TCP: u8 = 6;
const ICMPV6: u8 = 58;
const SCTP: u8 = 132;
/// `ip6 hoplimit`.
const HOP_LIMIT: Load = Load::Payload { header: Header::Network, offset: 7, length: 1 };
/// The type of an SCTP packet's first chunk (RFC 9260, section 3.2).
const SCTP_CHUNK: Load = Load::Payload { header: Header::Transport, offset: 12, length: 1 };
const SCTP_INIT: u8 = 1;

/// Fields that differ by family.
pub(crate) struct Fields {
    pub version: IpVersion,
    pub source: Load,
    pub destination: Load,
}

pub(crate) fn fields(family: Family) -> Fields {
    match family {
        Family::V4 => Fields { version: IpVersion::V4, source: Load::IP_SADDR, destination: Load::IP_DADDR },
        Family::V6 => {
            Fields { version: IpVersion::V6, source: Load::IP6_SADDR, destination: Load::IP6_DADDR }
        }
    }
}

/// Where the ends of a connection are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    /// In the packet's own header. It says what the entry says when the packet travels as the connection was opened: its
    /// destination is translated by now, its source not yet. The kernel reads a header at a tenth of the price of an
    /// address in the entry (`nft_do_chain` has it inline), and nearly all packets that are judged open a connection.
    Header,
    /// In the connection entry, for packets of both directions.
    Entry,
}

impl Ends {
    /// The cheaper one first.
    pub(crate) const BOTH: [Self; 2] = [Self::Header, Self::Entry];

    /// A rule for packets of which the ends can be read here. An entry has no address of another family.
    pub(crate) fn of(self, family: Family) -> Rule {
        match self {
            Self::Header => opening(Rule::new()).nfproto(fields(family).version),
            Self::Entry => Rule::new(),
        }
    }

    /// Who opened the connection.
    pub(crate) fn opener(self, family: Family) -> Load {
        match (self, family) {
            (Self::Header, _) => fields(family).source,
            (Self::Entry, Family::V4) => Load::CT_ORIGINAL_IP_SADDR,
            (Self::Entry, Family::V6) => Load::CT_ORIGINAL_IP6_SADDR,
        }
    }

    /// Who really answers it, behind destination NAT.
    pub(crate) fn answerer(self, family: Family) -> Load {
        match (self, family) {
            (Self::Header, _) => fields(family).destination,
            (Self::Entry, Family::V4) => Load::CT_REPLY_IP_SADDR,
            (Self::Entry, Family::V6) => Load::CT_REPLY_IP6_SADDR,
        }
    }

    /// The peer of the pod that a direction is about.
    pub(crate) fn peer(self, direction: Direction, family: Family) -> Load {
        match direction {
            Direction::Egress => self.answerer(family),
            Direction::Ingress => self.opener(family),
        }
    }

    /// A rule for packets of a protocol of which the ends can be read here.
    pub(crate) fn of_protocol(self, protocol: u8) -> Rule {
        let rule = Rule::new().l4proto(protocol);
        match self {
            Self::Header => opening(rule),
            Self::Entry => rule,
        }
    }

    /// The port of who really answers.
    pub(crate) const fn port(self) -> Load {
        match self {
            Self::Header => Load::TH_DPORT,
            Self::Entry => Load::CT_REPLY_PROTO_SRC,
        }
    }
}

/// Packets that travel as their connection was opened.
fn opening(rule: Rule) -> Rule {
    rule.eq(Load::CT_DIRECTION, Value::byte(nft::Direction::Original as u8))
}

/// A rule for packets of a family.
pub(crate) fn of(family: Family) -> Rule {
    Rule::new().nfproto(fields(family).version)
}

/// Packets of one of these connection states.
pub(crate) fn in_state(bits: u32) -> Rule {
    Rule::new().any_of(Load::CT_STATE, Value::host32(bits))
}

/// ICMPv6 messages of neighbour discovery from type `first` to `last`. They are never tracked.
pub(crate) fn icmpv6(first: u8, last: u8) -> Rule {
    of(Family::V6).l4proto(ICMPV6).in_range(Load::ICMP_TYPE, Value::byte(first), Value::byte(last))
}

/// ICMPv6 messages of one type.
pub(crate) fn icmpv6_type(number: u8) -> Rule {
    of(Family::V6).l4proto(ICMPV6).eq(Load::ICMP_TYPE, Value::byte(number))
}

/// Neighbour solicitations and advertisements. Routers never forward them, so only the hop limit of a bridged or
/// received one is still 255 (RFC 4861, 7.1).
pub(crate) fn neighbour_discovery() -> Rule {
    icmpv6(135, 136).eq(HOP_LIMIT, Value::byte(255))
}

/// ICMP errors about a connection. Connections that others expect are `related` too: those are judged as their own.
pub(crate) fn icmp_errors(family: Family) -> Rule {
    in_state(ct_state::RELATED).l4proto(match family {
        Family::V4 => ICMP,
        Family::V6 => ICMPV6,
    })
}

/// Among packets of new entries those that do not open a connection: nobody can tell who did.
pub(crate) fn not_opening(new: impl Fn() -> Rule) -> [Rule; 2] {
    let flags = tcp_flags::FIN | tcp_flags::SYN | tcp_flags::RST | tcp_flags::ACK;
    let tcp = new().l4proto(TCP).masked_ne(Load::TCP_FLAGS, Value::byte(flags), Value::byte(tcp_flags::SYN));
    let sctp = new().l4proto(SCTP).ne(SCTP_CHUNK, Value::byte(SCTP_INIT));
    [tcp, sctp.comment(Comment::constant("chunks other than INIT"))]
}

/// Packets of connections that carry the stamp.
pub(crate) fn stamped(rule: Rule, stamp: Stamp) -> Rule {
    rule.masked_eq(Load::CT_MARK, Value::host32(stamp.mask), Value::host32(stamp.value))
}
