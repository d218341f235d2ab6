//! Sockets with a name in the file system, in place of those that an earlier agent left.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;

/// Listens at `path`, in place of whoever listened there before. It is bound beside and renamed, so that a client always finds
/// somebody, and nobody finds it before it has its mode.
pub fn bind_over(path: &Path, mode: u32) -> io::Result<UnixListener> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let beside = path.with_extension("new");
    let _ = fs::remove_file(&beside);
    let listener = UnixListener::bind(&beside)?;
    fs::set_permissions(&beside, Permissions::from_mode(mode))?;
    fs::rename(&beside, path)?;
    Ok(listener)
}
