//! The fewest blocks of one family for a set of addresses.
//!
//! Every block of the tree of prefixes either keeps what the block around it says, in or out, or says the opposite,
//! which costs one. The cheapest choice is found from the leaves up, and read off from the root down.

use ipnet::IpNet;
use podfence_model::{Cidr, Family, IpBlock};

use super::number;

/// Disjoint stretches of addresses in rising order.
type Stretches = [(u128, u128)];

/// The fewest blocks that hold all of `least` and nothing beyond `most`, in rising order.
pub(super) fn blocks(family: Family, least: &Stretches, most: &Stretches) -> Vec<IpBlock> {
    let mut found = Found { least, blocks: Vec::new() };
    let whole = Cidr::all(family);
    found.read(whole, &tree(whole, least, most), None);
    found.into_blocks()
}

/// How many blocks must say the opposite, when the block around is out and when it is in.
type Costs = [usize; 2];

/// A block of the tree of prefixes.
struct Tree {
    costs: Costs,
    /// None where all addresses are alike.
    halves: Option<Box<[(Cidr, Self); 2]>>,
}

fn tree(cidr: Cidr, least: &Stretches, most: &Stretches) -> Tree {
    let (low, high) = (number(cidr.first()), number(cidr.last()));
    let costs = match (holds(most, low, high), meets(least, low, high)) {
        (true, true) => [1, 0],
        (true, false) => [0, 0],
        (false, false) => [0, 1],
        (false, true) => return split(halves(cidr).map(|half| (half, tree(half, least, most)))),
    };
    Tree { costs, halves: None }
}

fn split(halves: [(Cidr, Tree); 2]) -> Tree {
    let [out, inside] = [false, true].map(|is_in| below(&halves, is_in));
    Tree { costs: [out.min(inside + 1), inside.min(out + 1)], halves: Some(Box::new(halves)) }
}

/// What the halves cost in a block that is out, or in.
fn below(halves: &[(Cidr, Tree); 2], is_in: bool) -> usize {
    halves.iter().map(|(_, half)| half.costs[usize::from(is_in)]).sum()
}

impl Tree {
    /// Whether the cheapest choice for a block is the opposite of the one around it.
    fn turns(&self, around: bool) -> bool {
        match &self.halves {
            None => self.costs[usize::from(around)] > 0,
            Some(halves) => below(halves, around) > below(halves, !around) + 1,
        }
    }
}

/// The blocks read off so far, each with its exceptions.
struct Found<'a> {
    least: &'a Stretches,
    blocks: Vec<(Cidr, Vec<Cidr>)>,
}

impl Found<'_> {
    /// `around` is the number of the block that holds this one, if that is in.
    fn read(&mut self, cidr: Cidr, tree: &Tree, around: Option<usize>) {
        let within = if tree.turns(around.is_some()) { self.turn(cidr, around) } else { around };
        for (half, tree) in tree.halves.iter().flat_map(|halves| halves.iter()) {
            self.read(*half, tree, within);
        }
    }

    /// Begins a block, or an exception.
    fn turn(&mut self, cidr: Cidr, around: Option<usize>) -> Option<usize> {
        if let Some(block) = around {
            self.blocks[block].1.push(cidr);
            return None;
        }
        self.blocks.push((cidr, Vec::new()));
        Some(self.blocks.len() - 1)
    }

    fn into_blocks(self) -> Vec<IpBlock> {
        let Self { least, blocks } = self;
        let block = |(cidr, except): (Cidr, Vec<Cidr>)| {
            let cidr = if except.is_empty() { narrowed(cidr, least) } else { cidr };
            IpBlock::new(cidr, except).ok()
        };
        blocks.into_iter().filter_map(block).collect()
    }
}

/// The narrowest block that holds what must be in a block.
fn narrowed(cidr: Cidr, least: &Stretches) -> Cidr {
    if cidr.first() == cidr.last() {
        return cidr;
    }
    let mut needed =
        halves(cidr).into_iter().filter(|half| meets(least, number(half.first()), number(half.last())));
    match (needed.next(), needed.next()) {
        (Some(only), None) => narrowed(only, least),
        _ => cidr,
    }
}

/// A block of several addresses, halved.
fn halves(cidr: Cidr) -> [Cidr; 2] {
    [cidr.first(), cidr.last()].map(|address| {
        let net = IpNet::new(address, cidr.net().prefix_len() + 1);
        net.map_or(cidr, Cidr::new) // one address is never halved, so the length is never too long
    })
}

fn holds(stretches: &Stretches, low: u128, high: u128) -> bool {
    let at = stretches.partition_point(|stretch| stretch.1 < low);
    stretches.get(at).is_some_and(|stretch| stretch.0 <= low && high <= stretch.1)
}

fn meets(stretches: &Stretches, low: u128, high: u128) -> bool {
    let at = stretches.partition_point(|stretch| stretch.1 < low);
    stretches.get(at).is_some_and(|stretch| stretch.0 <= high)
}
