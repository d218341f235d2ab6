//! Ranges at the edges of their numbers, side by side, and overlapping.

use std::net::{Ipv4Addr, Ipv6Addr};

use podfence_netlink::nft::{
    Batch, CommitError, DataType, Element, Family, Name, Nftables, Set, Table, Value,
};

pub const TESTS: crate::Tests = &[
    ("edges_survive_the_kernel", edges),
    ("a_single_key_in_an_interval_set_is_that_key_alone", single),
    ("overlapping_ranges_abort", overlap),
];

const TABLE: Table = Table::new(Family::Inet, Name::constant("podfence"));
const SET: Name = Name::constant("blocks");

fn v4(text: &str) -> Value {
    text.parse::<Ipv4Addr>().unwrap().into()
}

fn v6(text: &str) -> Value {
    text.parse::<Ipv6Addr>().unwrap().into()
}

fn ports(first: u16, last: u16) -> Element {
    Element::range(Value::port(first), Value::port(last))
}

fn create(nft: &mut Nftables, set: &Set, ranges: &[Element]) -> Result<(), CommitError> {
    let mut batch = Batch::new();
    batch.delete_table_if_present(&TABLE);
    batch.create_table(&TABLE, None);
    batch.create_set(&TABLE, set).unwrap();
    batch.add_elements(&TABLE, set, ranges.to_vec()).unwrap();
    nft.commit(&batch)
}

fn edges() {
    let mut nft = Nftables::open().unwrap();
    let r4 = |first, last| Element::range(v4(first), v4(last));
    let r6 = |first, last| Element::range(v6(first), v6(last));
    let last6 = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    let cases = [
        (DataType::Ipv4, vec![r4("0.0.0.0", "255.255.255.255")]),
        (DataType::Ipv4, vec![r4("0.0.0.0", "0.0.0.0"), r4("255.255.255.255", "255.255.255.255")]),
        (
            DataType::Ipv4,
            vec![
                r4("10.0.0.0", "10.0.0.255"),
                r4("10.0.1.0", "10.0.1.255"),
                r4("10.0.2.0", "255.255.255.255"),
            ],
        ),
        (DataType::Ipv6, vec![r6("::", last6)]),
        (DataType::Ipv6, vec![r6("::", "::"), r6("::1", "::1"), r6("fd00::", "fdff::"), r6(last6, last6)]),
        (DataType::Port, vec![ports(0, 65535)]),
        (DataType::Port, vec![ports(0, 0), ports(1, 1), ports(2, 79), ports(80, 65534), ports(65535, 65535)]),
        (DataType::Port, vec![ports(65535, 65535)]),
    ];
    for (kind, ranges) in cases {
        let set = Set::new(SET, [kind]).interval();
        create(&mut nft, &set, &ranges).unwrap();
        assert_eq!(nft.elements(&TABLE, &set).unwrap(), ranges);
        delete_and_restore_each(&mut nft, &set, &ranges);
    }
}

/// Every range can be taken out between its neighbours, and put back.
fn delete_and_restore_each(nft: &mut Nftables, set: &Set, ranges: &[Element]) {
    for index in 0..ranges.len() {
        let mut rest = ranges.to_vec();
        let range = rest.remove(index);
        let mut batch = Batch::new();
        batch.delete_elements(&TABLE, set, [range.clone()]).unwrap();
        nft.commit(&batch).unwrap();
        assert_eq!(nft.elements(&TABLE, set).unwrap(), rest, "without {range:?}");
        let mut batch = Batch::new();
        batch.add_elements(&TABLE, set, [range.clone()]).unwrap();
        nft.commit(&batch).unwrap();
        assert_eq!(nft.elements(&TABLE, set).unwrap(), ranges, "with {range:?} again");
    }
}

fn single() {
    let mut nft = Nftables::open().unwrap();
    let set = Set::new(SET, [DataType::Ipv4]).interval();
    create(&mut nft, &set, &[Element::new(v4("10.0.0.1"))]).unwrap();
    assert_eq!(nft.elements(&TABLE, &set).unwrap(), [Element::range(v4("10.0.0.1"), v4("10.0.0.1"))]);
}

fn overlap() {
    let mut nft = Nftables::open().unwrap();
    let set = Set::new(SET, [DataType::Port]).interval();
    let error = create(&mut nft, &set, &[ports(1, 10), ports(5, 15)]).unwrap_err();
    assert!(error.to_string().contains("add elements to set inet podfence blocks"), "{error}");
    assert_eq!(nft.tables().unwrap(), []);
}
