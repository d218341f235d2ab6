//! Kernel state from nothing.

use podfence_dataplane_nft::{Dataplane, Settings};
use podfence_lab::netns::Netns;
use podfence_lab::sysctl::Role;
use podfence_netlink::nft::{
    Batch, Chain, DataType, Element, Family, Load, Name, Nftables, Rule, Set, Table,
};
use podfence_plan::{Delta, LivePlan, NodePlan};

use crate::shape;
use crate::spread::Spread;

pub fn production() {
    measure("one endpoint under 294 policies of 68 rules", shape::production, 7);
}

pub fn near_equal() {
    measure("100 unions of 50,000 common members and ten of their own", shape::near_equal, 3);
}

fn measure(what: &str, shape: fn() -> LivePlan, rounds: usize) {
    let (mut plan, mut load, mut floor) = (Spread::default(), Spread::default(), Spread::default());
    let live = plan.time(shape);
    let members: usize = live.plan().unions.values().map(|union| union.pods.len()).sum();
    let shape =
        format!("{} unions, {members} members, {} known", live.plan().unions.len(), live.plan().known.len());
    let (resident, slab) = (mebibytes("/proc/self/status", "VmRSS:"), mebibytes("/proc/meminfo", "Slab:"));
    let mut taken = None;
    for _ in 0..rounds {
        let netns = Netns::new("node", Role::Router).unwrap();
        let mut dataplane = netns.run(|| Dataplane::open(Settings::default())).unwrap();
        load.time(|| dataplane.apply(&Delta::default(), live.plan())).unwrap();
        // Later, namespaces of earlier rounds are still being taken down.
        taken.get_or_insert_with(|| mebibytes("/proc/meminfo", "Slab:").saturating_sub(slab));
        let netns = Netns::new("floor", Role::Router).unwrap();
        let mut nft = netns.run(Nftables::open).unwrap();
        floor.time(|| bare(&mut nft, live.plan()));
    }
    let taken = taken.unwrap_or_default();
    load.row(&format!("from nothing: {what} ({shape}; slabs of the whole machine: +{taken} MiB)"));
    floor.row(
        "– floor: as many bare sets of stated size with their members, a chain and two look-ups for each",
    );
    plan.row(&format!("– world, engine and plan of it; then {resident} MiB resident"));
}

/// The same sets and members by hand: what the kernel alone costs.
fn bare(nft: &mut Nftables, plan: &NodePlan) {
    const LIMIT: usize = 4 << 20;
    let table = Table::new(Family::Inet, Name::constant("floor"));
    let mut batch = Batch::new();
    batch.create_table(&table, None);
    let unions = plan.unions.values().map(|union| &union.pods);
    for (number, members) in unions.chain([&plan.known]).enumerate() {
        let name = Name::new(format!("peers_{number}_pods_v4")).unwrap();
        let size = u32::try_from(2 * members.len()).ok();
        let set = Set { size, ..Set::new(name, [DataType::Ipv4]) };
        batch.create_set(&table, &set).unwrap();
        let mut elements = members.iter().map(|ip| Element::new(*ip)).peekable();
        while elements.peek().is_some() {
            batch.add_elements_within(&table, &set, &mut elements, LIMIT).unwrap();
            if batch.byte_len() + 4096 > LIMIT {
                nft.commit(&std::mem::take(&mut batch)).unwrap();
            }
        }
        let chain = Chain::regular(Name::new(format!("from_{number}")).unwrap());
        batch.create_chain(&table, &chain);
        for field in [Load::IP_SADDR, Load::IP_DADDR] {
            batch.add_rule(&table, &chain.name, &Rule::new().in_set(&[field], &set.name).ret()).unwrap();
        }
    }
    nft.commit(&batch).unwrap();
}

/// A field in kibibytes, as mebibytes. Slabs are those of the whole machine.
fn mebibytes(file: &str, field: &str) -> usize {
    let text = std::fs::read_to_string(file).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|rest| rest.split_whitespace().next()?.parse::<usize>().ok()).unwrap_or_default() / 1024
}
