//! The agents of the lab's nodes: real processes, one in the network namespace of each node.
//!
//! They read what the lab writes down of its world, as on a node with a directory of manifests, and are told of links as a
//! CNI plugin would tell them. The program is the lab's own, called in a way that only the lab calls it:
//! [`become_one_if_told`] comes first in every `main` that has a lab. An agent ends with the lab, however that ends: it
//! watches its standard input, of which the lab holds the other end.

mod launch;
mod objects;
mod process;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use nix::sys::signal::Signal;
use podfence_agent::about::{Comparisons, PodStatus, PolicyStatus, Question};
use podfence_agent::flow::FlowRecord;
use podfence_agent::local::{Answer, ClientError, Profile, Request};
use podfence_agent::{Dump, Status};
use podfence_dataplane_nft::Settings;
use podfence_model::{Cidr, NamespacedName, World};
use podfence_plan::Link;

use self::launch::Launch;
pub use self::launch::become_one_if_told;
pub(crate) use self::objects::Manifests;
pub use self::objects::{Objects, Source};
use self::process::Agent;
use crate::memory::Directory;
use crate::netns::Netns;

/// An agent could not be started, ended or asked.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The objects could not be written.
    #[error("cannot write the objects for the agents: {0}")]
    Objects(#[source] io::Error),
    /// The process could not be started or ended.
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
    /// No agent runs there.
    #[error("no agent runs on node {0}")]
    Absent(String),
}

/// The agents of a lab.
#[derive(Debug)]
pub struct Agents {
    directory: Directory,
    objects: Box<dyn Objects>,
    settings: Settings,
    running: BTreeMap<String, Agent>,
    /// Agents started so far, for the names of sockets.
    started: usize,
    /// Nodes whose agent was ended and is not to be started.
    ended: BTreeSet<String>,
    /// Per pod, the link that its node's agent was told.
    told: BTreeMap<NamespacedName, (String, Link)>,
    /// Whether they have to find links by themselves.
    untold: bool,
    /// Where their files are, if not beside the objects.
    disk: Option<Directory>,
    /// Per node, how long its next agent lives.
    doomed: BTreeMap<String, Duration>,
}

/// Drills.
impl Agents {
    /// Ends a node's agent by a signal. It does not run again before it is revived: what is enforced stays as it is.
    pub fn end(&mut self, node: &str, signal: Signal) -> Result<ExitStatus, AgentError> {
        let agent = self.running.remove(node).ok_or_else(|| AgentError::Absent(node.to_owned()))?;
        self.forget(node);
        self.ended.insert(node.to_owned());
        agent.end(signal).map_err(|source| AgentError::Process { node: node.to_owned(), source })
    }

    /// Sends a node's agent a signal that does not end it.
    pub fn signal(&self, node: &str, signal: Signal) -> Result<(), AgentError> {
        let agent = self.running.get(node).ok_or_else(|| AgentError::Absent(node.to_owned()))?;
        agent.signal(signal).map_err(|source| AgentError::Process { node: node.to_owned(), source })
    }

    /// Lets the next update of the cluster start a node's agent again.
    pub fn revive(&mut self, node: &str) {
        self.ended.remove(node);
    }

    /// Tells agents of no link from now on: they find them, or do without.
    pub fn tell_no_links(&mut self) {
        self.untold = true;
    }

    /// Has agents that start from now on keep their sockets, links and flow logs on a disk of their own that holds so many
    /// bytes. Returns where it is; a flow log is `*.flows`, kept links are `*.links`.
    ///
    /// # Errors
    /// When it cannot be mounted.
    pub fn on_small_disk(&mut self, bytes: usize) -> io::Result<PathBuf> {
        let disk = self.disk.insert(Directory::small(bytes)?);
        Ok(disk.path().to_owned())
    }

    /// Kills the next agent of a node so long after its start.
    pub fn doom(&mut self, node: &str, after: Duration) {
        self.doomed.insert(node.to_owned(), after);
    }

