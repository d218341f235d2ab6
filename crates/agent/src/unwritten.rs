//! Files that cannot be written, since the disk is full or the like: no reason to stop enforcing, but one to say it.
//!
//! It is logged when it begins and when it ends, however many tries there are between, and is in the status meanwhile.

use std::io;
use std::path::Path;

/// Why a file cannot be written, as long as it cannot.
#[derive(Debug, Default)]
pub struct Unwritten(Option<String>);

impl Unwritten {
    /// Notes how a try to write `what` to a file went.
    pub fn note(&mut self, what: &str, file: &Path, written: &io::Result<()>) {
        let file = file.display();
        match (written, &self.0) {
            (Err(error), None) => tracing::error!("{what} cannot be written to {file}: {error}; tried again"),
            (Ok(()), Some(_)) => tracing::info!("{what} are written to {file} again"),
            _ => {}
        }
        self.0 = written.as_ref().err().map(|error| format!("{file}: {error}"));
    }

    /// The file and what the system said, as long as it cannot be written.
    pub fn why(&self) -> Option<&str> {
        self.0.as_deref()
    }
}
