//! Reading tables back: what the kernel has, in the types that it was written with, and whether that is what was written.

use nix::libc;

use super::chain::{BaseChain, Chain, ChainKind, Family, Hook, Policy, Table};
use super::client::request;
use super::constants::{
    DATA_VERDICT, NFTA_CHAIN_HANDLE, NFTA_CHAIN_HOOK, NFTA_CHAIN_NAME, NFTA_CHAIN_POLICY, NFTA_CHAIN_TABLE,
    NFTA_CHAIN_TYPE, NFTA_CHAIN_USE, NFTA_CHAIN_USERDATA, NFTA_COUNTER_BYTES, NFTA_COUNTER_PACKETS,
    NFTA_EXPR_DATA, NFTA_EXPR_NAME, NFTA_HOOK_HOOKNUM, NFTA_HOOK_PRIORITY, NFTA_RULE_CHAIN,
    NFTA_RULE_EXPRESSIONS, NFTA_RULE_HANDLE, NFTA_RULE_TABLE, NFTA_RULE_USERDATA, NFTA_SET_DATA_TYPE,
    NFTA_SET_DESC, NFTA_SET_DESC_SIZE, NFTA_SET_ELEM_LIST_ELEMENTS, NFTA_SET_ELEM_LIST_SET,
    NFTA_SET_ELEM_LIST_TABLE, NFTA_SET_FLAGS, NFTA_SET_HANDLE, NFTA_SET_KEY_TYPE, NFTA_SET_NAME,
    NFTA_SET_TABLE, NFTA_SET_USERDATA, NFTA_TABLE_FLAGS, NFTA_TABLE_HANDLE, NFTA_TABLE_NAME,
    NFTA_TABLE_USERDATA, SET_CONSTANT, SET_INTERVAL, SET_MAP, TABLE_DORMANT,
};
use super::element::Element;
use super::interval::{Boundary, join, read_boundary};
use super::name::{Comment, Name};
use super::objects;
use super::rule::Rule;
use super::set::{self, MapData, Set};
use super::userdata;
use crate::error::Error;
use crate::message::Message;
use crate::socket::Socket;
use crate::wire::{Attributes, Encode, array};

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableInfo {
    /// Its family and name.
    pub table: Table,
    /// The kernel's number for it, never used again in its namespace.
    pub handle: u64,
    /// Its comment.
    pub comment: Option<Comment>,
    /// Whether its chains are off their hooks (`flags dormant`).
    pub suspended: bool,
}

/// A chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainInfo {
    /// As it was created.
    pub chain: Chain,
    /// The kernel's number for it.
    pub handle: u64,
    /// Its rules, and the jumps to it.
    pub uses: u32,
}

/// A set or map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetInfo {
    /// As it was created.
    pub set: Set,
    /// The kernel's number for it.
    pub handle: u64,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleInfo {
    /// Its chain.
    pub chain: Name,
    /// The kernel's number for it.
    pub handle: u64,
    /// Its comment.
    pub comment: Option<Comment>,
    /// Its first counter.
    pub counter: Option<Counter>,
    /// The kernel's names of its expressions, in order.
    pub expression_names: Vec<String>,
    /// Its expressions as netlink attributes (`NFTA_RULE_EXPRESSIONS`), counters included.
    pub expressions: Vec<u8>,
}

impl RuleInfo {
    /// Whether this is `rule` as the kernel lists it: every expression with all its operands, and the comment. What counters have
    /// counted does not matter. Of address translation and `reject` the kernel lists values that it made up itself: such a rule may
    /// not be known again.
    pub fn is(&self, rule: &Rule) -> bool {
        let written = objects::expressions(rule);
        let pairs = || items(&written).zip(items(&self.expressions));
        self.comment.as_ref() == rule.comment_text()
            && items(&written).count() == items(&self.expressions).count()
            && pairs().all(|(written, listed)| is_counter(written, listed) || written.are_listed_as(listed))
    }
}

/// The expressions of a list.
fn items(expressions: &[u8]) -> impl Iterator<Item = Attributes<'_>> {
    Attributes::new(expressions).map(|(_, item)| Attributes::new(item))
}

fn is_counter(written: Attributes<'_>, listed: Attributes<'_>) -> bool {
    [written, listed].iter().all(|item| item.string(NFTA_EXPR_NAME).as_deref() == Some("counter"))
}

/// What a counter counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counter {
    /// Packets.
    pub packets: u64,
    /// Bytes of these packets from the network header on.
    pub bytes: u64,
}

