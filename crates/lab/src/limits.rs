//! How many sockets the lab may hold at once.

use std::fs;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Kept back for servers that accept, netlink and files.
const RESERVE: usize = 128;
const FEWEST: usize = 64;

/// Raises the limit of open files as far as it may go, and tells how many probes fit under it.
///
/// A TCP probe takes two files: its own, and the one its server accepts.
pub(crate) fn probes_at_once() -> usize {
    let limit = raise_open_files().unwrap_or(1024);
    let open = fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    (limit.saturating_sub(open + RESERVE) / 2).max(FEWEST)
}

fn raise_open_files() -> Option<usize> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    usize::try_from(soft).ok()
}
