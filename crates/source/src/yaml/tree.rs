//! The tree of one YAML document.

use std::borrow::Cow;

/// A stretch of the text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Span {
    /// Byte offset of the first byte.
    pub(crate) start: u32,
    /// Byte offset behind the last byte.
    pub(crate) end: u32,
    /// Line of the first byte, from 1.
    pub(crate) line: u32,
    /// Column of the first byte in characters, from 1.
    pub(crate) column: u32,
}

/// A value and where it is written. A node that an alias stands for keeps the span of its anchor's text.
#[derive(Debug, Clone)]
pub(crate) struct Node<'t> {
    pub(crate) value: Value<'t>,
    pub(crate) span: Span,
}

#[derive(Debug, Clone)]
pub(crate) enum Value<'t> {
    Scalar(Scalar<'t>),
    Sequence(Vec<Node<'t>>),
    /// In the order of the text, keys unique, merge keys (`<<`) resolved.
    Mapping(Vec<Entry<'t>>),
}

#[derive(Debug, Clone)]
pub(crate) struct Scalar<'t> {
    pub(crate) text: Cow<'t, str>,
    /// Written without quotes, so that `yes` or `1` is no text; see [`super::resolve`].
    pub(crate) plain: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Key<'t> {
    pub(crate) text: Cow<'t, str>,
    pub(crate) span: Span,
    /// Written without quotes as something that is no text, such as `y`, which is the key `true`.
    pub(crate) converted: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Entry<'t> {
    pub(crate) key: Key<'t>,
    pub(crate) value: Node<'t>,
}

impl Node<'_> {
    /// How many nodes the tree has, and how deep collections nest in it.
    pub(crate) fn extent(&self) -> (usize, usize) {
        let fold = |(count, depth): (usize, usize), node: &Self| {
            let (more, deep) = node.extent();
            (count + more, depth.max(deep + 1))
        };
        match &self.value {
            Value::Scalar(_) => (1, 0),
            Value::Sequence(items) => items.iter().fold((1, 1), fold),
            Value::Mapping(entries) => entries.iter().map(|e| &e.value).fold((1, 1), fold),
        }
    }
}
