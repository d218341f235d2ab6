//! The address space cut by blocks: which blocks hold an address, and the ranges between the cuts.
//!
//! Every block becomes disjoint ranges (`cidr` minus `except`); a sweep over their ends gives elementary ranges
//! that no block cuts any further. Nested and overlapping blocks need no special case.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use podfence_model::{Cidr, Family, IpBlock};

use crate::ids::AtomId;

/// Addresses of one family from `first` to `last`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressRange {
    /// The family of both ends.
    pub family: Family,
    pub(crate) low: u128,
    pub(crate) high: u128,
}

impl AddressRange {
    /// The lowest address.
    pub fn first(self) -> IpAddr {
        address(self.family, self.low)
    }

    /// The highest address.
    pub fn last(self) -> IpAddr {
        address(self.family, self.high)
    }

    /// The range of a block.
    pub fn of(cidr: Cidr) -> Self {
        Self { family: cidr.family(), low: number(cidr.first()), high: number(cidr.last()) }
    }

    /// Both ranges as one, if they overlap or touch.
    #[must_use]
    pub fn join(self, other: Self) -> Option<Self> {
        let (a, b) = if self <= other { (self, other) } else { (other, self) };
        let touch = a.family == b.family && b.low <= a.high.saturating_add(1);
        touch.then_some(Self { high: a.high.max(b.high), ..a })
    }

    /// Disjoint ranges in rising order, with those that touch made one.
    #[must_use]
    pub fn joined(mut ranges: Vec<Self>) -> Vec<Self> {
        ranges.sort_unstable();
        let mut out: Vec<Self> = Vec::new();
        for range in ranges {
            match out.last_mut().and_then(|before| before.join(range)) {
                Some(joined) => {
                    out.pop();
                    out.push(joined);
                }
                None => out.push(range),
            }
        }
        out
    }

    /// What lies in both ranges.
    #[must_use]
    pub fn intersection(self, other: Self) -> Option<Self> {
        let both = Self { low: self.low.max(other.low), high: self.high.min(other.high), ..self };
        (self.family == other.family && both.low <= both.high).then_some(both)
    }

    /// The parts of this range inside and outside some disjoint ranges in rising order.
    pub(crate) fn part(self, others: &[Self]) -> (Vec<Self>, Vec<Self>) {
        let inside: Vec<Self> = others.iter().filter_map(|other| self.intersection(*other)).collect();
        (inside.clone(), self.without(&inside))
    }

    /// What is left of this range without those of some single addresses, in rising order, that lie in it.
    pub(crate) fn without_some(self, addresses: &[Self]) -> Vec<Self> {
        let from = addresses.partition_point(|one| (one.family, one.low) < (self.family, self.low));
        let to = addresses.partition_point(|one| (one.family, one.low) <= (self.family, self.high));
        self.without(&addresses[from..to])
    }

    /// What is left of this range without `holes`, which lie in it and rise; they may overlap.
    fn without(self, holes: &[Self]) -> Vec<Self> {
        let mut left = Vec::new();
        let mut next = Some(self.low);
        for hole in holes {
            let Some(low) = next else { break };
            if hole.low > low {
                left.push(Self { low, high: hole.low - 1, ..self });
            }
            next = hole.high.checked_add(1).map(|n| n.max(low));
        }
        left.extend(next.filter(|n| *n <= self.high).map(|low| Self { low, ..self }));
        left
    }

    /// Whether `other` lies wholly in this range.
    pub fn covers(self, other: Self) -> bool {
        self.family == other.family && self.low <= other.low && other.high <= self.high
    }

    /// Whether the range begins at this address or before it, in the order of ranges: IPv4 before IPv6.
    pub fn begins_by(self, ip: IpAddr) -> bool {
        (self.family, self.low) <= (Family::of(ip), number(ip))
    }

    /// Whether the address lies in the range.
    pub fn contains(self, ip: IpAddr) -> bool {
        Family::of(ip) == self.family && (self.low..=self.high).contains(&number(ip))
    }
}

/// An address as a number; IPv4 uses the low 32 bits.
pub(crate) fn number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(v4) => u128::from(u32::from(v4)),
        IpAddr::V6(v6) => u128::from(v6),
    }
}

fn address(family: Family, number: u128) -> IpAddr {
    match family {
        Family::V4 => Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX)).into(),
        Family::V6 => Ipv6Addr::from(number).into(),
    }
}

