//! The connection to the kernel's connection tracker.

use std::io::IoSlice;

use nix::errno::Errno;
use nix::libc;

use super::constants::{
    CTA_MARK, CTA_MARK_MASK, CTA_STATS_GLOBAL_ENTRIES, CTA_TUPLE_ORIG, CTA_ZONE, IPCTNL_MSG_CT_DELETE,
    IPCTNL_MSG_CT_GET, IPCTNL_MSG_CT_GET_STATS, IPCTNL_MSG_CT_NEW,
};
use super::entry::Entry;
use super::tuple::Tuple;
use crate::error::Error;
use crate::message::{self, ACK, Head, Meaning};
use crate::nft::IpVersion;
use crate::socket::{Received, Request, Socket};
use crate::wire::Encode;

/// Requests of one send: all their refusals fit a receive buffer of the default size.
const PIPELINE: usize = 128;

/// A socket to the connection tracker of the network namespace of the thread that opened it. Needs `CAP_NET_ADMIN` there.
#[derive(Debug)]
pub struct Conntrack {
    socket: Socket,
}

/// Which entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Filter {
    /// Only this IP version.
    pub version: Option<IpVersion>,
    /// Only entries whose mark has this `value` under this `mask`, as `(value, mask)`.
    pub mark: Option<(u32, u32)>,
}

impl Filter {
    fn admits(&self, entry: &Entry) -> bool {
        self.version.is_none_or(|version| entry.original.version() == version)
            && self.mark.is_none_or(|(value, mask)| entry.mark & mask == value)
    }

    fn put(&self, body: &mut Vec<u8>) {
        if let Some((value, mask)) = self.mark {
            body.put_be32(CTA_MARK, value);
            body.put_be32(CTA_MARK_MASK, mask);
        }
    }
}

impl Conntrack {
    /// Opens a socket in the current network namespace.
    pub fn open() -> Result<Self, Error> {
        let socket = Socket::open()?;
        socket.enlarge_receive_buffer(4 << 20)?;
        Ok(Self { socket })
    }

    /// The entries that the filter admits, each once or, when the table is resized meanwhile, sometimes twice or not at all: the
    /// kernel gives no snapshot.
    pub fn dump(&mut self, filter: &Filter) -> Result<Vec<Entry>, Error> {
        let family = filter.version.map_or(0, |version| version as u8);
        let request = request(IPCTNL_MSG_CT_GET, family, "list connections");
        self.socket.dump(
            request,
            |body| filter.put(body),
            |message| {
                let entry = Entry::read(message.attributes())
                    .ok_or_else(|| request.malformed("an entry without tuples"))?;
                // Kernels that do not know a filter give everything.
                Ok(filter.admits(&entry).then_some(entry))
            },
        )
    }

    /// How many entries there are.
    pub fn count(&mut self) -> Result<u32, Error> {
        let request = Request { flags: ACK, ..request(IPCTNL_MSG_CT_GET_STATS, 0, "count connections") };
        let mut count = None;
        self.socket.request(
            request,
            |_| {},
            |message| {
                count = message.attributes().be32(CTA_STATS_GLOBAL_ENTRIES);
                Ok(())
            },
        )?;
        count.ok_or_else(|| request.malformed("no number in it"))
    }

    /// Deletes the entry that has this tuple in either direction. False if there is none.
    pub fn delete(&mut self, tuple: &Tuple, zone: u16) -> Result<bool, Error> {
        let name = format!("delete connection {tuple}");
        let request = Request { flags: ACK, ..request(IPCTNL_MSG_CT_DELETE, tuple.version() as u8, &name) };
        let outcome = self.socket.request(request, |body| put_tuple(body, tuple, zone), |_| Ok(()));
        present(outcome)
    }

