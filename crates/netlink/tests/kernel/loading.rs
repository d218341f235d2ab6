//! How long large sets take. Printed, not judged: it is the kernel's time.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use podfence_netlink::nft::{
    Batch, Chain, DataType, Element, Family, Name, Nftables, Set, Table, Value, Verdict,
};

pub const TESTS: crate::Tests = &[
    ("a_hundred_thousand_elements_of_each_kind", kinds),
    ("dumps_are_whole_though_others_commit", dump_under_commits),
];

const TABLE: Table = Table::new(Family::Inet, Name::constant("podfence"));
const SET: Name = Name::constant("set");
const CHAIN: Name = Name::constant("chain");
const COUNT: u32 = 100_000;

fn address(number: u32) -> Value {
    // Every second address, so that ranges of one address are not adjacent.
    Ipv4Addr::from(0x0a00_0000 + 2 * number).into()
}

fn kinds() {
    use DataType::{Ipv4, Port, Protocol};
    let single: fn(u32) -> Element = |number| Element::new(address(number));
    let triple: fn(u32) -> Element =
        |number| Element::new(Value::concat(&[address(number), Value::byte(6), Value::port(80)]).unwrap());
    let jump: fn(u32) -> Element = |number| Element::new(address(number)).verdict(Verdict::Jump(CHAIN));
    load("hash ipv4_addr", &Set::new(SET, [Ipv4]), single);
    load("hash ip . proto . port", &Set::new(SET, [Ipv4, Protocol, Port]), triple);
    load("map ipv4_addr : jump", &Set::verdict_map(SET, [Ipv4]), jump);
    load("rbtree ipv4_addr", &Set::new(SET, [Ipv4]).interval(), single);
}

fn load(name: &str, set: &Set, element: fn(u32) -> Element) {
    let mut nft = Nftables::open().unwrap();
    let mut batch = Batch::new();
    batch.delete_table_if_present(&TABLE);
    batch.create_table(&TABLE, None);
    batch.create_chain(&TABLE, &Chain::regular(CHAIN));
    batch.create_set(&TABLE, set).unwrap();
    nft.commit(&batch).unwrap();
    let start = Instant::now();
    let transactions = nft.preload(&TABLE, set, (0..COUNT).map(element)).unwrap();
    let loaded = start.elapsed();
    let start = Instant::now();
    let listed = nft.elements(&TABLE, set).unwrap();
    let read = start.elapsed();
    assert_eq!(listed.len(), COUNT as usize);
    let start = Instant::now();
    let mut batch = Batch::new();
    batch.delete_elements(&TABLE, set, (0..1000).map(element)).unwrap();
    nft.commit(&batch).unwrap();
    println!(
        "{name}: {COUNT} loaded in {loaded:?} ({transactions} transactions), read in {read:?}, 1000 deleted in {:?}",
        start.elapsed()
    );
}

/// Another thread of this namespace changes another table all the time.
fn dump_under_commits() {
    let set = Set::new(SET, [DataType::Ipv4]);
    let mut nft = Nftables::open().unwrap();
    let mut batch = Batch::new();
    batch.create_table(&TABLE, None);
    batch.create_set(&TABLE, &set).unwrap();
    batch.add_elements(&TABLE, &set, (0..5000).map(|number| Element::new(address(number)))).unwrap();
    nft.commit(&batch).unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let others = scope.spawn(|| commit_elsewhere(&stop));
        for _ in 0..20 {
            assert_eq!(nft.elements(&TABLE, &set).unwrap().len(), 5000);
        }
        stop.store(true, Ordering::Relaxed);
        assert!(others.join().unwrap() > 0);
    });
}

fn commit_elsewhere(stop: &AtomicBool) -> u32 {
    let foreign = Table::new(Family::Ip, Name::constant("foreign"));
    let mut nft = Nftables::open().unwrap();
    let mut commits = 0;
    while !stop.load(Ordering::Relaxed) {
        let mut batch = Batch::new();
        batch.delete_table_if_present(&foreign);
        batch.create_table(&foreign, None);
        nft.commit(&batch).unwrap();
        commits += 1;
        std::thread::sleep(Duration::from_millis(20));
    }
    commits
}
