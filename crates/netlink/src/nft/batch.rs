//! A transaction in the making: operations, already in wire format.
//!
//! Operations take effect in order, and later ones see what earlier ones did: a set can be deleted and created again under its name.
//! Nothing reaches the kernel before [`super::Nftables::commit`].

use nix::libc;

use super::batch_error::BatchError;
use super::chain::{Chain, Table};
use super::constants::{
    NFTA_CHAIN_NAME, NFTA_CHAIN_TABLE, NFTA_RULE_CHAIN, NFTA_RULE_HANDLE, NFTA_RULE_TABLE,
    NFTA_SET_ELEM_LIST_ELEMENTS, NFTA_SET_ELEM_LIST_SET, NFTA_SET_ELEM_LIST_SET_ID, NFTA_SET_ELEM_LIST_TABLE,
    NFTA_SET_NAME, NFTA_SET_TABLE, NFTA_TABLE_NAME, RULE_MAX_EXPRESSIONS, TABLE_DORMANT,
};
use super::element::Element;
use super::interval::{Purpose, put_element};
use super::name::{Comment, Name};
use super::objects;
use super::operation::{Operation, Verb};
use super::rule::Rule;
use super::set::Set;
use super::steps::Steps;
use crate::message::{APPEND, CREATE, EXCLUSIVE};
use crate::wire::Encode;

/// A message's elements stay below this; one element with a comment and a chain name takes less than 1.5 KiB twice.
const ELEMENT_BYTES: usize = 60_000;
/// More than anything that may follow the element that reached a limit: its two halves, headers and names.
const SLACK: usize = 4096;

/// Operations of one transaction.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    steps: Steps,
    /// Sets get numbers in their batch.
    sets: u32,
    /// The set that was created last. The kernel finds it by its number at once, by its name after all others.
    newest: Option<(Table, Name)>,
}

impl Batch {
    /// An empty batch; committing it does nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether nothing was put in yet.
    pub fn is_empty(&self) -> bool {
        self.operations().is_empty()
    }

    /// What is in it, in order.
    pub fn operations(&self) -> &[Operation] {
        self.steps.operations()
    }

    /// Bytes that one send of it takes; see [`super::Nftables::max_batch_bytes`].
    pub fn byte_len(&self) -> usize {
        self.steps.as_bytes().len() + super::commit::FRAME_BYTES
    }

    pub(crate) const fn steps(&self) -> &Steps {
        &self.steps
    }

    /// Creates a table; fails if it exists.
    pub fn create_table(&mut self, table: &Table, comment: Option<&Comment>) {
        self.new_table(Verb::CreateTable, EXCLUSIVE, table, comment);
    }

    /// Creates a table; leaves an existing one, and its comment, as they are, but puts the chains of a suspended one
    /// back on their hooks.
    pub fn ensure_table(&mut self, table: &Table, comment: Option<&Comment>) {
        self.new_table(Verb::EnsureTable, 0, table, comment);
    }

    fn new_table(&mut self, verb: Verb, flags: u16, table: &Table, comment: Option<&Comment>) {
        self.steps.begin(verb, table, None);
        self.steps.message(libc::NFT_MSG_NEWTABLE, CREATE | flags, table, |body| {
            objects::put_table(body, table, 0, comment);
        });
    }

    /// Takes the chains of a table off their hooks (`flags dormant`): it meets no packet, and stays as it is otherwise.
    /// Creates the table if there is none. [`Self::ensure_table`] undoes it, but not in the same batch.
    pub fn suspend_table(&mut self, table: &Table) {
        self.steps.begin(Verb::SuspendTable, table, None);
        self.steps.message(libc::NFT_MSG_NEWTABLE, CREATE, table, |body| {
            objects::put_table(body, table, TABLE_DORMANT, None);
        });
    }

    /// Deletes a table with all its chains, rules and sets; fails if there is none.
    pub fn delete_table(&mut self, table: &Table) {
        self.steps.begin(Verb::DeleteTable, table, None);
        self.steps.message(libc::NFT_MSG_DELTABLE, 0, table, |body| {
            body.put_string(NFTA_TABLE_NAME, table.name.as_str());
        });
    }

