//! A running lab on a screen.

use crate::json::{
    LabStatus, StatusChange, StatusCompared, StatusIngress, StatusNode, StatusPod, StatusService,
};
use crate::style::{BAD, BOLD, Sheet, paint};

use super::agreement;

/// What runs, since when, and how engine and kernel compare.
pub fn lab_status(status: &LabStatus) -> String {
    let mut sheet = Sheet::default();
    let how = if status.rootless { ", without root" } else { "" };
    let head = format!(
        "{}  follows {}, up {} (process {}{how})",
        paint(BOLD, if status.name == "lab" { "lab".to_owned() } else { format!("lab {}", status.name) }),
        status.follows,
        duration(status.up_seconds),
        status.pid
    );
    sheet.line(head);
    sheet.gap();
    list(&mut sheet, "nodes", status.nodes.iter().map(named));
    list(&mut sheet, "pods", pods(&status.pods));
    list(&mut sheet, "services", status.services.iter().map(service));
    list(&mut sheet, "ingresses", status.ingresses.iter().map(ingress));
    list(&mut sheet, "policies", status.policies.iter().cloned());
    if let Some(StatusChange { seconds_ago, what }) = &status.last_change {
        let when = format!("{} ago", duration(*seconds_ago));
        list(&mut sheet, "changed", [when].into_iter().chain(what.iter().cloned()));
    }
    if let Some(why) = &status.refused {
        let told = format!("the files have changed since, but cannot be read: {why}");
        sheet.entry("waiting", &paint(BAD, told));
    }
    sheet.entry(
        "compared",
        &match status.differences {
            0 => agreement(status.compared, 0, status.possible),
            n => paint(BAD, format!("engine and kernel differ on {n} of {} connections", status.compared)),
        },
    );
    if let Some(full) = status.full.as_ref().filter(|_| status.compared < status.possible) {
        let StatusCompared { compared, differences } = *full;
        sheet.more(&match differences {
            0 => format!("in full when it was started: agreed on all {compared}"),
            n => format!("in full when it was started: differed on {n} of {compared}"),
        });
    }
    sheet.finish()
}

fn list(sheet: &mut Sheet, label: &str, items: impl Iterator<Item = String>) {
    for (place, item) in items.enumerate() {
        if place == 0 { sheet.entry(label, &item) } else { sheet.more(&item) }
    }
}

fn named(node: &StatusNode) -> String {
    format!("{} {}", node.name, node.addresses.join(" "))
}

fn service(service: &StatusService) -> String {
    let StatusService { name, addresses, ports, external } = service;
    let external =
        if external.is_empty() { String::new() } else { format!(", external {}", external.join(" ")) };
    format!("{name} {}, {}{external}", addresses.join(" "), ports.join(", "))
}

fn ingress(ingress: &StatusIngress) -> String {
    let StatusIngress { name, rules, by } = ingress;
    let by = if by.is_empty() { "no controller".to_owned() } else { by.join(", ") };
    format!("{name} {}, by {by}", rules.join(", "))
}

fn pods(pods: &[StatusPod]) -> impl Iterator<Item = String> {
    let widest =
        |of: fn(&StatusPod) -> &str| pods.iter().map(|pod| of(pod).chars().count()).max().unwrap_or(0);
    let (name, node) = (widest(|pod| &pod.name), widest(|pod| &pod.node));
    pods.iter().map(move |pod| {
        let remarks =
            if pod.remarks.is_empty() { String::new() } else { format!(" ({})", pod.remarks.join(", ")) };
        format!("{:name$}  {:node$}  {}{remarks}", pod.name, pod.node, pod.addresses.join(" "))
    })
}

/// Seconds as people say them: `12 s`, `3 min 12 s`, `2 h 5 min`.
fn duration(seconds: u64) -> String {
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}
