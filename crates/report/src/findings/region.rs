//! Places as machines want them: first and last line and column, and file names as URIs.

use podfence_model::Place;
use podfence_source::SourceMap;

/// A stretch of text; lines and columns count from 1, columns in characters, the last one lies behind the stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) end_line: u32,
    pub(super) end_column: u32,
}

impl Region {
    /// Where a place lies; an end that is not in the text is taken for the beginning.
    pub(super) fn of(place: &Place, sources: &SourceMap) -> Self {
        let (line, column) = (place.line.max(1), place.column.max(1));
        let text = sources.slice(place).unwrap_or_default();
        let breaks = small(text.matches('\n').count());
        let tail = small(text.rsplit('\n').next().unwrap_or_default().chars().count());
        let end_column = if breaks == 0 { column + tail } else { tail + 1 };
        Self { line, column, end_line: line + breaks, end_column }
    }
}

fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// A file name as a URI reference (RFC 3986): what is not unreserved is escaped. A path from the root is a `file` URI.
pub(super) fn uri(file: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
    let escaped: String = file
        .bytes()
        .map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect();
    if escaped.starts_with('/') {
        return format!("file://{escaped}");
    }
    escaped.strip_prefix("./").map(str::to_owned).unwrap_or(escaped)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_stretch_ends_behind_its_last_character() {
        let text = "a: é\nb:\n  - x\n";
        let mut sources = SourceMap::default();
        sources.insert("f".into(), text.into());
        let place = |line, column, part: &str| {
            let start = text.find(part).unwrap_or_default();
            Place { file: Arc::from("f"), line, column, start: small(start), end: small(start + part.len()) }
        };
        let region = |place: Place| {
            let Region { line, column, end_line, end_column } = Region::of(&place, &sources);
            [line, column, end_line, end_column]
        };
        assert_eq!(region(place(1, 4, "é")), [1, 4, 1, 5]);
        assert_eq!(region(place(2, 1, "b:\n  - x")), [2, 1, 3, 6]);
    }

    #[test]
    fn file_names_become_uris() {
        let table = [
            ("shop/a b.yaml", "shop/a%20b.yaml"),
            ("./x.yaml", "x.yaml"),
            ("/srv/x.yaml", "file:///srv/x.yaml"),
            ("<stdin>", "%3Cstdin%3E"),
        ];
        for (file, expected) in table {
            assert_eq!(uri(file), expected);
        }
    }
}
