//! The parser's errors in words that say what to do, at the place where the mistake is.

use granit_parser::{ErrorKind, ScanError};

use super::build::{Base, MAX_DEPTH};
use super::problem::Problem;
use super::tree::Span;

/// The problem behind a parser error in `text`; the parser was given the part that begins at `base`.
pub(crate) fn problem(text: &str, base: Base, error: &ScanError) -> Problem {
    let marker = error.marker();
    let at = base.offset_of(marker).min(text.len());
    if let Some(span) = template(text, at) {
        return Problem::Template { span };
    }
    match error.kind() {
        ErrorKind::RecursionLimitExceeded => Problem::TooDeep { limit: MAX_DEPTH, span: point(text, at) },
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabAtBlockScalarStart => Problem::Tab { span: next_tab(text, at) },
        kind => plain(text, kind, small(marker.line()) + base.lines, at),
    }
}

fn plain(text: &str, kind: &ErrorKind, line: u32, at: usize) -> Problem {
    if is_open_quote(kind) {
        let message = "this quoted text is never closed".to_owned();
        return Problem::Syntax { message, help: None, span: open_quote(text, at) };
    }
    let (message, help) = words(kind);
    let span = Span { line, ..point(text, at) };
    Problem::Syntax { message, help, span }
}

fn is_open_quote(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::UnclosedQuotedScalar
            | ErrorKind::InvalidQuotedScalarIndent
            | ErrorKind::DocumentIndicatorInQuotedScalar
    )
}

fn words(kind: &ErrorKind) -> (String, Option<&'static str>) {
    let (message, help) = match kind {
        ErrorKind::UnclosedFlowCollection { open } => {
            return (format!("this `{open}` is never closed"), None);
        }
        ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping
        | ErrorKind::UnexpectedEof => ("the text ends inside a list or a mapping", Some("is it cut off?")),
        ErrorKind::UnknownAnchor => {
            ("no anchor of this name before this alias", Some("quote a text that starts with `*`"))
        }
        ErrorKind::MappingValueNotAllowed => {
            ("no `:` is allowed here", Some("check the indentation, and quote a text that contains `: `"))
        }
        ErrorKind::ExpectedBlockMappingKey => (
            "a key was expected here",
            Some("check the indentation: keys of one mapping start in one column"),
        ),
        ErrorKind::ExpectedBlockSequenceEntry => {
            ("a `-` was expected here", Some("check the indentation: a list and a mapping cannot be mixed"))
        }
        ErrorKind::ExpectedFlowMappingSeparator => ("`,` or `}` was expected here", None),
        ErrorKind::ExpectedFlowSequenceSeparator => ("`,` or `]` was expected here", None),
        ErrorKind::ExpectedDocumentStart => {
            ("a second document starts here", Some("put a line `---` between documents"))
        }
        ErrorKind::UnexpectedCharacter { character } if character.is_control() => {
            return (format!("a control character, `{}`", character.escape_default()), None);
        }
        ErrorKind::UnexpectedCharacter { character } => {
            let message = format!("no value can start with `{}`", character.escape_default());
            return (message, Some("quote the text"));
        }
        ErrorKind::SimpleKeyExpected => ("this line is neither `key: value` nor a list item", None),
        other => return (other.to_string(), None),
    };
    (message.to_owned(), help)
}

/// The first `{{` on the line of `at`, or the first line of the text that starts with one.
fn template(text: &str, at: usize) -> Option<Span> {
    let line_start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    let line = text[line_start..].lines().next().unwrap_or("");
    if let Some(i) = line.find("{{") {
        return Some(point(text, line_start + i));
    }
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        if line[indent..].starts_with("{{") {
            return Some(point(text, offset + indent));
        }
        offset += line.len();
    }
    None
}

fn next_tab(text: &str, at: usize) -> Span {
    let line_start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    let in_indent = text[line_start..at].bytes().all(|b| b == b' ' || b == b'\t');
    let from = if in_indent { line_start } else { at };
    point(text, text[from..].find('\t').map_or(at, |i| from + i))
}

/// The last quote before `at`: where a text that swallowed the next lines was opened.
fn open_quote(text: &str, at: usize) -> Span {
    let at = if at == text.len() || !text[at..].starts_with(['"', '\'']) { at } else { at + 1 };
    point(text, text[..at].rfind(['"', '\'']).unwrap_or(at))
}

fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// The span of the character at a byte offset (empty at the end of the text).
fn point(text: &str, at: usize) -> Span {
    let before = &text[..at];
    let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").trim_start_matches('\u{feff}').chars().count() + 1;
    let end = at + text[at..].chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8);
    Span { start: small(at), end: small(end), line: small(line), column: small(column) }
}
