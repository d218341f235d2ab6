//! `podfence lint`: the traps in policies.

use clap::Args;
use podfence_lint::{Report, Selection, lint, refused};
use podfence_model::World;
use podfence_report::diagnostic;
use podfence_source::SourceMap;

use crate::cli::Source;
use crate::exit::Exit;
use crate::{input, output};

/// The arguments of `lint`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    input: Source,

    /// Only these rules or families of rules
    #[arg(long, value_name = "RULE|FAMILY", value_delimiter = ',')]
    select: Vec<String>,

    /// Not these rules or families of rules
    #[arg(long, value_name = "RULE|FAMILY", value_delimiter = ',')]
    ignore: Vec<String>,
}

/// Finds, and tells by the exit code.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let selection = Selection::new(arguments.select.clone(), arguments.ignore.clone())?;
    let (report, sources) = find(arguments, &selection)?;
    let shown = report.findings.iter().map(|finding| diagnostic::render(&finding.diagnostic, &sources));
    output::print(&shown.collect::<Vec<_>>().join("\n"))?;
    Ok(if report.findings.is_empty() { Exit::Good } else { Exit::Denied })
}

fn find(arguments: &Arguments, selection: &Selection) -> anyhow::Result<(Report, SourceMap)> {
    Ok(match input::read_all(&arguments.input)? {
        Ok(mut loaded) => {
            let world: &mut World = &mut loaded.world;
            podfence_analysis::assumed::add_cluster_dns(world);
            let engine = podfence_engine::Engine::new(world);
            (lint(world, &engine, &loaded.sources, &loaded.notes, selection), loaded.sources)
        }
        Err(found) => (refused(&found.diagnostics, selection), found.sources),
    })
}
