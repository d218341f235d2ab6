//! One document after the other, so that a file of many objects never stands in memory as one tree: by `quick` where it can,
//! by the parser otherwise.

use granit_parser::{Event, Options, Parser, StrInput};

use super::build::{Base, Builder, MAX_DEPTH};
use super::problem::Problem;
use super::tree::Node;
use super::{quick, syntax};

/// One document: its tree unless the text is broken, and what is wrong with it.
pub(crate) struct Document<'t> {
    /// `None` when the text is broken or the document is empty.
    pub(crate) root: Option<Node<'t>>,
    /// All problems; a tree with problems has stand-ins where they are.
    pub(crate) problems: Vec<Problem>,
}

/// The documents of a text. After a broken one there are no more.
pub(crate) struct Documents<'t> {
    text: &'t str,
    chunks: Chunks<'t>,
    /// The parser of the chunk that is being read.
    parser: Option<ChunkParser<'t>>,
    broken: bool,
}

/// A parser, and where its part of the text begins.
struct ChunkParser<'t> {
    text: &'t str,
    base: Base,
    events: Parser<'t, StrInput<'t>>,
}

impl<'t> Documents<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, chunks: Chunks::of(text), parser: None, broken: false }
    }

    /// The same by the parser alone.
    #[cfg(test)]
    fn by_parser(text: &'t str) -> Self {
        let parser = Some(ChunkParser::new(text, Base::default(), text.len()));
        let chunks = Chunks { text, base: Base { offset: text.len(), lines: 0 }, whole: true };
        Self { text, chunks, parser, broken: false }
    }
}

impl<'t> Iterator for Documents<'t> {
    type Item = Document<'t>;

    fn next(&mut self) -> Option<Document<'t>> {
        while !self.broken {
            if let Some(parser) = &mut self.parser {
                match parser.next(&mut self.broken) {
                    Some(document) => return Some(document),
                    None => self.parser = None,
                }
            }
            let (base, end) = self.chunks.next()?;
            match quick::document(self.text, base.offset, end, base.lines + 1) {
                Some(root) => return Some(Document { root: Some(root), problems: Vec::new() }),
                None => self.parser = Some(ChunkParser::new(self.text, base, end)),
            }
        }
        None
    }
}

impl<'t> ChunkParser<'t> {
    fn new(text: &'t str, base: Base, end: usize) -> Self {
        let mut options = Options::default();
        options.set_emit_comments(false);
        options.flow_nesting_limit = MAX_DEPTH;
        options.block_nesting_limit = MAX_DEPTH;
        // A JSON file is often one line; keys of any length are fine because the text is bounded.
        options.simple_key_max_lookahead = 4096;
        let chunk = text.get(base.offset..end).unwrap_or_default();
        Self { text, base, events: Parser::new_from_str_with_options(chunk, options) }
    }

    /// The next document, and whether it is broken.
    fn next(&mut self, broken: &mut bool) -> Option<Document<'t>> {
        match self.starts()? {
            Ok(()) => Some(self.document(broken)),
            Err(problem) => {
                *broken = true;
                Some(Document { root: None, problems: vec![problem] })
            }
        }
    }

    fn document(&mut self, broken: &mut bool) -> Document<'t> {
        let mut builder = Builder::new(self.text, self.base);
        while let Some(next) = self.events.next_event() {
            let step = match next {
                Ok((Event::DocumentEnd, _)) => return builder.finish(),
                Ok((event, span)) => builder.take(event, &span),
                Err(error) => Err(syntax::problem(self.text, self.base, &error)),
            };
            if let Err(problem) = step {
                *broken = true;
                return builder.fail(problem);
            }
        }
        builder.finish()
    }

    /// Whether another document starts; an error if the text breaks off before that.
    fn starts(&mut self) -> Option<Result<(), Problem>> {
        while let Some(next) = self.events.next_event() {
            match next {
                Ok((Event::DocumentStart(..), _)) => return Some(Ok(())),
                Ok(_) => {}
                Err(error) => return Some(Err(syntax::problem(self.text, self.base, &error))),
            }
        }
        None
    }
}

/// Parts of a text that begin with a line `---`: no value can hold such a line, so documents may be read one by one.
struct Chunks<'t> {
    text: &'t str,
    /// Where the next one begins.
    base: Base,
    /// The text has lines that end documents otherwise, or directives, which hold for what follows: it is one chunk.
    whole: bool,
}

impl<'t> Chunks<'t> {
    fn of(text: &'t str) -> Self {
        let begins = |mark: &str| text.starts_with(mark) || text.contains(&format!("\n{mark}"));
        Self { text, base: Base::default(), whole: begins("...") || begins("%") }
    }
}

