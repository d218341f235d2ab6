//! Which files are read: directories, hidden files, links in circles, files named twice.

#![allow(clippy::unwrap_used)] // a test that cannot make its files must stop

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use podfence_source::{Diagnostic, Input, Loaded, Options, Refused, read};

/// A directory under the target directory, empty at the start and gone at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn namespace(&self, file: &str) {
        let path = self.0.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        fs::write(path, format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n")).unwrap();
    }

    fn read(&self, paths: &[&str]) -> Result<Loaded, Refused> {
        let inputs: Vec<Input> = paths.iter().map(|p| Input::Path(self.0.join(p))).collect();
        read(&inputs, &Options::default())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn names(loaded: &Loaded) -> Vec<&str> {
    loaded.world.namespaces.keys().map(String::as_str).collect()
}

fn found(diagnostics: &[Diagnostic]) -> Vec<String> {
    diagnostics.iter().map(ToString::to_string).collect()
}

#[test]
fn directories_are_read_to_the_bottom_without_hidden_and_other_files() {
    let scratch = Scratch::new("tree");
    for file in ["b.yaml", "a/c.yml", "a/d.JSON", "a/b/e.json", ".git/f.yaml", "a/.g.yaml", "h.txt"] {
        scratch.namespace(file);
    }
    let loaded = scratch.read(&[""]).unwrap();
    assert_eq!(names(&loaded), ["b", "c", "d", "e"]);
    assert_eq!(loaded.notes, []);
}

#[test]
fn links_in_circles_and_files_named_twice_are_read_once() {
    let scratch = Scratch::new("links");
    scratch.namespace("a/a.yaml");
    symlink(&scratch.0, scratch.0.join("a/up")).unwrap();
    symlink("a.yaml", scratch.0.join("a/b.yaml")).unwrap();
    let loaded = scratch.read(&["a", "a/a.yaml", ""]).unwrap();
    assert_eq!(names(&loaded), ["a"]);
    assert_eq!(loaded.notes, []);
}

#[test]
fn a_named_file_is_read_whatever_it_is_called() {
    let scratch = Scratch::new("named");
    scratch.namespace("a.tpl");
    assert_eq!(names(&scratch.read(&["a.tpl"]).unwrap()), ["a"]);
}

#[test]
fn what_cannot_be_read_is_named() {
    let scratch = Scratch::new("missing");
    fs::create_dir(scratch.0.join("empty")).unwrap();
    symlink("nowhere", scratch.0.join("dangling.yaml")).unwrap();
    let root = scratch.0.display();
    let refused = scratch.read(&["none.yaml", "empty"]).unwrap_err();
    let expected = [
        format!("error[unreadable]: cannot read {root}/none.yaml: No such file or directory (os error 2)"),
        format!("note[no-objects]: no .yaml, .yml or .json file in {root}/empty"),
    ];
    assert_eq!(found(&refused.diagnostics), expected);
    let refused = scratch.read(&[""]).unwrap_err();
    assert!(found(&refused.diagnostics)[0].contains("dangling.yaml"), "{refused}");
}

#[test]
fn places_name_files_as_the_user_did() {
    let scratch = Scratch::new("places");
    fs::write(scratch.0.join("a.yaml"), "kind: [\n").unwrap();
    let refused = scratch.read(&["a.yaml"]).unwrap_err();
    let path = scratch.0.join("a.yaml");
    assert_eq!(
        refused.to_string(),
        format!("{}:1:7: error[yaml-syntax]: this `[` is never closed", path.display())
    );
    assert_eq!(refused.sources.text(&path.display().to_string()), Some("kind: [\n"));
}

#[test]
fn templates_of_a_chart_are_passed_over_with_a_note() {
    let scratch = Scratch::new("chart");
    scratch.namespace("shop.yaml");
    scratch.namespace("chart/templates/plain.yaml");
    for (file, text) in [
        ("chart/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.2.3\n"),
        ("chart/templates/a.yaml", "kind: {{ .Values.kind }}\n"),
        ("chart/templates/tests/b.yaml", "{{- if .Values.tests }}\n"),
    ] {
        fs::create_dir_all(scratch.0.join(file).parent().unwrap()).unwrap();
        fs::write(scratch.0.join(file), text).unwrap();
    }
    let loaded = scratch.read(&[""]).unwrap();
    assert_eq!(names(&loaded), ["plain", "shop"]);
    let chart = scratch.0.join("chart").display().to_string();
    let notes = found(&loaded.notes);
    assert_eq!(
        notes[0],
        format!("note[unrendered-template]: skipped: 2 templates of the Helm chart {chart}")
    );
    assert_eq!(notes.len(), 2, "{notes:?}");
    let refused = scratch.read(&["chart/templates/a.yaml"]).unwrap_err();
    assert!(refused.diagnostics.iter().any(|one| one.code == "unrendered-template" && one.is_error()));
}

#[test]
fn many_files_of_other_programs_are_told_of_in_one_note() {
    let scratch = Scratch::new("aside");
    scratch.namespace("shop.yaml");
    for file in ["a.yaml", "b.json", "c.yaml"] {
        fs::write(scratch.0.join(file), "{\"a\": 1}\n").unwrap();
    }
    assert_eq!(scratch.read(&[""]).unwrap().notes.len(), 3);
    fs::write(scratch.0.join("d.yaml"), "a: 1\n---\nb: 1\n").unwrap();
    let loaded = scratch.read(&[""]).unwrap();
    let [only] = &loaded.notes[..] else { panic!("one note, not {:?}", loaded.notes) };
    assert!(only.message.starts_with("skipped: what is no Kubernetes object, in 4 files: "), "{only}");
    assert!(only.message.ends_with("c.yaml and 1 more"), "{only}");
}
