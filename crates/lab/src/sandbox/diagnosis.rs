//! Why a system refuses a sandbox, said in one sentence that names the switch.
//!
//! The facts are read once, before anything is tried; [`Facts::explain`] is a pure function of them and of the refused step,
//! so every sentence can be tested without a system that refuses.

use std::fmt;
use std::fs;
use std::path::Path;

use nix::errno::Errno;
use nix::unistd::geteuid;

const CAP_NET_ADMIN: u32 = 12;
const CAP_NET_RAW: u32 = 13;
const CAP_SYS_ADMIN: u32 = 21;

/// The step of entering the sandbox that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// `unshare(CLONE_NEWUSER)`.
    UserNamespace,
    /// Writing `/proc/self/uid_map`, `gid_map` or `setgroups`.
    IdMap,
    /// `unshare(CLONE_NEWNET | CLONE_NEWNS)`.
    NetworkNamespace,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UserNamespace => "a user namespace",
            Self::IdMap => "the id map of a user namespace",
            Self::NetworkNamespace => "a network namespace",
        })
    }
}

/// Why there is no sandbox, and what to switch on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SandboxError {
    /// The kernel was built without user namespaces, and we are not privileged.
    #[error(
        "this kernel has no user namespaces (CONFIG_USER_NS): run as root, or use a kernel that has them"
    )]
    NoUserNamespaces,
    /// `user.max_user_namespaces` or `user.max_net_namespaces` is used up or zero.
    #[error(
        "the limit of namespaces is reached while making {step}: run `sysctl -w user.{limit}=15000` as root (it is {value} now)"
    )]
    Limit {
        /// The step that was refused.
        step: Step,
        /// The sysctl, below `user.`.
        limit: &'static str,
        /// Its present value.
        value: String,
    },
    /// Debian's switch is off.
    #[error(
        "unprivileged user namespaces are switched off: run `sysctl -w kernel.unprivileged_userns_clone=1` as root"
    )]
    UnprivilegedClone,
    /// Ubuntu's AppArmor restriction is on.
    #[error(
        "AppArmor restricts unprivileged user namespaces: run `sysctl -w kernel.apparmor_restrict_unprivileged_userns=0` as root"
    )]
    AppArmor,
    /// A seccomp filter refuses, as in a container with the default profile.
    #[error(
        "a seccomp filter refuses {0}, as in a container: start it with `--cap-add SYS_ADMIN --cap-add NET_ADMIN`, or with `--security-opt seccomp=unconfined`"
    )]
    Seccomp(Step),
    /// Root that lacks the capability, for instance in a container.
    #[error(
        "{0} was refused and root lacks CAP_SYS_ADMIN here: start the container with `--cap-add SYS_ADMIN --cap-add NET_ADMIN`"
    )]
    Capability(Step),
    /// The process had threads already. A bug of the caller.
    #[error("the sandbox must be entered before the process starts its first thread")]
    Threads,
    /// The mounts could not be made private.
    #[error("mounts cannot be made private to the lab: {0}")]
    Mounts(Errno),
    /// Nothing we know of explains it.
    #[error(
        "{step} was refused: {errno}; the lab needs CAP_SYS_ADMIN and CAP_NET_ADMIN, or unprivileged user namespaces"
    )]
    Other {
        /// The step that was refused.
        step: Step,
        /// What the kernel said.
        errno: Errno,
    },
}

/// What decides on this system whether a sandbox can be had.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Effective capabilities, one bit each.
    pub capabilities: u64,
    /// Effective user id 0.
    pub root: bool,
    /// A seccomp filter is in force.
    pub seccomp: bool,
    /// `/proc/self/ns/user` exists.
    pub user_namespaces: bool,
    /// `/proc/sys/kernel/unprivileged_userns_clone`, where the kernel has it.
    pub unprivileged_clone: Option<String>,
    /// `/proc/sys/kernel/apparmor_restrict_unprivileged_userns`, where the kernel has it.
    pub apparmor_restricts: Option<String>,
    /// `/proc/sys/user/max_user_namespaces`.
    pub max_user_namespaces: String,
    /// `/proc/sys/user/max_net_namespaces`.
    pub max_net_namespaces: String,
}

