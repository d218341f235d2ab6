//! What of ours is in the kernel: by the plan's keys, or, of an earlier process, by name only.

use std::collections::{BTreeMap, BTreeSet};

use podfence_netlink::nft::{Chain, Comment, Name, Nftables, Set, Table};
use podfence_plan::{ProgramKey, UnionKey};

use crate::error::DataplaneError;
use crate::frame::stamp_of;
use crate::generation::Stamp;
use crate::pod_set::PodSet;
use crate::prelude::Prelude;
use crate::program::ProgramObject;
use crate::room::Room;
use crate::union::UnionObject;

/// By this comment we know our own table.
pub(crate) const OWN_TABLE: Comment =
    Comment::constant("Podfence: Kubernetes NetworkPolicy. Made by a program, do not edit");

/// Objects of our table that we have no memory of. They stay in force until a switch replaces them.
#[derive(Debug, Default)]
pub(crate) struct Stock {
    pub chains: Vec<Chain>,
    pub sets: Vec<Set>,
    /// The stamp that its rules give.
    pub stamp: Option<Stamp>,
}

impl Stock {
    /// Reads our table; nothing if there is none. A foreign table of its name is an error.
    pub(crate) fn take(nft: &mut Nftables, table: &Table) -> Result<Self, DataplaneError> {
        if !is_own(nft, table)? {
            return Ok(Self::default());
        }
        let chains = nft.chains(table)?.into_iter().map(|info| info.chain).collect();
        let sets = nft.sets(table)?.into_iter().map(|info| info.set).collect();
        let stamp = stamp_of(&nft.rules(table, None)?);
        Ok(Self { chains, sets, stamp })
    }

    /// The names of everything in it.
    pub(crate) fn names(&self) -> impl Iterator<Item = &Name> {
        self.chains.iter().map(|chain| &chain.name).chain(self.sets.iter().map(|set| &set.name))
    }

    /// The lowest epoch whose sets are not there.
    pub(crate) fn free_epoch(&self) -> u32 {
        let names: BTreeSet<&Name> = self.names().collect();
        let free = |epoch: &u32| !PodSet::all().any(|set| names.contains(&set.name(*epoch)));
        (0..u32::MAX).find(free).unwrap_or(u32::MAX) // a table has fewer sets than there are numbers
    }

    /// Deletes everything that is not among `kept`.
    pub(crate) fn delete(&self, kept: &[Chain], table: &Table, prelude: &mut Prelude) {
        let kept: BTreeSet<&Name> = kept.iter().map(|chain| &chain.name).collect();
        let gone = || self.chains.iter().map(|chain| &chain.name).filter(|name| !kept.contains(name));
        gone().for_each(|name| prelude.batch().flush_chain(table, name));
        self.sets.iter().for_each(|set| prelude.batch().delete_set(table, &set.name));
        gone().for_each(|name| prelude.batch().delete_chain(table, name));
    }

    /// Whether a chain is there just so.
    pub(crate) fn has(&self, chain: &Chain) -> bool {
        self.chains.iter().any(|have| have.name == chain.name && have.base == chain.base)
    }

    /// Whether a chain of its name is there, just so or not.
    pub(crate) fn takes_name_of(&self, chain: &Chain) -> bool {
        self.chains.iter().any(|have| have.name == chain.name)
    }
}

/// Whether a table of ours is there; a foreign one of its name is an error.
pub(crate) fn is_own(nft: &mut Nftables, table: &Table) -> Result<bool, DataplaneError> {
    match nft.table(table)? {
        None => Ok(false),
        Some(info) if info.comment.as_ref() == Some(&OWN_TABLE) => Ok(true),
        Some(_) => Err(DataplaneError::ForeignTable(table.to_string())),
    }
}

/// What the kernel has of the plan in force.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub programs: BTreeMap<ProgramKey, ProgramObject>,
    pub unions: BTreeMap<UnionKey, UnionObject>,
    /// The room in the sets of pods.
    pub rooms: BTreeMap<PodSet, Room>,
    last_id: u32,
}

impl Ledger {
    /// Nothing yet; numbers will be higher than any in these names.
    pub(crate) fn after<'a>(names: impl Iterator<Item = &'a Name>) -> Self {
        let numbers = names.flat_map(|n| n.as_str().split('_')).filter_map(|part| part.parse().ok());
        Self { last_id: numbers.fold(0, u32::max), ..Self::default() }
    }

    /// A number that no object of the table has in its name.
    pub(crate) fn next_id(&mut self) -> u32 {
        self.last_id += 1;
        self.last_id
    }
}
