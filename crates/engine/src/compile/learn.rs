//! What the engine has told apart since compilation: a pod of a new kind appeared, or a policy named something new.

use std::collections::BTreeMap;

use super::cells::Term;
use super::{Compiled, Reading, Union};
use crate::class::Signature;
use crate::ids::{ClassId, UnionId};
use crate::index::Engine;
use crate::truth::Truth;

/// A class has come that tells expressions apart whose unions were one object, or that gives a port name a new
/// number: what was compiled does not fit any more and must be made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stale;

impl Compiled {
    /// Enters the classes that the engine has made since, into every union that admits them.
    pub fn learn(&mut self, engine: &Engine) -> Result<(), Stale> {
        let names = self.names;
        self.learn_marks(engine);
        let mut grown: BTreeMap<UnionId, Vec<ClassId>> = BTreeMap::new();
        for class in (self.of_class.len()..engine.classes().len()).map(ClassId::new) {
            let admitting = self.learn_class(engine, class, names)?;
            for id in &admitting {
                grown.entry(*id).or_default().push(class);
            }
            self.of_class[class.index()] = admitting;
        }
        for (id, classes) in grown {
            self.extend_union(id, &classes);
        }
        Ok(())
    }

    /// Enters the classes it knows into the indexes of atoms and port names that are new.
    fn learn_marks(&mut self, engine: &Engine) {
        let (atoms, names) = (self.of_atom.len(), self.names);
        if (engine.atoms.len(), engine.names.len()) == (atoms, names) {
            return;
        }
        self.of_atom.resize(engine.atoms.len(), Vec::new());
        for class in (0..self.of_class.len()).map(ClassId::new) {
            self.index_marks(engine, class, atoms, names);
        }
        self.names = engine.names.len();
    }

    /// Of the port names, only the first `names` are mentioned by anything that was compiled.
    fn learn_class(&mut self, engine: &Engine, class: ClassId, names: usize) -> Result<Vec<UnionId>, Stale> {
        let signature = &engine.class(class).signature;
        let mut mentioned = signature.named.iter().filter(|(name, _)| name.index() < names);
        if mentioned.any(|key| !self.given.contains_key(key)) {
            return Err(Stale);
        }
        let admitting = self.unions_admitting(signature)?;
        self.index_class(engine, class);
        Ok(admitting)
    }

    /// The unions that admit a class; all expressions of a union must agree on it.
    fn unions_admitting(&self, signature: &Signature) -> Result<Vec<UnionId>, Stale> {
        let mut said: BTreeMap<UnionId, bool> = BTreeMap::new();
        for (terms, union) in &self.expressions {
            let admits = terms.iter().any(|term| self.term_admits(term, signature));
            match union {
                None if admits => return Err(Stale),
                None => {}
                Some(id) if *said.entry(*id).or_insert(admits) == admits => {}
                Some(_) => return Err(Stale),
            }
        }
        Ok(said.into_iter().filter(|(_, admits)| *admits).map(|(id, _)| id).collect())
    }

    /// Adds classes, which have the highest numbers, so that all stay in order.
    fn extend_union(&mut self, id: UnionId, added: &[ClassId]) {
        let Union { classes, .. } = &mut self.unions[id.index()];
        self.contents.remove(classes);
        classes.extend(added);
        self.contents.insert(classes.clone(), id);
    }

    fn term_admits(&self, term: &Term, signature: &Signature) -> bool {
        let least = if self.reading == Reading::Possible { Truth::Maybe } else { Truth::Yes };
        term.atom.is_none_or(|atom| signature.truth(atom) >= least)
            && term.named.is_none_or(|key| signature.named.binary_search(&key).is_ok())
    }
}
