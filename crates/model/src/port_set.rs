//! Sets of ports over all protocols: what may pass between two ends.
//!
//! All of it lies on one line of numbers: a lane of 65,536 for each protocol, in the order of [`Protocol::ALL`], then one place
//! for the protocols without ports. A set is the rising list of places where it begins and ends, so every operation
//! is one walk over two short lists.

use std::fmt;

use crate::flow::Layer4;
use crate::net::Protocol;

/// Ports of one protocol.
const LANE: u32 = 1 << 16;
/// The place of protocols without ports.
const PORTLESS: u32 = 3 * LANE;
const END: u32 = PORTLESS + 1;

/// Ports of TCP, UDP and SCTP, and whether the protocols without ports (ICMP, ICMPv6) are in.
///
/// Port 0 counts: no rule can name it, but a rule without ports admits it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct PortSet {
    /// Rising; what lies from an even place up to the next is in the set.
    edges: Vec<u32>,
}

impl PortSet {
    /// The empty set.
    pub const NONE: Self = Self { edges: Vec::new() };

    /// Every port of every protocol, and the protocols without ports.
    pub fn all() -> Self {
        Self { edges: vec![0, END] }
    }

    /// The protocols without ports.
    pub fn portless() -> Self {
        Self { edges: vec![PORTLESS, END] }
    }

    /// Ports from `first` to `last` of a protocol, both included; empty when `last` is smaller.
    pub fn range(protocol: Protocol, first: u16, last: u16) -> Self {
        let lane = lane(protocol);
        let (first, end) = (lane + u32::from(first), lane + u32::from(last) + 1);
        if first < end { Self { edges: vec![first, end] } } else { Self::NONE }
    }

    /// What a flow uses.
    pub fn of(layer4: Layer4) -> Self {
        match layer4 {
            Layer4::Icmp => Self::portless(),
            Layer4::Port(protocol, port) => Self::range(protocol, port.get(), port.get()),
        }
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.edges.is_empty()
    }

    /// Whether everything is in it.
    pub fn is_all(&self) -> bool {
        self.edges == [0, END]
    }

    /// Whether it holds what a flow uses.
    pub fn contains(&self, layer4: Layer4) -> bool {
        let place = match layer4 {
            Layer4::Icmp => PORTLESS,
            Layer4::Port(protocol, port) => lane(protocol) + u32::from(port.get()),
        };
        self.edges.partition_point(|edge| *edge <= place) % 2 == 1
    }

    /// What is in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.combine(other, |a, b| a || b)
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.combine(other, |a, b| a && b)
    }

    /// What is in this one only.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.combine(other, |a, b| a && !b)
    }

    /// Whether all of `other` is in it.
    pub fn covers(&self, other: &Self) -> bool {
        let holds = |stretch: &[u32]| {
            let at = self.edges.partition_point(|edge| *edge <= stretch[0]);
            at % 2 == 1 && self.edges.get(at).is_some_and(|end| stretch[1] <= *end)
        };
        other.edges.chunks_exact(2).all(holds)
    }

    /// `holds` must say no to nothing in either.
    fn combine(&self, other: &Self, holds: impl Fn(bool, bool) -> bool) -> Self {
        let (mut a, mut b) = (self.edges.iter().peekable(), other.edges.iter().peekable());
        let (mut in_a, mut in_b, mut inside) = (false, false, false);
        let mut edges = Vec::new();
        while let Some(place) = a.peek().into_iter().chain(b.peek()).map(|edge| **edge).min() {
            in_a ^= a.next_if_eq(&&place).is_some();
            in_b ^= b.next_if_eq(&&place).is_some();
            if holds(in_a, in_b) != inside {
                inside = !inside;
                edges.push(place);
            }
        }
        Self { edges }
    }

    /// The ranges of a protocol, rising and with gaps between, both ends included.
    pub fn ranges(&self, protocol: Protocol) -> impl Iterator<Item = (u16, u16)> + '_ {
        let (from, to) = (lane(protocol), lane(protocol) + LANE);
        let within = move |edge: u32| u16::try_from(edge - from).unwrap_or(u16::MAX);
        let inside = move |pair: &[u32]| (pair[0].max(from), pair[1].min(to));
        let pieces = self.edges.chunks_exact(2).map(inside).filter(|(first, end)| first < end);
        pieces.map(move |(first, end)| (within(first), within(end - 1)))
    }

    /// How many unbroken stretches it has, over all protocols: a measure of how long it takes to say it.
    pub fn stretches(&self) -> usize {
        self.edges.len() / 2
    }

    /// Whether the protocols without ports are in it.
    pub fn has_portless(&self) -> bool {
        self.contains(Layer4::Icmp)
    }
}

