//! Collections in brackets on one line: `[Ingress, Egress]`, `{matchLabels: {app: web}}`.

use super::{Line, MAX_DEPTH, key_length, plain, quoted, span, without_twins};
use crate::yaml::build::read_key;
use crate::yaml::tree::{Entry, Node, Value};

/// A collection in brackets, all on one line.
pub(super) struct Flow<'t> {
    text: &'t str,
    line: Line,
    at: usize,
}

impl<'t> Flow<'t> {
    /// The collection that begins at `start` on a line.
    pub(super) fn new(text: &'t str, line: Line, start: usize) -> Self {
        Self { text, line, at: start }
    }

    /// It, and what stands behind it.
    pub(super) fn collection(mut self) -> Option<(Node<'t>, &'t str)> {
        let node = self.value(0)?;
        Some((node, self.rest()))
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..self.line.end]
    }

    /// Passes spaces, and says what comes then.
    fn peek(&mut self) -> Option<u8> {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(' ').len();
        self.rest().bytes().next()
    }

    /// What comes behind spaces.
    fn follows(&self) -> Option<u8> {
        self.rest().trim_start_matches(' ').bytes().next()
    }

    fn value(&mut self, depth: usize) -> Option<Node<'t>> {
        let first = self.peek()?;
        let start = self.at;
        if depth > MAX_DEPTH {
            return None;
        }
        let value = match first {
            b'[' => Value::Sequence(self.inside(b']', |flow| flow.value(depth + 1))?),
            b'{' => Value::Mapping(without_twins(self.inside(b'}', |flow| flow.entry(depth + 1))?)?),
            b'"' | b'\'' => self.quoted(first)?,
            _ => self.plain()?,
        };
        Some(Node { value, span: span(self.line, start, self.at) })
    }

    /// What stands between two brackets, with commas between.
    fn inside<T>(&mut self, close: u8, one: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut all = Vec::new();
        self.at += 1;
        if self.peek()? == close {
            self.at += 1;
            return Some(all);
        }
        loop {
            all.push(one(self)?);
            let next = self.peek()?;
            self.at += 1;
            match next {
                b',' => {}
                next if next == close => return Some(all),
                _ => return None,
            }
        }
    }

    fn entry(&mut self, depth: usize) -> Option<Entry<'t>> {
        self.peek()?;
        let length = key_length(self.rest())?;
        let start = self.at;
        let node =
            Node { value: plain(&self.rest()[..length]), span: span(self.line, start, start + length) };
        let mut merges = false;
        let key = read_key(node, &mut merges).ok().filter(|_| !merges)?;
        self.at += length + 1;
        let value = self.value(depth)?;
        Some(Entry { key, value })
    }

    fn quoted(&mut self, quote: u8) -> Option<Value<'t>> {
        let (value, length) = quoted(self.rest(), quote)?;
        self.at += length;
        // A colon behind it would make it a key.
        (self.follows()? != b':').then_some(value)
    }

    /// A plain scalar of characters that mean nothing else in brackets.
    fn plain(&mut self) -> Option<Value<'t>> {
        let rest = self.rest();
        let of_plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'/' | b'-');
        let length = rest.bytes().take_while(|b| of_plain(b)).count();
        let begins = rest.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_');
        self.at += length;
        (begins && matches!(self.follows()?, b',' | b']' | b'}')).then(|| plain(&rest[..length]))
    }
}
