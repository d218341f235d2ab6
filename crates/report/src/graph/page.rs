//! The data of the page: cards, edges, and the traces behind them, with every text that occurs twice stored once.

use std::collections::HashMap;

use podfence_analysis::Path;
use podfence_analysis::graph::{Card, CardId, Edge, Graph, Trace, Unit, traces};
use podfence_engine::{Engine, Outcome};
use podfence_model::{Direction, Endpoint, Layer4, NamespacedName, World};
use podfence_source::SourceMap;
use serde::Serialize;

use super::arrange::{Spot, arrange};
use super::words::{card_lines, card_name, hidden, link_text, unit_lines, unit_name};
use crate::decisive::Decisive;
use crate::style::Piece;
use crate::{terminal, words};

/// Everything that the page shows.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    notes: Vec<String>,
    namespaces: Vec<NamespaceView>,
    cards: Vec<CardView>,
    edges: Vec<EdgeView>,
    traces: Vec<TraceView>,
    strings: Vec<String>,
}

#[derive(Serialize)]
struct NamespaceView {
    name: String,
    count: String,
    rank: usize,
    order: usize,
}

#[derive(Serialize)]
struct CardView {
    name: String,
    lines: Vec<String>,
    /// The place of its namespace in the list.
    ns: Option<usize>,
    pods: Vec<String>,
    ingress: Vec<Policy>,
    egress: Vec<Policy>,
    rank: usize,
    order: usize,
    /// The places of the cards that it stands for: every pod, everybody, those that nothing isolates.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stands: Vec<usize>,
}

/// A policy and where it is written.
type Policy = (String, String);

/// `("c", card)` or `("n", namespace)`.
type End = (&'static str, usize);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EdgeView {
    id: usize,
    from: End,
    to: End,
    from_name: String,
    to_name: String,
    title: String,
    label: String,
    open: bool,
    pairs: usize,
    #[serde(skip_serializing_if = "String::is_empty")]
    fold_text: String,
    traces: Vec<usize>,
}

#[derive(Serialize, PartialEq, Eq, Hash, Clone)]
struct TraceView {
    verdict: &'static str,
    flow: String,
    /// Labels with their paragraphs, by place in `strings`.
    sections: Vec<(String, Vec<usize>)>,
    rules: Vec<usize>,
    command: String,
}

/// What a page is made from, and the texts so far.
struct Press<'a> {
    world: &'a World,
    engine: &'a Engine,
    graph: &'a Graph,
    text: Decisive<'a>,
    strings: Shared<String>,
    traces: Shared<TraceView>,
}

/// Values in the order in which they first came, each once.
struct Shared<T>(HashMap<T, usize>);

impl<T: std::hash::Hash + Eq> Shared<T> {
    fn place(&mut self, value: T) -> usize {
        let next = self.0.len();
        *self.0.entry(value).or_insert(next)
    }

    fn list(self) -> Vec<T> {
        let mut all: Vec<(T, usize)> = self.0.into_iter().collect();
        all.sort_unstable_by_key(|(_, place)| *place);
        all.into_iter().map(|(value, _)| value).collect()
    }
}

impl Page {
    pub(super) fn new(world: &World, engine: &Engine, graph: &Graph, sources: &SourceMap) -> Self {
        let places = Places::of(graph);
        let (strings, traces) = (Shared(HashMap::new()), Shared(HashMap::new()));
        let mut press = Press { world, engine, graph, text: Decisive::new(sources), strings, traces };
        let edges = graph.edges.iter().enumerate().map(|(id, edge)| press.edge(&places, id, edge)).collect();
        let spots = press.spots(&places);
        let mut cards = press.cards(&places, &spots);
        let wide = places.wide.iter().zip(&spots[places.cards.len()..]);
        cards.extend(wide.map(|(unit, spot)| places.wide_card(graph, unit, *spot)));
        Self {
            notes: hidden(graph),
            namespaces: press.namespaces(&places),
            cards,
            edges,
            traces: press.traces.list(),
            strings: press.strings.list(),
        }
    }
}

/// Where cards and namespaces are in their lists, and which units stand behind the cards.
struct Places<'a> {
    cards: Vec<(CardId, &'a Card)>,
    of_card: HashMap<CardId, usize>,
    namespaces: Vec<&'a str>,
    wide: Vec<Unit>,
}

