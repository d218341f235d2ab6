//! A folder as a story: manifests, and numbered folders that are its steps.
//!
//! Manifests beside the numbered folders hold in every step; those of a numbered folder in that step only. A folder
//! without numbered ones is one step, read with everything below it. Expected verdicts stand beside the manifests that they
//! are about; see [`crate::expect`].

use std::io;
use std::path::{Path, PathBuf};

use crate::expect;

/// A step of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What it is called: the folder's name without its number; `None` for a folder that is one step.
    pub name: Option<String>,
    /// Its numbered folder, if it has one.
    pub folder: Option<PathBuf>,
    /// The files and folders whose manifests hold in it.
    pub inputs: Vec<PathBuf>,
    /// The tables of expected verdicts that hold in it.
    pub verdicts: Vec<PathBuf>,
}

/// The steps of a folder, in order of their numbers; of a file, that one.
pub fn steps(path: &Path) -> io::Result<Vec<Step>> {
    if !path.is_dir() {
        std::fs::metadata(path)?;
        return Ok(vec![Step { name: None, folder: None, inputs: vec![path.into()], verdicts: Vec::new() }]);
    }
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(path)?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    entries.sort();
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) =
        entries.into_iter().partition(|entry| entry.is_dir());
    let mut numbered: Vec<(u32, String, PathBuf)> = folders.into_iter().filter_map(numbered).collect();
    numbered.sort();
    if numbered.is_empty() {
        return Ok(vec![Step {
            name: None,
            folder: None,
            inputs: vec![path.into()],
            verdicts: tables([path]),
        }]);
    }
    let common: Vec<PathBuf> = files.into_iter().filter(|file| is_manifest(file)).collect();
    let step = |(_, name, folder): (u32, String, PathBuf)| {
        let inputs = common.iter().cloned().chain([folder.clone()]).collect();
        let verdicts = tables([path, &folder]);
        Step { name: Some(name), folder: Some(folder), inputs, verdicts }
    };
    Ok(numbered.into_iter().map(step).collect())
}

/// Everything that may say something about the step of a numbered folder, or of a folder without any; it need not exist.
pub fn sources(path: &Path, folder: Option<&Path>) -> Vec<PathBuf> {
    let Some(folder) = folder else { return vec![path.into(), path.join(expect::FILE)] };
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    let beside = entries.filter(|entry| !entry.is_dir() && is_manifest(entry));
    beside.chain([folder.into(), path.join(expect::FILE), folder.join(expect::FILE)]).collect()
}

/// The tables of verdicts in these folders.
fn tables<const N: usize>(folders: [&Path; N]) -> Vec<PathBuf> {
    folders.map(|folder| folder.join(expect::FILE)).into_iter().filter(|file| file.exists()).collect()
}

/// `2-with-dns` is the step numbered 2, called "with dns".
fn numbered(folder: PathBuf) -> Option<(u32, String, PathBuf)> {
    let name = folder.file_name()?.to_str()?;
    let (number, rest) = name.split_once('-')?;
    Some((number.parse().ok()?, rest.replace('-', " "), folder))
}

fn is_manifest(file: &Path) -> bool {
    file.extension().is_some_and(|ending| ["yaml", "yml", "json"].iter().any(|known| ending == *known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_folders_are_steps_in_order_of_number() {
        let root = std::env::temp_dir().join(format!("podfence-steps-{}", std::process::id()));
        for folder in ["10-last", "2-with-dns", "notes"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
        }
        for file in ["pods.yaml", "README.md", "2-with-dns/verdicts.md"] {
            std::fs::write(root.join(file), "").unwrap();
        }
        let found = steps(&root).unwrap();
        let names: Vec<_> = found.iter().map(|s| s.name.clone().unwrap()).collect();
        assert_eq!(names, ["with dns", "last"]);
        assert_eq!(found[0].inputs, [root.join("pods.yaml"), root.join("2-with-dns")]);
        assert_eq!(found[0].verdicts, [root.join("2-with-dns/verdicts.md")]);
        assert!(found[1].verdicts.is_empty());
        std::fs::remove_dir_all(&root).unwrap();
    }
}
