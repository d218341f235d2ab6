//! `podfence lint`: the traps in policies, and how to mend them.

mod fixing;

use anyhow::bail;
use clap::{Args, ValueEnum};
use podfence_analysis::assumed;
use podfence_engine::Engine;
use podfence_lint::{Report, Selection, SelectionError, lint, refused, rules};
use podfence_report::findings;
use podfence_source::{Severity, SourceMap};

use crate::cli::Source;
use crate::exit::Exit;
use crate::{input, output, progress};

const EXAMPLES: &str = "\
A finding is suppressed by a comment on its line, or above it or its object:
  # podfence: ignore RULE, RULE -- why
or by the annotation podfence.dev/lint-ignore: RULE, RULE on the object.
What no manifest says about a cluster (its DNS, its address ranges) is told by a document of
kind ClusterFacts among the input; see docs/lint.md.

Examples:
  podfence lint -f manifests/
  helm template shop | podfence lint -f -
  podfence lint -f . --select dns,and-or
  podfence lint -f . --fix
  podfence lint --explain egress-without-dns

Exit code: 0 no findings but notes (see --fail-on), 1 findings, 2 bad use or input that is refused.";

/// The arguments of `lint`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    input: Source,

    /// Only these rules or families of rules
    #[arg(long, value_name = "RULE|FAMILY", value_delimiter = ',')]
    select: Vec<String>,

    /// Not these rules or families of rules
    #[arg(long, value_name = "RULE|FAMILY", value_delimiter = ',')]
    ignore: Vec<String>,

    /// Leave out findings that weigh less
    #[arg(long, value_enum, default_value_t = Weight::Note, value_name = "WEIGHT")]
    severity: Weight,

    /// End with exit code 1 from this weight on
    #[arg(long, value_enum, default_value_t = FailOn::Warning, value_name = "WEIGHT")]
    fail_on: FailOn,

    /// Mend in the files what can be mended for sure
    #[arg(long)]
    fix: bool,

    /// Mend also what is only suggested: read the changes
    #[arg(long)]
    fix_suggested: bool,

    /// Say what a rule is about, and leave
    #[arg(long, value_name = "RULE", exclusive = true)]
    explain: Option<String>,

    /// List all rules, and leave
    #[arg(long, exclusive = true)]
    rules: bool,

    /// The form of the findings
    #[arg(short, long, value_enum, default_value_t = Form::Text)]
    output: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people
    Text,
    /// For programs
    Json,
    /// SARIF 2.1.0, for code hosts and editors
    Sarif,
    /// JUnit XML, for build servers
    Junit,
    /// Commands in the log of GitHub Actions
    Github,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Weight {
    /// Broken for sure
    Error,
    /// Likely wrong
    Warning,
    /// Worth knowing
    Note,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Broken for sure
    Error,
    /// Likely wrong
    Warning,
    /// Anything
    Note,
    /// Nothing but input that is refused
    Never,
}

impl Weight {
    /// Whether a finding is shown.
    fn shows(self, severity: Severity) -> bool {
        severity
            <= match self {
                Self::Error => Severity::Error,
                Self::Warning => Severity::Warning,
                Self::Note => Severity::Note,
            }
    }
}

impl FailOn {
    fn fails(self, severity: Severity) -> bool {
        match self {
            Self::Error => Weight::Error.shows(severity),
            Self::Warning => Weight::Warning.shows(severity),
            Self::Note => true,
            Self::Never => false,
        }
    }
}

/// What was found in an input.
struct Found {
    report: Report,
    sources: SourceMap,
    /// The input is refused: nothing but reading was looked at.
    refused: bool,
}

/// Finds, mends where asked to, and tells by the exit code.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    if arguments.rules {
        output::print(&findings::list())?;
        return Ok(Exit::Good);
    }
    if let Some(code) = &arguments.explain {
        return explain(code);
    }
    let selection = Selection::new(arguments.select.clone(), arguments.ignore.clone())?;
    let mut found = if arguments.fix || arguments.fix_suggested {
        fixing::mend(arguments, &selection)?
    } else {
        find(arguments, &selection)?
    };
    found.report.findings.retain(|finding| arguments.severity.shows(finding.diagnostic.severity));
    let Found { report, sources, .. } = &found;
    output::print(&match arguments.output {
        Form::Text => findings::text(report, sources),
        Form::Json => findings::json(report, sources),
        Form::Sarif => findings::sarif(report, sources),
        Form::Junit => findings::junit(report, sources),
        Form::Github => findings::github(report, sources),
    })?;
    Ok(exit(arguments, &found))
}

fn exit(arguments: &Arguments, found: &Found) -> Exit {
    let fails = |severity| arguments.fail_on.fails(severity);
    if found.refused {
        Exit::Unusable
    } else if found.report.findings.iter().any(|finding| fails(finding.diagnostic.severity)) {
        Exit::Denied
    } else {
        Exit::Good
    }
}

fn explain(code: &str) -> anyhow::Result<Exit> {
    let Some(rule) = rules::find(code) else {
        match Selection::new(vec![code.to_owned()], Vec::new()) {
            Err(SelectionError { word, near: Some(near) }) => {
                bail!("there is no rule `{word}`; did you mean `{near}`?")
            }
            _ => bail!("there is no rule `{code}`: `podfence lint --rules` lists them"),
        }
    };
    output::print(&findings::page(rule))?;
    Ok(Exit::Good)
}

/// Reads the input once and looks at it.
fn find(arguments: &Arguments, selection: &Selection) -> anyhow::Result<Found> {
    Ok(match input::read_all(&arguments.input)? {
        Ok(mut loaded) => {
            assumed::add_cluster_dns(&mut loaded.world);
            let report = progress::during("looking for traps", || {
                let engine = Engine::new(&loaded.world);
                lint(&loaded.world, &engine, &loaded.sources, &loaded.notes, selection)
            });
            Found { report, sources: loaded.sources, refused: false }
        }
        Err(found) => {
            Found { report: refused(&found.diagnostics, selection), sources: found.sources, refused: true }
        }
    })
}
