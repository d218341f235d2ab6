//! Every kind of set: created, filled, read back, emptied.

use std::net::{Ipv4Addr, Ipv6Addr};

use podfence_netlink::nft::{
    Batch, Chain, Comment, DataType, Element, Family, Key, Name, Nftables, Set, Table, Value, Verdict,
};

pub const TESTS: crate::Tests = &[
    ("every_kind_of_set_is_written_and_read_back", every_kind),
    ("elements_may_be_there_already_but_not_with_other_data", adding_again),
    ("a_key_is_found_alone_and_in_ranges", finding),
    ("comments_are_read_back", comments),
    ("a_set_of_stated_size_holds_no_more", stated_size),
];

const TABLE: Table = Table::new(Family::Inet, Name::constant("podfence"));
const CHAIN: Name = Name::constant("program/shop-web");
const SET: Name = Name::constant("set");

fn v4(last: u8) -> Value {
    Ipv4Addr::new(10, 0, 0, last).into()
}

fn v6(last: u16) -> Value {
    Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, last).into()
}

fn concat(fields: &[Value]) -> Value {
    Value::concat(fields).unwrap()
}

fn members(keys: [Value; 3]) -> Vec<Element> {
    keys.map(Element::new).to_vec()
}

/// Sets with elements in the order of their keys.
fn kinds() -> Vec<(Set, Vec<Element>)> {
    use DataType::{Interface, Ipv4, Ipv6, Mark, Port, Protocol};
    let eth = |n: u8| Value::interface(&format!("eth{n}")).unwrap();
    let port = Value::port;
    vec![
        (Set::new(SET, [Ipv4]), members([v4(1), v4(2), v4(3)])),
        (Set::new(SET, [Ipv6]).constant(), members([v6(1), v6(2), v6(3)])),
        (Set::new(SET, [Mark]), vec![Element::new(Value::host32(7))]),
        (Set::new(SET, [Interface, Ipv4]), members([1, 2, 3].map(|n| concat(&[eth(n), v4(n)])))),
        (Set::new(SET, [Interface, Ipv6]), members([1, 2, 3].map(|n| concat(&[eth(n), v6(n.into())])))),
        (Set::new(SET, [Ipv4, Ipv4]), members([1, 2, 3].map(|n| concat(&[v4(n), v4(n)])))),
        (
            Set::new(SET, [Ipv4, Protocol, Port]),
            members([1, 2, 3].map(|n| concat(&[v4(n), Value::byte(6), port(80)]))),
        ),
        (
            Set::verdict_map(SET, [Ipv4]),
            vec![
                Element::new(v4(1)).verdict(Verdict::Jump(CHAIN)),
                Element::new(v4(2)).verdict(Verdict::Goto(CHAIN)),
                Element::new(v4(3)).verdict(Verdict::Accept),
                Element::new(v4(4)).verdict(Verdict::Drop),
                Element::new(v4(5)).verdict(Verdict::Return),
                Element::new(v4(6)).verdict(Verdict::Continue),
            ],
        ),
        (
            Set::value_map(SET, [Ipv4], [Ipv4, Port]),
            vec![Element::new(v4(1)).value(concat(&[v4(9), port(8080)]))],
        ),
        (Set::value_map(SET, [Ipv6], [Mark]), vec![Element::new(v6(1)).value(Value::host32(5))]),
        (Set::new(SET, [Ipv4]).interval(), vec![Element::range(v4(1), v4(7)), Element::range(v4(9), v4(9))]),
        (Set::new(SET, [Ipv6]).interval(), vec![Element::range(v6(1), v6(7)), Element::range(v6(9), v6(9))]),
        (
            Set::verdict_map(SET, [Port]).interval(),
            vec![
                Element::range(port(1), port(79)).verdict(Verdict::Drop),
                Element::range(port(80), port(80)).verdict(Verdict::Jump(CHAIN)),
                Element::range(port(443), port(65535)).verdict(Verdict::Goto(CHAIN)),
            ],
        ),
    ]
}

