//! Transactions: all or nothing, and errors that name their operation.

use std::net::{Ipv4Addr, UdpSocket};

use podfence_netlink::nft::{
    BaseChain, Batch, BatchError, Chain, Changes, CommitError, DataType, Element, Family, Heard, Hook, Load,
    Name, Nftables, Policy, Rule, Set, Table, Value, priority,
};

pub const TESTS: crate::Tests = &[
    ("a_failed_batch_changes_nothing_and_names_the_operation", failed_batch),
    ("every_family_has_its_own_table", families),
    ("absence_is_an_error_except_where_it_is_said", absence),
    ("a_suspended_table_meets_no_packet", suspended),
    ("a_set_is_replaced_under_its_name", replaced_set),
    ("names_reach_their_limit", names),
    ("a_batch_too_large_is_refused_before_it_is_sent", too_large),
    ("the_generation_changes_with_every_commit", generation),
    ("transactions_of_others_are_heard", heard),
    ("lost_messages_are_heard_of", lost),
    ("chains_are_read_back", chains),
    ("rules_are_deleted_by_handle", rule_handles),
    ("sets_with_traps_are_refused", refused_sets),
    ("many_failures_are_summed_up", many_failures),
];

const TABLE: Table = Table::new(Family::Inet, Name::constant("podfence"));
const CHAIN: Name = Name::constant("forward");
const ABSENT: Name = Name::constant("absent");

fn commit(nft: &mut Nftables, fill: impl FnOnce(&mut Batch)) -> Result<(), CommitError> {
    let mut batch = Batch::new();
    fill(&mut batch);
    nft.commit(&batch)
}

fn heard() {
    let (mut own, mut other) = (Nftables::open().unwrap(), Nftables::open().unwrap());
    let mut changes = Changes::open(own.port().unwrap()).unwrap();
    commit(&mut own, |batch| batch.create_table(&TABLE, None)).unwrap();
    assert_eq!(changes.take(&TABLE.name).unwrap(), None, "our own");
    let foreign = Table::new(Family::Inet, Name::constant("foreign"));
    commit(&mut other, |batch| batch.create_table(&foreign, None)).unwrap();
    assert_eq!(changes.take(&TABLE.name).unwrap(), None, "another table");
    let chain = Chain::regular(CHAIN);
    commit(&mut other, |batch| batch.create_chain(&TABLE, &chain)).unwrap();
    assert_eq!(changes.wait(&TABLE.name).unwrap(), Heard::Changed);
    assert_eq!(changes.take(&TABLE.name).unwrap(), None, "told once");
    commit(&mut own, |batch| batch.delete_table(&TABLE)).unwrap();
    commit(&mut other, |batch| batch.create_table(&Table::new(Family::Bridge, TABLE.name), None)).unwrap();
    assert_eq!(changes.wait(&TABLE.name).unwrap(), Heard::Changed, "another family");
}

/// More transactions of others than there is room for: what was lost may have been about our table.
fn lost() {
    let (own, mut other) = (Nftables::open().unwrap(), Nftables::open().unwrap());
    let mut changes = Changes::open(own.port().unwrap()).unwrap();
    let foreign = Table::new(Family::Inet, Name::constant("foreign"));
    let set = Set::new(ABSENT, [DataType::Ipv4]);
    let addresses = (0..20_000_u32).map(|number| Element::new(Ipv4Addr::from(0xcb00_7100 + number)));
    commit(&mut other, |batch| {
        batch.create_table(&foreign, None);
        batch.create_set(&foreign, &set).unwrap();
    })
    .unwrap();
    for _ in 0..30 {
        other.preload(&foreign, &set, addresses.clone()).unwrap();
        commit(&mut other, |batch| batch.flush_set(&foreign, &set.name)).unwrap();
    }
    assert_eq!(changes.wait(&TABLE.name).unwrap(), Heard::Lost);
    commit(&mut other, |batch| batch.create_table(&TABLE, None)).unwrap();
    assert_eq!(changes.wait(&TABLE.name).unwrap(), Heard::Changed, "and goes on to hear");
}

