//! What a dataplane enforces: programs, port rows and unions of classes.
//!
//! A *program* is a direction, the set of policies that isolate a pod in it, and (for ingress) the numbers the pod
//! gives to the port names those policies mention. Per protocol the program cuts 0 to 65535 where its rules say
//! something new; each row of ports admits one *union* of classes. Equal unions are one object, however many
//! rules, policies and pods wrote them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fixedbitset::FixedBitSet;
use podfence_model::{Direction, Layer4, NamespacedName, Pod, Port, PortSpec, Protocol, Rule};

use crate::ids::{AtomId, ClassId, NameId, PodId, PolicyId, ProgramId, UnionId};
use crate::index::Engine;

/// Ports from `first` to `last`, both included, and the peers that may use them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortRow {
    /// The lowest port.
    pub first: u16,
    /// The highest port.
    pub last: u16,
    /// Who is admitted.
    pub union: UnionId,
}

/// A program: what one set of policies admits in one direction.
#[derive(Debug, Clone)]
pub struct Program {
    /// Ingress or egress.
    pub direction: Direction,
    /// The policies it comes from, in order of name.
    pub policies: Vec<NamespacedName>,
    /// For ingress: the named ports the policies mention and the numbers that the pod gives them.
    pub named: Vec<(String, Protocol, Vec<Port>)>,
    /// Rows of admitted ports in rising order, disjoint; what is in no row is refused.
    pub ports: BTreeMap<Protocol, Vec<PortRow>>,
    /// Who is admitted on protocols without ports, ICMP among them; `None` = nobody.
    pub portless: Option<UnionId>,
}

/// A set of peer classes that some row admits; never empty.
#[derive(Debug, Clone)]
pub struct Union {
    /// The classes.
    pub classes: Vec<ClassId>,
    /// The peers as rules name them: canonical, the same whenever the same rules are compiled.
    pub expression: String,
    /// Whether it holds every class there can be.
    pub everyone: bool,
}

/// Programs and unions of some pods.
#[derive(Debug, Default)]
pub struct Compiled {
    programs: Vec<Program>,
    unions: Vec<Union>,
    of_pod: HashMap<(PodId, Direction), ProgramId>,
}

impl Compiled {
    /// All programs.
    pub fn programs(&self) -> impl Iterator<Item = (ProgramId, &Program)> {
        self.programs.iter().enumerate().map(|(i, p)| (ProgramId::new(i), p))
    }

    /// All unions.
    pub fn unions(&self) -> impl Iterator<Item = (UnionId, &Union)> {
        self.unions.iter().enumerate().map(|(i, u)| (UnionId::new(i), u))
    }

    /// The program of a pod; `None` when nothing isolates it in that direction.
    pub fn program_of(&self, pod: PodId, direction: Direction) -> Option<ProgramId> {
        self.of_pod.get(&(pod, direction)).copied()
    }

    /// A program.
    pub fn program(&self, id: ProgramId) -> &Program {
        &self.programs[id.index()]
    }

    /// A union.
    pub fn union(&self, id: UnionId) -> &Union {
        &self.unions[id.index()]
    }

    /// Whether a program admits a class.
    pub fn admits(&self, program: ProgramId, class: ClassId, layer4: Layer4) -> bool {
        let program = self.program(program);
        let union = match layer4 {
            Layer4::Icmp => program.portless,
            Layer4::Port(protocol, port) => {
                let rows = program.ports.get(&protocol).map_or(&[][..], Vec::as_slice);
                let row = rows.iter().find(|r| (r.first..=r.last).contains(&port.get()));
                row.map(|r| r.union)
            }
        };
        union.is_some_and(|id| self.union(id).classes.binary_search(&class).is_ok())
    }
}

/// What tells programs apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct ProgramKey {
    direction: Direction,
    policies: Vec<PolicyId>,
    /// The subject's numbers for the names that its ingress rules mention.
    named: Vec<(String, Protocol, Vec<Port>)>,
}

/// One way into a row: these atoms (`None` = everybody), and a port name that the peer must give to a number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Term {
    atom: Option<AtomId>,
    named: Option<(NameId, Port)>,
}

impl Engine {
    /// Compiles the programs of these pods.
    pub fn compile(&self, pods: impl IntoIterator<Item = PodId>) -> Compiled {
        let mut compiler = Compiler::new(self);
        for pod in pods {
            for direction in Direction::BOTH {
                compiler.enter(pod, direction);
            }
        }
        compiler.out
    }
}

struct Compiler<'e> {
    engine: &'e Engine,
    out: Compiled,
    programs: HashMap<ProgramKey, ProgramId>,
    expressions: HashMap<Vec<Term>, Option<UnionId>>,
    contents: HashMap<FixedBitSet, UnionId>,
    /// Per atom, the classes in it.
    of_atom: Vec<FixedBitSet>,
    /// Per port name and number, the classes whose pods give the name that number.
    of_name: BTreeMap<(NameId, Port), FixedBitSet>,
}

