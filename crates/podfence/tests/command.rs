//! The command as a program among others: colours, pipes, and what it says while it works.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

const PODS: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: a, labels: {app: a}}
spec: {containers: [{name: a, image: a, ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: b}
spec: {containers: [{name: b, image: b}]}
";

const POLICY: &str = "\
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: a}
spec: {podSelector: {matchLabels: {app: a}}, policyTypes: [Ingress]}
";

const EXPECTATIONS: &str = "\
podfence: expectations/v1
expect:
  - deny: {from: default/b, to: default/a}
";

/// A directory with manifests without and with a policy, removed at the end.
struct World(PathBuf);

impl World {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("podfence-{test}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a temporary directory");
        let files = [("old.yaml", PODS.to_owned()), ("new.yaml", PODS.to_owned() + POLICY)];
        for (name, text) in files.into_iter().chain([("expected.yaml", EXPECTATIONS.to_owned())]) {
            fs::write(path.join(name), text).expect("a temporary file");
        }
        Self(path)
    }

    fn run(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_podfence"));
        command.args(arguments.split_whitespace()).current_dir(&self.0);
        command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
        command
    }

    /// What a line of `sh` writes on a terminal that `script` makes, and meanwhile into the file `told`; `None` where there is no
    /// `script`.
    fn on_terminal(&self, line: &str) -> Option<String> {
        let mut command = Command::new("script");
        command.args(["-qefc", line, "told"]).current_dir(&self.0).stdin(Stdio::null());
        match command.env("PODFENCE", env!("CARGO_BIN_EXE_podfence")).env_remove("CI").output() {
            Ok(output) => Some(String::from_utf8_lossy(&output.stdout).into_owned()),
            Err(error) => {
                println!("skipped: script: {error}");
                None
            }
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn is_coloured(command: &mut Command) -> bool {
    let output = command.output().expect("the binary runs");
    assert!(!output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout.contains(&0x1b)
}

#[test]
fn colours_show_only_where_they_are_wanted() {
    let world = World::new("colours");
    for verb in [
        "explain b a:80 -f new.yaml",
        "explain a -f new.yaml",
        "lint -f new.yaml",
        "matrix -f new.yaml",
        "diff old.yaml new.yaml",
        "test expected.yaml -f new.yaml",
    ] {
        assert!(!is_coloured(&mut world.run(verb)), "{verb}: a pipe is no terminal");
        assert!(is_coloured(world.run(verb).env("CLICOLOR_FORCE", "1")), "{verb}");
        assert!(!is_coloured(world.run(verb).env("NO_COLOR", "1")), "{verb}");
    }
}

#[test]
fn what_programs_read_has_no_colours() {
    let world = World::new("plain");
    for verb in [
        "explain b a:80 -f new.yaml -o json",
        "lint -f new.yaml -o sarif",
        "matrix -f new.yaml -o csv",
        "diff old.yaml new.yaml -o md",
        "test expected.yaml -f new.yaml -o junit",
        "test --freeze -f new.yaml",
        "graph -f new.yaml -o svg",
        "completions bash",
        "man",
    ] {
        assert!(!is_coloured(world.run(verb).env("CLICOLOR_FORCE", "1")), "{verb}");
    }
}

#[test]
fn terminals_get_colours_unless_the_user_wants_none() {
    let world = World::new("terminal");
    let Some(plain) = world.on_terminal("NO_COLOR=1 $PODFENCE explain b a:80 -f new.yaml") else { return };
    assert!(plain.contains("DENIED") && !plain.contains('\x1b'), "{plain:?}");
    let coloured = world.on_terminal("TERM=xterm $PODFENCE explain b a:80 -f new.yaml").unwrap_or_default();
    assert!(coloured.contains('\x1b'), "{coloured:?}");
}

#[test]
fn long_work_is_told_of_on_terminals_only() {
    let world = World::new("progress");
    // The input comes when reading has been told of.
    let patient = "(for i in $(seq 600); do grep -q reading told && break; sleep 0.1; done; cat new.yaml) |";
    let Some(told) = world.on_terminal(&format!("{patient} $PODFENCE matrix -f -")) else { return };
    assert!(told.contains("reading … "), "{told:?}");
    let slow = "(sleep 2; cat new.yaml) |";
    let piped = world.on_terminal(&format!("{slow} $PODFENCE matrix -f - 2>&1 | cat")).unwrap_or_default();
    assert!(piped.contains("default/a") && !piped.contains("reading"), "{piped:?}");
    let in_ci = world.on_terminal(&format!("{slow} CI=true $PODFENCE matrix -f -")).unwrap_or_default();
    assert!(in_ci.contains("default/a") && !in_ci.contains("reading"), "{in_ci:?}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let world = World::new("pipe");
    let mut child =
        world.run("matrix -f new.yaml").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
