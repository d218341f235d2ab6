//! The few styles of terminal text, and wrapping it.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

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

/// Lines of text with a label on the left of the first: the shape of all answers.
#[derive(Default)]
pub(crate) struct Sheet(String);

impl Sheet {
    /// A line as it is.
    pub(crate) fn line(&mut self, text: impl AsRef<str>) {
        self.0.push_str(text.as_ref());
        self.0.push('\n');
    }

    /// An empty line, never two.
    pub(crate) fn gap(&mut self) {
        if !self.0.is_empty() && !self.0.ends_with("\n\n") {
            self.0.push('\n');
        }
    }

    /// A labelled paragraph.
    pub(crate) fn entry(&mut self, label: &str, text: &str) {
        self.styled_entry(DIM, label, text);
    }

    /// A labelled paragraph whose label has a style of its own.
    pub(crate) fn styled_entry(&mut self, style: Style, label: &str, text: &str) {
        let label = paint(style, format!("{label:<LABEL$}"));
        self.paragraph(&label, text);
    }

    /// A paragraph under the entry before it.
    pub(crate) fn more(&mut self, text: &str) {
        self.paragraph(&" ".repeat(LABEL), text);
    }

    fn paragraph(&mut self, margin: &str, text: &str) {
        for (i, line) in wrap(text, WIDTH - LABEL).iter().enumerate() {
            let margin = if i == 0 { margin } else { &format!("{}  ", " ".repeat(LABEL)) };
            self.line(format!("{margin}{line}"));
        }
    }

    /// The text, without empty lines at its end.
    pub(crate) fn finish(mut self) -> String {
        self.0.truncate(self.0.trim_end().len());
        self.0.push('\n');
        self.0
    }
}

/// Breaks text at spaces into lines of at most `width` columns where that is possible; escape sequences
/// count for nothing.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ') {
        let columns = visible(word);
        if let Some(line) = lines.last_mut().filter(|_| used == 0 || used + 1 + columns <= width) {
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += columns;
        } else {
            lines.push(word.to_owned());
            used = columns + 2; // the margin of a continued line
        }
    }
    lines
}

fn visible(word: &str) -> usize {
    anstream::adapter::strip_str(word).to_string().chars().count()
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
}