fn failed_batch() {
    let mut nft = Nftables::open().unwrap();
    let mut batch = Batch::new();
    batch.create_table(&TABLE, None);
    batch.create_chain(&TABLE, &Chain::regular(CHAIN));
    batch.add_rule(&TABLE, &CHAIN, &Rule::new().jump(&ABSENT)).unwrap();
    batch.add_rule(&TABLE, &CHAIN, &Rule::new().accept()).unwrap();
    let error = nft.commit(&batch).unwrap_err();
    assert_eq!(
        error.to_string(),
        "operation 3, add rule to chain inet podfence forward: No such file or directory; nothing was committed"
    );
    let CommitError::Refused(failures) = error else { panic!("refused") };
    assert_eq!((failures.len(), failures[0].index), (1, 2));
    assert_eq!(failures[0].operation, batch.operations()[2]);
    assert_eq!(nft.tables().unwrap(), []);
}

fn families() {
    let mut nft = Nftables::open().unwrap();
    let tables =
        [Family::Inet, Family::Ip, Family::Ip6, Family::Bridge].map(|family| Table::new(family, TABLE.name));
    commit(&mut nft, |batch| tables.iter().for_each(|table| batch.create_table(table, None))).unwrap();
    let mut listed: Vec<_> = nft.tables().unwrap().into_iter().map(|info| info.table).collect();
    listed.sort();
    let mut expected = tables.to_vec();
    expected.sort();
    assert_eq!(listed, expected);
    commit(&mut nft, |batch| batch.delete_table(&tables[3])).unwrap();
    assert_eq!(nft.table(&tables[3]).unwrap(), None);
    assert!(nft.table(&tables[0]).unwrap().is_some());
}

fn absence() {
    let mut nft = Nftables::open().unwrap();
    let set = Set::new(Name::constant("set"), [DataType::Port]);
    let element = || [Element::new(Value::port(1))];
    commit(&mut nft, |batch| batch.delete_table_if_present(&TABLE)).unwrap();
    commit(&mut nft, |batch| batch.delete_table(&TABLE)).unwrap_err();
    commit(&mut nft, |batch| {
        batch.ensure_table(&TABLE, None);
        batch.create_set(&TABLE, &set).unwrap();
    })
    .unwrap();
    commit(&mut nft, |batch| batch.ensure_table(&TABLE, None)).unwrap();
    commit(&mut nft, |batch| batch.create_table(&TABLE, None)).unwrap_err();
    commit(&mut nft, |batch| batch.create_set(&TABLE, &set).unwrap()).unwrap_err();
    commit(&mut nft, |batch| batch.flush_set(&TABLE, &set.name)).unwrap();
    commit(&mut nft, |batch| batch.flush_set(&TABLE, &ABSENT)).unwrap_err();
    commit(&mut nft, |batch| batch.flush_chain(&TABLE, &ABSENT)).unwrap_err();
    commit(&mut nft, |batch| batch.delete_elements(&TABLE, &set, element()).unwrap()).unwrap_err();
    commit(&mut nft, |batch| batch.add_elements(&TABLE, &set, element()).unwrap()).unwrap();
    commit(&mut nft, |batch| batch.add_elements(&TABLE, &set, []).unwrap()).unwrap();
    assert_eq!(nft.elements(&TABLE, &set).unwrap(), element());
    commit(&mut nft, |batch| batch.flush_set(&TABLE, &set.name)).unwrap();
    assert_eq!(nft.elements(&TABLE, &set).unwrap(), []);
}

