//! What an agent of the lab is started with, and how a copy of the lab's program becomes one.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;

use nix::sys::signal::SigSet;
use podfence_agent::config::{Access, Listen, Sources};
use podfence_agent::local::Request;
use podfence_agent::privileges::give_up_capabilities;
use podfence_agent::{Setup, run};
use podfence_dataplane_nft::{Admissions, Settings};
use podfence_model::NamespacedName;
use podfence_netlink::nft::Name;
use podfence_plan::Link;
use serde::{Deserialize, Serialize};

use super::objects::Source;

/// The first argument of a program that is to be an agent; the second is the file of its [`Launch`].
pub(super) const CALL: &str = "agent-of-a-lab";

/// Bytes of a flow log before it is turned over.
const FLOW_LOG: u64 = 1 << 20;

/// What an agent is started with, as the lab writes it down for it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Launch {
    node: String,
    source: Source,
    pub socket: PathBuf,
    plugged: Vec<Request>,
    table: String,
    mark_mask: u32,
    priority: i32,
    pod_interfaces: Vec<String>,
    log_group: u16,
    /// The group that admitted connections are told to, and of how many one.
    admissions: Option<(u16, NonZeroU32)>,
    transaction_bytes: usize,
    /// The ranges of its pods, closed until it has read the objects.
    pub closed_at_first: Vec<String>,
    /// Whether it writes flow records beside its socket.
    pub writes_flows: bool,
}

impl Launch {
    pub(super) fn new<'l>(
        node: &str,
        source: Source,
        socket: PathBuf,
        links: impl Iterator<Item = (&'l NamespacedName, &'l Link)>,
        settings: &Settings,
    ) -> Self {
        Self {
            node: node.to_owned(),
            source,
            socket,
            plugged: links.map(|(pod, link)| Request::plug(pod, link)).collect(),
            table: settings.table.to_string(),
            mark_mask: settings.mark_mask,
            priority: settings.priority,
            pod_interfaces: settings.pod_interfaces.iter().map(ToString::to_string).collect(),
            log_group: settings.log_group,
            admissions: settings.admissions.map(|told| (told.log_group, told.one_in)),
            transaction_bytes: settings.transaction_bytes,
            closed_at_first: Vec::new(),
            writes_flows: false,
        }
    }

    /// Writes it beside its socket.
    pub(super) fn write(&self) -> io::Result<PathBuf> {
        let path = self.socket.with_extension("json");
        fs::write(&path, serde_json::to_vec(self)?)?;
        Ok(path)
    }

    fn read(path: &Path) -> io::Result<Self> {
        Ok(serde_json::from_reader(File::open(path)?)?)
    }

    fn setup(self) -> io::Result<Setup> {
        let Self { mark_mask, priority, log_group, transaction_bytes, .. } = self;
        let admissions = self.admissions.map(|(log_group, one_in)| Admissions { log_group, one_in });
        let table = Name::new(self.table).map_err(io::Error::other)?;
        let (sources, access) = match self.source {
            Source::Manifests(path) => (Sources::Files(vec![path.into()]), Access::default()),
            Source::Api(path) => (Sources::Api, Access { kubeconfig: Some(path), context: None }),
        };
        let metrics = metrics_beside(&self.socket);
        let flow_log = self.writes_flows.then(|| (self.socket.with_extension("flows"), FLOW_LOG));
        let pod_interfaces = self.pod_interfaces.iter().map(|text| text.parse()).collect::<Result<_, _>>();
        let pod_interfaces = pod_interfaces.map_err(io::Error::other)?;
        let ranges = self.closed_at_first.iter().map(|text| text.parse()).collect::<Result<_, _>>();
        let ranges = ranges.map_err(io::Error::other)?;
        let plugged = self.plugged.into_iter().filter_map(Request::plugged);
        let links: BTreeMap<_, _> = plugged.map(|plugged| (plugged.pod, plugged.link)).collect();
        Ok(Setup {
            node: self.node,
            sources,
            access,
            socket: self.socket,
            links,
            closed_at_first: Some(ranges),
            flow_log,
            listen: Listen::Unix(metrics),
            dataplane: Settings {
                table,
                mark_mask,
                priority,
                pod_interfaces,
                log_group,
                admissions,
                transaction_bytes,
            },
            ..Setup::default()
        })
    }
}

/// Where an agent of the lab serves its metrics.
pub(super) fn metrics_beside(socket: &Path) -> PathBuf {
    socket.with_extension("metrics")
}

/// Becomes an agent, if this process was started to be one, and returns how it ended.
pub fn become_one_if_told() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next() != Some(OsString::from(CALL)) {
        return None;
    }
    let file = PathBuf::from(arguments.next().unwrap_or_default());
    let setup = Launch::read(&file).and_then(Launch::setup).map_err(|error| error.to_string());
    let setup = setup.and_then(|setup| {
        give_up_capabilities().map_err(|error| error.to_string())?; // of the thread to come as well
        end_with_the_lab();
        Ok(setup)
    });
    Some(match setup.and_then(|setup| run(&setup).map_err(|error| error.to_string())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("agent of {}: {error}", file.display());
            ExitCode::FAILURE
        }
    })
}

/// Ends the process when nobody holds the other end of its standard input any more. The thread must not take the signals that
/// the agent waits for, so they are blocked before it starts.
fn end_with_the_lab() {
    _ = SigSet::all().thread_block();
    thread::spawn(|| {
        _ = io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
}
