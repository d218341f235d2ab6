//! The connection to the kernel's nf_tables.

use std::time::{Duration, Instant};

use nix::libc;

use super::batch::Batch;
use super::chain::Table;
use super::commit::{self, CommitError};
use super::constants::NFTA_GEN_ID;
use super::element::Element;
use super::find;
use super::flowtable::{self, Flowtable};
use super::foreign::{self, ForeignChain};
use super::name::Name;
use super::read::{self, ChainInfo, RuleInfo, SetInfo, TableInfo};
use super::set::Set;
use super::value::Value;
use crate::error::Error;
use crate::message;
use crate::socket::{Request, Socket};

/// The send buffer we ask for. The kernel takes memory only for what is sent.
const SEND_BUFFER: usize = 64 << 20;
/// Room for the errors of a large batch; the first is enough to judge, so this is not critical.
const RECEIVE_BUFFER: usize = 4 << 20;

/// Transactions of a preload stay below this: others wait while one runs, here for some tens of milliseconds.
const PRELOAD_BYTES: usize = 1 << 20;

/// A socket to nf_tables in the network namespace of the thread that opened it. Needs `CAP_NET_ADMIN` there.
#[derive(Debug)]
pub struct Nftables {
    socket: Socket,
    in_kernel: Duration,
}

impl Nftables {
    /// Opens a socket in the current network namespace.
    pub fn open() -> Result<Self, Error> {
        let socket = Socket::open()?;
        socket.enlarge_send_buffer(SEND_BUFFER)?;
        socket.enlarge_receive_buffer(RECEIVE_BUFFER)?;
        Ok(Self { socket, in_kernel: Duration::ZERO })
    }

    /// The largest batch ([`Batch::byte_len`]) that can be committed: about 128 MiB for root of the initial user namespace, twice
    /// `net.core.wmem_max` elsewhere.
    pub fn max_batch_bytes(&self) -> Result<usize, Error> {
        self.socket.max_send_bytes()
    }

    /// The port of the socket, by which the kernel tells others who made a transaction.
    pub fn port(&self) -> Result<u32, Error> {
        self.socket.port()
    }

    /// How long its transactions have taken the kernel so far, from send to acknowledgement.
    pub fn in_kernel(&self) -> Duration {
        self.in_kernel
    }

    /// Makes all changes of the batch, or none.
    pub fn commit(&mut self, batch: &Batch) -> Result<(), CommitError> {
        let begun = Instant::now();
        let outcome = commit::commit(&mut self.socket, batch);
        self.in_kernel += begun.elapsed();
        outcome
    }

    /// Adds elements in as many transactions as they need: for sets that no rule refers to yet. Not atomic: after an error some may
    /// be there. Returns the number of transactions.
    pub fn preload(
        &mut self,
        table: &Table,
        set: &Set,
        elements: impl IntoIterator<Item = Element>,
    ) -> Result<usize, CommitError> {
        let limit = self.max_batch_bytes()?.min(PRELOAD_BYTES);
        let mut elements = elements.into_iter();
        let mut transactions = 0;
        loop {
            let mut batch = Batch::new();
            batch.add_elements_within(table, set, &mut elements, limit)?;
            if batch.is_empty() {
                return Ok(transactions);
            }
            self.commit(&batch)?;
            transactions += 1;
        }
    }

    /// The number of the ruleset's generation: it changes with every transaction of anybody in this network namespace.
    pub fn generation(&mut self) -> Result<u32, Error> {
        let request = request(libc::NFT_MSG_GETGEN, 0, "read the nf_tables generation");
        let mut generation = None;
        self.socket.request(
            Request { flags: message::ACK, ..request },
            |_| {},
            |message| {
                generation = message.attributes().be32(NFTA_GEN_ID);
                Ok(())
            },
        )?;
        generation.ok_or_else(|| request.malformed("no generation in it"))
    }

    /// All tables of families we know, foreign ones too.
    pub fn tables(&mut self) -> Result<Vec<TableInfo>, Error> {
        read::tables(&mut self.socket)
    }

    /// The table, if it exists.
    pub fn table(&mut self, table: &Table) -> Result<Option<TableInfo>, Error> {
        Ok(self.tables()?.into_iter().find(|found| found.table == *table))
    }

    /// The chains of a table.
    pub fn chains(&mut self, table: &Table) -> Result<Vec<ChainInfo>, Error> {
        read::chains(&mut self.socket, table)
    }

    /// The rules of a table, or of one of its chains, in order.
    pub fn rules(&mut self, table: &Table, chain: Option<&Name>) -> Result<Vec<RuleInfo>, Error> {
        read::rules(&mut self.socket, table, chain)
    }

    /// The named sets and maps of a table. Types we never write are an error.
    pub fn sets(&mut self, table: &Table) -> Result<Vec<SetInfo>, Error> {
        read::sets(&mut self.socket, table)
    }

    /// All chains, of every table of every family.
    pub fn all_chains(&mut self) -> Result<Vec<ForeignChain>, Error> {
        foreign::chains(&mut self.socket)
    }

    /// All flow tables, of every table of every family.
    pub fn flowtables(&mut self) -> Result<Vec<Flowtable>, Error> {
        flowtable::flowtables(&mut self.socket)
    }

    /// The elements of a set, sorted by key; ranges joined.
    pub fn elements(&mut self, table: &Table, set: &Set) -> Result<Vec<Element>, Error> {
        read::elements(&mut self.socket, table, set)
    }

    /// The element of a set or map that a key meets, of a range only its beginning. Costs one look-up, however large the set is.
    /// `None`, too, where there is no such set.
    pub fn find(&mut self, table: &Table, set: &Name, key: &Value) -> Result<Option<Element>, Error> {
        find::find(&mut self.socket, table, set, key)
    }

    /// Whether a set without ranges holds just `count` elements, all of which are expected: for sets that are too large to be
    /// read whole.
    pub fn holds(
        &mut self,
        table: &Table,
        set: &Set,
        count: usize,
        is_expected: impl Fn(&Element) -> bool,
    ) -> Result<bool, Error> {
        read::holds(&mut self.socket, table, set, (count, is_expected))
    }
}

/// A request of nf_tables.
pub(crate) fn request(kind: libc::c_int, family: u8, name: &str) -> Request<'_> {
    Request { kind: message::kind(libc::NFNL_SUBSYS_NFTABLES, kind), flags: 0, family, resource: 0, name }
}
