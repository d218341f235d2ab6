//! What a user does with a lab, from its beginning to its end.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::lab::{DENY, Lab, PODS, podfence, text};

pub fn a_save_is_followed_and_its_verdicts_told() {
    let mut lab = Lab::new(&[("pods.yaml", PODS)]);
    let told = lab.up(&[]);
    assert!(told.contains("AGREE"), "{told}");
    assert_eq!(lab.connect("shop/client", "web:8080"), 0);
    let saved = Instant::now();
    lab.save("policy.yaml", DENY);
    let told = lab.hear("a sample of the rest");
    println!("a policy was saved and its verdicts told within {:?}", saved.elapsed());
    for line in [
        "policy.yaml saved",
        "networkpolicy shop/web added",
        "shop/client, other nodes, outside → shop/web TCP 80 and ICMP: open → dropped (engine and kernel agree)",
        "shop/client → svc shop/web TCP 8080: open → dropped (engine and kernel agree)",
        "AGREE",
    ] {
        assert!(told.contains(line), "{line} is not in\n{told}");
    }
    assert!(!told.contains("its node"), "the pod's own node still reaches it:\n{told}");
    assert_eq!(lab.connect("client", "web:8080"), 1);
    // A comment is no change; a pod comes, and one that goes takes its address along.
    lab.save("policy.yaml", &format!("# closed\n{DENY}"));
    lab.hear("Nothing that the network sees is different");
    lab.save("more.yaml", &PODS.split("---").next().unwrap().replace("web", "extra"));
    let told = lab.hear("a sample of the rest");
    assert!(
        told.contains("pod shop/extra added") && told.contains("shop/web TCP 80 and ICMP: dropped, new"),
        "{told}"
    );
    fs::remove_file(lab.folder.join("more.yaml")).unwrap();
    fs::remove_file(lab.folder.join("policy.yaml")).unwrap();
    let told = lab.hear("a sample of the rest");
    assert!(told.contains("pod shop/extra removed"), "{told}");
    assert_eq!(lab.connect("client", "web:8080"), 0);
}

