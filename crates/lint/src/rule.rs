//! One rule: its code, its page, and how it is found.

use std::fmt;

use podfence_source::Severity;

use crate::context::Context;
use crate::family::Family;
use crate::finding::Finding;
use crate::page::Page;

/// How a rule's findings come about.
#[derive(Clone, Copy)]
pub(crate) enum Check {
    /// Reading the manifests reports it, under the rule's code.
    Reader,
    /// A look at the whole world.
    World(fn(&Context<'_>) -> Vec<Finding>),
    /// The run itself knows: suppressions that suppress nothing.
    Run,
}

/// A rule.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Its name everywhere: in messages, `--select`, suppressions and the documentation. Words joined by `-`.
    pub code: &'static str,
    /// What it is about.
    pub family: Family,
    /// How bad its findings are; a finding may say less.
    pub severity: Severity,
    /// The text of the rule's own file.
    pub(crate) file: &'static str,
    /// How it is found.
    pub(crate) check: Check,
}

impl Rule {
    /// Its page in the documentation, from the opening comment of its file.
    pub fn page(&self) -> Page {
        Page::of(self.file)
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code
    }
}

impl Eq for Rule {}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}
