//! One page that needs nothing else: no network, no build, no library.
//!
//! Style and script stand in the page and are allowed by their hashes in its Content-Security-Policy (CSP 3), everything
//! else is forbidden. The data is JSON in a script element that is never run, with `<` written as an escape, and the script
//! sets texts only as text: names are harmless, whatever they are. `page` holds what the data is.

use podfence_analysis::graph::Graph;
use podfence_engine::Engine;
use podfence_model::World;
use podfence_source::SourceMap;
use sha2::{Digest, Sha256};

use super::page::Page;

const TEMPLATE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
/// The parts of the script, in the order in which they need each other.
const SCRIPT: [&str; 6] = [
    include_str!("page/route.js"),
    include_str!("page/layout.js"),
    include_str!("page/draw.js"),
    include_str!("page/panel.js"),
    include_str!("page/main.js"),
    include_str!("page/events.js"),
];

/// A graph as a page in which every edge leads to the policies that decide it. `engine` must be of the same world.
pub fn html(world: &World, engine: &Engine, graph: &Graph, sources: &SourceMap) -> String {
    let script = format!("\n\"use strict\";\n{}", SCRIPT.join("\n"));
    let data = serde_json::to_string(&Page::new(world, engine, graph, sources)).unwrap_or_default();
    let parts = [
        ("@SCRIPT_HASH@", hash(&script)),
        ("@STYLE_HASH@", hash(STYLE)),
        ("@STYLE@", STYLE.to_owned()),
        ("@SCRIPT@", script),
        ("@DATA@", inert(&data)),
    ];
    filled(&parts)
}

/// The template with its marks replaced, each once and from the template only: what is put in is not looked at again.
fn filled(parts: &[(&str, String)]) -> String {
    let mut text = String::new();
    let mut rest = TEMPLATE;
    while let Some((before, from)) = rest.split_once('@').map(|(before, _)| (before, &rest[before.len()..])) {
        text.push_str(before);
        let (mark, part) =
            parts.iter().find(|(mark, _)| from.starts_with(mark)).map_or(("@", "@"), |(m, p)| (*m, p));
        text.push_str(part);
        rest = &from[mark.len()..];
    }
    text + rest
}

/// JSON in which nothing can end or begin an element (HTML, 4.12.1.3).
fn inert(json: &str) -> String {
    json.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

/// The source expression of an inline element (CSP 3, 2.3.1).
fn hash(text: &str) -> String {
    format!("sha256-{}", base64(&Sha256::digest(text.as_bytes())))
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |chunk: &[u8]| {
        let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        let letter = |i: usize| {
            let sextet = (bits >> (18 - 6 * i) & 63) as usize;
            if i <= chunk.len() { char::from(LETTERS[sextet]) } else { '=' }
        };
        [letter(0), letter(1), letter(2), letter(3)]
    };
    bytes.chunks(3).flat_map(group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4648, section 10.
    #[test]
    fn base64_is_as_specified() {
        let table = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
        ];
        for (text, encoded) in table {
            assert_eq!(base64(text.as_bytes()), encoded);
        }
    }

    #[test]
    fn data_cannot_leave_its_element() {
        assert_eq!(inert("\"</script><!--\""), "\"\\u003c/script>\\u003c!--\"");
    }
}
