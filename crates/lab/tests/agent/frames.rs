//! Ethernet frames made by hand, for what no IP socket sends: other ethertypes, tags, wrong lengths.

use std::mem::size_of;
use std::net::IpAddr;

use nix::net::if_::if_nametoindex;
use podfence_lab::netns::Netns;
use socket2::{Domain, Protocol, SockAddr, SockAddrStorage, Socket, Type};

/// The pod's end of its link.
const INTERFACE: &str = "eth0";

pub type Mac = [u8; 6];

/// A frame.
pub fn frame(to: Mac, from: Mac, ethertype: u16, payload: &[u8]) -> Vec<u8> {
    [&to[..], &from, &ethertype.to_be_bytes(), payload].concat()
}

/// What a place's packets to a pod are sent to: the pod where both are on one link, else the gateway, which is no pod. The
/// place must have talked to the pod in IPv4 before.
pub fn next_hop(place: &Netns, to: IpAddr, is_pod: impl Fn(IpAddr) -> bool) -> Mac {
    let table = place.run(|| std::fs::read_to_string("/proc/thread-self/net/arp").unwrap());
    let entries: Vec<(IpAddr, Mac)> = table.lines().skip(1).filter_map(entry).collect();
    let itself = entries.iter().find(|(ip, _)| *ip == to);
    let hop = itself.or_else(|| entries.iter().find(|(ip, _)| !is_pod(*ip)));
    hop.unwrap_or_else(|| panic!("{to} was not talked to: {table}")).1
}

/// `IP address, HW type, flags, HW address, …`, as the kernel prints its ARP table.
fn entry(line: &str) -> Option<(IpAddr, Mac)> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let mac: Vec<u8> = fields.get(3)?.split(':').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
    Some((fields[0].parse().ok()?, mac.try_into().ok()?))
}

/// The hardware address of a place's own end.
pub fn own_mac(place: &Netns) -> Mac {
    let lines = place.run(|| {
        nix::ifaddrs::getifaddrs()
            .unwrap()
            .filter(|one| one.interface_name == INTERFACE)
            .find_map(|one| one.address?.as_link_addr()?.addr())
    });
    lines.unwrap()
}

/// Sends frames from a place's link, in order.
pub fn send_frames(place: &Netns, frames: Vec<Vec<u8>>) {
    place.run(move || {
        let socket = Socket::new(Domain::PACKET, Type::RAW, Some(Protocol::from(0))).unwrap();
        let link = link_address(if_nametoindex(INTERFACE).unwrap());
        for frame in frames {
            assert_eq!(socket.send_to(&frame, &link).unwrap(), frame.len());
        }
    });
}

/// `sockaddr_ll` of `linux/if_packet.h`: for a whole frame only the interface counts.
fn link_address(index: u32) -> SockAddr {
    let mut storage = SockAddrStorage::zeroed();
    // SAFETY: `sockaddr_ll` is plain data that any bytes are valid for, and smaller than `sockaddr_storage`.
    let address = unsafe { storage.view_as::<nix::libc::sockaddr_ll>() };
    address.sll_family = u16::try_from(nix::libc::AF_PACKET).unwrap();
    address.sll_ifindex = i32::try_from(index).unwrap();
    address.sll_halen = 6;
    let length = u32::try_from(size_of::<nix::libc::sockaddr_ll>()).unwrap();
    // SAFETY: the storage begins with a whole `sockaddr_ll` of that length.
    unsafe { SockAddr::new(storage, length) }
}
