//! `podfence graph`: who reaches whom, as a picture or a page.

use clap::{Args, ValueEnum};
use podfence_analysis::graph::{Choice, Ends, Graph};
use podfence_analysis::resolve::{Role, resolve};
use podfence_analysis::{Target, assumed};
use podfence_engine::Engine;
use podfence_model::World;
use podfence_report::{graph, json};
use podfence_source::Loaded;

use crate::cli::Source;
use crate::exit::Exit;
use crate::{input, output, progress};

const EXAMPLES: &str = "\
Workloads that no policy tells apart share a node, and a rule for a whole namespace, for every pod
or for everybody is one edge. Connections that no policy decides are left out unless --all asks
for them. NAME is [NAMESPACE/][KIND/]NAME as in `explain`, also ns/NAME, or an IP address.

Examples:
  podfence graph -f manifests/ > graph.html           one page to look around in
  podfence graph -f manifests/ -o svg > graph.svg
  podfence graph -f . -o mermaid -n shop              for Markdown; only what shop is part of
  podfence graph -f . -o dot --to shop/db | dot -Tpng -o db.png

Exit code: 0 drawn, 2 bad use or input.";

/// Edges above which pictures that cannot unfold are folded.
const READABLE: usize = 250;

/// The arguments of `graph`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    input: Source,

    /// Only connections that this one opens
    #[arg(long, value_name = "NAME")]
    from: Option<String>,

    /// Only connections that this one accepts
    #[arg(long, value_name = "NAME")]
    to: Option<String>,

    /// Also connections that no policy decides
    #[arg(short, long)]
    all: bool,

    /// Draw each namespace as one node; done unasked in pictures of more than 250 edges
    #[arg(long)]
    fold: bool,

    /// The form of the graph
    #[arg(short, long, value_enum, default_value_t = Form::Html)]
    output: Form,
}

/// `-o`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// A page in which each edge leads to the policies that decide it
    Html,
    /// A picture
    Svg,
    /// For Graphviz
    Dot,
    /// For Markdown
    Mermaid,
    /// For programs
    Json,
}

/// Draws.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let Some(Loaded { mut world, sources, .. }) = input::load(&arguments.input)? else {
        return Ok(Exit::Unusable);
    };
    assumed::add_cluster_dns(&mut world);
    let engine = progress::during("indexing policies", || Engine::new(&world));
    let choice = choice(arguments, &world)?;
    let drawn = progress::during("comparing pods", || Graph::new(&world, &engine, &choice))?;
    let fold = fold(arguments, &drawn);
    let text = match arguments.output {
        Form::Html => graph::html(&world, &engine, &drawn, &sources),
        Form::Svg => graph::svg(&drawn, fold),
        Form::Dot => graph::dot(&drawn, fold),
        Form::Mermaid => graph::mermaid(&drawn, fold),
        Form::Json => json::graph(&drawn),
    };
    output::print(&text)?;
    Ok(Exit::Good)
}

fn choice(arguments: &Arguments, world: &World) -> anyhow::Result<Choice> {
    let namespace = arguments.input.namespace.clone();
    if let Some(name) = namespace.as_ref().filter(|name| !world.namespaces.contains_key(*name)) {
        anyhow::bail!("there is no namespace {name}");
    }
    let end = |name: &Option<String>| name.as_ref().map(|name| ends(name, arguments, world)).transpose();
    Ok(Choice { from: end(&arguments.from)?, to: end(&arguments.to)?, namespace, all: arguments.all })
}

fn ends(name: &str, arguments: &Arguments, world: &World) -> anyhow::Result<Ends> {
    let target = Target::parse(name, world)?;
    // A Service stands for its pods here, as a source's does: a graph has no ports to ask for.
    let resolved = resolve(world, &target, Role::Source, arguments.input.namespace.as_deref())?;
    Ends::of(&resolved).ok_or_else(|| anyhow::anyhow!("`{name}` is no pod, workload, namespace or address"))
}

fn fold(arguments: &Arguments, drawn: &Graph) -> graph::Fold {
    let pictures = matches!(arguments.output, Form::Svg | Form::Dot | Form::Mermaid);
    if !(arguments.fold || pictures && drawn.edges.len() > READABLE) {
        return graph::Fold::Nothing;
    }
    if pictures && !arguments.fold && !arguments.input.quiet {
        anstream::eprintln!(
            "note: {} edges are too many for a picture, so each namespace is one node; --namespace, --from and --to draw \
             parts, and -o html all of it",
            drawn.edges.len()
        );
    }
    graph::Fold::Namespaces
}
