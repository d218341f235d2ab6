//! Sets of addresses, and the fewest blocks that say the same.

mod cover;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use podfence_engine::AddressRange;
use podfence_model::{Cidr, Family, IpBlock};

/// A set of addresses of both families.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AddressSet {
    /// Per family, disjoint stretches in rising order, with gaps between them; both ends included.
    stretches: [Vec<(u128, u128)>; 2],
}

impl AddressSet {
    /// Every address of a family.
    pub fn all(family: Family) -> Self {
        Self::from_iter([Cidr::all(family)])
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.stretches.iter().all(Vec::is_empty)
    }

    /// Its addresses of one family.
    #[must_use]
    pub fn of_family(&self, family: Family) -> Self {
        let mut set = Self::default();
        set.stretches[place(family)].clone_from(&self.stretches[place(family)]);
        set
    }

    /// What is in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self::union_all([self, other])
    }

    /// What is in any of several sets.
    pub fn union_all<'a>(sets: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut all = Self::default();
        for set in sets {
            for (stretches, more) in all.stretches.iter_mut().zip(&set.stretches) {
                stretches.extend(more);
            }
        }
        all.tidy();
        all
    }

    /// What is in this one only.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let of = |i: usize| without(&self.stretches[i], &other.stretches[i]);
        Self { stretches: [of(0), of(1)] }
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.difference(&self.difference(other))
    }

    /// Whether all of `other` is in it.
    pub fn covers(&self, other: &Self) -> bool {
        other.difference(self).is_empty()
    }

    /// One of its addresses that fits, looked for among the first thousand of each stretch.
    pub fn find(&self, fits: impl Fn(IpAddr) -> bool) -> Option<IpAddr> {
        let of = |family: Family| {
            let stretches = self.stretches[place(family)].iter();
            // The lowest address of a block is often no host's, so the second one comes first.
            let near = |(low, high): &(u128, u128)| {
                let second = (low < high).then(|| low + 1);
                second.into_iter().chain((*low..=*high).take(1000))
            };
            stretches.flat_map(near).map(move |number| address(family, number))
        };
        Family::BOTH.into_iter().flat_map(of).find(|ip| fits(*ip))
    }

    /// The fewest blocks, each perhaps with exceptions, that hold these addresses and no others; `free` may be in or
    /// not. In rising order, IPv4 first.
    pub fn blocks(&self, free: &Self) -> Vec<IpBlock> {
        let widest = self.union(free);
        let of_family = |family: Family| {
            cover::blocks(family, &self.stretches[place(family)], &widest.stretches[place(family)])
        };
        Family::BOTH.into_iter().flat_map(of_family).collect()
    }

    /// Its stretches by their first and last addresses, in rising order with gaps between, IPv4 first.
    pub fn stretches(&self) -> impl Iterator<Item = (IpAddr, IpAddr)> + '_ {
        let of = |family: Family| {
            let stretches = self.stretches[place(family)].iter();
            stretches.map(move |(low, high)| (address(family, *low), address(family, *high)))
        };
        Family::BOTH.into_iter().flat_map(of)
    }

    fn tidy(&mut self) {
        for stretches in &mut self.stretches {
            stretches.sort_unstable();
            let mut tidy: Vec<(u128, u128)> = Vec::with_capacity(stretches.len());
            for (low, high) in stretches.drain(..) {
                match tidy.last_mut() {
                    Some(last) if low <= last.1.saturating_add(1) => last.1 = last.1.max(high),
                    _ => tidy.push((low, high)),
                }
            }
            *stretches = tidy;
        }
    }
}

impl FromIterator<Cidr> for AddressSet {
    fn from_iter<I: IntoIterator<Item = Cidr>>(blocks: I) -> Self {
        blocks.into_iter().map(AddressRange::of).collect()
    }
}

impl FromIterator<AddressRange> for AddressSet {
    fn from_iter<I: IntoIterator<Item = AddressRange>>(ranges: I) -> Self {
        let mut set = Self::default();
        for range in ranges {
            set.stretches[place(range.family)].push((number(range.first()), number(range.last())));
        }
        set.tidy();
        set
    }
}

