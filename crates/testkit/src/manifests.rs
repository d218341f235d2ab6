//! Large inputs as text, for measuring: Deployments and policies with peers of every sort, ten of each to a namespace.

use std::fmt::Write;

use crate::generate::Rng;

/// Workloads of one namespace, and its policies.
const PER_NAMESPACE: usize = 10;
/// Namespaces that share a team label.
const PER_TEAM: usize = 5;
/// Workloads to a node.
const PER_NODE: usize = 50;

/// Manifests of `n` Deployments of `replicas` pods and `n` policies in `n / 10` namespaces; always the same ones. The nodes state
/// the pods' ranges, so that no block is in doubt.
pub fn text(n: usize, replicas: usize) -> String {
    let mut rng = Rng::with_seed(1);
    let mut documents: Vec<String> = (0..n.div_ceil(PER_NAMESPACE)).map(namespace).collect();
    documents.extend((0..n.div_ceil(PER_NODE)).map(node));
    documents.extend((0..n).map(|i| deployment(i, replicas)));
    documents.extend((0..n).map(|i| policy(i, n, &mut rng)));
    documents.join("---\n")
}

fn namespace(i: usize) -> String {
    let env = ["dev", "test", "prod"][i % 3];
    format!(
        "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ns-{i}\n  labels: {{team: team-{}, env: {env}}}\n",
        i / PER_TEAM
    )
}

fn node(i: usize) -> String {
    let (high, low) = (i / 250, i % 250);
    format!(
        "apiVersion: v1\nkind: Node\nmetadata: {{name: node-{i}}}\nspec: {{podCIDRs: [10.{}.{low}.0/24]}}\n\
         status: {{addresses: [{{type: InternalIP, address: 172.{}.{low}.1}}]}}\n",
        64 + high,
        16 + high
    )
}

fn deployment(i: usize, replicas: usize) -> String {
    let (tier, app) = (["front", "back"][i % 2], i % PER_NAMESPACE);
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: app-{app}, namespace: ns-{}}}\nspec:\n  replicas: {replicas}\n  \
         selector: {{matchLabels: {{app: app-{app}}}}}\n  template:\n    metadata: {{labels: {{app: app-{app}, tier: {tier}}}}}\n    \
         spec:\n      containers:\n        - name: main\n          image: registry.example/app\n          ports: \
         [{{name: http, containerPort: {}}}, {{name: metrics, containerPort: 9090}}]\n",
        i / PER_NAMESPACE,
        8080 + i % 3
    )
}

fn policy(i: usize, n: usize, rng: &mut Rng) -> String {
    let mut text = format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: policy-{}, namespace: ns-{}}}\nspec:\n  podSelector: {}\n",
        i % PER_NAMESPACE,
        i / PER_NAMESPACE,
        subject(rng)
    );
    let (ingress, egress) =
        [(true, false), (true, false), (true, false), (false, true), (true, true)][rng.usize(0..5)];
    for (direction, peers, _) in
        [("ingress", "from", ingress), ("egress", "to", egress)].into_iter().filter(|(.., on)| *on)
    {
        let _ = writeln!(text, "  {direction}:");
        for _ in 0..rng.usize(1..=2) {
            let list: Vec<String> = (0..rng.usize(1..=3)).map(|_| peer(n, rng)).collect();
            let _ = writeln!(text, "    - {peers}: [{}]\n      ports: [{}]", list.join(", "), ports(rng));
        }
    }
    let types =
        [("Ingress", ingress), ("Egress", egress)].into_iter().filter(|(_, on)| *on).map(|(name, _)| name);
    let _ = writeln!(text, "  policyTypes: [{}]", types.collect::<Vec<_>>().join(", "));
    text
}

fn subject(rng: &mut Rng) -> String {
    match rng.usize(0..10) {
        0 => "{}".to_owned(),
        1 | 2 => format!("{{matchLabels: {{tier: {}}}}}", tier(rng)),
        _ => format!("{{matchLabels: {{app: app-{}}}}}", app(rng)),
    }
}

fn app(rng: &mut Rng) -> usize {
    rng.usize(0..PER_NAMESPACE)
}

fn tier(rng: &mut Rng) -> &'static str {
    ["front", "back"][rng.usize(0..2)]
}

fn peer(n: usize, rng: &mut Rng) -> String {
    let team = rng.usize(0..n.div_ceil(PER_NAMESPACE * PER_TEAM));
    match rng.usize(0..9) {
        0..3 => format!("{{podSelector: {{matchLabels: {{app: app-{}}}}}}}", app(rng)),
        3 => format!(
            "{{podSelector: {{matchExpressions: [{{key: app, operator: In, values: [app-{}, app-{}]}}]}}}}",
            app(rng),
            app(rng)
        ),
        4 => format!(
            "{{podSelector: {{matchExpressions: [{{key: app, operator: NotIn, values: [app-{}]}}]}}}}",
            app(rng)
        ),
        5 => format!("{{namespaceSelector: {{matchLabels: {{team: team-{team}}}}}}}"),
        6 => format!(
            "{{namespaceSelector: {{matchLabels: {{team: team-{team}}}}}, podSelector: {{matchLabels: {{tier: {}}}}}}}",
            tier(rng)
        ),
        7 => format!("{{ipBlock: {{cidr: 192.168.{}.0/24}}}}", rng.u8(..)),
        _ => "{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 169.254.169.254/32]}}".to_owned(),
    }
}

fn ports(rng: &mut Rng) -> String {
    match rng.usize(0..5) {
        0 => "{port: http}".to_owned(),
        1 => "{port: 8080}, {port: metrics}".to_owned(),
        2 => "{port: 30000, endPort: 32767}".to_owned(),
        3 => "{protocol: UDP, port: 53}, {port: 53}".to_owned(),
        _ => format!("{{port: {}}}", [443, 5432, 6379, 8081][rng.usize(0..4)]),
    }
}