pub(crate) fn tables(socket: &mut Socket) -> Result<Vec<TableInfo>, Error> {
    let request = request(libc::NFT_MSG_GETTABLE, 0, "list tables");
    socket.dump(
        request,
        |_| {},
        |message| {
            let Some(family) = Family::from_number(message.family()) else { return Ok(None) };
            let attributes = message.attributes();
            let name = attributes
                .string(NFTA_TABLE_NAME)
                .ok_or_else(|| request.malformed("a table without name"))?;
            Ok(Some(TableInfo {
                table: Table::new(family, Name::from_kernel(name)),
                handle: attributes.be64(NFTA_TABLE_HANDLE).unwrap_or_default(),
                comment: attributes.get(NFTA_TABLE_USERDATA).and_then(userdata::read_comment),
                suspended: attributes.be32(NFTA_TABLE_FLAGS).unwrap_or_default() & TABLE_DORMANT != 0,
            }))
        },
    )
}

/// Dumps objects of one table. Some kernels filter by table, some give all of the family.
fn dump_of_table<T>(
    socket: &mut Socket,
    kind: libc::c_int,
    table: &Table,
    (what, table_attribute): (&str, u16),
    body: impl Fn(&mut Vec<u8>),
    read: impl Fn(&Message<'_>) -> Result<Option<T>, &'static str>,
) -> Result<Vec<T>, Error> {
    let name = format!("list {what} of table {table}");
    let request = request(kind, table.family.number(), &name);
    socket.dump(
        request,
        |buffer| {
            buffer.put_string(table_attribute, table.name.as_str());
            body(buffer);
        },
        |message| {
            let is_ours = message.family() == table.family.number()
                && message.attributes().string(table_attribute).as_deref() == Some(table.name.as_str());
            if is_ours { read(message).map_err(|what| request.malformed(what)) } else { Ok(None) }
        },
    )
}

pub(crate) fn chains(socket: &mut Socket, table: &Table) -> Result<Vec<ChainInfo>, Error> {
    dump_of_table(
        socket,
        libc::NFT_MSG_GETCHAIN,
        table,
        ("chains", NFTA_CHAIN_TABLE),
        |_| {},
        |message| read_chain(message.attributes()).map(Some).ok_or("a chain of a kind we never write"),
    )
}

fn read_chain(attributes: Attributes<'_>) -> Option<ChainInfo> {
    let base = match attributes.nested(NFTA_CHAIN_HOOK) {
        Some(hook) => Some(read_base(attributes, hook)?),
        None => None,
    };
    let name = Name::from_kernel(attributes.string(NFTA_CHAIN_NAME)?);
    let comment = attributes.get(NFTA_CHAIN_USERDATA).and_then(userdata::read_comment);
    Some(ChainInfo {
        chain: Chain { name, base, comment },
        handle: attributes.be64(NFTA_CHAIN_HANDLE)?,
        uses: attributes.be32(NFTA_CHAIN_USE).unwrap_or_default(),
    })
}

fn read_base(attributes: Attributes<'_>, hook: Attributes<'_>) -> Option<BaseChain> {
    let drops = attributes.be32(NFTA_CHAIN_POLICY)? == Policy::Drop as u32;
    Some(BaseChain {
        kind: ChainKind::from_text(&attributes.string(NFTA_CHAIN_TYPE)?)?,
        hook: Hook::from_number(hook.be32(NFTA_HOOK_HOOKNUM)?)?,
        priority: hook.get(NFTA_HOOK_PRIORITY).and_then(array).map(i32::from_be_bytes)?,
        policy: if drops { Policy::Drop } else { Policy::Accept },
    })
}

pub(crate) fn rules(
    socket: &mut Socket,
    table: &Table,
    chain: Option<&Name>,
) -> Result<Vec<RuleInfo>, Error> {
    let mut rules = dump_of_table(
        socket,
        libc::NFT_MSG_GETRULE,
        table,
        ("rules", NFTA_RULE_TABLE),
        |body| {
            if let Some(chain) = chain {
                body.put_string(NFTA_RULE_CHAIN, chain.as_str());
            }
        },
        |message| read_rule(message.attributes()).map(Some).ok_or("a rule without chain or handle"),
    )?;
    rules.retain(|rule| chain.is_none_or(|chain| rule.chain == *chain));
    Ok(rules)
}

fn read_rule(attributes: Attributes<'_>) -> Option<RuleInfo> {
    let expressions = attributes.get(NFTA_RULE_EXPRESSIONS).unwrap_or_default();
    let counter = items(expressions).find(|item| item.string(NFTA_EXPR_NAME).as_deref() == Some("counter"));
    Some(RuleInfo {
        chain: Name::from_kernel(attributes.string(NFTA_RULE_CHAIN)?),
        handle: attributes.be64(NFTA_RULE_HANDLE)?,
        comment: attributes.get(NFTA_RULE_USERDATA).and_then(userdata::read_comment),
        counter: counter.and_then(|item| read_counter(item.nested(NFTA_EXPR_DATA)?)),
        expression_names: items(expressions).filter_map(|item| item.string(NFTA_EXPR_NAME)).collect(),
        expressions: expressions.to_vec(),
    })
}

fn read_counter(data: Attributes<'_>) -> Option<Counter> {
    Some(Counter { packets: data.be64(NFTA_COUNTER_PACKETS)?, bytes: data.be64(NFTA_COUNTER_BYTES)? })
}

pub(crate) fn sets(socket: &mut Socket, table: &Table) -> Result<Vec<SetInfo>, Error> {
    dump_of_table(
        socket,
        libc::NFT_MSG_GETSET,
        table,
        ("sets", NFTA_SET_TABLE),
        |_| {},
        |message| read_set(message.attributes()).map(Some).ok_or("a set of a type we never write"),
    )
}

fn read_set(attributes: Attributes<'_>) -> Option<SetInfo> {
    let flags = attributes.be32(NFTA_SET_FLAGS).unwrap_or_default();
    let data = match attributes.be32(NFTA_SET_DATA_TYPE).filter(|_| flags & SET_MAP != 0) {
        None => None,
        Some(DATA_VERDICT) => Some(MapData::Verdict),
        Some(number) => Some(MapData::Value(set::fields(number)?)),
    };
    let set = Set {
        name: Name::from_kernel(attributes.string(NFTA_SET_NAME)?),
        key: set::fields(attributes.be32(NFTA_SET_KEY_TYPE)?)?,
        data,
        interval: flags & SET_INTERVAL != 0,
        constant: flags & SET_CONSTANT != 0,
        size: attributes.nested(NFTA_SET_DESC).and_then(|desc| desc.be32(NFTA_SET_DESC_SIZE)),
        comment: attributes.get(NFTA_SET_USERDATA).and_then(userdata::read_set_comment),
    };
    Some(SetInfo { set, handle: attributes.be64(NFTA_SET_HANDLE).unwrap_or_default() })
}

pub(crate) fn elements(socket: &mut Socket, table: &Table, set: &Set) -> Result<Vec<Element>, Error> {
    let chunks = dump_elements(socket, table, set, |chunk| chunk)?;
    join(chunks.into_iter().flatten().collect(), set.interval).ok_or_else(|| Error::Malformed {
        request: format!("list elements of set {} of table {table}", set.name),
        what: "ranges overlap",
    })
}

/// Whether a set without ranges holds just `count` elements, all of them expected. It keeps none, however many there are.
pub(crate) fn holds(
    socket: &mut Socket,
    table: &Table,
    set: &Set,
    (count, is_expected): (usize, impl Fn(&Element) -> bool),
) -> Result<bool, Error> {
    let seen = |chunk: Vec<Boundary>| {
        let all = chunk.iter().all(|boundary| is_expected(boundary.element()));
        (chunk.len(), all)
    };
    let seen = dump_elements(socket, table, set, seen)?;
    Ok(seen.iter().all(|(_, all)| *all) && seen.iter().map(|(number, _)| number).sum::<usize>() == count)
}

/// What `read` makes of each message of a set's elements.
fn dump_elements<T>(
    socket: &mut Socket,
    table: &Table,
    set: &Set,
    read: impl Fn(Vec<Boundary>) -> T,
) -> Result<Vec<T>, Error> {
    let what = format!("elements of set {}", set.name);
    dump_of_table(
        socket,
        libc::NFT_MSG_GETSETELEM,
        table,
        (&what, NFTA_SET_ELEM_LIST_TABLE),
        |body| body.put_string(NFTA_SET_ELEM_LIST_SET, set.name.as_str()),
        |message| {
            let Some(list) = message.attributes().nested(NFTA_SET_ELEM_LIST_ELEMENTS) else {
                return Ok(None);
            };
            let chunk: Option<Vec<_>> = list.map(|(_, item)| read_boundary(Attributes::new(item))).collect();
            chunk.map(|chunk| Some(read(chunk))).ok_or("an element of a kind we never write")
        },
    )
}