impl Facts {
    /// Reads the facts; what cannot be read is taken as absent.
    pub fn of_this_system() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        Self {
            capabilities: status_field(&status, "CapEff:")
                .and_then(|hex| u64::from_str_radix(hex, 16).ok())
                .unwrap_or(0),
            root: geteuid().is_root(),
            seccomp: status_field(&status, "Seccomp:") == Some("2"),
            user_namespaces: Path::new("/proc/self/ns/user").exists(),
            unprivileged_clone: switch("kernel/unprivileged_userns_clone"),
            apparmor_restricts: switch("kernel/apparmor_restrict_unprivileged_userns"),
            max_user_namespaces: switch("user/max_user_namespaces").unwrap_or_default(),
            max_net_namespaces: switch("user/max_net_namespaces").unwrap_or_default(),
        }
    }

    /// Whether the caller's own capabilities suffice, without a user namespace.
    pub fn may_unshare_directly(&self) -> bool {
        [CAP_SYS_ADMIN, CAP_NET_ADMIN, CAP_NET_RAW].into_iter().all(|bit| self.has(bit))
    }

    fn has(&self, capability: u32) -> bool {
        self.capabilities >> capability & 1 == 1
    }

    /// The likeliest reason why `step` failed with `errno`.
    pub fn explain(&self, step: Step, errno: Errno) -> SandboxError {
        match errno {
            Errno::ENOSPC | Errno::EUSERS => self.limit(step),
            Errno::EINVAL if !self.user_namespaces => SandboxError::NoUserNamespaces,
            Errno::EINVAL if step == Step::UserNamespace => SandboxError::Threads,
            Errno::EPERM | Errno::EACCES => self.refusal(step, errno),
            _ => SandboxError::Other { step, errno },
        }
    }

    fn limit(&self, step: Step) -> SandboxError {
        let (limit, value) = match step {
            Step::NetworkNamespace => ("max_net_namespaces", &self.max_net_namespaces),
            _ => ("max_user_namespaces", &self.max_user_namespaces),
        };
        SandboxError::Limit { step, limit, value: value.clone() }
    }

    fn refusal(&self, step: Step, errno: Errno) -> SandboxError {
        if self.unprivileged_clone.as_deref() == Some("0") {
            SandboxError::UnprivilegedClone
        } else if self.apparmor_restricts.as_deref() == Some("1") {
            SandboxError::AppArmor
        } else if self.max_user_namespaces == "0" {
            self.limit(step)
        } else if self.seccomp {
            SandboxError::Seccomp(step)
        } else if self.root && !self.has(CAP_SYS_ADMIN) {
            SandboxError::Capability(step)
        } else {
            SandboxError::Other { step, errno }
        }
    }
}

fn status_field<'a>(status: &'a str, key: &str) -> Option<&'a str> {
    status.lines().find_map(|line| line.strip_prefix(key)).map(str::trim)
}

fn switch(path: &str) -> Option<String> {
    Some(fs::read_to_string(Path::new("/proc/sys").join(path)).ok()?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            user_namespaces: true,
            max_user_namespaces: "1000".into(),
            max_net_namespaces: "7".into(),
            ..Facts::default()
        }
    }

    fn check(facts: &Facts, step: Step, errno: Errno, expect: &str) {
        let sentence = facts.explain(step, errno).to_string();
        assert!(sentence.contains(expect), "{sentence:?} does not say {expect:?}");
    }

    #[test]
    fn every_refusal_names_its_switch() {
        use Step::{IdMap, NetworkNamespace, UserNamespace};
        let clone_off = Facts { unprivileged_clone: Some("0".into()), ..facts() };
        check(&clone_off, UserNamespace, Errno::EPERM, "kernel.unprivileged_userns_clone=1");
        let apparmor = Facts { apparmor_restricts: Some("1".into()), ..facts() };
        check(&apparmor, IdMap, Errno::EPERM, "kernel.apparmor_restrict_unprivileged_userns=0");
        check(&apparmor, NetworkNamespace, Errno::EACCES, "kernel.apparmor_restrict_unprivileged_userns=0");
        let seccomp = Facts { seccomp: true, root: true, ..facts() };
        check(&seccomp, UserNamespace, Errno::EPERM, "seccomp=unconfined");
        let container = Facts { root: true, ..facts() };
        check(&container, UserNamespace, Errno::EPERM, "--cap-add SYS_ADMIN");
        let none_left = Facts { max_user_namespaces: "0".into(), ..facts() };
        check(&none_left, UserNamespace, Errno::ENOSPC, "user.max_user_namespaces=15000");
        check(&facts(), NetworkNamespace, Errno::ENOSPC, "user.max_net_namespaces=15000");
        check(&Facts::default(), UserNamespace, Errno::EINVAL, "CONFIG_USER_NS");
        check(&facts(), UserNamespace, Errno::EINVAL, "first thread");
        check(&facts(), UserNamespace, Errno::EIO, "unprivileged user namespaces");
    }
}
