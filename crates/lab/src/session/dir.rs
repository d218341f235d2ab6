//! The directory of sockets: `$XDG_RUNTIME_DIR/podfence`, or `/tmp/podfence-UID` where there is none.
//!
//! Whoever can connect to a lab can have commands run in it, so the directory must be ours and closed to others.

use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;

use super::SessionError;

/// A lab's files in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// Its socket.
    pub socket: PathBuf,
    /// Locked as long as it lives.
    pub lock: PathBuf,
}

impl Files {
    pub(super) fn of(dir: &Path, name: &str) -> Self {
        Self { socket: dir.join(format!("{name}.sock")), lock: dir.join(format!("{name}.lock")) }
    }
}

/// Where a lab of this name is or would be, in order: a terminal may have an `XDG_RUNTIME_DIR` where another has none.
/// To be called before the sandbox is entered, in which the user has another number.
pub fn candidates(name: &str) -> Result<Vec<Files>, SessionError> {
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !(1..=32).contains(&name.len()) || !name.chars().all(letters) {
        return Err(SessionError::Name(name.to_owned()));
    }
    Ok(directories().iter().map(|dir| Files::of(dir, name)).collect())
}

/// The names of the labs that run, for whoever has forgotten them.
pub(super) fn running() -> Vec<String> {
    let entries = directories().into_iter().filter_map(|dir| fs::read_dir(dir).ok()).flatten().flatten();
    let sockets = entries.map(|entry| entry.path());
    let mut names: Vec<String> = sockets
        .filter(|path| UnixStream::connect(path).is_ok()) // only a lab that lives listens
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    names
}

fn directories() -> Vec<PathBuf> {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let runtime = runtime.filter(|dir| dir.is_absolute() && is_ours(dir)).map(|dir| dir.join("podfence"));
    runtime.into_iter().chain([format!("/tmp/podfence-{}", geteuid()).into()]).collect()
}

fn is_ours(dir: &Path) -> bool {
    fs::metadata(dir).is_ok_and(|found| found.is_dir() && found.uid() == geteuid().as_raw())
}

/// Makes the directory of these files, or finds it as it must be.
pub(super) fn prepare(files: &Files) -> Result<(), SessionError> {
    let dir = files.lock.parent().unwrap_or(Path::new("/"));
    match DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(SessionError::at(dir)(error)),
        _ => check(dir),
    }
}

/// Whether nobody else can have put anything there. A link is not followed.
pub(super) fn check(dir: &Path) -> Result<(), SessionError> {
    let found = fs::symlink_metadata(dir).map_err(SessionError::at(dir))?;
    let closed = found.mode().trailing_zeros() >= 6; // nothing for group and others
    let safe = found.is_dir() && found.uid() == geteuid().as_raw() && closed;
    if safe { Ok(()) } else { Err(SessionError::Unsafe(dir.to_owned())) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_directory_that_others_may_enter_is_refused() {
        let dir = std::env::temp_dir().join(format!("podfence-dir-{}", std::process::id()));
        let files = Files::of(&dir, "lab");
        prepare(&files).unwrap();
        prepare(&files).unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(prepare(&files), Err(SessionError::Unsafe(_))));
        fs::remove_dir(&dir).unwrap();
        std::os::unix::fs::symlink(std::env::temp_dir(), &dir).unwrap();
        assert!(matches!(prepare(&files), Err(SessionError::Unsafe(_))));
        fs::remove_file(&dir).unwrap();
    }

    #[test]
    fn names_are_file_names() {
        assert!(candidates("team-1").is_ok());
        for name in ["", "../x", "A", "a b", "a/b"] {
            assert!(matches!(candidates(name), Err(SessionError::Name(_))), "{name}");
        }
    }
}
