//! Files of a lab that no other program can see, and that cannot outlive it: a file system in memory.
//!
//! [`make`] mounts it in the lab's own mount namespace, over a directory of `/proc` that is always there and that nobody needs.
//! The agents of the lab are in that namespace too, and reach it by the same path. Where mounting is forbidden the files are
//! in the directory for temporary files, and a lab that is killed leaves them there.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{fs, io};

use nix::mount::{MsFlags, mount};

/// Made by `proc_root_init` whatever the kernel is built with, for `/proc/driver/rtc` and the like.
const PLACE: &str = "/proc/driver";

static MADE: OnceLock<()> = OnceLock::new();

/// Makes the file system. The mount namespace must be ours alone.
pub(crate) fn make() -> nix::Result<()> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("podfence-lab"), PLACE, Some("tmpfs"), flags, Some("mode=0700"))?;
    _ = MADE.set(());
    Ok(())
}

/// A directory that is removed when it is dropped.
#[derive(Debug)]
pub(crate) struct Directory(PathBuf);

impl Directory {
    /// A new, empty one. Its path is short enough for the names of sockets.
    pub(crate) fn new() -> io::Result<Self> {
        static DIRECTORIES: AtomicU32 = AtomicU32::new(0);
        let number = DIRECTORIES.fetch_add(1, Ordering::Relaxed);
        let path = match MADE.get() {
            Some(()) => Path::new(PLACE).join(number.to_string()),
            None => std::env::temp_dir().join(format!("podfence-lab-{}-{number}", std::process::id())),
        };
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}
