//! Manifests as they were at a revision: `git:REV:PATH`, read by running `git` in the working directory.
//!
//! REV and PATH are what `git show REV:PATH` takes: PATH is a file or a directory seen from the top of the repository, or from
//! here if it begins with `./`. Of a directory the same files are taken as of one on disk; symbolic links are not followed.

use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, anyhow, bail, ensure};
use podfence_source::{Input, is_manifest};

/// The mode of a symbolic link in a tree of git's.
const LINK: &str = "120000";

/// What an argument names if it is of the form `git:REV:PATH`; `None` for all others.
pub fn inputs(argument: &str) -> anyhow::Result<Option<Vec<Input>>> {
    let Some(rest) = argument.strip_prefix("git:") else { return Ok(None) };
    let (revision, path) =
        rest.split_once(':').with_context(|| format!("`{argument}` lacks its path: write git:REV:PATH"))?;
    ensure!(
        !revision.is_empty() && !revision.starts_with('-'),
        "`{argument}` has no revision: write git:REV:PATH"
    );
    let object = object(revision, path)?;
    let kind = told(&["cat-file", "-t", &object])?;
    if kind == "blob" {
        let bytes = checked(git(&["cat-file", "blob", &object], "")?)?;
        return Ok(Some(vec![Input::Bytes { name: argument.to_owned(), bytes }]));
    }
    let files = files(&object)?;
    let folder =
        if path.is_empty() || path.ends_with('/') { argument.to_owned() } else { format!("{argument}/") };
    let contents = contents(&files)?.into_iter().zip(files);
    let input =
        |(bytes, file): (Vec<u8>, File)| Input::Bytes { name: format!("{folder}{}", file.path), bytes };
    Ok(Some(contents.map(input).collect()))
}

/// A file of a tree.
struct File {
    object: String,
    path: String,
}

/// The object that a path is at a revision.
fn object(revision: &str, path: &str) -> anyhow::Result<String> {
    checked(git(&["rev-parse", "--git-dir"], "")?)
        .map_err(|why| anyhow!("git:{revision}:{path} needs a git repository here: {why}"))?;
    told(&["rev-parse", "--verify", "--quiet", &format!("{revision}^{{tree}}")])
        .map_err(|_| anyhow!("git knows no revision `{revision}`"))?;
    let from_here = if path == "." { "./" } else { path };
    told(&["rev-parse", "--verify", "--quiet", &format!("{revision}:{from_here}")])
        .map_err(|_| anyhow!("there is no `{path}` at revision `{revision}`"))
}

/// The manifests of a tree, in the order of their names, without those that are hidden.
fn files(tree: &str) -> anyhow::Result<Vec<File>> {
    let listed = told(&["ls-tree", "-r", "-z", "--full-tree", tree])?;
    let mut files: Vec<File> = listed.split_terminator('\0').filter_map(file).collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// A line of `git ls-tree`: `MODE TYPE OBJECT\tPATH`.
fn file(line: &str) -> Option<File> {
    let (about, path) = line.split_once('\t')?;
    let mut about = about.split(' ');
    let (mode, kind, object) = (about.next()?, about.next()?, about.next()?);
    let hidden = path.split('/').any(|part| part.starts_with('.'));
    let wanted = kind == "blob" && mode != LINK && !hidden && is_manifest(Path::new(path));
    wanted.then(|| File { object: object.to_owned(), path: path.to_owned() })
}

/// The bytes of all files, by one process.
fn contents(files: &[File]) -> anyhow::Result<Vec<Vec<u8>>> {
    let asked: String = files.iter().flat_map(|file| [file.object.as_str(), "\n"]).collect();
    let written = checked(git(&["cat-file", "--batch"], &asked)?)?;
    let mut rest = written.as_slice();
    files
        .iter()
        .map(|file| next(&mut rest).with_context(|| format!("git does not show {}", file.path)))
        .collect()
}

/// The next object of `git cat-file --batch`: `OBJECT TYPE SIZE`, a line break, the bytes, a line break.
fn next(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let size: usize = str::from_utf8(&rest[..end]).ok()?.rsplit(' ').next()?.parse().ok()?;
    let bytes = rest.get(end + 1..end + 1 + size)?.to_vec();
    *rest = rest.get(end + 2 + size..)?;
    Some(bytes)
}

/// What git says when all is well, without the line break at its end.
fn told(arguments: &[&str]) -> anyhow::Result<String> {
    let bytes = checked(git(arguments, "")?)?;
    let text = String::from_utf8(bytes).context("git names a file that is not UTF-8")?;
    Ok(text.trim_end_matches('\n').to_owned())
}

/// What git wrote, or else its complaint.
fn checked(output: Output) -> anyhow::Result<Vec<u8>> {
    if output.status.success() {
        return Ok(output.stdout);
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    let first = complaint.lines().next().unwrap_or("git failed without a word");
    bail!("{}", first.trim_start_matches("fatal: "))
}

fn git(arguments: &[&str], input: &str) -> anyhow::Result<Output> {
    let mut command = Command::new("git");
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let started = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => anyhow!("git:REV:PATH needs the program `git`, which is not installed"),
        _ => anyhow!("git does not start: {error}"),
    });
    let mut child = started?;
    let mut pipe = child.stdin.take().context("git has no standard input")?;
    std::thread::scope(|scope| {
        // Both at once: git writes while it still reads. If it ends early, its complaint says why.
        scope.spawn(move || drop(pipe.write_all(input.as_bytes())));
        child.wait_with_output().context("git does not end")
    })
}
