use podfence_model::{Addresses, Directions, LabelSelector, Life, Pod};
use serde_json::json;

use super::*;
use crate::{Input, Options};

const POLICY: (&str, &str) = ("networking.k8s.io/v1", "NetworkPolicy");

fn policy_of(spec: &Value) -> (NetworkPolicy, Option<String>) {
    let value = json!({"metadata": {"name": "p", "namespace": "shop"}, "spec": spec});
    let read = live_object(&value, POLICY, "7").unwrap();
    match read.object {
        Some(Object::Policy(policy)) => (*policy, read.unclear),
        other => panic!("{other:?}"),
    }
}

fn pod_of(value: &Value) -> (Pod, Option<String>) {
    let read = live_object(value, ("v1", "Pod"), "7").unwrap();
    match read.object {
        Some(Object::Pod(pod)) => (*pod, read.unclear),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_object_says_what_its_manifest_says() {
    let text = include_str!("../../tests/data/live.yaml");
    let input = Input::Bytes { name: "live.yaml".into(), bytes: text.into() };
    let world = crate::read(&[input], &Options::default()).unwrap().world;
    let mut seen = 0;
    for line in include_str!("../../tests/data/live.jsonl").lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        let kind = |field: &str| value[field].as_str().unwrap().to_owned();
        let read = live_object(&value, (&kind("apiVersion"), &kind("kind")), "7").unwrap();
        assert_eq!(read.unclear, None, "{line}");
        let expected = match &read.key {
            ObjectKey::Namespace(name) => world.namespaces.get(name).cloned().map(Object::Namespace),
            ObjectKey::Node(name) => world.nodes.get(name).cloned().map(Object::Node),
            ObjectKey::Pod(id) => world.pods.get(id).map(|pod| Object::Pod(Box::new(pod.clone()))),
            ObjectKey::Policy(id) => {
                world.policies.get(id).map(|policy| Object::Policy(Box::new(policy.clone())))
            }
            ObjectKey::Service(id) => {
                world.services.get(id).map(|one| Object::Service(Box::new(one.clone())))
            }
        };
        assert_eq!(read.object, expected.map(|object| from_server(object, "7")));
        seen += 1;
    }
    assert_eq!(seen, 5);
}

#[test]
fn a_policy_that_is_not_understood_admits_nothing() {
    let (both, egress) =
        (Directions { ingress: true, egress: true }, Directions { ingress: false, egress: true });
    let web = || json!({"matchLabels": {"app": "web"}});
    let open = || json!([{}]);
    let table = [
        (
            json!({"podSelector": web(), "policyTypes": ["Egress"], "egress": [{"to": [{"cluster": "x"}]}]}),
            ("app=web", egress),
            "spec.egress[0].to[0].cluster: unknown field `cluster`",
        ),
        (
            json!({"podSelector": web(), "policyTypes": ["Sideways"], "ingress": open()}),
            ("app=web", both),
            "spec.policyTypes[0]: unknown policy type `Sideways`",
        ),
        (
            json!({"podSelector": {"matchFields": {}}, "policyTypes": ["Egress"], "egress": open()}),
            ("", egress),
            "spec.podSelector.matchFields: unknown field `matchFields`",
        ),
        (json!({"podSelector": 7, "ingress": open()}), ("", both), "spec.podSelector: `podSelector` must be"),
        (json!(["x"]), ("", both), "spec: `spec` must be a mapping"),
        (
            json!({"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0/8"}}]}]}),
            ("", both),
            "spec.ingress[0].from[0].ipBlock.cidr: `10.0.0/8` is not an address block",
        ),
    ];
    for (spec, (selector, directions), why) in table {
        let (policy, unclear) = policy_of(&spec);
        let selects = if policy.subject == LabelSelector::everything() {
            String::new()
        } else {
            policy.subject.to_string()
        };
        assert_eq!((selects.as_str(), policy.directions), (selector, directions), "{spec}");
        assert!(policy.ingress.is_empty() && policy.egress.is_empty(), "{spec}");
        assert!(unclear.as_deref().is_some_and(|told| told.starts_with(why)), "{unclear:?}");
        assert_eq!(policy.meta.origin, Origin::Api("7".into()));
    }
}

#[test]
fn a_pod_that_is_not_understood_has_no_address() {
    let value = |labels: Value| {
        json!({
            "metadata": {"name": "a", "namespace": "shop", "labels": labels},
            "spec": {"nodeName": "n1", "hostNetwork": false},
            "status": {"phase": "Running", "podIPs": [{"ip": "10.0.0.1"}]},
        })
    };
    let (pod, unclear) = pod_of(&value(json!({"app": "web"})));
    assert_eq!((pod.ips().len(), unclear), (1, None));
    let (pod, unclear) = pod_of(&value(json!({"app": ["web"]})));
    assert_eq!(
        (pod.addresses, pod.life, pod.node.as_deref()),
        (Addresses::NotYet, Life::Present, Some("n1"))
    );
    assert!(unclear.unwrap().starts_with("metadata.labels.app: "));
}

#[test]
fn other_objects_are_told_by_their_names_and_nothing_else_is() {
    let named = |name: Value| json!({"metadata": {"name": name, "labels": 7}, "status": {"addresses": 7}});
    let read = live_object(&named(json!("x")), ("v1", "Node"), "1").unwrap();
    assert_eq!((read.key, read.object), (ObjectKey::Node("x".into()), None));
    let read = live_object(&named(json!("x")), ("v1", "Namespace"), "1").unwrap();
    assert!(matches!(read.object, Some(Object::Namespace(namespace)) if !namespace.labels_known));
    for nobody in [named(json!(7)), json!({}), json!(null), json!([1])] {
        assert!(live_object(&nobody, ("v1", "Pod"), "1").is_err(), "{nobody}");
    }
}
