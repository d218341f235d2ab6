//! Real probes, thousands at once: what happens when A sends to B.
//!
//! All probes of a run start together, so a run lasts about one time-out. Each asks twice within it (TCP by the kernel's own
//! retransmission after one second), so a lost packet is no verdict. Nothing here knows what should happen. Start at [`run`].

mod datagram;
mod tcp;

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use socket2::Socket;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use crate::limits;
use crate::netns::Netns;
use crate::sockets::{self, Leaving, Transport};

pub(crate) use tcp::banner;

/// Long enough for TCP's first retransmission.
pub const USUAL_TIMEOUT: Duration = Duration::from_millis(1500);

/// As many sockets of a namespace as are made in one go.
const CHUNK: usize = 64;

/// One flow to be tried.
#[derive(Debug, Clone)]
pub struct Probe {
    /// Where it starts.
    pub from: Netns,
    /// The source address, if the namespace shall not choose; it must be one of its own.
    pub source: Option<IpAddr>,
    /// The interface that it must leave by, if routing shall not choose.
    pub link: Option<String>,
    /// Where it goes.
    pub to: IpAddr,
    /// What is sent.
    pub question: Question,
}

/// What a probe sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Question {
    /// The opening of a connection to a port.
    Port(Transport, u16),
    /// An ICMP or ICMPv6 echo request.
    Ping,
}

/// What came of a probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered.
    Open {
        /// By whom, where the answer says so.
        by: Option<String>,
    },
    /// It was turned away: TCP RST, SCTP ABORT, or an ICMP error about its port or protocol.
    Refused,
    /// Nothing came back in time.
    TimedOut,
    /// There is no way: the sender has no route, or a router sent an ICMP error saying so.
    Unreachable(Errno),
    /// The probe itself went wrong, and says nothing about the flow.
    Failed(Errno),
}

/// The outcome of a probe and how long it took to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What came of it.
    pub outcome: Outcome,
    /// From the first packet sent to the outcome.
    pub latency: Duration,
}

/// Tries all `probes` at once and gives their answers in the same order.
///
/// Only where open files are too few for all, some wait for others to end, and the run takes a multiple of `timeout`.
pub async fn run(probes: &[Probe], timeout: Duration) -> Vec<Answer> {
    let slots = Arc::new(Semaphore::new(limits::probes_at_once()));
    let mut sources = JoinSet::new();
    for group in by_source(probes) {
        sources.spawn(run_source(group, timeout, slots.clone()));
    }
    let mut answers = vec![None; probes.len()];
    for (place, answer) in sources.join_all().await.into_iter().flatten() {
        answers[place] = Some(answer);
    }
    let unasked = Answer { outcome: Outcome::Failed(Errno::ECANCELED), latency: Duration::ZERO };
    answers.into_iter().map(|answer| answer.unwrap_or_else(|| unasked.clone())).collect()
}

/// Makes the probe of each that is `tried` and enters its outcome by `put`. Those that time out where the engine does not say so
/// are tried once more, alone and longer: on a busy machine a late packet is no verdict.
pub(crate) async fn run_all<T>(
    tried: impl Iterator<Item = (T, Probe)>,
    timeout: Duration,
    put: impl Fn(&mut T, Outcome),
    agrees: impl Fn(&T) -> bool,
) -> Vec<T> {
    let (mut checked, probes): (Vec<T>, Vec<Probe>) = tried.unzip();
    let mut late = Vec::new();
    for (place, answer) in run(&probes, timeout).await.into_iter().enumerate() {
        let timed_out = answer.outcome == Outcome::TimedOut;
        put(&mut checked[place], answer.outcome);
        if timed_out && !agrees(&checked[place]) {
            late.push(place);
        }
    }
    let again: Vec<Probe> = late.iter().map(|place| probes[*place].clone()).collect();
    for (place, answer) in late.into_iter().zip(run(&again, 2 * USUAL_TIMEOUT).await) {
        put(&mut checked[place], answer.outcome);
    }
    checked
}

