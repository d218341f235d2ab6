//! Answers questions from a zone, over UDP and TCP (RFC 1035, RFC 7766).
//!
//! An answer too long for UDP goes out empty and marked as truncated, so that the client comes back over TCP.

use std::io;

use hickory_proto::op::{Edns, Message, MessageType, Metadata, ResponseCode};
use hickory_proto::rr::Record;
use socket2::Socket;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use super::zone::{Found, SharedZone, Zone};
use crate::netns::Netns;
use crate::serve::{self, ServeError, Servers, datagram};
use crate::sockets::Transport;

/// CoreDNS's, seconds.
const TTL: u32 = 5;
/// What we say we can take over UDP (DNS flag day 2020), bytes.
const OUR_PAYLOAD: u16 = 1232;

/// Serves `zone` in a namespace, on `port` of UDP and TCP, in both families. `name` is for messages.
pub fn serve(
    netns: &Netns,
    runtime: &Handle,
    name: &str,
    port: u16,
    zone: &SharedZone,
) -> Result<Servers, ServeError> {
    let _inside = runtime.enter();
    let mut tasks = JoinSet::new();
    for transport in [Transport::Udp, Transport::Tcp] {
        let opened = netns.run(move || serve::open(transport, port));
        let started = opened.and_then(|sockets| {
            sockets.into_iter().try_for_each(|s| start(&mut tasks, transport, s, zone.clone()))
        });
        started.map_err(|source| ServeError {
            name: name.to_owned(),
            transport,
            port,
            netns: netns.name().to_owned(),
            source,
        })?;
    }
    Ok(Servers { tasks })
}

fn start(tasks: &mut JoinSet<()>, transport: Transport, socket: Socket, zone: SharedZone) -> io::Result<()> {
    if transport == Transport::Udp {
        return datagram::start(tasks, socket, move |request| answer(&zone.now(), request, Over::Udp));
    }
    let listener = TcpListener::from_std(socket.into())?;
    tasks.spawn(listen(listener, zone));
    Ok(())
}

async fn listen(listener: TcpListener, zone: SharedZone) {
    let mut conversations = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                conversations.spawn(converse(stream, zone.clone()));
            },
            Some(_ended) = conversations.join_next() => {}
        }
    }
}

/// Many questions on one connection, each with its length before it.
async fn converse(mut stream: TcpStream, zone: SharedZone) -> io::Result<()> {
    loop {
        let mut request = vec![0; stream.read_u16().await?.into()];
        stream.read_exact(&mut request).await?;
        let Some(reply) = answer(&zone.now(), &request, Over::Tcp) else { return Ok(()) };
        let length = u16::try_from(reply.len()).map_err(io::Error::other)?;
        stream.write_all(&[&length.to_be_bytes()[..], &reply].concat()).await?;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Over {
    Udp,
    Tcp,
}

/// `None` for what is no question.
fn answer(zone: &Zone, request: &[u8], over: Over) -> Option<Vec<u8>> {
    let request = Message::from_vec(request).ok()?;
    if request.metadata.message_type != MessageType::Query {
        return None;
    }
    let response = respond(zone, &request);
    let bytes = response.to_vec().ok()?;
    if over == Over::Udp && bytes.len() > request.max_payload().into() {
        return response.truncate().to_vec().ok();
    }
    Some(bytes)
}

fn respond(zone: &Zone, request: &Message) -> Message {
    let mut response = Message::response(request.metadata.id, request.metadata.op_code);
    response.metadata = Metadata::response_from_request(&request.metadata);
    response.metadata.authoritative = true;
    response.metadata.recursion_available = true;
    response.edns = request.edns.as_ref().map(|_| {
        let mut edns = Edns::new();
        edns.set_max_payload(OUR_PAYLOAD);
        edns
    });
    for query in &request.queries {
        response.add_query(query.clone());
        match zone.find(query.name(), query.query_type()) {
            Found::Records(records) => {
                let records =
                    records.into_iter().map(|data| Record::from_rdata(query.name().clone(), TTL, data));
                response.add_answers(records);
            }
            Found::NoSuchName => response.metadata.response_code = ResponseCode::NXDomain,
        }
    }
    response
}
