//! UDP, echo and SCTP probes: what they send, and how they know their answer.

use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use socket2::Socket;
use tokio::net::UdpSocket;

use super::{Outcome, Probe, Question};
use crate::exchange::ask_twice;
use crate::sctp::{Chunk, Packet};
use crate::sockets::{self, Transport};

const ICMP_HEADER: usize = 8;

/// What goes out, and what its answer must carry.
struct Exchange {
    question: Question,
    to: IpAddr,
    /// Tells this probe's packets from those of all others.
    token: u32,
    /// SCTP only; the kernel chooses for the others.
    source_port: u16,
}

pub(super) async fn ask(socket: Socket, probe: &Probe, timeout: Duration) -> io::Result<Outcome> {
    // To tokio, ping and raw sockets are one more kind of socket with datagrams.
    let socket = UdpSocket::from_std(socket.into())?;
    let exchange = Exchange::new(probe);
    let request = exchange.request();
    let judge = |received: &[u8]| exchange.judge(received);
    let answer = ask_twice(&socket, &request, timeout, judge, |socket| exchange.is_about_us(socket)).await?;
    Ok(answer.unwrap_or(Outcome::TimedOut))
}

impl Exchange {
    fn new(probe: &Probe) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let token = NEXT.fetch_add(1, Ordering::Relaxed);
        // The range the kernel uses for its own choices.
        let source_port = 32768 + u16::try_from(token % 28000).unwrap_or(0);
        Self { question: probe.question, to: probe.to, token, source_port }
    }

    fn request(&self) -> Vec<u8> {
        let payload = self.token.to_be_bytes();
        match self.question {
            Question::Port(Transport::Sctp, port) => self.init(port).to_bytes(),
            Question::Port(_, _) => payload.to_vec(),
            // The kernel fills in identifier and checksum.
            Question::Ping => [&[self.echo_types().0, 0, 0, 0, 0, 0, 0, 1][..], &payload].concat(),
        }
    }

    fn init(&self, port: u16) -> Packet {
        let chunk = Chunk::Init { tag: self.token };
        Packet { source_port: self.source_port, destination_port: port, verification_tag: 0, chunk }
    }

    /// Echo request and reply: RFC 792, RFC 4443.
    fn echo_types(&self) -> (u8, u8) {
        if self.to.is_ipv4() { (8, 0) } else { (128, 129) }
    }

    /// `None` if the packet is no answer to this probe.
    fn judge(&self, received: &[u8]) -> Option<Outcome> {
        match self.question {
            Question::Port(Transport::Sctp, port) => self.judge_sctp(received, port),
            Question::Port(_, _) => {
                let banner = received.strip_suffix(&self.token.to_be_bytes())?;
                Some(Outcome::Open { by: name(banner.strip_suffix(b"\n")?) })
            }
            Question::Ping => {
                let echoed = received.first() == Some(&self.echo_types().1)
                    && received.get(ICMP_HEADER..) == Some(&self.token.to_be_bytes());
                echoed.then_some(Outcome::Open { by: None })
            }
        }
    }

    /// Whether an ICMP error is about our packet: raw sockets hear of all that went to the same address.
    fn is_about_us(&self, socket: &UdpSocket) -> bool {
        let Question::Port(Transport::Sctp, port) = self.question else { return true };
        let ports = [self.source_port.to_be_bytes(), port.to_be_bytes()].concat();
        sockets::complained_about(socket).iter().any(|packet| packet.starts_with(&ports))
    }

    fn judge_sctp(&self, received: &[u8], port: u16) -> Option<Outcome> {
        let reply = Packet::from_bytes(sockets::raw_payload(received, self.to))?;
        let ours = (reply.source_port, reply.destination_port, reply.verification_tag)
            == (port, self.source_port, self.token);
        match reply.chunk {
            Chunk::InitAck { cookie, .. } if ours => Some(Outcome::Open { by: name(&cookie) }),
            Chunk::Abort if ours => Some(Outcome::Refused),
            _ => None,
        }
    }
}

fn name(bytes: &[u8]) -> Option<String> {
    String::from_utf8(bytes.to_vec()).ok().filter(|name| !name.is_empty())
}
