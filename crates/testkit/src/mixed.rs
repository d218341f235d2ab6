//! Manifests as people and charts write them, as much text as is asked for: what reading is measured on.
//!
//! Deployments with their Service and policy, and pods of their own as a cluster lists them. Block style, comments here and
//! there, in every twentieth Deployment a script. Nothing is made smaller for speed; what is judged on a large scale is in
//! [`crate::manifests`]. Start with [`text`].

use std::fmt::Write;

use crate::generate::Rng;

/// Applications of one namespace.
const PER_NAMESPACE: usize = 20;
/// One Deployment of so many starts with a script, and one policy has a remark in another language.
const RARELY: usize = 20;

/// At least `size` bytes of manifests, always the same ones; no object is stated twice, and all are good.
pub fn text(size: usize) -> String {
    let mut rng = Rng::with_seed(1);
    let mut text = String::with_capacity(size + 8192);
    for i in 0.. {
        if text.len() >= size {
            break;
        }
        let part = deployment(i, &mut rng) + &service(i, &mut rng) + &policy(i, &mut rng) + &pod(i, &mut rng);
        text.push_str(&part);
    }
    text
}

/// The beginning of an object up to its labels, of an application's name and number.
fn head(api_version: &str, kind: &str, i: usize) -> String {
    format!(
        "---\napiVersion: {api_version}\nkind: {kind}\nmetadata:\n  name: app-{i}\n  namespace: team-{}\n  labels:\n    \
         app.kubernetes.io/name: app-{i}\n    app.kubernetes.io/part-of: shop\n    \
         app.kubernetes.io/managed-by: Helm\n",
        i / PER_NAMESPACE
    )
}

fn deployment(i: usize, rng: &mut Rng) -> String {
    let mut text = head("apps/v1", "Deployment", i);
    let _ = write!(
        text,
        "spec:\n  replicas: {}\n  selector:\n    matchLabels:\n      app.kubernetes.io/name: app-{i}\n  template:\n    \
         metadata:\n      labels:\n        app.kubernetes.io/name: app-{i}\n        tier: {}\n    spec:\n      \
         serviceAccountName: app-{i}\n      containers:\n        - name: main\n",
        rng.usize(1..4),
        tier(i),
    );
    text.push_str(&container(i, rng));
    text
}

/// A container's fields behind its name, in the columns of a Deployment.
fn container(i: usize, rng: &mut Rng) -> String {
    let mut text = format!("          image: registry.example.com/shop/app-{i}:1.{}.0\n", rng.usize(0..40));
    text.push_str("          imagePullPolicy: IfNotPresent\n");
    if i.is_multiple_of(RARELY) {
        text.push_str("          command:\n            - /bin/sh\n            - -c\n            - |\n");
        text.push_str("              set -eu\n              exec /app --port 8080\n");
    } else {
        text.push_str("          args: [\"--port\", \"8080\", \"--verbose\"]\n");
    }
    text.push_str("          env:\n");
    for n in 0..rng.usize(1..5) {
        let _ = write!(
            text,
            "            - name: SETTING_{n}\n              value: \"{}\"\n",
            rng.u32(1..100_000)
        );
    }
    text.push_str(
        "          ports:\n            - name: http\n              containerPort: 8080\n            - name: metrics\n              \
         containerPort: 9090\n          readinessProbe:\n            httpGet:\n              path: /healthz\n              \
         port: http\n            periodSeconds: 10\n          resources:\n            requests:\n              \
         cpu: 100m\n              memory: 128Mi\n            limits:\n              memory: 256Mi\n",
    );
    text
}

fn service(i: usize, rng: &mut Rng) -> String {
    let mut text = head("v1", "Service", i);
    let _ = write!(
        text,
        "spec:\n  type: ClusterIP\n  clusterIP: 10.96.{}.{}\n  selector:\n    app.kubernetes.io/name: app-{i}\n  ports:\n    \
         - name: http\n      protocol: TCP\n      port: {}\n      targetPort: http\n",
        i / 250 % 250,
        1 + i % 250,
        [80, 8080, 443][rng.usize(0..3)],
    );
    text
}

fn policy(i: usize, rng: &mut Rng) -> String {
    let mut text = head("networking.k8s.io/v1", "NetworkPolicy", i);
    if i.is_multiple_of(RARELY) {
        text.push_str("  annotations:\n    owner: Équipe réseau\n");
    }
    let _ = write!(
        text,
        "spec:\n  podSelector:\n    matchLabels:\n      app.kubernetes.io/name: app-{i}\n  policyTypes:\n    - Ingress\n    \
         - Egress\n  ingress:\n    # who asks us\n    - from:\n",
    );
    for _ in 0..rng.usize(1..4) {
        text.push_str(&peer(rng));
    }
    text.push_str("      ports:\n        - protocol: TCP\n          port: 8080\n        - port: metrics\n");
    text.push_str(
        "  egress:\n    - to:\n        - namespaceSelector:\n            matchLabels:\n              \
         kubernetes.io/metadata.name: kube-system\n          podSelector:\n            matchLabels:\n              \
         k8s-app: kube-dns\n      ports:\n        - protocol: UDP\n          port: 53\n    - to:\n        - ipBlock:\n            \
         cidr: 0.0.0.0/0\n            except:\n              - 10.0.0.0/8\n              - 169.254.169.254/32\n      \
         ports:\n        - protocol: TCP\n          port: 443\n",
    );
    text
}

fn peer(rng: &mut Rng) -> String {
    let team = rng.usize(0..50);
    match rng.usize(0..4) {
        0 => format!(
            "        - namespaceSelector:\n            matchLabels:\n              \
             kubernetes.io/metadata.name: team-{team}\n"
        ),
        1 => format!(
            "        - podSelector:\n            matchExpressions:\n              - key: tier\n                \
             operator: In\n                values: [{}, {}]\n",
            tier(0),
            tier(1)
        ),
        2 => format!("        - ipBlock:\n            cidr: 192.0.2.{}/32\n", rng.u8(..)),
        _ => format!(
            "        - podSelector:\n            matchLabels:\n              app.kubernetes.io/name: app-{}\n",
            rng.usize(0..1000)
        ),
    }
}

/// A pod that nothing made, as `kubectl get -o yaml` writes it, without what does not matter.
fn pod(i: usize, rng: &mut Rng) -> String {
    let mut text = head("v1", "Pod", i);
    let _ = write!(
        text,
        "  creationTimestamp: \"2026-01-02T03:04:05Z\"\n  resourceVersion: \"{}\"\nspec:\n  nodeName: node-{}\n  \
         restartPolicy: Always\n  containers:\n  - name: tool\n    image: registry.example.com/tools/tool:2.1\n    ports:\n    \
         - containerPort: 9000\n      name: tool\n      protocol: TCP\n    terminationMessagePath: /dev/termination-log\n    \
         volumeMounts:\n    - mountPath: /var/run/secrets/kubernetes.io/serviceaccount\n      name: token\n      \
         readOnly: true\nstatus:\n  conditions:\n  - lastTransitionTime: \"2026-01-02T03:04:09Z\"\n    status: \"True\"\n    \
         type: Ready\n  phase: Running\n  podIP: 10.{}.{}.{}\n",
        rng.u32(1..10_000_000),
        i % 100,
        64 + i / 62_500,
        i / 250 % 250,
        1 + i % 250,
    );
    text
}

fn tier(i: usize) -> &'static str {
    ["front", "back"][i % 2]
}
