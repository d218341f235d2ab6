//! Files of a lab that no other program can see, and that cannot outlive it: a file system in memory.
//!
//! [`make`] mounts it in the lab's own mount namespace, over a directory of `/proc` that is always there and that nobody needs.
//! The agents of the lab are in that namespace too, and reach it by the same path. Where mounting is forbidden the files are
//! in the directory for temporary files, and a lab that is killed leaves them there.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{fs, io};

use nix::mount::{MntFlags, MsFlags, mount, umount2};

/// Made by `proc_root_init` whatever the kernel is built with, for `/proc/driver/rtc` and the like.
const PLACE: &str = "/proc/driver";

static MADE: OnceLock<()> = OnceLock::new();

/// Makes the file system. The mount namespace must be ours alone.
pub(crate) fn make() -> nix::Result<()> {
    in_memory(Path::new(PLACE), "mode=0700")?;
    _ = MADE.set(());
    Ok(())
}

fn in_memory(place: &Path, options: &str) -> nix::Result<()> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("podfence-lab"), place, Some("tmpfs"), flags, Some(options))
}

/// A directory that is removed when it is dropped.
#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
    /// Whether it is a disk of its own.
    mounted: bool,
}

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
        Ok(Self { path, mounted: false })
    }

    /// A new, empty one on a disk of its own that holds so many bytes.
    pub(crate) fn small(bytes: usize) -> io::Result<Self> {
        if MADE.get().is_none() {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "mounting is forbidden here"));
        }
        let mut directory = Self::new()?;
        in_memory(&directory.path, &format!("mode=0700,size={bytes}"))?;
        directory.mounted = true;
        Ok(directory)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if self.mounted {
            _ = umount2(&self.path, MntFlags::MNT_DETACH);
        }
        _ = fs::remove_dir_all(&self.path);
    }
}
