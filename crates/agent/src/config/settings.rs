//! Every setting there is.

use super::Configuration;
use super::values::{
    absolute, admissions, duration, mask, megabytes, name, one_of, parsed, priority, range, sources,
};
use crate::log::LogLevel;

/// How a text, or the texts of a list, come into the settings.
type Set = fn(&mut Configuration, &[String]) -> Result<(), String>;

/// A setting.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its name in the file: `log.level` is `level` in the mapping `log`.
    pub name: &'static str,
    /// Its flag, without the dashes.
    pub flag: &'static str,
    /// What the flag's value is called.
    pub value: &'static str,
    /// Its default, or nothing where it has none and `otherwise` says what is so then.
    pub default: Option<&'static str>,
    /// What is so without it.
    pub otherwise: &'static str,
    /// Whether it is a list: a flag that may be given several times, and commas in the environment.
    pub many: bool,
    /// Another variable of the environment that counts, after ours.
    pub also: Option<&'static str>,
    /// What it is, in a sentence or two without a full stop.
    pub about: &'static str,
    set: Set,
}

impl Setting {
    /// Its variable in the environment: `PODFENCE_LOG_LEVEL`.
    pub fn variable(&self) -> String {
        format!("PODFENCE_{}", self.name.replace(['.', '-'], "_").to_uppercase())
    }

    /// Enters its values.
    pub(super) fn set(&self, configuration: &mut Configuration, values: &[String]) -> Result<(), String> {
        if values.len() > 1 && !self.many {
            return Err("this is one value, not a list".into());
        }
        (self.set)(configuration, values)
    }

    const fn one(
        name: &'static str,
        flag: &'static str,
        value: &'static str,
        about: &'static str,
        set: Set,
    ) -> Self {
        Self { name, flag, value, default: None, otherwise: "", many: false, also: None, about, set }
    }

    const fn or(self, default: &'static str) -> Self {
        Self { default: Some(default), ..self }
    }

    const fn otherwise(self, otherwise: &'static str) -> Self {
        Self { otherwise, ..self }
    }

    const fn many(self) -> Self {
        Self { many: true, ..self }
    }

    const fn also(self, variable: &'static str) -> Self {
        Self { also: Some(variable), ..self }
    }
}

/// Sets a field from the only text.
macro_rules! set {
    ($($field:ident).+ = $read:expr) => {
        |configuration, texts| {
            let text = texts.last().map_or("", String::as_str);
            configuration.$($field).+ = $read(text)?;
            Ok(())
        }
    };
}

/// Sets a field from all texts of a list.
macro_rules! set_all {
    ($($field:ident).+ = $read:expr) => {
        |configuration, texts| {
            configuration.$($field).+ = texts.iter().map(|text| $read(text)).collect::<Result<_, _>>()?;
            Ok(())
        }
    };
}

