//! The source check for pods that are ports of a bridge, in a table of family bridge.
//!
//! Family inet sees the bridge only, and cannot tell its pods apart. Here every port may send from its own pod's
//! addresses alone, and answer for no others: a forged ARP reply or neighbour advertisement would draw another
//! pod's traffic. What is neither IP nor ARP does not pass from a pod. The table is small, since it holds this
//! node's pods only, so a take-over writes it anew in one transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr};

use podfence_model::{Family, NamespacedName};
use podfence_netlink::nft::{
    self, BaseChain, Batch, Chain, Comment, DataType, Element, Header, Hook, Load, Log, LogPrefix, Name,
    NameError, Nftables, Rule, Set, Table, Value, priority,
};
use podfence_plan::{Delta, Link, LocalPod, NodePlan};

use crate::error::DataplaneError;
use crate::frame::Body;
use crate::ledger::{OWN_TABLE, is_own};
use crate::refusal::Refusal;
use crate::settings::Settings;
use crate::verify::{Members, Wanted};

const ETHER_IP: u16 = 0x0800;
const ETHER_ARP: u16 = 0x0806;
const ETHER_IP6: u16 = 0x86dd;
const ICMPV6: u8 = 58;
/// The address that a neighbour solicitation or advertisement is about (RFC 4861, 4.3 and 4.4).
const ND_TARGET: Load = Load::Payload { header: Header::Transport, offset: 8, length: 16 };
/// fe80::/10 (RFC 4291, 2.4).
const LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0);
const LINK_LOCAL_MASK: Ipv6Addr = Ipv6Addr::new(0xffc0, 0, 0, 0, 0, 0, 0, 0);
const CHAIN: Name = Name::constant("sources");
const TO_PODS: Name = Name::constant("to_pods");
const ODD: Name = Name::constant("odd_frame");
const REFUSED: Name = Name::constant("refused_source");

/// The sets of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum PortSet {
    Ports,
    Sources(Family),
    Addresses(Family),
}

impl PortSet {
    const ALL: [Self; 5] = [
        Self::Ports,
        Self::Sources(Family::V4),
        Self::Sources(Family::V6),
        Self::Addresses(Family::V4),
        Self::Addresses(Family::V6),
    ];

    fn name(self) -> Name {
        Name::constant(match self {
            Self::Ports => "ports",
            Self::Sources(Family::V4) => "sources_v4",
            Self::Sources(Family::V6) => "sources_v6",
            Self::Addresses(Family::V4) => "bridged_pods_v4",
            Self::Addresses(Family::V6) => "bridged_pods_v6",
        })
    }

    fn set(self) -> Set {
        let address = |family| match family {
            Family::V4 => DataType::Ipv4,
            Family::V6 => DataType::Ipv6,
        };
        let (key, about) = match self {
            Self::Ports => (vec![DataType::Interface], "ports of this node's pods"),
            Self::Sources(family) => {
                (vec![DataType::Interface, address(family)], "which port each pod of this node sends from")
            }
            Self::Addresses(family) => (vec![address(family)], "pods of this node whose port is known"),
        };
        Set::new(self.name(), key).comment(Comment::constant(about))
    }
}

type Elements = BTreeSet<(PortSet, Element)>;

/// What the table holds.
#[derive(Debug)]
pub(crate) struct BridgeTable {
    table: Table,
    log_group: u16,
    /// `None` until the kernel was looked at, and after an error.
    held: Option<Elements>,
    /// Whether there is a table: a node without bridged pods needs none.
    made: bool,
}

impl BridgeTable {
    pub(crate) fn new(settings: &Settings) -> Self {
        let table = Table::new(nft::Family::Bridge, settings.table.clone());
        Self { table, log_group: settings.log_group, held: None, made: false }
    }

