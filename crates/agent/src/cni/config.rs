//! What the runtime gives: the configuration of this plugin with the result of those before it, and who the pod is.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use podfence_model::NamespacedName;
use serde::Deserialize;
use serde_json::Value;

use super::error::CniError;

/// The versions of the specification that are spoken here.
pub(super) const VERSIONS: [&str; 2] = ["1.0.0", "1.1.0"];

/// The plugin's configuration, with what the runtime adds. Keys of the specification that are not ours are passed over.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Config {
    /// The version of the specification that the network is written in.
    #[serde(default)]
    pub cni_version: String,
    /// The network's name.
    pub name: Option<String>,
    /// The agent's socket.
    #[serde(default = "usual_socket")]
    pub socket: PathBuf,
    /// How many seconds ADD waits for the agent.
    #[serde(default = "usual_timeout")]
    timeout: u64,
    /// What ADD does then.
    #[serde(default)]
    pub on_timeout: OnTimeout,
    /// What the plugins before this one have done.
    pub prev_result: Option<Value>,
    /// The attachments that there are, for GC.
    #[serde(rename = "cni.dev/valid-attachments")]
    pub attachments: Option<Vec<Attachment>>,
}

/// What ADD does when the agent does not answer in time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum OnTimeout {
    /// It fails; the runtime tries again.
    #[default]
    Fail,
    /// The pod starts. Until the agent knows it, it is closed all the same, where the agent closes unknown pods.
    Go,
}

/// A container's attachment to the network.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Attachment {
    #[serde(rename = "containerID")]
    pub container: String,
}

fn usual_socket() -> PathBuf {
    "/run/podfence/agent.sock".into()
}

fn usual_timeout() -> u64 {
    10
}

impl Config {
    pub(super) fn read(text: &str) -> Result<Self, CniError> {
        let config: Self = serde_json::from_str(text)?;
        if VERSIONS.contains(&config.cni_version.as_str()) {
            return Ok(config);
        }
        Err(CniError::Version(config.cni_version))
    }

    pub(super) fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout.max(1))
    }

    pub(super) fn previous(&self) -> Result<Previous, CniError> {
        let missing = "no prevResult: this plugin must stand behind one that makes the pod's link";
        let previous = self.prev_result.clone().ok_or_else(|| CniError::Config(missing.into()))?;
        Ok(serde_json::from_value(previous)?)
    }
}

/// The result of the plugins before this one.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Previous {
    #[serde(default)]
    interfaces: Vec<Interface>,
    #[serde(default)]
    ips: Vec<Ip>,
}

#[derive(Debug, Clone, Deserialize)]
struct Interface {
    name: String,
    /// The namespace it is in; nothing for the host's.
    #[serde(default)]
    sandbox: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Ip {
    /// With the length of its prefix.
    address: String,
}

impl Previous {
    /// The names of the interfaces on the host.
    pub(super) fn on_host(&self) -> Vec<&str> {
        let here = self.interfaces.iter().filter(|interface| interface.sandbox.is_empty());
        here.map(|interface| interface.name.as_str()).collect()
    }

    /// The pod's addresses.
    pub(super) fn addresses(&self) -> Result<Vec<IpAddr>, CniError> {
        let read = |ip: &Ip| {
            let address = ip.address.split('/').next().unwrap_or_default();
            let bad = |_| CniError::Config(format!("prevResult: {:?} is no address", ip.address));
            address.parse().map_err(bad)
        };
        self.ips.iter().map(read).collect()
    }
}

/// What the runtime says in the environment.
#[derive(Debug, Clone)]
pub(super) struct Environment(BTreeMap<String, String>);

impl Environment {
    pub(super) fn new(variables: impl Iterator<Item = (String, String)>) -> Self {
        Self(variables.filter(|(name, _)| name.starts_with("CNI_")).collect())
    }

    pub(super) fn get(&self, name: &str) -> Result<&str, CniError> {
        let value = self.0.get(name).map(String::as_str).filter(|value| !value.is_empty());
        value.ok_or_else(|| CniError::Environment(format!("{name} is not set")))
    }

    /// The pod, from `CNI_ARGS` as kubelets' runtimes set it.
    pub(super) fn pod(&self) -> Result<NamespacedName, CniError> {
        let arguments = self.get("CNI_ARGS").unwrap_or_default();
        let argument = |wanted: &str| {
            let value = arguments.split(';').find_map(|pair| pair.strip_prefix(wanted)?.strip_prefix('='));
            value.ok_or_else(|| CniError::Environment(format!("CNI_ARGS has no {wanted}")))
        };
        Ok(NamespacedName::new(argument("K8S_POD_NAMESPACE")?, argument("K8S_POD_NAME")?))
    }
}