impl Iterator for Chunks<'_> {
    type Item = (Base, usize);

    fn next(&mut self) -> Option<(Base, usize)> {
        let base = self.base;
        let rest = self.text.get(base.offset..).filter(|rest| !rest.is_empty())?;
        let length = if self.whole { rest.len() } else { chunk_length(rest) };
        let breaks: usize = rest.bytes().take(length).map(|b| usize::from(b == b'\n')).sum();
        self.base.offset += length;
        self.base.lines += u32::try_from(breaks).unwrap_or(u32::MAX);
        Some((base, base.offset + length))
    }
}

/// How far it is to the next line that begins a document, or to the end.
fn chunk_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut marks =
        bytes.array_windows().enumerate().filter(|(_, four)| *four == b"\n---").map(|(at, _)| at + 1);
    let begins = |at: &usize| matches!(bytes.get(at + 3), None | Some(b' ' | b'\t' | b'\n' | b'\r'));
    marks.find(begins).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// What a text holds, to be compared: trees with all their places, and problems.
    fn shown(documents: Documents<'_>) -> Vec<String> {
        documents.map(|document| format!("{:?} {:?}", document.root, document.problems)).collect()
    }

    /// With the short cuts and by the parser alone, a text is the same; or both refuse it.
    fn same(text: &str) {
        let refused = |mut documents: Documents<'_>| documents.any(|d| !d.problems.is_empty());
        if refused(Documents::by_parser(text)) {
            assert!(refused(Documents::new(text)), "the parser alone refuses this:\n{text}");
            return;
        }
        assert_eq!(shown(Documents::new(text)), shown(Documents::by_parser(text)), "{text}");
    }

    /// Lines that manifests are made of, and some that are hard.
    const LINES: [&str; 42] = [
        "---",
        "--- # c",
        "---x",
        "kind: Pod",
        "a:",
        "b: 1",
        "- a",
        "- b: x",
        "-",
        "- - c",
        "# note",
        "",
        "  ",
        "a: b # c",
        "a: b #c",
        "a:b",
        "a: \"x\"",
        "b: 'it'",
        "a: 'it''s'",
        "c: {}",
        "d: []",
        "e: [x]",
        "f: |",
        "g: -1",
        "h: --v",
        "yes: no",
        "12: x",
        "<<: x",
        "i: a: b",
        "j: x:",
        "k: \"a\\n\"",
        "- \"q\" # c",
        "l: http://x",
        "m: ~",
        "n: [a, \"b\", 'c' ] # d",
        "o: {a: 1, b: {c: []}}",
        "p: [a, b: c]",
        "q: {\"a\": 1}",
        "- {a: b}",
        "- [a, -1]",
        "r: [a,]",
        "s: {a: b, a: c}",
    ];

    fn line() -> impl Strategy<Value = String> {
        let indent = prop_oneof![Just(0usize), Just(2), Just(4), Just(1), Just(6)];
        (indent, 0..LINES.len()).prop_map(|(indent, line)| format!("{}{}\n", " ".repeat(indent), LINES[line]))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_short_cut_reads_what_the_parser_reads(lines in vec(line(), 0..9)) {
            same(&lines.concat());
        }

        #[test]
        fn one_changed_character_makes_no_difference(at in 0..MANIFEST.len(), with in "[-:#\"'{}&*|>%a, \n.\\[\\]]") {
            let mut text = MANIFEST.to_owned();
            text.replace_range(at..=at, &with);
            same(&text);
        }
    }

    const MANIFEST: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web # the shop
  namespace: \"shop\"
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes:
  - Ingress
  - Egress

  ingress:
    - from:
        - podSelector:
            matchLabels:
              app.kubernetes.io/name: 'client'
      ports:
        # the web
        - port: 8080
          protocol: TCP
  egress: []
---
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels:
    empty:
    team: a b
";

    #[test]
    fn plain_manifests_take_the_short_cut() {
        let chunks: Vec<_> = Chunks::of(MANIFEST).collect();
        assert_eq!(chunks.len(), 2);
        for (base, end) in chunks {
            assert!(quick::document(MANIFEST, base.offset, end, base.lines + 1).is_some());
        }
        same(MANIFEST);
    }

    #[test]
    fn only_a_line_of_its_own_begins_a_document() {
        for text in [
            "a: 1\n---",
            "a: 1\n--- b\n",
            "a: 1\n---b\n",
            "---\n---\n",
            "a: |\n  x\n  ---\n---\nb: 2\n",
            "a: 1\n...\n---\nb: 2\n",
        ] {
            same(text);
        }
    }
}
