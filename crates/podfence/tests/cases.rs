//! Runs `tests/cases/**/*.md`, `docs/expectations.md` and the READMEs of `examples/`: documents in which manifests and commands with their exact
//! output are the test.
//!
//! A fenced block ```` ```yaml NAME ```` puts a file of that name into an empty directory; a ```` ```console ````
//! block runs its `$ podfence …` line there. Everything below that line is expected: standard output, then
//! `[stderr]` and standard error if there is any, then `[exit N]`. `< NAME` gives a file as standard input. Further
//! lines that begin with `$ podfence` or `$ cat FILE` run in the same directory, and their output is expected below them. A README's
//! commands run at the root of the workspace, as its reader would run them, and `[exit 0]` is left out.
//! What a command with `-o json` writes must fit the schema that it names.
//! With `PODFENCE_BLESS=1` the documents are rewritten with what really came out, with `PODFENCE_BLESS=PART` those whose
//! path contains that text.
//!
//! `lab` and `learn check` need a sandbox; where the system forbids it, its cases say why and are skipped, except in CI.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};
use podfence_testkit::{sandboxed, schemas};

/// Cases that run at the same time: those of the lab mostly wait for time-outs.
const AT_ONCE: usize = 8;

/// A file that a document states.
#[derive(Clone)]
struct Manifest {
    name: String,
    text: String,
}

/// One console block, with the files stated above it.
struct Case {
    ground: Ground,
    files: Vec<Manifest>,
    /// What stands behind `$ podfence` on the first line.
    command: String,
    /// Further lines with a `$`, run in the same directory.
    further: Vec<String>,
    expected: String,
    /// The lines of the document that `expected` stands in.
    lines: std::ops::Range<usize>,
}

/// Where the commands of a document run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ground {
    /// In an empty directory with the document's files.
    Scratch,
    /// At the root of the workspace.
    Workspace,
}

/// Set in the process that finds out whether there are sandboxes.
const TRY_SANDBOX: &str = "PODFENCE_TRY_SANDBOX";

fn main() {
    if std::env::var_os(TRY_SANDBOX).is_some() {
        return try_sandbox();
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let grounds = [
        (Ground::Scratch, package.join("tests/cases")),
        (Ground::Scratch, workspace().join("docs/expectations.md")),
        (Ground::Workspace, workspace().join("examples")),
    ];
    let missing = missing_sandbox();
    let mut trials = Vec::new();
    for (ground, root) in grounds {
        for path in documents(&root, ground) {
            if is_blessed(&path) {
                update(&path, ground);
            }
            trials.extend(of_document(&root, &path, ground, missing.as_deref()));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// Whether a document is to be rewritten: any for `1`, otherwise those whose path contains the text.
fn is_blessed(path: &Path) -> bool {
    let asked = std::env::var("PODFENCE_BLESS");
    asked.is_ok_and(|part| part == "1" || path.to_string_lossy().contains(&part))
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Ends badly, with the reason, where there are no sandboxes.
fn try_sandbox() {
    if let Err(error) = podfence_lab::sandbox::enter() {
        println!("{error}");
        std::process::exit(1);
    }
}

/// Why there are no sandboxes; found out in a process of its own, since one that enters cannot leave.
fn missing_sandbox() -> Option<String> {
    let program = std::env::current_exe().expect("a running program");
    let output = Command::new(program).env(TRY_SANDBOX, "1").output().expect("the program starts again");
    let reason = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (!output.status.success() && !sandboxed::in_ci()).then_some(reason)
}

fn documents(root: &Path, ground: Ground) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut left = vec![root.to_owned()];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).expect("a readable directory");
            left.extend(entries.map(|entry| entry.expect("an entry").path()));
        } else if path.extension().is_some_and(|e| e == "md") {
            found.push(path);
        }
    }
    found.retain(|path| ground == Ground::Scratch || path.ends_with("README.md"));
    found.sort();
    found
}

fn of_document(root: &Path, path: &Path, ground: Ground, missing: Option<&str>) -> Vec<Trial> {
    let below = path.strip_prefix(root).expect("a path below the root");
    let document = if root == path { Path::new("expectations") } else { below }.with_extension("");
    let document = document.display();
    let text = fs::read_to_string(path).expect("a readable document");
    let trial = |case: Case| {
        let name = format!("{document}:{}", case.lines.start);
        let kernel = |command: &str| ["lab", "learn check"].iter().any(|verb| command.starts_with(verb));
        let skip = missing.filter(|_| kernel(case.command.trim_start()));
        if let Some(reason) = skip {
            println!("{name} skipped: {reason}");
        }
        Trial::test(name, move || check(&case)).with_ignored_flag(skip.is_some())
    };
    cases(&text, ground).into_iter().map(trial).collect()
}

/// Reads a document line by line.
fn cases(text: &str, ground: Ground) -> Vec<Case> {
    let lines: Vec<&str> = text.lines().collect();
    let mut files: Vec<Manifest> = Vec::new();
    let mut cases = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let Some(info) = lines[at].strip_prefix("```") else {
            at += 1;
            continue;
        };
        let end = (at + 1..lines.len()).find(|i| lines[*i] == "```").expect("a closing fence");
        let body = at + 1..end;
        if info == "console" {
            let command = lines[body.start].strip_prefix("$ podfence").expect("`$ podfence …`").to_owned();
            let lines_of = body.start + 1..body.end;
            let below = &lines[lines_of.clone()];
            let further =
                below.iter().filter_map(|line| line.strip_prefix("$ ").map(str::to_owned)).collect();
            let expected = below.join("\n");
            cases.push(Case { ground, files: files.clone(), command, further, expected, lines: lines_of });
        } else if let Some((_, name)) = info.split_once(' ') {
            files.retain(|f| f.name != name);
            files.push(Manifest { name: name.to_owned(), text: lines[body].join("\n") + "\n" });
        }
        at = end + 1;
    }
    cases
}

