//! The YAML that most manifests are written in, read by lines: block mappings and lists, and on one line plain and quoted
//! scalars and brackets.
//!
//! It is several times as fast as the parser, and only ever a short cut: whatever it is not sure of, down to a character, it
//! leaves to the parser (`None`), so it refuses nothing and reports nothing. `documents` asks it first; a test there holds every
//! tree it makes against the parser's. Start with [`document`].

mod flow;

use std::borrow::Cow;

use self::flow::Flow;
use super::build::read_key;
use super::entries;
use super::tree::{Entry, Key, Node, Scalar, Span, Value};

/// How deep collections may nest here; Kubernetes objects stay below 30.
const MAX_DEPTH: usize = 40;
/// Longer documents are left to the parser, which counts their nodes.
const MAX_LENGTH: usize = 16 << 20;
/// How much is looked through at once for what is not plain.
const BLOCK: usize = 512;
/// Keys this long are not read by every parser.
const MAX_KEY: usize = 512;

/// One document that is the text from `start` to `end`, whose first line has the number `line`. `None` where it takes the
/// parser to know.
pub(super) fn document(text: &str, start: usize, end: usize, line: u32) -> Option<Node<'_>> {
    let chunk = text.get(start..end)?;
    if chunk.len() > MAX_LENGTH || !chunk.as_bytes().chunks(BLOCK).all(is_plain) {
        return None;
    }
    let mut lines = Lines { text, at: start, end, number: line, current: None };
    if chunk.starts_with("---") {
        lines.marker()?;
    }
    let root = lines.block(0)?;
    lines.peek().is_none().then_some(root)
}

/// Line breaks and printable ASCII. Without a way out in the middle, so that a compiler makes it wide instructions.
fn is_plain(block: &[u8]) -> bool {
    let known = |b: u8| b == b'\n' || (b' '..0x7f).contains(&b);
    block.iter().fold(true, |all, b| all & known(*b))
}

/// A line, or what is left of it, that says something.
#[derive(Debug, Clone, Copy)]
struct Line {
    /// Columns before the content.
    indent: usize,
    /// Where the content begins.
    start: usize,
    /// Where the line ends, before its line break.
    end: usize,
    /// From 1.
    number: u32,
}

struct Lines<'t> {
    text: &'t str,
    at: usize,
    end: usize,
    number: u32,
    current: Option<Line>,
}

impl<'t> Lines<'t> {
    /// Passes a line that is `---` and nothing else.
    fn marker(&mut self) -> Option<()> {
        let line = self.peek()?;
        self.current = None;
        self.text[line.start + 3..line.end].bytes().all(|b| b == b' ').then_some(())
    }

    /// The next line that says something.
    fn peek(&mut self) -> Option<Line> {
        while self.current.is_none() && self.at < self.end {
            let rest = &self.text.as_bytes()[self.at..self.end];
            let indent = rest.iter().take_while(|b| **b == b' ').count();
            let content = &rest[indent..];
            let length = content.iter().position(|b| *b == b'\n').unwrap_or(content.len());
            let (start, number) = (self.at + indent, self.number);
            let end = start + length;
            self.at = (end + 1).min(self.end);
            self.number += 1;
            if start < end && self.text.as_bytes()[start] != b'#' {
                self.current = Some(Line { indent, start, end, number });
            }
        }
        self.current
    }