    /// Where a node's agent listens.
    pub fn socket(&self, node: &str) -> Result<PathBuf, AgentError> {
        let agent = self.running.get(node).ok_or_else(|| AgentError::Absent(node.to_owned()))?;
        Ok(agent.socket().to_owned())
    }

    /// How a node's agent stands.
    pub fn status(&mut self, node: &str) -> Result<Status, AgentError> {
        match self.ask(node, &Request::Status)? {
            Some(Answer::Status(status)) => Ok(*status),
            _ => Err(AgentError::Absent(node.to_owned())),
        }
    }

    /// What a node's agent enforces for a policy, or why it cannot say.
    pub fn policy(&mut self, node: &str, policy: &NamespacedName) -> Result<PolicyStatus, AgentError> {
        let NamespacedName { namespace, name } = policy.clone();
        match self.ask(node, &Request::Policy { namespace, name })? {
            Some(Answer::Policy(policy)) => Ok(*policy),
            _ => Err(AgentError::Absent(node.to_owned())),
        }
    }

    /// What a node's agent enforces for a pod, or why it cannot say.
    pub fn pod(&mut self, node: &str, pod: &NamespacedName) -> Result<PodStatus, AgentError> {
        let NamespacedName { namespace, name } = pod.clone();
        match self.ask(node, &Request::Pod { namespace, name })? {
            Some(Answer::Pod(pod)) => Ok(*pod),
            _ => Err(AgentError::Absent(node.to_owned())),
        }
    }

    /// What engine and kernel of a node say of connections, or why it cannot say.
    pub fn compare(&mut self, node: &str, question: Question) -> Result<Comparisons, AgentError> {
        match self.ask(node, &Request::Compare(question))? {
            Some(Answer::Compared(compared)) => Ok(*compared),
            _ => Err(AgentError::Absent(node.to_owned())),
        }
    }

    /// Everything that a node's agent has in force.
    pub fn dump(&mut self, node: &str) -> Result<Dump, AgentError> {
        match self.ask(node, &Request::Dump)? {
            Some(Answer::Dump(dump)) => Ok(*dump),
            _ => Err(AgentError::Absent(node.to_owned())),
        }
    }

    /// Where a node's agent spends its time.
    pub fn profile(&mut self, node: &str, seconds: u64) -> Result<Profile, AgentError> {
        match self.ask(node, &Request::Profile { seconds })? {
            Some(Answer::Profile(profile)) => Ok(profile),
            _ => Err(AgentError::Absent(node.to_owned())),
        }
    }

    /// The flow records that a node's agent keeps.
    pub fn flows(&mut self, node: &str) -> Result<Vec<FlowRecord>, AgentError> {
        let agent = self.running.get_mut(node).ok_or_else(|| AgentError::Absent(node.to_owned()))?;
        agent.flows().map_err(|source| AgentError::Client { node: node.to_owned(), source })
    }

    /// The socket at which a node's agent serves its metrics and probes.
    pub fn metrics(&self, node: &str) -> Result<PathBuf, AgentError> {
        let agent = self.running.get(node).ok_or_else(|| AgentError::Absent(node.to_owned()))?;
        Ok(agent.metrics())
    }

    /// The processes of the agents that run.
    pub fn processes(&self) -> impl Iterator<Item = u32> {
        self.running.values().map(Agent::id)
    }
}

impl Agents {
    /// None yet; they will have these settings, and be told of the world so.
    pub(crate) fn new(settings: Settings, objects: Box<dyn Objects>) -> io::Result<Self> {
        Ok(Self {
            directory: Directory::new()?,
            objects,
            settings,
            running: BTreeMap::new(),
            started: 0,
            ended: BTreeSet::new(),
            told: BTreeMap::new(),
            untold: false,
            disk: None,
            doomed: BTreeMap::new(),
        })
    }

    /// Ends the agent of a node that goes.
    pub(crate) fn remove(&mut self, node: &str) {
        self.running.remove(node);
        self.ended.remove(node);
        self.forget(node);
    }