fn suspended() {
    let mut nft = Nftables::open().unwrap();
    let output = Chain::base(CHAIN, BaseChain::filter(Hook::Output, priority::FILTER));
    commit(&mut nft, |batch| {
        batch.create_table(&TABLE, None);
        batch.create_chain(&TABLE, &output);
        batch.add_rule(&TABLE, &CHAIN, &Rule::new().drop()).unwrap();
    })
    .unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let passes = || socket.send_to(&[1], socket.local_addr().unwrap()).is_ok();
    assert!(!passes());
    for _ in 0..2 {
        commit(&mut nft, |batch| batch.suspend_table(&TABLE)).unwrap();
        assert!(passes());
        commit(&mut nft, |batch| batch.ensure_table(&TABLE, None)).unwrap();
        assert!(!passes());
    }
    assert_eq!(nft.rules(&TABLE, None).unwrap().len(), 1);
}

fn replaced_set() {
    let mut nft = Nftables::open().unwrap();
    let ports = Set::new(Name::constant("set"), [DataType::Port]);
    let marks = Set::new(Name::constant("set"), [DataType::Mark]);
    commit(&mut nft, |batch| {
        batch.create_table(&TABLE, None);
        batch.create_set(&TABLE, &ports).unwrap();
        batch.add_elements(&TABLE, &ports, [Element::new(Value::port(1))]).unwrap();
    })
    .unwrap();
    commit(&mut nft, |batch| {
        batch.delete_set(&TABLE, &ports.name);
        batch.create_set(&TABLE, &marks).unwrap();
        batch.add_elements(&TABLE, &marks, [Element::new(Value::host32(1))]).unwrap();
    })
    .unwrap();
    assert_eq!(nft.sets(&TABLE).unwrap()[0].set, marks);
    assert_eq!(nft.elements(&TABLE, &marks).unwrap(), [Element::new(Value::host32(1))]);
}

fn names() {
    let mut nft = Nftables::open().unwrap();
    let longest = Name::new("n".repeat(Name::MAX)).unwrap();
    let table = Table::new(Family::Inet, longest.clone());
    let set = Set::new(longest.clone(), [DataType::Port]);
    commit(&mut nft, |batch| {
        batch.create_table(&table, None);
        batch.create_chain(&table, &Chain::regular(longest.clone()));
        batch.create_set(&table, &set).unwrap();
        batch.add_rule(&table, &longest, &Rule::new().in_set(&[Load::TH_DPORT], &longest).drop()).unwrap();
    })
    .unwrap();
    assert_eq!(nft.chains(&table).unwrap()[0].chain.name, longest);
    assert_eq!(nft.sets(&table).unwrap()[0].set, set);
    assert!(Name::new("n".repeat(Name::MAX + 1)).is_err());
}

fn too_large() {
    let mut nft = Nftables::open().unwrap();
    let limit = nft.max_batch_bytes().unwrap();
    let set = Set::new(Name::constant("set"), [DataType::Ipv4]);
    commit(&mut nft, |batch| {
        batch.create_table(&TABLE, None);
        batch.create_set(&TABLE, &set).unwrap();
    })
    .unwrap();
    let mut batch = Batch::new();
    let addresses = || (0..).map(|number: u32| Element::new(Ipv4Addr::from(number)));
    batch.add_elements_within(&TABLE, &set, &mut addresses(), limit).unwrap();
    assert!((limit - 5000..limit).contains(&batch.byte_len()), "{} of {limit}", batch.byte_len());
    batch.add_elements_within(&TABLE, &set, &mut addresses(), limit + 10_000).unwrap();
    let bytes = batch.byte_len();
    assert_eq!(nft.commit(&batch), Err(CommitError::TooLarge { bytes, limit }));
    assert_eq!(nft.elements(&TABLE, &set).unwrap(), []);
}

fn generation() {
    let mut nft = Nftables::open().unwrap();
    let before = nft.generation().unwrap();
    assert_eq!(nft.generation().unwrap(), before);
    commit(&mut nft, |batch| batch.create_table(&TABLE, None)).unwrap();
    assert_ne!(nft.generation().unwrap(), before);
}

