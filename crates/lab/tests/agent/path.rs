//! Where packets go around the hooks the agent says so, and is not ready.

use std::process::Command;

use podfence_agent::Status;
use podfence_lab::cluster::Cluster;
use podfence_lab::setup::Links;
use podfence_lab::sysctl;
use podfence_testkit::build::Put;
use podfence_testkit::sandboxed;

use crate::links::{NODE, untold, when, world_on};
use crate::talk::{pod, world};

fn says(status: &Status, words: &str, pods: &[&str]) -> bool {
    let said = status.not_enforced.iter().find(|bypass| bypass.reason.contains(words));
    !status.ready && said.is_some_and(|said| pods.iter().all(|pod| said.pods.contains(*pod)))
}

fn loudly(status: &Status) {
    let text = status.to_string();
    println!("{text}");
    assert!(text.starts_with("node node-1: NOT ENFORCED for some pods\n  NOT ENFORCED "), "{text}");
    assert!(text.lines().all(|line| line.len() <= 100), "{text}");
}

fn of_bridge(cluster: &mut Cluster, value: &'static str) {
    let node = cluster.topology().node(NODE).unwrap().clone();
    node.run(move || sysctl::set("net/bridge/bridge-nf-call-iptables", value)).unwrap();
}

pub fn bridges_that_show_nothing_are_not_enforced() {
    let mut cluster = untold(Links::Bridge);
    cluster.update(world_on(Links::Bridge)).unwrap();
    when(&mut cluster, "all is well", |status| status.ready && status.plan.linked == 2);
    of_bridge(&mut cluster, "0");
    cluster.update(world_on(Links::Bridge).with(pod("d", 1, 12))).unwrap();
    let status = when(&mut cluster, "it is said", |s| {
        says(s, "IPv4 between pods of bridge cni0", &["x/a", "x/b", "x/d"])
    });
    loudly(&status);
    assert_eq!(status.not_enforced.len(), 1, "IPv6 still is: {status}");
    of_bridge(&mut cluster, "1");
    cluster.update(world_on(Links::Bridge)).unwrap();
    when(&mut cluster, "it is mended", |status| status.ready && status.not_enforced.is_empty());
}

pub fn pods_that_go_around_are_not_enforced() {
    let mut cluster = untold(Links::Ptp);
    let mut around = pod("m", 1, 99);
    around.addresses = podfence_model::Addresses::Known(vec!["172.18.0.77".parse().unwrap()]);
    cluster.update(world().with(around)).unwrap();
    when(&mut cluster, "all is well", |status| status.ready && status.plan.linked == 3);
    if let Err(error) = cluster.topology().bypass("x/m") {
        return println!("skipped in part: {error}");
    }
    let status =
        when(&mut cluster, "it is said", |s| says(s, "no link of this node leads to them", &["x/m"]));
    loudly(&status);
    assert_eq!(status.unlinked, ["x/m"]);
    assert_eq!(status.not_enforced[0].pods.len(), 1, "others are enforced: {status}");
}

pub fn flow_tables_of_pods_are_not_enforced() {
    let mut cluster = untold(Links::Ptp);
    cluster.update(world()).unwrap();
    when(&mut cluster, "all is well", |status| status.ready && status.plan.linked == 2);
    let (node, device) = (
        cluster.topology().node(NODE).unwrap().clone(),
        cluster.topology().pod("x/a").unwrap().interface().to_owned(),
    );
    let rules = format!(
        "add table inet others\nadd flowtable inet others fast {{ hook ingress priority 0; devices = {{ {device} }}; }}"
    );
    let Some(error) = node.run(move || nft(&rules)) else { return println!("skipped: no nft program") };
    if !error.is_empty() {
        return println!("skipped: this kernel has no flow tables: {error}");
    }
    let status = when(&mut cluster, "it is said", |s| says(s, "flow table others/fast", &["x/a"]));
    loudly(&status);
}

/// What `nft` complains of; nothing where there is no such program.
fn nft(rules: &str) -> Option<String> {
    let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
    let output = Command::new("nft").arg(rules).env("PATH", path).output();
    assert!(output.is_ok() || !sandboxed::in_ci(), "CI needs the nft program");
    Some(String::from_utf8_lossy(&output.ok()?.stderr).into_owned())
}
