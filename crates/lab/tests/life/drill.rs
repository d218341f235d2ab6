//! Worlds that change at random: after each change everything that can be asked is asked of engine and kernel.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use libtest_mimic::Failed;
use podfence_agent::about::{Agreement, AskedProtocol, Question, Who};
use podfence_engine::{Engine, Outcome};
use podfence_lab::asked::Asked;
use podfence_lab::cluster::Cluster;
use podfence_lab::setup::{Families, Links, Setup};
use podfence_model::{NamespacedName, World};
use podfence_testkit::generate::{self, Rng};

use crate::change::{self, same_seat};
use crate::drawn;

/// Changes of one run.
const CHANGES: usize = 60;
/// Changes that one world goes through.
const A_WORLD: usize = 8;
/// Nothing is lost on the way here; what is late is asked again.
const TIMEOUT: Duration = Duration::from_millis(700);

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[derive(Debug, Default)]
struct Tally {
    changes: AtomicUsize,
    compared: AtomicUsize,
    denied: AtomicUsize,
    kept: AtomicUsize,
    traced: AtomicUsize,
    update_microseconds: AtomicUsize,
}

pub fn agree() -> Result<(), Failed> {
    let first = number("PODFENCE_SEED").unwrap_or_else(|| u64::from(std::process::id()) * 1000);
    let wanted = number("PODFENCE_CHANGES").and_then(|n| n.try_into().ok()).unwrap_or(CHANGES);
    let worlds = wanted.div_ceil(A_WORLD);
    println!("seeds {first} to {}, {A_WORLD} changes each", first + worlds as u64 - 1);
    let (next, tally) = (AtomicUsize::new(0), Tally::default());
    let work = || {
        let mut failures = Vec::new();
        while let Some(n) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|n| *n < worlds) {
            let failure = one_world(first + n as u64, &tally).err();
            if let Some(failure) = failure {
                println!("{}", failure.lines().next().unwrap_or_default());
                failures.push(failure);
            }
        }
        failures
    };
    let failures: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..crate::AT_ONCE).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|w| w.join().unwrap()).collect()
    });
    println!("{tally:?}");
    match failures.first() {
        None => Ok(()),
        Some(first) => {
            Err(format!("{} of {worlds} worlds differ; the first:\n{first}", failures.len()).into())
        }
    }
}

fn one_world(seed: u64, tally: &Tally) -> Result<(), String> {
    let mut rng = Rng::with_seed(seed);
    let setup = setup_of(seed);
    let mut world = change::first(generate::lab_sized(seed), setup, &mut rng).map_err(|e| e.to_string())?;
    let mut cluster = crate::begin(setup).map_err(|e| format!("seed {seed}: {e}"))?;
    let mut history = vec!["built".to_owned()];
    for number in 0..=A_WORLD {
        if number > 0 {
            let change = change::random(&mut world, setup, &mut rng).map_err(|e| e.to_string())?;
            history.push(change.to_string());
            tally.changes.fetch_add(1, Ordering::Relaxed);
        }
        let told = |wrong: String| format!("seed {seed}, {setup}: {wrong}\nafter {history:#?}");
        let before = (cluster.world().clone(), namespaces(&cluster));
        let begun = Instant::now();
        let engine = cluster.update(world.clone()).map_err(|e| told(e.to_string()))?;
        let took = usize::try_from(begun.elapsed().as_micros()).unwrap();
        tally.update_microseconds.fetch_add(took, Ordering::Relaxed);
        tally.kept.fetch_add(stayed(&cluster, &before).map_err(told)?, Ordering::Relaxed);
        compare(&cluster, &engine, tally).map_err(told)?;
        traced(&mut cluster, &mut rng, tally).map_err(told)?;
    }
    Ok(())
}

