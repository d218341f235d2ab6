//! Manifests at a revision: `git:REV:PATH`, in repositories made for the test.
//!
//! Without git there is nothing to test; then each test says so and passes, except in CI.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

use podfence_testkit::sandboxed;

const PODS: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: c, image: x}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: c, image: x}]}
";

/// A policy for the database that admits one port.
fn policy(port: u16) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: db, namespace: shop}}\n\
         spec: {{podSelector: {{matchLabels: {{app: db}}}}, ingress: [{{ports: [{{port: {port}}}]}}]}}\n"
    )
}

/// A directory, removed at the end.
struct Directory(PathBuf);

impl Directory {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("podfence-git-{test}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a temporary directory");
        Self(path)
    }

    /// A repository whose first revision, `first`, admits port 80. What follows admits 8080 and is not committed.
    fn repository(test: &str) -> Option<Self> {
        if let Err(error) = Command::new("git").arg("--version").output() {
            assert!(!sandboxed::in_ci(), "git does not start: {error}");
            println!("skipped: git does not start: {error}");
            return None;
        }
        let new = Self::new(test);
        new.write("deploy/pods.yaml", PODS);
        new.write("deploy/shop/policy.yaml", &policy(80));
        new.write("deploy/notes.txt", "no manifest");
        new.write("deploy/.hidden.yaml", "no: manifest");
        symlink("pods.yaml", new.0.join("deploy/link.yaml")).expect("a link");
        new.write("empty/notes.txt", "no manifest");
        new.git(&["init", "--quiet"]);
        new.git(&["add", "."]);
        new.git(&["-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--quiet", "-m", "first"]);
        new.git(&["tag", "first"]);
        fs::remove_file(new.0.join("deploy/link.yaml")).expect("the link");
        new.write("deploy/shop/policy.yaml", &policy(8080));
        Some(new)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, text).expect("a file");
    }

    fn git(&self, arguments: &[&str]) {
        let mut command = Command::new("git");
        let output = alone(command.args(arguments).current_dir(&self.0)).output().expect("git runs");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// What `podfence diff` writes in a folder of this directory, and how it ends.
    fn diff(&self, folder: &str, arguments: &str) -> (String, Option<i32>) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_podfence"));
        command.arg("diff").args(arguments.split(' ')).current_dir(self.0.join(folder));
        let output = alone(&mut command).output().expect("the binary runs");
        let text = [output.stdout, output.stderr].concat();
        (String::from_utf8(text).expect("UTF-8"), output.status.code())
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Without the user's settings, and without repositories around the temporary directory.
fn alone(command: &mut Command) -> &mut Command {
    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env_remove("CLICOLOR_FORCE");
    command.env_remove("GIT_DIR").env("GIT_CEILING_DIRECTORIES", std::env::temp_dir())
}

#[test]
fn a_directory_at_a_revision_is_what_it_was_then() {
    let Some(repository) = Directory::repository("directory") else { return };
    let (text, code) = repository.diff("", "git:first:deploy deploy --fail-on opened");
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("everybody → shop/db TCP 8080"), "{text}");
    assert!(text.contains("because policy shop/db (deploy/shop/policy.yaml:4) admits it"), "{text}");
    assert!(text.contains("because no ingress rule admits it any more; policy shop/db"), "{text}");
    assert!(text.contains("(git:first:deploy/shop/policy.yaml:4) did"), "{text}");
    for same in ["git:first:deploy/ git:HEAD:deploy", "git:first: git:HEAD:.", "deploy deploy"] {
        let (text, code) = repository.diff("", &format!("{same} --fail-on any"));
        assert_eq!(code, Some(0), "{same}: {text}");
        assert!(text.starts_with("EQUAL"), "{same}: {text}");
    }
}

#[test]
fn a_file_at_a_revision_is_read_from_anywhere() {
    let Some(repository) = Directory::repository("file") else { return };
    let policies = "shop/policy.yaml -f pods.yaml --fail-on opened";
    for old in ["git:first:deploy/shop/policy.yaml", "git:first:./shop/policy.yaml"] {
        let (text, code) = repository.diff("deploy", &format!("{old} {policies}"));
        assert_eq!(code, Some(1), "{old}: {text}");
        assert!(text.contains("everybody → shop/db TCP 8080"), "{old}: {text}");
    }
}

#[test]
fn what_is_not_there_is_said_plainly() {
    let Some(repository) = Directory::repository("missing") else { return };
    let table = [
        ("git:never:deploy", "error: git knows no revision `never`"),
        ("git:first:never", "error: there is no `never` at revision `first`"),
        ("git:--help:deploy", "error: `git:--help:deploy` has no revision: write git:REV:PATH"),
    ];
    for (old, expected) in table {
        let (text, code) = repository.diff("", &format!("{old} deploy"));
        assert_eq!((text.trim_end(), code), (expected, Some(2)));
    }
    let (text, code) = repository.diff("", "git:first:empty deploy");
    assert_eq!(code, Some(0), "an empty side is one: {text}");
    assert!(text.contains("note: git:first:empty holds no Kubernetes object"), "{text}");
    let nowhere = Directory::new("nowhere");
    let (text, code) = nowhere.diff("", "git:first:deploy deploy");
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.starts_with("error: git:first:deploy needs a git repository here: not a git repository"),
        "{text}"
    );
}
