//! The kernel's table of connections is full. Its limit is the whole machine's, so this runs only where it is asked for.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::process::parent_id;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, setns};
use podfence_agent::config::AgentSocket;
use podfence_agent::doctor::{Level, examine};
use podfence_lab::cluster::Cluster;
use podfence_model::{Family, Protocol, World};

use crate::crash::closed;
use crate::talk::{SPEECH, Talk, address, failing, netns};

const OPT_IN: &str = "PODFENCE_CONNTRACK";
/// Connections that are held, and how many the kernel may track then.
const HELD: usize = 200;
const LIMIT: usize = 100;
/// The machine has its limit back after this at the latest.
const WINDOW: Duration = Duration::from_millis(1_900);
/// How long a connection may take that cannot be made.
const SHORT: Duration = Duration::from_millis(300);
const NODE: &str = "node-1";

/// The limit of the machine, which only its first network namespace may change: that of who runs this. Dropping this restores it.
struct Limit {
    over: Option<Sender<()>>,
    restores: Option<JoinHandle<()>>,
}

fn of_machine(job: impl FnOnce(&str) + Send + 'static) -> JoinHandle<()> {
    thread::spawn(move || {
        let first = File::open(format!("/proc/{}/ns/net", parent_id())).unwrap();
        setns(first, CloneFlags::CLONE_NEWNET).unwrap();
        job("/proc/sys/net/netfilter/nf_conntrack_max");
    })
}

impl Limit {
    fn set(limit: usize) -> Self {
        let ((over, ended), (to, set)) = (channel(), channel());
        let restores = of_machine(move |path| {
            let before = fs::read_to_string(path).unwrap();
            fs::write(path, limit.to_string()).unwrap();
            to.send(()).unwrap();
            _ = ended.recv_timeout(WINDOW);
            fs::write(path, before.trim()).unwrap();
        });
        set.recv().unwrap();
        Self { over: Some(over), restores: Some(restores) }
    }
}

impl Drop for Limit {
    fn drop(&mut self) {
        self.over = None;
        _ = self.restores.take().map(JoinHandle::join);
    }
}

fn to_c(cluster: &Cluster, family: Family, patience: Duration) -> std::io::Result<TcpStream> {
    let at = SocketAddr::new(address(cluster, "c", family), 80);
    netns(cluster, "a").run(move || TcpStream::connect_timeout(&at, patience))
}

/// Connections of `a` with `c` that are held, both ends.
fn hold(cluster: &Cluster) -> Vec<(TcpStream, TcpStream)> {
    let at = SocketAddr::new(address(cluster, "c", Family::V4), 7900);
    let listener = netns(cluster, "c").run(move || TcpListener::bind(at).unwrap());
    let one = |_| {
        let client = netns(cluster, "a").run(move || TcpStream::connect_timeout(&at, SPEECH).unwrap());
        (client, listener.accept().unwrap().0)
    };
    (0..HELD).map(one).collect()
}

/// What the doctor says of the node's connections: how bad it is, and the mend.
fn diagnosis(cluster: &mut Cluster) -> (Level, String) {
    let path = cluster.agents().socket(NODE).unwrap().display().to_string();
    let socket = AgentSocket::find(|_| vec![path.clone()], |_| None, None).unwrap();
    let checks = cluster.topology().node(NODE).unwrap().run(move || examine(&socket));
    let check = checks.into_iter().find(|check| check.topic == "connections").unwrap();
    println!("{check}");
    (check.level, check.mend.unwrap_or_default())
}

pub fn a_full_connection_table_opens_nothing() {
    if std::env::var_os(OPT_IN).is_none() {
        return println!("skipped: opt-in, since the limit is the whole machine's: {OPT_IN}=1, as root");
    }
    let mut cluster = Cluster::build(World::default()).unwrap();
    cluster.update(closed(true)).unwrap();
    let talks = Family::BOTH
        .map(|family| Talk::begin(&cluster, Protocol::Tcp, ("a", "c"), address(&cluster, "c", family), 7000));
    let held = hold(&cluster);
    let at = SocketAddr::new(address(&cluster, "b", Family::V4), 9000);
    let ear = netns(&cluster, "b").run(move || UdpSocket::bind(at).unwrap());
    ear.set_nonblocking(true).unwrap();
    let mouth = netns(&cluster, "a").run(|| UdpSocket::bind("0.0.0.0:0").unwrap());
    let limit = Limit::set(LIMIT);
    let begun = Instant::now();
    let refused = Family::BOTH.map(|family| to_c(&cluster, family, SHORT).is_err());
    (0..1_000).for_each(|_| _ = mouth.send_to(b"?", at));
    let cut = failing(&talks, Talk::lives);
    let status = cluster.agents().status(NODE).unwrap();
    let (level, mend) = diagnosis(&mut cluster);
    let took = begun.elapsed();
    drop(limit);
    println!("full for {took:?}");
    assert!(took < WINDOW, "too slow to have seen anything");
    assert_eq!((refused, cut), ([true; 2], Vec::new()), "new ones are dropped, open ones live");
    assert!(status.ready && level == Level::Fails && mend.contains("nf_conntrack_max="), "{mend}\n{status}");
    for family in Family::BOTH {
        assert!(to_c(&cluster, family, SPEECH).is_ok(), "{family:?}: after it there is room again");
    }
    assert!(ear.recv(&mut [0; 8]).is_err(), "what is refused passed");
    assert!(!Talk::is_heard(&cluster, ("a", "b"), 9001));
    drop(held);
}
