//! Notices when manifests change, by looking: names, sizes and times of the files, several times a second.
//!
//! Editors save by writing, by renaming, or by both; folders come and go; some file systems (network mounts, shared folders of
//! virtual machines) report nothing at all. Looking sees every one of these alike, and a look at a hundred files takes less
//! than a millisecond. A change counts once the files have stopped changing for a moment.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use podfence_source::is_manifest;

/// Between two looks.
const EVERY: Duration = Duration::from_millis(200);
/// Between two looks while something is changing, and how many of them must see the same.
const SETTLING: Duration = Duration::from_millis(40);
const QUIET_LOOKS: u32 = 2;
/// Files that never stop changing are read all the same.
const IMPATIENCE: Duration = Duration::from_secs(3);
/// Folders in folders.
const DEEPEST: usize = 32;

/// Files and folders that are looked at.
pub struct Watch {
    inputs: Box<dyn Fn() -> Vec<PathBuf> + Send>,
    seen: Sight,
}

/// What tells a file from what it was: device and inode, size, and the times of its contents and of its entry.
type Traits = (u64, u64, u64, (i64, i64), (i64, i64));
type Sight = BTreeMap<PathBuf, Traits>;

impl Watch {
    /// Looks at manifests, and at all of those in folders, from now on. Which they are is asked before each look.
    pub fn new(inputs: impl Fn() -> Vec<PathBuf> + Send + 'static) -> Self {
        let seen = look(&inputs());
        Self { inputs: Box::new(inputs), seen }
    }

    /// Waits for a change, and until it is over. Returns the files that came, went or changed.
    pub fn wait(&mut self) -> Vec<PathBuf> {
        loop {
            thread::sleep(EVERY);
            let first = look(&(self.inputs)());
            if first != self.seen {
                let settled = settle(&self.inputs, first);
                let before = std::mem::replace(&mut self.seen, settled);
                let changed = differing(&before, &self.seen);
                if !changed.is_empty() {
                    return changed;
                }
            }
        }
    }
}

fn settle(inputs: &dyn Fn() -> Vec<PathBuf>, mut last: Sight) -> Sight {
    let (begun, mut quiet) = (Instant::now(), 0);
    while quiet < QUIET_LOOKS && begun.elapsed() < IMPATIENCE {
        thread::sleep(SETTLING);
        let now = look(&inputs());
        quiet = if now == last { quiet + 1 } else { 0 };
        last = now;
    }
    last
}

fn differing(before: &Sight, after: &Sight) -> Vec<PathBuf> {
    let gone = before.keys().filter(|path| !after.contains_key(*path));
    let new = after.iter().filter(|(path, traits)| before.get(*path) != Some(traits)).map(|(path, _)| path);
    gone.chain(new).cloned().collect()
}

fn look(inputs: &[PathBuf]) -> Sight {
    let mut sight = Sight::new();
    for input in inputs {
        look_at(input, DEEPEST, &mut sight);
    }
    sight
}

/// Enters a file, or the manifests of a folder, as the reader of manifests would find them.
fn look_at(path: &Path, depth: usize, sight: &mut Sight) {
    let Ok(found) = fs::metadata(path) else { return };
    if !found.is_dir() {
        sight.insert(path.to_owned(), traits(&found));
        return;
    }
    let entries = fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    for entry in
        entries.filter(|entry| depth > 0 && !is_hidden(entry) && (is_manifest(entry) || entry.is_dir()))
    {
        look_at(&entry, depth - 1, sight);
    }
}

fn traits(found: &Metadata) -> Traits {
    let (contents, entry) = ((found.mtime(), found.mtime_nsec()), (found.ctime(), found.ctime_nsec()));
    (found.dev(), found.ino(), found.size(), contents, entry)
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("podfence-watch-{name}-{}", std::process::id()));
            fs::create_dir_all(path.join("deep")).unwrap();
            fs::write(path.join("a.yaml"), "a").unwrap();
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            _ = fs::remove_dir_all(&self.0);
        }
    }

    fn changed(folder: &Folder, change: impl FnOnce(&Path) + Send + 'static) -> Vec<PathBuf> {
        let path = folder.0.clone();
        let mut watch = Watch::new(move || vec![path.clone()]);
        let path = folder.0.clone();
        let changing = thread::spawn(move || change(&path));
        let seen = watch.wait();
        changing.join().unwrap();
        seen
    }

    #[test]
    fn every_way_of_saving_is_seen() {
        let folder = Folder::new("ways");
        let file = folder.0.join("a.yaml");
        assert_eq!(
            changed(&folder, |at| fs::write(at.join("a.yaml"), "b").unwrap()),
            std::slice::from_ref(&file)
        );
        let renamed = |at: &Path| {
            fs::write(at.join(".a.yaml.swp"), "c").unwrap();
            fs::rename(at.join(".a.yaml.swp"), at.join("a.yaml")).unwrap();
        };
        assert_eq!(changed(&folder, renamed), std::slice::from_ref(&file));
        let deep = folder.0.join("deep/b.yml");
        assert_eq!(
            changed(&folder, |at| fs::write(at.join("deep/b.yml"), "b").unwrap()),
            std::slice::from_ref(&deep)
        );
        assert_eq!(changed(&folder, |at| fs::remove_dir_all(at.join("deep")).unwrap()), [deep]);
    }

    #[test]
    fn a_flapping_file_is_one_change() {
        let folder = Folder::new("flapping");
        let path = folder.0.clone();
        let mut watch = Watch::new(move || vec![path.clone()]);
        let path = folder.0.join("a.yaml");
        let flapping = thread::spawn(move || {
            for n in 0..30 {
                fs::write(&path, format!("{n}")).unwrap();
                thread::sleep(Duration::from_millis(15));
            }
        });
        watch.wait();
        flapping.join().unwrap();
        assert_eq!(
            fs::read_to_string(folder.0.join("a.yaml")).unwrap(),
            "29",
            "it was over when it was told"
        );
        assert_eq!(look(&(watch.inputs)()), watch.seen);
    }
}
