//! A netlink socket: one request at a time, answers matched by sequence number.
//!
//! The kernel handles a request of netfilter or of routing inside `send`, so its answer is queued when `send` returns; the time limit only guards
//! against a kernel that breaks that rule. Nobody but the kernel may write to such a socket (`NL_CFG_F_NONROOT_SEND` is unset), so
//! senders are not checked.

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, getsockname, getsockopt,
    recvmsg, sendmsg, setsockopt, socket, sockopt,
};

use crate::error::Error;
use crate::message::{self, DUMP, Head, Meaning, Message, Messages};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Dumps of tables that others change are started again this often.
const DUMP_ATTEMPTS: u32 = 20;
/// Larger than any datagram the kernel sends here: dumps stay below 32 KiB, a log message below 64 KiB and its headers.
const RECEIVE_BYTES: usize = 256 * 1024;
/// Where a message has the port of whoever caused it: `nlmsg_pid`.
const SENDER: u32 = 12;
const ON: libc::c_int = 1;

/// What to ask the kernel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) kind: u16,
    pub(crate) flags: u16,
    pub(crate) family: u8,
    pub(crate) resource: u16,
    /// For error messages.
    pub(crate) name: &'a str,
}

/// The result of one `recv`.
pub(crate) enum Received {
    /// A datagram of this many bytes.
    Bytes(usize),
    /// Nothing is queued.
    Nothing,
    /// The queue was full and messages were lost.
    Overrun,
}

#[derive(Debug)]
pub(crate) struct Socket {
    fd: OwnedFd,
    sequence: u32,
    buffer: Vec<u8>,
}

impl Socket {
    /// A socket of the netfilter family.
    pub(crate) fn open() -> Result<Self, Error> {
        Self::open_of(SockProtocol::NetlinkNetFilter)
    }

