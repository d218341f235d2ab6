//! The private world the lab runs in: a network namespace, owned by us, that touches nothing of the host.
//!
//! [`enter`] is called once, first thing in `main`, while the process has a single thread. With the needed capabilities it only leaves the
//! host's network; without them it makes a user namespace first, so no root is needed. Why a system refuses is found out in `diagnosis`.
//! Nothing here has a name in a file system that outlives it: when the process ends, however it ends, the kernel takes
//! everything back.

mod diagnosis;

use std::fs;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::statvfs::{FsFlags, statvfs};
use nix::unistd::{getegid, geteuid};

pub use diagnosis::{Facts, SandboxError, Step};

use crate::memory;

/// How the sandbox was entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sandbox {
    /// With the capabilities of the caller: only the network and mount namespaces are new.
    Privileged,
    /// Without any privilege: a user namespace of our own, in which we are root.
    Rootless,
}

/// Leaves the host's network for a private one.
///
/// # Errors
/// Names what the system forbids and what to switch on; see [`SandboxError`].
pub fn enter() -> Result<Sandbox, SandboxError> {
    if fs::read_dir("/proc/self/task").is_ok_and(|threads| threads.count() > 1) {
        // They would stay in the host's network.
        return Err(SandboxError::Threads);
    }
    let facts = Facts::of_this_system();
    if facts.may_unshare_directly() && unshare(private_namespaces()).is_ok() {
        keep_mounts_private()?;
        _ = memory::make(); // there is another place for files
        open_switches();
        return Ok(Sandbox::Privileged);
    }
    enter_user_namespace().map_err(|(step, errno)| facts.explain(step, errno))?;
    keep_mounts_private()?;
    _ = memory::make();
    Ok(Sandbox::Rootless)
}

fn private_namespaces() -> CloneFlags {
    CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS
}

fn enter_user_namespace() -> Result<(), (Step, Errno)> {
    let (uid, gid) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER).map_err(|errno| (Step::UserNamespace, errno))?;
    write_self("setgroups", "deny")?;
    write_self("uid_map", &format!("0 {uid} 1"))?;
    write_self("gid_map", &format!("0 {gid} 1"))?;
    unshare(private_namespaces()).map_err(|errno| (Step::NetworkNamespace, errno))
}

fn write_self(file: &str, content: &str) -> Result<(), (Step, Errno)> {
    fs::write(format!("/proc/self/{file}"), content)
        .map_err(|error| (Step::IdMap, error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)))
}

/// Mounts made later, for instance a resolv.conf for a command in a pod, must not reach the host.
fn keep_mounts_private() -> Result<(), SandboxError> {
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)
        .map_err(SandboxError::Mounts)
}

/// Containers have `/proc/sys` mounted read-only. Where we may, we mount it anew for ourselves; where not, `sysctl` says so.
fn open_switches() {
    if statvfs("/proc/sys").is_ok_and(|fs| fs.flags().contains(FsFlags::ST_RDONLY)) {
        _ = mount(
            None::<&str>,
            "/proc/sys",
            None::<&str>,
            MsFlags::MS_REMOUNT | MsFlags::MS_BIND,
            None::<&str>,
        );
    }
}
