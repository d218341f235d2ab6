//! `podfence man`: manual pages, made from the same texts as `--help`.

use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use crate::cli::{command, program};
use crate::exit::Exit;
use crate::output;

const EXAMPLES: &str = "\
Examples:
  podfence man | man -l -
  podfence man --dir ~/.local/share/man/man1

Exit code: 0 good, 2 bad use, or a directory that cannot be written.";

/// The arguments of `man`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Write a page for the command and one for each verb into this directory, made if need be;
    /// without it the command's own page goes to standard output
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Prints one page, or writes all.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let command = command().name(program());
    if let Some(dir) = &arguments.dir {
        fs::create_dir_all(dir)
            .and_then(|()| clap_mangen::generate_to(command, dir))
            .with_context(|| format!("cannot write manual pages into {}", dir.display()))?;
    } else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page)?;
        output::print(&String::from_utf8(page)?)?;
    }
    Ok(Exit::Good)
}
