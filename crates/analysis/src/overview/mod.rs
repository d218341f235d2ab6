//! Who reaches whom on which ports, as a table that people can read: one row per set of destinations that everybody reaches
//! alike.
//!
//! [`Overview`] holds the matrix in both readings and the names of the world, [`Overview::table`] reads it by destination,
//! keeps what a [`Filter`] asks for, and folds. `lines` makes a destination's column into a few lines, `census`
//! names the groups in it, `exposure` asks about pods that are not there yet. Nothing is judged here: all of it comes from [`Matrix`].

mod census;
mod columns;
mod exposure;
mod filter;
mod lines;

use std::collections::BTreeSet;

use fixedbitset::FixedBitSet;
use podfence_engine::{Engine, Fact, Reading};
use podfence_model::{Family, Life, Origin, Pod, PortSet, World};

use crate::ends::{self, Directory, EndName};
use crate::matrix::{GroupId, Matrix, Members};
use crate::parallel;

use self::census::Census;
pub use self::exposure::Exposure;
pub use self::filter::{Filter, FilterError, PortFilter};
use self::lines::Piece;

/// How many pods without an address are named, before only their number is said.
const MISSING_SHOWN: usize = 4;

/// Who reaches whom in a world.
#[derive(Debug)]
pub struct Overview<'a> {
    pub(crate) engine: &'a Engine,
    certain: Matrix,
    /// What is possible if missing facts turn out so; `None` where no fact is missing.
    possible: Option<Matrix>,
    directory: Directory,
    assumed: Vec<EndName>,
    on_host_network: Vec<EndName>,
    missing: Missing,
}

/// Facts that lines of a world's tables may hang on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Missing {
    /// Pods whose addresses no input states, and some `ipBlock` asks about.
    pub addresses: Vec<EndName>,
    /// Namespaces whose labels no input states, and some selector asks about.
    pub labels: Vec<String>,
}

/// Destinations with who reaches them, each destination in one row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// The rows: pods by name first, then addresses.
    pub rows: Vec<Row>,
    /// What no input states and the table has nonetheless.
    pub assumed: Vec<EndName>,
    /// Pods that are in no row: they use their nodes' network, and no policy selects them.
    pub on_host_network: Vec<EndName>,
    /// What undecided lines hang on; nothing where all lines are certain.
    pub missing: Missing,
}

/// Destinations that the same sources reach on the same ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The destinations; never empty.
    pub to: Vec<EndName>,
    /// What reaches them; nothing when it is empty. The same source may stand in several lines.
    pub lines: Vec<Line>,
}

/// Sources, and ports on which they reach a destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The ports.
    pub ports: PortSet,
    /// The only family that it holds in, where families differ.
    pub family: Option<Family>,
    /// Whether it is certain; otherwise it hangs on a missing fact.
    pub certain: bool,
    /// The sources; never empty.
    pub from: Vec<EndName>,
}

/// How far sets of ends are folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folding {
    /// To namespaces, "every pod" and the like; equal destinations share a row.
    Folded,
    /// The same with this many names at most in one place, and the number of pods beyond.
    Short(usize),
    /// To workloads and bare pods, each destination in its own row.
    Expanded,
}

impl Folding {
    /// Names for some places of a directory's row.
    fn names(self, directory: &Directory, pods: &FixedBitSet) -> Vec<EndName> {
        match self {
            Self::Folded => directory.fold(pods),
            Self::Short(most) => directory.fold_short(pods, most),
            Self::Expanded => directory.list(pods),
        }
    }
}

impl<'a> Overview<'a> {
    /// All pairs of a world and the engine made from it.
    pub fn new(world: &World, engine: &'a Engine) -> Self {
        let certain = Matrix::new(engine, Reading::Certain);
        let possible = (!engine.is_certain()).then(|| Matrix::new(engine, Reading::Possible));
        let assumed = |pod: &Pod| pod.is_policed() && matches!(pod.meta.origin, Origin::Assumed(_));
        let directory = Directory::new(world, engine);
        Self {
            missing: missing(engine, &directory),
            engine,
            certain,
            possible,
            directory,
            assumed: makers(world, assumed),
            on_host_network: makers(world, |pod| pod.host_network && pod.life != Life::Finished),
        }
    }

    /// The names of the world.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The matrix of what is certain.
    pub fn matrix(&self) -> &Matrix {
        &self.certain
    }

    /// What a filter asks for, by destination.
    pub fn table(&self, filter: &Filter, folding: Folding) -> Table {
        let mut rows = Vec::new();
        for view in filter.views(self) {
            rows.extend(self.rows(&view, folding));
        }
        let is_open = rows.iter().flat_map(|row| &row.lines).any(|line| !line.certain);
        Table {
            rows,
            assumed: self.assumed.clone(),
            on_host_network: self.on_host_network.clone(),
            missing: if is_open { self.missing.clone() } else { Missing::default() },
        }
    }