/// All settings, in the order of the help.
pub const SETTINGS: &[Setting] = &[
    Setting::one(
        "sources",
        "source",
        "api|dir:PATH",
        "Where objects come from: api, the cluster's API server; or dir:PATH, a file or directory of manifests with pods, \
         their addresses and nodes",
        |configuration, texts| {
            configuration.sources = sources(texts)?;
            Ok(())
        },
    )
    .many()
    .otherwise("the agent does not start"),
    Setting::one(
        "kubeconfig",
        "kubeconfig",
        "PATH",
        "The kubeconfig that says which API server",
        set!(access.kubeconfig = |text| absolute(text).map(Some)),
    )
    .otherwise("KUBECONFIG, ~/.kube/config, or inside a pod its service account"),
    Setting::one(
        "context",
        "context",
        "NAME",
        "The context of the kubeconfig",
        set!(access.context = |text: &str| Ok::<_, String>(Some(text.to_owned()))),
    )
    .otherwise("the kubeconfig's current one"),
    Setting::one(
        "node-name",
        "node-name",
        "NAME",
        "The node whose pods are guarded",
        set!(node_name = |text| name(text).map(Some)),
    )
    .also("NODE_NAME")
    .otherwise("the host's name"),
    Setting::one(
        "before-first-sync",
        "before-first-sync",
        "HOW",
        "What pods may do before the first state is enforced, where no earlier agent has left one: closed (nothing, in \
         pod-ranges and behind pod-interfaces) or open",
        set!(open_at_first = |text| one_of(text, &[("closed", false), ("open", true)])),
    )
    .or("closed"),
    Setting::one(
        "pod-ranges",
        "pod-range",
        "CIDR",
        "A range that this node's pods get their addresses from, to be closed at first",
        set_all!(pod_ranges = range),
    )
    .many()
    .otherwise("none is closed at first"),
    Setting::one(
        "pod-interfaces",
        "pod-interface",
        "NAME",
        "A link that leads to pods, such as cni0, or cali* for all that begin so: where pods have no ranges, new ones are \
         closed by it",
        set_all!(dataplane.pod_interfaces = parsed),
    )
    .many()
    .otherwise("pods are told by their ranges"),
    Setting::one(
        "socket",
        "socket",
        "PATH",
        "The local socket, for podfence status and the CNI plugin",
        set!(socket = absolute),
    )
    .or("/run/podfence/agent.sock"),
    Setting::one(
        "listen",
        "listen",
        "WHERE",
        "Where metrics and probes are served: ADDRESS:PORT, unix:PATH or off",
        set!(listen = str::parse),
    )
    .or("127.0.0.1:9353"),
    Setting::one(
        "flow-log.path",
        "flow-log",
        "PATH",
        "Write flow records to this file, as JSON lines",
        set!(flow_log = |text| absolute(text).map(Some)),
    )
    .otherwise("they are kept in memory, for podfence flows"),
    Setting::one(
        "flow-log.size",
        "flow-log-size",
        "MB",
        "How many megabytes that file may hold before it becomes PATH.1",
        set!(flow_log_bytes = megabytes),
    )
    .or("64"),
    Setting::one(
        "flow-log.allowed",
        "flow-log-allowed",
        "WHICH",
        "Of connections that policies admit, which are told of when they are opened: off, all, or 1/100 for one in a \
         hundred, drawn at random",
        set!(dataplane.admissions = admissions),
    )
    .or("off"),
    Setting::one(
        "mark-mask",
        "mark-mask",
        "MASK",
        "Bits of the connection mark that are ours, at least two next to each other",
        set!(dataplane.mark_mask = mask),
    )
    .or("0xff000000"),
    Setting::one(
        "hook-priority",
        "hook-priority",
        "ORDER",
        "Where our chains stand among those of others in the forward and input hooks: first, last, or a number, lower \
         first; 0 is where most firewalls filter",
        set!(dataplane.priority = priority),
    )
    .or("-10"),
    Setting::one(
        "resync",
        "resync",
        "TIME",
        "How often the kernel is read back and compared with the plan",
        set!(resync = duration),
    )
    .or("5m"),
    Setting::one(
        "retry",
        "retry",
        "TIME",
        "The longest wait between two tries of an object that the kernel refuses",
        set!(retry = duration),
    )
    .or("1m"),
    Setting::one(
        "log.level",
        "log-level",
        "LEVEL",
        "How much is logged: off, error, warn, info, debug or trace",
        set!(log_level = str::parse::<LogLevel>),
    )
    .or("info"),
    Setting::one(
        "log.format",
        "log-format",
        "FORMAT",
        "How the log is written: text or json",
        set!(log_json = |text| one_of(text, &[("text", false), ("json", true)])),
    )
    .or("text"),
    Setting::one(
        "privileges",
        "privileges",
        "WHAT",
        "What becomes of privileges that are not needed: drop, or keep, where sources are files of other users that root \
         alone may read",
        set!(drop_privileges = |text| one_of(text, &[("drop", true), ("keep", false)])),
    )
    .or("drop"),
];
