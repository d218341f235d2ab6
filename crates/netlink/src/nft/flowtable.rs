//! Flow tables: whose they are, and of which devices they take open connections past all hooks. To read only.

use std::fmt;
use std::time::{Duration, Instant};

use nix::libc;

use super::client::request;
use super::constants::{
    FLOWTABLE_GET, FLOWTABLES_CHANGED, NFTA_DEVICE_NAME, NFTA_FLOWTABLE_HOOK, NFTA_FLOWTABLE_HOOK_DEVS,
    NFTA_FLOWTABLE_NAME, NFTA_FLOWTABLE_TABLE,
};
use crate::error::Error;
use crate::message::{Meaning, Message};
use crate::socket::{Received, Socket};
use crate::wire::text;

/// The poll is begun anew this often, for no other reason than that it wants a limit.
const A_WHILE: Duration = Duration::from_mins(1);

/// A flow table (`nft list flowtables`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flowtable {
    /// The table it belongs to.
    pub table: String,
    /// Its name.
    pub name: String,
    /// The devices whose packets it takes.
    pub devices: Vec<String>,
}

impl fmt::Display for Flowtable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.table, self.name)
    }
}

pub(super) fn flowtables(socket: &mut Socket) -> Result<Vec<Flowtable>, Error> {
    let all = request(FLOWTABLE_GET, 0, "list the flow tables");
    match socket.dump(all, |_| {}, |message| Ok(read(message))) {
        // A kernel without them (CONFIG_NF_FLOW_TABLE).
        Err(Error::Refused { refusal, .. }) if refusal.errno == nix::errno::Errno::EOPNOTSUPP => {
            Ok(Vec::new())
        }
        found => found,
    }
}

fn read(message: &Message<'_>) -> Option<Flowtable> {
    let attributes = message.attributes();
    let hook = attributes.nested(NFTA_FLOWTABLE_HOOK)?;
    let devices = hook.nested(NFTA_FLOWTABLE_HOOK_DEVS).into_iter().flatten();
    Some(Flowtable {
        table: attributes.string(NFTA_FLOWTABLE_TABLE)?,
        name: attributes.string(NFTA_FLOWTABLE_NAME)?,
        devices: devices.filter(|(kind, _)| *kind == NFTA_DEVICE_NAME).map(|(_, name)| text(name)).collect(),
    })
}

/// Hears of flow tables that come, go and change in the network namespace of the thread that opened it.
#[derive(Debug)]
pub struct FlowtableChanges {
    socket: Socket,
}

impl FlowtableChanges {
    /// Hears from now on.
    pub fn open() -> Result<Self, Error> {
        let socket = Socket::open()?;
        socket.join(libc::NFNLGRP_NFTABLES)?;
        Ok(Self { socket })
    }

    /// Waits until one has changed, and takes all that was told by then. Lost messages may have been about one.
    pub fn wait(&mut self) -> Result<(), Error> {
        loop {
            while !self.socket.wait(Instant::now() + A_WHILE)? {}
            if self.take()? {
                return Ok(());
            }
        }
    }

    fn take(&mut self) -> Result<bool, Error> {
        let mut changed = false;
        loop {
            match self.socket.receive()? {
                Received::Nothing => return Ok(changed),
                Received::Overrun => changed = true,
                Received::Bytes(bytes) => changed |= self.socket.messages(bytes).any(|m| is_about_one(&m)),
            }
        }
    }
}

fn is_about_one(message: &Message<'_>) -> bool {
    let [_, kind] = message.kind.to_be_bytes();
    message.meaning() == Meaning::Data && FLOWTABLES_CHANGED.contains(&i32::from(kind))
}
