//! Operations that are refused before they reach the kernel.

use super::chain::Table;
use super::element::Element;
use super::name::Name;

/// Why an operation cannot be put into a batch. The batch is as it was before.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// A rule loads more than the kernel's registers hold.
    #[error("a rule of chain {table} {chain} needs more than the kernel's 64 bytes of registers")]
    RuleTooWide {
        /// The table.
        table: Table,
        /// The chain.
        chain: Name,
    },
    /// A rule has more expressions than the kernel takes.
    #[error("a rule of chain {table} {chain} has {expressions} expressions, the kernel takes 128")]
    RuleTooLong {
        /// The table.
        table: Table,
        /// The chain.
        chain: Name,
        /// How many it has.
        expressions: usize,
    },
    /// The set cannot be built, or not without traps.
    #[error("set {table} {set}: {reason}")]
    Set {
        /// The table.
        table: Table,
        /// The set.
        set: Name,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The element does not belong into the set.
    #[error("element {element:?} of set {table} {set}: {reason}")]
    Element {
        /// The table.
        table: Table,
        /// The set.
        set: Name,
        /// What is wrong with it.
        reason: &'static str,
        /// The element.
        element: Box<Element>,
    },
}
