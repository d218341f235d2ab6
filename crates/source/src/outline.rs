//! The text behind an object, field by field: what was written at all, and where each key and value stands.
//!
//! The model keeps meanings, with defaults applied; what only the text knows (an absent `policyTypes`, a `from: []`, the
//! place of one label) is asked for here. [`Outlines`] parses a file when it is first asked about. Start with
//! [`Outlines::at`]; changing the text is [`crate::edit`]'s.

use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use podfence_model::Place;

use crate::source_map::SourceMap;
use crate::yaml::{Documents, Entry, Key, Node, Resolved, Scalar, Span, Value, resolve};

/// The trees of all inputs, each made when it is first needed.
pub struct Outlines<'s> {
    files: BTreeMap<&'s str, File<'s>>,
}

/// One input.
pub(crate) struct File<'s> {
    name: Arc<str>,
    pub(crate) text: &'s str,
    roots: OnceCell<Vec<Node<'s>>>,
    anchors: OnceCell<bool>,
    /// How many bytes may yet be parsed to see what edits do.
    budget: Cell<usize>,
}

/// How many bytes are parsed at most, in one input, to see what edits do: some seconds' worth. Beyond that there are no edits.
const BUDGET: usize = 128 << 20;

impl<'s> File<'s> {
    fn new(name: &Arc<str>, text: &'s str) -> Self {
        let (roots, anchors) = Default::default();
        Self { name: Arc::clone(name), text, roots, anchors, budget: Cell::new(BUDGET) }
    }

    /// Its documents.
    pub(crate) fn roots(&self) -> &[Node<'s>] {
        self.roots.get_or_init(|| roots(self.text))
    }

    /// Whether it may write a value once for several places.
    pub(crate) fn has_anchors(&self) -> bool {
        *self.anchors.get_or_init(|| self.text.contains('&'))
    }

    /// Takes bytes off the budget; `None` when it is used up.
    pub(crate) fn spend(&self, bytes: usize) -> Option<()> {
        self.budget.set(self.budget.get().checked_sub(bytes)?);
        Some(())
    }
}

impl<'s> Outlines<'s> {
    /// The inputs' trees; nothing is parsed yet.
    pub fn new(sources: &'s SourceMap) -> Self {
        let file = |(name, text): (&'s Arc<str>, &'s str)| (name.as_ref(), File::new(name, text));
        Self { files: sources.texts().map(file).collect() }
    }

    /// The value that is written at a place: that of an object, a rule, a peer, a `ports` item. `None` where no value has
    /// exactly this place.
    pub fn at(&self, place: &Place) -> Option<View<'_, 's>> {
        let file = self.files.get(place.file.as_ref())?;
        let roots = file.roots();
        let before = roots.partition_point(|root| root.span.start <= place.start);
        let root = roots.get(before.checked_sub(1)?)?;
        find(root, place).map(|node| View { file, node })
    }
}

fn roots(text: &str) -> Vec<Node<'_>> {
    Documents::new(text).filter_map(|document| document.root).collect()
}

/// The node with exactly a place's span, below `node`; the inner one of a list and its only item, which may have the same.
/// Aliases have the spans of their anchors, so that siblings may lie anywhere: every child that holds the place is searched.
fn find<'n, 's>(node: &'n Node<'s>, place: &Place) -> Option<&'n Node<'s>> {
    let holds = |node: &Node<'_>| node.span.start <= place.start && place.end <= node.span.end;
    let inner = children(node).filter(|child| holds(child)).find_map(|child| find(child, place));
    let is_it = node.span.start == place.start && node.span.end == place.end;
    inner.or(is_it.then_some(node))
}

fn children<'n, 's>(node: &'n Node<'s>) -> Box<dyn Iterator<Item = &'n Node<'s>> + 'n> {
    match &node.value {
        Value::Scalar(_) => Box::new(std::iter::empty()),
        Value::Sequence(items) => Box::new(items.iter()),
        Value::Mapping(entries) => Box::new(entries.iter().map(|entry| &entry.value)),
    }
}

/// One value of a text.
#[derive(Clone, Copy)]
pub struct View<'o, 's> {
    file: &'o File<'s>,
    node: &'o Node<'s>,
}

