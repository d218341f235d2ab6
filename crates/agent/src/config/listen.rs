//! Where the agent answers scrapers and probes.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// Where metrics are served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// Nowhere.
    Nowhere,
    /// At an address and port.
    Tcp(SocketAddr),
    /// At a unix socket.
    Unix(PathBuf),
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nowhere => f.write_str("off"),
            Self::Tcp(address) => write!(f, "{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.strip_prefix("unix:")) {
            ("off", _) => Ok(Self::Nowhere),
            (_, Some(path)) if path.starts_with('/') => Ok(Self::Unix(path.into())),
            (_, Some(_)) => {
                Err(format!("`{text}` names no absolute path: write unix:/run/podfence/metrics.sock"))
            }
            (_, None) => text.parse().map(Self::Tcp).map_err(|_| {
                format!(
                    "`{text}` is no place to listen at: write 127.0.0.1:9353, [::1]:9353, unix:/PATH or off"
                )
            }),
        }
    }
}