    /// Lets a delta's new pods send, before anything else is changed. Those of the plan before still may.
    pub(crate) fn admit(
        &mut self,
        nft: &mut Nftables,
        delta: &Delta,
        plan: &NodePlan,
    ) -> Result<(), DataplaneError> {
        let coming = elements(delta.pods_set.iter().map(|(id, (_, pod))| (id, pod)))?;
        if coming.is_empty() {
            return Ok(());
        }
        match self.held.take().filter(|_| self.made) {
            Some(held) => self.add(nft, held, &coming),
            None => self.rewrite(nft, elements(&plan.pods)?),
        }
    }

    /// Takes away what a delta's pods had and have no more.
    pub(crate) fn settle(&mut self, nft: &mut Nftables, delta: &Delta) -> Result<(), DataplaneError> {
        let changed = delta.pods_set.iter().filter_map(|(id, (before, _))| Some((id, before.as_ref()?)));
        let mut gone = elements(changed.chain(&delta.pods_removed))?;
        for kept in elements(delta.pods_set.iter().map(|(id, (_, pod))| (id, pod)))? {
            gone.remove(&kept);
        }
        self.remove_from_sets(nft, gone)
    }

    /// As [`Self::admit`], whatever the table holds.
    pub(crate) fn admit_all(&mut self, nft: &mut Nftables, plan: &NodePlan) -> Result<(), DataplaneError> {
        let wanted = elements(&plan.pods)?;
        match self.held.take().filter(|_| self.made || wanted.is_empty()) {
            Some(held) => self.add(nft, held, &wanted),
            None => self.rewrite(nft, wanted),
        }
    }

    /// As [`Self::settle`], for everything that the plan in force does not hold.
    pub(crate) fn settle_all(&mut self, nft: &mut Nftables, plan: &NodePlan) -> Result<(), DataplaneError> {
        let Some(held) = &self.held else { return Ok(()) };
        let gone: Elements = held.difference(&elements(&plan.pods)?).cloned().collect();
        self.remove_from_sets(nft, gone)
    }

    /// Forgets what the table holds: it is written anew next time.
    pub(crate) fn distrust(&mut self) {
        self.held = None;
    }

    fn add(
        &mut self,
        nft: &mut Nftables,
        mut held: Elements,
        wanted: &Elements,
    ) -> Result<(), DataplaneError> {
        let new: Elements = wanted.difference(&held).cloned().collect();
        let mut batch = Batch::new();
        for (set, elements) in by_set(&new) {
            batch.add_elements(&self.table, &set.set(), elements)?;
        }
        nft.commit(&batch)?;
        held.extend(new);
        self.held = Some(held);
        Ok(())
    }

    fn remove_from_sets(&mut self, nft: &mut Nftables, mut gone: Elements) -> Result<(), DataplaneError> {
        let Some(mut held) = self.held.take_if(|_| !gone.is_empty()) else { return Ok(()) };
        gone.retain(|element| held.contains(element));
        let mut batch = Batch::new();
        for (set, elements) in by_set(&gone) {
            batch.delete_elements(&self.table, &set.set(), elements)?;
        }
        nft.commit(&batch)?;
        for element in &gone {
            held.remove(element);
        }
        self.held = Some(held);
        Ok(())
    }

    /// Removes the table.
    pub(crate) fn remove(&self, nft: &mut Nftables, batch: &mut Batch) -> Result<(), DataplaneError> {
        if is_own(nft, &self.table)? {
            batch.delete_table_if_present(&self.table);
        }
        Ok(())
    }

    /// Everything anew in one transaction; nothing at all on a node without bridged pods.
    fn rewrite(&mut self, nft: &mut Nftables, wanted: Elements) -> Result<(), DataplaneError> {
        let mut batch = Batch::new();
        if is_own(nft, &self.table)? {
            batch.delete_table(&self.table);
        }
        self.made = !wanted.is_empty();
        if self.made {
            self.write(&mut batch, &wanted)?;
        }
        if !batch.is_empty() {
            nft.commit(&batch)?;
        }
        self.held = Some(wanted);
        Ok(())
    }

