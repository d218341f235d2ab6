//! What of ours is in the kernel, by the plan's keys.

use std::collections::BTreeMap;

use podfence_netlink::nft::{Chain, Name};
use podfence_plan::{ProgramKey, UnionKey};

use crate::generation::Stamp;
use crate::program::ProgramObject;
use crate::union::UnionObject;

/// Objects of a table that an earlier process made. They stay enforced until the first plan replaces them.
#[derive(Debug, Default, Clone)]
pub(crate) struct Inherited {
    /// All its chains.
    pub chains: Vec<Chain>,
    /// All its sets and maps.
    pub sets: Vec<Name>,
    /// The stamp that its rules still give.
    pub stamp: Option<Stamp>,
}

/// What the kernel has of the plan in force.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub programs: BTreeMap<ProgramKey, ProgramObject>,
    pub unions: BTreeMap<UnionKey, UnionObject>,
    last_id: u32,
}

impl Ledger {
    /// A number that no object of the table has in its name.
    pub(crate) fn next_id(&mut self) -> u32 {
        self.last_id += 1;
        self.last_id
    }

    /// Numbers from now on are higher than any in these names.
    pub(crate) fn skip_numbers_of<'a>(&mut self, names: impl Iterator<Item = &'a Name>) {
        let numbers = names.flat_map(|n| n.as_str().split('_')).filter_map(|part| part.parse().ok());
        self.last_id = numbers.fold(self.last_id, u32::max);
    }
}
