//! What is made before the switch: objects that nothing in force refers to, over as many transactions as they need.
//!
//! Never in the switching transaction itself, for two reasons. A transaction is one send, and outside the initial
//! user namespace that is about 400 KiB. And a packet on its way while the kernel switches may see new elements
//! with old rules (the kernel reads the generation anew for each look-up, `nft_genmask_cur`): an element that
//! leads to a chain of the same transaction leads it into an empty chain, and so past a program.

use podfence_netlink::nft::{Batch, BatchError, Chain, Element, Set, Table};

/// More than any operation takes that is not a list of elements.
const ROOM: usize = 16 << 10;

/// Transactions that change nothing in force.
#[derive(Debug)]
pub(crate) struct Prelude {
    table: Table,
    limit: usize,
    batches: Vec<Batch>,
}

impl Prelude {
    /// Transactions on a table, each of at most `max_batch_bytes`.
    pub(crate) fn new(table: &Table, max_batch_bytes: usize) -> Self {
        Self { table: table.clone(), limit: max_batch_bytes, batches: Vec::new() }
    }

    /// A batch with room for one more operation.
    pub(crate) fn batch(&mut self) -> &mut Batch {
        if self.batches.last().is_none_or(|last| last.byte_len() + ROOM > self.limit) {
            self.batches.push(Batch::new());
        }
        self.batches.last_mut().expect("one was pushed just now")
    }

    /// Creates a chain.
    pub(crate) fn chain(&mut self, chain: &Chain) {
        let table = self.table.clone();
        self.batch().create_chain(&table, chain);
    }

    /// Creates a set with its elements.
    pub(crate) fn set(
        &mut self,
        set: &Set,
        elements: impl IntoIterator<Item = Element>,
    ) -> Result<(), BatchError> {
        let table = self.table.clone();
        self.batch().create_set(&table, set)?;
        self.elements(set, elements)
    }

    /// Adds elements to a set.
    pub(crate) fn elements(
        &mut self,
        set: &Set,
        elements: impl IntoIterator<Item = Element>,
    ) -> Result<(), BatchError> {
        let (table, limit) = (self.table.clone(), self.limit);
        let mut elements = elements.into_iter().peekable();
        while elements.peek().is_some() {
            self.batch().add_elements_within(&table, set, &mut elements, limit)?;
        }
        Ok(())
    }

    /// The transactions, in order.
    pub(crate) fn into_batches(self) -> Vec<Batch> {
        self.batches
    }
}