/// Makes a table with the set and the chain that verdicts lead to.
fn with_set(set: &Set) -> Batch {
    let mut batch = Batch::new();
    batch.create_table(&TABLE, None);
    batch.create_chain(&TABLE, &Chain::regular(CHAIN));
    batch.create_set(&TABLE, set).unwrap();
    batch
}

fn every_kind() {
    let mut nft = Nftables::open().unwrap();
    for (set, elements) in kinds() {
        let mut batch = with_set(&set);
        batch.add_elements(&TABLE, &set, elements.clone()).unwrap();
        nft.commit(&batch).unwrap();
        let listed = nft.sets(&TABLE).unwrap();
        assert_eq!(listed.iter().map(|info| &info.set).collect::<Vec<_>>(), [&set]);
        assert_eq!(nft.elements(&TABLE, &set).unwrap(), elements);
        delete_one_by_one(&mut nft, &set, elements);
        let mut batch = Batch::new();
        batch.delete_set(&TABLE, &set.name);
        batch.delete_table(&TABLE);
        nft.commit(&batch).unwrap();
    }
    assert_eq!(nft.tables().unwrap(), []);
}

/// Whatever a set holds is found by its own key and by the last of its range; what is beside it is not.
fn finding() {
    let mut nft = Nftables::open().unwrap();
    for (set, elements) in kinds() {
        nft.commit(&with_set(&set)).unwrap();
        for element in &elements {
            let (first, last) = ends(element);
            assert_eq!(nft.find(&TABLE, &SET, &first).unwrap(), None, "{set:?}");
            let mut batch = Batch::new();
            batch.add_elements(&TABLE, &set, [element.clone()]).unwrap();
            nft.commit(&batch).unwrap();
            let found = Some(Element { key: Key::Single(first), ..element.clone() });
            assert_eq!(
                [first, last].map(|key| nft.find(&TABLE, &SET, &key).unwrap()),
                [found.clone(), found]
            );
            let mut batch = Batch::new();
            batch.delete_elements(&TABLE, &set, [element.clone()]).unwrap();
            nft.commit(&batch).unwrap();
        }
        between(&mut nft, &set, elements);
        let mut batch = Batch::new();
        batch.delete_table(&TABLE);
        nft.commit(&batch).unwrap();
    }
    assert_eq!(nft.find(&TABLE, &SET, &v4(1)).unwrap(), None, "there is no such table");
}

/// The key behind a range is not in it, even where another range begins later.
fn between(nft: &mut Nftables, set: &Set, elements: Vec<Element>) {
    let mut batch = Batch::new();
    batch.add_elements(&TABLE, set, elements).unwrap();
    nft.commit(&batch).unwrap();
    let gap = match &set.key[..] {
        [DataType::Ipv4] if set.interval => v4(8),
        [DataType::Ipv6] if set.interval => v6(8),
        [DataType::Port] if set.interval => Value::port(100),
        _ => return,
    };
    assert_eq!(nft.find(&TABLE, &SET, &gap).unwrap(), None, "{set:?}");
}

fn ends(element: &Element) -> (Value, Value) {
    match element.key {
        Key::Single(key) => (key, key),
        Key::Range(first, last) => (first, last),
    }
}

fn delete_one_by_one(nft: &mut Nftables, set: &Set, mut elements: Vec<Element>) {
    while let Some(element) = elements.pop() {
        let mut batch = Batch::new();
        batch.delete_elements(&TABLE, set, [element]).unwrap();
        nft.commit(&batch).unwrap_or_else(|error| panic!("{set:?}: {error}"));
        assert_eq!(nft.elements(&TABLE, set).unwrap(), elements, "{set:?}");
    }
}

