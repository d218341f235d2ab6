//! The CNI plugin behind Debian's `ptp` and `bridge` with `host-local`, as a runtime chains them.
//!
//! Skipped with a message where those are not installed (package `containernetworking-plugins`), except in CI.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use podfence_agent::cni::{Answered, answer};
use podfence_lab::cluster::Cluster;
use podfence_lab::netns::Netns;
use podfence_lab::setup::Links;
use podfence_lab::sysctl::Role;
use podfence_model::{Addresses, Family};
use podfence_testkit::build::{Put, ip};
use podfence_testkit::sandboxed;
use serde_json::{Value, json};

use crate::links::{NODE, untold, when, world_on};
use crate::packets::{Packet, UDP, Watch, send_all, udp};
use crate::talk::{SPEECH, address, deny, netns, pod};

const PORT: u16 = 7_300;

/// Where the other plugins are.
fn plugins() -> Option<PathBuf> {
    let told = std::env::var_os("CNI_PATH").map(PathBuf::from);
    let usual = ["/usr/lib/cni", "/opt/cni/bin"].map(PathBuf::from);
    let found = told.into_iter().chain(usual).find(|path| path.join("host-local").exists());
    assert!(found.is_some() || !sandboxed::in_ci(), "CI needs the package containernetworking-plugins");
    found
}

/// A pod to be, as a runtime sees it.
struct Runtime {
    plugins: PathBuf,
    node: Netns,
    pod: Netns,
    /// The configuration of the plugin that makes the link.
    first: Value,
    socket: PathBuf,
}