impl From<&IpBlock> for AddressSet {
    fn from(block: &IpBlock) -> Self {
        Self::from_iter([block.cidr()]).difference(&block.except().iter().copied().collect())
    }
}

fn place(family: Family) -> usize {
    usize::from(family == Family::V6)
}

fn number(ip: IpAddr) -> u128 {
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

/// Stretches without those of `holes`.
fn without(stretches: &[(u128, u128)], holes: &[(u128, u128)]) -> Vec<(u128, u128)> {
    let mut left = Vec::new();
    for (low, high) in stretches {
        let mut next = Some(*low);
        let begin = holes.partition_point(|hole| hole.1 < *low);
        for hole in holes[begin..].iter().take_while(|hole| hole.0 <= *high) {
            let Some(from) = next else { break };
            if hole.0 > from {
                left.push((from, hole.0 - 1));
            }
            next = hole.1.checked_add(1);
        }
        left.extend(next.filter(|from| from <= high).map(|from| (from, *high)));
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> AddressSet {
        text.split_whitespace().map(|cidr| cidr.parse::<Cidr>().unwrap()).collect()
    }

    fn blocks(set: &AddressSet, free: &str) -> String {
        let texts: Vec<String> = set.blocks(&self::set(free)).iter().map(ToString::to_string).collect();
        texts.join("; ")
    }

    #[test]
    fn the_fewest_blocks_hold_a_set() {
        let table = [
            ("", "", "", ""),
            ("0.0.0.0/0", "", "", "0.0.0.0/0"),
            ("0.0.0.0/0", "10.0.0.0/8", "", "0.0.0.0/0 except 10.0.0.0/8"),
            ("10.0.0.0/9 10.128.0.0/9", "", "", "10.0.0.0/8"),
            ("10.0.0.0/24 10.0.2.0/24", "", "", "10.0.0.0/24; 10.0.2.0/24"),
            ("0.0.0.0/0", "10.0.0.0/8 172.16.0.0/12", "", "0.0.0.0/0 except 10.0.0.0/8, 172.16.0.0/12"),
            ("10.0.0.0/8", "10.1.0.0/16", "10.1.0.0/16", "10.0.0.0/8"),
            ("::/0", "fd00::/8", "", "::/0 except fd00::/8"),
            ("0.0.0.0/0 ::/0", "", "", "0.0.0.0/0; ::/0"),
            ("255.255.255.255/32 ffff::/16", "", "", "255.255.255.255/32; ffff::/16"),
        ];
        for (whole, holes, free, expected) in table {
            assert_eq!(blocks(&set(whole).difference(&set(holes)), free), expected, "{whole} - {holes}");
        }
    }

    #[test]
    fn a_block_inside_an_exception_stands_for_itself() {
        let with_island = set("0.0.0.0/0").difference(&set("10.0.0.0/8")).union(&set("10.1.0.0/16"));
        assert_eq!(blocks(&with_island, ""), "0.0.0.0/0 except 10.0.0.0/8; 10.1.0.0/16");
    }

    /// Every set of eight neighbours, with every choice of what is free.
    #[test]
    fn blocks_hold_what_they_must_and_nothing_else() {
        let of = |bits: u32| -> AddressSet {
            let host = |i: u32| Cidr::host(IpAddr::from([10, 0, 0, u8::try_from(i).unwrap()]));
            (0..8).filter(|i| bits >> i & 1 == 1).map(host).collect()
        };
        for (bits, free) in (0..256).flat_map(|bits| [0, 0b0110_0001, 0xff].map(|free| (bits, free))) {
            let blocks = of(bits).blocks(&of(free));
            let held = blocks
                .iter()
                .map(AddressSet::from)
                .fold(AddressSet::default(), |all, block| all.union(&block));
            assert!(held.covers(&of(bits)), "{bits:b} {free:b}");
            assert!(of(bits | free).covers(&held), "{bits:b} {free:b}: {held:?}");
            assert_eq!(of(bits).intersection(&of(free)), of(bits & free));
            assert_eq!(of(bits).union(&of(free)), of(bits | free));
        }
    }
}
