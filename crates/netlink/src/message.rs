//! Netlink message framing: `struct nlmsghdr` followed by netfilter's `struct nfgenmsg`, and error messages with extended acks.

use nix::errno::Errno;
use nix::libc;

use crate::error::Refusal;
use crate::wire::{Attributes, Encode, array};

/// `sizeof(struct nlmsghdr)`.
const HEADER: usize = 16;
/// `sizeof(struct nfgenmsg)`.
const NETFILTER_HEADER: usize = 4;
/// Offset of `nlmsg_flags`.
const FLAGS: usize = 6;

const NLM_F_CAPPED: u16 = 0x100;
const NLM_F_ACK_TLVS: u16 = 0x200;
const NLMSGERR_ATTR_MSG: u16 = 1;

pub(crate) const REQUEST: u16 = narrow(libc::NLM_F_REQUEST);
pub(crate) const ACK: u16 = narrow(libc::NLM_F_ACK);
pub(crate) const DUMP: u16 = narrow(libc::NLM_F_DUMP);
pub(crate) const CREATE: u16 = narrow(libc::NLM_F_CREATE);
pub(crate) const EXCLUSIVE: u16 = narrow(libc::NLM_F_EXCL);
pub(crate) const APPEND: u16 = narrow(libc::NLM_F_APPEND);
const DUMP_INTERRUPTED: u16 = narrow(libc::NLM_F_DUMP_INTR);
const ERROR: u16 = narrow(libc::NLMSG_ERROR);

/// The C headers' `int` constants fill the 16-bit fields they are made for.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the assertion excludes both")]
pub(crate) const fn narrow(constant: libc::c_int) -> u16 {
    assert!(constant >= 0 && constant <= u16::MAX as libc::c_int);
    constant as u16
}

/// What goes in front of a message's attributes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    /// Subsystem and message type.
    pub(crate) kind: u16,
    /// Netlink flags; `REQUEST` is added.
    pub(crate) flags: u16,
    /// Comes back in answers and errors.
    pub(crate) sequence: u32,
    /// `nfgen_family`.
    pub(crate) family: u8,
    /// `res_id`: a group number, or the subsystem of a batch.
    pub(crate) resource: u16,
}

/// A message type of a netfilter subsystem.
pub(crate) const fn kind(subsystem: libc::c_int, message: libc::c_int) -> u16 {
    (narrow(subsystem) << 8) | narrow(message)
}

/// Appends one message.
pub(crate) fn put(buffer: &mut Vec<u8>, head: Head, body: impl FnOnce(&mut Vec<u8>)) {
    let start = buffer.len();
    buffer.extend_from_slice(&[0; 4]);
    buffer.extend_from_slice(&head.kind.to_ne_bytes());
    buffer.extend_from_slice(&(head.flags | REQUEST).to_ne_bytes());
    buffer.extend_from_slice(&head.sequence.to_ne_bytes());
    buffer.extend_from_slice(&[0; 4]);
    buffer.extend_from_slice(&[head.family, 0]);
    buffer.extend_from_slice(&head.resource.to_be_bytes());
    body(buffer);
    buffer.pad();
    let length = u32::try_from(buffer.len() - start).expect("a message is far below 4 GiB");
    buffer[start..start + 4].copy_from_slice(&length.to_ne_bytes());
}

/// Asks for an acknowledgement of the message that starts here, or no longer.
pub(crate) fn request_ack(message: &mut [u8], wanted: bool) {
    let flags = u16::from_ne_bytes([message[FLAGS], message[FLAGS + 1]]);
    let flags = if wanted { flags | ACK } else { flags & !ACK };
    message[FLAGS..FLAGS + 2].copy_from_slice(&flags.to_ne_bytes());
}

/// A received message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message<'a> {
    pub(crate) kind: u16,
    pub(crate) flags: u16,
    pub(crate) sequence: u32,
    payload: &'a [u8],
}

impl<'a> Message<'a> {
    /// `nfgen_family`.
    pub(crate) fn family(&self) -> u8 {
        self.payload.first().copied().unwrap_or_default()
    }

