//! Makes programs and unions, each once.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use fixedbitset::FixedBitSet;
use podfence_model::{Direction, Pod, Port, PortSpec, Protocol};

use super::cells::{Cells, Given, ProgramKey, Term};
use super::{Compiled, PortRow, Program, Union};
use crate::ids::{ClassId, PodId, PolicyId, ProgramId, UnionId};
use crate::index::Engine;

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
    contents: HashMap<Arc<[ClassId]>, UnionId>,
    /// Per atom, the classes in it.
    of_atom: Vec<Vec<usize>>,
    of_name: Given,
}

impl<'e> Compiler<'e> {
    fn new(engine: &'e Engine) -> Self {
        let classes = engine.classes();
        let mut of_atom: Vec<Vec<usize>> = vec![Vec::new(); engine.atoms.len()];
        let mut of_name = Given::new();
        for (i, class) in classes.iter().enumerate() {
            for atom in &class.signature.atoms {
                of_atom[atom.index()].push(i);
            }
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
        let classes: Arc<[ClassId]> = classes.ones().map(ClassId::new).collect();
        let id = (!classes.is_empty()).then(|| self.intern(classes, &terms));
        self.expressions.insert(terms, id);
        id
    }

    fn intern(&mut self, classes: Arc<[ClassId]>, terms: &[Term]) -> UnionId {
        if let Some(id) = self.contents.get(&classes) {
            return *id;
        }
        let id = UnionId::new(self.out.unions.len());
        self.out.unions.push(Union {
            classes: classes.clone(),
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
            self.admit(term, &mut admitted);
        }
        admitted
    }

    /// Adds the classes of a term. Atoms hold few classes each, so they are lists and not bits.
    fn admit(&self, term: &Term, admitted: &mut FixedBitSet) {
        let named = match &term.named {
            None => None,
            Some(key) => match self.of_name.get(key) {
                None => return,
                set => set,
            },
        };
        match (term.atom, named) {
            (None, None) => admitted.insert_range(..),
            (None, Some(set)) => admitted.union_with(set),
            (Some(atom), _) => {
                let classes = self.of_atom[atom.index()].iter().copied();
                admitted.extend(classes.filter(|class| named.is_none_or(|set| set.contains(*class))));
            }
        }
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