    /// Tells a pod's agent that it is unplugged.
    pub(crate) fn unplug(&mut self, pod: &NamespacedName) -> Result<(), AgentError> {
        let Some((node, _)) = self.told.remove(pod) else { return Ok(()) };
        let unplug = Request::Unplug {
            namespace: pod.namespace.clone(),
            pod: pod.name.clone(),
            container: None,
            network: None,
        };
        self.ask(&node, &unplug).map(drop)
    }

    /// Lets the agents of all these nodes enforce a world, and waits until they do.
    pub(crate) fn enforce(
        &mut self,
        world: &World,
        nodes: &[(String, Netns)],
        links: &BTreeMap<NamespacedName, Link>,
    ) -> Result<(), AgentError> {
        self.objects.publish(world).map_err(AgentError::Objects)?;
        let node_of = |pod: &NamespacedName| world.pods.get(pod).and_then(|pod| pod.node.as_deref());
        let told = !self.untold;
        for (node, netns) in nodes {
            let here = links.iter().filter(|(pod, _)| told && node_of(pod) == Some(node));
            if self.running.contains_key(node) {
                here.into_iter().try_for_each(|(pod, link)| self.plug(pod, node, link))?;
            } else if !self.ended.contains(node) {
                let ranges = world.nodes.get(node).map_or(&[][..], |node| &node.pod_ranges);
                self.start(node, netns, ranges, here.collect())?;
            }
        }
        self.sync()
    }

    fn forget(&mut self, node: &str) {
        self.told.retain(|_, (on, _)| on != node);
    }

    fn plug(&mut self, pod: &NamespacedName, node: &str, link: &Link) -> Result<(), AgentError> {
        let now = (node.to_owned(), link.clone());
        if self.told.get(pod) != Some(&now) {
            self.ask(node, &Request::plug(pod, link))?;
            self.told.insert(pod.clone(), now);
        }
        Ok(())
    }

    /// All at the same time.
    fn sync(&mut self) -> Result<(), AgentError> {
        let mut each = |tell: fn(&mut Agent) -> Result<(), ClientError>| {
            self.running.iter_mut().try_for_each(|(node, agent)| {
                tell(agent).map_err(|source| AgentError::Client { node: node.clone(), source })
            })
        };
        let sent = each(|agent| agent.client()?.send(&Request::Sync));
        let synced = sent.and_then(|()| each(|agent| agent.client()?.answer().map(drop)));
        if synced.is_err() {
            self.running.values_mut().for_each(Agent::hang_up); // some answers are still to come
        }
        synced
    }

    fn ask(&mut self, node: &str, request: &Request) -> Result<Option<Answer>, AgentError> {
        let Some(agent) = self.running.get_mut(node) else { return Ok(None) };
        let answer = agent.client().and_then(|client| client.ask(request));
        answer.map(Some).map_err(|source| AgentError::Client { node: node.to_owned(), source })
    }

    fn start(
        &mut self,
        node: &str,
        netns: &Netns,
        ranges: &[Cidr],
        links: BTreeMap<&NamespacedName, &Link>,
    ) -> Result<(), AgentError> {
        self.started += 1;
        let directory = self.disk.as_ref().unwrap_or(&self.directory);
        let socket = directory.path().join(format!("{}.sock", self.started));
        let mut launch = Launch::new(
            node,
            self.objects.source(),
            socket,
            links.iter().map(|(p, l)| (*p, *l)),
            &self.settings,
        );
        launch.writes_flows = self.disk.is_some();
        launch.closed_at_first = ranges.iter().map(ToString::to_string).collect();
        let mut agent = Agent::start(netns, &launch)
            .map_err(|source| AgentError::Process { node: node.to_owned(), source })?;
        if let Some(after) = self.doomed.remove(node) {
            agent.doom(after);
        }
        self.running.insert(node.to_owned(), agent);
        let told = links.into_iter().map(|(pod, link)| (pod.clone(), (node.to_owned(), link.clone())));
        self.told.extend(told);
        Ok(())
    }
}
