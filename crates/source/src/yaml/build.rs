//! Parser events to a tree, with a stack of open collections instead of recursion.
//!
//! The limits here bound time and memory whatever the text says: depth, number of values, and how much
//! aliases may unfold to.

use std::borrow::Cow;

use granit_parser::{Event, Marker, ScalarStyle, Span as EventSpan, StructureStyle, Tag};

use super::anchors::Anchors;
use super::documents::Document;
use super::entries;
use super::problem::Problem;
use super::scalar::{Resolved, resolve};
use super::tree::{Entry, Key, Node, Scalar, Span, Value};

/// How deep collections may nest. Kubernetes objects stay below 30.
pub(crate) const MAX_DEPTH: usize = 100;
/// How many keys and values one document may have: about 1 GB of tree.
pub(crate) const MAX_NODES: usize = 10_000_000;

/// A collection whose end has not come yet.
struct Open<'t> {
    contents: Contents<'t>,
    span: Span,
    flow: bool,
    /// Where the last thing inside ends: a block collection has no end mark of its own.
    end: u32,
    anchor: usize,
}

enum Contents<'t> {
    Items(Vec<Node<'t>>),
    Entries { entries: Vec<Entry<'t>>, key: Option<Key<'t>>, merges: bool },
}

/// Takes the events of one document.
pub(crate) struct Builder<'t> {
    text: &'t str,
    base: Base,
    open: Vec<Open<'t>>,
    root: Option<Node<'t>>,
    anchors: Anchors<'t>,
    problems: Vec<Problem>,
    nodes: usize,
}

impl<'t> Builder<'t> {
    /// A builder for a document of `text`; the events are those of the part of it that begins at `base`.
    pub(crate) fn new(text: &'t str, base: Base) -> Self {
        let anchors = Anchors::default();
        Self { text, base, open: Vec::new(), root: None, anchors, problems: Vec::new(), nodes: 0 }
    }

    /// The document, when its last event has come. An empty one has no root.
    pub(crate) fn finish(self) -> Document<'t> {
        Document { root: self.root, problems: self.problems }
    }

    /// The document when the text broke off.
    pub(crate) fn fail(mut self, problem: Problem) -> Document<'t> {
        self.problems.push(problem);
        Document { root: None, problems: self.problems }
    }

    /// Takes an event; an error ends the document.
    pub(crate) fn take(&mut self, event: Event<'t>, at: &EventSpan) -> Result<(), Problem> {
        match event {
            Event::Scalar(text, style, anchor, tag) => self.scalar(text, style, anchor, tag.as_deref(), at),
            Event::SequenceStart(style, anchor, _) => {
                self.start(Contents::Items(Vec::new()), style, anchor, at)
            }
            Event::MappingStart(style, anchor, _) => {
                let contents = Contents::Entries { entries: Vec::new(), key: None, merges: false };
                self.start(contents, style, anchor, at)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(at),
            Event::Alias(id) => self.alias(id, at),
            _ => Ok(()),
        }
    }

    fn scalar(
        &mut self,
        text: Cow<'t, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        at: &EventSpan,
    ) -> Result<(), Problem> {
        let mut span = self.base.span(at);
        if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            // An empty one is nothing written, wherever the parser says that it ends.
            span.end = if text.is_empty() { span.start } else { self.trimmed_end(span) };
        }
        let plain = match tag.and_then(Tag::core_suffix) {
            Some("str" | "binary") => false,
            Some(_) => true,
            None => style == ScalarStyle::Plain && tag.is_none(),
        };
        let node = Node { value: Value::Scalar(Scalar { text, plain }), span };
        self.anchors.define(anchor, &node, span)?;
        self.push(node, span.end)
    }

    fn start(
        &mut self,
        contents: Contents<'t>,
        style: StructureStyle,
        anchor: usize,
        at: &EventSpan,
    ) -> Result<(), Problem> {
        let span = self.base.span(at);
        if self.open.len() >= MAX_DEPTH {
            return Err(Problem::TooDeep { limit: MAX_DEPTH, span });
        }
        self.refuse_as_key(span)?;
        let flow = style == StructureStyle::Flow;
        let of_items = matches!(contents, Contents::Items(_)) && !flow;
        let span = if of_items { self.begun_at_dash(span) } else { span };
        self.open.push(Open { contents, span, flow, end: span.end, anchor });
        Ok(())
    }

    fn end(&mut self, at: &EventSpan) -> Result<(), Problem> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let end = if open.flow { self.base.span(at).end } else { open.end };
        let span = Span { end, ..open.span };
        let node = Node { value: self.close(open.contents), span };
        self.anchors.define(open.anchor, &node, span)?;
        self.push(node, end)
    }

    fn close(&mut self, contents: Contents<'t>) -> Value<'t> {
        match contents {
            Contents::Items(items) => Value::Sequence(items),
            Contents::Entries { mut entries, merges, .. } => {
                self.problems.extend(entries::twins(&entries));
                if merges {
                    entries = entries::merge(entries, &mut self.problems);
                }
                Value::Mapping(entries)
            }
        }
    }

    fn alias(&mut self, id: usize, at: &EventSpan) -> Result<(), Problem> {
        let span = self.base.span(at);
        let room = MAX_DEPTH.saturating_sub(self.open.len());
        let node = self.anchors.resolve(id, room, span)?;
        self.push(node, span.end)
    }

    /// Puts a finished node, whose text ends at `end`, where it belongs: into the innermost open
    /// collection, or at the root.
    fn push(&mut self, node: Node<'t>, end: u32) -> Result<(), Problem> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(Problem::TooManyNodes { limit: MAX_NODES, span: node.span });
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        let written = node.span.start != node.span.end;
        open.end = if written { open.end.max(end) } else { open.end };
        open.contents.push(node)
    }

    fn refuse_as_key(&self, span: Span) -> Result<(), Problem> {
        match self.open.last().map(|open| &open.contents) {
            Some(Contents::Entries { key: None, .. }) if self.is_template(span) => {
                Err(Problem::Template { span })
            }
            Some(Contents::Entries { key: None, .. }) => Err(Problem::KeyNotText { span }),
            _ => Ok(()),
        }
    }

    /// `{{ x }}` is YAML: a mapping whose only key is a mapping.
    fn is_template(&self, span: Span) -> bool {
        let at = span.start as usize;
        at > 0 && self.text.as_bytes().get(at - 1..=at).is_some_and(|bytes| bytes == b"{{")
    }

    /// Where a block list begins: at its first `-`. The parser takes one in the column of its key to begin behind that.
    fn begun_at_dash(&self, span: Span) -> Span {
        let before = self.text.get(..span.start as usize).unwrap_or_default();
        let spaces = before.len() - before.trim_end_matches(' ').len() + 1;
        let rest = self.text.get(span.start as usize..).unwrap_or_default();
        let at_dash =
            rest.strip_prefix('-').is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\n']));
        let begins_behind = !at_dash && before.trim_end_matches(' ').ends_with('-');
        let back = if begins_behind { small(spaces) } else { 0 };
        Span { start: span.start - back, column: span.column.saturating_sub(back), ..span }
    }

    fn trimmed_end(&self, span: Span) -> u32 {
        let slice = self.text.get(span.start as usize..span.end as usize).unwrap_or("");
        let blank = slice.len() - slice.trim_end().len();
        span.end - u32::try_from(blank).unwrap_or(0)
    }
}

