//! One value of a tree, with the name it goes by in messages.

use std::fmt;

use podfence_model::Place;

use super::fields::Fields;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::sink::Sink;
use crate::yaml::{Node, Resolved, Scalar, Span, Value, resolve};

/// A value and what to call it.
#[derive(Clone, Copy)]
pub(crate) struct Item<'n> {
    pub(crate) sink: &'n Sink,
    pub(crate) node: &'n Node<'n>,
    /// The field's name.
    name: &'n str,
    /// The value is one item of the list in that field.
    member: bool,
}

/// `intstr.IntOrString`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IntOrText<'n> {
    Int(i64),
    Text(&'n str),
}

impl<'n> Item<'n> {
    pub(crate) fn new(sink: &'n Sink, node: &'n Node<'n>, name: &'n str) -> Self {
        Self { sink, node, name, member: false }
    }

    fn member_of(self, node: &'n Node<'n>) -> Self {
        Self { node, member: true, ..self }
    }

    pub(crate) fn place(self) -> Place {
        self.sink.place(self.node.span)
    }

    /// `null`, `~`, or nothing at all.
    pub(crate) fn is_null(self) -> bool {
        matches!(&self.node.value, Value::Scalar(s) if s.plain && resolve(&s.text) == Resolved::Null)
    }

    pub(crate) fn is_mapping(self) -> bool {
        matches!(self.node.value, Value::Mapping(_))
    }

    pub(crate) fn is_list(self) -> bool {
        matches!(self.node.value, Value::Sequence(_))
    }

    /// An error at this value.
    pub(crate) fn error(self, code: Code, message: impl Into<String>, label: impl Into<String>) {
        self.sink.report(code.error(message).at(self.place(), label));
    }

    /// An error at this value, with what to do about it.
    pub(crate) fn error_with_help(self, code: Code, message: impl Into<String>, help: &str) {
        self.sink.report(code.error(message).at(self.place(), "").help(help));
    }

    /// A note at this value.
    pub(crate) fn note(self, code: Code, message: impl Into<String>) {
        self.sink.report(code.note(message).at(self.place(), ""));
    }

    /// Adds to a finding the edit that writes another text here, in quotes where this one is. A text over several lines
    /// gets none.
    pub(crate) fn rewritten(self, finding: Diagnostic, text: &str) -> Diagnostic {
        let Some(written) = self.scalar() else { return finding };
        let Span { start, end, .. } = self.node.span;
        let quotes = (end - start) as usize - written.text.len().min((end - start) as usize);
        match (written.plain, quotes) {
            (true, 0) => finding.edit(self.place(), text),
            (false, 2) => finding.edit(self.place(), format!("\"{text}\"")),
            _ => finding,
        }
    }

