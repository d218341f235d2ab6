//! A file of lines that is turned over when it has grown to its size.
//!
//! On a full disk a line is written whole or not at all, so that those after it can be read.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// A file that becomes `FILE.1` when it has grown to its size.
#[derive(Debug)]
pub(super) struct Rotated {
    path: PathBuf,
    file: File,
    bytes: u64,
    most: u64,
}

impl Rotated {
    /// Goes on with the file if there is one.
    pub(super) fn open(path: &Path, most: u64) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), file, bytes, most })
    }

    /// Appends a line, whole or not at all.
    pub(super) fn write(&mut self, line: &[u8]) -> io::Result<()> {
        let length = u64::try_from(line.len()).unwrap_or(u64::MAX);
        if self.bytes > 0 && self.bytes.saturating_add(length) > self.most {
            self.turn_over()?;
        }
        let written = self.file.write_all(line);
        match written {
            Ok(()) => self.bytes += length,
            Err(_) => _ = self.file.set_len(self.bytes), // what there was room for of the line
        }
        written
    }

    /// An earlier try may have got no further than the renaming.
    fn turn_over(&mut self) -> io::Result<()> {
        let mut full = self.path.clone().into_os_string();
        full.push(".1");
        match std::fs::rename(&self.path, full) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => *self = Self::open(&self.path, self.most)?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_renamed_and_not_made_anew_is_made_by_the_next_line() {
        let folder = std::env::temp_dir().join(format!("podfence-rotated-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("flows");
        let mut rotated = Rotated::open(&path, 4).unwrap();
        rotated.write(b"one\n").unwrap();
        std::fs::rename(&path, folder.join("flows.1")).unwrap();
        rotated.write(b"two\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two\n");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
