//! Classes that came into being after compilation, when a pod of a new kind appeared.

use std::collections::BTreeMap;

use super::cells::Term;
use super::{Compiled, Union};
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
        for index in self.of_class.len()..engine.classes().len() {
            self.learn_class(engine, ClassId::new(index))?;
        }
        Ok(())
    }

    fn learn_class(&mut self, engine: &Engine, class: ClassId) -> Result<(), Stale> {
        let signature = &engine.class(class).signature;
        if signature.named.iter().any(|key| !self.given.contains_key(key)) {
            return Err(Stale);
        }
        let admitting = self.unions_admitting(signature)?;
        self.index_class(engine, class);
        for id in &admitting {
            self.extend_union(*id, class);
        }
        self.of_class[class.index()] = admitting;
        Ok(())
    }

    /// The unions that admit a class; all expressions of a union must agree on it.
    fn unions_admitting(&self, signature: &Signature) -> Result<Vec<UnionId>, Stale> {
        let mut said: BTreeMap<UnionId, bool> = BTreeMap::new();
        for (terms, union) in &self.expressions {
            let admits = terms.iter().any(|term| term_admits(term, signature));
            match union {
                None if admits => return Err(Stale),
                None => {}
                Some(id) if *said.entry(*id).or_insert(admits) == admits => {}
                Some(_) => return Err(Stale),
            }
        }
        Ok(said.into_iter().filter(|(_, admits)| *admits).map(|(id, _)| id).collect())
    }

    fn extend_union(&mut self, id: UnionId, class: ClassId) {
        let Union { classes, .. } = &mut self.unions[id.index()];
        self.contents.remove(classes);
        classes.push(class); // a new class has the highest number, so they stay in order
        self.contents.insert(classes.clone(), id);
    }
}

fn term_admits(term: &Term, signature: &Signature) -> bool {
    term.atom.is_none_or(|atom| signature.truth(atom) == Truth::Yes)
        && term.named.is_none_or(|key| signature.named.binary_search(&key).is_ok())
}
