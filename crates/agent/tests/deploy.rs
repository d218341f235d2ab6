//! What is in `deploy/` says the same as the agent: metrics, settings, and a heading in the guide for every alert.

#![allow(clippy::unwrap_used, reason = "a step that fails fails its test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use podfence_agent::metrics::{CLUSTER, NODE};
use serde_json::Value;

const ALERTS: &str = "deploy/chart/podfence/files/alerts.yaml";
const DASHBOARD: &str = "deploy/chart/podfence/files/dashboard.json";
const VALUES: &str = "deploy/chart/podfence/values.schema.json";
/// What the chart sets by itself.
const CHARTS_OWN: [&str; 5] = ["sources", "socket", "node-name", "kubeconfig", "context"];

fn text(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}

fn json(path: &str) -> Value {
    serde_json::from_str(&text(path)).unwrap()
}

/// The names of metrics in a text.
fn metrics_in(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_lowercase() && c != '_');
    words.filter(|word| word.starts_with("podfence_")).collect()
}

/// Names by which a metric is asked for: those of a histogram have endings of their own.
fn known() -> BTreeSet<String> {
    let names = NODE.iter().chain(CLUSTER).map(podfence_agent::metrics::Metric::name);
    let endings = |name: String| ["", "_bucket", "_count", "_sum"].map(|ending| format!("{name}{ending}"));
    names.flat_map(endings).collect()
}

#[test]
fn alerts_and_dashboard_ask_for_metrics_that_there_are() {
    let known = known();
    for path in [ALERTS, DASHBOARD] {
        let text = text(path);
        let asked = metrics_in(&text);
        assert!(asked.len() >= 10, "{path}: {asked:?}");
        let unknown: Vec<_> = asked.into_iter().filter(|name| !known.contains(*name)).collect();
        assert!(unknown.is_empty(), "{path} asks for {unknown:?}, which the agent does not tell");
    }
}

#[test]
fn every_alert_has_its_place_in_the_guide() {
    let (alerts, guide) = (text(ALERTS), text("docs/operate.md"));
    let of = |key: &str| alerts.lines().filter_map(|line| line.trim().strip_prefix(key)).collect::<Vec<_>>();
    let (names, pages) = (of("- alert: "), of("runbook_url: "));
    assert!(names.len() >= 10 && names.len() == pages.len(), "{names:?}\n{pages:?}");
    for (name, page) in names.into_iter().zip(pages) {
        assert!(page.ends_with(&format!("docs/operate.md#{}", name.to_lowercase())), "{name}: {page}");
        assert!(
            guide.contains(&format!("\n#### {name}\n")),
            "docs/operate.md does not say what to do about {name}"
        );
    }
}

#[test]
fn the_chart_takes_every_setting_but_those_that_it_sets() {
    let mut settings = json("docs/schemas/agent-config-v1.json")["properties"].take();
    for name in CHARTS_OWN {
        settings.as_object_mut().unwrap().remove(name);
    }
    let chart = json(VALUES);
    let config = &chart["properties"]["config"];
    assert_eq!(config["additionalProperties"], false);
    assert_eq!(
        config["properties"], settings,
        "{VALUES}: copy `properties` of docs/schemas/agent-config-v1.json there, but for {CHARTS_OWN:?}"
    );
}