const INGRESS: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: proxy, namespace: shop, labels: {app.kubernetes.io/name: ingress-nginx, app.kubernetes.io/component: controller}}
spec: {containers: [{name: c, image: i, ports: [{containerPort: 80}]}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec:
  rules:
    - host: shop.example
      http: {paths: [{path: /cart, pathType: Prefix, backend: {service: {name: web, port: {number: 8080}}}}]}
";

pub fn ways_in_are_told_for_all_nodes_or_each() {
    let exposed = PODS.replace("spec: {selector", "spec: {type: NodePort, selector");
    let pinned = exposed.replacen("spec: {", "spec: {nodeName: node-1, ", 1);
    let mut lab = Lab::new(&[("pods.yaml", &pinned), ("ingress.yaml", INGRESS)]);
    lab.up(&[]);
    let told = |policy: &str| {
        lab.save("policy.yaml", policy);
        lab.hear("a sample of the rest").split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let status = text(&lab.ask("status", &[])).split_whitespace().collect::<Vec<_>>().join(" ");
    for way in ["TCP 8080 (nodePort 30000)", "shop/web shop.example/cart, by shop/proxy at "] {
        assert!(status.contains(way), "{way} is not in {status}");
    }
    let closed = told(DENY);
    let all =
        "outside → svc shop/web TCP 8080 nodePort by any node, shop/web TCP 80 and ICMP: open → dropped";
    assert!(closed.contains(all), "{closed}");
    let client_alone =
        "\n  ingress: [{from: [{ipBlock: {cidr: 192.0.2.0/24}}, {ipBlock: {cidr: '2001:db8::/64'}}]}]\n";
    let opened = told(&format!("{}{client_alone}", DENY.trim_end()));
    let one = "outside → svc shop/web TCP 8080 nodePort by node-1, shop/web TCP 80 and ICMP: dropped → open";
    assert!(opened.contains(one) && !opened.contains("by node-2"), "{opened}");
}

pub fn a_broken_file_changes_nothing() {
    let mut lab = Lab::new(&[("pods.yaml", PODS), ("policy.yaml", DENY)]);
    lab.up(&[]);
    lab.save("policy.yaml", &DENY.replace("podSelector", "podSelektor"));
    lab.hear_all(&["the last good state is still enforced", "policy.yaml:5", "podSelektor"]);
    assert_eq!(lab.connect("shop/client", "web:8080"), 1);
    let status = text(&lab.ask("status", &[]));
    assert!(status.contains("cannot be read") && status.contains("policy.yaml"), "{status}");
    lab.save("policy.yaml", DENY);
    lab.hear("Nothing that the network sees is different");
    assert!(!text(&lab.ask("status", &[])).contains("cannot be read"));
}

pub fn commands_run_inside_pods() {
    let mut lab = Lab::new(&[("pods.yaml", PODS)]);
    lab.up(&[]);
    let host = fs::read_to_string("/etc/resolv.conf").unwrap();
    let (code, resolv) = lab.exec("shop/client", &["cat", "/etc/resolv.conf"]);
    assert_eq!((code, resolv.lines().nth(1)), (0, Some("nameserver 10.96.0.10")), "{resolv}");
    assert_eq!(fs::read_to_string("/etc/resolv.conf").unwrap(), host, "the host's own stays");
    let (_, links) = lab.exec("web", &["cat", "/proc/self/net/dev"]);
    assert!(links.contains("eth0"), "{links}");
    assert_eq!(lab.exec("web", &["sh", "-c", "exit 7"]).0, 7);
    if Path::new("/usr/bin/curl").exists() {
        assert_eq!(lab.exec("client", &["curl", "-sS", "-m", "5", "web:8080"]), (0, "shop/web\n".into()));
    }
    let (code, told) = lab.exec("web", &["no-such-command"]);
    assert!(code == 127 && told.contains("no-such-command"), "{told}");
    assert_eq!(lab.exec("web", &["/etc"]).0, 126);
    let (code, told) = lab.exec("shop/wob", &["true"]);
    assert!(code == 2 && told.contains("did you mean shop/web?"), "{told}");
    for place in ["outside", "node/node-1", "pod/web", "shop/pod/web"] {
        assert_eq!(lab.exec(place, &["true"]).0, 0, "{place}");
    }
    assert_eq!(lab.connect("web", "client.shop.svc.cluster.local:80"), 3, "no such Service");
    let left: Vec<PathBuf> = drafts();
    assert!(left.is_empty(), "{left:?}");
}

fn own_directory() -> PathBuf {
    let uid = fs::read_to_string("/proc/self/status").unwrap();
    let uid = uid.lines().find_map(|line| line.strip_prefix("Uid:")).unwrap();
    Path::new("/tmp").join(format!("podfence-{}", uid.split_whitespace().nth(1).unwrap()))
}

fn drafts() -> Vec<PathBuf> {
    let entries = fs::read_dir(own_directory()).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.display().to_string().contains("draft-")).collect()
}

pub fn one_lab_a_name() {
    let mut lab = Lab::new(&[("pods.yaml", PODS)]);
    lab.up(&[]);
    let second = podfence().args(["lab", "up", "--name", &lab.name]).arg(&lab.folder).output().unwrap();
    assert_eq!(second.status.code(), Some(2));
    let advice = format!("podfence lab down --name {}", lab.name);
    assert!(
        text(&second).contains("is running already") && text(&second).contains(&advice),
        "{}",
        text(&second)
    );
    let other = text(&podfence().args(["lab", "status", "--name", "no-such"]).output().unwrap());
    assert!(
        other.contains("no lab named no-such is running; running: ") && other.contains(&lab.name),
        "{other}"
    );
    let status = lab.ask("status", &["-o", "json"]);
    let json = text(&status);
    assert!(status.status.success() && json.contains("\"name\": \"shop/client\""), "{json}");
    assert_eq!(podfence_testkit::schemas::check(&json).as_deref(), Ok("lab-status-v1"));
    let down = lab.ask("down", &[]);
    assert!(down.status.success(), "{}", text(&down));
    assert_eq!(lab.ended(), Some(0));
    for ending in ["sock", "lock"] {
        assert!(!own_directory().join(format!("{}.{ending}", lab.name)).exists());
    }
    let status = lab.ask("status", &[]);
    assert_eq!(status.status.code(), Some(2));
    assert!(text(&status).contains(&format!("no lab named {} is running", lab.name)), "{}", text(&status));
}

pub fn nothing_is_left_after_ctrl_c_or_kill() {
    let mut lab = Lab::new(&[("pods.yaml", PODS)]);
    let socket = own_directory().join(format!("{}.sock", lab.name));
    lab.up(&[]);
    lab.signal("-KILL");
    assert_eq!(lab.ended(), None);
    assert_eq!(lab.ask("status", &[]).status.code(), Some(2));
    lab.up(&[]);
    lab.signal("-INT");
    assert!(lab.hear("nothing is left").contains("down"));
    assert_eq!(lab.ended(), Some(0));
    assert!(!socket.exists());
}

pub fn a_step_is_chosen() {
    let files = [("pods.yaml", PODS), ("1-open/note.yaml", ""), ("2-closed/policy.yaml", DENY)];
    let mut lab = Lab::new(&files);
    assert!(lab.up(&["--step", "2"]).contains("Step 2: closed"));
    assert_eq!(lab.connect("client", "web:8080"), 1);
    let third = podfence().args(["lab", "up", "--step", "3"]).arg(&lab.folder).output().unwrap();
    assert_eq!(third.status.code(), Some(2));
    assert!(text(&third).contains("has 2 steps"), "{}", text(&third));
}
