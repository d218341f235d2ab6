//! Random `ipBlock`s around addresses that exist, so that some are in and some are out.

use std::net::IpAddr;

use fastrand::Rng;
use ipnet::IpNet;
use podfence_model::{Cidr, IpBlock, Pod, World};

use super::addresses;
use super::draw::Draw;

/// Prefix lengths by weight; long ones hold single hosts, short ones nearly everything.
const V4_PREFIXES: [(u32, u8); 14] = [
    (12, 0),
    (6, 1),
    (3, 2),
    (4, 5),
    (8, 8),
    (4, 12),
    (10, 16),
    (12, 24),
    (5, 25),
    (3, 28),
    (3, 30),
    (3, 31),
    (16, 32),
    (2, 27),
];
const V6_PREFIXES: [(u32, u8); 13] = [
    (12, 0),
    (6, 1),
    (3, 3),
    (6, 8),
    (4, 16),
    (8, 32),
    (8, 48),
    (12, 64),
    (4, 65),
    (3, 96),
    (3, 120),
    (2, 127),
    (16, 128),
];

/// A random block with up to three exceptions.
pub(super) fn random_block(world: &World, rng: &mut Rng) -> IpBlock {
    let address = random_address(world, rng);
    let cidr = random_cidr(address, 0, rng);
    let wanted = *rng.weighted(&[(60, 0), (25, 1), (10, 2), (5, 3)]);
    let mut except: Vec<Cidr> = (0..wanted).filter_map(|_| random_except(world, cidr, rng)).collect();
    except.dedup();
    IpBlock::new(cidr, except).unwrap_or_else(|error| unreachable!("exceptions are drawn inside: {error}"))
}

fn random_address(world: &World, rng: &mut Rng) -> IpAddr {
    let of_pods: Vec<IpAddr> = world.pods.values().flat_map(Pod::ips).copied().collect();
    let of_nodes: Vec<IpAddr> =
        world.nodes.values().flat_map(|node| node.addresses.iter().copied()).collect();
    let unknown = addresses::unknown_pods(world);
    let outside = addresses::outside();
    let weighted = [(45, of_pods), (20, of_nodes), (5, unknown), (30, outside)];
    let list = rng.weighted(&weighted);
    if list.is_empty() { *rng.pick(&weighted[3].1) } else { *rng.pick(list) }
}

/// A block around `address` whose prefix is at least `shortest`.
fn random_cidr(address: IpAddr, shortest: u8, rng: &mut Rng) -> Cidr {
    let prefixes: &[(u32, u8)] = if address.is_ipv4() { &V4_PREFIXES } else { &V6_PREFIXES };
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let fitting: Vec<(u32, u8)> = prefixes.iter().filter(|(_, p)| *p >= shortest).copied().collect();
    let prefix = if fitting.is_empty() { longest } else { *rng.weighted(&fitting) };
    Cidr::new(IpNet::new_assert(address, prefix))
}

/// A strict subset of `cidr`, around an interesting address where one is inside; none in a single address.
fn random_except(world: &World, cidr: Cidr, rng: &mut Rng) -> Option<Cidr> {
    let prefix = cidr.net().prefix_len();
    if prefix == cidr.net().max_prefix_len() {
        return None;
    }
    let inside: Vec<IpAddr> =
        addresses::interesting(world).into_iter().filter(|address| cidr.contains(*address)).collect();
    let address = if inside.is_empty() { cidr.last() } else { *rng.pick(&inside) };
    Some(random_cidr(address, prefix + 1, rng))
}
