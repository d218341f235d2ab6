//! The terms of a program before they are evaluated: which peers may use which ports.

use std::collections::{BTreeMap, BTreeSet};

use podfence_model::{Direction, Port, PortMatch, PortSpec, Protocol, Rule};

use crate::ids::{AtomId, ClassId, NameId, PolicyId};
use crate::index::Engine;

/// What tells programs apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct ProgramKey {
    pub direction: Direction,
    pub policies: Vec<PolicyId>,
    /// The subject's numbers for the names that its ingress rules mention.
    pub named: Vec<(String, Protocol, Vec<Port>)>,
}

/// Per port name and number, the classes whose pods give the name that number.
pub(super) type Given = BTreeMap<(NameId, Port), BTreeSet<ClassId>>;

/// One way into a row: an atom (`None` = everybody), and a port name that the peer must give to a number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Term {
    pub atom: Option<AtomId>,
    pub named: Option<(NameId, Port)>,
}

/// Ports that a rule admits.
#[derive(Debug, Clone, Copy)]
struct Span {
    /// `None`: protocols without ports.
    protocol: Option<Protocol>,
    first: u16,
    last: u16,
    /// For a name in an egress rule: the peer must give the name this number.
    named: Option<(NameId, Port)>,
}

impl Span {
    fn new(protocol: Option<Protocol>, first: u16, last: u16) -> Self {
        Self { protocol, first, last, named: None }
    }

    /// Every port of a protocol; 0 too, which no rule can name but any packet can carry.
    fn whole(protocol: Protocol) -> Self {
        Self::new(Some(protocol), 0, u16::MAX)
    }
}

/// The terms of one program, by protocol and ports.
#[derive(Default)]
pub(super) struct Cells {
    edges: BTreeMap<Protocol, Vec<(u16, u16, Term)>>,
    pub portless: BTreeSet<Term>,
}

impl Cells {
    /// The terms of a program's rules. `given` says which numbers peers give to port names.
    pub(super) fn of(engine: &Engine, key: &ProgramKey, given: &Given) -> Self {
        let mut cells = Self::default();
        for id in &key.policies {
            let entry = engine.entry(*id);
            let rules = entry.policy.rules(key.direction).iter().zip(entry.atoms(key.direction));
            for (rule, atoms) in rules {
                let spans = spans(engine, rule, key, given);
                for atom in who(rule, atoms) {
                    cells.add(&spans, atom);
                }
            }
        }
        cells
    }

    fn add(&mut self, spans: &[Span], atom: Option<AtomId>) {
        for span in spans {
            let term = Term { atom, named: span.named };
            match span.protocol {
                None => drop(self.portless.insert(term)),
                Some(protocol) => {
                    self.edges.entry(protocol).or_default().push((span.first, span.last, term));
                }
            }
        }
    }

    /// The terms of each elementary stretch of ports, in rising order.
    pub(super) fn rows(&self, protocol: Protocol) -> Vec<(u16, u16, BTreeSet<Term>)> {
        let mut edges: BTreeMap<u32, Vec<(bool, &Term)>> = BTreeMap::new();
        for (first, last, term) in self.edges.get(&protocol).into_iter().flatten() {
            edges.entry(u32::from(*first)).or_default().push((true, term));
            edges.entry(u32::from(*last) + 1).or_default().push((false, term));
        }
        let mut open = Open::default();
        let mut rows = Vec::new();
        let mut begun = None;
        for (at, changes) in edges {
            let stretch = begun.replace(at).map(|first| (u16::try_from(first), u16::try_from(at - 1)));
            if let Some((Ok(first), Ok(last))) = stretch {
                rows.push((first, last, open.terms()));
            }
            for (begins, term) in changes {
                open.change(begins, term);
            }
        }
        rows
    }
}

/// The terms of the spans that hold a port, each with their number.
#[derive(Default)]
struct Open<'t>(BTreeMap<&'t Term, usize>);

impl<'t> Open<'t> {
    fn change(&mut self, begins: bool, term: &'t Term) {
        let spans = self.0.entry(term).or_default();
        *spans = if begins { *spans + 1 } else { spans.saturating_sub(1) };
        if *spans == 0 {
            self.0.remove(term);
        }
    }

    fn terms(&self) -> BTreeSet<Term> {
        self.0.keys().map(|term| (*term).clone()).collect()
    }
}

/// The atoms of a rule's peers; one `None` when it names none, which is everybody.
fn who(rule: &Rule, atoms: &[AtomId]) -> Vec<Option<AtomId>> {
    if rule.peers.is_empty() { vec![None] } else { atoms.iter().copied().map(Some).collect() }
}

fn spans(engine: &Engine, rule: &Rule, key: &ProgramKey, given: &Given) -> Vec<Span> {
    if rule.ports.is_empty() {
        let with_ports = Protocol::ALL.into_iter().map(Span::whole);
        return with_ports.chain([Span::new(None, 0, 0)]).collect();
    }
    let of_item = |item: &PortMatch| match (&item.ports, key.direction) {
        (PortSpec::All, _) => vec![Span::whole(item.protocol)],
        (PortSpec::Range(range), _) => {
            vec![Span::new(Some(item.protocol), range.first().get(), range.last().get())]
        }
        (PortSpec::Named(name), Direction::Ingress) => subject_numbers(key, name, item.protocol),
        (PortSpec::Named(name), Direction::Egress) => peer_numbers(engine, name, item.protocol, given),
    };
    rule.ports.iter().flat_map(of_item).collect()
}

/// A name in an ingress rule means what the subject itself gives it.
fn subject_numbers(key: &ProgramKey, name: &str, protocol: Protocol) -> Vec<Span> {
    let of_name = key.named.iter().filter(|(n, p, _)| n == name && *p == protocol);
    of_name.flat_map(|(.., numbers)| numbers).map(|n| Span::new(Some(protocol), n.get(), n.get())).collect()
}

/// A name in an egress rule means what each peer gives it.
fn peer_numbers(engine: &Engine, name: &str, protocol: Protocol, given: &Given) -> Vec<Span> {
    let Some(id) = engine.names.id(name, protocol) else { return Vec::new() };
    let span = |key: &(NameId, Port)| Span {
        named: Some(*key),
        ..Span::new(Some(protocol), key.1.get(), key.1.get())
    };
    given.range((id, Port::MIN)..=(id, Port::MAX)).map(|(key, _)| span(key)).collect()
}
