//! Whether the kernel holds what it was told to: our tables read back and compared with what the plan in force comes to.
//!
//! Compared is everything that decides about a packet and what it says of itself: the table (its comment, and that it is not
//! suspended), which chains and sets there are, each chain's hook, priority, policy and comment, its rules in their order with
//! every operand, each set's type, size and comment, and every element with its verdict and comment. Not compared are counters,
//! handles, and foreign tables. Sets of addresses are compared while they are read, so that a cluster's addresses are not in
//! memory once more.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

use podfence_model::{Direction, Family};
use podfence_netlink::nft::{
    Chain, ChainInfo, Element, Key, Name, Nftables, Rule, RuleInfo, Set, Table, Value,
};
use podfence_plan::{NodePlan, ProgramPlan, UnionKey};

use crate::error::DataplaneError;
use crate::frame::{Body, Frame};
use crate::generation::Stamp;
use crate::ledger::{Ledger, OWN_TABLE};
use crate::names::Slot;
use crate::pod::{Bindings, bindings, by_set, of_ranges};
use crate::pod_set::PodSet;
use crate::program::ProgramObject;
use crate::union::{UnionObject, elements};

/// Where the kernel does not hold what it was told to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// The table is gone, suspended, or somebody else's.
    Table(Table),
    /// A chain is gone or not as it was made, or one is there that we did not make.
    Chain(Name),
    /// A chain has other rules.
    Rules(Name),
    /// A set is gone or not as it was made, or one is there that we did not make.
    Set(Name),
    /// A set has other elements.
    Elements(Name),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table(table) => write!(f, "table {table} is gone, suspended or somebody else's"),
            Self::Chain(name) => write!(f, "chain {name} is not as it was made"),
            Self::Rules(name) => write!(f, "chain {name} has other rules"),
            Self::Set(name) => write!(f, "set {name} is not as it was made"),
            Self::Elements(name) => write!(f, "set {name} has other elements"),
        }
    }
}

/// What a set must hold.
pub(crate) enum Members<'p> {
    /// These, in no order.
    Listed(Vec<Element>),
    /// The addresses of one family among these.
    Addresses(&'p BTreeSet<IpAddr>, Family),
}

/// What a table must hold.
pub(crate) struct Wanted<'p> {
    table: Table,
    chains: BTreeMap<Name, (Chain, Vec<Rule>)>,
    sets: BTreeMap<Name, (Set, Members<'p>)>,
}

impl<'p> Wanted<'p> {
    /// A table with nothing in it.
    pub(crate) fn of_table(table: &Table) -> Self {
        Self { table: table.clone(), chains: BTreeMap::new(), sets: BTreeMap::new() }
    }

    /// More chains.
    pub(crate) fn chains(&mut self, bodies: impl IntoIterator<Item = Body>) {
        let entries = bodies.into_iter().map(|body| (body.chain.name.clone(), (body.chain, body.rules)));
        self.chains.extend(entries);
    }

    /// One more set.
    pub(crate) fn set(&mut self, set: Set, members: Members<'p>) {
        self.sets.insert(set.name.clone(), (set, members));
    }

    /// What the inet table must hold for a plan that the ledger knows as in force.
    pub(crate) fn of_plan(
        frame: &Frame,
        ledger: &Ledger,
        stamp: Stamp,
        plan: &'p NodePlan,
    ) -> Result<Self, DataplaneError> {
        let mut wanted = Self::of_table(&frame.table);
        wanted.chains(bodies(frame, ledger, stamp, plan));
        wanted.port_maps(ledger, plan);
        for (key, union) in &ledger.unions {
            wanted.union(key, union, plan);
        }
        wanted.pods(frame, ledger, plan)?;
        Ok(wanted)
    }

    fn port_maps(&mut self, ledger: &Ledger, plan: &NodePlan) {
        for (program, object) in programs(ledger, plan) {
            for (map, elements) in object.port_maps(program, |key| ledger.unions.get(key)) {
                self.set(map, Members::Listed(elements));
            }
        }
    }

    fn union(&mut self, key: &UnionKey, union: &UnionObject, plan: &'p NodePlan) {
        let Some(plan) = plan.unions.get(key) else { return };
        for set in &union.sets {
            let members = match set.slot {
                Slot { ranges: false, family } => Members::Addresses(&plan.pods, family),
                slot => Members::Listed(elements(plan, slot).collect()),
            };
            self.set(set.set(key), members);
        }
    }

    fn pods(&mut self, frame: &Frame, ledger: &Ledger, plan: &'p NodePlan) -> Result<(), DataplaneError> {
        let mut all: Bindings = of_ranges(&plan.local_ranges);
        for (id, pod) in &plan.pods {
            let bound = bindings(id, pod, |key| ledger.programs.get(key));
            all.extend(bound.map_err(|error| DataplaneError::Link { pod: id.to_string(), error })?);
        }
        let mut listed = by_set(all.iter());
        for (set, room) in &ledger.rooms {
            let members = match *set {
                PodSet::Known(family) => Members::Addresses(&plan.known, family),
                set => Members::Listed(listed.remove(&set).unwrap_or_default()),
            };
            self.set(Set { size: room.size(), ..set.set(frame.epoch) }, members);
        }
        Ok(())
    }

