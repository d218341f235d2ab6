//! What a failing property test shows: a world shrunk to what matters, as YAML.

use podfence_model::{Protocol, World};
use podfence_testkit::build::{
    Put, block, eq, everything, ingress, named, none_of, number, open, own, pods_in, range, rule, select,
    serves,
};
use podfence_testkit::describe::{failure, to_yaml};
use podfence_testkit::generate::{self, Rng};
use podfence_testkit::reference::{Decision, allows};
use podfence_testkit::shrink::shrink;
use podfence_testkit::truths;

/// Stands for "the engine differs": the flow is denied.
fn is_failing(world: &World, flow: &podfence_model::Flow) -> bool {
    allows(world, flow) == Decision::Denied
}

#[test]
fn shrinking_keeps_the_failure_and_little_else() {
    let mut shrunk = 0;
    for seed in 0..40 {
        let world = generate::world(seed);
        let flows = generate::flows(&world, &mut Rng::with_seed(seed), 30);
        let Some(flow) = flows.iter().find(|flow| is_failing(&world, flow)) else { continue };
        let small = shrink(world, |world| is_failing(world, flow));
        assert!(is_failing(&small, flow), "{}", failure(&small, flow));
        assert_eq!(small.policies.len(), 1, "{}", failure(&small, flow));
        assert!(small.pods.len() <= 2, "{}", failure(&small, flow));
        shrunk += 1;
    }
    assert!(shrunk >= 20, "only {shrunk} worlds had a flow to shrink for");
}

const EXPECTED_POLICY: &str = r#"apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: "all"
  namespace: "x"
spec:
  podSelector: {matchLabels: {pod: "a"}, matchExpressions: [{key: tier, operator: NotIn, values: ["back", "front"]}]}
  policyTypes: [Egress]
  ingress:
  - from:
    - podSelector: {}
    - namespaceSelector: {matchLabels: {ns: "y"}}
    - {namespaceSelector: {}, podSelector: {matchLabels: {pod: "b"}}}
    - ipBlock: {cidr: "10.0.0.0/8", except: ["10.1.0.0/16"]}
    ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 80, endPort: 90}
    - {protocol: SCTP, port: web}
  - {}
"#;

#[test]
fn a_policy_prints_as_a_manifest() {
    let peers = vec![
        own(everything()),
        pods_in(select(&[eq("ns", "y")]), everything()),
        pods_in(everything(), select(&[eq("pod", "b")])),
        block("10.0.0.0/8", &["10.1.0.0/16"]),
    ];
    let ports = vec![number(Protocol::Udp, 53), range(Protocol::Tcp, 80, 90), named(Protocol::Sctp, "web")];
    let subject = select(&[eq("pod", "a"), none_of("tier", &["front", "back"])]);
    let mut policy = ingress("x/all", subject, vec![rule(peers, ports), open()]);
    policy.directions = podfence_testkit::build::EGRESS;
    assert_eq!(to_yaml(&World::default().with(policy)), EXPECTED_POLICY);
}

const EXPECTED_POD: &str = r#"apiVersion: v1
kind: Pod
metadata:
  name: "a"
  namespace: "x"
  labels: {pod: "a"}
spec:
  nodeName: node-1
  containers:
  - name: container-0
    image: example.invalid/none
    ports:
    - {name: web, containerPort: 80, protocol: TCP}
    - {containerPort: 53, protocol: UDP}
  - name: container-1
    image: example.invalid/none
    ports:
    - {name: web, containerPort: 81, protocol: TCP}
status:
  phase: Running
  conditions: [{type: Ready, status: "True"}]
  podIP: "10.244.1.11"
  podIPs: [{ip: "10.244.1.11"}, {ip: "fd00:10:244:1::11"}]
"#;

#[test]
fn a_container_uses_a_port_name_once() {
    let mut pod = truths::cluster::three_by_three().pods.remove(&podfence_testkit::build::id("x/a")).unwrap();
    pod.ports = vec![
        serves("web", Protocol::Tcp, 80),
        serves("", Protocol::Udp, 53),
        serves("web", Protocol::Tcp, 81),
    ]
    .into();
    assert_eq!(to_yaml(&World::default().with(pod)), EXPECTED_POD);
}
