//! Makes programs and unions, each once.

use std::collections::{BTreeSet, HashMap};

use fixedbitset::FixedBitSet;
use podfence_model::{Direction, Pod, Port, PortSpec, Protocol};
use rustc_hash::FxHashMap;

use super::cells::{Cells, Given, ProgramKey, Term};
use super::{Compiled, PortRow, Program, Reading, Union};
use crate::ids::{ClassId, PodId, PolicyId, ProgramId, UnionId};
use crate::index::Engine;

impl Engine {
    /// Compiles the programs of these pods.
    pub fn compile(&self, pods: impl IntoIterator<Item = PodId>) -> Compiled {
        self.compile_as(pods, Reading::Certain)
    }

    /// As [`Engine::compile`], with missing facts read in one way.
    pub fn compile_as(&self, pods: impl IntoIterator<Item = PodId>, reading: Reading) -> Compiled {
        let mut compiled = Compiled::reading(self, reading);
        for pod in pods {
            compiled.bind(self, pod);
        }
        compiled
    }
}

impl Compiled {
    /// Nothing yet, ready for the pods of this engine.
    pub fn new(engine: &Engine) -> Self {
        Self::reading(engine, Reading::Certain)
    }

    fn reading(engine: &Engine, reading: Reading) -> Self {
        let mut new = Self {
            reading,
            programs: Vec::new(),
            program_ids: HashMap::new(),
            of_pod: FxHashMap::default(),
            unions: Vec::new(),
            expressions: FxHashMap::default(),
            contents: FxHashMap::default(),
            of_atom: vec![Vec::new(); engine.atoms.len()],
            names: engine.names.len(),
            given: Given::new(),
            of_class: Vec::new(),
        };
        for index in 0..engine.classes().len() {
            new.index_class(engine, ClassId::new(index));
        }
        new
    }

    /// Enters a class that has come into being into the indexes of what it belongs to.
    pub(super) fn index_class(&mut self, engine: &Engine, class: ClassId) {
        self.index_marks(engine, class, 0, 0);
        self.of_class.push(Vec::new());
    }

    /// Enters a class into the indexes of those atoms and port names that have at least these numbers.
    pub(super) fn index_marks(&mut self, engine: &Engine, class: ClassId, atoms: usize, names: usize) {
        let signature = &engine.class(class).signature;
        let maybe = if self.reading == Reading::Possible { &signature.maybe[..] } else { &[] };
        for list in [&signature.atoms[..], maybe] {
            for atom in list.iter().rev().take_while(|atom| atom.index() >= atoms) {
                self.of_atom[atom.index()].push(class);
            }
        }
        for key in signature.named.iter().rev().take_while(|(name, _)| name.index() >= names) {
            self.given.entry(*key).or_default().insert(class);
        }
    }

    /// Compiles what a pod runs.
    pub fn bind(&mut self, engine: &Engine, pod: PodId) {
        for direction in Direction::BOTH {
            let policies = engine.isolating(pod, direction);
            if policies.is_empty() {
                self.of_pod.remove(&(pod, direction));
                continue;
            }
            let named = match direction {
                Direction::Ingress => subject_names(engine, &policies, engine.pod(pod)),
                Direction::Egress => Vec::new(),
            };
            let id = self.program_id(engine, ProgramKey { direction, policies, named });
            self.of_pod.insert((pod, direction), id);
        }
    }

    /// Forgets what a pod runs.
    pub fn unbind(&mut self, pod: PodId) {
        for direction in Direction::BOTH {
            self.of_pod.remove(&(pod, direction));
        }
    }

    fn program_id(&mut self, engine: &Engine, key: ProgramKey) -> ProgramId {
        if let Some(id) = self.program_ids.get(&key) {
            return *id;
        }
        let program = self.compile_program(engine, &key);
        let id = ProgramId::new(self.programs.len());
        self.programs.push(program);
        self.program_ids.insert(key, id);
        id
    }

