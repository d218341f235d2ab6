//! Chains of anybody's tables, read without knowing what they are made of.

use nix::libc;

use super::chain::{Family, Hook, Table};
use super::client::request;
use super::constants::{
    NFTA_CHAIN_HOOK, NFTA_CHAIN_NAME, NFTA_CHAIN_TABLE, NFTA_HOOK_HOOKNUM, NFTA_HOOK_PRIORITY,
};
use super::name::Name;
use crate::error::Error;
use crate::message::Message;
use crate::socket::Socket;
use crate::wire::array;

/// A chain of somebody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignChain {
    /// Its table.
    pub table: Table,
    /// Its name.
    pub name: String,
    /// Where it hooks in and its priority; `None` if it is only jumped to, or hooks in where we never do.
    pub hook: Option<(Hook, i32)>,
}

pub(super) fn chains(socket: &mut Socket) -> Result<Vec<ForeignChain>, Error> {
    socket.dump(request(libc::NFT_MSG_GETCHAIN, 0, "list all chains"), |_| {}, |message| Ok(read(message)))
}

fn read(message: &Message<'_>) -> Option<ForeignChain> {
    let attributes = message.attributes();
    let table = Name::from_kernel(attributes.string(NFTA_CHAIN_TABLE)?);
    let hook = attributes.nested(NFTA_CHAIN_HOOK).and_then(|hook| {
        let priority = hook.get(NFTA_HOOK_PRIORITY).and_then(array).map(i32::from_be_bytes)?;
        Some((Hook::from_number(hook.be32(NFTA_HOOK_HOOKNUM)?)?, priority))
    });
    Some(ForeignChain {
        table: Table::new(Family::from_number(message.family())?, table),
        name: attributes.string(NFTA_CHAIN_NAME)?,
        hook,
    })
}