    /// The fields of a mapping.
    pub(crate) fn mapping(self) -> Option<Fields<'n>> {
        match &self.node.value {
            Value::Mapping(entries) => Some(Fields::new(self, entries)),
            _ => self.wrong_type("a mapping"),
        }
    }

    /// The items of a list.
    pub(crate) fn list(self) -> Option<impl Iterator<Item = Item<'n>> + use<'n>> {
        match &self.node.value {
            Value::Sequence(items) => Some(items.iter().map(move |node| self.member_of(node))),
            _ => self.wrong_type("a list"),
        }
    }

    /// A text. A plain scalar that YAML reads as something else is an error, as it is to the API server.
    pub(crate) fn text(self) -> Option<&'n str> {
        let Some(Scalar { text, plain }) = self.scalar() else { return self.wrong_type("a text") };
        if !plain || resolve(text) == Resolved::Text {
            return self.rendered(text, *plain);
        }
        self.unquoted(text)
    }

    /// Any scalar, as it is written: `off` is no boolean here.
    pub(crate) fn written(self) -> Option<&'n str> {
        match self.scalar() {
            Some(scalar) => self.rendered(&scalar.text, scalar.plain),
            None => self.wrong_type("a text or a number"),
        }
    }

    /// A whole number.
    pub(crate) fn integer(self) -> Option<i64> {
        match self.whole_number() {
            Some(number) => Some(number),
            None => self.wrong_type("a whole number"),
        }
    }

    /// A number or a text, as `port` is.
    pub(crate) fn int_or_text(self) -> Option<IntOrText<'n>> {
        match self.peek_int_or_text() {
            Some(IntOrText::Text(text)) => self.rendered(text, self.is_plain()).map(IntOrText::Text),
            Some(number) => Some(number),
            None => self.wrong_type("a whole number or a name"),
        }
    }

    /// [`Self::int_or_text`] without a complaint.
    pub(crate) fn peek_int_or_text(self) -> Option<IntOrText<'n>> {
        if let Some(number) = self.whole_number() {
            return Some(IntOrText::Int(number));
        }
        let Scalar { text, plain } = self.scalar()?;
        (!plain || resolve(text) == Resolved::Text).then_some(IntOrText::Text(text))
    }

    /// `true` or `false`.
    pub(crate) fn boolean(self) -> Option<bool> {
        match self.scalar() {
            Some(Scalar { text, plain: true }) => match resolve(text) {
                Resolved::Boolean(value) => Some(value),
                _ => self.wrong_type("true or false"),
            },
            _ => self.wrong_type("true or false"),
        }
    }

    fn scalar(self) -> Option<&'n Scalar<'n>> {
        match &self.node.value {
            Value::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// Whether it is a scalar without quotes.
    pub(crate) fn is_plain(self) -> bool {
        self.scalar().is_some_and(|scalar| scalar.plain)
    }

    /// An integer, or a float without a fraction: `80.0` reaches the API server as `80`.
    fn whole_number(self) -> Option<i64> {
        let Some(Scalar { text, plain: true }) = self.scalar() else { return None };
        match resolve(text) {
            Resolved::Integer(number) => Some(number),
            #[allow(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
            Resolved::Float(float) if float.fract() == 0.0 && float.abs() < 1e15 => Some(float as i64),
            _ => None,
        }
    }

    fn rendered(self, text: &'n str, plain: bool) -> Option<&'n str> {
        if plain && text.contains("{{") {
            let message = format!("{self} holds a template, not a value");
            self.error_with_help(Code::UnrenderedTemplate, message, crate::yaml::TEMPLATE_HELP);
            return None;
        }
        Some(text)
    }

    fn unquoted<T>(self, text: &str) -> Option<T> {
        if self.is_null() {
            return self.wrong_type("a text");
        }
        let message = format!("{self} must be a text, but `{text}` without quotes is {}", self.what());
        let quoted = format!("\"{text}\"");
        let diagnostic = Code::UnquotedValue
            .error(message)
            .at(self.place(), "")
            .help(format!("quote it: {quoted}"))
            .edit(self.place(), quoted);
        self.sink.report(diagnostic);
        None
    }

    fn wrong_type<T>(self, wanted: &str) -> Option<T> {
        let message = format!("{self} must be {wanted}, but this is {}", self.what());
        self.error(Code::WrongType, message, format!("{wanted} was expected"));
        None
    }

    /// What the value is, in words.
    fn what(self) -> &'static str {
        match &self.node.value {
            Value::Sequence(_) => "a list",
            Value::Mapping(_) => "a mapping",
            Value::Scalar(Scalar { plain: false, .. }) => "a text",
            Value::Scalar(Scalar { text, .. }) => match resolve(text) {
                Resolved::Null => "nothing",
                Resolved::Boolean(_) => "a boolean",
                Resolved::Float(float) if float.fract() != 0.0 => "a number with a fraction",
                Resolved::Integer(_) | Resolved::Float(_) => "a number",
                Resolved::Text => "a text",
            },
        }
    }
}

impl fmt::Display for Item<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let article = if self.member { "each item of " } else { "" };
        write!(f, "{article}`{}`", self.name)
    }
}