    pub(crate) fn open_of(family: SockProtocol) -> Result<Self, Error> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let fd =
            socket(AddressFamily::Netlink, SockType::Raw, flags, family).map_err(Error::socket("open"))?;
        bind(fd.as_raw_fd(), &NetlinkAddr::new(0, 0)).map_err(Error::socket("bind"))?;
        let socket = Self { fd, sequence: 0, buffer: vec![0; RECEIVE_BYTES] };
        socket.switch_on(libc::NETLINK_EXT_ACK)?;
        socket.switch_on(libc::NETLINK_CAP_ACK)?;
        Ok(socket)
    }

    /// The number by which the kernel knows this socket.
    pub(crate) fn port(&self) -> Result<u32, Error> {
        let address: NetlinkAddr =
            getsockname(self.fd.as_raw_fd()).map_err(Error::socket("read the address of"))?;
        Ok(address.pid())
    }

    /// Switches an option of netlink sockets on.
    pub(crate) fn switch_on(&self, option: libc::c_int) -> Result<(), Error> {
        set(&self.fd, libc::SOL_NETLINK, option, &ON).map_err(Error::socket("configure"))
    }

    /// Receives what is told to a group.
    pub(crate) fn join(&self, group: libc::c_int) -> Result<(), Error> {
        set(&self.fd, libc::SOL_NETLINK, libc::NETLINK_ADD_MEMBERSHIP, &group)
            .map_err(Error::socket("join a group with"))
    }

    /// Does not receive what is told because of a message from this port: a filter takes it away before it needs room in
    /// the queue. All messages of a datagram have one cause.
    pub(crate) fn ignore_sender(&self, port: u32) -> Result<(), Error> {
        let port = u32::from_be_bytes(port.to_ne_bytes()); // filters load words as if from the network
        let step = |code: u32, jf, k| {
            let code = u16::try_from(code).expect("codes have one byte");
            libc::sock_filter { code, jt: 0, jf, k }
        };
        let mut steps = [
            step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, SENDER),
            step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 1, port),
            step(libc::BPF_RET | libc::BPF_K, 0, 0),
            step(libc::BPF_RET | libc::BPF_K, 0, u32::MAX),
        ];
        let len = u16::try_from(steps.len()).expect("four steps");
        let filter = libc::sock_fprog { len, filter: steps.as_mut_ptr() };
        set(&self.fd, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &filter)
            .map_err(Error::socket("filter what is told to"))
    }

    /// Makes room for sends of `bytes`: beyond `wmem_max` where the initial user namespace lets us, up to it elsewhere.
    pub(crate) fn enlarge_send_buffer(&self, bytes: usize) -> Result<(), Error> {
        setsockopt(&self.fd, sockopt::SndBufForce, &bytes)
            .or_else(|_| setsockopt(&self.fd, sockopt::SndBuf, &bytes))
            .map_err(Error::socket("enlarge the send buffer of"))
    }

    /// Makes room for `bytes` of answers, as far as the kernel lets us.
    pub(crate) fn enlarge_receive_buffer(&self, bytes: usize) -> Result<(), Error> {
        setsockopt(&self.fd, sockopt::RcvBufForce, &bytes)
            .or_else(|_| setsockopt(&self.fd, sockopt::RcvBuf, &bytes))
            .map_err(Error::socket("enlarge the receive buffer of"))
    }

    /// The longest send that the kernel takes: `netlink_sendmsg` refuses more than `sk_sndbuf - 32`.
    pub(crate) fn max_send_bytes(&self) -> Result<usize, Error> {
        let buffer =
            getsockopt(&self.fd, sockopt::SndBuf).map_err(Error::socket("read the send buffer of"))?;
        Ok(buffer.saturating_sub(32))
    }

    pub(crate) fn next_sequence(&mut self) -> u32 {
        self.sequence = self.sequence.wrapping_add(1);
        self.sequence
    }

    /// One datagram, gathered from parts.
    pub(crate) fn send(&self, parts: &[IoSlice<'_>]) -> Result<(), Error> {
        loop {
            match sendmsg::<NetlinkAddr>(self.fd.as_raw_fd(), parts, &[], MsgFlags::empty(), None) {
                Ok(_) => return Ok(()),
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(Error::Socket { action: "send on", errno }),
            }
        }
    }

    /// Takes one datagram without waiting; read it with [`Self::messages`].
    pub(crate) fn receive(&mut self) -> Result<Received, Error> {
        loop {
            let mut parts = [IoSliceMut::new(&mut self.buffer)];
            match recvmsg::<NetlinkAddr>(self.fd.as_raw_fd(), &mut parts, None, MsgFlags::MSG_DONTWAIT) {
                Ok(received) if received.flags.contains(MsgFlags::MSG_TRUNC) => {
                    return Err(Error::Socket { action: "receive on", errno: Errno::EMSGSIZE });
                }
                Ok(received) => return Ok(Received::Bytes(received.bytes)),
                Err(Errno::EAGAIN) => return Ok(Received::Nothing),
                Err(Errno::ENOBUFS) => return Ok(Received::Overrun),
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(Error::Socket { action: "receive on", errno }),
            }
        }
    }

    /// The messages of the last datagram.
    pub(crate) fn messages(&self, bytes: usize) -> Messages<'_> {
        Messages(self.buffer.get(..bytes).unwrap_or_default())
    }

    /// Throws away what earlier, abandoned requests left in the queue.
    pub(crate) fn drain(&mut self) -> Result<(), Error> {
        while !matches!(self.receive()?, Received::Nothing) {}
        Ok(())
    }

    /// Waits until there is something to receive; false when the deadline passed.
    pub(crate) fn wait(&self, deadline: Instant) -> Result<bool, Error> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let milliseconds = u16::try_from(left.as_micros().div_ceil(1000)).unwrap_or(u16::MAX);
            let mut polled = [PollFd::new(self.fd.as_fd(), PollFlags::POLLIN)];
            match poll(&mut polled, PollTimeout::from(milliseconds)) {
                Ok(0) if left.is_zero() => return Ok(false),
                Ok(0) | Err(Errno::EINTR) => {}
                Ok(_) => return Ok(true),
                Err(errno) => return Err(Error::Socket { action: "wait for", errno }),
            }
        }
    }

    /// Sends one request and gives every data message of the answer to `on_message`.
    pub(crate) fn request(
        &mut self,
        request: Request<'_>,
        body: impl FnOnce(&mut Vec<u8>),
        on_message: impl FnMut(&Message<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let sequence = self.next_sequence();
        let Request { kind, flags, family, resource, .. } = request;
        let mut bytes = Vec::new();
        message::put(&mut bytes, Head { kind, flags, sequence, family, resource }, body);
        self.drain()?;
        self.send(&[IoSlice::new(&bytes)])?;
        self.answers(request, sequence, on_message)
    }

    /// Reads until the request is done, acknowledged or refused. A dump that was disturbed is read to its end and then reported.
    fn answers(
        &mut self,
        request: Request<'_>,
        sequence: u32,
        mut on_message: impl FnMut(&Message<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let deadline = Instant::now() + PATIENCE;
        let mut interrupted = false;
        loop {
            let bytes = self.next_datagram(request, deadline)?;
            for message in self.messages(bytes).filter(|message| message.sequence == sequence) {
                interrupted |= message.interrupted();
                match message.meaning() {
                    Meaning::Nothing => {}
                    Meaning::Data => on_message(&message)?,
                    Meaning::Done | Meaning::Acknowledged if interrupted => {
                        return Err(request.interrupted(1));
                    }
                    Meaning::Done | Meaning::Acknowledged => return Ok(()),
                    Meaning::Refused(refusal) => {
                        return Err(Error::Refused { request: request.name.into(), refusal });
                    }
                }
            }
        }
    }

    fn next_datagram(&mut self, request: Request<'_>, deadline: Instant) -> Result<usize, Error> {
        loop {
            match self.receive()? {
                Received::Bytes(bytes) => return Ok(bytes),
                Received::Overrun => {
                    return Err(Error::Socket { action: "receive on", errno: Errno::ENOBUFS });
                }
                Received::Nothing if self.wait(deadline)? => {}
                Received::Nothing => {
                    return Err(Error::TimedOut { request: request.name.into(), waited: PATIENCE });
                }
            }
        }
    }

    /// Dumps objects: `read` turns each message into a value, or skips it. Starts over when somebody changed the objects half-way.
    pub(crate) fn dump<T>(
        &mut self,
        request: Request<'_>,
        body: impl Fn(&mut Vec<u8>),
        mut read: impl FnMut(&Message<'_>) -> Result<Option<T>, Error>,
    ) -> Result<Vec<T>, Error> {
        let request = Request { flags: request.flags | DUMP, ..request };
        for _ in 0..DUMP_ATTEMPTS {
            let mut values = Vec::new();
            let outcome = self.request(request, &body, |message| {
                values.extend(read(message)?);
                Ok(())
            });
            match outcome {
                Err(Error::Interrupted { .. }) => {}
                outcome => return outcome.map(|()| values),
            }
        }
        Err(request.interrupted(DUMP_ATTEMPTS))
    }
}

impl Request<'_> {
    fn interrupted(&self, attempts: u32) -> Error {
        Error::Interrupted { request: self.name.into(), attempts }
    }

    /// An answer that breaks the kernel's own format.
    pub(crate) fn malformed(&self, what: &'static str) -> Error {
        Error::Malformed { request: self.name.into(), what }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Sets an option that nix does not have.
#[expect(unsafe_code, reason = "nix has neither SOL_NETLINK options nor SO_ATTACH_FILTER")]
fn set<T>(fd: &OwnedFd, level: libc::c_int, option: libc::c_int, value: &T) -> Result<(), Errno> {
    let length = libc::socklen_t::try_from(size_of::<T>()).expect("options are small");
    // SAFETY: `fd` is open, and the kernel reads exactly `length` bytes from `value`, which lives through the call, as does
    // what a filter points to. It keeps no pointer.
    let result =
        unsafe { libc::setsockopt(fd.as_raw_fd(), level, option, std::ptr::from_ref(value).cast(), length) };
    Errno::result(result).map(drop)
}
