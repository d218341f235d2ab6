//! The few styles of terminal text, and wrapping it.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

use crate::foreign;

/// Columns of a line of terminal text; more is hard to read, whatever the terminal's width.
pub(crate) const WIDTH: usize = 100;
/// Columns of the words on the left of an answer: `egress`, `service`.
const LABEL: usize = 10;

pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const OPEN: Style = AnsiColor::Yellow.on_default().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const BOLD: Style = Style::new().bold();

/// Text in a style.
pub(crate) fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// A part of a [`Sheet`], before it is wrapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// A line as it is.
    Line(String),
    /// An empty line, unless there is one.
    Gap,
    /// A paragraph with a label, which is as wide as all labels.
    Entry(String, String),
    /// A paragraph under the entry before it.
    More(String),
}

impl Piece {
    /// The same without styles.
    pub(crate) fn plain(self) -> Self {
        match self {
            Self::Line(line) => Self::Line(plain(&line)),
            Self::Gap => Self::Gap,
            Self::Entry(label, words) => Self::Entry(plain(&label).trim_end().to_owned(), plain(&words)),
            Self::More(words) => Self::More(plain(&words)),
        }
    }
}

/// Text without escape sequences.
pub(crate) fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// Lines of text with a label on the left of the first: the shape of all answers.
#[derive(Default)]
pub(crate) struct Sheet(Vec<Piece>);

impl Sheet {
    /// A line as it is.
    pub(crate) fn line(&mut self, text: impl AsRef<str>) {
        self.0.push(Piece::Line(foreign::line(text.as_ref()).into_owned()));
    }

    /// Lines as they are.
    pub(crate) fn block(&mut self, text: impl AsRef<str>) {
        self.0.push(Piece::Line(foreign::lines(text.as_ref()).into_owned()));
    }

    /// An empty line, never two.
    pub(crate) fn gap(&mut self) {
        self.0.push(Piece::Gap);
    }

    /// A labelled paragraph.
    pub(crate) fn entry(&mut self, label: &str, text: &str) {
        self.styled_entry(DIM, label, text);
    }

    /// A labelled paragraph whose label has a style of its own.
    pub(crate) fn styled_entry(&mut self, style: Style, label: &str, text: &str) {
        self.0.push(Piece::Entry(paint(style, format!("{label:<LABEL$}")), foreign::line(text).into_owned()));
    }

    /// A paragraph under the entry before it.
    pub(crate) fn more(&mut self, text: &str) {
        self.0.push(Piece::More(foreign::line(text).into_owned()));
    }

    /// What is on it, for other forms than lines of a terminal.
    pub(crate) fn pieces(self) -> Vec<Piece> {
        self.0
    }

    /// The text, without empty lines at its end.
    pub(crate) fn finish(self) -> String {
        let mut text = String::new();
        for piece in self.0 {
            match piece {
                Piece::Line(line) => text.push_str(&(line + "\n")),
                Piece::Gap if text.is_empty() || text.ends_with("\n\n") => {}
                Piece::Gap => text.push('\n'),
                Piece::Entry(label, words) => paragraph(&mut text, &label, &words),
                Piece::More(words) => paragraph(&mut text, &" ".repeat(LABEL), &words),
            }
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
        text
    }
}

fn paragraph(text: &mut String, margin: &str, words: &str) {
    for (i, line) in wrap(words, WIDTH - LABEL).iter().enumerate() {
        let margin = if i == 0 { margin } else { &format!("{}  ", " ".repeat(LABEL)) };
        text.extend([margin, line.as_str(), "\n"]);
    }
}

/// Breaks text at spaces into lines of at most `width` columns where that is possible; escape sequences
/// count for nothing.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    wrapped(text, width).map(ToOwned::to_owned).collect()
}

/// The same without a copy; never no line.
pub(crate) fn wrapped(text: &str, width: usize) -> impl Iterator<Item = &str> {
    let mut left = Some(text);
    let mut margin = 0;
    std::iter::from_fn(move || {
        let text = left?.trim_start_matches(' ');
        let end = end_of_line(text, width.saturating_sub(margin));
        margin = 2; // of a continued line
        left = text.get(end + 1..);
        Some(&text[..end])
    })
}

/// Where the words end that fit on a line; one always does.
fn end_of_line(text: &str, width: usize) -> usize {
    end_of_plain_line(text.as_bytes(), width).unwrap_or_else(|| end_of_any_line(text, width))
}

/// The same where a byte is a column up to the end, as in most texts; `None` elsewhere, or if the first word is too long.
fn end_of_plain_line(text: &[u8], width: usize) -> Option<usize> {
    let reach = &text[..text.len().min(width + 1)];
    if !reach.iter().all(|byte| matches!(byte, b' '..=b'~')) {
        return None;
    }
    if text.len() <= width { Some(text.len()) } else { reach.iter().rposition(|byte| *byte == b' ') }
}

fn end_of_any_line(text: &str, width: usize) -> usize {
    let (mut end, mut used) = (0, 0);
    for word in text.split(' ') {
        let columns = visible(word);
        if end > 0 && used + 1 + columns > width {
            return end;
        }
        (end, used) =
            if end > 0 { (end + 1 + word.len(), used + 1 + columns) } else { (word.len(), columns) };
    }
    end
}

/// How many columns a word takes.
fn visible(word: &str) -> usize {
    if word.bytes().all(|byte| byte.is_ascii_graphic()) {
        return word.len();
    }
    plain(word).chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_break_at_spaces_and_styles_count_for_nothing() {
        let text = format!("one {} three", paint(GOOD, "two"));
        assert_eq!(wrap(&text, 7), [format!("one {}", paint(GOOD, "two")), "three".into()]);
        assert_eq!(wrap("a-very-long-word b", 5), ["a-very-long-word", "b"]);
    }

    #[test]
    fn plain_lines_end_where_all_do() {
        let text = "a bc  def ghi, j kl-mnopq";
        for (begin, width) in (0..text.len()).flat_map(|begin| (1..30).map(move |width| (begin, width))) {
            let text = text[begin..].trim_start();
            if let Some(end) = end_of_plain_line(text.as_bytes(), width) {
                assert_eq!(end, end_of_any_line(text, width), "{text}, {width}");
            }
        }
    }
}
