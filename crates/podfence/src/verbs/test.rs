//! `podfence test FILE…`: do expectations hold?

use std::ffi::OsString;

use anyhow::bail;
use clap::{Args, ValueEnum};
use podfence_analysis::assumed;
use podfence_analysis::expect::{Checker, freeze};
use podfence_report::expectations::{Ended, Told, suites, text, yaml};
use podfence_report::{json, junit, tap};
use podfence_source::{Input, Loaded, LoadedExpectations, SourceMap, expectations};

use crate::cli::Source;
use crate::exit::Exit;
use crate::{input, output, progress};

const EXAMPLES: &str = "\
FILE is a list of expectations, in our own YAML or in that of netassert v2; docs/expectations.md
describes both. Our own begins with `podfence: expectations/v1`:

  podfence: expectations/v1
  expect:
    - allow: {from: shop/deploy/web, to: shop/sts/db, ports: 5432}
    - deny: {from: [\"*\", not shop/deploy/web], to: shop/sts/db}

Examples:
  podfence test expectations.yaml -f manifests/
  podfence test netassert.yaml -f manifests/ -o junit > results.xml
  podfence test --freeze -f manifests/ > today.yaml

Exit code: 0 all hold, 1 some fail, 2 bad use or input, or a name that means nobody,
3 some are undecidable (a fact is missing) and none fails.";

/// The arguments of `test`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Files of expectations, or directories of them
    #[arg(value_name = "FILE", required_unless_present = "freeze")]
    files: Vec<OsString>,

    /// Write what holds today as expectations
    #[arg(long, conflicts_with = "files")]
    freeze: bool,

    #[command(flatten)]
    input: Source,

    /// The form of the answer
    #[arg(short, long, value_enum, default_value_t = Form::Text)]
    output: Form,
}

/// `-o`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people
    Text,
    /// For programs
    Json,
    /// `JUnit` XML, for build servers
    Junit,
    /// The Test Anything Protocol, version 14
    Tap,
}

/// Holds expectations against manifests, and tells by the exit code.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let Some(Loaded { mut world, sources, .. }) = input::load(&arguments.input)? else {
        return Ok(Exit::Unusable);
    };
    assumed::add_cluster_dns(&mut world);
    if arguments.freeze {
        let frozen = progress::during("freezing", || freeze(world));
        if frozen.claims.is_empty() {
            bail!("there is nothing to freeze: policies can see no pod in these manifests");
        }
        output::print(&yaml(&frozen))?;
        return Ok(Exit::Good);
    }
    let inputs: Vec<Input> = arguments.files.iter().map(|file| Input::from_argument(file)).collect();
    let LoadedExpectations { files, .. } = match expectations(&inputs) {
        Ok(loaded) => loaded,
        Err(refused) => {
            input::tell(&refused.diagnostics, &refused.sources);
            return Ok(Exit::Unusable);
        }
    };
    let checker = Checker::new(world, arguments.input.namespace.as_deref());
    let all = files.iter().flat_map(|file| &file.expectations);
    let told: Vec<Told> = progress::during("checking", || {
        all.map(|expectation| Told::new(expectation, checker.check(expectation))).collect()
    });
    output::print(&written(arguments.output, &told, &sources))?;
    Ok(exit(&told))
}

fn written(form: Form, told: &[Told], sources: &SourceMap) -> String {
    match form {
        Form::Text => text(told, sources),
        Form::Json => json::expectations(told),
        Form::Junit => junit::junit("podfence test", &suites(told, sources)),
        Form::Tap => tap::tap(&suites(told, sources)),
    }
}

/// What weighs most: a mistake, then a failure, then a missing fact.
fn exit(told: &[Told]) -> Exit {
    let any = |ended: Ended| told.iter().any(|one| one.ended == ended);
    if any(Ended::Mistaken) {
        Exit::Unusable
    } else if any(Ended::Failed) {
        Exit::Denied
    } else if any(Ended::Undecidable) {
        Exit::Undecidable
    } else {
        Exit::Good
    }
}
