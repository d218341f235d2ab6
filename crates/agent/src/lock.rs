//! One agent for a table: two would undo each other's work.
//!
//! Whoever guards a table listens at an abstract unix socket named after it. Such names belong to the network namespace, as
//! tables do, so it does not matter where the other agent has its files or which mounts it sees; and the kernel takes the name
//! back when the process ends, however that ends. Nothing is ever said on it.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind, connect, getsockopt, listen, socket, sockopt,
};
use podfence_dataplane_nft::Settings;

/// Held as long as this process guards a table of its network namespace.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "held open")] OwnedFd);

/// The lock could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another agent has it.
    #[error("{} guards this node already; end it first", holder(*.0))]
    Held(Option<i32>),
    /// The system.
    #[error("cannot make sure that no other agent guards this node: {0}")]
    System(#[from] io::Error),
}

fn holder(process: Option<i32>) -> String {
    process.map_or("another agent".into(), |process| format!("the agent with process id {process}"))
}

impl Lock {
    /// Takes the lock of a table in the network namespace of the calling thread.
    pub fn take(settings: &Settings) -> Result<Self, LockError> {
        let address = address(settings)?;
        let socket = open()?;
        match bind(socket.as_raw_fd(), &address) {
            Ok(()) => {
                listen(&socket, Backlog::MAXCONN).map_err(io::Error::from)?;
                Ok(Self(socket))
            }
            Err(Errno::EADDRINUSE) => Err(LockError::Held(who(&address))),
            Err(errno) => Err(LockError::System(errno.into())),
        }
    }
}

fn address(settings: &Settings) -> io::Result<UnixAddr> {
    Ok(UnixAddr::new_abstract(format!("podfence/{}", settings.table).as_bytes())?)
}

/// The process that guards a table of the network namespace of the calling thread; `None` if none does, or it cannot be seen.
pub fn guardian(settings: &Settings) -> Option<i32> {
    who(&address(settings).ok()?)
}

/// The process that listens at an address. `None` where that cannot be seen: it has just ended, or belongs to a process
/// namespace above ours.
fn who(address: &UnixAddr) -> Option<i32> {
    let socket = open().ok()?;
    connect(socket.as_raw_fd(), address).ok()?;
    let process = getsockopt(&socket, sockopt::PeerCredentials).ok()?.pid();
    (process > 0).then_some(process)
}

/// It never waits: nobody takes what is said to a lock.
fn open() -> io::Result<OwnedFd> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    Ok(socket(AddressFamily::Unix, SockType::Stream, flags, None)?)
}
