//! `podfence matrix`: who reaches whom on which ports.

use clap::{Args, ValueEnum};
use podfence_analysis::overview::{Filter, Folding, Overview, PortFilter};
use podfence_analysis::{Target, TargetError, assumed};
use podfence_engine::Engine;
use podfence_model::World;
use podfence_report::{json, matrix};
use podfence_source::Loaded;

use crate::cli::Source;
use crate::exit::Exit;
use crate::{input, output, progress};

const EXAMPLES: &str = "\
One row per set of destinations that everybody reaches alike. Equal ones are folded: to workloads,
to \"all of NAMESPACE\", \"every pod\" and \"everybody\", which is every pod and the world outside. A
pod always reaches itself, and its node reaches it: no row says so. The row of several pods of one
workload says whether one reaches another. A ; stands between names of which one has exceptions.

TARGET is [NAMESPACE/][KIND/]NAME, ns/NAME, node/NAME or an IP address, as for explain. With -n
only what comes to the pods of that namespace or from them is shown.

--exposure asks about pods that are not there yet: in every namespace and in new ones, without
labels and with those that rules name. Other labels make no difference. Egress policies count for
them, too.

Examples:
  podfence matrix -f manifests/
  podfence matrix -n shop -f shop.yaml
  podfence matrix --to shop/deploy/db --port 5432 -f .
  podfence matrix --from 203.0.113.7 --expand -o csv -f -
  podfence matrix --exposure -n shop -f shop.yaml

Exit code: 0 good, 2 bad use or input.";

/// The arguments of `matrix`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    input: Source,

    /// Only these sources; may be given several times
    #[arg(long, value_name = "TARGET")]
    from: Vec<String>,

    /// Only these destinations; may be given several times
    #[arg(long, value_name = "TARGET")]
    to: Vec<String>,

    /// Only these ports; a name means each number that some pod gives it
    #[arg(long, value_name = "PORT[/PROTOCOL]")]
    port: Vec<PortFilter>,

    /// Name every workload and pod, each destination in a row of its own
    #[arg(long)]
    expand: bool,

    /// Show also what new pods and the outside may reach, and what pods may reach outside
    #[arg(long, conflicts_with = "from")]
    exposure: bool,

    /// The form of the answer
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

/// `-o`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people
    Text,
    /// For programs
    Json,
    /// For spreadsheets
    Csv,
    /// For pull requests
    Md,
    /// A page for browsers
    Html,
}

/// How many names one place of the table shows before it says how many pods there are beyond.
const SHOWN: usize = 8;

/// Prints the table.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let Some(Loaded { mut world, .. }) = input::load(&arguments.input)? else {
        return Ok(Exit::Unusable);
    };
    assumed::add_cluster_dns(&mut world);
    if !arguments.input.quiet {
        input::tell_idle(&world, &World::default());
    }
    let engine = progress::during("indexing policies", || Engine::new(&world));
    let (filter, folding) = (filter(arguments, &world, &engine)?, folding(arguments));
    let (table, exposure) = progress::during("comparing pods", || {
        let overview = Overview::new(&world, &engine);
        let exposure = arguments.exposure.then(|| overview.exposure(&world, &filter, folding));
        (overview.table(&filter, folding), exposure)
    });
    let exposure = exposure.as_ref();
    let text = match arguments.output {
        Output::Text => matrix::text(&table, exposure, output::width()),
        Output::Json => json::matrix(&table, exposure),
        Output::Csv => matrix::csv(&table, exposure),
        Output::Md => matrix::markdown(&table, exposure),
        Output::Html => matrix::html(&table, exposure),
    };
    output::print(&text)?;
    Ok(Exit::Good)
}

/// People get long lists shortened unless they ask for all of them; programs never.
fn folding(arguments: &Arguments) -> Folding {
    match arguments.output {
        _ if arguments.expand => Folding::Expanded,
        Output::Json | Output::Csv => Folding::Folded,
        Output::Text | Output::Md | Output::Html => Folding::Short(SHOWN),
    }
}

fn filter(arguments: &Arguments, world: &World, engine: &Engine) -> anyhow::Result<Filter> {
    let targets = |texts: &[String]| -> Result<Vec<Target>, TargetError> {
        texts.iter().map(|text| Target::parse(text, world)).collect()
    };
    let (from, to) = (targets(&arguments.from)?, targets(&arguments.to)?);
    let namespace = arguments.input.namespace.as_deref();
    Ok(Filter::new((world, engine), (&from, &to), namespace, &arguments.port)?)
}
