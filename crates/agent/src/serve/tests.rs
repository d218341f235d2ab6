//! What is served, by a loop that answers what the test wants.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use podfence_engine::Census;

use super::*;
use crate::metrics::{Latency, Refusals, Sample};
use crate::status::{Done, PlanSize, Status};

fn sample(ready: bool, behind: Option<&str>) -> Sample {
    let mut latency = Latency::default();
    latency.observe(Duration::from_millis(3), 2);
    latency.observe(Duration::from_mins(1), 1);
    Sample {
        status: Status {
            node: "node \"1\"".into(),
            version: "0.0.0".into(),
            ready,
            since: 1_000,
            as_of: Some(2_000),
            unreadable: None,
            behind: behind.map(str::to_owned),
            deaf: BTreeMap::new(),
            unwritten: BTreeMap::new(),
            unserved: None,
            checked: None,
            refused: BTreeMap::new(),
            not_enforced: Vec::new(),
            suspicions: Vec::new(),
            stated_twice: Vec::new(),
            open_at_first: None,
            addressless: Vec::new(),
            unlinked: Vec::new(),
            plan: PlanSize { pods: 7, ..PlanSize::default() },
            done: Done { switches: 5, ..Done::default() },
        },
        census: Census { pods: 40, ..Census::default() },
        policies: 3,
        elements: 11,
        lag: Duration::from_millis(1_500),
        latency,
        age: Latency::default(),
        refusals: Refusals::default(),
    }
}

/// Answers everything with a sample until nobody asks any more; counts the questions.
fn answer_all(messages: &Receiver<Message>, sample: &Sample) -> usize {
    let mut asked = 0;
    for message in messages {
        match message {
            Message::Sample(reply) => reply.give(sample.clone()),
            Message::Served(Ok(())) => continue,
            other => panic!("{other:?}"),
        }
        asked += 1;
    }
    asked
}

struct Served(PathBuf);

impl Served {
    fn new(name: &str, sample: Sample) -> Self {
        let path = std::env::temp_dir().join(format!("podfence-http-{name}-{}.sock", std::process::id()));
        let (to, messages) = channel();
        serve(&Listen::Unix(path.clone()), &to);
        thread::spawn(move || answer_all(&messages, &sample));
        Self(path)
    }

    fn get(&self, path: &str) -> (u16, String) {
        get(&self.0, path)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        _ = std::fs::remove_file(&self.0);
    }
}

fn get(socket: &Path, path: &str) -> (u16, String) {
    let mut stream = UnixStream::connect(socket).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: podfence\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// The names of the series in a page, without labels.
fn names(page: &str) -> Vec<&str> {
    page.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split(['{', ' ']).next())
        .collect()
}

#[test]
fn every_metric_is_served_with_help_and_nothing_else_is() {
    let served = Served::new("metrics", sample(true, None));
    for (path, metrics) in [("/metrics", NODE), ("/metrics/cluster", CLUSTER)] {
        let (code, page) = served.get(path);
        assert_eq!(code, 200);
        assert!(page.ends_with("# EOF\n"), "{page}");
        let known: Vec<String> = metrics.iter().map(Metric::name).collect();
        let of =
            |name: &str| known.iter().any(|known| name.strip_prefix(known.as_str()).is_some_and(is_suffix));
        for name in names(&page) {
            assert!(of(name), "{name} is in no table\n{page}");
        }
        for (metric, name) in metrics.iter().zip(&known) {
            assert!(page.contains(metric.about), "{name}\n{page}");
        }
    }
    let (_, page) = served.get("/metrics");
    for line in [
        "podfence_local_pods 7",
        "podfence_transactions_total 5",
        "podfence_lag_seconds 1.5",
        "podfence_programming_latency_seconds_bucket{le=\"0.004\"} 2",
        "podfence_programming_latency_seconds_bucket{le=\"+Inf\"} 3",
        "podfence_programming_latency_seconds_count 3",
        "podfence_build_info{version=\"0.0.0\",node=\"node \\\"1\\\"\"} 1",
    ] {
        assert!(page.lines().any(|is| is == line), "{line}\n{page}");
    }
    assert!(served.get("/metrics/cluster").1.contains("podfence_cluster_pods 40\n"));
    assert_eq!(served.get("/").0, 404);
}

fn is_suffix(rest: &str) -> bool {
    ["", "_bucket", "_sum", "_count"].contains(&rest)
}

#[test]
fn probes_say_why_not() {
    let ready = Served::new("ready", sample(true, None));
    assert_eq!(ready.get("/readyz"), (200, "ok\n".to_owned()));
    assert_eq!(ready.get("/livez"), (200, "ok\n".to_owned()));
    let behind = Served::new("behind", sample(false, Some("No space left on device")));
    assert_eq!(
        behind.get("/readyz"),
        (503, "the kernel takes no change: No space left on device\n".to_owned())
    );
    assert_eq!(behind.get("/livez").0, 200);
}

#[test]
fn a_loop_that_has_ended_is_not_alive() {
    let path = std::env::temp_dir().join(format!("podfence-http-dead-{}.sock", std::process::id()));
    let (to, messages) = channel();
    serve(&Listen::Unix(path.clone()), &to);
    drop(messages);
    for probe in ["/livez", "/readyz", "/metrics"] {
        assert_eq!(get(&path, probe), (503, "the agent's loop does not answer\n".to_owned()));
    }
    std::fs::remove_file(path).unwrap();
}

#[test]
fn many_who_ask_at_once_are_one_question() {
    let path = std::env::temp_dir().join(format!("podfence-http-many-{}.sock", std::process::id()));
    let (to, messages) = channel();
    serve(&Listen::Unix(path.clone()), &to);
    let asking: Vec<_> = (0..20)
        .map(|_| {
            let path = path.clone();
            thread::spawn(move || get(&path, "/metrics").0)
        })
        .collect();
    let begun = messages.recv().unwrap();
    assert!(matches!(begun, Message::Served(Ok(()))), "{begun:?}");
    let first = messages.recv().unwrap();
    thread::sleep(Duration::from_millis(100)); // by now all have asked
    let Message::Sample(reply) = first else { panic!("{first:?}") };
    reply.give(sample(true, None));
    assert!(asking.into_iter().all(|one| one.join().unwrap() == 200));
    assert!(messages.try_iter().count() <= 1);
    std::fs::remove_file(path).unwrap();
}

#[test]
fn who_connects_and_says_nothing_takes_neither_files_nor_answers() {
    let served = Served::new("idle", sample(true, None));
    let idle: Vec<UnixStream> = (0..4 * few::MOST).map(|_| UnixStream::connect(&served.0).unwrap()).collect();
    assert_eq!(served.get("/livez").0, 200);
    let open = idle.iter().filter(|stream| is_open(stream)).count();
    assert!(open <= few::MOST, "{open} idle connections are open");
}

/// Whether the other end has neither said anything nor hung up.
fn is_open(mut stream: &UnixStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    stream.read(&mut [0]).is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
}

#[test]
fn a_port_that_another_program_has_is_told_and_tried_again() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap();
    let (to, messages) = channel();
    serve(&Listen::Tcp(address), &to);
    let refused = messages.recv().unwrap();
    let Message::Served(Err(why)) = refused else { panic!("{refused:?}") };
    assert!(why.contains(&address.to_string()) && why.contains("in use"), "{why}");
    drop(other);
    let again = messages.iter().find(|message| !matches!(message, Message::Served(Err(_))));
    assert!(matches!(again, Some(Message::Served(Ok(())))), "{again:?}");
}