fn check(case: &Case) -> Result<(), Failed> {
    let actual = run(case);
    if actual == case.expected {
        return fits_schema(case);
    }
    Err(format!("--- expected\n{}\n--- came out\n{actual}", case.expected).into())
}

/// Holds an answer in JSON against its schema; text on standard error alone has none.
fn fits_schema(case: &Case) -> Result<(), Failed> {
    let mut words = case.command.split_whitespace();
    let has_answer = !["[stderr]", "[exit"].iter().any(|start| case.expected.starts_with(start));
    let is_json = words.any(|word| word == "json") && has_answer && case.further.is_empty();
    let end = case.expected.rfind("\n}").map_or(case.expected.len(), |at| at + 2);
    let checked = if is_json { schemas::check(&case.expected[..end]).map(drop) } else { Ok(()) };
    Ok(checked?)
}

/// What the command writes and how it ends, in the form in which documents state it.
fn run(case: &Case) -> String {
    let directory = Scratch::new(case);
    let mut text = run_podfence(case, &directory, &case.command);
    for command in &case.further {
        let written = match command.split_once(' ') {
            Some(("podfence", arguments)) => run_podfence(case, &directory, arguments),
            Some(("cat", name)) => fs::read_to_string(directory.0.join(name)).expect("a file of the case"),
            _ => panic!("`$ podfence …` or `$ cat FILE`, not `$ {command}`"),
        };
        text = format!("{text}\n$ {command}\n{}", written.trim_end());
    }
    text.trim_start().to_owned()
}

fn run_podfence(case: &Case, directory: &Scratch, command: &str) -> String {
    let root = workspace();
    let (arguments, stdin) = command.split_once('<').unwrap_or((command, ""));
    let mut child = Command::new(env!("CARGO_BIN_EXE_podfence"))
        .args(arguments.split_whitespace())
        .current_dir(if case.ground == Ground::Scratch { &directory.0 } else { &root })
        .env_remove("CLICOLOR_FORCE")
        .env("XDG_STATE_HOME", directory.0.join(".state"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let input = case.files.iter().find(|f| f.name == stdin.trim()).map_or("", |f| f.text.as_str());
    // A command that reads no standard input may be gone already.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("the binary ends");
    let mut text = String::from_utf8(output.stdout).expect("UTF-8");
    if !output.stderr.is_empty() {
        text += "[stderr]\n";
        text += &String::from_utf8(output.stderr).expect("UTF-8");
    }
    let text = text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    let code = output.status.code().map_or("by a signal".into(), |code| code.to_string());
    if case.ground == Ground::Workspace && code == "0" {
        return text.trim().to_owned();
    }
    format!("{text}\n[exit {code}]").trim_start().to_owned()
}

/// A directory with the case's files, removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(case: &Case) -> Self {
        let name = format!("podfence-case-{}-{:p}", std::process::id(), case);
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("a temporary directory");
        for Manifest { name, text } in &case.files {
            let file = path.join(name);
            fs::create_dir_all(file.parent().expect("a parent")).expect("a directory");
            fs::write(file, text).expect("a file");
        }
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Rewrites a document with what its commands really write.
fn update(path: &Path, ground: Ground) {
    let text = fs::read_to_string(path).expect("a readable document");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for case in cases(&text, ground).iter().rev() {
        lines.splice(case.lines.clone(), run(case).lines().map(str::to_owned));
    }
    fs::write(path, lines.join("\n") + "\n").expect("a writable document");
}