impl<'e> Compiler<'e> {
    fn new(engine: &'e Engine) -> Self {
        let classes = engine.classes();
        let mut of_atom = vec![FixedBitSet::with_capacity(classes.len()); engine.atoms.len()];
        let mut of_name: BTreeMap<(NameId, Port), FixedBitSet> = BTreeMap::new();
        for (i, class) in classes.iter().enumerate() {
            class.signature.atoms.iter().for_each(|atom| of_atom[atom.index()].insert(i));
            for key in &class.signature.named {
                let set = of_name.entry(*key).or_insert_with(|| FixedBitSet::with_capacity(classes.len()));
                set.insert(i);
            }
        }
        Self {
            engine,
            out: Compiled::default(),
            programs: HashMap::new(),
            expressions: HashMap::new(),
            contents: HashMap::new(),
            of_atom,
            of_name,
        }
    }

    fn enter(&mut self, pod: PodId, direction: Direction) {
        let policies = self.engine.isolating(pod, direction);
        if policies.is_empty() {
            return;
        }
        let named = match direction {
            Direction::Ingress => self.subject_names(&policies, self.engine.pod(pod)),
            Direction::Egress => Vec::new(),
        };
        let key = ProgramKey { direction, policies, named };
        let id = if let Some(id) = self.programs.get(&key) {
            *id
        } else {
            let program = self.program(&key);
            let id = ProgramId::new(self.out.programs.len());
            self.out.programs.push(program);
            self.programs.insert(key, id);
            id
        };
        self.out.of_pod.insert((pod, direction), id);
    }

    /// The names that the policies' ingress rules mention, with the pod's numbers for them.
    fn subject_names(&self, policies: &[PolicyId], pod: &Pod) -> Vec<(String, Protocol, Vec<Port>)> {
        let rules = policies.iter().flat_map(|id| &self.engine.policy(*id).ingress);
        let names = rules.flat_map(|rule| &rule.ports).filter_map(|item| match &item.ports {
            PortSpec::Named(name) => Some((name.clone(), item.protocol)),
            PortSpec::All | PortSpec::Range(_) => None,
        });
        let names: BTreeSet<_> = names.collect();
        names
            .into_iter()
            .map(|(name, protocol)| {
                let numbers: BTreeSet<Port> = pod.named_port(&name, protocol).collect();
                (name, protocol, numbers.into_iter().collect())
            })
            .collect()
    }

    fn program(&mut self, key: &ProgramKey) -> Program {
        let cells = Cells::of(self.engine, key, &self.of_name);
        let ports = Protocol::ALL.into_iter().map(|p| (p, self.rows(&cells, p)));
        let ports = ports.filter(|(_, rows)| !rows.is_empty()).collect();
        let policies = key.policies.iter().map(|id| self.engine.policy(*id).meta.id.clone()).collect();
        let portless = self.union(cells.portless);
        Program { direction: key.direction, policies, named: key.named.clone(), ports, portless }
    }

    fn rows(&mut self, cells: &Cells, protocol: Protocol) -> Vec<PortRow> {
        let mut rows: Vec<PortRow> = Vec::new();
        for (first, last, terms) in cells.rows(protocol) {
            let Some(union) = self.union(terms) else { continue };
            match rows.last_mut() {
                Some(before) if before.union == union && before.last.checked_add(1) == Some(first) => {
                    before.last = last;
                }
                _ => rows.push(PortRow { first, last, union }),
            }
        }
        rows
    }

    /// The union of what the terms admit; `None` when that is nobody.
    fn union(&mut self, terms: BTreeSet<Term>) -> Option<UnionId> {
        let terms: Vec<Term> = terms.into_iter().collect();
        if let Some(known) = self.expressions.get(&terms) {
            return *known;
        }
        let classes = self.classes_of(&terms);
        let id = (!classes.is_clear()).then(|| self.intern(classes, &terms));
        self.expressions.insert(terms, id);
        id
    }

    fn intern(&mut self, classes: FixedBitSet, terms: &[Term]) -> UnionId {
        if let Some(id) = self.contents.get(&classes) {
            return *id;
        }
        let id = UnionId::new(self.out.unions.len());
        self.out.unions.push(Union {
            classes: classes.ones().map(ClassId::new).collect(),
            expression: self.describe(terms),
            everyone: terms.contains(&Term { atom: None, named: None }),
        });
        self.contents.insert(classes, id);
        id
    }