    /// Deletes every entry of the namespace, whoever it belongs to.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.flush_filtered(&Filter::default())
    }

    /// Deletes the entries whose mark has this `value` under this `mask`.
    pub fn flush_marked(&mut self, value: u32, mask: u32) -> Result<(), Error> {
        self.flush_filtered(&Filter { version: None, mark: Some((value, mask)) })
    }

    fn flush_filtered(&mut self, filter: &Filter) -> Result<(), Error> {
        let request = Request { flags: ACK, ..request(IPCTNL_MSG_CT_DELETE, 0, "flush connections") };
        self.socket.request(request, |body| filter.put(body), |_| Ok(()))
    }

    /// Sets the bits of an entry's mark that `mask` names to `value`. False if there is no such entry.
    pub fn set_mark(&mut self, tuple: &Tuple, zone: u16, value: u32, mask: u32) -> Result<bool, Error> {
        Ok(self.set_marks([(*tuple, zone)], value, mask)? == 1)
    }

    /// As [`Self::set_mark`] for many entries, given by tuple and zone; returns how many of them there still were.
    pub fn set_marks(
        &mut self,
        entries: impl IntoIterator<Item = (Tuple, u16)>,
        value: u32,
        mask: u32,
    ) -> Result<usize, Error> {
        let mut entries = entries.into_iter().peekable();
        let mut changed = 0;
        while entries.peek().is_some() {
            let chunk: Vec<_> = entries.by_ref().take(PIPELINE).collect();
            changed += chunk.len() - self.set_chunk(&chunk, value, mask)?;
        }
        Ok(changed)
    }

    /// Sends a chunk in one go; the last message asks for an acknowledgement. Returns how many entries were gone.
    fn set_chunk(&mut self, chunk: &[(Tuple, u16)], value: u32, mask: u32) -> Result<usize, Error> {
        let mut bytes = Vec::new();
        let mut last = 0;
        for (index, (tuple, zone)) in chunk.iter().enumerate() {
            last = self.socket.next_sequence();
            let flags = if index + 1 == chunk.len() { ACK } else { 0 };
            let kind = message::kind(libc::NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_NEW);
            let head = Head { kind, flags, sequence: last, family: tuple.version() as u8, resource: 0 };
            message::put(&mut bytes, head, |body| {
                put_tuple(body, tuple, *zone);
                body.put_be32(CTA_MARK, value);
                body.put_be32(CTA_MARK_MASK, mask);
            });
        }
        self.socket.drain()?;
        self.socket.send(&[IoSlice::new(&bytes)])?;
        self.count_absent(last)
    }

    /// Reads the answers to a chunk; they are all there when `send` returns.
    fn count_absent(&mut self, last: u32) -> Result<usize, Error> {
        let request = || String::from("mark connections");
        let mut absent = 0;
        loop {
            let bytes = match self.socket.receive()? {
                Received::Bytes(bytes) => bytes,
                Received::Overrun => {
                    return Err(Error::Socket { action: "receive on", errno: Errno::ENOBUFS });
                }
                Received::Nothing => {
                    return Err(Error::Malformed { request: request(), what: "there is none" });
                }
            };
            for message in self.socket.messages(bytes) {
                match message.meaning() {
                    Meaning::Refused(refusal) if refusal.errno == Errno::ENOENT => absent += 1,
                    Meaning::Refused(refusal) => return Err(Error::Refused { request: request(), refusal }),
                    _ => {}
                }
                if message.sequence == last {
                    return Ok(absent);
                }
            }
        }
    }
}

fn put_tuple(body: &mut Vec<u8>, tuple: &Tuple, zone: u16) {
    tuple.put(body, CTA_TUPLE_ORIG);
    // Kernels without zones refuse the attribute.
    if zone != 0 {
        body.put_be16(CTA_ZONE, zone);
    }
}

fn request(kind: libc::c_int, family: u8, name: &str) -> Request<'_> {
    Request { kind: message::kind(libc::NFNL_SUBSYS_CTNETLINK, kind), flags: 0, family, resource: 0, name }
}

/// Turns "there is none" into false.
fn present(outcome: Result<(), Error>) -> Result<bool, Error> {
    match outcome {
        Err(error) if error.is_absent() => Ok(false),
        outcome => outcome.map(|()| true),
    }
}
