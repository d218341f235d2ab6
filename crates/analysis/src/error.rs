//! Questions that cannot be asked, each with what would mend them.

use std::fmt;
use std::net::IpAddr;

use podfence_engine::FlowError;
use podfence_model::NamespacedName;

use crate::port::PortName;
use crate::target::TargetError;

/// Near names, as they may be typed; shown as `; did you mean …?`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Suggestions(pub Vec<String>);

impl fmt::Display for Suggestions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted: Vec<String> = self.0.iter().map(|s| format!("`{s}`")).collect();
        if quoted.is_empty() { Ok(()) } else { write!(f, "; did you mean {}?", quoted.join(" or ")) }
    }
}

/// What one name may mean, each as it may be typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidates(pub Vec<String>);

impl fmt::Display for Candidates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|candidate| write!(f, "\n  {candidate}"))
    }
}

/// A question that cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// A target that cannot be read.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// No object of that name.
    #[error("there is no {what}{suggestions}")]
    NotFound {
        /// What was looked for: `deployment web in namespace shop`.
        what: String,
        /// What was perhaps meant.
        suggestions: Suggestions,
    },
    /// A word for an address that only tables of verdicts know.
    #[error("there is no `{word}`, which is a word of tables of verdicts; type {instead}")]
    TableWord {
        /// The word.
        word: String,
        /// What to type.
        instead: &'static str,
    },
    /// Digits and dots that are no address.
    #[error("`{0}` is no IP address, and nothing in the input has that name")]
    NoAddress(String),
    /// A name that only DNS may know.
    #[error(
        "nothing in the input is named `{0}`; if it is a name outside, ask about an address it resolves to"
    )]
    OutsideName(String),
    /// The Service of the API server, which is in no manifests.
    #[error(
        "Service `kubernetes` in namespace default, the API server, is not in the input; ask about the server's address, \
         or add that Service"
    )]
    ApiServer,
    /// A name that means several objects.
    #[error("`{text}` can mean several objects; type one of{candidates}")]
    Ambiguous {
        /// What was typed.
        text: String,
        /// What it may mean.
        candidates: Candidates,
    },
    /// A policy where an end of a flow is asked for.
    #[error("{0} is a policy and opens no connections; `explain {0}` alone reads it back")]
    NoEnd(String),
    /// An Ingress where an end of a flow is asked for.
    #[error("{0} is an Ingress, which leads to pods and is none: ask `explain SRC {0}`")]
    IngressEnd(String),
    /// A port of an Ingress.
    #[error("an Ingress is asked about without a port; leave port {0} out")]
    IngressPort(PortName),
    /// A path that no rule of an Ingress serves.
    #[error("Ingress {ingress} has no rule for {path}")]
    NoRoute {
        /// The Ingress.
        ingress: NamespacedName,
        /// The path.
        path: String,
    },
    /// Something that exists but has no pods.
    #[error("{0} has no pods")]
    NoPods(String),
    /// A port on the source.
    #[error("`{0}` has a port, but the port to ask about belongs to the destination")]
    SourcePort(String),
    /// The virtual address of a Service as source.
    #[error("{ip} is an address of Service {service}, and Services open no connections; name a pod")]
    VirtualSource {
        /// The address.
        ip: IpAddr,
        /// The Service.
        service: NamespacedName,
    },
    /// Two different ports.
    #[error("the destination says port {in_target} and --port says {in_option}")]
    TwoPorts {
        /// `:PORT`.
        in_target: PortName,
        /// `--port`.
        in_option: PortName,
    },
    /// One port, and all of them.
    #[error("port {0} and every port cannot both be asked about")]
    OnePortAndAll(PortName),
    /// ICMP with a port.
    #[error("ICMP has no ports; leave port {0} out")]
    IcmpPort(PortName),
    /// ICMP to a virtual address.
    #[error("the virtual address of Service {service} answers no ICMP; ask about a pod behind it{pods}")]
    IcmpToService {
        /// The Service.
        service: NamespacedName,
        /// Some of its pods.
        pods: Candidates,
    },
    /// No port, and not exactly one to choose.
    #[error("which port of {who}? {}", declared_text(.declared))]
    PortNeeded {
        /// The destination.
        who: String,
        /// Its declared ports.
        declared: Vec<String>,
    },
    /// A named port where only pods have names.
    #[error("port name `{name}` means nothing for {who}: only pods and Services name their ports")]
    NameNeedsPod {
        /// The name.
        name: String,
        /// The destination.
        who: String,
    },
    /// A port name that the destination does not give to one port.
    #[error("{who} gives the name `{name}` to no port; {}", declared_text(.declared))]
    NoSuchPortName {
        /// The name.
        name: String,
        /// The destination.
        who: String,
        /// Its declared ports.
        declared: Vec<String>,
    },
    /// A port that the Service does not have.
    #[error("Service {service} has no port {port}{}", service_ports(.declared, .port, .listening.as_ref()))]
    NoSuchServicePort {
        /// The Service.
        service: NamespacedName,
        /// The port asked for, with its protocol if one was given.
        port: String,
        /// Its ports.
        declared: Vec<String>,
        /// The Service port that leads to the port asked for, if there is one.
        listening: Option<String>,
    },
    /// A Service that sends to nobody.
    #[error("no pod stands behind Service {service}: {why}")]
    NoBackends {
        /// The Service.
        service: NamespacedName,
        /// Why.
        why: String,
    },
    /// The engine cannot take the flow.
    #[error(transparent)]
    Flow(#[from] FlowError),
}

fn declared_text(declared: &[String]) -> String {
    match declared {
        [] => "it declares none: add one as :PORT or with --port".to_owned(),
        ports => format!("it declares {}", ports.join(", ")),
    }
}

fn service_ports(declared: &[String], port: &str, listening: Option<&String>) -> String {
    if let Some(leading) = listening {
        return format!(", but its port {leading} leads to {port} on its pods: ask for that");
    }
    if declared.is_empty() { "; it has none".to_owned() } else { format!("; it has {}", declared.join(", ")) }
}