    fn compile_program(&mut self, engine: &Engine, key: &ProgramKey) -> Program {
        let cells = Cells::of(engine, key, &self.given);
        let ports = Protocol::ALL.into_iter().map(|p| (p, self.rows(engine, &cells, p)));
        let ports = ports.filter(|(_, rows)| !rows.is_empty()).collect();
        let policies = key.policies.iter().map(|id| engine.policy(*id).meta.id.clone()).collect();
        let portless = self.union_of(engine, cells.portless);
        Program { direction: key.direction, policies, named: key.named.clone(), ports, portless }
    }

    fn rows(&mut self, engine: &Engine, cells: &Cells, protocol: Protocol) -> Vec<PortRow> {
        let mut rows: Vec<PortRow> = Vec::new();
        for (first, last, terms) in cells.rows(protocol) {
            let Some(union) = self.union_of(engine, terms) else { continue };
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
    fn union_of(&mut self, engine: &Engine, terms: BTreeSet<Term>) -> Option<UnionId> {
        let terms: Vec<Term> = terms.into_iter().collect();
        if let Some(known) = self.expressions.get(&terms) {
            return *known;
        }
        let classes = self.classes_of(&terms);
        let id = (!classes.is_empty()).then(|| self.intern(engine, classes, &terms));
        self.expressions.insert(terms, id);
        id
    }

    fn intern(&mut self, engine: &Engine, classes: Vec<ClassId>, terms: &[Term]) -> UnionId {
        if let Some(id) = self.contents.get(&classes) {
            return *id;
        }
        let id = UnionId::new(self.unions.len());
        for class in &classes {
            self.of_class[class.index()].push(id);
        }
        self.contents.insert(classes.clone(), id);
        let everyone = terms.contains(&Term { atom: None, named: None });
        self.unions.push(Union { classes, expression: describe(engine, terms), everyone });
        id
    }

    fn classes_of(&self, terms: &[Term]) -> Vec<ClassId> {
        if let [Term { atom: Some(atom), named: None }] = terms {
            return self.of_atom[atom.index()].clone();
        }
        let mut admitted = FixedBitSet::with_capacity(self.of_class.len());
        for term in terms {
            self.admit(term, &mut admitted);
        }
        admitted.ones().map(ClassId::new).collect()
    }

    /// Adds the classes of a term. Atoms hold few classes each, so they are lists and not bits.
    fn admit(&self, term: &Term, admitted: &mut FixedBitSet) {
        let named = match &term.named {
            None => None,
            Some(key) => match self.given.get(key) {
                None => return,
                set => set,
            },
        };
        match (term.atom, named) {
            (None, None) => admitted.insert_range(..),
            (None, Some(set)) => admitted.extend(set.iter().map(|class| class.index())),
            (Some(atom), _) => {
                let classes = self.of_atom[atom.index()].iter();
                let classes = classes.filter(|class| named.is_none_or(|set| set.contains(class)));
                admitted.extend(classes.map(|class| class.index()));
            }
        }
    }
}

/// The names that the policies' ingress rules mention, with the pod's numbers for them.
fn subject_names(engine: &Engine, policies: &[PolicyId], pod: &Pod) -> Vec<(String, Protocol, Vec<Port>)> {
    let rules = policies.iter().flat_map(|id| &engine.policy(*id).ingress);
    let names = rules.flat_map(|rule| &rule.ports).filter_map(|item| match &item.ports {
        PortSpec::Named(name) => Some((name.clone(), item.protocol)),
        PortSpec::All | PortSpec::Range(_) => None,
    });
    let names: BTreeSet<_> = names.collect();
    let numbers = |(name, protocol): (String, Protocol)| {
        let numbers: BTreeSet<Port> = pod.named_port(&name, protocol).collect();
        (name, protocol, numbers.into_iter().collect())
    };
    names.into_iter().map(numbers).collect()
}

fn describe(engine: &Engine, terms: &[Term]) -> String {
    let mut parts: Vec<String> = terms.iter().map(|term| describe_term(engine, term)).collect();
    parts.sort_unstable();
    parts.join("; ")
}

fn describe_term(engine: &Engine, term: &Term) -> String {
    let who = term.atom.map_or_else(|| "everyone".into(), |atom| engine.atoms.describe(atom));
    match &term.named {
        None => who,
        Some((id, number)) => {
            let (name, protocol) = engine.names.describe(*id);
            format!("{who} with {protocol} port {name}={number}")
        }
    }
}
