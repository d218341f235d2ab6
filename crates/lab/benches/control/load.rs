//! Kernel state from nothing.

use podfence_dataplane_nft::{Dataplane, Settings};
use podfence_lab::netns::Netns;
use podfence_lab::sysctl::Role;
use podfence_plan::{Delta, LivePlan};

use crate::shape;
use crate::spread::Spread;

pub fn production() {
    measure("one endpoint under 294 policies of 68 rules", shape::production, 7);
}

pub fn near_equal() {
    measure("100 unions of 50,000 common members and ten of their own", shape::near_equal, 3);
}

fn measure(what: &str, shape: fn() -> LivePlan, rounds: usize) {
    let (mut plan, mut load) = (Spread::default(), Spread::default());
    let live = plan.time(shape);
    let members: usize = live.plan().unions.values().map(|union| union.pods.len()).sum();
    let shape =
        format!("{} unions, {members} members, {} known", live.plan().unions.len(), live.plan().known.len());
    let resident = resident();
    for _ in 0..rounds {
        let netns = Netns::new("node", Role::Router).unwrap();
        let mut dataplane = netns.run(|| Dataplane::open(Settings::default())).unwrap();
        load.time(|| dataplane.apply(&Delta::default(), live.plan())).unwrap();
    }
    load.row(&format!("from nothing: {what} ({shape})"));
    plan.row(&format!("– world, engine and plan of it; then {resident} MiB resident"));
}

/// Mebibytes that this process holds.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse::<usize>().ok()).unwrap_or_default() / 1024
}