    fn classes_of(&self, terms: &[Term]) -> FixedBitSet {
        let count = self.engine.classes().len();
        let mut admitted = FixedBitSet::with_capacity(count);
        for term in terms {
            let mut part = match term.atom {
                Some(atom) => self.of_atom[atom.index()].clone(),
                None => everybody(count),
            };
            if let Some(key) = &term.named {
                match self.of_name.get(key) {
                    Some(set) => part.intersect_with(set),
                    None => part.clear(),
                }
            }
            admitted.union_with(&part);
        }
        admitted
    }

    fn describe(&self, terms: &[Term]) -> String {
        let mut parts: Vec<String> = terms.iter().map(|t| self.describe_term(t)).collect();
        parts.sort_unstable();
        parts.join("; ")
    }

    fn describe_term(&self, term: &Term) -> String {
        let who = term.atom.map_or_else(|| "everyone".into(), |atom| self.engine.atoms.describe(atom));
        match &term.named {
            None => who,
            Some((id, number)) => {
                let (name, protocol) = self.engine.names.describe(*id);
                format!("{who} with {protocol} port {name}={number}")
            }
        }
    }
}

fn everybody(count: usize) -> FixedBitSet {
    let mut all = FixedBitSet::with_capacity(count);
    all.insert_range(..);
    all
}

/// The terms of a program before they are evaluated: where they begin and end, per protocol.
#[derive(Default)]
struct Cells {
    edges: BTreeMap<Protocol, Vec<(u16, u16, Term)>>,
    portless: BTreeSet<Term>,
}

impl Cells {
    fn of(engine: &Engine, key: &ProgramKey, of_name: &BTreeMap<(NameId, Port), FixedBitSet>) -> Self {
        let mut cells = Self::default();
        for id in &key.policies {
            let entry = engine.entry(*id);
            let rules = entry.policy.rules(key.direction).iter().zip(entry.atoms(key.direction));
            for (rule, atoms) in rules {
                let spans = spans(engine, rule, key, of_name);
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
    fn rows(&self, protocol: Protocol) -> Vec<(u16, u16, BTreeSet<Term>)> {
        let spans = self.edges.get(&protocol).map_or(&[][..], Vec::as_slice);
        let mut cuts: BTreeSet<u32> = BTreeSet::new();
        for (first, last, _) in spans {
            cuts.extend([u32::from(*first), u32::from(*last) + 1]);
        }
        let cuts: Vec<u32> = cuts.into_iter().collect();
        let stretch = |pair: &[u32]| {
            let (first, last) = (u16::try_from(pair[0]).ok()?, u16::try_from(pair[1] - 1).ok()?);
            let inside = spans.iter().filter(|(f, l, _)| *f <= first && last <= *l);
            Some((first, last, inside.map(|(.., term)| term.clone()).collect()))
        };
        cuts.windows(2).filter_map(stretch).collect()
    }
}

/// The atoms of a rule's peers; one `None` when it names none, which is everybody.
fn who(rule: &Rule, atoms: &[AtomId]) -> Vec<Option<AtomId>> {
    if rule.peers.is_empty() { vec![None] } else { atoms.iter().copied().map(Some).collect() }
}

/// Ports that a rule admits.
struct Span {
    /// `None`: protocols without ports.
    protocol: Option<Protocol>,
    first: u16,
    last: u16,
    named: Option<(NameId, Port)>,
}

fn spans(
    engine: &Engine,
    rule: &Rule,
    key: &ProgramKey,
    of_name: &BTreeMap<(NameId, Port), FixedBitSet>,
) -> Vec<Span> {
    let span = |protocol, first, last| Span { protocol, first, last, named: None };
    if rule.ports.is_empty() {
        let with_ports = Protocol::ALL.into_iter().map(|p| span(Some(p), 0, u16::MAX));
        return with_ports.chain([span(None, 0, 0)]).collect();
    }
    let mut spans = Vec::new();
    for item in &rule.ports {
        let protocol = Some(item.protocol);
        match &item.ports {
            PortSpec::All => spans.push(span(protocol, 0, u16::MAX)),
            PortSpec::Range(range) => spans.push(span(protocol, range.first().get(), range.last().get())),
            PortSpec::Named(name) => {
                match key.direction {
                    Direction::Ingress => {
                        let numbers = key.named.iter().filter(|(n, p, _)| n == name && *p == item.protocol);
                        let numbers = numbers.flat_map(|(.., numbers)| numbers);
                        spans.extend(numbers.map(|n| span(protocol, n.get(), n.get())));
                    }
                    Direction::Egress => {
                        let given = of_name.keys().filter(|(id, _)| {
                            let (known, with) = engine.names.describe(*id);
                            known == name && *with == item.protocol
                        });
                        spans.extend(given.map(|key| Span {
                            named: Some(*key),
                            ..span(protocol, key.1.get(), key.1.get())
                        }));
                    }
                }
            }
        }
    }
    spans
}