impl Runtime {
    fn environment(&self, command: &str) -> BTreeMap<String, String> {
        let namespace = format!("/proc/{}/fd/{}", std::process::id(), self.pod.fd().as_raw_fd());
        let arguments = "IgnoreUnknown=1;K8S_POD_NAMESPACE=x;K8S_POD_NAME=p";
        let pairs = [
            ("CNI_COMMAND", command),
            ("CNI_CONTAINERID", "sandbox-1"),
            ("CNI_NETNS", &namespace),
            ("CNI_IFNAME", "eth0"),
            ("CNI_ARGS", arguments),
            ("CNI_PATH", self.plugins.to_str().unwrap()),
        ];
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    /// Runs the plugin that makes the link.
    fn first(&self, command: &str) -> Value {
        let program = self.plugins.join(self.first["type"].as_str().unwrap());
        let mut run = Command::new(program);
        run.env_clear().envs(self.environment(command)).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = self.node.run(move || run.spawn().unwrap());
        child.stdin.take().unwrap().write_all(self.first.to_string().as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{command} of {}: {text}", self.first);
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Runs ours, with these keys in its configuration.
    fn ours(&self, command: &str, keys: Value) -> Answered {
        let mut config =
            json!({ "cniVersion": "1.0.0", "name": "t", "type": "podfence-cni", "socket": self.socket });
        let Value::Object(keys) = keys else { panic!("keys") };
        config.as_object_mut().unwrap().extend(keys);
        let environment = self.environment(command);
        self.node.run(move || answer(environment.into_iter(), &config.to_string()))
    }
}

fn good(answered: &Answered) -> Value {
    assert!(answered.good && answered.warning.is_none(), "{answered:?}");
    answered.output.clone().unwrap_or_default()
}

fn code(answered: &Answered) -> u64 {
    assert!(!answered.good, "{answered:?}");
    answered.output.as_ref().unwrap()["code"].as_u64().unwrap()
}

pub fn the_cni_plugin_waits_for_the_agent() {
    let Some(plugins) = plugins() else { return println!("skipped: no containernetworking-plugins") };
    for (links, kind) in [(Links::Ptp, "ptp"), (Links::Bridge, "bridge")] {
        let mut cluster = untold(links);
        let mut new = pod("p", 1, 200);
        new.addresses = Addresses::NotYet;
        cluster.update(world_on(links).with(new)).unwrap();
        when(&mut cluster, "others are found", |status| status.plan.linked == 2);
        let data = std::env::temp_dir().join(format!("podfence-ipam-{}-{kind}", std::process::id()));
        let runtime = Runtime {
            node: cluster.topology().node(NODE).unwrap().clone(),
            pod: Netns::new("p", Role::Endpoint).unwrap(),
            first: first(kind, &data),
            socket: cluster.agents().socket(NODE).unwrap(),
            plugins: plugins.clone(),
        };
        life(&mut cluster, &runtime);
        std::fs::remove_dir_all(data).unwrap();
    }
}

fn first(kind: &str, data: &Path) -> Value {
    json!({
        "cniVersion": "1.0.0", "name": "t", "type": kind, "bridge": "cni0",
        "ipam": { "type": "host-local", "dataDir": data, "ranges": [[
            { "subnet": "10.244.1.0/24", "rangeStart": "10.244.1.200", "rangeEnd": "10.244.1.200", "gateway": "10.244.1.1" },
        ]], "routes": [{ "dst": "0.0.0.0/0" }] },
    })
}

/// From ADD to DEL.
fn life(cluster: &mut Cluster, runtime: &Runtime) {
    assert_eq!(code(&runtime.ours("ADD", json!({}))), 7, "nobody before us");
    let previous = runtime.first("ADD");
    let with_previous = || json!({ "prevResult": previous.clone() });
    assert_eq!(good(&runtime.ours("ADD", with_previous())), previous, "passed through");
    // At once, without waiting for anything: that is the promise.
    let status = cluster.agents().status(NODE).unwrap();
    assert_eq!((status.plan.pods, status.plan.linked), (3, 3), "{status}");
    assert!(is_heard(cluster, runtime), "under its own address");
    forging_fails(cluster, runtime);
    good(&runtime.ours("CHECK", with_previous()));
    good(&runtime.ours("STATUS", json!({})));
    let known = status.plan.known;
    cluster.update(cluster.world().clone().with(deny("p"))).unwrap();
    let status = cluster.agents().status(NODE).unwrap();
    assert_eq!((status.plan.linked, status.plan.known), (3, known), "still lent: {status}");
    assert!(!is_heard(cluster, runtime), "its policies are in force under the address that was lent");
    let valid = |container: &str| json!({ "cni.dev/valid-attachments": [{ "containerID": container, "ifname": "eth0" }] });
    good(&runtime.ours("GC", valid("sandbox-1")));
    assert_eq!(cluster.agents().status(NODE).unwrap().plan.linked, 3);
    let mut other = valid("sandbox-2");
    other["name"] = "another".into();
    good(&runtime.ours("GC", other));
    assert_eq!(cluster.agents().status(NODE).unwrap().plan.linked, 3, "of another network");
    good(&runtime.ours("GC", valid("sandbox-2")));
    when(cluster, "the agent forgets the link and what was lent", |status| {
        status.plan.linked == 2 && status.plan.known == known - 1
    });
    runtime.first("DEL");
    good(&runtime.ours("DEL", json!({})));
    good(&runtime.ours("DEL", json!({})));
    let away = json!({ "socket": "/nowhere/agent.sock", "prevResult": previous.clone() });
    assert_eq!(code(&runtime.ours("STATUS", away)), 50);
}

fn is_heard(cluster: &Cluster, runtime: &Runtime) -> bool {
    let at = SocketAddr::new(address(cluster, "b", Family::V4), PORT);
    let server = netns(cluster, "b").run(move || UdpSocket::bind(at).unwrap());
    let client = runtime.pod.run(|| UdpSocket::bind("0.0.0.0:0").unwrap());
    let allowed = cluster.world().policies.is_empty();
    server.set_read_timeout(Some(if allowed { SPEECH } else { Duration::from_millis(300) })).unwrap();
    _ = client.send_to(b"hello", at);
    server.recv(&mut [0; 8]).is_ok()
}

fn forging_fails(cluster: &Cluster, runtime: &Runtime) {
    let (a, b) = (address(cluster, "a", Family::V4), address(cluster, "b", Family::V4));
    assert_ne!(a, ip("10.244.1.200"));
    let watch = Watch::over(netns(cluster, "b"));
    let packets = [Packet::new(&a.to_string(), &b.to_string(), UDP, udp(6000, PORT))];
    send_all(&packets, &runtime.pod);
    watch.hears_none(&packets);
}
