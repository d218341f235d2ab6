//! A transaction in the making: operations, already in wire format.
//!
//! Operations take effect in order, and later ones see what earlier ones did: a set can be deleted and created again under its name.
//! Nothing reaches the kernel before [`super::Nftables::commit`].

use nix::libc;

use super::chain::{Chain, Table};
use super::constants::{
    DATA_VERDICT, NFTA_CHAIN_HOOK, NFTA_CHAIN_NAME, NFTA_CHAIN_POLICY, NFTA_CHAIN_TABLE, NFTA_CHAIN_TYPE,
    NFTA_CHAIN_USERDATA, NFTA_HOOK_HOOKNUM, NFTA_HOOK_PRIORITY, NFTA_RULE_CHAIN, NFTA_RULE_EXPRESSIONS,
    NFTA_RULE_HANDLE, NFTA_RULE_TABLE, NFTA_RULE_USERDATA, NFTA_SET_DATA_LEN, NFTA_SET_DATA_TYPE,
    NFTA_SET_ELEM_LIST_ELEMENTS, NFTA_SET_ELEM_LIST_SET, NFTA_SET_ELEM_LIST_TABLE, NFTA_SET_FLAGS,
    NFTA_SET_ID, NFTA_SET_KEY_LEN, NFTA_SET_KEY_TYPE, NFTA_SET_NAME, NFTA_SET_TABLE, NFTA_SET_USERDATA,
    NFTA_TABLE_FLAGS, NFTA_TABLE_NAME, NFTA_TABLE_USERDATA, RULE_MAX_EXPRESSIONS, SET_CONSTANT, SET_INTERVAL,
    SET_MAP, UDATA_SET_DATABYTEORDER, UDATA_SET_KEYBYTEORDER,
};
use super::element::Element;
use super::encode::put_expression;
use super::interval::{Purpose, put_element};
use super::name::{Comment, Name};
use super::operation::{Operation, Verb};
use super::rule::Rule;
use super::set::{self, MapData, Set};
use super::userdata;
use crate::message::{self, APPEND, CREATE, EXCLUSIVE, Head};
use crate::wire::Encode;

/// A message's elements stay below this; one element with a comment and a chain name takes less than 1.5 KiB twice.
const ELEMENT_BYTES: usize = 60_000;
/// More than anything that may follow the element that reached a limit: its two halves, headers and names.
const SLACK: usize = 4096;

/// Why an operation cannot be put into a batch. The batch is as it was before.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// A rule loads more than the kernel's registers hold.
    #[error("a rule of chain {table} {chain} needs more than the kernel's 64 bytes of registers")]
    RuleTooWide {
        /// The table.
        table: Table,
        /// The chain.
        chain: Name,
    },
    /// A rule has more expressions than the kernel takes.
    #[error("a rule of chain {table} {chain} has {expressions} expressions, the kernel takes 128")]
    RuleTooLong {
        /// The table.
        table: Table,
        /// The chain.
        chain: Name,
        /// How many it has.
        expressions: usize,
    },
    /// The set cannot be built, or not without traps.
    #[error("set {table} {set}: {reason}")]
    Set {
        /// The table.
        table: Table,
        /// The set.
        set: Name,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The element does not belong into the set.
    #[error("element {element:?} of set {table} {set}: {reason}")]
    Element {
        /// The table.
        table: Table,
        /// The set.
        set: Name,
        /// What is wrong with it.
        reason: &'static str,
        /// The element.
        element: Box<Element>,
    },
}

/// Operations of one transaction.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    bytes: Vec<u8>,
    operations: Vec<Operation>,
    /// For each message the operation it belongs to. Message `n` has sequence number `n + 1` within the batch.
    owners: Vec<usize>,
    last_message: usize,
    sets: u32,
}

