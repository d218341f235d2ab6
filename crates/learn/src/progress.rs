//! The score, kept between runs in `$XDG_STATE_HOME/podfence/learn.json` (`~/.local/state` where that is not set).

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::catalogue;
use crate::exercise::Exercise;

/// What an exercise is worth.
pub const FULL: u32 = 10;
/// What a hint costs.
pub const HINT: u32 = 3;
/// What an exercise is worth at least, whatever the hints.
const LEAST: u32 = 1;

/// The score cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum ProgressError {
    /// Nobody says where it is.
    #[error("the score has no place: neither XDG_STATE_HOME nor HOME names a folder")]
    NoPlace,
    /// The file is there and cannot be read.
    #[error("cannot read the score in {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// The file is not one of ours.
    #[error("{} is not a score: {source}; move it away to begin anew", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// The file cannot be written.
    #[error("cannot keep the score in {}: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
}

/// What is known of one exercise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Record {
    /// The folder it was started in last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// How many hints were given.
    pub hints: usize,
    /// Whether the solution was shown before it was solved.
    pub given_up: bool,
    /// What it brought; `None` until it is solved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub points: Option<u32>,
}

impl Record {
    /// Whether anything was done about it.
    pub fn is_begun(&self) -> bool {
        *self != Self::default()
    }

    /// What it brings when it is solved now.
    pub fn worth(&self) -> u32 {
        if self.given_up {
            return 0;
        }
        let hints = u32::try_from(self.hints).unwrap_or(u32::MAX);
        FULL.saturating_sub(hints.saturating_mul(HINT)).max(LEAST)
    }

    /// Notes that it is solved. What it brought the first time stays.
    pub fn solve(&mut self) -> u32 {
        let worth = self.worth();
        *self.points.get_or_insert(worth)
    }

    /// Notes that the solution is shown, which costs nothing any more once it is solved.
    pub fn give_up(&mut self) {
        self.given_up |= self.points.is_none();
    }

    /// Notes the next hint, if there is one of `most`; tells how many there are now.
    pub fn hint(&mut self, most: usize) -> usize {
        self.hints = most.min(self.hints + 1);
        self.hints
    }
}

/// The score, and where it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    path: PathBuf,
    kept: Kept,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    version: u32,
    /// The slug of the exercise that was started last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    started_last: Option<String>,
    exercises: BTreeMap<String, Record>,
}

/// The version of the file.
const VERSION: u32 = 1;

impl Progress {
    /// The score so far.
    pub fn load() -> Result<Self, ProgressError> {
        let path = usual_path().ok_or(ProgressError::NoPlace)?;
        Self::load_from(path)
    }

    fn load_from(path: PathBuf) -> Result<Self, ProgressError> {
        let fresh = Kept { version: VERSION, ..Kept::default() };
        let kept = match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text)
                .map_err(|source| ProgressError::Malformed { path: path.clone(), source })?,
            Err(error) if error.kind() == ErrorKind::NotFound => fresh,
            Err(source) => return Err(ProgressError::Unreadable { path, source }),
        };
        Ok(Self { path, kept })
    }

    /// Keeps it. A reader sees the old file or the new one, never half of it.
    pub fn store(&self) -> Result<(), ProgressError> {
        self.write().map_err(|source| ProgressError::Unwritable { path: self.path.clone(), source })
    }

    fn write(&self) -> io::Result<()> {
        fs::create_dir_all(self.path.parent().unwrap_or(Path::new(".")))?;
        let new = self.path.with_extension(format!("json.{}", std::process::id()));
        fs::write(&new, serde_json::to_vec_pretty(&self.kept)?)?;
        fs::rename(&new, &self.path)
    }

    /// Notes that an exercise is started, and in which folder if that can be kept.
    pub fn start(&mut self, exercise: &Exercise, folder: Option<PathBuf>) {
        self.kept.started_last = Some(exercise.slug().to_owned());
        self.of_mut(exercise).folder = folder;
    }

    /// The exercise that was started last.
    pub fn started_last(&self) -> Option<&'static Exercise> {
        let slug = self.kept.started_last.as_deref()?;
        catalogue::ALL.iter().find(|exercise| exercise.slug() == slug)
    }

    /// What is known of an exercise.
    pub fn of(&self, exercise: &Exercise) -> Record {
        self.kept.exercises.get(exercise.slug()).cloned().unwrap_or_default()
    }

    /// What is known of an exercise, to be changed.
    pub fn of_mut(&mut self, exercise: &Exercise) -> &mut Record {
        self.kept.exercises.entry(exercise.slug().to_owned()).or_default()
    }
}

/// As the XDG Base Directory Specification says: a path that is not absolute counts as none.
fn usual_path() -> Option<PathBuf> {
    let folder = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = folder("XDG_STATE_HOME").or_else(|| Some(folder("HOME")?.join(".local/state")))?;
    Some(state.join("podfence/learn.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_cost_until_it_is_solved() {
        let mut record = Record::default();
        assert_eq!((record.worth(), record.hint(3), record.worth()), (10, 1, 7));
        assert_eq!((record.hint(3), record.hint(3), record.hint(3), record.worth()), (2, 3, 3, 1));
        assert_eq!(record.solve(), 1);
        let mut quick = Record::default();
        assert_eq!(quick.solve(), 10);
        quick.hint(2);
        quick.give_up();
        assert_eq!((quick.solve(), quick.given_up), (10, false));
    }

    #[test]
    fn a_solution_that_was_shown_brings_nothing() {
        let mut record = Record::default();
        record.give_up();
        assert_eq!(record.solve(), 0);
    }

    #[test]
    fn the_score_stays() {
        let path = env::temp_dir().join(format!("podfence-progress-{}/a/learn.json", std::process::id()));
        let exercise = &catalogue::ALL[0];
        let mut progress = Progress::load_from(path.clone()).unwrap();
        assert!(!progress.of(exercise).is_begun() && progress.started_last().is_none());
        progress.of_mut(exercise).hint(3);
        progress.start(&catalogue::ALL[1], None);
        progress.start(exercise, None);
        progress.store().unwrap();
        assert_eq!(Progress::load_from(path.clone()).unwrap(), progress);
        assert_eq!(progress.started_last(), Some(exercise));
        fs::write(&path, "{").unwrap();
        assert!(Progress::load_from(path.clone()).unwrap_err().to_string().contains("is not a score"));
        fs::remove_dir_all(path.parent().unwrap().parent().unwrap()).unwrap();
    }
}
