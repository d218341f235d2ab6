//! The local socket: who may open it may ask the agent how it stands, and tell it of links.
//!
//! One request a line and one answer a line, as JSON. Whoever can write to the socket's directory can talk to the agent, so
//! it belongs to root, or to whoever runs the lab.

mod client;
mod profile;
mod server;

use std::net::IpAddr;

use podfence_model::NamespacedName;
use podfence_plan::Link;
use serde::{Deserialize, Serialize};

pub use self::client::{Client, ClientError};
pub use self::profile::{Profile, ThreadTime};
pub use self::server::{House, serve};
use crate::about::{Comparisons, PodStatus, PolicyStatus, Question};
use crate::dump::Dump;
use crate::flow::FlowRecord;
use crate::links::Plugged;
use crate::status::Status;

/// What the agent is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// How do you stand?
    Status,
    /// Look at the source now, and answer when what it says is enforced.
    Sync,
    /// Who was refused: the records that are kept, each an answer, and then `done`; or those to come as well, without end.
    Flows {
        /// Whether to go on with those to come.
        #[serde(default)]
        follow: bool,
    },
    /// What is enforced for a policy.
    Policy {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// What is enforced for a pod.
    Pod {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// What do engine and kernel say of these connections?
    Compare(Question),
    /// What is in force, object by object.
    Dump,
    /// Where your time goes.
    Profile {
        /// How long to look.
        seconds: u64,
    },
    /// Log as much as this from now on.
    LogLevel {
        /// `off`, `error`, `warn`, `info`, `debug` or `trace`.
        level: String,
    },
    /// A pod is plugged in; answer when its addresses are checked against its link.
    Plug {
        /// Its namespace.
        namespace: String,
        /// Its name.
        pod: String,
        /// The host's end of its link.
        interface: String,
        /// The bridge that the interface is a port of, if it is one.
        #[serde(default)]
        bridge: Option<String>,
        /// The runtime's name for its sandbox.
        #[serde(default)]
        container: Option<String>,
        /// The addresses it was given: they count until its object says them.
        #[serde(default)]
        addresses: Vec<IpAddr>,
        /// The name of the network that it is attached to by this link.
        #[serde(default)]
        network: Option<String>,
    },
    /// A pod is unplugged.
    Unplug {
        /// Its namespace.
        namespace: String,
        /// Its name.
        pod: String,
        /// The sandbox that goes; a pod that is in another one by now stays.
        #[serde(default)]
        container: Option<String>,
        /// The network that it is detached from; its link of another network stays.
        #[serde(default)]
        network: Option<String>,
    },
    /// These are all sandboxes in a network: pods that were attached to it in others are unplugged.
    Retain {
        /// The runtime's names for them.
        containers: Vec<String>,
        /// The network's name; a plugin of an older version names none.
        #[serde(default)]
        network: Option<String>,
    },
}

impl Request {
    /// That a pod is plugged in.
    pub fn plug(pod: &NamespacedName, link: &Link) -> Self {
        let (pod, link) = (pod.clone(), link.clone());
        Plugged { pod, link, container: None, addresses: Vec::new(), network: None }.into()
    }

    /// Whether it is more than a question.
    fn changes_something(&self) -> bool {
        match self {
            Self::Plug { .. } | Self::Unplug { .. } | Self::Retain { .. } | Self::LogLevel { .. } => true,
            Self::Status
            | Self::Sync
            | Self::Flows { .. }
            | Self::Policy { .. }
            | Self::Pod { .. }
            | Self::Compare(_)
            | Self::Dump
            | Self::Profile { .. } => false,
        }
    }

    /// The pod that is plugged in, and its link; `None` if it asks something else.
    pub fn plugged(self) -> Option<Plugged> {
        let Self::Plug { namespace, pod, interface, bridge, container, addresses, network } = self else {
            return None;
        };
        let pod = NamespacedName { namespace, name: pod };
        Some(Plugged { pod, link: link(interface, bridge), container, addresses, network })
    }
}

impl From<Plugged> for Request {
    fn from(plugged: Plugged) -> Self {
        let Plugged { pod, link, container, addresses, network } = plugged;
        let (interface, bridge) = link.names();
        let (interface, bridge) = (interface.to_owned(), bridge.map(ToOwned::to_owned));
        let NamespacedName { namespace, name: pod } = pod;
        Self::Plug { namespace, pod, interface, bridge, container, addresses, network }
    }
}

fn link(interface: String, bridge: Option<String>) -> Link {
    match bridge {
        None => Link::Routed(interface),
        Some(bridge) => Link::Bridged { bridge, port: interface },
    }
}

/// What the agent answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Answer {
    /// Done.
    Done,
    /// How it stands.
    Status(Box<Status>),
    /// Packets that were refused.
    Flow(Box<FlowRecord>),
    /// What is enforced for a policy.
    Policy(Box<PolicyStatus>),
    /// What is enforced for a pod.
    Pod(Box<PodStatus>),
    /// What engine and kernel say of connections.
    Compared(Box<Comparisons>),
    /// What is in force.
    Dump(Box<Dump>),
    /// Where its time goes.
    Profile(Profile),
    /// It cannot be done.
    Error {
        /// Why.
        error: String,
    },
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::channel;

    use super::*;
    use crate::behind::Written;
    use crate::log::{LogControl, LogLevel};
    use crate::source::Source;

    #[test]
    fn the_log_is_changed_while_the_agent_runs() {
        static LEVEL: Mutex<LogLevel> = Mutex::new(LogLevel::Info);
        let socket = std::env::temp_dir().join(format!("podfence-local-{}.sock", std::process::id()));
        let (to, _messages) = channel();
        let log = LogControl::new(|level| {
            *LEVEL.lock().unwrap() = level;
            Ok(())
        });
        let source = Source::directory(Vec::new(), to.clone());
        serve(&socket, House { source, to, log, links: Written::default() }).unwrap();
        let mut client = Client::open(&socket).unwrap();
        let ask = |client: &mut Client, level: &str| client.ask(&Request::LogLevel { level: level.into() });
        assert_eq!(ask(&mut client, "debug").unwrap(), Answer::Done);
        assert_eq!(*LEVEL.lock().unwrap(), LogLevel::Debug);
        let refused = ask(&mut client, "lots").unwrap_err().to_string();
        assert_eq!(refused, "`lots` is none of off, error, warn, info, debug, trace");
        std::fs::remove_file(socket).unwrap();
    }
}
