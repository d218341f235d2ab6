//! Services of every kind, by every way in, on the real kernel: engine = kernel under policies that tell the ways apart.
//!
//! `world.yaml` is the cluster, and each document of `policies.yaml` is in force alone for a while; in each family choice and
//! with both kinds of links. Runs as root and without; where the system forbids both it says why and skips, except in CI, where
//! that is a failure.

#![allow(
    clippy::unwrap_used,
    reason = "a failed step is a failed test; without `#[test]` clippy cannot see that"
)]

#[path = "../common/mod.rs"]
#[expect(dead_code, reason = "only its way into the sandbox is of use here")]
mod common;
mod seen;

use std::process::ExitCode;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use podfence_engine::{Engine, Outcome};
use podfence_lab::asked::Asked;
use podfence_lab::cluster::{Cluster, Settings};
use podfence_lab::setup::{Families, Links, Setup};
use podfence_lab::{place, record};
use podfence_model::World;
use podfence_source::{Input, Options};

/// Enough for what is allowed; what is late is asked again.
const TIMEOUT: Duration = Duration::from_millis(700);

const SETUPS: [(&str, Setup); 6] = [
    ("ptp/dual", Setup { links: Links::Ptp, families: Families::Dual }),
    ("ptp/ipv4", Setup { links: Links::Ptp, families: Families::Ipv4 }),
    ("ptp/ipv6", Setup { links: Links::Ptp, families: Families::Ipv6 }),
    ("bridge/dual", Setup { links: Links::Bridge, families: Families::Dual }),
    ("bridge/ipv4", Setup { links: Links::Bridge, families: Families::Ipv4 }),
    ("bridge/ipv6", Setup { links: Links::Bridge, families: Families::Ipv6 }),
];

fn main() -> ExitCode {
    common::in_sandbox(&Arguments::from_args(), |_entered| {
        let mut trials = Vec::new();
        for (name, setup) in SETUPS {
            trials.push(Trial::test(format!("agree/{name}"), move || agree(setup)));
            trials.push(Trial::test(format!("seen/{name}"), move || seen::all(setup)));
        }
        trials
    })
}

/// The world, without policies.
fn read(setup: Setup) -> World {
    let world = load(include_str!("world.yaml"));
    place::place_in(world, setup).unwrap()
}

fn load(text: &str) -> World {
    let input = Input::Bytes { name: "test.yaml".into(), bytes: text.into() };
    podfence_source::read(&[input], &Options::default()).unwrap().world
}

fn agree(setup: Setup) -> Result<(), Failed> {
    let open = read(setup);
    let mut cluster = Cluster::build_on(setup.links, open.clone(), Settings::default())?;
    let policies = load(include_str!("policies.yaml")).policies;
    let steps = [None].into_iter().chain(policies.into_iter().map(Some));
    let (mut allowed, mut denied) = (0, 0);
    for step in steps {
        let mut world = open.clone();
        let name = step.as_ref().map_or_else(|| "no policy".to_owned(), |(id, _)| id.to_string());
        world.policies.extend(step);
        let engine = cluster.update(world)?;
        let (a, d) = compare(&name, &cluster, &engine)?;
        (allowed, denied) = (allowed + a, denied + d);
    }
    println!("{allowed} allowed, {denied} denied");
    if allowed * 5 < denied || denied * 5 < allowed { Err("too one-sided".into()) } else { Ok(()) }
}

/// Compares everything, and counts what the engine allows and denies on ways into Services.
fn compare(step: &str, cluster: &Cluster, engine: &Engine) -> Result<(usize, usize), Failed> {
    let findings = cluster.run(engine, &Asked::everything(cluster.world()), TIMEOUT);
    let told = record::step(None, &findings, Vec::new()).compared;
    let differ: Vec<String> = told.iter().filter(|one| !one.agree).map(|one| format!("{one:?}")).collect();
    if !differ.is_empty() {
        return Err(
            format!("{step}: {} of {} differ:\n{}", differ.len(), told.len(), differ.join("\n")).into()
        );
    }
    let verdicts = || findings.entries.iter().flat_map(|one| &one.engine);
    let count = |wanted: Outcome| verdicts().filter(|verdict| **verdict == wanted).count();
    Ok((count(Outcome::Allowed), count(Outcome::Denied)))
}
