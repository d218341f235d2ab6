//! Addresses, blocks, protocols and ports.

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU16;
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// An address family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// Both families, IPv4 first.
    pub const BOTH: [Self; 2] = [Self::V4, Self::V6];

    /// The family of an address.
    pub fn of(address: IpAddr) -> Self {
        if address.is_ipv4() { Self::V4 } else { Self::V6 }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        })
    }
}

/// A transport protocol that a policy can name. ICMP is none of them: see [`crate::Layer4`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// `TCP`, the default of the API.
    Tcp,
    /// `UDP`.
    Udp,
    /// `SCTP`.
    Sctp,
}

impl Protocol {
    /// All three, in the API's order.
    pub const ALL: [Self; 3] = [Self::Tcp, Self::Udp, Self::Sctp];

    /// The IANA protocol number.
    pub fn number(self) -> u8 {
        match self {
            Self::Tcp => 6,
            Self::Udp => 17,
            Self::Sctp => 132,
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Sctp => "SCTP",
        })
    }
}

/// A port number that the API accepts: 1 to 65535.
pub type Port = NonZeroU16;

/// Ports from `first` to `last`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortRange {
    first: Port,
    last: Port,
}

/// A port range whose end lies before its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("endPort {last} is smaller than port {first}")]
pub struct PortRangeError {
    /// `port`.
    pub first: Port,
    /// `endPort`.
    pub last: Port,
}

impl PortRange {
    /// `first..=last`; an error when `last` is smaller.
    pub fn new(first: Port, last: Port) -> Result<Self, PortRangeError> {
        if last < first { Err(PortRangeError { first, last }) } else { Ok(Self { first, last }) }
    }

    /// One port.
    pub fn single(port: Port) -> Self {
        Self { first: port, last: port }
    }

    /// The lowest port.
    pub fn first(self) -> Port {
        self.first
    }

    /// The highest port.
    pub fn last(self) -> Port {
        self.last
    }

    /// Whether `port` lies in the range.
    pub fn contains(self, port: Port) -> bool {
        (self.first..=self.last).contains(&port)
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            return write!(f, "{}", self.first);
        }
        write!(f, "{}-{}", self.first, self.last)
    }
}

/// An address block whose host bits are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr(IpNet);

/// Text that is no address block.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an address block such as 10.0.0.0/8 or 2001:db8::/32")]
pub struct CidrError(pub String);

impl Cidr {
    /// The block that `net` lies in, host bits cleared.
    pub fn new(net: IpNet) -> Self {
        Self(net.trunc())
    }

    /// The block of one address: `/32` or `/128`.
    pub fn host(address: IpAddr) -> Self {
        Self(IpNet::from(address))
    }

    /// Every address of a family.
    pub fn all(family: Family) -> Self {
        Self(match family {
            Family::V4 => IpNet::V4(Ipv4Net::default()),
            Family::V6 => IpNet::V6(Ipv6Net::default()),
        })
    }

    /// The block as the `ipnet` type.
    pub fn net(self) -> IpNet {
        self.0
    }

    /// The family of its addresses.
    pub fn family(self) -> Family {
        Family::of(self.0.network())
    }

    /// The lowest address.
    pub fn first(self) -> IpAddr {
        self.0.network()
    }

    /// The highest address.
    pub fn last(self) -> IpAddr {
        self.0.broadcast()
    }

    /// Whether the address lies in the block; never across families.
    pub fn contains(self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }

    /// Whether `other` lies wholly in this block.
    pub fn covers(self, other: Self) -> bool {
        self.0.contains(&other.0)
    }
}

impl FromStr for Cidr {
    type Err = CidrError;

    /// Parses `ADDRESS/PREFIX`, clearing host bits.
    fn from_str(text: &str) -> Result<Self, CidrError> {
        text.parse().map(Self::new).map_err(|_| CidrError(text.to_owned()))
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why an `except` block is refused, as the API server does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// The `except` is not strictly inside `cidr`.
    #[error("except {except} must be a strict subset of cidr {cidr}")]
    NotInside {
        /// The `cidr`.
        cidr: Cidr,
        /// The offending `except`.
        except: Cidr,
    },
}

/// An `ipBlock`: every address of `cidr` that is in none of `except`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IpBlock {
    cidr: Cidr,
    except: Vec<Cidr>,
}

impl IpBlock {
    /// A block and its exceptions; each exception must be a strict subset of `cidr`
    /// (`ValidateIPBlock` of the API server).
    pub fn new(cidr: Cidr, mut except: Vec<Cidr>) -> Result<Self, BlockError> {
        if let Some(&except) = except.iter().find(|e| !cidr.covers(**e) || **e == cidr) {
            return Err(BlockError::NotInside { cidr, except });
        }
        except.sort_unstable();
        except.dedup();
        Ok(Self { cidr, except })
    }

    /// The whole block.
    pub fn cidr(&self) -> Cidr {
        self.cidr
    }

    /// The exceptions, sorted, without twins.
    pub fn except(&self) -> &[Cidr] {
        &self.except
    }

    /// Whether the address is in `cidr` and in no exception.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.cidr.contains(address) && !self.except.iter().any(|e| e.contains(address))
    }
}

impl fmt::Display for IpBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.cidr)?;
        for (i, except) in self.except.iter().enumerate() {
            write!(f, "{}{except}", if i == 0 { " except " } else { ", " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_never_mix_families_and_excepts_narrow() {
        let block = |cidr: &str, except: &[&str]| {
            IpBlock::new(cidr.parse().unwrap(), except.iter().map(|e| e.parse().unwrap()).collect())
        };
        let all = block("0.0.0.0/0", &["169.254.169.254/32"]).unwrap();
        assert!(all.contains("8.8.8.8".parse().unwrap()));
        assert!(!all.contains("169.254.169.254".parse().unwrap()));
        assert!(!all.contains("2001:db8::1".parse().unwrap()));
        assert!(block("10.0.0.0/8", &["11.0.0.0/8"]).is_err());
        assert!(block("10.0.0.0/8", &["10.0.0.0/8"]).is_err());
        assert!(block("10.0.0.0/8", &["::/0"]).is_err());
        assert_eq!("10.0.0.5/24".parse::<Cidr>().unwrap().to_string(), "10.0.0.0/24");
    }

    #[test]
    fn port_ranges_are_ordered() {
        let port = |n| Port::new(n).unwrap();
        assert!(PortRange::new(port(5), port(4)).is_err());
        assert!(PortRange::new(port(4), port(5)).unwrap().contains(port(5)));
    }
}