    pub(crate) fn attributes(&self) -> Attributes<'a> {
        self.attributes_behind(NETFILTER_HEADER)
    }

    /// The attributes behind a family header of another size.
    pub(crate) fn attributes_behind(&self, header: usize) -> Attributes<'a> {
        Attributes::new(self.payload.get(header..).unwrap_or_default())
    }

    /// The first `N` bytes from an offset in the family header.
    pub(crate) fn header<const N: usize>(&self, offset: usize) -> Option<[u8; N]> {
        array(self.payload.get(offset..)?)
    }

    /// Whether the dump that this message belongs to saw a change half-way.
    pub(crate) fn interrupted(&self) -> bool {
        self.flags & DUMP_INTERRUPTED != 0
    }

    pub(crate) fn meaning(&self) -> Meaning {
        match i32::from(self.kind) {
            libc::NLMSG_NOOP => Meaning::Nothing,
            libc::NLMSG_DONE => self.refusal().map_or(Meaning::Done, Meaning::Refused),
            libc::NLMSG_ERROR => self.refusal().map_or(Meaning::Acknowledged, Meaning::Refused),
            libc::NLMSG_OVERRUN => Meaning::Refused(Refusal { errno: Errno::ENOBUFS, reason: None }),
            _ => Meaning::Data,
        }
    }

    fn refusal(&self) -> Option<Refusal> {
        let errno = i32::from_ne_bytes(array(self.payload)?);
        (errno != 0)
            .then(|| Refusal { errno: Errno::from_raw(errno.saturating_neg()), reason: self.extended_ack() })
    }

    /// Extended acks follow the copy of the refused message, of which `NETLINK_CAP_ACK` leaves the header only.
    fn extended_ack(&self) -> Option<String> {
        if self.flags & NLM_F_ACK_TLVS == 0 {
            return None;
        }
        let copied = if self.kind != ERROR {
            0
        } else if self.flags & NLM_F_CAPPED != 0 {
            HEADER
        } else {
            (u32::from_ne_bytes(array(self.payload.get(4..)?)?) as usize).next_multiple_of(4)
        };
        Attributes::new(self.payload.get(4 + copied..)?).string(NLMSGERR_ATTR_MSG)
    }
}

/// What a message means for the request it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meaning {
    Nothing,
    Data,
    Done,
    Acknowledged,
    Refused(Refusal),
}

/// The messages of one datagram.
#[derive(Debug, Clone)]
pub(crate) struct Messages<'a>(pub(crate) &'a [u8]);

impl<'a> Iterator for Messages<'a> {
    type Item = Message<'a>;

    fn next(&mut self) -> Option<Message<'a>> {
        let length = u32::from_ne_bytes(array(self.0)?) as usize;
        let message = Message {
            kind: u16::from_ne_bytes(array(self.0.get(4..)?)?),
            flags: u16::from_ne_bytes(array(self.0.get(FLAGS..)?)?),
            sequence: u32::from_ne_bytes(array(self.0.get(8..)?)?),
            payload: self.0.get(HEADER..length)?,
        };
        self.0 = self.0.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An error message as the kernel writes it, with the refused message's header and an extended ack.
    fn error(errno: i32, flags: u16, reason: Option<&str>) -> Vec<u8> {
        let mut bytes = vec![0; 4];
        bytes.extend(ERROR.to_ne_bytes());
        bytes.extend(flags.to_ne_bytes());
        bytes.extend(7_u32.to_ne_bytes());
        bytes.extend([0; 4]);
        bytes.extend((-errno).to_ne_bytes());
        bytes.extend(20_u32.to_ne_bytes());
        bytes.extend([0; 12]);
        if flags & NLM_F_CAPPED == 0 {
            bytes.extend([0; 4]);
        }
        if let Some(reason) = reason {
            bytes.put_string(NLMSGERR_ATTR_MSG, reason);
        }
        let length = u32::try_from(bytes.len()).unwrap();
        bytes[..4].copy_from_slice(&length.to_ne_bytes());
        bytes
    }

    fn check(errno: i32, flags: u16, reason: Option<&str>, expected: &Meaning) {
        let bytes = error(errno, flags, reason);
        let messages: Vec<_> = Messages(&bytes).collect();
        assert_eq!(messages.len(), 1);
        assert_eq!((messages[0].sequence, &messages[0].meaning()), (7, expected));
    }

    #[test]
    fn errors_come_with_the_kernels_words() {
        let refused = |reason: Option<&str>| {
            Meaning::Refused(Refusal { errno: Errno::ENOENT, reason: reason.map(str::to_owned) })
        };
        let reason = Some("no such chain");
        check(0, NLM_F_CAPPED, None, &Meaning::Acknowledged);
        check(2, NLM_F_CAPPED, None, &refused(None));
        check(2, NLM_F_CAPPED | NLM_F_ACK_TLVS, reason, &refused(reason));
        check(2, NLM_F_ACK_TLVS, reason, &refused(reason));
    }

    #[test]
    fn truncated_datagrams_have_no_message() {
        let bytes = error(2, NLM_F_CAPPED, None);
        for length in 0..bytes.len() {
            assert_eq!(Messages(&bytes[..length]).count(), 0, "{length} bytes");
        }
    }
}
