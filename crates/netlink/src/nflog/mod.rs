//! NFLOG: packets that log statements copy to a group.
//!
//! [`Receiver::bind`] takes a group, [`Receiver::receive`] waits for its packets. They come one by one and at once: the kernel's
//! habit of collecting them for a second is switched off. Message formats are those of `nfnetlink_log.h`.

mod packet;
mod receiver;

pub use packet::{Packet, PacketConnection};
pub use receiver::{Event, Options, Receiver};
