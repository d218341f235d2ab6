//! Large plans load, within the buffers of root and of user namespaces alike.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use podfence_dataplane_nft::{Dataplane, Settings};
use podfence_lab::netns::Netns;
use podfence_lab::sysctl::Role;
use podfence_model::{Direction, Protocol};
use podfence_netlink::nft::Nftables;
use podfence_plan::{Link, LocalPod, NodePlan, PortRow, ProgramPlan};
use podfence_testkit::build::id;

use crate::deltas::same;
use crate::state::{State, TABLE};

const KNOWN: u32 = 100_000;
const UNION: u32 = 50_000;
const LOCAL: u32 = 100;

fn address(number: u32) -> IpAddr {
    Ipv4Addr::from(0x0a00_0000 + number).into()
}

/// Local pods that admit every other pod of a large cluster on one port.
fn plan(known: u32, union: u32, local: u32) -> NodePlan {
    let (key, members): (Arc<str>, Arc<str>) = ("ingress x/web".into(), "pods with many labels".into());
    let mut plan = NodePlan { known: (0..known).map(address).collect(), ..NodePlan::default() };
    let row = PortRow { first: 80, last: 80, union: members.clone() };
    let program = ProgramPlan {
        direction: Direction::Ingress,
        policies: vec![id("x/web")],
        ports: BTreeMap::from([(Protocol::Tcp, vec![row])]),
        portless: None,
    };
    plan.programs.insert(key.clone(), program);
    let union =
        podfence_plan::UnionPlan { pods: (0..union).map(|n| address(2 * n)).collect(), ..Default::default() };
    plan.unions.insert(members, union);
    for number in 0..local {
        let (addresses, link) = (vec![address(number)], Some(Link::Routed(format!("veth{number}"))));
        let pod = LocalPod { addresses, link, egress: None, ingress: Some(key.clone()) };
        plan.pods.insert(id(&format!("x/pod-{number}")), pod);
    }
    plan
}

fn timed<T>(what: &str, act: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    let out = act();
    println!("{what}: {:?}", begun.elapsed());
    (out, begun.elapsed())
}

pub fn a_large_cluster_loads() {
    let netns = Netns::new("large", Role::Router).unwrap();
    let mut dataplane = netns.run(|| Dataplane::open(Settings::default())).unwrap();
    let limit = netns.run(|| Nftables::open().unwrap().max_batch_bytes().unwrap());
    println!("a transaction has at most {limit} bytes here");
    let all = plan(KNOWN, UNION, LOCAL);
    let (_, first) = timed("100,000 pods, a union of 50,000", || dataplane.enforce(all.clone()).unwrap());
    let (difference, _) = timed("all of it is read back", || dataplane.verify(&all).unwrap());
    assert_eq!(difference, None);
    // One more and one less: no part of the many is touched.
    let mut one = all.clone();
    one.known.insert(address(KNOWN));
    one.known.remove(&address(KNOWN - 1));
    let (delta, _) = timed("one pod comes, one goes", || dataplane.enforce(one).unwrap());
    assert!(delta.operations < 10, "{delta:?}");
    // Half of all at once, which in a user namespace is more than one transaction holds.
    let (_, half) =
        timed("half of them go", || dataplane.enforce(plan(KNOWN / 2, UNION / 2, LOCAL)).unwrap());
    let (_, again) = timed("and come again", || dataplane.enforce(all.clone()).unwrap());
    let known = netns.run(|| {
        let mut nft = Nftables::open().unwrap();
        let sets = nft.sets(&TABLE).unwrap();
        let known =
            sets.into_iter().find(|info| info.set.name.as_str().starts_with("known_pods_v4")).unwrap();
        nft.elements(&TABLE, &known.set).unwrap().len()
    });
    assert_eq!(known, KNOWN as usize);
    let _ = timed("by small transactions", small_transactions);
    for took in [first, half, again] {
        assert!(took < Duration::from_secs(20), "{took:?}");
    }
}

/// What does not fit one transaction is built beside what is in force, and the switch is small.
fn small_transactions() {
    let netns = Netns::new("small", Role::Router).unwrap();
    let settings = Settings { transaction_bytes: 0, ..Settings::default() };
    let mut dataplane = netns.run(|| Dataplane::open(settings)).unwrap();
    for known in [KNOWN / 5, KNOWN / 10, KNOWN / 5] {
        let plan = plan(known, known / 2, 3);
        let enforced = dataplane.enforce(plan.clone()).unwrap();
        assert!(enforced.rejudged && enforced.operations < 200, "{enforced:?}");
        let alone = Netns::new("alone", Role::Router).unwrap();
        alone.run(|| Dataplane::open(Settings::default())).unwrap().enforce(plan).unwrap();
        same(&State::of(&netns, TABLE), &State::of(&alone, TABLE), "by small transactions");
    }
}

/// The kernel refuses what does not fit a set of stated size; sets that are outgrown are made anew.
pub fn outgrown_sets_are_made_anew() {
    let netns = Netns::new("outgrown", Role::Router).unwrap();
    let mut dataplane = netns.run(|| Dataplane::open(Settings::default())).unwrap();
    // Of known pods, members of the union, and local pods; and whether everything is made anew.
    let steps = [
        (500, 32, 3, true),
        (500, 64, 3, false),
        (500, 65, 3, false),
        (500, 300, 3, false),
        (500, 20, 3, false),
        (1024, 600, 3, false),
        (1025, 600, 3, true),
        (2050, 600, 3, false),
        (2050, 600, 1025, true),
    ];
    for (known, union, local, anew) in steps {
        let plan = plan(known, union, local);
        let enforced = dataplane.enforce(plan.clone()).unwrap();
        let what = format!("{known} known, {union} members, {local} local");
        assert!(!anew || enforced.rejudged, "{what}: {enforced:?}");
        let alone = Netns::new("alone", Role::Router).unwrap();
        alone.run(|| Dataplane::open(Settings::default())).unwrap().enforce(plan).unwrap();
        same(&State::of(&netns, TABLE), &State::of(&alone, TABLE), &what);
    }
}
