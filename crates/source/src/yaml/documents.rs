//! One document after the other, so that a file of many objects never stands in memory as one tree.

use granit_parser::{Event, Options, Parser, StrInput};

use super::build::{Builder, MAX_DEPTH};
use super::problem::Problem;
use super::syntax;
use super::tree::Node;

/// One document: its tree unless the text is broken, and what is wrong with it.
pub(crate) struct Document<'t> {
    /// `None` when the text is broken or the document is empty.
    pub(crate) root: Option<Node<'t>>,
    /// All problems; a tree with problems has stand-ins where they are.
    pub(crate) problems: Vec<Problem>,
}

/// The documents of a text. After a broken one there are no more.
pub(crate) struct Documents<'t> {
    text: &'t str,
    events: Parser<'t, StrInput<'t>>,
    broken: bool,
}

impl<'t> Documents<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        let mut options = Options::default();
        options.set_emit_comments(false);
        options.flow_nesting_limit = MAX_DEPTH;
        options.block_nesting_limit = MAX_DEPTH;
        // A JSON file is often one line; keys of any length are fine because the text is bounded.
        options.simple_key_max_lookahead = 4096;
        Self { text, events: Parser::new_from_str_with_options(text, options), broken: false }
    }

    fn document(&mut self) -> Document<'t> {
        let mut builder = Builder::new(self.text);
        while let Some(next) = self.events.next_event() {
            let step = match next {
                Ok((Event::DocumentEnd, _)) => return builder.finish(),
                Ok((event, span)) => builder.take(event, &span),
                Err(error) => Err(syntax::problem(self.text, &error)),
            };
            if let Err(problem) = step {
                self.broken = true;
                return builder.fail(problem);
            }
        }
        builder.finish()
    }

    /// Whether another document starts; an error if the text breaks off before that.
    fn starts(&mut self) -> Option<Result<(), Problem>> {
        while let Some(next) = self.events.next_event() {
            match next {
                Ok((Event::DocumentStart(..), _)) => return Some(Ok(())),
                Ok(_) => {}
                Err(error) => return Some(Err(syntax::problem(self.text, &error))),
            }
        }
        None
    }
}

impl<'t> Iterator for Documents<'t> {
    type Item = Document<'t>;

    fn next(&mut self) -> Option<Document<'t>> {
        if self.broken {
            return None;
        }
        match self.starts()? {
            Ok(()) => Some(self.document()),
            Err(problem) => {
                self.broken = true;
                Some(Document { root: None, problems: vec![problem] })
            }
        }
    }
}
