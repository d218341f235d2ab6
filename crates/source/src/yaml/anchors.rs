//! Anchors and aliases, with a budget: a few lines of aliases can unfold to more than any memory.

use std::collections::HashMap;

use super::build::MAX_DEPTH;
use super::problem::Problem;
use super::tree::{Node, Span};

/// How many values may be copied for anchors and aliases in one document.
pub(crate) const ALIAS_BUDGET: usize = 250_000;

/// The anchors of one document, by the parser's number (0 = no anchor).
#[derive(Default)]
pub(crate) struct Anchors<'t> {
    known: HashMap<usize, Node<'t>>,
    copied: usize,
}

impl<'t> Anchors<'t> {
    /// Keeps the value of an anchor; an anchor of number 0 is none.
    pub(crate) fn define(&mut self, id: usize, node: &Node<'t>, at: Span) -> Result<(), Problem> {
        if id != 0 {
            let (count, _) = node.extent();
            self.spend(count, at)?;
            self.known.insert(id, node.clone());
        }
        Ok(())
    }

    /// The value that an alias stands for, at most `room` levels deep.
    pub(crate) fn resolve(&mut self, id: usize, room: usize, at: Span) -> Result<Node<'t>, Problem> {
        // The parser knows the anchor, so one without a value is still open: the alias is inside it.
        let (count, depth) = self.known.get(&id).ok_or(Problem::AliasCycle { span: at })?.extent();
        if depth > room {
            return Err(Problem::TooDeep { limit: MAX_DEPTH, span: at });
        }
        self.spend(count, at)?;
        self.known.get(&id).cloned().ok_or(Problem::AliasCycle { span: at })
    }

    fn spend(&mut self, count: usize, at: Span) -> Result<(), Problem> {
        self.copied += count;
        if self.copied > ALIAS_BUDGET {
            return Err(Problem::AliasBudget { limit: ALIAS_BUDGET, span: at });
        }
        Ok(())
    }
}
