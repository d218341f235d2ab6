//! What `lab up` tells after a save: also where nothing but the listener changed, and what the files themselves lack.

use std::fs;

use crate::lab::{DENY, Lab, PODS, text};

/// The end of what is told after a save.
const END: &str = "a sample of the rest";

fn after(lab: &Lab, file: &str, text: &str) -> String {
    lab.save(file, text);
    lab.hear(END).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn holds(told: &str, lines: &[&str]) {
    for line in lines {
        assert!(told.contains(line), "{line} is not in\n{told}");
    }
}

pub fn who_listens_is_told() {
    let mut lab = Lab::new(&[("pods.yaml", PODS)]);
    lab.up(&[]);
    let astray = PODS.replace("targetPort: 80", "targetPort: 90");
    let told = after(&lab, "pods.yaml", &astray);
    holds(
        &told,
        &[
            "shop/client, shop/web → svc shop/web TCP 8080: open → refused by the host (engine and kernel agree)",
        ],
    );
    let told = after(&lab, "pods.yaml", &astray.replace("containerPort: 80", "containerPort: 90"));
    holds(
        &told,
        &[
            "svc shop/web TCP 8080: refused by the host → open",
            "shop/web TCP 90: refused by the host → open",
            "shop/web TCP 80: open → refused by the host",
        ],
    );
}

pub fn ports_that_policies_name_are_told() {
    let open = |port: u16| format!("{DENY}  ingress: [{{ports: [{{port: {port}}}]}}]\n");
    let mut lab = Lab::new(&[("pods.yaml", PODS), ("policy.yaml", &open(81))]);
    lab.up(&[]);
    let told = after(&lab, "policy.yaml", &open(22));
    let whom = "shop/client, other nodes, outside → shop/web";
    holds(
        &told,
        &[
            &format!("{whom} TCP 22: dropped → refused by the host (engine and kernel agree)"),
            &format!("{whom} TCP 81: refused by the host → dropped (engine and kernel agree)"),
            "connections tried, of",
        ],
    );
    let status = text(&lab.ask("status", &[]));
    holds(&status, &["connections tried, of", "in full when it was started: agreed on all"]);
}

pub fn rows_of_verdicts_are_told() {
    let table = "| from | to | on | outcome |\n|-|-|-|-|\n| shop/client | shop/web | TCP 80 | open |\n";
    let mut lab = Lab::new(&[("pods.yaml", PODS), ("verdicts.md", table)]);
    holds(&lab.up(&[]), &["HOLDS: the row of", "verdicts.md"]);
    holds(
        &after(&lab, "policy.yaml", DENY),
        &["BROKEN: 1 of 1 rows", "shop/client → shop/web on TCP 80: open"],
    );
    holds(&after(&lab, "verdicts.md", &table.replace("open", "times out")), &["HOLDS: the row of"]);
    let astray = table.replace("shop/web", "shop/wob");
    lab.save("verdicts.md", &astray);
    lab.hear_all(&["there is no pod and no workload shop/wob", END]);
}

pub fn a_policy_that_chooses_nobody_is_told_once() {
    let mut lab = Lab::new(&[("pods.yaml", PODS)]);
    lab.up(&[]);
    let astray = DENY.replace("namespace: shop", "namespace: shopp");
    lab.save("policy.yaml", &astray);
    let note = "policy shopp/web (";
    let why = "chooses no pod: namespace shopp has no pods";
    lab.hear_all(&[note, why, END]);
    let told = after(&lab, "pods.yaml", &PODS.replace("app: client", "app: guest"));
    assert!(!told.contains(why), "{told}");
}

pub fn new_pods_of_a_workload_are_told_as_one() {
    let deployment = |replicas: u32| {
        format!(
            "{PODS}---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: api, namespace: shop}}\n\
             spec:\n  replicas: {replicas}\n  selector: {{matchLabels: {{app: api}}}}\n  template:\n    \
             metadata: {{labels: {{app: api}}}}\n    \
             spec: {{containers: [{{name: c, image: i, ports: [{{containerPort: 80}}]}}]}}\n"
        )
    };
    let mut lab = Lab::new(&[("pods.yaml", &deployment(1))]);
    lab.up(&[]);
    let told = after(&lab, "pods.yaml", &deployment(3));
    holds(&told, &["its node, other nodes, outside → shop/api-"]);
    assert!(!told.contains("192.0.2.1"), "{told}");
}

pub fn the_folder_of_a_step_is_kept_to() {
    let files = [("pods.yaml", PODS), ("1-open/note.yaml", ""), ("2-closed/policy.yaml", DENY)];
    let mut lab = Lab::new(&files);
    lab.up(&[]);
    let (folder, elsewhere) = (lab.folder.join("1-open"), lab.folder.join("3-open"));
    fs::rename(&folder, &elsewhere).unwrap();
    lab.hear_all(&["1-open/note.yaml removed", "1-open is gone", "the last good state is still enforced"]);
    assert_eq!(lab.connect("client", "web:8080"), 0);
    fs::rename(&elsewhere, &folder).unwrap();
    lab.hear("Nothing that the network sees is different");
}
