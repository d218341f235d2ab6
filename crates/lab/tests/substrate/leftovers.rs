//! After a kill -9 in the middle of its life, a lab is gone without a trace.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use podfence_lab::cluster::Cluster;
use podfence_lab::sandbox;
use podfence_lab::setup::Links;
use podfence_testkit::build::{self, Put};

use crate::world::{PODS, World};

const VICTIM: &str = "PODFENCE_LAB_TEST_VICTIM";

pub fn is_victim() -> bool {
    std::env::var_os(VICTIM).is_some()
}

/// Builds a world and a cluster with an agent, tells its namespaces and agents, and waits to be killed.
pub fn be_victim() -> ExitCode {
    sandbox::enter().unwrap();
    let world = World::new(Links::Bridge);
    let places = PODS.iter().map(|(name, ..)| *name).chain(["node-1", "node-2", "outside"]);
    let inodes: Vec<_> = places.map(|place| inode(world.place(place).fd()).to_string()).collect();
    println!("{}", inodes.join(" "));
    let mut cluster = Cluster::build(podfence_model::World::default()).unwrap();
    let node = build::node("node-1", &["172.18.0.1"], &["10.244.1.0/24"]);
    cluster.update(podfence_model::World::default().with(node)).unwrap();
    let agents: Vec<_> = cluster.agents().processes().map(|process| process.to_string()).collect();
    println!("{}", agents.join(" "));
    loop {
        std::thread::park();
    }
}

fn inode(fd: impl AsFd) -> u64 {
    nix::sys::stat::fstat(fd).unwrap().st_ino
}

/// The links of the namespace we are in.
pub fn links() -> Vec<String> {
    let list = fs::read_to_string("/proc/self/net/dev").unwrap();
    list.lines().filter_map(|line| line.split_once(':')).map(|(name, _)| name.trim().to_owned()).collect()
}

pub fn nothing_is_left(links_before: &[String]) {
    let named_before = named_namespaces();
    let ours_before = links();
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .env(VICTIM, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut told = BufReader::new(victim.stdout.take().unwrap());
    told.read_line(&mut line).unwrap();
    let mut agents = String::new();
    told.read_line(&mut agents).unwrap();
    let agents: Vec<&str> = agents.split_whitespace().collect();
    assert!(!agents.is_empty() && agents.iter().all(|agent| runs(agent)), "{agents:?}");
    let theirs: BTreeSet<u64> = line.split_whitespace().map(|inode| inode.parse().unwrap()).collect();
    assert_eq!(theirs.len(), PODS.len() + 3);
    assert_eq!(
        theirs.difference(&namespaces_in_use()).count(),
        0,
        "the victim's namespaces are seen while it lives"
    );
    victim.kill().unwrap();
    victim.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(5);
    while namespaces_in_use().intersection(&theirs).next().is_some() {
        assert!(Instant::now() < deadline, "a namespace outlives its lab");
        std::thread::sleep(Duration::from_millis(10));
    }
    while agents.iter().any(|agent| runs(agent)) {
        assert!(Instant::now() < deadline, "an agent outlives its lab");
        std::thread::sleep(Duration::from_millis(10));
    }
    let files = format!("podfence-lab-{}-", victim.id());
    let left = fs::read_dir(std::env::temp_dir()).unwrap().flatten();
    let left: Vec<_> = left.filter(|file| file.file_name().to_string_lossy().starts_with(&files)).collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(named_namespaces(), named_before);
    assert_eq!(links(), ours_before);
    let host = fs::read_to_string("/proc/1/net/dev").unwrap_or_default();
    for link in host.lines().filter_map(|line| line.split_once(':')).map(|(name, _)| name.trim()) {
        assert!(
            !link.starts_with("veth1") || links_before.iter().any(|before| before == link),
            "{link} is left on the host"
        );
    }
}

/// Whether a process is there, and not only waiting for its parent to notice its end.
fn runs(process: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['Z', 'X']))
}

fn named_namespaces() -> BTreeSet<String> {
    let entries = fs::read_dir("/run/netns").into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// The network namespaces of all threads we may look at.
fn namespaces_in_use() -> BTreeSet<u64> {
    let processes = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path().join("task"));
    let threads = processes.flat_map(|tasks| fs::read_dir(tasks).into_iter().flatten().flatten());
    threads.filter_map(|thread| namespace_of(&thread.path())).collect()
}

fn namespace_of(thread: &Path) -> Option<u64> {
    let link = fs::read_link(thread.join("ns/net")).ok()?;
    link.to_str()?.strip_prefix("net:[")?.strip_suffix(']')?.parse().ok()
}
