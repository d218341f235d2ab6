//! Giving up what the agent does not need: nothing that it reads may make it do more than write its tables.
//!
//! Of the capabilities only `CAP_NET_ADMIN` stays, for nftables, connection entries and the packet log. No program that it might
//! start could get more (`no_new_privs`), and where the kernel knows Landlock it writes only in the directories of its own files.
//! All of these belong to threads and are inherited, so this comes before the first other thread.

use std::io;
use std::path::Path;

use caps::errors::CapsError;
use caps::{CapSet, Capability, CapsHashSet};
use landlock::{
    ABI, AccessFs, PathBeneath, PathFd, PathFdError, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError,
    RulesetStatus,
};

/// What cannot be had is refused by the kernel when it is needed, so the only thing to fear is what stays.
const KEPT: Capability = Capability::CAP_NET_ADMIN;
/// The rights to change files that Linux 6.2 knows. Older kernels keep what they do not know.
const KNOWN: ABI = ABI::V3;

/// Something could not be given up.
#[derive(Debug, thiserror::Error)]
pub enum PrivilegesError {
    /// The agent was started without what it cannot do without.
    #[error(
        "no CAP_NET_ADMIN, without which no rule can be written: start it as root (sudo podfence agent ...), or in a systemd unit \
         with AmbientCapabilities=CAP_NET_ADMIN and RuntimeDirectory=podfence"
    )]
    Missing,
    /// Capabilities.
    #[error("cannot give up capabilities: {0}")]
    Capabilities(#[from] CapsError),
    /// `no_new_privs`.
    #[error("cannot forbid new privileges: {0}")]
    NoNewPrivileges(#[source] io::Error),
    /// A directory that is to be written in.
    #[error("cannot allow writing in a directory: {0}; make it, or name another")]
    Directory(#[from] PathFdError),
    /// Landlock.
    #[error("cannot forbid writing elsewhere: {0}")]
    Landlock(#[from] RulesetError),
}

/// Makes sure that the calling thread may write rules.
///
/// # Errors
/// When it may not.
pub fn need_net_admin() -> Result<(), PrivilegesError> {
    if caps::has_cap(None, CapSet::Effective, KEPT)? { Ok(()) } else { Err(PrivilegesError::Missing) }
}

/// Gives up all capabilities of the calling thread but `CAP_NET_ADMIN`, for good.
///
/// # Errors
/// When the kernel refuses that.
pub fn give_up_capabilities() -> Result<(), PrivilegesError> {
    nix::sys::prctl::set_no_new_privs().map_err(|errno| PrivilegesError::NoNewPrivileges(errno.into()))?;
    caps::clear(None, CapSet::Ambient)?;
    if caps::has_cap(None, CapSet::Effective, Capability::CAP_SETPCAP)? {
        let others = caps::read(None, CapSet::Bounding)?.into_iter().filter(|capability| *capability != KEPT);
        others.into_iter().try_for_each(|capability| caps::drop(None, CapSet::Bounding, capability))?;
    }
    let permitted = caps::read(None, CapSet::Permitted)?;
    let kept: CapsHashSet = permitted.into_iter().filter(|capability| *capability == KEPT).collect();
    caps::clear(None, CapSet::Inheritable)?;
    caps::set(None, CapSet::Effective, &kept)?;
    Ok(caps::set(None, CapSet::Permitted, &kept)?)
}

/// Lets the calling thread write only below these directories, which must be there. Whether the kernel knows how.
///
/// # Errors
/// When a directory is not there, or the kernel knows how and refuses it.
pub fn write_only_below<'p>(directories: impl Iterator<Item = &'p Path>) -> Result<bool, PrivilegesError> {
    let rights = AccessFs::from_write(KNOWN);
    let opened = directories.map(PathFd::new).collect::<Result<Vec<_>, _>>()?;
    let rules = Ruleset::default().handle_access(rights)?.create()?;
    let below =
        opened.into_iter().map(|directory| Ok::<_, RulesetError>(PathBeneath::new(directory, rights)));
    let status = rules.add_rules(below)?.restrict_self()?;
    Ok(status.ruleset != RulesetStatus::NotEnforced)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_starts_it_without_root_is_told_what_it_needs() {
        let without = std::thread::spawn(|| {
            caps::clear(None, CapSet::Effective)?;
            need_net_admin()
        });
        let error = without.join().unwrap().unwrap_err().to_string();
        for words in ["CAP_NET_ADMIN", "sudo", "AmbientCapabilities"] {
            assert!(error.contains(words), "{error}");
        }
    }
}
