//! Hearing of other programs' transactions.
//!
//! The kernel tells the group `NFNLGRP_NFTABLES` of every transaction after it has been committed (`nf_tables_commit`): a
//! message for each thing that changed, with the table's name and the port of the socket that committed it. Our own are
//! sorted out by a filter in the kernel, so that a large one of ours cannot fill the queue.

use std::time::{Duration, Instant};

use nix::libc;

use super::name::Name;
use crate::error::Error;
use crate::message::{Meaning, Message};
use crate::socket::{Received, Socket};

/// Room for what others change while we are busy.
const RECEIVE_BUFFER: usize = 8 << 20;
/// `NFTA_TABLE_NAME`, and as well `NFTA_CHAIN_TABLE`, `NFTA_RULE_TABLE`, `NFTA_SET_TABLE`, `NFTA_SET_ELEM_LIST_TABLE`,
/// `NFTA_OBJ_TABLE` and `NFTA_FLOWTABLE_TABLE`.
const TABLE: u16 = 1;
/// The poll is begun anew this often, for no other reason than that it wants a limit.
const A_WHILE: Duration = Duration::from_mins(1);

/// What was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Somebody else has changed a table of that name.
    Changed,
    /// Messages were lost: somebody may have changed it.
    Lost,
}

/// A socket that hears of the transactions of others in the network namespace of the thread that opened it.
#[derive(Debug)]
pub struct Changes {
    socket: Socket,
}

impl Changes {
    /// Hears of all transactions from now on, except those of the socket with the port `own`
    /// ([`super::Nftables::port`]).
    pub fn open(own: u32) -> Result<Self, Error> {
        let socket = Socket::open()?;
        socket.enlarge_receive_buffer(RECEIVE_BUFFER)?;
        socket.ignore_sender(own)?;
        socket.join(libc::NFNLGRP_NFTABLES)?;
        Ok(Self { socket })
    }

    /// Waits until somebody else has changed a table of this name, of any family, and takes all that was told by then.
    pub fn wait(&mut self, table: &Name) -> Result<Heard, Error> {
        loop {
            while !self.socket.wait(Instant::now() + A_WHILE)? {}
            if let Some(heard) = self.take(table)? {
                return Ok(heard);
            }
        }
    }

    /// What has been told since, without waiting.
    pub fn take(&mut self, table: &Name) -> Result<Option<Heard>, Error> {
        let mut heard = None;
        loop {
            match self.socket.receive()? {
                Received::Nothing => return Ok(heard),
                Received::Overrun => heard = heard.or(Some(Heard::Lost)),
                Received::Bytes(bytes) => {
                    if self.socket.messages(bytes).any(|message| is_about(&message, table)) {
                        heard = Some(Heard::Changed);
                    }
                }
            }
        }
    }
}

/// A new generation is told in a message of its own, which names no table.
fn is_about(message: &Message<'_>, table: &Name) -> bool {
    let [subsystem, kind] = message.kind.to_be_bytes();
    message.meaning() == Meaning::Data
        && i32::from(subsystem) == libc::NFNL_SUBSYS_NFTABLES
        && i32::from(kind) != libc::NFT_MSG_NEWGEN
        && message.attributes().string(TABLE).is_some_and(|name| name == table.as_str())
}