    fn content(&self, line: Line) -> &'t str {
        &self.text[line.start..line.end]
    }

    /// The collection that begins on the next line.
    fn block(&mut self, depth: usize) -> Option<Node<'t>> {
        let line = self.peek()?;
        if depth > MAX_DEPTH {
            return None;
        }
        if is_item(self.content(line)) { self.list(line, depth) } else { self.mapping(line, depth) }
    }

    fn mapping(&mut self, first: Line, depth: usize) -> Option<Node<'t>> {
        let mut entries = Vec::with_capacity(1);
        let mut end = 0;
        while let Some(line) = self.peek().filter(|line| line.indent >= first.indent) {
            if line.indent > first.indent {
                return None;
            }
            let entry = self.entry(line, depth)?;
            end = entry.value.span.end.max(entry.key.span.end).max(end);
            entries.push(entry);
        }
        let span = Span { end, ..span(first, first.start, first.start) };
        Some(Node { value: Value::Mapping(without_twins(entries)?), span })
    }

    fn entry(&mut self, line: Line, depth: usize) -> Option<Entry<'t>> {
        let content = self.content(line);
        let length = key_length(content)?;
        let key = self.key(line, length)?;
        let rest = content[length + 1..].trim_start_matches(' ');
        self.current = None;
        if !rest.is_empty() && !rest.starts_with('#') {
            let value = self.scalar(line, line.end - rest.len())?;
            self.nothing_deeper(line.indent)?;
            return Some(Entry { key, value });
        }
        let value = match self.peek() {
            Some(next) if next.indent > line.indent => self.block(depth + 1)?,
            Some(next) if next.indent == line.indent && is_item(self.content(next)) => {
                // Where such a list begins is the parser's to say when its first item is written below its dash.
                let says_something = !ends_line(&self.content(next)[1..]);
                says_something.then(|| self.list(next, depth + 1)).flatten()?
            }
            // As the parser writes nothing.
            _ => Node { value: plain("~"), span: key.span },
        };
        Some(Entry { key, value })
    }

    fn key(&self, line: Line, length: usize) -> Option<Key<'t>> {
        let text = &self.text[line.start..line.start + length];
        let node = Node { value: plain(text), span: span(line, line.start, line.start + length) };
        let mut merges = false;
        read_key(node, &mut merges).ok().filter(|_| !merges)
    }

    fn list(&mut self, first: Line, depth: usize) -> Option<Node<'t>> {
        let mut items = Vec::with_capacity(1);
        let mut end = 0;
        while let Some(line) = self.peek().filter(|line| line.indent >= first.indent) {
            match (line.indent == first.indent, is_item(self.content(line))) {
                (true, true) => {}
                // The next key of the mapping that the list is a value in.
                (true, false) => break,
                (false, _) => return None,
            }
            let item = self.item(line, depth)?;
            end = item.span.end.max(end);
            items.push(item);
        }
        let span = Span { end, ..span(first, first.start, first.start) };
        Some(Node { value: Value::Sequence(items), span })
    }

    fn item(&mut self, line: Line, depth: usize) -> Option<Node<'t>> {
        let content = self.content(line);
        let rest = content[1..].trim_start_matches(' ');
        self.current = None;
        if rest.is_empty() || rest.starts_with('#') {
            let next = self.peek()?;
            return if next.indent > line.indent { self.block(depth + 1) } else { None };
        }
        if is_item(rest) || depth > MAX_DEPTH {
            return None;
        }
        let skipped = content.len() - rest.len();
        if key_length(rest).is_some() {
            let inner = Line { indent: line.indent + skipped, start: line.start + skipped, ..line };
            self.current = Some(inner);
            return self.mapping(inner, depth + 1);
        }
        let scalar = self.scalar(line, line.start + skipped)?;
        self.nothing_deeper(line.indent)?;
        Some(scalar)
    }

    /// A deeper line would go on with the scalar above it, or be a mistake.
    fn nothing_deeper(&mut self, indent: usize) -> Option<()> {
        self.peek().is_none_or(|next| next.indent <= indent).then_some(())
    }

    /// The scalar, or the empty collection, that fills a line from `start` on.
    fn scalar(&self, line: Line, start: usize) -> Option<Node<'t>> {
        let rest = &self.text[start..line.end];
        let first = *rest.as_bytes().first()?;
        let (value, length) = match first {
            b'"' | b'\'' => quoted(rest, first).filter(|(_, length)| ends_line(&rest[*length..]))?,
            b'{' | b'[' => {
                let (node, rest) = Flow::new(self.text, line, start).collection()?;
                return ends_line(rest).then_some(node);
            }
            _ => bare(rest, first)?,
        };
        Some(Node { value, span: span(line, start, start + length) })
    }
}

fn without_twins(entries: Vec<Entry<'_>>) -> Option<Vec<Entry<'_>>> {
    entries::are_unique(&entries).then_some(entries)
}

fn plain(text: &str) -> Value<'_> {
    Value::Scalar(Scalar { text: Cow::Borrowed(text), plain: true })
}

/// Texts are far smaller than 4 GiB (see `crate::input`), so nothing is lost.
fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn span(line: Line, start: usize, end: usize) -> Span {
    let column = line.indent + (start - line.start) + 1;
    Span { start: small(start), end: small(end), line: line.number, column: small(column) }
}

/// `-`, or `- ` and something.
fn is_item(content: &str) -> bool {
    content == "-" || content.starts_with("- ")
}

/// The length of a plain key that a `:` follows; `None` for whatever else a line may begin with.
fn key_length(content: &str) -> Option<usize> {
    let bytes = content.as_bytes();
    let of_key = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'/' | b'-');
    let length = bytes.iter().take_while(|b| of_key(b)).count();
    let begins = bytes.first().is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let ends = bytes.get(length) == Some(&b':') && matches!(bytes.get(length + 1), None | Some(b' '));
    (begins && ends && length <= MAX_KEY).then_some(length)
}

/// Nothing but spaces and a comment.
fn ends_line(rest: &str) -> bool {
    let bare = rest.trim_start_matches(' ');
    bare.is_empty() || (bare.starts_with('#') && bare.len() < rest.len())
}

/// A quoted text without any escape, and its length.
fn quoted(rest: &str, quote: u8) -> Option<(Value<'_>, usize)> {
    let inside = &rest[1..];
    let length = inside.find(char::from(quote))?;
    let text = &inside[..length];
    let escapes = match quote {
        b'"' => text.contains('\\'),
        _ => inside[length + 1..].starts_with('\''),
    };
    let value = Value::Scalar(Scalar { text: Cow::Borrowed(text), plain: false });
    (!escapes).then_some((value, length + 2))
}

/// A plain scalar on one line.
fn bare(rest: &str, first: u8) -> Option<(Value<'_>, usize)> {
    let begins = first.is_ascii_alphanumeric()
        || matches!(first, b'_' | b'.' | b'/' | b'~' | b'+' | b'<' | b'(' | b'^' | b'$');
    let dash =
        first == b'-' && rest.as_bytes().get(1).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'-');
    let length = if begins || dash { bare_length(rest.as_bytes())? } else { return None };
    let text = &rest[..length];
    (text != "---").then(|| (plain(text), length))
}

/// How long a plain scalar is, without the spaces and the comment behind it; `None` where a `:` makes it a key.
fn bare_length(rest: &[u8]) -> Option<usize> {
    let mut length = 0;
    for (at, byte) in rest.iter().enumerate() {
        match byte {
            b' ' => {}
            b'#' if at > length => break,
            b':' if matches!(rest.get(at + 1), None | Some(b' ')) => return None,
            _ => length = at + 1,
        }
    }
    Some(length)
}
