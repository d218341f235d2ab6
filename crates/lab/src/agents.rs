//! The agents of the lab's nodes: real processes, one in the network namespace of each node.
//!
//! They read what the lab writes down of its world, as on a node with a directory of manifests, and are told of links as a
//! CNI plugin would tell them. The program is the lab's own, called in a way that only the lab calls it:
//! [`become_one_if_told`] comes first in every `main` that has a lab. An agent ends with the lab, however that ends: it
//! watches its standard input, of which the lab holds the other end.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use podfence_agent::local::{Client, ClientError, Request};
use podfence_agent::{Setup, run};
use podfence_dataplane_nft::Settings;
use podfence_model::{NamespacedName, World};
use podfence_netlink::nft::Name;
use podfence_plan::Link;
use serde::{Deserialize, Serialize};

use crate::netns::Netns;
use crate::objects;

/// The first argument of a program that is to be an agent.
const CALL: &str = "agent-of-a-lab";
/// An agent that does not answer by then will not.
const PATIENCE: Duration = Duration::from_secs(20);
/// In memory, and private to whoever has a mount namespace of its own.
const MEMORY: &str = "/dev/shm";

/// An agent could not be started or asked.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The process could not be started, or its files not written.
    #[error("agent of node {node}: {source}")]
    Process {
        /// The node.
        node: String,
        /// What the system said.
        source: io::Error,
    },
    /// It does not answer, or cannot do what it is asked.
    #[error("agent of node {node}: {source}")]
    Client {
        /// The node.
        node: String,
        /// What went wrong.
        source: ClientError,
    },
}

/// What an agent is started with.
#[derive(Debug, Serialize, Deserialize)]
struct Launch {
    node: String,
    directory: PathBuf,
    table: String,
    mark_mask: u32,
    priority: i32,
    log_group: u16,
    transaction_bytes: usize,
}

impl Launch {
    fn new(node: &str, directory: &Path, settings: &Settings) -> Self {
        Self {
            node: node.to_owned(),
            directory: directory.to_owned(),
            table: settings.table.to_string(),
            mark_mask: settings.mark_mask,
            priority: settings.priority,
            log_group: settings.log_group,
            transaction_bytes: settings.transaction_bytes,
        }
    }

    fn socket(&self) -> PathBuf {
        socket(&self.directory, &self.node)
    }

    fn setup(&self) -> Option<Setup> {
        let &Self { mark_mask, priority, log_group, transaction_bytes, .. } = self;
        let table = Name::new(self.table.clone()).ok()?;
        Some(Setup {
            node: self.node.clone(),
            manifests: vec![objects_file(&self.directory).into()],
            socket: self.socket(),
            closed_at_first: Vec::new(),
            dataplane: Settings { table, mark_mask, priority, log_group, transaction_bytes },
        })
    }
}

fn socket(directory: &Path, node: &str) -> PathBuf {
    directory.join(format!("{node}.sock"))
}

fn objects_file(directory: &Path) -> PathBuf {
    directory.join("objects.yaml")
}

/// Becomes an agent, if this process was started to be one, and returns how it ended.
pub fn become_one_if_told() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next() != Some(OsString::from(CALL)) {
        return None;
    }
    let launch = arguments.next().and_then(|text| text.into_string().ok());
    let launch: Option<Launch> = launch.and_then(|text| serde_json::from_str(&text).ok());
    let Some(setup) = launch.as_ref().and_then(Launch::setup) else { return Some(ExitCode::FAILURE) };
    end_with_the_lab();
    Some(match run(&setup) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("agent of node {}: {error}", setup.node);
            ExitCode::FAILURE
        }
    })
}