fn highest(family: Family) -> u128 {
    number(Cidr::all(family).last())
}

/// The disjoint ranges of a block, in rising order: its `cidr` with every `except` cut out.
pub(crate) fn ranges_of(block: &IpBlock) -> Vec<AddressRange> {
    let whole = AddressRange::of(block.cidr());
    let mut holes: Vec<AddressRange> = block.except().iter().map(|e| AddressRange::of(*e)).collect();
    holes.sort_unstable();
    whole.without(&holes)
}

/// One elementary range: no block's edge lies inside it.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    pub range: AddressRange,
    /// The blocks that hold it, sorted.
    pub blocks: Vec<AtomId>,
    /// Whether it lies in a range that pods get their addresses from, and is no host's own (a node's bridge).
    pub pods: bool,
}

/// Both families, each cut into segments that cover it whole.
#[derive(Debug, Default)]
pub(crate) struct AddressSpace {
    v4: Vec<Segment>,
    v6: Vec<Segment>,
}

#[derive(Clone, Copy)]
enum Edge {
    Block(AtomId),
    PodRange,
    Host,
}

impl AddressSpace {
    /// Cuts both families at the edges of blocks and pod ranges, and around the hosts' addresses in pod ranges.
    pub(crate) fn new(
        blocks: &[(AtomId, IpBlock)],
        pod_ranges: &[Cidr],
        hosts: impl Iterator<Item = IpAddr>,
    ) -> Self {
        let mut cuts = Vec::new();
        for (id, block) in blocks {
            cuts.extend(ranges_of(block).into_iter().map(|range| (range, Edge::Block(*id))));
        }
        cuts.extend(pod_ranges.iter().map(|cidr| (AddressRange::of(*cidr), Edge::PodRange)));
        let inside = hosts.filter(|ip| pod_ranges.iter().any(|cidr| cidr.contains(*ip)));
        cuts.extend(inside.map(|ip| (AddressRange::of(Cidr::host(ip)), Edge::Host)));
        Self { v4: segments(Family::V4, &cuts), v6: segments(Family::V6, &cuts) }
    }

    /// Adds a block, whose atom has the highest number yet: cuts at its edges and enters it in what lies between.
    pub(crate) fn add(&mut self, id: AtomId, block: &IpBlock) {
        for range in ranges_of(block) {
            let list = match range.family {
                Family::V4 => &mut self.v4,
                Family::V6 => &mut self.v6,
            };
            let first = cut(list, range.low);
            let behind = range.high.checked_add(1).map_or(list.len(), |at| cut(list, at));
            for segment in &mut list[first..behind] {
                segment.blocks.push(id);
            }
        }
    }

    /// The segment that holds an address.
    pub(crate) fn segment(&self, ip: IpAddr) -> Option<&Segment> {
        let list = self.of(Family::of(ip));
        let behind = list.partition_point(|s| s.range.low <= number(ip));
        behind.checked_sub(1).and_then(|i| list.get(i))
    }

    /// The segments of both families.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Segment> {
        self.v4.iter().chain(&self.v6)
    }

    fn of(&self, family: Family) -> &[Segment] {
        match family {
            Family::V4 => &self.v4,
            Family::V6 => &self.v6,
        }
    }
}

/// Cuts the segment that holds `at` there, unless one begins there; returns the place of the one that then begins there.
fn cut(list: &mut Vec<Segment>, at: u128) -> usize {
    let place = list.partition_point(|s| s.range.low < at);
    let Some(holder) = place.checked_sub(1).map(|i| &mut list[i]) else { return place };
    if at > holder.range.high {
        return place;
    }
    let mut rest = holder.clone();
    holder.range.high = at - 1;
    rest.range.low = at;
    list.insert(place, rest);
    place
}

fn segments(family: Family, cuts: &[(AddressRange, Edge)]) -> Vec<Segment> {
    let mut edges: Vec<(u128, bool, Edge)> = Vec::new();
    for (range, edge) in cuts.iter().filter(|(range, _)| range.family == family) {
        edges.push((range.low, true, *edge));
        edges.extend(range.high.checked_add(1).map(|behind| (behind, false, *edge)));
    }
    edges.sort_by_key(|(at, ..)| *at);
    sweep(family, &edges)
}

