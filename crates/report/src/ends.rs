//! Names of ends in words: the same in every answer about sets of pods and addresses.

use podfence_analysis::ends::EndName;
use podfence_model::{IpBlock, NamespacedName, ObjectRef};

use crate::{new_pods, words};

/// How many pods of a workload are named before they are counted.
const NAMED: usize = 2;

/// A name in words: `shop/deploy/web`, `all of shop but shop/db-0`, `10.0.0.0/8`.
pub fn name(name: &EndName) -> String {
    let mut text = String::new();
    push(&mut text, name);
    text
}

/// Names in words, one after the other; `nobody` where there is none. Behind a name with exceptions stands a semicolon, so
/// that what follows is not taken for another exception.
pub fn names(all: &[EndName]) -> String {
    let mut text = String::new();
    let gap = if all.iter().any(has_exceptions) { "; " } else { ", " };
    for (i, name) in all.iter().enumerate() {
        text.push_str(if i == 0 { "" } else { gap });
        push(&mut text, name);
    }
    if all.is_empty() { "nobody".to_owned() } else { text }
}

/// Puts a name in words behind a text: lists can be long, and a text for each of their names takes time.
fn push(text: &mut String, name: &EndName) {
    match name {
        EndName::Everybody { but } => push_all_but(text, "everybody", but),
        EndName::EveryPod { but } => push_all_but(text, "every pod", but),
        EndName::Namespace { name, but } => {
            text.push_str("all of ");
            push_all_but(text, name, but);
        }
        EndName::Workload(workload) => words::push_object(text, workload),
        EndName::Pod(NamespacedName { namespace, name }) => text.extend([namespace, "/", name]),
        EndName::PartOf { workload, pods, of } => text.push_str(&part_of(workload, pods, *of)),
        EndName::UnknownPods => text.push_str("unknown pods"),
        EndName::UnknownPodsIn(block) => text.extend(["unknown pods in ", &block_text(block)]),
        EndName::Outside => text.push_str("outside"),
        EndName::Block(block) => text.push_str(&block_text(block)),
        EndName::MorePods(pods) => text.push_str(&words::count(*pods, "more pod", "more pods")),
        EndName::Elsewhere => text.push_str("elsewhere outside"),
        EndName::NewPods(pods) => text.push_str(&new_pods::text(pods)),
    }
}

/// All but some. Who is excepted from an exception is one of those meant: they are named behind a semicolon.
fn push_all_but(text: &mut String, all: &str, but: &[EndName]) {
    text.push_str(all);
    for (i, name) in but.iter().enumerate() {
        text.push_str(match i {
            0 => " but ",
            _ if i + 1 == but.len() => " and ",
            _ => ", ",
        });
        match name {
            EndName::Namespace { name, .. } => text.extend(["all of ", name]),
            _ => push(text, name),
        }
    }
    for left_out in but {
        let EndName::Namespace { but: again, .. } = left_out else { continue };
        for name in again {
            text.push_str("; ");
            push(text, name);
        }
    }
}

fn part_of(workload: &ObjectRef, pods: &[NamespacedName], of: usize) -> String {
    let workload = words::object(workload);
    match pods.len() {
        ..=NAMED => format!("{} (part of {workload})", pods_text(pods)),
        count => format!("{count} of {of} pods of {workload}"),
    }
}

fn has_exceptions(name: &EndName) -> bool {
    match name {
        EndName::Everybody { but } | EndName::EveryPod { but } | EndName::Namespace { but, .. } => {
            !but.is_empty()
        }
        EndName::Block(block) | EndName::UnknownPodsIn(block) => !block.except().is_empty(),
        _ => false,
    }
}

/// A block with its exceptions, in words that no list of several blocks makes unclear.
fn block_text(block: &IpBlock) -> String {
    let except: Vec<String> = block.except().iter().map(ToString::to_string).collect();
    if except.is_empty() {
        block.to_string()
    } else {
        format!("{} except {}", block.cidr(), words::all_of(&except))
    }
}

