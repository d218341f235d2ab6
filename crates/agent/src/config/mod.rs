//! What an agent may be told when it starts: one table of settings, read from flags, the environment and a file.
//!
//! A setting is defined in one place, [`SETTINGS`]: its name, its flag, its default, its help, and what its text means. The
//! command line, the environment, the reader of the file, `--print-config` and the tests of the documentation all go by that table.
//! A flag counts more than the environment, which counts more than the file. Start with [`resolve`].

mod listen;
mod resolved;
mod settings;
mod socket;
pub(crate) mod values;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

pub use podfence_cluster::Access;
use podfence_dataplane_nft::Settings as Dataplane;
use podfence_model::Cidr;

pub use self::listen::Listen;
pub use self::resolved::{ConfigError, DEFAULT_FILE, FILE_VARIABLE, Origin, Resolved, resolve};
pub use self::settings::{SETTINGS, Setting};
pub use self::socket::{AgentSocket, NoAgent};
use crate::log::LogLevel;

/// Where objects come from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Sources {
    /// Nobody says.
    #[default]
    Untold,
    /// Files and directories of manifests.
    Files(Vec<OsString>),
    /// The cluster's API server.
    Api,
}

/// The settings of an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    /// The node; the host's name if not told.
    pub node_name: Option<String>,
    /// Where objects come from.
    pub sources: Sources,
    /// The API server, where it is the source.
    pub access: Access,
    /// Whether pods may do everything before the first state.
    pub open_at_first: bool,
    /// Ranges that are closed at first.
    pub pod_ranges: Vec<Cidr>,
    /// The local socket.
    pub socket: PathBuf,
    /// Where flow records are written.
    pub flow_log: Option<PathBuf>,
    /// How many bytes that file may hold.
    pub flow_log_bytes: u64,
    /// Mark mask and hook priority.
    pub dataplane: Dataplane,
    /// How often the kernel is compared with the plan.
    pub resync: Duration,
    /// The longest wait between two tries of what the kernel refused.
    pub retry: Duration,
    /// How much is logged.
    pub log_level: LogLevel,
    /// Whether the log is JSON lines.
    pub log_json: bool,
    /// Where metrics are served.
    pub listen: Listen,
    /// Whether all privileges but those that are needed are given up after the start.
    pub drop_privileges: bool,
}

impl Default for Configuration {
    /// Nothing is told: what the defaults of [`SETTINGS`] do not set.
    fn default() -> Self {
        Self {
            node_name: None,
            sources: Sources::default(),
            access: Access::default(),
            open_at_first: false,
            pod_ranges: Vec::new(),
            socket: PathBuf::new(),
            flow_log: None,
            flow_log_bytes: 0,
            dataplane: Dataplane::default(),
            resync: crate::agent::RESYNC,
            retry: crate::enforcer::LONGEST_OF_OBJECT,
            log_level: LogLevel::default(),
            log_json: false,
            listen: Listen::Nowhere,
            drop_privileges: true,
        }
    }
}