/// What holds the point that the sweep has reached.
#[derive(Default)]
struct Open {
    blocks: BTreeSet<AtomId>,
    pod_ranges: usize,
    hosts: usize,
}

impl Open {
    fn pass(&mut self, edge: Edge, opens: bool) {
        let count = |n: usize| if opens { n + 1 } else { n.saturating_sub(1) };
        match edge {
            Edge::Block(id) if opens => drop(self.blocks.insert(id)),
            Edge::Block(id) => drop(self.blocks.remove(&id)),
            Edge::PodRange => self.pod_ranges = count(self.pod_ranges),
            Edge::Host => self.hosts = count(self.hosts),
        }
    }

    fn segment(&self, family: Family, low: u128, high: u128) -> Segment {
        Segment {
            range: AddressRange { family, low, high },
            blocks: self.blocks.iter().copied().collect(),
            pods: self.pod_ranges > 0 && self.hosts == 0,
        }
    }
}

fn sweep(family: Family, edges: &[(u128, bool, Edge)]) -> Vec<Segment> {
    let (mut out, mut open, mut low) = (Vec::new(), Open::default(), 0);
    for group in edges.chunk_by(|a, b| a.0 == b.0) {
        let at = group[0].0;
        if at > low {
            out.push(open.segment(family, low, at - 1));
        }
        for (_, opens, edge) in group {
            open.pass(*edge, *opens);
        }
        low = at;
    }
    if low <= highest(family) {
        out.push(open.segment(family, low, highest(family)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(cidr: &str, except: &[&str]) -> IpBlock {
        IpBlock::new(cidr.parse().unwrap(), except.iter().map(|e| e.parse().unwrap()).collect()).unwrap()
    }

    #[test]
    fn holes_are_cut_out_also_when_nested_and_at_the_edges() {
        let table = [
            (block("10.0.0.0/30", &[]), "10.0.0.0-10.0.0.3"),
            (block("10.0.0.0/30", &["10.0.0.0/32"]), "10.0.0.1-10.0.0.3"),
            (block("10.0.0.0/30", &["10.0.0.3/32"]), "10.0.0.0-10.0.0.2"),
            (block("10.0.0.0/29", &["10.0.0.2/31", "10.0.0.2/32"]), "10.0.0.0-10.0.0.1 10.0.0.4-10.0.0.7"),
            (block("10.0.0.0/31", &["10.0.0.0/32", "10.0.0.1/32"]), ""),
            (block("0.0.0.0/0", &["128.0.0.0/1"]), "0.0.0.0-127.255.255.255"),
            (block("::/0", &["8000::/1"]), "::-7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ];
        for (block, expected) in table {
            let seen: Vec<String> =
                ranges_of(&block).iter().map(|r| format!("{}-{}", r.first(), r.last())).collect();
            assert_eq!(seen.join(" "), expected, "{block}");
        }
    }

    #[test]
    fn every_address_has_exactly_the_segment_whose_blocks_hold_it() {
        let blocks = [
            block("0.0.0.0/0", &["169.254.169.254/32"]),
            block("10.0.0.0/8", &["10.1.0.0/16"]),
            block("10.1.0.0/16", &[]),
            block("255.255.255.255/32", &[]),
        ];
        let ids: Vec<_> = blocks.iter().cloned().enumerate().map(|(i, b)| (AtomId::new(i), b)).collect();
        let space = AddressSpace::new(
            &ids,
            &["10.244.0.0/16".parse().unwrap()],
            ["10.244.0.1".parse().unwrap()].into_iter(),
        );
        let probes = [
            "0.0.0.0",
            "9.255.255.255",
            "10.0.0.0",
            "10.1.2.3",
            "10.2.0.0",
            "169.254.169.254",
            "255.255.255.255",
        ];
        for probe in probes {
            let ip: IpAddr = probe.parse().unwrap();
            let expected: Vec<AtomId> =
                ids.iter().filter(|(_, b)| b.contains(ip)).map(|(id, _)| *id).collect();
            assert_eq!(space.segment(ip).unwrap().blocks, expected, "{probe}");
        }
        assert!(space.segment("10.244.3.1".parse().unwrap()).unwrap().pods);
        assert!(!space.segment("10.244.0.1".parse().unwrap()).unwrap().pods);
        assert!(space.segment("10.244.0.2".parse().unwrap()).unwrap().pods);
        assert_eq!(space.of(Family::V6).len(), 1);
    }
}