impl Batch {
    /// An empty batch; committing it does nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether nothing was put in yet.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// What is in it, in order.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// Bytes that one send of it takes; see [`super::Nftables::max_batch_bytes`].
    pub fn byte_len(&self) -> usize {
        self.bytes.len() + super::commit::FRAME_BYTES
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Messages in it.
    pub(crate) fn message_count(&self) -> usize {
        self.owners.len()
    }

    /// The operation of a message, counted from 0.
    pub(crate) fn owner(&self, message: usize) -> Option<usize> {
        self.owners.get(message).copied()
    }

    /// Creates a table; fails if it exists.
    pub fn create_table(&mut self, table: &Table, comment: Option<&Comment>) {
        self.new_table(Verb::CreateTable, EXCLUSIVE, table, comment);
    }

    /// Creates a table; leaves an existing one, and its comment, as they are.
    pub fn ensure_table(&mut self, table: &Table, comment: Option<&Comment>) {
        self.new_table(Verb::EnsureTable, 0, table, comment);
    }

    fn new_table(&mut self, verb: Verb, flags: u16, table: &Table, comment: Option<&Comment>) {
        self.begin(verb, table, None);
        self.message(libc::NFT_MSG_NEWTABLE, CREATE | flags, table, |body| {
            body.put_string(NFTA_TABLE_NAME, table.name.as_str());
            body.put_be32(NFTA_TABLE_FLAGS, 0);
            put_comment(body, NFTA_TABLE_USERDATA, comment);
        });
    }

    /// Deletes a table with all its chains, rules and sets; fails if there is none.
    pub fn delete_table(&mut self, table: &Table) {
        self.begin(Verb::DeleteTable, table, None);
        self.message(libc::NFT_MSG_DELTABLE, 0, table, |body| {
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
        self.begin(Verb::CreateChain, table, Some(&chain.name));
        self.message(libc::NFT_MSG_NEWCHAIN, CREATE | EXCLUSIVE, table, |body| {
            body.put_string(NFTA_CHAIN_TABLE, table.name.as_str());
            body.put_string(NFTA_CHAIN_NAME, chain.name.as_str());
            if let Some(base) = &chain.base {
                body.put_string(NFTA_CHAIN_TYPE, base.kind.text());
                body.put_be32(NFTA_CHAIN_POLICY, base.policy as u32);
                body.nest(NFTA_CHAIN_HOOK, |hook| {
                    hook.put_be32(NFTA_HOOK_HOOKNUM, base.hook as u32);
                    hook.put(NFTA_HOOK_PRIORITY, &base.priority.to_be_bytes());
                });
            }
            put_comment(body, NFTA_CHAIN_USERDATA, chain.comment.as_ref());
        });
    }

    /// Deletes all rules of a chain, if it has any; fails if there is no such chain.
    pub fn flush_chain(&mut self, table: &Table, chain: &Name) {
        self.begin(Verb::FlushChain, table, Some(chain));
        self.message(libc::NFT_MSG_DELRULE, 0, table, |body| {
            body.put_string(NFTA_RULE_TABLE, table.name.as_str());
            body.put_string(NFTA_RULE_CHAIN, chain.as_str());
        });
    }

    /// Deletes a chain with its rules; fails if there is none, or if something still jumps to it.
    pub fn delete_chain(&mut self, table: &Table, chain: &Name) {
        self.begin(Verb::DeleteChain, table, Some(chain));
        self.message(libc::NFT_MSG_DELCHAIN, 0, table, |body| {
            body.put_string(NFTA_CHAIN_TABLE, table.name.as_str());
            body.put_string(NFTA_CHAIN_NAME, chain.as_str());
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
        self.begin(Verb::AddRule, table, Some(chain));
        self.message(libc::NFT_MSG_NEWRULE, CREATE | APPEND, table, |body| {
            body.put_string(NFTA_RULE_TABLE, table.name.as_str());
            body.put_string(NFTA_RULE_CHAIN, chain.as_str());
            body.nest(NFTA_RULE_EXPRESSIONS, |list| {
                rule.expressions().iter().for_each(|expression| put_expression(list, expression));
            });
            put_comment(body, NFTA_RULE_USERDATA, rule.comment_text());
        });
        Ok(())
    }

    /// Deletes a rule by the handle that a dump gave ([`super::RuleInfo`]); fails if there is none.
    pub fn delete_rule(&mut self, table: &Table, chain: &Name, handle: u64) {
        self.begin(Verb::DeleteRule, table, Some(chain));
        self.message(libc::NFT_MSG_DELRULE, 0, table, |body| {
            body.put_string(NFTA_RULE_TABLE, table.name.as_str());
            body.put_string(NFTA_RULE_CHAIN, chain.as_str());
            body.put_be64(NFTA_RULE_HANDLE, handle);
        });
    }

    /// Creates a set or map; fails if it exists.
    pub fn create_set(&mut self, table: &Table, set: &Set) -> Result<(), BatchError> {
        if let Some(reason) = flaw(set) {
            return Err(BatchError::Set { table: table.clone(), set: set.name.clone(), reason });
        }
        self.begin(Verb::CreateSet, table, Some(&set.name));
        self.sets += 1;
        let id = self.sets;
        self.message(libc::NFT_MSG_NEWSET, CREATE | EXCLUSIVE, table, |body| put_set(body, table, set, id));
        Ok(())
    }

    /// Deletes a set with its elements; fails if there is none, or if a rule uses it.
    pub fn delete_set(&mut self, table: &Table, set: &Name) {
        self.begin(Verb::DeleteSet, table, Some(set));
        self.message(libc::NFT_MSG_DELSET, 0, table, |body| {
            body.put_string(NFTA_SET_TABLE, table.name.as_str());
            body.put_string(NFTA_SET_NAME, set.as_str());
        });
    }

    /// Deletes all elements of a set, if it has any; fails if there is no such set.
    pub fn flush_set(&mut self, table: &Table, set: &Name) {
        self.begin(Verb::FlushSet, table, Some(set));
        self.message(libc::NFT_MSG_DELSETELEM, 0, table, |body| put_list_head(body, table, set));
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

    /// As [`Self::add_elements`], but stops taking elements when the batch reaches `max_bytes`: for loading over many transactions.
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
        let before = self.mark();
        let purpose = if verb == Verb::AddElements { Purpose::Add } else { Purpose::Delete };
        let mut list = Vec::new();
        self.begin(verb, table, Some(&set.name));
        while self.byte_len() + list.len() < max_bytes {
            let Some(element) = elements.next() else { break };
            if let Err(reason) = put_element(&mut list, set, &element, purpose) {
                self.rewind(before);
                let (table, set) = (table.clone(), set.name.clone());
                return Err(BatchError::Element { table, set, reason, element: Box::new(element) });
            }
            if list.len() >= ELEMENT_BYTES {
                self.element_message(table, &set.name, purpose, &mut list);
            }
        }
        self.element_message(table, &set.name, purpose, &mut list);
        if self.owners.len() == before.messages {
            self.rewind(before);
        }
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
        self.message(kind, flags, table, |body| {
            put_list_head(body, table, set);
            body.nest(NFTA_SET_ELEM_LIST_ELEMENTS, |nest| nest.append(list));
        });
    }

    fn begin(&mut self, verb: Verb, table: &Table, object: Option<&Name>) {
        self.operations.push(Operation { verb, table: table.clone(), object: object.cloned() });
    }

    /// Appends a message of the current operation. The last message alone asks for an acknowledgement; errors come unasked.
    fn message(&mut self, kind: libc::c_int, flags: u16, table: &Table, body: impl FnOnce(&mut Vec<u8>)) {
        if let Some(last) = self.bytes.get_mut(self.last_message..).filter(|last| !last.is_empty()) {
            message::request_ack(last, false);
        }
        self.last_message = self.bytes.len();
        self.owners.push(self.operations.len() - 1);
        let head = Head {
            kind: message::kind(libc::NFNL_SUBSYS_NFTABLES, kind),
            flags: flags | message::ACK,
            sequence: u32::try_from(self.owners.len()).expect("messages are counted in 32 bits"),
            family: table.family.number(),
            resource: 0,
        };
        message::put(&mut self.bytes, head, body);
    }

    fn mark(&self) -> Mark {
        Mark {
            bytes: self.bytes.len(),
            operations: self.operations.len(),
            messages: self.owners.len(),
            last_message: self.last_message,
        }
    }

    fn rewind(&mut self, mark: Mark) {
        self.bytes.truncate(mark.bytes);
        self.operations.truncate(mark.operations);
        self.owners.truncate(mark.messages);
        self.last_message = mark.last_message;
        if let Some(last) = self.bytes.get_mut(self.last_message..).filter(|last| !last.is_empty()) {
            message::request_ack(last, true);
        }
    }
}

/// A state of a batch to go back to.
#[derive(Clone, Copy)]
struct Mark {
    bytes: usize,
    operations: usize,
    messages: usize,
    last_message: usize,
}

fn put_comment(body: &mut Vec<u8>, kind: u16, comment: Option<&Comment>) {
    if let Some(comment) = comment {
        body.put(kind, &userdata::comment(comment));
    }
}

fn put_list_head(body: &mut Vec<u8>, table: &Table, set: &Name) {
    body.put_string(NFTA_SET_ELEM_LIST_TABLE, table.name.as_str());
    body.put_string(NFTA_SET_ELEM_LIST_SET, set.as_str());
}

/// What forbids a set.
fn flaw(set: &Set) -> Option<&'static str> {
    const FIELDS: std::ops::RangeInclusive<usize> = 1..=5;
    let data = match &set.data {
        Some(MapData::Value(fields)) => fields,
        _ => &set.key,
    };
    if !FIELDS.contains(&set.key.len()) || !FIELDS.contains(&data.len()) {
        Some("a key or datum has one to five fields")
    } else if set.key_width() > 64 || set::width(data) > 64 {
        Some("a key or datum has at most 64 bytes")
    } else if set.interval && set.key.len() > 1 {
        Some("ranges of concatenated keys take milliseconds to delete, so they are refused")
    } else {
        None
    }
}

fn put_set(body: &mut Vec<u8>, table: &Table, set: &Set, id: u32) {
    let flag = |wanted: bool, flag: u32| if wanted { flag } else { 0 };
    let flags = flag(set.constant, SET_CONSTANT)
        | flag(set.interval, SET_INTERVAL)
        | flag(set.data.is_some(), SET_MAP);
    body.put_string(NFTA_SET_TABLE, table.name.as_str());
    body.put_string(NFTA_SET_NAME, set.name.as_str());
    body.put_be32(NFTA_SET_FLAGS, flags);
    body.put_be32(NFTA_SET_KEY_TYPE, set::type_number(&set.key));
    body.put_be32(NFTA_SET_KEY_LEN, u32::try_from(set.key_width()).unwrap_or(u32::MAX));
    match &set.data {
        None => {}
        Some(MapData::Verdict) => body.put_be32(NFTA_SET_DATA_TYPE, DATA_VERDICT),
        Some(MapData::Value(fields)) => {
            body.put_be32(NFTA_SET_DATA_TYPE, set::type_number(fields));
            body.put_be32(NFTA_SET_DATA_LEN, u32::try_from(set::width(fields)).unwrap_or(u32::MAX));
        }
    }
    body.put_be32(NFTA_SET_ID, id);
    body.put(NFTA_SET_USERDATA, &set_userdata(set));
}

fn set_userdata(set: &Set) -> Vec<u8> {
    let mut userdata = Vec::new();
    userdata::put(&mut userdata, UDATA_SET_KEYBYTEORDER, &set::byte_order(&set.key).to_ne_bytes());
    if let Some(MapData::Value(fields)) = &set.data {
        userdata::put(&mut userdata, UDATA_SET_DATABYTEORDER, &set::byte_order(fields).to_ne_bytes());
    }
    if let Some(comment) = &set.comment {
        userdata::put_set_comment(&mut userdata, comment);
    }
    userdata
}
