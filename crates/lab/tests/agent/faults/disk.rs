//! The disk of the agent's socket, kept links and flow log is full, and has room again.

use std::fs::{self, File};
use std::io::Write;
use std::net::{SocketAddr, UdpSocket};
use std::ops::Range;
use std::path::{Path, PathBuf};

use podfence_agent::flow::FlowRecord;
use podfence_lab::cluster::Cluster;
use podfence_model::{Family, World};
use podfence_testkit::build::Put;

use crate::crash::{closed, open};
use crate::links::when;
use crate::talk::{Talk, address, deny, failing, netns, world};

/// Enough for what agents are started with.
const DISK: usize = 64 << 10;
const FLOWS: &str = "flow records";
const LINKS: &str = "links for the next agent";

/// From `a` to `b`, which is refused; each port is a record.
fn refuse(cluster: &Cluster, ports: Range<u16>) {
    let socket = netns(cluster, "a").run(|| UdpSocket::bind("0.0.0.0:0").unwrap());
    for port in ports {
        _ = socket.send_to(b"hello", SocketAddr::new(address(cluster, "b", Family::V4), port));
    }
}

/// Takes all the room there is.
fn fill(disk: &Path) -> PathBuf {
    let path = disk.join("ballast");
    let mut ballast = File::create(&path).unwrap();
    while ballast.write_all(&[0; 512]).is_ok() {}
    path
}

fn text_of(disk: &Path, extension: &str) -> String {
    let files = fs::read_dir(disk).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|ending| ending == extension));
    files.map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// The ports of the records that were written, each of which can be read.
fn written(disk: &Path) -> Vec<u16> {
    let text = text_of(disk, "flows");
    text.lines().filter_map(|line| serde_json::from_str::<FlowRecord>(line).unwrap().port).collect()
}

pub fn a_full_disk_stops_no_enforcement() {
    let mut cluster = Cluster::build(World::default()).unwrap();
    let disk = cluster.agents().on_small_disk(DISK).unwrap();
    cluster.update(world().with(deny("b"))).unwrap();
    let talks = open(&cluster, "c", 7000);
    refuse(&cluster, 7500..7501);
    when(&mut cluster, "a record is written", |_| written(&disk) == [7500]);
    let ballast = fill(&disk);
    refuse(&cluster, 7600..7640);
    when(&mut cluster, "it is said", |status| status.unwritten.contains_key(FLOWS));
    cluster.update(closed(true)).unwrap(); // `d` is new, and its link cannot be kept
    let status = when(&mut cluster, "it is said of links", |status| status.unwritten.contains_key(LINKS));
    println!("{status}");
    assert!(status.ready && status.unwritten[FLOWS].contains("No space left on device"), "{status}");
    assert!(!Talk::is_heard(&cluster, ("a", "d"), 7001), "a change came into force");
    assert!(!Talk::is_heard(&cluster, ("a", "b"), 7001));
    cluster.update(closed(false)).unwrap();
    assert!(Talk::is_heard(&cluster, ("a", "d"), 7002), "and another one");
    assert_eq!(failing(&talks, Talk::lives), Vec::<&str>::new());
    has_room_again(&mut cluster, &disk, &ballast);
}

fn has_room_again(cluster: &mut Cluster, disk: &Path, ballast: &Path) {
    let before = written(disk);
    assert!(before.len() < 40 && !text_of(disk, "links").contains("\"d\""), "it was full: {before:?}");
    fs::remove_file(ballast).unwrap();
    when(cluster, "links are kept", |status| !status.unwritten.contains_key(LINKS));
    assert!(text_of(disk, "links").contains("\"d\""), "{}", text_of(disk, "links"));
    refuse(cluster, 7700..7701);
    let status = when(cluster, "records are written", |_| written(disk).contains(&7700));
    assert!(status.done.untold > 0, "those that were not are counted: {status}");
    when(cluster, "nothing is left to say", |status| status.unwritten.is_empty());
}
