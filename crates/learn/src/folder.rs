//! The learner's folder of an exercise.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::exercise::Exercise;

/// Where folders are made unless another place is named.
const USUAL: &str = "podfence-learn";

/// An exercise cannot be begun in a folder.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// The folder is that of another exercise.
    #[error("{} holds another task; name another folder", .0.display())]
    Taken(PathBuf),
}

/// The usual folder of an exercise, below the current one.
pub fn usual(exercise: &Exercise) -> PathBuf {
    Path::new(USUAL).join(exercise.folder)
}

/// Whether an exercise was begun in a folder before.
///
/// # Errors
/// The folder may be that of another one.
pub fn is_begun(exercise: &Exercise, folder: &Path) -> Result<bool, FolderError> {
    match fs::read_to_string(folder.join(Exercise::TASK)) {
        Ok(task) if task.lines().next() == exercise.task.lines().next() => Ok(true),
        Ok(_) => Err(FolderError::Taken(folder.to_owned())),
        Err(_) => Ok(false),
    }
}

/// Writes what is given into a folder, which is made if need be. A file that is there already is the learner's and stays.
///
/// # Errors
/// Names the file that cannot be written.
pub fn begin(exercise: &Exercise, folder: &Path) -> Result<(), FolderError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        |source| FolderError::Unwritable { path, source }
    };
    fs::create_dir_all(folder).map_err(failed(folder))?;
    let given = [(Exercise::TASK, exercise.task), (Exercise::GIVEN, exercise.given)];
    for (name, text) in given.into_iter().chain(exercise.start.map(|text| (Exercise::START, text))) {
        let path = folder.join(name);
        write_new(&path, text).map_err(failed(&path))?;
    }
    Ok(())
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut file) => file.write_all(text.as_bytes()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;

    #[test]
    fn what_is_there_already_stays() {
        let folder = std::env::temp_dir().join(format!("podfence-folder-{}", std::process::id()));
        let exercise = catalogue::find(5).unwrap();
        begin(exercise, &folder).unwrap();
        assert_eq!(fs::read_to_string(folder.join(Exercise::START)).unwrap(), exercise.start.unwrap());
        fs::write(folder.join(Exercise::START), "mine").unwrap();
        fs::remove_file(folder.join(Exercise::GIVEN)).unwrap();
        begin(exercise, &folder).unwrap();
        assert_eq!(fs::read_to_string(folder.join(Exercise::START)).unwrap(), "mine");
        assert_eq!(fs::read_to_string(folder.join(Exercise::GIVEN)).unwrap(), exercise.given);
        assert!(is_begun(exercise, &folder).unwrap());
        let other = is_begun(catalogue::find(6).unwrap(), &folder).unwrap_err().to_string();
        assert!(other.ends_with("holds another task; name another folder"), "{other}");
        fs::remove_dir_all(&folder).unwrap();
    }
}