    fn write(&self, batch: &mut Batch, wanted: &Elements) -> Result<(), DataplaneError> {
        let table = &self.table;
        batch.create_table(table, Some(&OWN_TABLE));
        for set in PortSet::ALL {
            batch.create_set(table, &set.set())?;
        }
        for (set, elements) in by_set(wanted) {
            batch.add_elements(table, &set.set(), elements)?;
        }
        let bodies = self.bodies();
        for body in &bodies {
            batch.create_chain(table, &body.chain);
        }
        for Body { chain, rules } in &bodies {
            rules.iter().try_for_each(|rule| batch.add_rule(table, &chain.name, rule))?;
        }
        Ok(())
    }

    fn bodies(&self) -> [Body; 4] {
        let about = Comment::constant("does the source address belong to the port?");
        let first = BaseChain::filter(Hook::Prerouting, priority::RAW - 10);
        let between = BaseChain::filter(Hook::Forward, priority::RAW - 10);
        let taken = Comment::constant("pods take only what is judged");
        [
            Body { chain: Chain::regular(REFUSED), rules: self.refuse() },
            Body { chain: Chain::regular(ODD), rules: odd_frame() },
            Body { chain: Chain::base(CHAIN, first).comment(about), rules: sources() },
            Body { chain: Chain::base(TO_PODS, between).comment(taken), rules: to_pods_rules() },
        ]
    }

    /// What the kernel must hold; nothing while no table is needed or nobody knows.
    pub(crate) fn wanted(&self) -> Option<Wanted<'static>> {
        let held = self.held.as_ref().filter(|_| self.made)?;
        let mut wanted = Wanted::of_table(&self.table);
        wanted.chains(self.bodies());
        let mut elements = by_set(held);
        for set in PortSet::ALL {
            wanted.set(set.set(), Members::Listed(elements.remove(&set).unwrap_or_default()));
        }
        Some(wanted)
    }

    fn refuse(&self) -> Vec<Rule> {
        let prefix = LogPrefix::new(Refusal::Source.prefix()).expect("prefixes of ours are short");
        vec![Rule::new().counter().log(Log::new(self.log_group, prefix).snaplen(128)).drop()]
    }
}

/// By the header on the wire: `meta protocol` looks behind a VLAN tag that was taken off at reception.
fn frame(ether_type: u16) -> Rule {
    Rule::new().eq(Load::ETHER_TYPE, Value::port(ether_type))
}

/// A neighbour advertisement or solicitation that is about a link-local address.
fn about_link_local(message: Rule) -> Rule {
    message.masked_eq(ND_TARGET, LINK_LOCAL_MASK, LINK_LOCAL)
}

fn advertisement() -> Rule {
    frame(ETHER_IP6).l4proto(ICMPV6).eq(Load::ICMP_TYPE, Value::byte(136))
}

fn sources() -> Vec<Rule> {
    let (ports, sources) = (PortSet::Ports.name(), |family| PortSet::Sources(family).name());
    let own = |ether_type, family, field| {
        frame(ether_type).in_set(&[Load::IIFNAME, field], &sources(family)).accept()
    };
    let stolen = |ether_type, family, field| {
        frame(ether_type).in_set(&[field], &PortSet::Addresses(family).name()).goto(&REFUSED)
    };
    let fields = [
        (ETHER_IP, Family::V4, Load::IP_SADDR),
        (ETHER_ARP, Family::V4, Load::ARP_SADDR_IP),
        (ETHER_IP6, Family::V6, Load::IP6_SADDR),
    ];
    let from_pod = |rule: Rule| rule.in_set(&[Load::IIFNAME], &ports);
    let mut rules = vec![from_pod(advertisement()).goto(&ODD)];
    rules.extend(fields.map(|(ether_type, family, field)| own(ether_type, family, field)));
    rules.push(from_pod(Rule::new()).goto(&ODD));
    rules.extend(fields.map(|(ether_type, family, field)| stolen(ether_type, family, field)));
    rules
}

