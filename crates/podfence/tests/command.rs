//! The command as a program among others: its name as a plugin, colours, pipes.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: a}
spec: {containers: [{name: a, image: a, ports: [{containerPort: 80}]}]}
";

/// A file with one pod, removed at the end.
struct World(PathBuf);

impl World {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("podfence-{test}-{}.yaml", std::process::id()));
        fs::write(&path, POD).expect("a temporary file");
        Self(path)
    }

    fn explain(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_podfence"));
        command.args(["explain", "a", "a", "-f"]).arg(&self.0);
        command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
        command
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn is_coloured(command: &mut Command) -> bool {
    let output = command.output().expect("the binary runs");
    assert!(output.status.success());
    output.stdout.contains(&0x1b)
}

#[test]
fn colours_show_only_where_they_are_wanted() {
    let world = World::new("colours");
    assert!(!is_coloured(&mut world.explain()), "a pipe is no terminal");
    assert!(is_coloured(world.explain().env("CLICOLOR_FORCE", "1")));
    assert!(!is_coloured(world.explain().env("NO_COLOR", "1")));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let world = World::new("pipe");
    let mut child = world.explain().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[cfg(unix)]
#[test]
fn as_a_plugin_it_is_called_kubectl_podfence() {
    let directory = std::env::temp_dir().join(format!("podfence-plugin-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let plugin = directory.join("kubectl-podfence");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_podfence"), &plugin).unwrap();
    let output = Command::new(&plugin).args(["explain", "--help"]).output().unwrap();
    fs::remove_dir_all(&directory).unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(help.contains("Usage: kubectl podfence explain"), "{help}");
}
