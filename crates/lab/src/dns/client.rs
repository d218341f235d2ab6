//! Asks for a name as a pod's resolver does: search list, `ndots`, one retry, TCP when truncated (resolv.conf(5)).

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_proto::op::{Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use nix::errno::Errno;
use podfence_model::Family;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, UdpSocket};
use tokio::time::timeout;

use super::zone::{NameError, absolute};
use crate::exchange::ask_twice;
use crate::netns::Netns;
use crate::sockets::{self, Leaving};

/// The type of record asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
    /// Where a named port is served (RFC 2782).
    Srv,
}

impl fmt::Display for RecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Srv => "SRV",
        })
    }
}

/// What came of a look-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// The addresses, in the server's order.
    Resolved(Vec<IpAddr>),
    /// Names and ports (SRV), in the server's order.
    Pointed(Vec<(String, u16)>),
    /// A name exists, but has no record of this kind.
    NoData,
    /// None of the names that were tried exists.
    NxDomain,
    /// Nobody serves DNS there.
    Refused,
    /// No answer came.
    TimedOut,
    /// The server, or the network, answered with this error.
    Failed(String),
}

/// A look-up and how it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// What came of it.
    pub lookup: Lookup,
    /// The absolute names that were asked for, in order; the last one decided.
    pub asked: Vec<String>,
    /// Whether the last answer was truncated and came again over TCP.
    pub over_tcp: bool,
}

/// The contents of a resolv.conf.
#[derive(Debug, Clone)]
pub struct Resolver {
    /// Whom to ask.
    pub nameserver: SocketAddr,
    /// The address to ask from, if routing shall not choose; it must be one of the asker's own.
    pub source: Option<IpAddr>,
    /// Domains appended to names that are not absolute.
    pub search: Vec<String>,
    /// Names with fewer dots than this go through the search list first.
    pub ndots: usize,
    /// How long to wait for one name's answer, the retry included.
    pub timeout: Duration,
}

impl Resolver {
    /// What the kubelet writes for a pod of `namespace` whose DNS policy is `ClusterFirst`.
    pub fn of_pod(namespace: &str, nameserver: SocketAddr, timeout: Duration) -> Self {
        let search = vec![
            format!("{namespace}.svc.cluster.local"),
            "svc.cluster.local".into(),
            "cluster.local".into(),
        ];
        Self { nameserver, source: None, search, ndots: 5, timeout }
    }

    /// Looks `name` up from inside `netns`.
    pub async fn resolve(
        &self,
        netns: &Netns,
        name: &str,
        kind: RecordKind,
    ) -> Result<Resolution, NameError> {
        let mut resolution = Resolution { lookup: Lookup::NxDomain, asked: Vec::new(), over_tcp: false };
        for candidate in self.candidates(name)? {
            resolution.asked.push(candidate.to_ascii());
            let (lookup, over_tcp) =
                self.query(netns, candidate, kind).await.unwrap_or_else(|error| (lookup_of(&error), false));
            let absent = matches!(lookup, Lookup::NxDomain | Lookup::NoData);
            // An empty name outlasts those that do not exist.
            if !(lookup == Lookup::NxDomain && resolution.lookup == Lookup::NoData) {
                resolution = Resolution { lookup, over_tcp, ..resolution };
            }
            if !absent {
                break;
            }
        }
        Ok(resolution)
    }

    fn candidates(&self, name: &str) -> Result<Vec<Name>, NameError> {
        let as_is = absolute(name)?;
        if name.ends_with('.') {
            return Ok(vec![as_is]);
        }
        let mut all: Vec<_> = self
            .search
            .iter()
            .map(|domain| absolute(&format!("{name}.{domain}")))
            .collect::<Result<_, _>>()?;
        let dots = name.matches('.').count();
        all.insert(if dots >= self.ndots { 0 } else { all.len() }, as_is);
        Ok(all)
    }

    async fn query(&self, netns: &Netns, name: Name, kind: RecordKind) -> io::Result<(Lookup, bool)> {
        let mut question = Message::query();
        question.metadata.recursion_desired = true;
        question.add_query(Query::query(name, kind.record_type()));
        let request = question.to_vec().map_err(io::Error::other)?;
        let Some(answer) = self.over_udp(netns, &request, question.metadata.id).await? else {
            return Ok((Lookup::TimedOut, false));
        };
        if !answer.metadata.truncation {
            return Ok((Lookup::of(&answer), false));
        }
        match timeout(self.timeout, self.over_tcp(netns, &request)).await {
            Ok(answer) => Ok((Lookup::of(&answer?), true)),
            Err(_) => Ok((Lookup::TimedOut, true)),
        }
    }

