//! Services of every kind, by every way in, on the real kernel: engine = kernel under policies that tell the ways apart.
//!
//! `world.yaml` is the cluster, and each document of `policies.yaml` is in force alone for a while; in each family choice and
//! with both kinds of links. `ingress.yaml` and its policies likewise, and `dns.yaml` for names. Runs as root and without; where
//! the system forbids both it says why and skips, except in CI, where that is a failure.

#![allow(
    clippy::unwrap_used,
    reason = "a failed step is a failed test; without `#[test]` clippy cannot see that"
)]

mod names;
mod seen;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use podfence_engine::{Engine, Outcome};
use podfence_lab::asked::Asked;
use podfence_lab::cluster::{Cluster, Settings};
use podfence_lab::ingress::check::Reply;
use podfence_lab::run::Findings;
use podfence_lab::setup::{Links, Setup};
use podfence_lab::{place, record, sandbox};
use podfence_model::{Cidr, World};
use podfence_source::{Input, Options};
use podfence_testkit::build::{self, Put, block, everything, rule};
use podfence_testkit::sandboxed;

/// Enough for what is allowed; what is late is asked again.
const TIMEOUT: Duration = Duration::from_millis(700);

fn main() -> ExitCode {
    if let Some(ended) = podfence_lab::agents::become_one_if_told() {
        return ended;
    }
    sandboxed::run(&Arguments::from_args(), sandbox::enter(), |_entered| {
        let mut trials = Vec::new();
        for setup in Setup::ALL {
            trials.push(Trial::test(format!("agree/{setup}"), move || agree(setup)));
            trials.push(Trial::test(format!("ingress/{setup}"), move || ingress(setup)));
            if setup.links == Links::Bridge {
                trials
                    .push(Trial::test(format!("ingress_on_nodes/{setup}"), move || ingress_on_nodes(setup)));
            }
            trials.push(Trial::test(format!("names/{setup}"), move || names::all(setup)));
            trials.push(Trial::test(format!("seen/{setup}"), move || seen::all(setup)));
        }
        trials
    })
}

/// The world, without policies.
fn read(setup: Setup) -> World {
    place::place_in(load(include_str!("world.yaml")), setup).unwrap()
}

fn load(text: &str) -> World {
    let input = Input::Bytes { name: "test.yaml".into(), bytes: text.into() };
    podfence_source::read(&[input], &Options::default()).unwrap().world
}

/// The world without policies, and then with each of these alone.
fn steps(open: &World, policies: &str) -> Vec<(String, World)> {
    let mut steps = vec![("no policy".to_owned(), open.clone())];
    for (id, policy) in load(policies).policies {
        let mut world = open.clone();
        world.policies.insert(id.clone(), policy);
        steps.push((id.to_string(), world));
    }
    steps
}

fn agree(setup: Setup) -> Result<(), Failed> {
    let open = read(setup);
    let mut cluster = Cluster::build_on(setup.links, open.clone(), Settings::default())?;
    let (mut allowed, mut denied) = (0, 0);
    for (step, world) in steps(&open, include_str!("policies.yaml")) {
        let engine = cluster.update(world)?;
        let findings = compare(&step, &cluster, &engine)?;
        let verdicts = || findings.entries.iter().flat_map(|one| &one.engine);
        allowed += verdicts().filter(|verdict| **verdict == Outcome::Allowed).count();
        denied += verdicts().filter(|verdict| **verdict == Outcome::Denied).count();
    }
    println!("{allowed} allowed, {denied} denied");
    if allowed * 5 < denied || denied * 5 < allowed { Err("too one-sided".into()) } else { Ok(()) }
}

/// Whole ways through an ingress controller.
fn ingress(setup: Setup) -> Result<(), Failed> {
    let open = place::place_in(load(include_str!("ingress.yaml")), setup)?;
    let mut cluster = Cluster::build_on(setup.links, open.clone(), Settings::default())?;
    let mut replies: BTreeMap<Reply, usize> = BTreeMap::new();
    for (step, world) in steps(&open, include_str!("ingress-policies.yaml")) {
        let engine = cluster.update(world)?;
        for one in compare(&step, &cluster, &engine)?.ingresses {
            *replies.entry(one.kernel).or_default() += 1;
        }
    }
    println!("{replies:?}");
    let answered = |name: &str| replies.contains_key(&Reply::Answered(format!("shop/{name}")));
    let all = ["web-0", "web-1", "api-0"].into_iter().all(answered);
    let others = [Reply::TimedOut, Reply::Status(503), Reply::Status(504)];
    let seen = others.iter().all(|reply| replies.contains_key(reply));
    if all && seen { Ok(()) } else { Err(format!("not everything was seen: {replies:?}").into()) }
}

/// Controllers on the network of nodes with two addresses: what they send on leaves from the address that they were asked at.
fn ingress_on_nodes(setup: Setup) -> Result<(), Failed> {
    let text = include_str!("ingress.yaml")
        .replace("{containers: [{name: c", "{hostNetwork: true, containers: [{name: c");
    let mut open = place::place_in(load(&text), setup)?;
    open.services.retain(|id, _| id.namespace == "shop");
    let mut cluster = Cluster::build_on(setup.links, open.clone(), Settings::default())?;
    for address in open.nodes["node-1"].addresses.clone() {
        let from = rule(vec![block(&Cidr::host(address).to_string(), &[])], vec![]);
        let engine =
            cluster.update(open.clone().with(build::ingress("shop/one", everything(), vec![from])))?;
        let findings = compare(&format!("from {address}"), &cluster, &engine)?;
        let replies = || findings.ingresses.iter().map(|one| &one.kernel);
        assert!(replies().any(|reply| matches!(reply, Reply::Answered(_))), "{address}");
        assert!(replies().any(|reply| *reply == Reply::Status(504)), "{address}");
    }
    Ok(())
}

/// Compares everything.
fn compare(step: &str, cluster: &Cluster, engine: &Engine) -> Result<Findings, Failed> {
    let findings = cluster.run(engine, &Asked::everything(cluster.world()), TIMEOUT);
    let told = record::step(None, &findings, Vec::new()).compared;
    let differ: Vec<String> = told.iter().filter(|one| !one.agree).map(|one| format!("{one:?}")).collect();
    if differ.is_empty() {
        return Ok(findings);
    }
    Err(format!("{step}: {} of {} differ:\n{}", differ.len(), told.len(), differ.join("\n")).into())
}