impl<'a> Places<'a> {
    fn of(graph: &'a Graph) -> Self {
        let cards: Vec<(CardId, &Card)> = graph.cards_with_ids().filter(|(_, card)| card.shown).collect();
        let of_card = cards.iter().enumerate().map(|(place, (id, _))| (*id, place)).collect();
        let mut namespaces: Vec<&str> = cards.iter().filter_map(|(_, card)| card.namespace()).collect();
        namespaces.dedup();
        let mut wide = Vec::new();
        for unit in graph.edges.iter().flat_map(|edge| [&edge.from, &edge.to]) {
            if !matches!(unit, Unit::Card(_) | Unit::Namespace(_)) && !wide.contains(unit) {
                wide.push(unit.clone());
            }
        }
        Self { cards, of_card, namespaces, wide }
    }

    fn namespace(&self, name: &str) -> Option<usize> {
        self.namespaces.iter().position(|other| *other == name)
    }

    /// Cards that an edge ends at are shown, and so are the namespaces.
    fn end(&self, unit: &Unit) -> End {
        let wide = |unit| self.wide.iter().position(|other| other == unit).map(|at| self.cards.len() + at);
        match unit {
            Unit::Card(id) => ("c", self.of_card.get(id).copied().unwrap_or_default()),
            Unit::Namespace(name) => ("n", self.namespace(name).unwrap_or_default()),
            Unit::EveryPod | Unit::Everybody | Unit::Free { .. } => ("c", wide(unit).unwrap_or_default()),
        }
    }

    /// The namespace that an end lies in.
    fn home(&self, unit: &Unit) -> Option<usize> {
        match unit {
            Unit::Card(id) => {
                let card = self.cards.get(*self.of_card.get(id)?)?.1;
                self.namespace(card.namespace()?)
            }
            Unit::Namespace(name) | Unit::Free { namespace: Some(name), .. } => self.namespace(name),
            Unit::EveryPod | Unit::Everybody | Unit::Free { namespace: None, .. } => None,
        }
    }

    fn wide_card(&self, graph: &Graph, unit: &Unit, spot: Spot) -> CardView {
        let held = self.cards.iter().enumerate().filter(|(_, (id, _))| graph.holds(unit, *id));
        CardView {
            name: unit_name(graph, unit),
            lines: unit_lines(graph, unit),
            ns: self.home(unit),
            pods: Vec::new(),
            ingress: Vec::new(),
            egress: Vec::new(),
            rank: spot.rank,
            order: spot.order,
            stands: held.map(|(place, _)| place).collect(),
        }
    }
}

