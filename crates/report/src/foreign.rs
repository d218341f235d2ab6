//! Text that somebody else wrote, such as names in manifests and of files, before it becomes a part of ours.
//!
//! Names may hold anything: escape sequences, line breaks, marks that turn the direction of reading. A terminal would obey
//! them, and a reader be deceived. [`shown`] shows them as escapes; every [`Sheet`](crate::style::Sheet) passes what it is
//! given through [`line`] or [`lines`], which leave our own styles alone. [`markdown`] is for comments on pull requests.

use std::borrow::Cow;

/// The styles of this crate and of the snippets that it draws (ECMA-48, SGR): none of them hides text.
const STYLES: [&str; 16] =
    ["0", "1", "2", "4", "31", "32", "33", "34", "35", "36", "91", "92", "93", "94", "95", "96"];

/// Whether a character does something to a terminal or to the order in which others are read.
pub(crate) fn is_active(c: char) -> bool {
    c.is_control() || turns_order(c)
}

/// Marks that turn the direction of reading, and other invisible ones that part lines (Unicode UAX 9, `Bidi_Control`).
pub(crate) fn turns_order(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A name on one line, with escapes for what a terminal would obey.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    if text.contains(is_active) { Cow::Owned(escaped(text, is_active)) } else { Cow::Borrowed(text) }
}

/// Text of ours with names in it: the same, but our own styles stay.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    styled(text, is_active)
}

/// The same of several lines.
pub(crate) fn lines(text: &str) -> Cow<'_, str> {
    styled(text, |c| c != '\n' && is_active(c))
}

fn styled(text: &str, is_active: fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(is_active) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut left = text;
    while let Some(at) = left.find('\x1b') {
        let (before, escape) = left.split_at(at);
        let end = style(escape);
        out.push_str(&escaped(before, is_active));
        match end {
            Some(end) => out.push_str(&escape[..end]),
            None => out.push_str(&escaped("\x1b", is_active)),
        }
        left = &escape[end.unwrap_or(1)..];
    }
    out.push_str(&escaped(left, is_active));
    Cow::Owned(out)
}

/// How long the style is that a text begins with.
fn style(text: &str) -> Option<usize> {
    let (number, _) = text.strip_prefix("\x1b[")?.split_once('m')?;
    STYLES.contains(&number).then_some(number.len() + 3)
}

fn escaped(text: &str, is_active: fn(char) -> bool) -> String {
    let one = |c: char| if is_active(c) { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(one).collect()
}

/// A name in a cell or an item of Markdown: it neither ends it nor begins a link, an image, HTML, emphasis or code.
pub(crate) fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in shown(text).chars() {
        if matches!(c, '|' | '*' | '_' | '`' | '<' | '>' | '&' | '[' | ']' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::style::{BAD, BOLD, DIM, GOOD, OPEN, paint};

    #[test]
    fn names_do_nothing_to_a_terminal() {
        let table = [
            ("shop/web", "shop/web"),
            ("größe/日本", "größe/日本"),
            ("a\x1b[2Jb", "a\\u{1b}[2Jb"),
            ("a\nb\rc\td", "a\\nb\\rc\\td"),
            ("\x07\u{9b}31m\x7f", "\\u{7}\\u{9b}31m\\u{7f}"),
            ("abc\u{202e}fed\u{200f}\u{2066}", "abc\\u{202e}fed\\u{200f}\\u{2066}"),
        ];
        for (name, expected) in table {
            assert_eq!(shown(name), expected);
        }
    }

    #[test]
    fn styles_stay_and_nothing_else_does() {
        for style in [GOOD, BAD, OPEN, DIM, BOLD] {
            let ours = paint(style, "text");
            assert_eq!(lines(&ours), ours);
            let with = format!("{ours} \x1b]0;title\x07 \u{202e}\x1b[8mhidden\nnext");
            let expected = format!("{ours} \\u{{1b}}]0;title\\u{{7}} \\u{{202e}}\\u{{1b}}[8mhidden\nnext");
            assert_eq!(lines(&with), expected);
        }
    }

    #[test]
    fn names_are_no_markdown() {
        let name = "a|b`c`<img src=x>&lt;[l](u)![i](u)\n| forged |";
        let expected = r"a\|b\`c\`\<img src=x\>\&lt;\[l\](u)!\[i\](u)\\n\| forged \|";
        assert_eq!(markdown(name), expected);
    }
}