/// Every other world has bridges; two in five have one family only. `PODFENCE_SETUP` chooses for all of them.
fn setup_of(seed: u64) -> Setup {
    if let Ok(name) = std::env::var("PODFENCE_SETUP") {
        let named = Setup::ALL.into_iter().find(|setup| setup.to_string() == name);
        return named.unwrap_or_else(|| {
            panic!("PODFENCE_SETUP: {name} is none of {:?}", Setup::ALL.map(|s| s.to_string()))
        });
    }
    let links = if seed.is_multiple_of(2) { Links::Ptp } else { Links::Bridge };
    let families = [Families::Dual, Families::Dual, Families::Dual, Families::Ipv4, Families::Ipv6];
    Setup { links, families: families[usize::try_from(seed % 5).unwrap()] }
}

/// The namespace of every pod.
fn namespaces(cluster: &Cluster) -> BTreeMap<NamespacedName, u64> {
    let inode = |fd: std::os::fd::BorrowedFd<'_>| nix::sys::stat::fstat(fd).unwrap().st_ino;
    let pods = cluster.world().pods.values();
    pods.filter_map(|pod| Some((pod.meta.id.clone(), inode(cluster.netns_of(pod)?.fd().as_fd())))).collect()
}

/// Pods with the same seat still run where they ran; how many.
fn stayed(
    cluster: &Cluster,
    (world, before): &(World, BTreeMap<NamespacedName, u64>),
) -> Result<usize, String> {
    let now = namespaces(cluster);
    let both = world.pods.values().filter_map(|pod| Some((pod, cluster.world().pods.get(&pod.meta.id)?)));
    let same: Vec<_> = both
        .filter(|(a, b)| same_seat((world, a), (cluster.world(), b)))
        .map(|(pod, _)| &pod.meta.id)
        .collect();
    match same.iter().find(|id| before.get(id) != now.get(id)) {
        None => Ok(same.len()),
        Some(id) => Err(format!("{id} was started anew")),
    }
}

fn compare(cluster: &Cluster, engine: &Engine, tally: &Tally) -> Result<(), String> {
    let asked = Asked::everything(cluster.world());
    let findings = cluster.run(engine, &asked, TIMEOUT);
    let denied = findings.flows.iter().filter(|one| one.engine == Some(Outcome::Denied)).count();
    tally.denied.fetch_add(denied, Ordering::Relaxed);
    tally.compared.fetch_add(findings.compared(), Ordering::Relaxed);
    drawn::no_difference(cluster.world(), &findings)
}

/// What each agent says of its kernel's tables is what its engine says, and so what packets have just shown.
fn traced(cluster: &mut Cluster, rng: &mut Rng, tally: &Tally) -> Result<(), String> {
    const QUESTIONS: usize = 12;
    let ends = ends(cluster.world());
    let nodes: Vec<String> = cluster.world().nodes.keys().cloned().collect();
    for node in nodes {
        for _ in 0..QUESTIONS {
            let [source, destination] = [0; 2].map(|_| Who::Address(ends[rng.usize(..ends.len())]));
            let protocol = [AskedProtocol::Tcp, AskedProtocol::Udp, AskedProtocol::Icmp][rng.usize(..3)];
            let port = Some(["80", "53", "8080", "443"][rng.usize(..4)].to_owned());
            let question = Question { source, destination, port, protocol: Some(protocol) };
            let Ok(told) = cluster.agents().compare(&node, question) else { continue };
            if let Some(differs) = told.connections.iter().find(|one| one.agreement == Agreement::Differ) {
                return Err(format!("engine and tables of {node} differ: {differs:#?}\n{differs}"));
            }
            let agree = told.connections.iter().filter(|one| one.agreement == Agreement::Agree).count();
            tally.traced.fetch_add(agree, Ordering::Relaxed);
        }
    }
    Ok(())
}

/// Addresses of pods, of nodes, and of nobody.
fn ends(world: &World) -> Vec<IpAddr> {
    let outside = ["192.0.2.1", "198.51.100.7", "2001:db8::1", "10.244.1.250"].map(|ip| ip.parse().unwrap());
    let pods = world.pods.values().flat_map(podfence_model::Pod::ips);
    let nodes = world.nodes.values().flat_map(|node| &node.addresses);
    pods.chain(nodes).copied().chain(outside).collect()
}