/// A key of a mapping with its value.
#[derive(Clone, Copy)]
pub struct Field<'o, 's> {
    owner: View<'o, 's>,
    key: &'o Key<'s>,
    /// The value.
    pub value: View<'o, 's>,
}

impl<'o, 's> View<'o, 's> {
    /// Where it is written.
    pub fn place(&self) -> Place {
        self.place_of(self.node.span)
    }

    fn place_of(&self, span: Span) -> Place {
        let Span { start, end, line, column } = span;
        Place { file: Arc::clone(&self.file.name), line, column, start, end }
    }

    fn child(&self, node: &'o Node<'s>) -> Self {
        Self { node, ..*self }
    }

    /// The text of a scalar, without its quotes.
    pub fn text(&self) -> Option<&'o str> {
        match &self.node.value {
            Value::Scalar(scalar) => Some(&scalar.text),
            Value::Sequence(_) | Value::Mapping(_) => None,
        }
    }

    /// `null`, `~`, or nothing at all.
    pub fn is_null(&self) -> bool {
        matches!(&self.node.value, Value::Scalar(Scalar { text, plain: true }) if resolve(text) == Resolved::Null)
    }

    /// `[]` or `{}`.
    pub fn is_empty_collection(&self) -> bool {
        match &self.node.value {
            Value::Scalar(_) => false,
            Value::Sequence(items) => items.is_empty(),
            Value::Mapping(entries) => entries.is_empty(),
        }
    }

    /// Written as `{…}` or `[…]`.
    pub fn is_flow(&self) -> bool {
        let first = self.file.text.as_bytes().get(self.node.span.start as usize);
        !matches!(self.node.value, Value::Scalar(_)) && matches!(first, Some(b'{' | b'['))
    }

    /// The items of a list; none for all else.
    pub fn items(&self) -> impl Iterator<Item = View<'o, 's>> + use<'o, 's> {
        let view = *self;
        self.nodes().iter().map(move |node| view.child(node))
    }

    /// The fields of a mapping in the order of the text; none for all else.
    pub fn fields(&self) -> impl Iterator<Item = Field<'o, 's>> + use<'o, 's> {
        let owner = *self;
        self.entries().iter().map(move |entry| Field {
            owner,
            key: &entry.key,
            value: owner.child(&entry.value),
        })
    }

    /// A field by its key, also one whose value is null.
    pub fn field(&self, key: &str) -> Option<Field<'o, 's>> {
        self.fields().find(|field| field.key() == key)
    }

    /// The value at the end of a way of keys; null counts as absent, as it does to the API server.
    pub fn get(&self, way: &[&str]) -> Option<View<'o, 's>> {
        let end = way.iter().try_fold(*self, |view, key| Some(view.field(key)?.value))?;
        (!end.is_null()).then_some(end)
    }

    /// The whole text of its input.
    pub(crate) fn input(&self) -> &'s str {
        self.file.text
    }

    pub(crate) fn file(&self) -> &'o File<'s> {
        self.file
    }

    pub(crate) fn node(&self) -> &'o Node<'s> {
        self.node
    }

    /// The items of a list, as they were parsed; none for all else.
    pub(crate) fn nodes(&self) -> &'o [Node<'s>] {
        match &self.node.value {
            Value::Sequence(items) => items,
            Value::Scalar(_) | Value::Mapping(_) => &[],
        }
    }

    /// The fields of a mapping, as they were parsed; none for all else.
    pub(crate) fn entries(&self) -> &'o [Entry<'s>] {
        match &self.node.value {
            Value::Mapping(entries) => entries,
            Value::Scalar(_) | Value::Sequence(_) => &[],
        }
    }
}

impl<'o, 's> Field<'o, 's> {
    /// The mapping it is a field of.
    pub(crate) fn owner(&self) -> View<'o, 's> {
        self.owner
    }

    /// The key.
    pub fn key(&self) -> &'o str {
        &self.key.text
    }

    /// Where the key is written.
    pub fn key_place(&self) -> Place {
        self.owner.place_of(self.key.span)
    }

    /// Where key and value are written, from the one's start to the other's end.
    pub fn place(&self) -> Place {
        let key = self.key_place();
        Place { end: self.value.node.span.end.max(key.end), ..key }
    }
}
