//! The command under the name of a kubectl plugin, and what it writes for shells and `man` under either name.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const VERBS: [&str; 10] =
    ["explain", "lint", "diff", "test", "matrix", "graph", "lab", "learn", "completions", "man"];

/// A directory with the command under both names, removed at the end.
struct Programs(PathBuf);

impl Programs {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("podfence-{test}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a directory");
        for name in ["podfence", "kubectl-podfence"] {
            fs::copy(env!("CARGO_BIN_EXE_podfence"), path.join(name)).expect("a copy");
        }
        Self(path)
    }

    fn run(&self, name: &str, arguments: &[&str]) -> String {
        text(&Command::new(self.0.join(name)).args(arguments).output().expect("the copy runs"))
    }

    /// Runs a line of bash with the programs on its path; `None` where there is no bash.
    fn bash(&self, line: &str) -> Option<String> {
        let path = format!("{}:{}", self.0.display(), std::env::var("PATH").unwrap_or_default());
        match Command::new("bash").args(["-c", line]).env("PATH", path).output() {
            Ok(output) => Some(text(&output)),
            Err(error) => {
                assert!(std::env::var_os("CI").is_none(), "bash: {error}");
                println!("skipped: bash: {error}");
                None
            }
        }
    }
}

impl Drop for Programs {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

#[test]
fn usage_lines_name_the_command_as_it_was_called() {
    let programs = Programs::new("usage");
    for verb in VERBS {
        let plain = programs.run("podfence", &[verb, "--help"]);
        assert!(plain.contains(&format!("Usage: podfence {verb}")), "{plain}");
        let plugin = programs.run("kubectl-podfence", &[verb, "--help"]);
        assert!(plugin.contains(&format!("Usage: kubectl podfence {verb}")), "{plugin}");
        let calls = |help: &str, command: &str| help.matches(&format!("{command} {verb} ")).count();
        assert_eq!(calls(&plugin, "podfence"), calls(&plugin, "kubectl podfence"), "{plugin}");
    }
}

#[test]
fn completions_know_every_verb_under_either_name() {
    let programs = Programs::new("shells");
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        for name in ["podfence", "kubectl-podfence"] {
            let script = programs.run(name, &["completions", shell]);
            assert!(script.contains(name), "{shell}: {script}");
            assert!(VERBS.iter().all(|verb| script.contains(verb)), "{shell}: {script}");
        }
    }
}

#[test]
fn bash_completes_verbs_options_and_values() {
    let programs = Programs::new("bash");
    let complete = |name: &str, words: &str| {
        programs.bash(&format!(
            "source <({name} completions bash); COMP_WORDS=({name} {words}); \
             COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             _podfence {name} \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD - 1]}}\"; \
             echo \"${{COMPREPLY[@]}}\""
        ))
    };
    for name in ["podfence", "kubectl-podfence"] {
        let Some(verbs) = complete(name, "ma") else { return };
        assert_eq!(verbs.trim(), "matrix man");
        assert_eq!(complete(name, "lint --fa").unwrap_or_default().trim(), "--fail-on");
        assert_eq!(complete(name, "lint --fail-on n").unwrap_or_default().trim(), "note never");
    }
}

#[test]
fn kubectl_asks_a_program_for_candidates() {
    let programs = Programs::new("kubectl");
    let asks = |words: &str| {
        let script = programs.0.join("kubectl_complete-podfence");
        let script = script.display();
        programs.bash(&format!("kubectl-podfence completions kubectl > {script} && bash {script} {words}"))
    };
    let Some(verbs) = asks("ex") else { return };
    assert_eq!(verbs, "explain\n:4\n");
    assert_eq!(asks("lint --fail-on ''").unwrap_or_default(), "error\nwarning\nnote\nnever\n:4\n");
}

#[test]
fn there_is_a_manual_page_for_every_verb() {
    let programs = Programs::new("man");
    for name in ["podfence", "kubectl-podfence"] {
        let page = programs.run(name, &["man"]);
        assert!(page.contains(&format!(".TH {name} 1")), "{page}");
        let pages = programs.0.join(format!("{name}.d/man1"));
        programs.run(name, &["man", "--dir", &pages.to_string_lossy()]);
        for verb in VERBS {
            let page = read(&pages.join(format!("{name}-{verb}.1")));
            let called = format!("{} {verb}", name.replace("kubectl-", "kubectl "));
            assert!(page.contains(&called), "{page}");
        }
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
