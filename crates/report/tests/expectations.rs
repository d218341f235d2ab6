//! The published schema of expectations and their reader take the same files.

use podfence_source::{Input, expectations};
use podfence_testkit::schemas;
use serde_json::{Value, json};

fn file(expectation: &Value) -> Value {
    json!({"podfence": "expectations/v1", "expect": [expectation]})
}

fn is_read(file: &Value) -> bool {
    let input = Input::Bytes { name: "x.json".into(), bytes: file.to_string().into_bytes() };
    expectations(&[input]).is_ok()
}

#[test]
fn schema_and_reader_agree() {
    let good = [
        json!({"name": "n", "allow": {"from": "a", "to": ["b", "c"], "ports": 80}}),
        json!({"deny": {"from": "a", "to": "b", "ports": ["UDP 53", 80], "family": "IPv6"}}),
        json!({"permits": {"from": "a", "to": "b", "policies": "x/*"}}),
        json!({"forbids": {"from": "a", "to": "b"}}),
        json!({"exactly": {"from": "a", "reaches": []}}),
        json!({"exactly": {"from": "a", "reaches": [{"to": "b"}], "undecided": [{"to": "c", "ports": "ICMP"}]}}),
        json!({"equivalent": {"policies": "a/b", "to": ["in x"]}}),
        json!({"contains": {"policies": "a/b", "of": "c/d"}}),
        json!({"redundant": {"policies": ["a/b"]}}),
        json!({"isolated": {"pods": "a", "for": ["ingress", "egress"]}}),
        json!({"isolated": {"pods": "a"}}),
    ];
    let bad = [
        json!({}),
        json!({"name": "n"}),
        json!({"alow": {"from": "a", "to": "b"}}),
        json!({"allow": {"from": "a"}}),
        json!({"allow": {"from": [], "to": "b"}}),
        json!({"allow": {"from": "a", "to": "b"}, "deny": {"from": "a", "to": "b"}}),
        json!({"allow": {"from": "a", "to": "b", "policies": "x/y"}}),
        json!({"allow": {"from": "a", "to": "b", "family": "v4"}}),
        json!({"exactly": {"from": "a"}}),
        json!({"exactly": {"from": "a", "reaches": [{"ports": 80}]}}),
        json!({"equivalent": {"policies": "a/b"}}),
        json!({"isolated": {"pods": "a", "for": "ingres"}}),
        json!({"isolated": "a"}),
        json!([]),
    ];
    let all = good.iter().map(|one| (file(one), true)).chain(bad.iter().map(|one| (file(one), false)));
    let empty = json!({"podfence": "expectations/v1", "expect": []});
    let old = json!({"podfence": "expectations/v0", "expect": [good[0].clone()]});
    for (file, wanted) in all.chain([(empty, false), (old, false)]) {
        let fits = schemas::fits("expectations-v1", &file);
        assert_eq!(fits.is_ok(), wanted, "{file} {fits:?}");
        assert_eq!(is_read(&file), wanted, "{file}");
    }
}