    /// Deletes a table if there is one. Two operations: kernels before 6.3 cannot say it in one.
    pub fn delete_table_if_present(&mut self, table: &Table) {
        self.ensure_table(table, None);
        self.delete_table(table);
    }

    /// Creates a chain; fails if it exists.
    pub fn create_chain(&mut self, table: &Table, chain: &Chain) {
        self.steps.begin(Verb::CreateChain, table, Some(&chain.name));
        self.steps.message(libc::NFT_MSG_NEWCHAIN, CREATE | EXCLUSIVE, table, |body| {
            objects::put_chain(body, table, chain);
        });
    }

    /// Deletes all rules of a chain, if it has any; fails if there is no such chain.
    pub fn flush_chain(&mut self, table: &Table, chain: &Name) {
        self.steps.begin(Verb::FlushChain, table, Some(chain));
        self.steps.message(libc::NFT_MSG_DELRULE, 0, table, |body| {
            objects::put_path(body, (NFTA_RULE_TABLE, table), (NFTA_RULE_CHAIN, chain));
        });
    }

    /// Deletes a chain with its rules; fails if there is none, or if something still jumps to it.
    pub fn delete_chain(&mut self, table: &Table, chain: &Name) {
        self.steps.begin(Verb::DeleteChain, table, Some(chain));
        self.steps.message(libc::NFT_MSG_DELCHAIN, 0, table, |body| {
            objects::put_path(body, (NFTA_CHAIN_TABLE, table), (NFTA_CHAIN_NAME, chain));
        });
    }

    /// Appends a rule to a chain; fails if the chain, or a set or chain that the rule refers to, does not exist by then.
    pub fn add_rule(&mut self, table: &Table, chain: &Name, rule: &Rule) -> Result<(), BatchError> {
        let expressions = rule.expressions().len();
        if expressions > RULE_MAX_EXPRESSIONS as usize {
            return Err(BatchError::RuleTooLong { table: table.clone(), chain: chain.clone(), expressions });
        }
        if rule.is_too_wide() {
            return Err(BatchError::RuleTooWide { table: table.clone(), chain: chain.clone() });
        }
        self.steps.begin(Verb::AddRule, table, Some(chain));
        self.steps.message(libc::NFT_MSG_NEWRULE, CREATE | APPEND, table, |body| {
            objects::put_rule(body, table, chain, rule);
        });
        Ok(())
    }

    /// Deletes a rule by the handle that a dump gave ([`super::RuleInfo`]); fails if there is none.
    pub fn delete_rule(&mut self, table: &Table, chain: &Name, handle: u64) {
        self.steps.begin(Verb::DeleteRule, table, Some(chain));
        self.steps.message(libc::NFT_MSG_DELRULE, 0, table, |body| {
            objects::put_path(body, (NFTA_RULE_TABLE, table), (NFTA_RULE_CHAIN, chain));
            body.put_be64(NFTA_RULE_HANDLE, handle);
        });
    }

    /// Creates a set or map; fails if it exists.
    pub fn create_set(&mut self, table: &Table, set: &Set) -> Result<(), BatchError> {
        if let Some(reason) = set.flaw() {
            return Err(BatchError::Set { table: table.clone(), set: set.name.clone(), reason });
        }
        self.steps.begin(Verb::CreateSet, table, Some(&set.name));
        self.sets += 1;
        let id = self.sets;
        self.newest = Some((table.clone(), set.name.clone()));
        self.steps.message(libc::NFT_MSG_NEWSET, CREATE | EXCLUSIVE, table, |body| {
            objects::put_set(body, table, set, id);
        });
        Ok(())
    }

    /// Deletes a set with its elements; fails if there is none, or if a rule uses it.
    pub fn delete_set(&mut self, table: &Table, set: &Name) {
        self.steps.begin(Verb::DeleteSet, table, Some(set));
        self.steps.message(libc::NFT_MSG_DELSET, 0, table, |body| {
            objects::put_path(body, (NFTA_SET_TABLE, table), (NFTA_SET_NAME, set));
        });
    }

