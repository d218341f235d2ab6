//! Links, addresses, neighbours and routes: rtnetlink requests, sent in batches from inside a namespace.
//!
//! A batch is a list of [`Request`]s, each with the words for what it does, for messages. Many go out in one `send`, and the kernel
//! works through them in order. `request` holds the vocabulary; `wire` strings its words together.

mod request;

use std::io;

use rtnetlink::packet_core::{NLM_F_ACK, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::packet_route::link::{LinkAttribute, LinkMessage, State};
use rtnetlink::sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};

pub(crate) use request::{LinkEnd, Request, Route};

/// As many acknowledgements as a receive buffer of the default size holds without loss.
const BATCH: usize = 64;

/// A request that the kernel refused.
#[derive(Debug, thiserror::Error)]
pub enum RtnlError {
    /// The netlink socket failed.
    #[error("rtnetlink: {0}")]
    Socket(#[from] io::Error),
    /// One request failed; those before it took effect.
    #[error("cannot {what}: {source}")]
    Refused {
        /// What was asked, for instance `add link veth3`.
        what: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// A link that was made has no carrier.
    #[error("a new link does not come up")]
    NeverUp,
}

/// Sends `requests` in order, from the namespace of the calling thread, and waits for the kernel's answers.
pub(crate) fn apply(requests: &[Request]) -> Result<(), RtnlError> {
    let socket = open()?;
    requests.chunks(BATCH).try_for_each(|batch| apply_batch(&socket, batch))
}

/// Whether the link has its carrier and its queues, so that no packet is lost at it.
pub(crate) fn is_up(index: u32) -> Result<bool, RtnlError> {
    let socket = open()?;
    let mut get = LinkMessage::default();
    get.header.index = index;
    socket.send(&encode(RouteNetlinkMessage::GetLink(get), NLM_F_REQUEST, 0), 0)?;
    let mut up = false;
    for message in receive(&socket)? {
        if let NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewLink(link)) = message.payload {
            up = link.attributes.contains(&LinkAttribute::OperState(State::Up));
        }
    }
    Ok(up)
}

fn open() -> io::Result<Socket> {
    let mut socket = Socket::new(NETLINK_ROUTE)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    socket.set_cap_ack(true)?;
    Ok(socket)
}

fn apply_batch(socket: &Socket, batch: &[Request]) -> Result<(), RtnlError> {
    let mut bytes = Vec::new();
    for (sequence, request) in (0u32..).zip(batch) {
        bytes.extend(encode(request.message.clone(), NLM_F_REQUEST | NLM_F_ACK | request.flags, sequence));
    }
    socket.send(&bytes, 0)?;
    let mut answered = 0;
    let mut outcome = Ok(());
    while answered < batch.len() {
        for message in receive(socket)? {
            answered += 1;
            outcome = outcome.and(judge(&message, batch));
        }
    }
    outcome
}

fn judge(answer: &NetlinkMessage<RouteNetlinkMessage>, batch: &[Request]) -> Result<(), RtnlError> {
    match &answer.payload {
        NetlinkPayload::Error(error) if error.code.is_some() => {
            let request = usize::try_from(answer.header.sequence_number).ok().and_then(|at| batch.get(at));
            let what = request.map_or_else(|| "answer".to_owned(), |request| request.what.clone());
            Err(RtnlError::Refused { what, source: error.to_io() })
        }
        _ => Ok(()),
    }
}

fn encode(message: RouteNetlinkMessage, flags: u16, sequence: u32) -> Vec<u8> {
    let mut header = NetlinkHeader::default();
    header.flags = flags;
    header.sequence_number = sequence;
    let mut message = NetlinkMessage::new(header, NetlinkPayload::from(message));
    message.finalize();
    // Messages of one send are aligned to four bytes (NLMSG_ALIGN).
    let mut bytes = vec![0; message.buffer_len().next_multiple_of(4)];
    message.serialize(&mut bytes);
    bytes
}

fn receive(socket: &Socket) -> io::Result<Vec<NetlinkMessage<RouteNetlinkMessage>>> {
    let (bytes, _) = socket.recv_from_full()?;
    let mut messages = Vec::new();
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        let message = NetlinkMessage::<RouteNetlinkMessage>::deserialize(rest).map_err(io::Error::other)?;
        let length = usize::try_from(message.header.length).unwrap_or(rest.len()).next_multiple_of(4);
        rest = rest.get(length..).unwrap_or_default();
        messages.push(message);
    }
    Ok(messages)
}
