//! Manifests in files and directories, read whole; the engine knows what was said before, and no second copy is kept.
//!
//! What cannot be read exactly changes nothing: the last good state stays enforced until the files are mended. So does a
//! directory that holds no object at all, which is more often a mount that has gone than a cluster without pods.

use std::ffi::OsString;

use podfence_model::{Alike, World};
use podfence_source::{Code, Diagnostic, Input, Label, Loaded, Options, Refused, Severity, read};

/// Files and directories of manifests.
#[derive(Debug)]
pub struct Directory {
    inputs: Vec<Input>,
    options: Options,
}

impl Directory {
    /// Manifests at these paths. Nothing is read yet.
    pub fn new(paths: &[OsString]) -> Self {
        let inputs = paths.iter().map(|path| Input::from_argument(path)).collect();
        Self { inputs, options: Options::default() }
    }

    /// Reads everything: the world, and what is stated twice in it, differently. After an error what was read before still counts.
    pub fn read(&self) -> Result<(World, Vec<String>), Refused> {
        let Loaded { mut world, notes, .. } = read(&self.inputs, &self.options)?;
        world.expand_workloads();
        let mut alike = Alike::default();
        world.pods.values_mut().for_each(|pod| alike.share(pod));
        Ok((world, notes.iter().filter(|note| is_stated_twice(note)).map(sentence).collect()))
    }
}

/// The same in the same words is no matter; lint tells of it.
fn is_stated_twice(note: &Diagnostic) -> bool {
    note.code == Code::DuplicateObject.word() && note.severity == Severity::Warning
}

fn sentence(note: &Diagnostic) -> String {
    let places = note.labels.iter().map(|Label { place, text }| format!("{place} ({text})"));
    format!("{}: {}", note.message, places.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_files_say_of_one_object_is_told_with_both() {
        let folder = std::env::temp_dir().join(format!("podfence-twice-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let pod = |label: &str| {
            format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{name: web, namespace: shop, labels: {{app: {label}}}}}\n\
                 spec: {{containers: [{{name: c, image: i}}]}}\n"
            )
        };
        let read = || Directory::new(&[folder.clone().into()]).read().unwrap();
        for name in ["a.yaml", "b.yaml"] {
            std::fs::write(folder.join(name), pod("web")).unwrap();
        }
        assert!(read().1.is_empty(), "in the same words");
        std::fs::write(folder.join("b.yaml"), pod("db")).unwrap();
        let (world, twice) = read();
        let [one] = twice.as_slice() else { panic!("{twice:?}") };
        for words in
            ["shop/web is stated twice, differently; this later statement counts", "b.yaml:", "a.yaml:"]
        {
            assert!(one.contains(words), "{one}");
        }
        let pod = world.pods.values().next().unwrap();
        assert_eq!(pod.meta.labels.get("app").map(String::as_str), Some("db"), "the later one counts");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
