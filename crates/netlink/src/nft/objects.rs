//! Tables, chains, rules and sets as netlink attributes; expressions and elements have files of their own.

use super::chain::{Chain, Table};
use super::constants::{
    DATA_VERDICT, NFTA_CHAIN_HOOK, NFTA_CHAIN_NAME, NFTA_CHAIN_POLICY, NFTA_CHAIN_TABLE, NFTA_CHAIN_TYPE,
    NFTA_CHAIN_USERDATA, NFTA_HOOK_HOOKNUM, NFTA_HOOK_PRIORITY, NFTA_RULE_CHAIN, NFTA_RULE_EXPRESSIONS,
    NFTA_RULE_TABLE, NFTA_RULE_USERDATA, NFTA_SET_DATA_LEN, NFTA_SET_DATA_TYPE, NFTA_SET_DESC,
    NFTA_SET_DESC_SIZE, NFTA_SET_FLAGS, NFTA_SET_ID, NFTA_SET_KEY_LEN, NFTA_SET_KEY_TYPE, NFTA_SET_NAME,
    NFTA_SET_TABLE, NFTA_SET_USERDATA, NFTA_TABLE_FLAGS, NFTA_TABLE_NAME, NFTA_TABLE_USERDATA, SET_CONSTANT,
    SET_INTERVAL, SET_MAP, UDATA_SET_DATABYTEORDER, UDATA_SET_KEYBYTEORDER,
};
use super::encode::put_expression;
use super::name::{Comment, Name};
use super::rule::Rule;
use super::set::{self, MapData, Set};
use super::userdata;
use crate::wire::Encode;

/// The table and the name of an object in it.
pub(crate) fn put_path(body: &mut Vec<u8>, (table_kind, table): (u16, &Table), (kind, name): (u16, &Name)) {
    body.put_string(table_kind, table.name.as_str());
    body.put_string(kind, name.as_str());
}

pub(crate) fn put_table(body: &mut Vec<u8>, table: &Table, flags: u32, comment: Option<&Comment>) {
    body.put_string(NFTA_TABLE_NAME, table.name.as_str());
    body.put_be32(NFTA_TABLE_FLAGS, flags);
    put_comment(body, NFTA_TABLE_USERDATA, comment);
}

pub(crate) fn put_chain(body: &mut Vec<u8>, table: &Table, chain: &Chain) {
    put_path(body, (NFTA_CHAIN_TABLE, table), (NFTA_CHAIN_NAME, &chain.name));
    if let Some(base) = &chain.base {
        body.put_string(NFTA_CHAIN_TYPE, base.kind.text());
        body.put_be32(NFTA_CHAIN_POLICY, base.policy as u32);
        body.nest(NFTA_CHAIN_HOOK, |hook| {
            hook.put_be32(NFTA_HOOK_HOOKNUM, base.hook as u32);
            hook.put(NFTA_HOOK_PRIORITY, &base.priority.to_be_bytes());
        });
    }
    put_comment(body, NFTA_CHAIN_USERDATA, chain.comment.as_ref());
}

pub(crate) fn put_rule(body: &mut Vec<u8>, table: &Table, chain: &Name, rule: &Rule) {
    put_path(body, (NFTA_RULE_TABLE, table), (NFTA_RULE_CHAIN, chain));
    body.nest(NFTA_RULE_EXPRESSIONS, |list| list.append(&mut expressions(rule)));
    put_comment(body, NFTA_RULE_USERDATA, rule.comment_text());
}

/// What `NFTA_RULE_EXPRESSIONS` holds of a rule.
pub(crate) fn expressions(rule: &Rule) -> Vec<u8> {
    let mut list = Vec::new();
    rule.expressions().iter().for_each(|expression| put_expression(&mut list, expression));
    list
}

fn put_comment(body: &mut Vec<u8>, kind: u16, comment: Option<&Comment>) {
    if let Some(comment) = comment {
        body.put(kind, &userdata::comment(comment));
    }
}

/// A set or map. The kernel wants a number for it, unique in its batch.
pub(crate) fn put_set(body: &mut Vec<u8>, table: &Table, set: &Set, id: u32) {
    let flag = |wanted: bool, flag: u32| if wanted { flag } else { 0 };
    let flags = flag(set.constant, SET_CONSTANT)
        | flag(set.interval, SET_INTERVAL)
        | flag(set.data.is_some(), SET_MAP);
    put_path(body, (NFTA_SET_TABLE, table), (NFTA_SET_NAME, &set.name));
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
    if let Some(size) = set.size {
        body.nest(NFTA_SET_DESC, |desc| desc.put_be32(NFTA_SET_DESC_SIZE, size));
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