fn lane(protocol: Protocol) -> u32 {
    match protocol {
        Protocol::Tcp => 0,
        Protocol::Udp => LANE,
        Protocol::Sctp => 2 * LANE,
    }
}

/// `all`, `none`, or `TCP 80, 8000-8080; all UDP; ICMP`.
impl fmt::Display for PortSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_all() || self.is_empty() {
            return f.write_str(if self.is_empty() { "none" } else { "all" });
        }
        let mut gap = "";
        for protocol in Protocol::ALL {
            for (i, (first, last)) in self.ranges(protocol).enumerate() {
                match (i, first, last) {
                    (0, 0 | 1, u16::MAX) => write!(f, "{gap}all {protocol}")?,
                    (0, ..) => write!(f, "{gap}{protocol} {}", Stretch(first, last))?,
                    _ => write!(f, ", {}", Stretch(first, last))?,
                }
                gap = "; ";
            }
        }
        if self.has_portless() { write!(f, "{gap}ICMP") } else { Ok(()) }
    }
}

/// Ports from the first to the last: `80`, `8000-8080`.
struct Stretch(u16, u16);

impl fmt::Display for Stretch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nobody can name port 0, and who asks for ports thinks of those that can be named.
        let (first, last) = if self.1 > 0 { (self.0.max(1), self.1) } else { (0, 0) };
        if first == last { write!(f, "{first}") } else { write!(f, "{first}-{last}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Port;

    fn tcp(first: u16, last: u16) -> PortSet {
        PortSet::range(Protocol::Tcp, first, last)
    }

    #[test]
    fn sets_read_well() {
        let udp = |port| PortSet::range(Protocol::Udp, port, port);
        let table = [
            (PortSet::NONE, "none"),
            (PortSet::all(), "all"),
            (tcp(80, 80), "TCP 80"),
            (tcp(80, 80).union(&tcp(8000, 8080)).union(&udp(53)), "TCP 80, 8000-8080; UDP 53"),
            (tcp(0, u16::MAX).union(&PortSet::portless()), "all TCP; ICMP"),
            (tcp(1, u16::MAX), "all TCP"),
            (PortSet::all().difference(&tcp(25, 25)), "TCP 1-24, 26-65535; all UDP; all SCTP; ICMP"),
            (tcp(80, 81).union(&tcp(82, 90)), "TCP 80-90"),
            (tcp(9, 8), "none"),
        ];
        for (set, text) in table {
            assert_eq!(set.to_string(), text);
        }
    }

    /// All subsets of a small universe, against sets of booleans; the last TCP port and the first of UDP are neighbours.
    #[test]
    fn operations_are_those_of_sets() {
        let places = [
            tcp(79, 79),
            tcp(80, 80),
            tcp(u16::MAX, u16::MAX),
            PortSet::range(Protocol::Udp, 0, 0),
            PortSet::range(Protocol::Sctp, u16::MAX, u16::MAX),
            PortSet::portless(),
        ];
        let of = |bits: u32| {
            let chosen = places.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1);
            chosen.fold(PortSet::NONE, |set, (_, place)| set.union(place))
        };
        for (a, b) in (0..64).flat_map(|a| (0..64).map(move |b| (a, b))) {
            assert_eq!(of(a).union(&of(b)), of(a | b));
            assert_eq!(of(a).intersection(&of(b)), of(a & b));
            assert_eq!(of(a).difference(&of(b)), of(a & !b));
            assert_eq!(of(a).covers(&of(b)), a | b == a);
        }
    }

    #[test]
    fn flows_are_members() {
        let set = tcp(80, 90).union(&PortSet::portless());
        let port = |protocol, number| Layer4::Port(protocol, Port::new(number).unwrap());
        assert!(set.contains(port(Protocol::Tcp, 80)) && set.contains(port(Protocol::Tcp, 90)));
        assert!(set.contains(Layer4::Icmp) && !set.contains(port(Protocol::Tcp, 91)));
        assert!(!set.contains(port(Protocol::Udp, 80)));
        assert_eq!(PortSet::of(port(Protocol::Sctp, 7)), PortSet::range(Protocol::Sctp, 7, 7));
        assert_eq!(set.ranges(Protocol::Tcp).collect::<Vec<_>>(), [(80, 90)]);
    }
}
