//! Receiving the packets of a group.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::libc;

use super::packet::Packet;
use crate::error::Error;
use crate::message::{self, ACK, Meaning, narrow};
use crate::socket::{Received, Request, Socket};
use crate::wire::Encode;

/// What to receive of each packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Bytes of the packet from the network header on; 0 for as many as fit.
    pub copy_bytes: u32,
    /// Attach the packet's connection, where the kernel can ([`Receiver::attaches_connections`]).
    pub connections: bool,
    /// Room for packets not yet received, in bytes; the kernel may give less. What does not fit is lost and counted.
    pub buffer_bytes: usize,
}

impl Default for Options {
    /// Enough for every header, with connections.
    fn default() -> Self {
        Self { copy_bytes: 256, connections: true, buffer_bytes: 4 << 20 }
    }
}

/// What a receiver received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A packet.
    Packet(Box<Packet>),
    /// So many packets were logged but did not fit the buffer. Known when the next packet arrives.
    Lost(u32),
}

/// A socket bound to an NFLOG group of the network namespace of the thread that opened it. Needs `CAP_NET_ADMIN` there.
///
/// It can be polled through [`AsFd`]: when it is readable call [`Self::try_receive`] until there is nothing left.
#[derive(Debug)]
pub struct Receiver {
    socket: Socket,
    queue: VecDeque<Event>,
    next_sequence: u32,
    attaches_connections: bool,
}

impl Receiver {
    /// Takes a group. Fails with `EBUSY` or `EPERM` if another socket has it.
    pub fn bind(group: u16, options: &Options) -> Result<Self, Error> {
        let mut socket = Socket::open()?;
        socket.enlarge_receive_buffer(options.buffer_bytes)?;
        let name = format!("bind NFLOG group {group}");
        let request = Request {
            kind: message::kind(libc::NFNL_SUBSYS_ULOG, libc::NFULNL_MSG_CONFIG),
            flags: ACK,
            family: 0,
            resource: group,
            name: &name,
        };
        let bind = u8::try_from(libc::NFULNL_CFG_CMD_BIND).expect("commands are small numbers");
        socket.request(request, |body| body.put_u8(narrow(libc::NFULA_CFG_CMD), bind), |_| Ok(()))?;
        let mut configure =
            |connections| socket.request(request, |body| options.put(body, connections), |_| Ok(()));
        let attaches_connections = match configure(options.connections) {
            Err(Error::Refused { refusal, .. })
                if options.connections && refusal.errno == Errno::EOPNOTSUPP =>
            {
                configure(false)?;
                false
            }
            outcome => outcome.map(|()| options.connections)?,
        };
        Ok(Self { socket, queue: VecDeque::new(), next_sequence: 0, attaches_connections })
    }

    /// Whether packets come with their connections: asked for, and the kernel was built with `NETFILTER_NETLINK_GLUE_CT`.
    pub const fn attaches_connections(&self) -> bool {
        self.attaches_connections
    }

    /// The next event, or none when the time is up.
    pub fn receive(&mut self, timeout: Duration) -> Result<Option<Event>, Error> {
        let deadline = Instant::now() + timeout;
        loop {
            if let Some(event) = self.try_receive()? {
                return Ok(Some(event));
            }
            if !self.socket.wait(deadline)? {
                return Ok(None);
            }
        }
    }

    /// The next event that is there already.
    pub fn try_receive(&mut self) -> Result<Option<Event>, Error> {
        while self.queue.is_empty() {
            match self.socket.receive()? {
                Received::Bytes(bytes) => self.read(bytes),
                // The next packet's number tells how many were lost.
                Received::Overrun => {}
                Received::Nothing => return Ok(None),
            }
        }
        Ok(self.queue.pop_front())
    }

    fn read(&mut self, bytes: usize) {
        let packets = message::kind(libc::NFNL_SUBSYS_ULOG, libc::NFULNL_MSG_PACKET);
        for message in self.socket.messages(bytes) {
            if message.kind != packets || message.meaning() != Meaning::Data {
                continue;
            }
            let packet = Packet::read(&message);
            if let Some(sequence) = packet.sequence {
                let lost = sequence.wrapping_sub(self.next_sequence);
                self.queue.extend((lost != 0).then_some(Event::Lost(lost)));
                self.next_sequence = sequence.wrapping_add(1);
            }
            self.queue.push_back(Event::Packet(Box::new(packet)));
        }
    }
}

impl AsFd for Receiver {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Options {
    fn put(&self, body: &mut Vec<u8>, connections: bool) {
        const ONE_PACKET: u32 = 1;
        const HUNDREDTHS_OF_A_SECOND: u32 = 1;
        let connections = if connections { libc::NFULNL_CFG_F_CONNTRACK } else { 0 };
        body.put(narrow(libc::NFULA_CFG_MODE), &self.mode());
        body.put_be32(narrow(libc::NFULA_CFG_QTHRESH), ONE_PACKET);
        body.put_be32(narrow(libc::NFULA_CFG_TIMEOUT), HUNDREDTHS_OF_A_SECOND);
        body.put_be16(narrow(libc::NFULA_CFG_FLAGS), narrow(libc::NFULNL_CFG_F_SEQ | connections));
    }

    /// `struct nfulnl_msg_config_mode`: range, mode and a byte of padding.
    fn mode(&self) -> [u8; 6] {
        let [a, b, c, d] = self.copy_bytes.to_be_bytes();
        let mode = u8::try_from(libc::NFULNL_COPY_PACKET).expect("modes are small numbers");
        [a, b, c, d, mode, 0]
    }
}