    fn leaving(&self) -> Leaving {
        Leaving { source: self.source, link: None }
    }

    async fn over_udp(&self, netns: &Netns, request: &[u8], id: u16) -> io::Result<Option<Message>> {
        let (server, from) = (self.nameserver, self.leaving());
        let socket = netns.run_async(move || sockets::udp_client(server, &from)).await?;
        let socket = UdpSocket::from_std(socket.into())?;
        let judge =
            |received: &[u8]| Message::from_vec(received).ok().filter(|answer| answer.metadata.id == id);
        ask_twice(&socket, request, self.timeout, judge, |_| true).await
    }

    async fn over_tcp(&self, netns: &Netns, request: &[u8]) -> io::Result<Message> {
        let (server, from) = (self.nameserver, self.leaving());
        let socket = netns.run_async(move || sockets::tcp_client(server.ip(), &from)).await?;
        let mut stream = TcpSocket::from_std_stream(socket.into()).connect(server).await?;
        let length = u16::try_from(request.len()).map_err(io::Error::other)?;
        stream.write_all(&[&length.to_be_bytes()[..], request].concat()).await?;
        let mut answer = vec![0; stream.read_u16().await?.into()];
        stream.read_exact(&mut answer).await?;
        Message::from_vec(&answer).map_err(io::Error::other)
    }
}

impl RecordKind {
    /// The type that holds addresses of a family.
    pub fn of(family: Family) -> Self {
        match family {
            Family::V4 => Self::A,
            Family::V6 => Self::Aaaa,
        }
    }

    fn record_type(self) -> RecordType {
        match self {
            Self::A => RecordType::A,
            Self::Aaaa => RecordType::AAAA,
            Self::Srv => RecordType::SRV,
        }
    }
}

impl Lookup {
    fn of(answer: &Message) -> Self {
        let data = || answer.answers.iter().map(|record| &record.data);
        let (addresses, targets): (Vec<_>, Vec<_>) =
            (data().filter_map(address).collect(), data().filter_map(target).collect());
        match answer.metadata.response_code {
            ResponseCode::NoError if !targets.is_empty() => Self::Pointed(targets),
            ResponseCode::NoError if addresses.is_empty() => Self::NoData,
            ResponseCode::NoError => Self::Resolved(addresses),
            ResponseCode::NXDomain => Self::NxDomain,
            other => Self::Failed(other.to_string()),
        }
    }
}

fn address(data: &RData) -> Option<IpAddr> {
    match data {
        RData::A(address) => Some(address.0.into()),
        RData::AAAA(address) => Some(address.0.into()),
        _ => None,
    }
}

fn target(data: &RData) -> Option<(String, u16)> {
    let RData::SRV(record) = data else { return None };
    Some((record.target.to_ascii(), record.port))
}

fn lookup_of(error: &io::Error) -> Lookup {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ECONNREFUSED) => Lookup::Refused,
        Some(Errno::ETIMEDOUT) => Lookup::TimedOut,
        _ => Lookup::Failed(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expect: &[&str]) {
        let resolver =
            Resolver::of_pod("shop", SocketAddr::from(([10, 96, 0, 10], 53)), Duration::from_secs(1));
        let names: Vec<_> = resolver.candidates(name).unwrap().iter().map(Name::to_ascii).collect();
        assert_eq!(names, expect);
    }

    #[test]
    fn the_search_list_is_walked_as_resolv_conf_says() {
        check(
            "web",
            &["web.shop.svc.cluster.local.", "web.svc.cluster.local.", "web.cluster.local.", "web."],
        );
        check("web.shop.svc.cluster.local.", &["web.shop.svc.cluster.local."]);
        let five = "a.b.c.d.e.f";
        check(
            five,
            &[
                &format!("{five}."),
                &format!("{five}.shop.svc.cluster.local."),
                &format!("{five}.svc.cluster.local."),
                &format!("{five}.cluster.local."),
            ],
        );
    }
}
