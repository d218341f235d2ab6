//! `--fix`: writing the edits of findings into the user's files.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use podfence_lint::{Fix, Fixed, Selection, fix};

use super::{Arguments, Found, find};

/// Rounds of mending: an edit may lead to another finding, or touch the text of another edit.
const ROUNDS: usize = 10;

/// Mends as long as there is something to mend, and returns what is left.
pub(super) fn mend(arguments: &Arguments, selection: &Selection) -> anyhow::Result<Found> {
    let wanted = |fix: Fix| match fix {
        Fix::None => false,
        Fix::Safe => true,
        Fix::Suggested => arguments.fix_suggested,
    };
    for name in &arguments.input.filenames {
        if name == "-" {
            bail!("--fix writes into files, and standard input is none: give -f FILE or -f DIR");
        }
        if let Some(name) = name.to_str().filter(|name| name.starts_with("git:")) {
            bail!("--fix writes into files, and {name} is none: give -f FILE or -f DIR");
        }
    }
    if let Some(name) = arguments.input.filenames.iter().find(|name| is_revision(name)) {
        let name = name.display();
        bail!("--fix writes into files, and {name} is a revision of them: give -f FILE or -f DIR");
    }
    let mut found = find(arguments, selection)?;
    for _ in 0..ROUNDS {
        let fixed = fix(&found.report.findings, wanted, &found.sources);
        if fixed.is_empty() {
            break;
        }
        fixed.iter().try_for_each(write)?;
        found = find(arguments, selection)?;
    }
    Ok(found)
}

fn is_revision(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with("git:"))
}

fn write(Fixed { file, text, mended }: &Fixed) -> anyhow::Result<()> {
    let path = Path::new(&**file);
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    anstream::eprintln!("{file}: {mended} mended");
    Ok(())
}
