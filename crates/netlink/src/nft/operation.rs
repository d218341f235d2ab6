//! What a batch does, step by step, for error messages and logs.

use std::fmt;

use super::chain::Table;
use super::name::Name;

/// One step of a batch. Many elements are one step, however many messages they take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// What it does.
    pub verb: Verb,
    /// To which table, or in which.
    pub table: Table,
    /// To which chain or set of the table.
    pub object: Option<Name>,
}

/// What an operation does. Unless it says otherwise it fails if what it creates exists or what it needs does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Creates a table.
    CreateTable,
    /// Creates a table, or leaves the existing one as it is.
    EnsureTable,
    /// Takes a table's chains off their hooks.
    SuspendTable,
    /// Deletes a table with everything in it.
    DeleteTable,
    /// Creates a chain.
    CreateChain,
    /// Deletes all rules of a chain; it may be empty.
    FlushChain,
    /// Deletes a chain with its rules.
    DeleteChain,
    /// Appends a rule.
    AddRule,
    /// Deletes a rule.
    DeleteRule,
    /// Creates a set or map.
    CreateSet,
    /// Deletes a set that no rule refers to.
    DeleteSet,
    /// Deletes all elements of a set; it may be empty.
    FlushSet,
    /// Adds elements. The same element may exist, in a map with the same data.
    AddElements,
    /// Deletes elements.
    DeleteElements,
}

impl Verb {
    const fn text(self) -> &'static str {
        match self {
            Self::CreateTable => "create table",
            Self::EnsureTable => "ensure table",
            Self::SuspendTable => "suspend table",
            Self::DeleteTable => "delete table",
            Self::CreateChain => "create chain",
            Self::FlushChain => "flush chain",
            Self::DeleteChain => "delete chain",
            Self::AddRule => "add rule to chain",
            Self::DeleteRule => "delete rule of chain",
            Self::CreateSet => "create set",
            Self::DeleteSet => "delete set",
            Self::FlushSet => "flush set",
            Self::AddElements => "add elements to set",
            Self::DeleteElements => "delete elements of set",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb.text(), self.table)?;
        self.object.iter().try_for_each(|object| write!(f, " {object}"))
    }
}