fn pods_text(pods: &[NamespacedName]) -> String {
    pods.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use podfence_analysis::AddressSet;
    use podfence_analysis::ends::{Directory, Ends};
    use podfence_engine::Engine;
    use podfence_model::{Cidr, Copies, Kind, Labels, Origin, PodTemplate, Workload, World};
    use podfence_testkit::build::{self, Put};

    fn deployment(namespace: &str, name: &str, pods: u32) -> Workload {
        let id = ObjectRef { kind: Kind::Deployment, namespace: namespace.into(), name: name.into() };
        let template = PodTemplate {
            labels: Labels::new(),
            node: None,
            host_network: false,
            ports: podfence_model::Shared::new(),
        };
        Workload { id, origin: Origin::Assumed("test"), copies: Copies::Count(pods), template }
    }

    /// `shop` has deployments a, b, c and d of two pods each, `ops` has the bare pods x and y, `one` has a deployment
    /// e of one pod. Policies state 10.0.0.0/8, 192.168.0.0/24 and 192.168.1.0/24; pods live in 10.244.0.0/16.
    fn world() -> World {
        let mut world = World::default();
        for workload in ["a", "b", "c", "d"].map(|name| deployment("shop", name, 2)) {
            world.workloads.insert(workload.id.clone(), workload);
        }
        let alone = deployment("one", "e", 3);
        world.workloads.insert(alone.id.clone(), alone);
        world.put(build::pod("ops/x", "node", &["10.244.9.1"], &[]));
        world.put(build::pod("ops/y", "node", &["10.244.9.2"], &[]));
        let blocks = ["10.0.0.0/8", "192.168.0.0/24", "192.168.1.0/24"].map(|cidr| build::block(cidr, &[]));
        let rule = build::rule(blocks.into(), Vec::new());
        world.put(build::ingress("shop/blocks", build::everything(), vec![rule]));
        world.pod_ranges.push("10.244.0.0/16".parse().unwrap());
        world.expand_workloads();
        world
    }

    fn addresses(text: &str) -> AddressSet {
        let mut parts = text.split(" - ").map(|part| {
            part.split_whitespace().map(|cidr| cidr.parse::<Cidr>().unwrap()).collect::<AddressSet>()
        });
        let whole = parts.next().unwrap_or_default();
        parts.fold(whole, |left, holes| left.difference(&holes))
    }

    #[test]
    fn who_is_left_out_of_an_exception_is_named_again() {
        let pay = EndName::Pod(NamespacedName::new("shop", "pay"));
        let shop = EndName::Namespace { name: "shop".into(), but: vec![pay] };
        assert_eq!(name(&EndName::Everybody { but: vec![shop] }), "everybody but all of shop; shop/pay");
    }

    #[test]
    fn sets_have_the_names_that_people_have_for_them() {
        let world = world();
        let directory = Directory::new(&world, &Engine::new(&world));
        let all = "shop/a shop/b shop/c shop/d one/e ops/x ops/y";
        let outside = "0.0.0.0/0 - 10.244.0.0/16";
        let table = [
            ("", "", "", "nobody"),
            (all, "", "", "every pod"),
            (all, "10.244.0.0/16", outside, "everybody"),
            ("shop/a shop/b shop/c shop/d one/e ops/x", "10.244.0.0/16", outside, "everybody but ops/y"),
            (all, "", outside, "every pod, outside"),
            ("shop/a shop/b shop/c shop/d", "", "", "all of shop"),
            ("shop/a shop/b shop/c", "", "", "all of shop but shop/deploy/d"),
            ("shop/a shop/b", "", "", "shop/deploy/a, shop/deploy/b"),
            ("shop/a shop/b-0", "", "", "shop/deploy/a, shop/b-0 (part of shop/deploy/b)"),
            ("one/e-0 one/e-1 ops/x", "", "", "one/e-0 and one/e-1 (part of one/deploy/e), ops/x"),
            ("one/e", "", "", "one/deploy/e"),
            ("ops/x ops/y", "10.244.0.0/16", "", "all of ops, unknown pods"),
            ("shop/b shop/c shop/d ops/x ops/y one/e", "", "", "every pod but shop/deploy/a"),
            ("", "10.244.1.0/24", "10.0.0.0/8 - 10.244.0.0/16", "10.0.0.0/8, unknown pods in 10.244.1.0/24"),
            ("", "", "192.168.0.0/24 192.168.1.0/24", "192.168.0.0/24, 192.168.1.0/24"),
            ("", "", "0.0.0.0/0 - 10.0.0.0/8 192.168.0.0/23", "elsewhere outside"),
            ("", "", "0.0.0.0/0 - 10.0.0.0/8", "0.0.0.0/0 except 10.0.0.0/8"),
            ("", "", "172.16.0.0/12", "172.16.0.0/12"),
            (
                "one/e ops/x ops/y",
                "",
                "0.0.0.0/0 - 10.0.0.0/8",
                "one/deploy/e; all of ops; 0.0.0.0/0 except 10.0.0.0/8",
            ),
        ];
        for (pods, unknown, outside, expected) in table {
            let is_in = |id: &str| {
                pods.split_whitespace().any(|p| id == p || id.rsplit_once('-').is_some_and(|(of, _)| of == p))
            };
            let pods_in = world.pods.keys().filter(|id| is_in(&id.to_string())).cloned().collect();
            let ends = Ends { pods: pods_in, unknown: addresses(unknown), outside: addresses(outside) };
            assert_eq!(names(&directory.name(&ends)), expected, "{pods} {unknown} {outside:?}");
        }
    }
}