type Placed<T> = (usize, T);

fn by_source(probes: &[Probe]) -> Vec<Vec<Placed<Probe>>> {
    let mut groups = HashMap::<_, Vec<_>>::new();
    for (place, probe) in probes.iter().enumerate() {
        groups.entry(probe.from.id()).or_default().push((place, probe.clone()));
    }
    groups.into_values().collect()
}

/// Probes of one namespace: their sockets are made there, in chunks, and used here.
async fn run_source(
    probes: Vec<Placed<Probe>>,
    timeout: Duration,
    slots: Arc<Semaphore>,
) -> Vec<Placed<Answer>> {
    let mut running = JoinSet::new();
    for chunk in probes.chunks(CHUNK) {
        let permits = acquire(&slots, chunk.len()).await;
        let (Some((_, first)), chunk) = (chunk.first(), chunk.to_vec()) else { continue };
        let opened = first.from.run_async(move || open_all(chunk)).await;
        for ((place, probe, socket), permit) in opened.into_iter().zip(permits) {
            running.spawn(async move {
                let answer = ask(&probe, socket, timeout).await;
                drop(permit);
                (place, answer)
            });
        }
    }
    running.join_all().await
}

async fn acquire(slots: &Arc<Semaphore>, count: usize) -> Vec<OwnedSemaphorePermit> {
    let wanted = u32::try_from(count).unwrap_or(u32::MAX);
    let Ok(mut all) = slots.clone().acquire_many_owned(wanted).await else { return Vec::new() };
    let mut each: Vec<_> = (1..count).filter_map(|_| all.split(1)).collect();
    each.push(all);
    each
}

fn open_all(probes: Vec<Placed<Probe>>) -> Vec<(usize, Probe, io::Result<Socket>)> {
    let opened = probes.into_iter().map(|(place, probe)| {
        let socket = open(&probe);
        (place, probe, socket)
    });
    opened.collect()
}

fn open(probe: &Probe) -> io::Result<Socket> {
    let (to, from) = (probe.to, Leaving { source: probe.source, link: probe.link.clone() });
    match probe.question {
        Question::Port(Transport::Tcp, _) => sockets::tcp_client(to, &from),
        Question::Port(Transport::Udp, port) => sockets::udp_client(SocketAddr::new(to, port), &from),
        Question::Port(Transport::Sctp, _) => sockets::sctp_client(to, &from),
        Question::Ping => sockets::ping_client(to, &from),
    }
}

async fn ask(probe: &Probe, socket: io::Result<Socket>, timeout: Duration) -> Answer {
    let begun = Instant::now();
    let outcome = match (socket, probe.question) {
        (Err(error), _) => Ok(Outcome::of(&error)),
        (Ok(socket), Question::Port(Transport::Tcp, port)) => {
            tcp::ask(socket, SocketAddr::new(probe.to, port), timeout).await
        }
        (Ok(socket), _) => datagram::ask(socket, probe, timeout).await,
    };
    let outcome = outcome.unwrap_or_else(|error| Outcome::of(&error));
    Answer { outcome, latency: begun.elapsed() }
}

impl Outcome {
    /// Whether the flow was open.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open { .. })
    }

    /// What an error of a socket says about the flow; ICMP errors arrive as these (`icmp_err_convert`, `icmpv6_err_convert`).
    pub(crate) fn of(error: &io::Error) -> Self {
        match error.raw_os_error().map_or(Errno::EIO, Errno::from_raw) {
            Errno::ECONNREFUSED | Errno::ECONNRESET | Errno::ENOPROTOOPT | Errno::EPROTO => Self::Refused,
            Errno::ETIMEDOUT => Self::TimedOut,
            errno @ (Errno::EHOSTUNREACH | Errno::ENETUNREACH | Errno::EACCES | Errno::EHOSTDOWN) => {
                Self::Unreachable(errno)
            }
            errno => Self::Failed(errno),
        }
    }
}