    /// Deletes all elements of a set, if it has any; fails if there is no such set.
    pub fn flush_set(&mut self, table: &Table, set: &Name) {
        self.steps.begin(Verb::FlushSet, table, Some(set));
        self.steps.message(libc::NFT_MSG_DELSETELEM, 0, table, |body| {
            objects::put_path(body, (NFTA_SET_ELEM_LIST_TABLE, table), (NFTA_SET_ELEM_LIST_SET, set));
        });
    }

    /// Adds elements to a set. An element that is there already, in a map with the same data, is left as it is; one with other data,
    /// or a range that overlaps another, fails. No elements are no operation.
    pub fn add_elements(
        &mut self,
        table: &Table,
        set: &Set,
        elements: impl IntoIterator<Item = Element>,
    ) -> Result<(), BatchError> {
        self.elements(Verb::AddElements, table, set, &mut elements.into_iter(), usize::MAX)
    }

    /// As [`Self::add_elements`], but takes no more elements (at least one) when the batch reaches `max_bytes`: for loading over many
    /// transactions.
    pub fn add_elements_within(
        &mut self,
        table: &Table,
        set: &Set,
        elements: &mut dyn Iterator<Item = Element>,
        max_bytes: usize,
    ) -> Result<(), BatchError> {
        self.elements(Verb::AddElements, table, set, elements, max_bytes.saturating_sub(SLACK))
    }

    /// Deletes elements by their keys (ranges by both ends); fails if one is not there.
    pub fn delete_elements(
        &mut self,
        table: &Table,
        set: &Set,
        elements: impl IntoIterator<Item = Element>,
    ) -> Result<(), BatchError> {
        self.elements(Verb::DeleteElements, table, set, &mut elements.into_iter(), usize::MAX)
    }

    fn elements(
        &mut self,
        verb: Verb,
        table: &Table,
        set: &Set,
        elements: &mut dyn Iterator<Item = Element>,
        max_bytes: usize,
    ) -> Result<(), BatchError> {
        let before = self.steps.mark();
        let purpose = if verb == Verb::AddElements { Purpose::Add } else { Purpose::Delete };
        let mut list = Vec::new();
        self.steps.begin(verb, table, Some(&set.name));
        for element in elements {
            if let Err(reason) = put_element(&mut list, set, &element, purpose) {
                self.steps.rewind(before);
                let (table, set) = (table.clone(), set.name.clone());
                return Err(BatchError::Element { table, set, reason, element: Box::new(element) });
            }
            let is_full = self.byte_len() + list.len() >= max_bytes;
            if is_full || list.len() >= ELEMENT_BYTES {
                self.element_message(table, &set.name, purpose, &mut list);
            }
            if is_full {
                break;
            }
        }
        self.element_message(table, &set.name, purpose, &mut list);
        self.steps.rewind_if_nothing_followed(before);
        Ok(())
    }

    fn element_message(&mut self, table: &Table, set: &Name, purpose: Purpose, list: &mut Vec<u8>) {
        if list.is_empty() {
            return;
        }
        let (kind, flags) = match purpose {
            Purpose::Add => (libc::NFT_MSG_NEWSETELEM, CREATE),
            Purpose::Delete => (libc::NFT_MSG_DELSETELEM, 0),
        };
        let newest = self.newest.as_ref().filter(|(of, name)| of == table && name == set);
        let id = newest.map(|_| self.sets);
        self.steps.message(kind, flags, table, |body| {
            body.put_string(NFTA_SET_ELEM_LIST_TABLE, table.name.as_str());
            match id {
                Some(id) => body.put_be32(NFTA_SET_ELEM_LIST_SET_ID, id),
                None => body.put_string(NFTA_SET_ELEM_LIST_SET, set.as_str()),
            }
            body.nest(NFTA_SET_ELEM_LIST_ELEMENTS, |nest| nest.append(list));
        });
    }
}