fn adding_again() {
    let mut nft = Nftables::open().unwrap();
    let map = Set::verdict_map(SET, [DataType::Ipv4]);
    let accepted = || [Element::new(v4(1)).verdict(Verdict::Accept)];
    let mut batch = Batch::new();
    batch.create_table(&TABLE, None);
    batch.create_set(&TABLE, &map).unwrap();
    batch.add_elements(&TABLE, &map, accepted()).unwrap();
    nft.commit(&batch).unwrap();
    let mut batch = Batch::new();
    batch.add_elements(&TABLE, &map, accepted()).unwrap();
    nft.commit(&batch).unwrap();
    let mut batch = Batch::new();
    batch.add_elements(&TABLE, &map, [Element::new(v4(1)).verdict(Verdict::Drop)]).unwrap();
    nft.commit(&batch).unwrap_err();
    assert_eq!(nft.elements(&TABLE, &map).unwrap(), accepted());
    // Deleting first makes the change one transaction.
    let mut batch = Batch::new();
    batch.delete_elements(&TABLE, &map, accepted()).unwrap();
    batch.add_elements(&TABLE, &map, [Element::new(v4(1)).verdict(Verdict::Drop)]).unwrap();
    nft.commit(&batch).unwrap();
    assert_eq!(nft.elements(&TABLE, &map).unwrap(), [Element::new(v4(1)).verdict(Verdict::Drop)]);
}

fn comments() {
    let mut nft = Nftables::open().unwrap();
    let comment = |what: &str| Comment::new(format!("the {what} of shop/web")).unwrap();
    let set = Set::new(SET, [DataType::Ipv4]).comment(comment("set"));
    let chain = Chain::regular(CHAIN).comment(comment("chain"));
    let element = Element::new(v4(1)).comment(comment("pod"));
    let rule = podfence_netlink::nft::Rule::new().counter().drop().comment(comment("rule"));
    let mut batch = Batch::new();
    batch.create_table(&TABLE, Some(&comment("table")));
    batch.create_set(&TABLE, &set).unwrap();
    batch.add_elements(&TABLE, &set, [element.clone()]).unwrap();
    batch.create_chain(&TABLE, &chain);
    batch.add_rule(&TABLE, &CHAIN, &rule).unwrap();
    nft.commit(&batch).unwrap();
    assert_eq!(nft.table(&TABLE).unwrap().unwrap().comment, Some(comment("table")));
    assert_eq!(nft.sets(&TABLE).unwrap()[0].set, set);
    assert_eq!(nft.elements(&TABLE, &set).unwrap(), [element]);
    assert_eq!(nft.chains(&TABLE).unwrap()[0].chain, chain);
    let rules = nft.rules(&TABLE, Some(&CHAIN)).unwrap();
    assert_eq!(rules[0].comment, Some(comment("rule")));
    assert_eq!(rules[0].expression_names, ["counter", "immediate"]);
}

/// What was removed before in the same transaction does not count.
fn stated_size() {
    let mut nft = Nftables::open().unwrap();
    let sized = Set { size: Some(2), ..Set::new(SET, [DataType::Ipv4]) };
    let mut batch = Batch::new();
    batch.delete_table_if_present(&TABLE);
    batch.create_table(&TABLE, None);
    batch.create_set(&TABLE, &sized).unwrap();
    batch.add_elements(&TABLE, &sized, [1, 2].map(|n| Element::new(v4(n)))).unwrap();
    nft.commit(&batch).unwrap();
    let third = || [Element::new(v4(3))];
    let mut more = Batch::new();
    more.add_elements(&TABLE, &sized, third()).unwrap();
    let error = nft.commit(&more).unwrap_err().to_string();
    assert!(error.contains("add elements"), "{error}");
    let mut other = Batch::new();
    other.delete_elements(&TABLE, &sized, [Element::new(v4(1))]).unwrap();
    other.add_elements(&TABLE, &sized, third()).unwrap();
    nft.commit(&other).unwrap();
    assert_eq!(nft.sets(&TABLE).unwrap()[0].set, sized);
    assert_eq!(nft.elements(&TABLE, &sized).unwrap(), [2, 3].map(|n| Element::new(v4(n))));
}
