//! Files, directories and stdin to texts. All reading of manifests from outside happens here.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use podfence_model::Place;

use crate::code::Code;
use crate::diagnostic::Diagnostic;

/// The largest input that is read, in bytes.
pub const MAX_INPUT: u64 = 256 << 20;

/// Where manifests come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A file, or a directory of `.yaml`, `.yml` and `.json` files, searched to the bottom.
    Path(PathBuf),
    /// Standard input.
    Stdin,
    /// Bytes that are here already, under a name for messages.
    Bytes {
        /// The name that places will use.
        name: String,
        /// YAML or JSON text, UTF-8 if it is any good.
        bytes: Vec<u8>,
    },
}

impl Input {
    /// A command line argument: `-` is stdin, all else a path.
    pub fn from_argument(argument: &OsStr) -> Self {
        if argument == "-" { Self::Stdin } else { Self::Path(argument.into()) }
    }
}

/// One text to read manifests from.
pub(crate) struct Text {
    pub(crate) name: Arc<str>,
    pub(crate) text: Arc<str>,
}

/// Reads inputs one after the other, each file once.
#[derive(Default)]
pub(crate) struct Reader {
    pub(crate) texts: Vec<Text>,
    pub(crate) found: Vec<Diagnostic>,
    /// Real paths of the files and directories that were taken.
    taken: HashSet<PathBuf>,
}

impl Reader {
    /// Reads one input; what cannot be read is reported in `found`.
    pub(crate) fn read(&mut self, input: &Input) {
        match input {
            Input::Stdin => self.keep("<stdin>", read_bytes(io::stdin().lock())),
            Input::Bytes { name, bytes } => self.keep(name, Ok(bytes.clone())),
            Input::Path(path) => match self.take(path) {
                Some(true) => self.directory(path),
                Some(false) => self.file(path),
                None => {}
            },
        }
    }

    /// Whether a path is a directory; `None` when it was taken before or cannot be read.
    fn take(&mut self, path: &Path) -> Option<bool> {
        match path.canonicalize().and_then(|real| Ok((fs::metadata(&real)?.is_dir(), real))) {
            Ok((is_directory, real)) => self.taken.insert(real).then_some(is_directory),
            Err(error) => {
                self.unreadable(path, &error);
                None
            }
        }
    }

    fn directory(&mut self, path: &Path) {
        let before = (self.texts.len(), self.found.len());
        self.descend(path);
        if (self.texts.len(), self.found.len()) == before {
            let message = format!("no .yaml, .yml or .json file in {}", path.display());
            self.found.push(Code::NoObjects.note(message));
        }
    }

    /// Takes a directory's files and then what is below it, in the order of their names.
    fn descend(&mut self, path: &Path) {
        let mut children = match children(path) {
            Ok(children) => children,
            Err(error) => return self.unreadable(path, &error),
        };
        children.sort();
        for child in children {
            if child.is_dir() {
                if self.take(&child) == Some(true) {
                    self.descend(&child);
                }
            } else if is_manifest(&child) && self.take(&child) == Some(false) {
                self.file(&child);
            }
        }
    }

    fn file(&mut self, path: &Path) {
        self.keep(&path.display().to_string(), File::open(path).and_then(read_bytes));
    }

    fn keep(&mut self, name: &str, bytes: io::Result<Vec<u8>>) {
        match bytes {
            Ok(bytes) => match text(name, bytes) {
                Ok(text) => self.texts.push(Text { name: name.into(), text: text.into() }),
                Err(diagnostic) => self.found.push(diagnostic),
            },
            Err(error) => self.unreadable(Path::new(name), &error),
        }
    }

    fn unreadable(&mut self, path: &Path, error: &io::Error) {
        self.found.push(Code::Unreadable.error(format!("cannot read {}: {error}", path.display())));
    }
}

fn children(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let hidden = |path: &Path| path.file_name().is_some_and(|n| n.as_encoded_bytes().starts_with(b"."));
    let paths: io::Result<Vec<PathBuf>> = fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect();
    Ok(paths?.into_iter().filter(|path| !hidden(path)).collect())
}

/// Whether a file of a directory is taken for manifests, by its name: `.yaml`, `.yml` or `.json`.
pub fn is_manifest(path: &Path) -> bool {
    let extension = path.extension().map(OsStr::to_ascii_lowercase);
    extension.is_some_and(|e| e == "yaml" || e == "yml" || e == "json")
}

/// Reads one byte more than is allowed at most, so that [`text`] can tell.
fn read_bytes(source: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(MAX_INPUT + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn text(name: &str, bytes: Vec<u8>) -> Result<String, Diagnostic> {
    if bytes.len() as u64 > MAX_INPUT {
        let limit = MAX_INPUT >> 20;
        return Err(Code::Unreadable.error(format!("{name} is larger than {limit} MiB")));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(not_utf8(name, b"", "this is UTF-16 text"));
    }
    if bytes.contains(&0) {
        let good = bytes.split(|b| *b == 0).next().unwrap_or_default();
        return Err(not_utf8(name, good, "this is not text: it has a NUL byte"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        not_utf8(name, good, "this is not UTF-8 text")
    })
}

/// An error behind the `good` bytes. There is no text to show, only a place to name.
fn not_utf8(name: &str, good: &[u8], message: &str) -> Diagnostic {
    let good = String::from_utf8_lossy(good);
    let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let last_line = good.rsplit('\n').next().unwrap_or("");
    let place = Place {
        file: name.into(),
        line: small(good.matches('\n').count() + 1),
        column: small(last_line.chars().count() + 1),
        start: small(good.len()),
        end: small(good.len()),
    };
    Code::Unreadable.error(message).at(place, "").help("save it as UTF-8")
}