impl<'t> Contents<'t> {
    fn push(&mut self, mut node: Node<'t>) -> Result<(), Problem> {
        match self {
            Self::Items(items) => items.push(node),
            Self::Entries { entries, key, merges } => match key.take() {
                None => *key = Some(read_key(node, merges)?),
                Some(key) => {
                    if node.span.start == node.span.end {
                        node.span = key.span; // nothing is written: point at the key instead
                    }
                    entries.push(Entry { key, value: node });
                }
            },
        }
        Ok(())
    }
}

/// A key as `kubectl` converts it to JSON: `yes:` is the key `true`, `0x10:` the key `16`.
pub(super) fn read_key<'t>(node: Node<'t>, merges: &mut bool) -> Result<Key<'t>, Problem> {
    let span = node.span;
    let Value::Scalar(Scalar { text, plain }) = node.value else {
        return Err(Problem::KeyNotText { span });
    };
    *merges |= plain && text == "<<";
    let converted = match if plain { resolve(&text) } else { Resolved::Text } {
        Resolved::Text => return Ok(Key { text, span, converted: false }),
        Resolved::Boolean(value) => value.to_string(),
        Resolved::Integer(value) => value.to_string(),
        Resolved::Float(value) => value.to_string(),
        Resolved::Null => return Err(Problem::KeyNotText { span }),
    };
    Ok(Key { converted: converted != text, text: converted.into(), span })
}

/// Where the part of a text begins that a parser was given.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Base {
    /// Bytes before it.
    pub(crate) offset: usize,
    /// Lines before it.
    pub(crate) lines: u32,
}

impl Base {
    /// The place of an event in the whole text.
    fn span(self, at: &EventSpan) -> Span {
        Span {
            start: small(self.offset_of(&at.start)),
            end: small(self.offset_of(&at.end)),
            line: small(at.start.line()) + self.lines,
            column: small(at.start.col() + 1),
        }
    }

    /// The byte offset of a mark in the whole text.
    pub(super) fn offset_of(self, marker: &Marker) -> usize {
        self.offset + marker.byte_offset().unwrap_or(0)
    }
}

/// Inputs are far smaller than 4 GiB (see `crate::input`), so nothing is lost.
fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