fn chains() {
    let mut nft = Nftables::open().unwrap();
    let base = |name: &'static str, base| Chain::base(Name::constant(name), base);
    let strict = BaseChain { policy: Policy::Drop, ..BaseChain::filter(Hook::Input, 10) };
    let chains = [
        base("forward", BaseChain::filter(Hook::Forward, -5)),
        base("input", strict),
        base("prerouting", BaseChain::nat(Hook::Prerouting, priority::DNAT)),
        Chain::regular(Name::constant("program/shop-web")),
    ];
    commit(&mut nft, |batch| {
        batch.create_table(&TABLE, None);
        batch.create_table(&Table::new(Family::Inet, ABSENT), None);
        for chain in &chains {
            batch.create_chain(&TABLE, chain);
        }
        batch.create_chain(&Table::new(Family::Inet, ABSENT), &chains[3]);
    })
    .unwrap();
    let listed: Vec<_> = nft.chains(&TABLE).unwrap().into_iter().map(|info| info.chain).collect();
    assert_eq!(listed, chains);
}

fn rule_handles() {
    let mut nft = Nftables::open().unwrap();
    commit(&mut nft, |batch| {
        batch.create_table(&TABLE, None);
        batch.create_chain(&TABLE, &Chain::regular(CHAIN));
        for rule in [Rule::new().accept(), Rule::new().counter(), Rule::new().drop()] {
            batch.add_rule(&TABLE, &CHAIN, &rule).unwrap();
        }
    })
    .unwrap();
    let rules = nft.rules(&TABLE, None).unwrap();
    assert_eq!(nft.rules(&TABLE, Some(&CHAIN)).unwrap(), rules);
    commit(&mut nft, |batch| batch.delete_rule(&TABLE, &CHAIN, rules[1].handle)).unwrap();
    assert_eq!(nft.rules(&TABLE, None).unwrap(), [rules[0].clone(), rules[2].clone()]);
    commit(&mut nft, |batch| batch.flush_chain(&TABLE, &CHAIN)).unwrap();
    assert_eq!(nft.rules(&TABLE, None).unwrap(), []);
    commit(&mut nft, |batch| batch.delete_chain(&TABLE, &CHAIN)).unwrap();
    assert_eq!(nft.chains(&TABLE).unwrap(), []);
}

fn refused_sets() {
    let mut batch = Batch::new();
    let name = Name::constant("set");
    let ranges_of_pairs = Set::new(name.clone(), [DataType::Protocol, DataType::Port]).interval();
    assert!(matches!(batch.create_set(&TABLE, &ranges_of_pairs), Err(BatchError::Set { .. })));
    assert!(matches!(batch.create_set(&TABLE, &Set::new(name.clone(), [])), Err(BatchError::Set { .. })));
    let wide = Set::new(name, [DataType::Interface; 5]);
    assert!(matches!(batch.create_set(&TABLE, &wide), Err(BatchError::Set { .. })));
    let rule = Rule::new().in_set(&[Load::IIFNAME; 5], &wide.name);
    assert!(matches!(batch.add_rule(&TABLE, &CHAIN, &rule), Err(BatchError::RuleTooWide { .. })));
    let rule = (0..129).fold(Rule::new(), |rule, _| rule.counter());
    assert!(matches!(
        batch.add_rule(&TABLE, &CHAIN, &rule),
        Err(BatchError::RuleTooLong { expressions: 129, .. })
    ));
    assert!(batch.is_empty());
}

fn many_failures() {
    let mut nft = Nftables::open().unwrap();
    let error = commit(&mut nft, |batch| {
        batch.create_table(&TABLE, None);
        for _ in 0..30_000 {
            batch.add_rule(&TABLE, &ABSENT, &Rule::new().drop()).unwrap();
        }
    })
    .unwrap_err();
    assert!(
        error.to_string().starts_with("operation 2, add rule to chain inet podfence absent: No such file"),
        "{error}"
    );
    assert_eq!(nft.tables().unwrap(), []);
    commit(&mut nft, |batch| batch.create_table(&TABLE, None)).unwrap();
}
