//! Runs a command of the host inside a place of a running lab, in place of the calling process.
//!
//! The process joins the lab's user namespace (if the lab has one of its own), then the network namespace of the place, and
//! takes private mounts in which `/etc/resolv.conf` is the pod's. Then it becomes the command: terminal, signals and exit code
//! are the command's own, and nothing has to be carried to and fro.
//!
//! What is the host's stays the host's: files, processes, `/etc/hosts`. Names are looked up by DNS alone: `hosts:` in
//! `/etc/nsswitch.conf` becomes `files dns`, since modules such as `resolve` or `mymachines` ask daemons of the host by unix
//! sockets, which no network namespace stops. A running `nscd` would still answer from the host; programs that bring their own
//! resolver (Go's, musl's) read the same files.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::stat::fstat;
use nix::unistd::sethostname;

use crate::session::client::Way;

const RESOLV_CONF: &str = "/etc/resolv.conf";
const NSSWITCH: &str = "/etc/nsswitch.conf";

/// The place could not be entered, or the command not started.
#[derive(Debug, thiserror::Error)]
pub enum InsideError {
    /// A namespace could not be joined.
    #[error(
        "cannot join the lab's {what} namespace: {errno}; the lab must have been started by the same user"
    )]
    Join {
        /// Which.
        what: &'static str,
        /// What the kernel said.
        errno: Errno,
    },
    /// A file could not be put in place of the host's.
    #[error("cannot give the command its own {path}: {source}")]
    File {
        /// The host's.
        path: &'static str,
        /// What went wrong.
        source: io::Error,
    },
    /// There is no such command.
    #[error("{0}: command not found")]
    NotFound(String),
    /// The command cannot be run.
    #[error("{command}: {source}")]
    Command {
        /// Its name.
        command: String,
        /// What the kernel said.
        source: io::Error,
    },
}

/// Becomes `command` in the place that `way` leads to; returns only if that fails. The process must have one thread.
pub fn become_command(way: &Way, command: &[OsString]) -> InsideError {
    match enter(way) {
        Err(error) => error,
        Ok(()) => exec(command),
    }
}

fn exec(command: &[OsString]) -> InsideError {
    let Some((program, arguments)) = command.split_first() else {
        return InsideError::Command { command: String::new(), source: io::ErrorKind::InvalidInput.into() };
    };
    let source = Command::new(program).args(arguments).exec();
    let command = program.to_string_lossy().into_owned();
    if exists(program) { InsideError::Command { command, source } } else { InsideError::NotFound(command) }
}

/// The kernel's answer does not tell: a folder of the path that may not be searched counts as a refusal.
fn exists(program: &OsStr) -> bool {
    if program.as_encoded_bytes().contains(&b'/') {
        return Path::new(program).exists();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).exists())
}

fn enter(way: &Way) -> Result<(), InsideError> {
    let join = |what| move |errno| InsideError::Join { what, errno };
    if !is_ours(way.user.as_fd()) {
        setns(&way.user, CloneFlags::CLONE_NEWUSER).map_err(join("user"))?;
    }
    setns(&way.network, CloneFlags::CLONE_NEWNET).map_err(join("network"))?;
    unshare(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWUTS).map_err(join("mount"))?;
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, private, None::<&str>).map_err(join("mount"))?;
    _ = sethostname(&way.enter.hostname); // for prompts only
    if let Some(text) = &way.enter.resolv_conf {
        replace(RESOLV_CONF, text, &way.dir)?;
        if let Ok(host) = fs::read_to_string(NSSWITCH) {
            replace(NSSWITCH, &by_dns_alone(&host), &way.dir)?;
        }
    }
    Ok(())
}

/// Whether a user namespace is the one that we are in already; it cannot be joined again.
fn is_ours(user: BorrowedFd<'_>) -> bool {
    let own = fs::File::open("/proc/self/ns/user");
    let id = |fd: BorrowedFd<'_>| fstat(fd).map(|found| (found.st_dev, found.st_ino));
    own.is_ok_and(|own| id(own.as_fd()) == id(user))
}

/// Puts a text in place of a file of the host, for this process and its children. The text has a name only for a moment.
fn replace(path: &'static str, text: &str, dir: &Path) -> Result<(), InsideError> {
    let failed = |source: io::Error| InsideError::File { path, source };
    let draft = Draft::new(dir, text).map_err(failed)?;
    let (source, target) = (Some(draft.0.as_path()), path);
    mount(source, target, None::<&str>, MsFlags::MS_BIND, None::<&str>).map_err(|errno| failed(errno.into()))
}

/// A file that is removed at once; a mount of it keeps its contents.
struct Draft(PathBuf);

impl Draft {
    fn new(dir: &Path, text: &str) -> io::Result<Self> {
        let draft = Self(dir.join(format!("draft-{}", std::process::id())));
        let mut file = fs::File::options().write(true).create_new(true).mode(0o644).open(&draft.0)?;
        file.write_all(text.as_bytes())?;
        Ok(draft)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        _ = fs::remove_file(&self.0);
    }
}

fn by_dns_alone(nsswitch: &str) -> String {
    let is_hosts = |line: &str| line.trim_start().starts_with("hosts:");
    let lines = nsswitch.lines().map(|line| if is_hosts(line) { "hosts: files dns" } else { line });
    lines.flat_map(|line| [line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_looked_up_by_dns_alone() {
        let host =
            "passwd: files systemd\nhosts: files mymachines resolve [!UNAVAIL=return] dns\nnetworks: files\n";
        assert_eq!(by_dns_alone(host), "passwd: files systemd\nhosts: files dns\nnetworks: files\n");
    }
}
