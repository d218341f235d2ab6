//! [`Suite`]s as JUnit XML, in the form that Jenkins, GitLab and the other build servers read.
//!
//! The form is that of DTKit's `junit-4.xsd`, which Jenkins validates against. Names and texts may hold anything: what XML 1.0
//! cannot say is replaced by U+FFFD. Without a clock there are neither times nor timestamps; both are optional.

use std::fmt::Write;

use crate::results::{Case, Status, Suite, Trouble};

/// The whole document; `name` is that of all suites together.
pub fn junit(name: &str, suites: &[Suite]) -> String {
    let mut xml = Xml("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned());
    let sum = |is_it: fn(&Status) -> bool| suites.iter().map(|s| s.count(is_it)).sum::<usize>().to_string();
    let counts = [("tests", sum(|_| true)), ("failures", sum(failed)), ("errors", sum(broken))];
    xml.open(0, "testsuites", [("name", name.to_owned())].into_iter().chain(counts));
    for suite in suites {
        write_suite(&mut xml, suite);
    }
    xml.close(0, "testsuites");
    xml.0
}

fn failed(status: &Status) -> bool {
    matches!(status, Status::Failed(_))
}

fn broken(status: &Status) -> bool {
    matches!(status, Status::Error(_))
}

fn write_suite(xml: &mut Xml, suite: &Suite) {
    let count = |is_it: fn(&Status) -> bool| suite.count(is_it).to_string();
    let attributes = [
        ("name", suite.name.clone()),
        ("tests", count(|_| true)),
        ("failures", count(failed)),
        ("errors", count(broken)),
        ("skipped", count(|status| matches!(status, Status::Skipped(_)))),
    ];
    xml.open(1, "testsuite", attributes);
    if !suite.properties.is_empty() {
        xml.open(2, "properties", []);
        for (name, value) in &suite.properties {
            xml.leaf(3, "property", [("name", name.clone()), ("value", value.clone())]);
        }
        xml.close(2, "properties");
    }
    for case in &suite.cases {
        write_case(xml, case);
    }
    xml.close(1, "testsuite");
}

fn write_case(xml: &mut Xml, case: &Case) {
    let mut attributes = vec![("name", case.name.clone()), ("classname", case.class.clone())];
    // The schema has no place for the line.
    attributes.extend(case.place.as_ref().map(|(file, _)| ("file", file.clone())));
    if case.status == Status::Passed {
        return xml.leaf(2, "testcase", attributes);
    }
    xml.open(2, "testcase", attributes);
    match &case.status {
        Status::Passed => {}
        Status::Skipped(reason) => xml.text(3, "skipped", [], reason),
        Status::Failed(trouble) => write_trouble(xml, "failure", case, trouble),
        Status::Error(trouble) => write_trouble(xml, "error", case, trouble),
    }
    xml.close(2, "testcase");
}

fn write_trouble(xml: &mut Xml, element: &str, case: &Case, trouble: &Trouble) {
    let attributes = [("type", trouble.kind.clone()), ("message", trouble.message.clone())];
    let place = case.place.as_ref().map(|(file, line)| format!("{file}:{line}\n")).unwrap_or_default();
    xml.text(3, element, attributes, &format!("{place}{}", trouble.details));
}

type Attribute = (&'static str, String);

/// A growing document. Writing to a String cannot fail, so what `write!` returns is dropped.
struct Xml(String);

impl Xml {
    fn open(&mut self, depth: usize, element: &str, attributes: impl IntoIterator<Item = Attribute>) {
        self.start(depth, element, attributes);
        self.0.push_str(">\n");
    }

    fn close(&mut self, depth: usize, element: &str) {
        self.indent(depth);
        let _ = writeln!(self.0, "</{element}>");
    }

    fn leaf(&mut self, depth: usize, element: &str, attributes: impl IntoIterator<Item = Attribute>) {
        self.start(depth, element, attributes);
        self.0.push_str("/>\n");
    }

    fn text(
        &mut self,
        depth: usize,
        element: &str,
        attributes: impl IntoIterator<Item = Attribute>,
        text: &str,
    ) {
        self.start(depth, element, attributes);
        let _ = writeln!(self.0, ">{}</{element}>", escaped(text, false));
    }

    fn start(&mut self, depth: usize, element: &str, attributes: impl IntoIterator<Item = Attribute>) {
        self.indent(depth);
        let _ = write!(self.0, "<{element}");
        for (name, value) in attributes {
            let _ = write!(self.0, " {name}=\"{}\"", escaped(&value, true));
        }
    }

    fn indent(&mut self, depth: usize) {
        self.0 += &"  ".repeat(depth);
    }
}

/// Text as it may stand between tags, or in double quotes. A parser turns bare line ends and tabs of attributes into spaces.
fn escaped(text: &str, in_attribute: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            '\n' | '\t' if in_attribute => drop(write!(out, "&#{};", u32::from(c))),
            c if is_xml(c) => out.push(c),
            _ => out.push(char::REPLACEMENT_CHARACTER),
        }
    }
    out
}

/// The production `Char` of XML 1.0.
fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}
