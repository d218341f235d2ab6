//! Hearing that links, routes or addresses have changed.

use std::time::{Duration, Instant};

use nix::libc;
use nix::sys::socket::SockProtocol;

use crate::error::Error;
use crate::socket::{Received, Socket};

/// `RTNLGRP_LINK`, `RTNLGRP_IPV4_ROUTE` and `RTNLGRP_IPV6_ROUTE`.
const GROUPS: [libc::c_int; 3] = [1, 7, 11];
/// `RTNLGRP_IPV4_IFADDR` and `RTNLGRP_IPV6_IFADDR`.
const ADDRESSES: [libc::c_int; 2] = [5, 9];
/// The poll is begun anew this often, for no other reason than that it wants a limit.
const A_WHILE: Duration = Duration::from_mins(1);

/// A socket that hears of changes in the network namespace of the thread that opened it, or in those at the far ends of its
/// links.
#[derive(Debug)]
pub struct Stirrings {
    socket: Socket,
}

impl Stirrings {
    /// Hears of links and routes here.
    pub fn here() -> Result<Self, Error> {
        let socket = Socket::open_of(SockProtocol::NetlinkRoute)?;
        GROUPS.iter().try_for_each(|group| socket.join(*group))?;
        Ok(Self { socket })
    }

    /// Hears of addresses, here and in every namespace that this one has a number for, which it has once a link to there was
    /// listed or told of. Needs `CAP_NET_BROADCAST` (`NETLINK_LISTEN_ALL_NSID`), at this call only.
    pub fn of_addresses_everywhere() -> Result<Self, Error> {
        let socket = Socket::open_of(SockProtocol::NetlinkRoute)?;
        socket.switch_on(libc::NETLINK_LISTEN_ALL_NSID)?;
        ADDRESSES.iter().try_for_each(|group| socket.join(*group))?;
        Ok(Self { socket })
    }

    /// Waits until something has changed, and takes all that was told by then. Lost messages are changes too.
    pub fn wait(&mut self) -> Result<(), Error> {
        while !self.socket.wait(Instant::now() + A_WHILE)? {}
        while !matches!(self.socket.receive()?, Received::Nothing) {}
        Ok(())
    }
}
