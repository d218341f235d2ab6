//! The switches of a namespace, set by writing `/proc/sys/net` from a thread that is inside.
//!
//! They are set before the namespace has any link, so that `conf/default` reaches every link made later.
//! What is not listed here stays as the kernel has it, connection tracking above all.

use std::fs;
use std::io;
use std::path::Path;

use nix::unistd::getegid;

/// What a namespace is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It is an end of connections only: a pod, or the void.
    Endpoint,
    /// It forwards between its links: a node, or the outside.
    Router,
}

/// A switch could not be set.
#[derive(Debug, thiserror::Error)]
pub enum SysctlError {
    /// `/proc/sys` is mounted read-only, as in a container that is not privileged.
    #[error(
        "/proc/sys is read-only, so {path} cannot be set: in a container, start it with `--privileged`, or `--security-opt systempaths=unconfined`"
    )]
    ReadOnly {
        /// The switch, below `/proc/sys`.
        path: String,
    },
    /// The kernel has no such switch: IPv6 is missing.
    #[error(
        "/proc/sys/{path} does not exist: this kernel has IPv6 switched off (ipv6.disable=1), and the lab needs it"
    )]
    NoIpv6 {
        /// The switch, below `/proc/sys`.
        path: String,
    },
    /// The kernel does not show bridged packets to filters, or not yet.
    #[error(
        "/proc/sys/{path} does not exist: bridge netfilter is not loaded, and policies between pods on one bridge need it: `modprobe br_netfilter`"
    )]
    NoBridgeNetfilter {
        /// The switch, below `/proc/sys`.
        path: String,
    },
    /// Anything else.
    #[error("/proc/sys/{path} cannot be set to {value:?}: {source}")]
    Refused {
        /// The switch, below `/proc/sys`.
        path: String,
        /// What was written.
        value: String,
        /// What the kernel said.
        source: io::Error,
    },
}

/// For every namespace. `conf/all` is set too where the kernel takes the larger of both.
const ALWAYS: [(&str, &str); 14] = [
    ("net/ipv4/conf/all/rp_filter", "0"),
    ("net/ipv4/conf/default/rp_filter", "0"),
    ("net/ipv4/conf/all/accept_redirects", "0"),
    ("net/ipv4/conf/default/accept_redirects", "0"),
    // Without these a busy refusing server answers some probes with silence.
    ("net/ipv4/icmp_ratelimit", "0"),
    ("net/ipv4/icmp_ratemask", "0"),
    ("net/ipv6/icmp/ratelimit", "0"),
    ("net/ipv6/icmp/ratemask", "200"),
    ("net/ipv6/conf/all/disable_ipv6", "0"),
    ("net/ipv6/conf/default/disable_ipv6", "0"),
    ("net/ipv6/conf/default/accept_ra", "0"),
    ("net/ipv6/conf/default/accept_redirects", "0"),
    // Addresses are usable at once: nobody else can own them here.
    ("net/ipv6/conf/default/accept_dad", "0"),
    // Link-local addresses are ours to give: see `wire`.
    ("net/ipv6/conf/default/addr_gen_mode", "1"),
];

const ROUTER: [(&str, &str); 4] = [
    ("net/ipv4/ip_forward", "1"),
    ("net/ipv6/conf/all/forwarding", "1"),
    ("net/ipv4/conf/all/send_redirects", "0"),
    ("net/ipv4/conf/default/send_redirects", "0"),
];

/// Sets every switch of the namespace the calling thread is in.
pub(crate) fn prepare(role: Role) -> Result<(), SysctlError> {
    let group = getegid();
    set("net/ipv4/ping_group_range", &format!("{group} {group}"))?;
    let router: &[_] = if role == Role::Router { &ROUTER } else { &[] };
    ALWAYS.iter().chain(router).try_for_each(|(path, value)| set(path, value))
}

/// Shows packets that are only bridged to the filters of both families.
const BRIDGE: [(&str, &str); 2] =
    [("net/bridge/bridge-nf-call-iptables", "1"), ("net/bridge/bridge-nf-call-ip6tables", "1")];

/// Has the namespace the calling thread is in filter what it bridges.
pub(crate) fn filter_bridges() -> Result<(), SysctlError> {
    BRIDGE.iter().try_for_each(|(path, value)| set(path, value))
}

/// Sets one switch of the namespace the calling thread is in; `path` is relative to `/proc/sys`.
pub fn set(path: &str, value: &str) -> Result<(), SysctlError> {
    fs::write(Path::new("/proc/sys").join(path), value).map_err(|source| {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::ReadOnlyFilesystem => SysctlError::ReadOnly { path },
            io::ErrorKind::NotFound if path.starts_with("net/ipv6") => SysctlError::NoIpv6 { path },
            io::ErrorKind::NotFound if path.starts_with("net/bridge") => {
                SysctlError::NoBridgeNetfilter { path }
            }
            _ => SysctlError::Refused { path, value: value.to_owned(), source },
        }
    })
}