    fn rows(&self, view: &filter::View, folding: Folding) -> Vec<Row> {
        let (to, from) = (Census::new(self, view.to.as_ref()), Census::new(self, view.from.as_ref()));
        let is_asked = |id: &GroupId| to.has(*id) && (self.is_pods(*id) || from.has_pods());
        let asked: Vec<GroupId> = self.certain.groups_with_ids().map(|(id, _)| id).filter(is_asked).collect();
        let column = |id: GroupId| self.column(id, &from, view.ports.as_ref());
        let lines = |pieces: &[Piece], groups: &[GroupId]| self.lines(pieces, groups, &from, folding);
        let columns = columns::distinct(&asked, column, lines);
        let names = parallel::map(&columns, |(groups, _)| to.name(&self.bits(groups), folding));
        let rows = names.into_iter().zip(columns).flat_map(|(to, (_, lines))| rows_of(to, lines, folding));
        rows.filter(|row| !row.lines.is_empty() || view.shows_unreached()).collect()
    }

    /// The lines of a column with their sources by name; of addresses only pods are told.
    fn lines(&self, pieces: &[Piece], groups: &[GroupId], from: &Census<'_>, folding: Folding) -> Vec<Line> {
        let between_pods = groups.iter().any(|id| self.is_pods(*id));
        let itself = self.only_pod(groups);
        let line = |piece: &Piece| {
            let pods_only = (!between_pods).then(|| from.pods_of(&piece.from));
            let sources = pods_only.as_ref().unwrap_or(&piece.from);
            let from = match itself {
                Some(pod) => name_beside(from, sources, (groups[0], pod), folding),
                None => from.name(sources, folding),
            };
            let Piece { ports, family, certain, .. } = piece;
            let line = Line { ports: ports.clone(), family: *family, certain: *certain, from };
            (!line.from.is_empty()).then_some(line)
        };
        if itself.is_some() {
            return lines::without_repeats(pieces, groups[0]).iter().filter_map(line).collect();
        }
        pieces.iter().filter_map(line).collect()
    }

    /// The pod that some groups are.
    fn only_pod(&self, groups: &[GroupId]) -> Option<&Pod> {
        let [only] = groups else { return None };
        match &self.certain.group(*only).members {
            Members::Pods(pods) if pods.len() == 1 => Some(self.engine.pod(pods[0])),
            _ => None,
        }
    }

    fn is_pods(&self, id: GroupId) -> bool {
        matches!(self.certain.group(id).members, Members::Pods(_))
    }

    fn bits(&self, groups: &[GroupId]) -> FixedBitSet {
        let mut bits = FixedBitSet::with_capacity(self.certain.groups().len());
        bits.extend(groups.iter().map(|id| id.index()));
        bits
    }
}

/// Names for those who reach a pod. Whether it is among them itself is not said, so it is left out or in as is shorter.
fn name_beside(
    from: &Census<'_>,
    sources: &FixedBitSet,
    (group, pod): (GroupId, &Pod),
    folding: Folding,
) -> Vec<EndName> {
    let names = from.name(sources, folding);
    if !names.iter().any(|name| name.mentions(pod)) {
        return names;
    }
    let mut others = sources.clone();
    others.grow(group.index() + 1);
    others.toggle(group.index());
    let others = from.name(&others, folding);
    if ends::weight(&others) < ends::weight(&names) { others } else { names }
}

fn rows_of(to: Vec<EndName>, lines: Vec<Line>, folding: Folding) -> Vec<Row> {
    match folding {
        Folding::Folded | Folding::Short(_) => vec![Row { to, lines }],
        Folding::Expanded => to.into_iter().map(|one| Row { to: vec![one], lines: lines.clone() }).collect(),
    }
}

fn missing(engine: &Engine, directory: &Directory) -> Missing {
    let (mut pods, mut labels) = (directory.nobody(), Vec::new());
    for fact in engine.unstated() {
        match fact {
            Fact::PodAddress(pod) => pods.extend(directory.place(&pod)),
            Fact::NamespaceLabels(name) => labels.push(name),
            // A row stands for pods and addresses: no node is in it, and each address has its own.
            Fact::NodeAddress(_) | Fact::WhichAddress(_) | Fact::PodNode(_) => {}
        }
    }
    Missing { addresses: directory.fold_short(&pods, MISSING_SHOWN), labels }
}

/// What makes the pods that are meant, or they themselves where nothing does.
fn makers(world: &World, is_meant: impl Fn(&Pod) -> bool) -> Vec<EndName> {
    let pods = world.pods.values().filter(|pod| is_meant(pod));
    let name = |pod: &Pod| match &pod.workload {
        Some(workload) => EndName::Workload(workload.clone()),
        None => EndName::Pod(pod.meta.id.clone()),
    };
    pods.map(name).collect::<BTreeSet<_>>().into_iter().collect()
}
