//! The plugin where container runtimes look for it: a copy, since the program may lie in a container's image.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The name by which container runtimes call the plugin.
pub const NAME: &str = "podfence-cni";

/// The plugin cannot be put there, or taken away.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", .path.display())]
pub struct InstallError {
    /// The file.
    path: PathBuf,
    /// What the system said.
    source: io::Error,
}

/// Puts a copy of a program into a directory as [`NAME`], in one step: a runtime finds the old one or the new one.
///
/// # Errors
/// When a file cannot be read or written.
pub fn install(program: &Path, directory: &Path) -> Result<PathBuf, InstallError> {
    let (plugin, new) = (directory.join(NAME), directory.join(format!(".{NAME}.new")));
    copy(program, &new).map_err(|source| InstallError { path: new.clone(), source })?;
    fs::rename(&new, &plugin).map_err(|source| InstallError { path: plugin.clone(), source })?;
    Ok(plugin)
}

/// The whole file, on the disk: after a power cut, half a plugin would keep all pods from starting.
fn copy(program: &Path, to: &Path) -> io::Result<()> {
    let mut written = File::create(to)?;
    io::copy(&mut File::open(program)?, &mut written)?;
    written.set_permissions(Permissions::from_mode(0o755))?;
    written.sync_all()
}

/// Takes it away, if it is there. A network that still names it then starts no pods.
///
/// # Errors
/// When the file cannot be removed.
pub fn remove(directory: &Path) -> Result<(), InstallError> {
    let path = directory.join(NAME);
    match fs::remove_file(&path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(InstallError { path, source }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_is_replaced_whole_and_taken_away() {
        let place = std::env::temp_dir().join(format!("podfence-install-{}", std::process::id()));
        fs::create_dir_all(&place).unwrap();
        let program = place.join("program");
        for text in ["first", "a second one"] {
            fs::write(&program, text).unwrap();
            let plugin = install(&program, &place).unwrap();
            assert_eq!(fs::read_to_string(&plugin).unwrap(), text);
            assert_eq!(fs::metadata(&plugin).unwrap().permissions().mode() & 0o777, 0o755);
            assert_eq!(fs::read_dir(&place).unwrap().count(), 2, "nothing else is left");
        }
        remove(&place).unwrap();
        remove(&place).unwrap();
        let error = install(&program, &place.join("missing")).unwrap_err().to_string();
        assert!(error.contains("missing/.podfence-cni.new"), "{error}");
        fs::remove_dir_all(&place).unwrap();
    }
}