    /// The first difference found, if there is one.
    pub(crate) fn difference(self, nft: &mut Nftables) -> Result<Option<Difference>, DataplaneError> {
        let own = nft.table(&self.table)?;
        if own.is_none_or(|info| info.suspended || info.comment.as_ref() != Some(&OWN_TABLE)) {
            return Ok(Some(Difference::Table(self.table)));
        }
        let chains = nft.chains(&self.table)?;
        if let Some(difference) = self.chains_differ(&chains) {
            return Ok(Some(difference));
        }
        let rules = nft.rules(&self.table, None)?;
        if let Some(name) = self.rules_differ(&rules) {
            return Ok(Some(Difference::Rules(name)));
        }
        self.sets_differ(nft)
    }

    fn chains_differ(&self, chains: &[ChainInfo]) -> Option<Difference> {
        let has: BTreeMap<&Name, &Chain> =
            chains.iter().map(|info| (&info.chain.name, &info.chain)).collect();
        let unlike = |name: &&&Name| self.chains.get(**name).is_none_or(|(chain, _)| chain != has[**name]);
        let odd = has.keys().find(unlike).copied();
        odd.or_else(|| self.chains.keys().find(|name| !has.contains_key(name)))
            .cloned()
            .map(Difference::Chain)
    }

    fn rules_differ(&self, rules: &[RuleInfo]) -> Option<Name> {
        let mut has: BTreeMap<&Name, Vec<&RuleInfo>> = BTreeMap::new();
        for rule in rules {
            has.entry(&rule.chain).or_default().push(rule);
        }
        let same = |name: &Name, wanted: &[Rule]| {
            let has = has.get(name).map_or(&[][..], Vec::as_slice);
            has.len() == wanted.len() && has.iter().zip(wanted).all(|(info, rule)| info.is(rule))
        };
        self.chains.iter().find(|(name, (_, rules))| !same(name, rules)).map(|(name, _)| name.clone())
    }

    fn sets_differ(self, nft: &mut Nftables) -> Result<Option<Difference>, DataplaneError> {
        let has: BTreeMap<Name, Set> =
            nft.sets(&self.table)?.into_iter().map(|info| (info.set.name.clone(), info.set)).collect();
        if let Some(name) = has.keys().find(|name| !self.sets.contains_key(name)) {
            return Ok(Some(Difference::Set(name.clone())));
        }
        for (name, (set, members)) in self.sets {
            if has.get(&name) != Some(&set) {
                return Ok(Some(Difference::Set(name)));
            }
            if !members.are_in(&set, &self.table, nft)? {
                return Ok(Some(Difference::Elements(name)));
            }
        }
        Ok(None)
    }
}

impl Members<'_> {
    fn are_in(self, set: &Set, table: &Table, nft: &mut Nftables) -> Result<bool, DataplaneError> {
        match self {
            Self::Listed(mut wanted) => {
                wanted.sort_unstable();
                Ok(nft.elements(table, set)? == wanted)
            }
            Self::Addresses(wanted, family) => {
                let count = wanted.iter().filter(|ip| Family::of(**ip) == family).count();
                let is_wanted = |element: &Element| address(element).is_some_and(|ip| wanted.contains(&ip));
                Ok(nft.holds(table, set, count, is_wanted)?)
            }
        }
    }
}

/// All chains of the inet table for a plan that the ledger knows as in force.
pub(crate) fn bodies(frame: &Frame, ledger: &Ledger, stamp: Stamp, plan: &NodePlan) -> Vec<Body> {
    let mut bodies = frame.bodies(stamp);
    let union = |key: &UnionKey| ledger.unions.get(key);
    bodies.extend(programs(ledger, plan).map(|(program, object)| object.body(program, union)));
    bodies.extend(ledger.unions.iter().flat_map(|(key, union)| {
        let body = move |direction: &Direction| Body {
            chain: union.chain(*direction, key),
            rules: union.rules(*direction, frame),
        };
        union.chains.iter().map(body)
    }));
    bodies
}

fn programs<'l>(
    ledger: &'l Ledger,
    plan: &'l NodePlan,
) -> impl Iterator<Item = (&'l ProgramPlan, &'l ProgramObject)> {
    ledger.programs.iter().filter_map(|(key, object)| Some((plan.programs.get(key)?, object)))
}

/// The address that an element is, if it is nothing else.
fn address(element: &Element) -> Option<IpAddr> {
    let Element { key: Key::Single(value), data: None, comment: None } = element else { return None };
    let octets = Value::as_bytes(value);
    let v4 = <[u8; 4]>::try_from(octets).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from)).ok()
}