/// What is neither IP nor ARP does not come to a pod, not even from a port that nobody knows yet. Nor does anything but
/// neighbour discovery and listener reports with an address of the link: no program speaks of those.
fn to_pods_rules() -> Vec<Rule> {
    let on_link = |field| frame(ETHER_IP6).masked_eq(field, LINK_LOCAL_MASK, LINK_LOCAL);
    let refuse = |rule: Rule| rule.in_set(&[Load::OIFNAME], &PortSet::Ports.name()).goto(&REFUSED);
    let mut rules =
        [(130, 132), (135, 136), (143, 143)].map(|(first, last)| icmpv6(first, last).accept()).to_vec();
    rules.extend([Load::IP6_SADDR, Load::IP6_DADDR].map(|field| refuse(on_link(field))));
    rules.extend([ETHER_IP, ETHER_ARP, ETHER_IP6].map(|kind| frame(kind).accept()));
    rules.push(refuse(Rule::new()));
    rules
}

/// ICMPv6 messages from type `first` to `last`.
fn icmpv6(first: u8, last: u8) -> Rule {
    frame(ETHER_IP6).l4proto(ICMPV6).in_range(Load::ICMP_TYPE, Value::byte(first), Value::byte(last))
}

/// From a pod's port, but not from its address, or an advertisement: what every host sends at its start passes.
fn odd_frame() -> Vec<Rule> {
    let own_target =
        advertisement().in_set(&[Load::IIFNAME, ND_TARGET], &PortSet::Sources(Family::V6).name());
    let link_local = |rule: Rule| rule.masked_eq(Load::IP6_SADDR, LINK_LOCAL_MASK, LINK_LOCAL);
    let unspecified = |rule: Rule| rule.eq(Load::IP6_SADDR, Ipv6Addr::UNSPECIFIED);
    vec![
        own_target.accept(),
        about_link_local(link_local(advertisement())).accept(),
        advertisement().goto(&REFUSED),
        link_local(icmpv6(135, 135)).accept(),
        unspecified(icmpv6(135, 135)).accept(),
        // Bridges that snoop learn from these which ports want solicitations (RFC 4541).
        link_local(icmpv6(130, 132)).accept(),
        link_local(icmpv6(143, 143)).accept(),
        unspecified(icmpv6(143, 143)).accept(),
        // Nobody here answers a pod's solicitation of a router; it is not worth a line in the log.
        icmpv6(133, 133).drop(),
        frame(ETHER_ARP).eq(Load::ARP_SADDR_IP, std::net::Ipv4Addr::UNSPECIFIED).accept(),
        Rule::new().goto(&REFUSED),
    ]
}

/// What bridged pods have in the sets.
fn elements<'p>(
    pods: impl IntoIterator<Item = (&'p NamespacedName, &'p LocalPod)>,
) -> Result<Elements, DataplaneError> {
    let mut out = Elements::new();
    for (id, pod) in pods {
        let Some(Link::Bridged { port, .. }) = &pod.link else { continue };
        let failed = |error: NameError| DataplaneError::Link { pod: id.to_string(), error };
        let port = Value::interface(port).map_err(failed)?;
        out.insert((PortSet::Ports, Element::new(port)));
        out.extend(pod.addresses.iter().flat_map(|ip| of_address(*ip, port)));
    }
    Ok(out)
}

fn of_address(ip: IpAddr, port: Value) -> Vec<(PortSet, Element)> {
    let family = Family::of(ip);
    // A name and an address always fit the registers.
    let pair = Value::concat(&[port, ip.into()]).ok().map(|v| (PortSet::Sources(family), Element::new(v)));
    pair.into_iter().chain([(PortSet::Addresses(family), Element::new(ip))]).collect()
}

fn by_set(elements: &Elements) -> BTreeMap<PortSet, Vec<Element>> {
    let mut out: BTreeMap<PortSet, Vec<Element>> = BTreeMap::new();
    for (set, element) in elements {
        out.entry(*set).or_default().push(element.clone());
    }
    out
}
