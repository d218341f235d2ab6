//! What an operator sees of a running agent: its probes, its metrics, and what it may do.

use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use podfence_agent::about::{Agreement, AskedProtocol, Question, Who};
use podfence_lab::cluster::Cluster;
use podfence_model::{Family, Protocol, World};
use podfence_testkit::build::{everything, id, ingress, number, own, rule};
use podfence_testkit::schemas;

use crate::crash::closed;
use crate::refusals::send;
use crate::talk::{SPEECH, Talk, address, netns};

const NODE: &str = "node-1";
/// `CAP_NET_ADMIN`, as proc(5) writes a set of capabilities.
const NET_ADMIN_ALONE: &str = "0000000000001000";

fn get(socket: &Path, path: &str) -> (u16, String) {
    let mut stream = UnixStream::connect(socket).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// The value of a metric; of a family, the sum of all series whose labels hold this text.
fn value(cluster: &mut Cluster, name: &str, labels: &str) -> f64 {
    let socket = cluster.agents().metrics(NODE).unwrap();
    let path = if name.starts_with("podfence_cluster") { "/metrics/cluster" } else { "/metrics" };
    let (code, page) = get(&socket, path);
    assert_eq!(code, 200, "{page}");
    let series =
        page.lines().filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.contains(labels)));
    series.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum()
}

/// Whole numbers are exact.
fn is(value: f64, expected: u32) -> bool {
    (value - f64::from(expected)).abs() < 0.5
}

