//! Whether an edit does to the text just what it is meant to: made in memory, the text is parsed again, and its tree must be the
//! old one with one value changed as was meant.
//!
//! Layouts that nobody thought of, values that aliases and merge keys share with other objects: where the trees differ in
//! anything else there is no edit. Start with [`surely`].

use crate::diagnostic::Edit;
use crate::outline::{File, View};
use crate::yaml::{Documents, Node, Value};

use super::lines::next_line;

/// The edit, if the text then has `meant` in the place of the value, and nothing else is different.
pub(super) fn surely(view: &View<'_, '_>, edit: Edit, meant: &Node<'_>) -> Option<Edit> {
    let (start, end) = (edit.place.start as usize, edit.place.end as usize);
    let (file, change) = (view.file(), Change { of: view.node(), meant });
    let made = if let Some((object, from, to)) = part(file, view.node(), start, end) {
        file.spend(to - from)?;
        let text = changed(file.text.get(from..to)?, start - from, end - from, &edit.text)?;
        let margin = " ".repeat((object.span.column as usize).saturating_sub(1));
        change.makes_all(std::slice::from_ref(object), &parsed(&format!("{margin}{text}"))?)
    } else {
        file.spend(file.text.len())?;
        change.makes_all(file.roots(), &parsed(&changed(file.text, start, end, &edit.text)?)?)
    };
    made.then_some(edit)
}

/// The value that a block of lines says.
pub(super) fn fragment(block: &str) -> Option<Node<'_>> {
    parsed(block)?.into_iter().next()
}

fn changed(text: &str, start: usize, end: usize, with: &str) -> Option<String> {
    text.get(start..end)?;
    Some([text.get(..start)?, with, text.get(end..)?].concat())
}

/// The documents of a text, if there is nothing wrong with it.
fn parsed(text: &str) -> Option<Vec<Node<'_>>> {
    let mut roots = Vec::new();
    for document in Documents::new(text) {
        if !document.problems.is_empty() {
            return None;
        }
        roots.extend(document.root);
    }
    Some(roots)
}

/// The object that an edit is in, and from where to where it is written: it can be parsed by itself. `None` where it cannot,
/// because the text has anchors, or because the edit reaches beyond it.
fn part<'o, 's>(
    file: &'o File<'s>,
    node: &Node<'s>,
    start: usize,
    end: usize,
) -> Option<(&'o Node<'s>, usize, usize)> {
    if file.has_anchors() {
        return None;
    }
    let holds = |outer: &&Node<'_>| outer.span.start <= node.span.start && node.span.end <= outer.span.end;
    let root = file.roots().iter().find(holds)?;
    let object = items(root).iter().find(holds).unwrap_or(root);
    let (from, behind) = (object.span.start as usize, object.span.end as usize);
    let is_flow = file.text.get(from..)?.starts_with(['{', '[']);
    let to = if is_flow { behind } else { next_line(file.text, behind).0 };
    (from <= start && start <= end && end <= to).then_some((object, from, to))
}

/// The objects of a `List`.
fn items<'n, 's>(root: &'n Node<'s>) -> &'n [Node<'s>] {
    let Value::Mapping(entries) = &root.value else { return &[] };
    match entries.iter().find(|entry| entry.key.text == "items").map(|entry| &entry.value.value) {
        Some(Value::Sequence(items)) => items,
        _ => &[],
    }
}

/// A value of the old tree, and what it is to be.
struct Change<'c, 'o, 'm> {
    of: &'c Node<'o>,
    meant: &'c Node<'m>,
}

impl Change<'_, '_, '_> {
    fn makes_all(&self, old: &[Node<'_>], new: &[Node<'_>]) -> bool {
        old.len() == new.len() && old.iter().zip(new).all(|(old, new)| self.makes(old, new))
    }

    /// Whether it makes one tree the other. A value that is written once and stands in the tree twice changes twice: one of
    /// the two is not meant.
    fn makes(&self, old: &Node<'_>, new: &Node<'_>) -> bool {
        if std::ptr::addr_eq(std::ptr::from_ref(old), std::ptr::from_ref(self.of)) {
            return same(self.meant, new, &same_again);
        }
        same(old, new, &|old, new| self.makes(old, new))
    }
}

fn same_again(a: &Node<'_>, b: &Node<'_>) -> bool {
    same(a, b, &same_again)
}

/// Whether two values say the same, wherever they are written; those in them are compared by `inner`.
fn same(a: &Node<'_>, b: &Node<'_>, inner: &dyn Fn(&Node<'_>, &Node<'_>) -> bool) -> bool {
    match (&a.value, &b.value) {
        (Value::Scalar(a), Value::Scalar(b)) => (&a.text, a.plain) == (&b.text, b.plain),
        (Value::Sequence(a), Value::Sequence(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| inner(a, b))
        }
        (Value::Mapping(a), Value::Mapping(b)) => {
            // What merge keys bring comes last, so that the order may differ.
            let find = |key: &str, at: usize| {
                b.get(at).filter(|e| e.key.text == key).or_else(|| b.iter().find(|e| e.key.text == key))
            };
            let mut pairs = a.iter().enumerate().map(|(at, entry)| (entry, find(&entry.key.text, at)));
            a.len() == b.len() && pairs.all(|(a, b)| b.is_some_and(|b| inner(&a.value, &b.value)))
        }
        _ => false,
    }
}