/// Ends the process when nobody holds the other end of its standard input any more.
fn end_with_the_lab() {
    thread::spawn(|| {
        _ = io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
}

/// A running agent. Dropping it ends it; what it enforced stays in force as long as its node's namespace.
#[derive(Debug)]
struct Agent {
    process: Child,
    /// Held, so that it lives.
    _alive: ChildStdin,
    client: Client,
}

impl Drop for Agent {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

/// The agents of a lab.
#[derive(Debug)]
pub(crate) struct Agents {
    directory: PathBuf,
    settings: Settings,
    running: BTreeMap<String, Agent>,
    /// Per pod, the link that its node's agent was told.
    told: BTreeMap<NamespacedName, (String, Link)>,
}

impl Agents {
    /// None yet; they will have these settings.
    pub(crate) fn new(settings: Settings) -> io::Result<Self> {
        static LABS: AtomicU32 = AtomicU32::new(0);
        let number = LABS.fetch_add(1, Ordering::Relaxed);
        let parent = if Path::new(MEMORY).is_dir() { PathBuf::from(MEMORY) } else { std::env::temp_dir() };
        let directory = parent.join(format!("podfence-lab-{}-{number}", std::process::id()));
        fs::create_dir_all(&directory)?;
        Ok(Self { directory, settings, running: BTreeMap::new(), told: BTreeMap::new() })
    }

    /// Ends the agent of a node that goes.
    pub(crate) fn remove(&mut self, node: &str) {
        self.running.remove(node);
        self.told.retain(|_, (on, _)| on != node);
    }

    /// Tells a pod's agent that it is unplugged.
    pub(crate) fn unplug(&mut self, pod: &NamespacedName) -> Result<(), AgentError> {
        let Some((node, _)) = self.told.remove(pod) else { return Ok(()) };
        self.ask(&node, &Request::Unplug { namespace: pod.namespace.clone(), pod: pod.name.clone() })
    }

    /// Lets the agents of all these nodes enforce a world, and waits until they do.
    pub(crate) fn enforce(
        &mut self,
        world: &World,
        nodes: &[(String, Netns)],
        links: &BTreeMap<NamespacedName, Link>,
    ) -> Result<(), AgentError> {
        self.write(world).map_err(|source| AgentError::Process { node: "any".into(), source })?;
        for (node, netns) in nodes {
            if !self.running.contains_key(node) {
                let agent = self.start(node, netns)?;
                self.running.insert(node.clone(), agent);
            }
        }
        for (pod, link) in links {
            let node = world.pods.get(pod).and_then(|pod| pod.node.clone());
            if let Some(node) = node.filter(|node| self.running.contains_key(node)) {
                self.plug(pod, &node, link)?;
            }
        }
        nodes.iter().try_for_each(|(node, _)| self.ask(node, &Request::Sync))
    }

    fn plug(&mut self, pod: &NamespacedName, node: &str, link: &Link) -> Result<(), AgentError> {
        let now = (node.to_owned(), link.clone());
        if self.told.get(pod) == Some(&now) {
            return Ok(());
        }
        let (interface, bridge) = match link {
            Link::Routed(name) => (name.clone(), None),
            Link::Bridged { bridge, port } => (port.clone(), Some(bridge.clone())),
        };
        let (namespace, name) = (pod.namespace.clone(), pod.name.clone());
        self.ask(node, &Request::Plug { namespace, pod: name, interface, bridge })?;
        self.told.insert(pod.clone(), now);
        Ok(())
    }

    /// Replaces the objects at once, so that no agent reads half of them.
    fn write(&self, world: &World) -> io::Result<()> {
        let beside = self.directory.join(".objects");
        fs::write(&beside, objects::text(world))?;
        fs::rename(beside, objects_file(&self.directory))
    }

    fn ask(&mut self, node: &str, request: &Request) -> Result<(), AgentError> {
        let Some(agent) = self.running.get_mut(node) else { return Ok(()) };
        let failed = |source| AgentError::Client { node: node.to_owned(), source };
        agent.client.ask(request).map(drop).map_err(failed)
    }

    fn start(&self, node: &str, netns: &Netns) -> Result<Agent, AgentError> {
        let failed = |source| AgentError::Process { node: node.to_owned(), source };
        let launch = Launch::new(node, &self.directory, &self.settings);
        let text = serde_json::to_string(&launch).map_err(|error| failed(error.into()))?;
        let mut command = Command::new("/proc/self/exe");
        command.arg(CALL).arg(text).stdin(Stdio::piped()).stdout(Stdio::null());
        let mut process = netns.run(move || command.spawn()).map_err(failed)?;
        let alive = process.stdin.take().ok_or_else(|| failed(io::ErrorKind::BrokenPipe.into()))?;
        match answer(&launch.socket(), &mut process) {
            Ok(client) => Ok(Agent { process, _alive: alive, client }),
            Err(source) => {
                _ = process.kill();
                _ = process.wait();
                Err(AgentError::Client { node: node.to_owned(), source })
            }
        }
    }
}

impl Drop for Agents {
    fn drop(&mut self) {
        self.running.clear();
        _ = fs::remove_dir_all(&self.directory);
    }
}

/// Waits until an agent listens.
fn answer(socket: &Path, process: &mut Child) -> Result<Client, ClientError> {
    let until = Instant::now() + PATIENCE;
    loop {
        match Client::open(socket) {
            Err(error) if Instant::now() > until || process.try_wait()?.is_some() => return Err(error),
            Err(_) => thread::sleep(Duration::from_millis(2)),
            answered => return answered,
        }
    }
}
