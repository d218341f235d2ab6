//! Findings in the forms of others are what their readers accept: every example of every rule, written and validated.

use boon::{Compiler, Schemas};
use podfence_analysis::assumed::add_cluster_dns;
use podfence_engine::Engine;
use podfence_lint::{Report, Selection, lint, refused, rules};
use podfence_report::findings;
use podfence_source::{Input, Options, SourceMap, read};
use podfence_testkit::schemas;
use podfence_testkit::xmllint::xmllint;

/// Names of inputs; the second one is hard on careless writers.
const NAMES: [&str; 2] = ["shop/policies.yaml", "a \"b\" <c> & d, e: 100%é.yaml"];

/// What is found in each example that fires.
fn reports() -> Vec<(Report, SourceMap)> {
    let examples = rules::all().flat_map(|rule| rule.page().examples());
    let firing = examples.filter(|example| example.info == "yaml fires");
    firing.enumerate().map(|(i, example)| linted(NAMES[i % NAMES.len()], &example.text)).collect()
}

fn linted(name: &str, text: &str) -> (Report, SourceMap) {
    let input = Input::Bytes { name: name.to_owned(), bytes: text.into() };
    let selection = Selection::default();
    match read(&[input], &Options::default()) {
        Ok(mut loaded) => {
            add_cluster_dns(&mut loaded.world);
            let engine = Engine::new(&loaded.world);
            let report = lint(&loaded.world, &engine, &loaded.sources, &loaded.notes, &selection);
            (report, loaded.sources)
        }
        Err(found) => (refused(&found.diagnostics, &selection), found.sources),
    }
}

#[test]
fn sarif_fits_its_schema() {
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schemas/sarif-2.1.0.json");
    let (mut compiler, mut compiled) = (Compiler::new(), Schemas::new());
    compiler.enable_format_assertions();
    let schema = compiler.compile(schema, &mut compiled).expect("the schema compiles");
    for (report, sources) in reports() {
        let text = findings::sarif(&report, &sources);
        let log = serde_json::from_str(&text).expect("JSON");
        if let Err(error) = compiled.validate(&log, schema) {
            panic!("{error:#}\n{text}");
        }
    }
}

#[test]
fn json_fits_its_schema() {
    for (report, sources) in reports() {
        assert_eq!(schemas::check(&findings::json(&report, &sources)).as_deref(), Ok("lint-v1"));
    }
}

#[test]
fn junit_fits_its_schema() {
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schemas/junit-4.xsd");
    for (report, sources) in reports() {
        let xml = findings::junit(&report, &sources);
        let Some((valid, said)) = xmllint(&["--noout", "--schema", schema], &xml) else { return };
        assert!(valid, "{said}\n{xml}");
    }
}

#[test]
fn a_command_for_github_is_one_line_with_its_properties_escaped() {
    for (report, sources) in reports() {
        let text = findings::github(&report, &sources);
        assert_eq!(text.lines().count(), report.findings.len());
        for line in text.lines() {
            let (properties, message) = line[2..].split_once("::").expect("a message");
            assert!(!message.is_empty());
            let pairs = properties.split_once(' ').expect("properties").1.split(',');
            assert!(
                pairs.into_iter().all(|pair| pair.matches('=').count() == 1 && !pair.contains(':')),
                "{line}"
            );
        }
    }
}
