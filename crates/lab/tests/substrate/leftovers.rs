//! After a kill -9 in the middle of its life, a lab is gone without a trace.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use podfence_lab::sandbox;
use podfence_lab::setup::Links;

use crate::world::{PODS, World};

const VICTIM: &str = "PODFENCE_LAB_TEST_VICTIM";

pub fn is_victim() -> bool {
    std::env::var_os(VICTIM).is_some()
}

/// Builds a world, tells its namespaces, and waits to be killed.
pub fn be_victim() -> ExitCode {
    sandbox::enter().unwrap();
    let world = World::new(Links::Bridge);
    let places = PODS.iter().map(|(name, ..)| *name).chain(["node-1", "node-2", "outside"]);
    let inodes: Vec<_> = places.map(|place| inode(world.place(place).fd()).to_string()).collect();
    println!("{}", inodes.join(" "));
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
    BufReader::new(victim.stdout.take().unwrap()).read_line(&mut line).unwrap();
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