impl Press<'_> {
    fn namespaces(&self, places: &Places<'_>) -> Vec<NamespaceView> {
        // Whatever is in no namespace stands for one more.
        let count = places.namespaces.len();
        let home = |unit| places.home(unit).unwrap_or(count);
        let lines: Vec<(usize, usize)> =
            self.graph.edges.iter().map(|edge| (home(&edge.from), home(&edge.to))).collect();
        let spots = arrange(count + 1, &lines);
        let view = |(name, Spot { rank, order }): (&&str, Spot)| {
            let here = places.cards.iter().filter(|(_, card)| card.namespace() == Some(name));
            let workloads: usize = here.map(|(_, card)| card.members().len()).sum();
            let count = words::count(workloads, "workload", "workloads");
            NamespaceView { name: (*name).to_owned(), count, rank, order }
        };
        places.namespaces.iter().zip(spots).map(view).collect()
    }

    fn cards(&self, places: &Places<'_>, spots: &[Spot]) -> Vec<CardView> {
        let view = |((_, card), spot): (&(CardId, &Card), &Spot)| CardView {
            name: card_name(card),
            lines: card_lines(card),
            ns: card.namespace().and_then(|name| places.namespace(name)),
            pods: card.members().iter().flat_map(|member| &member.pods).map(ToString::to_string).collect(),
            ingress: self.policies(card.isolating(Direction::Ingress)),
            egress: self.policies(card.isolating(Direction::Egress)),
            rank: spot.rank,
            order: spot.order,
            stands: Vec::new(),
        };
        places.cards.iter().zip(spots).map(view).collect()
    }

    /// Places in their namespaces, by the edges inside of these.
    fn spots(&self, places: &Places<'_>) -> Vec<Spot> {
        let within = |edge: &Edge| match (places.end(&edge.from), places.end(&edge.to)) {
            (("c", from), ("c", to)) => {
                let inside =
                    places.home(&edge.from).is_some() && places.home(&edge.from) == places.home(&edge.to);
                inside.then_some((from, to))
            }
            _ => None,
        };
        let lines: Vec<(usize, usize)> = self.graph.edges.iter().filter_map(within).collect();
        arrange(places.cards.len() + places.wide.len(), &lines)
    }

    fn policies(&self, names: &[NamespacedName]) -> Vec<Policy> {
        let place = |name| self.world.policies.get(name).map(|policy| policy.meta.origin.to_string());
        names.iter().map(|name| (name.to_string(), place(name).unwrap_or_default())).collect()
    }

    fn edge(&mut self, places: &Places<'_>, id: usize, edge: &Edge) -> EdgeView {
        let traces = traces(self.world, self.engine, self.graph, edge);
        let told = traces.len();
        let traces = traces.iter().map(|trace| self.trace(trace)).collect();
        let [from_name, to_name] = [&edge.from, &edge.to].map(|unit| unit_name(self.graph, unit));
        let pairs = edge.pairs.len();
        let fold_text = words::count(pairs, "pair of cards", "pairs of cards");
        let some = words::count(told, "is an example", "are examples");
        EdgeView {
            id,
            from: places.end(&edge.from),
            to: places.end(&edge.to),
            title: format!("{from_name} → {to_name}"),
            from_name,
            to_name,
            label: link_text(&edge.link),
            open: edge.link.certain.is_empty(),
            pairs,
            fold_text: if pairs > 1 {
                format!("This edge stands for {fold_text}; here {some}.")
            } else {
                String::new()
            },
            traces,
        }
    }

    fn trace(&mut self, trace: &Trace) -> usize {
        let (pieces, rules) = terminal::path(self.world, &trace.path, &self.text);
        let view = TraceView {
            verdict: words::outcome(&trace.path.answer.outcome),
            flow: flow(self.world, &trace.path),
            sections: self.sections(pieces, &trace.path),
            rules: rules.into_iter().map(|text| self.strings.place(text)).collect(),
            command: command(self.world, &trace.path),
        };
        self.traces.place(view)
    }

    fn sections(&mut self, pieces: Vec<Piece>, path: &Path) -> Vec<(String, Vec<usize>)> {
        let mut sections: Vec<(String, Vec<usize>)> = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Entry(label, text) => sections.push((label, vec![self.strings.place(text)])),
                Piece::More(text) | Piece::Line(text) => {
                    let place = self.strings.place(text.trim().to_owned());
                    sections.last_mut().into_iter().for_each(|(_, texts)| texts.push(place));
                }
                Piece::Gap => {}
            }
        }
        if let Outcome::Undecidable(_) = path.answer.outcome {
            let facts = path.missing.iter().map(|fact| self.strings.place(fact.to_string())).collect();
            sections.push(("missing".to_owned(), facts));
        }
        sections
    }
}

fn flow(world: &World, path: &Path) -> String {
    let (from, to) = (words::ends(world, &path.sources), words::ends(world, &path.destinations));
    format!("{from} → {to} {}", path.layer4)
}

/// The question as one would ask it again.
fn command(world: &World, path: &Path) -> String {
    let end = |ends: &[Endpoint]| ends.first().map_or_else(String::new, |end| typed(world, end));
    let (from, to) = (end(&path.sources), end(&path.destinations));
    let (port, protocol) = match path.layer4 {
        Layer4::Port(protocol, port) => (format!(" --port {port}"), protocol.to_string().to_lowercase()),
        Layer4::Icmp => (String::new(), "icmp".to_owned()),
    };
    format!("podfence explain {from} {to}{port} --protocol {protocol} -f …")
}

fn typed(world: &World, end: &Endpoint) -> String {
    let Endpoint::Pod { id, .. } = end else { return end.to_string() };
    let workload = world.pods.get(id).and_then(|pod| pod.workload.as_ref());
    workload.map_or_else(|| format!("{}/pod/{}", id.namespace, id.name), words::object)
}