fn until(what: &str, mut so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < SPEECH, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub fn metrics_say_what_is_so() {
    let mut cluster = Cluster::build(World::default()).unwrap();
    cluster.update(closed(true)).unwrap();
    let socket = cluster.agents().metrics(NODE).unwrap();
    for probe in ["/livez", "/readyz"] {
        assert_eq!(get(&socket, probe), (200, "ok\n".to_owned()), "{probe}");
    }
    let pods = u32::try_from(closed(true).pods.len()).unwrap();
    until("pods are counted", || is(value(&mut cluster, "podfence_cluster_pods", ""), pods));
    for name in
        ["podfence_local_pods", "podfence_local_policies", "podfence_programs", "podfence_start_time_seconds"]
    {
        assert!(value(&mut cluster, name, "") > 0.0, "{name}");
    }
    assert!(value(&mut cluster, "podfence_resident_memory_bytes", "") > 1e6);
    assert!(is(value(&mut cluster, "podfence_refused_packets_total", "egress"), 0));
    let at = SocketAddr::new(address(&cluster, "b", Family::V4), 7_777);
    let sender = netns(&cluster, "a").run(|| UdpSocket::bind("0.0.0.0:0").unwrap());
    _ = sender.send_to(b"hello", at);
    until("a refused packet is counted", || {
        value(&mut cluster, "podfence_refused_packets_total", "reason=\"ingress\"") > 0.0
    });
    let before = value(&mut cluster, "podfence_programming_latency_seconds_count", "");
    cluster.update(closed(false)).unwrap();
    until("a change is measured", || {
        value(&mut cluster, "podfence_programming_latency_seconds_count", "") > before
    });
    assert!(is(value(&mut cluster, "podfence_lag_seconds", ""), 0));
}

/// Whom a policy names by their addresses, where a pod is, and which policies isolate it; and both fit their schemas.
pub fn an_agent_tells_of_one_policy_and_one_pod() {
    let mut cluster = Cluster::build(World::default()).unwrap();
    let mut world = closed(true);
    let from_a = rule(vec![own(everything())], vec![number(Protocol::Tcp, 80)]);
    let policy = ingress("x/from-here", everything(), vec![from_a]);
    world.policies.insert(policy.meta.id.clone(), policy);
    cluster.update(world).unwrap();
    let told = cluster.agents().policy(NODE, &id("x/from-here")).unwrap();
    println!("{told}");
    let [way] = &told.ways[..] else { panic!("{told:?}") };
    let peers: Vec<(&str, IpAddr)> =
        way.rules[0].pods.iter().map(|peer| (peer.pod.as_str(), peer.address)).collect();
    for family in Family::BOTH {
        assert!(peers.contains(&("x/a", address(&cluster, "a", family))), "{peers:?}");
    }
    assert_eq!(way.rules[0].ports, ["TCP 80"]);
    assert!(told.pods.contains(&"x/b".to_owned()) && told.standing.as_of.is_some(), "{told:?}");
    let closed = cluster.agents().policy(NODE, &id("x/deny-b")).unwrap();
    assert_eq!((&closed.pods[..], closed.ways.len()), (&["x/b".to_owned()][..], 2));
    assert!(
        closed.ways.iter().all(|way| way.rules.is_empty())
            && closed.to_string().contains("nothing is allowed"),
        "{closed}"
    );
    let pod = cluster.agents().pod(NODE, &id("x/b")).unwrap();
    println!("{pod}");
    assert!(pod.enforced && pod.link.as_ref().is_some_and(|link| link.told), "{pod:?}");
    let ingress = pod.sides.iter().find(|side| side.direction == "ingress").unwrap();
    assert_eq!(ingress.policies, ["x/deny-b", "x/from-here"]);
    assert!(cluster.agents().pod(NODE, &id("x/nobody")).is_err());
    fits("status-policy-v1", serde_json::to_value(&told).unwrap());
    fits("status-pod-v1", serde_json::to_value(&pod).unwrap());
}

/// A question about two pods.
fn between(source: &str, destination: &str, port: &str) -> Question {
    let pod = |name: &str| Who::Object { namespace: "x".to_owned(), kind: None, name: name.to_owned() };
    let (source, destination) = (pod(source), pod(destination));
    Question { source, destination, port: Some(port.to_owned()), protocol: Some(AskedProtocol::Udp) }
}

/// Who is refused and who is not, by which chains, and that the counter counts.
pub fn engine_and_kernel_are_shown_beside_each_other() {
    let mut cluster = Cluster::build(World::default()).unwrap();
    cluster.update(closed(true)).unwrap();
    let refused = cluster.agents().compare(NODE, between("a", "b", "7777")).unwrap();
    println!("{refused}");
    assert_eq!(refused.connections.len(), 2, "one for each family");
    let one = &refused.connections[0];
    assert_eq!((one.agreement, one.engine.as_str()), (Agreement::Agree, "denied"));
    let kernel = one.kernel.as_ref().unwrap();
    assert_eq!((kernel.verdict.as_str(), kernel.counted), ("dropped", Some(0)));
    let about: Vec<&str> = kernel.chains.iter().filter_map(|chain| chain.about.as_deref()).collect();
    assert!(about.contains(&"x/deny-b"), "the program says whose it is: {about:?}");
    send(&cluster, ("a", "b"), 3);
    until("the counter counts and the log tells", || {
        let again = cluster.agents().compare(NODE, between("a", "b", "7777")).unwrap();
        let one = &again.connections[0];
        one.kernel.as_ref().unwrap().counted == Some(3) && one.last_refused.is_some()
    });
    let passes = cluster.agents().compare(NODE, between("b", "a", "7777"));
    assert!(passes.unwrap().connections.iter().all(|one| one.agreement == Agreement::Agree));
    let allowed = cluster.agents().compare(NODE, between("a", "c", "7777")).unwrap();
    let verdicts = allowed.connections.iter().map(|one| one.kernel.as_ref().unwrap().verdict.as_str());
    assert_eq!(verdicts.collect::<Vec<_>>(), ["passes", "passes"]);
    let missing = cluster.agents().compare(NODE, between("a", "bb", "7777")).unwrap_err().to_string();
    assert!(missing.contains("no pod and no workload x/bb"), "{missing}");
    fits("explain-live-v1", serde_json::to_value(&refused).unwrap());
}

fn fits(schema: &str, mut document: serde_json::Value) {
    document["schema"] = schema.into();
    schemas::fits(schema, &document).unwrap();
}

/// Programs, unions and pods by name, and where its time goes.
pub fn an_agent_shows_its_state_and_its_time() {
    let mut cluster = Cluster::build(World::default()).unwrap();
    cluster.update(closed(true)).unwrap();
    let dump = cluster.agents().dump(NODE).unwrap();
    assert!(dump.pods.contains_key("x/b") && dump.objects["policies"] > 0, "{dump:?}");
    let program = dump.pods["x/b"].ingress.as_ref().unwrap();
    assert_eq!(dump.programs[program].policies, ["x/deny-b"]);
    let unions = dump.programs.values().flat_map(|program| program.ports.iter().map(|(_, union)| union));
    assert!(unions.into_iter().all(|union| dump.unions.contains_key(union)));
    let profile = cluster.agents().profile(NODE, 1).unwrap();
    for thread in ["guard", "refusals", "local", "http", "source"] {
        assert!(profile.threads.iter().any(|time| time.name == thread), "{thread}\n{profile}");
    }
}

/// Each thread of a node's agent may do no more than it must, and does all the same what it has to.
pub fn an_agent_has_no_privilege_that_it_does_not_need() {
    let mut cluster = Cluster::build(World::default()).unwrap();
    cluster.update(closed(true)).unwrap();
    let processes: Vec<u32> = cluster.agents().processes().collect();
    let mut threads = 0;
    for process in processes {
        for thread in fs::read_dir(format!("/proc/{process}/task")).unwrap() {
            let status = fs::read_to_string(thread.unwrap().path().join("status")).unwrap();
            let field = |name: &str| {
                let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
                line.map_or("", str::trim).to_owned()
            };
            assert_eq!(
                (field("CapEff"), field("CapPrm")),
                (NET_ADMIN_ALONE.into(), NET_ADMIN_ALONE.into()),
                "{status}"
            );
            assert_eq!(
                (field("CapInh"), field("CapBnd")),
                ("0000000000000000".into(), NET_ADMIN_ALONE.into())
            );
            assert_eq!(field("NoNewPrivs"), "1", "{status}");
            threads += 1;
        }
    }
    println!("{threads} threads");
    assert!(threads > 5);
    cluster.update(closed(false)).unwrap();
    assert!(Talk::is_heard(&cluster, ("a", "d"), 7_200), "d is open by now");
    assert!(!Talk::is_heard(&cluster, ("a", "b"), 7_200));
}
