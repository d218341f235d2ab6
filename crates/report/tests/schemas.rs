//! JSON that no case of the command writes in short fits its schema, and every schema has a version.

use podfence_report::json::{self, Compared, LabStep, VerdictRow};
use podfence_testkit::schemas;

fn compared() -> Compared {
    Compared {
        from: "shop/web".into(),
        to: "shop/db at 10.0.0.1".into(),
        on: "TCP 80".into(),
        engine: "denied",
        kernel: "timed out",
        agree: true,
    }
}

#[test]
fn a_lab_run_fits_its_schema() {
    let row = VerdictRow {
        file: "verdicts.md".into(),
        line: 3,
        from: "shop/web".into(),
        to: "shop/db".into(),
        on: "TCP 80".into(),
        outcome: "open".into(),
        holds: false,
        connections: 1,
        broken: vec![compared()],
    };
    let step = |name: Option<&str>| LabStep {
        name: name.map(Into::into),
        differences: 0,
        compared: vec![compared()],
        verdicts: vec![row.clone()],
    };
    assert_eq!(schemas::check(&json::lab(&[step(None)])).as_deref(), Ok("lab-run-v1"));
    assert_eq!(schemas::check(&json::lab(&[step(Some("1-before"))])).as_deref(), Ok("lab-run-v1"));
}

#[test]
fn what_does_not_fit_is_told() {
    let unknown = schemas::check(r#"{"schema": "lab-run-v1", "differences": 0, "surprise": 1}"#).unwrap_err();
    assert!(unknown.contains("surprise") && unknown.contains("brokenVerdicts"), "{unknown}");
    assert!(schemas::check("{}").unwrap_err().contains("names no `schema`"));
    assert!(schemas::check(r#"{"schema": "no-such-v1"}"#).unwrap_err().contains("no-such-v1"));
}

#[test]
fn every_schema_has_a_version() {
    let names = schemas::names().unwrap();
    let versioned = |name: &String| {
        name.rsplit_once("-v").is_some_and(|(_, number)| number.parse::<u32>().is_ok_and(|n| n > 0))
    };
    assert!(!names.is_empty() && names.iter().all(versioned), "{names:?}");
}
