//! When a new link is fit for its first packet, which otherwise is lost and comes again a second later.
//!
//! The kernel notices the carrier of a veth, and joins the multicast groups by which neighbours ask for an IPv6 address, on
//! work queues of its own: usually before we look, on a busy machine not.

use std::fs;
use std::net::{IpAddr, Ipv6Addr};
use std::thread;
use std::time::{Duration, Instant};

use crate::rtnl::{self, RtnlError};

const WITHIN: Duration = Duration::from_secs(5);
const GROUPS: &str = "/proc/thread-self/net/igmp6";

/// A link of the namespace that the calling thread is in, and the addresses it was given.
#[derive(Debug, Clone)]
pub(super) struct Fresh {
    pub(super) index: u32,
    pub(super) addresses: Vec<IpAddr>,
}

/// Waits until all of these links are fit for packets.
pub(super) fn wait(links: &[Fresh]) -> Result<(), RtnlError> {
    let deadline = Instant::now() + WITHIN;
    for link in links {
        until(deadline, || rtnl::is_up(link.index))?;
    }
    until(deadline, || {
        let joined = fs::read_to_string(GROUPS)?;
        let joined: Vec<(&str, &str)> = joined.lines().filter_map(group).collect();
        Ok(links.iter().all(|link| hears(link, &joined)))
    })
}

fn until(deadline: Instant, holds: impl Fn() -> Result<bool, RtnlError>) -> Result<(), RtnlError> {
    while !holds()? {
        if Instant::now() > deadline {
            return Err(RtnlError::NeverUp);
        }
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// Index of the link and group, from a line of `/proc/net/igmp6`.
fn group(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split_whitespace();
    Some((words.next()?, words.nth(1)?))
}

fn hears(link: &Fresh, joined: &[(&str, &str)]) -> bool {
    let index = link.index.to_string();
    link.addresses.iter().all(|address| match address {
        IpAddr::V4(_) => true,
        IpAddr::V6(address) => joined.contains(&(index.as_str(), solicited_node(*address).as_str())),
    })
}

/// Where neighbours ask for an address (RFC 4291, 2.7.1), as the kernel prints it.
fn solicited_node(address: Ipv6Addr) -> String {
    format!("ff0200000000000000000001ff{:06x}", address.to_bits() & 0xff_ffff)
}
