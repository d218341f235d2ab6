//! The process: opens what it needs, starts the threads, and runs the loop until a signal.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;
use std::{fs, io};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigSet, Signal};
use podfence_cluster::{Access, AccessError, Endpoint};
use podfence_dataplane_nft::{Dataplane, DataplaneError, Settings};
use podfence_model::{Cidr, NamespacedName};
use podfence_plan::Link;

use crate::agent::{Agent, RESYNC};
use crate::config::{Configuration, DEFAULT_FILE, Listen, Sources};
use crate::enforcer::LONGEST_OF_OBJECT;
use crate::flow::{self, Heard, Log};
use crate::guard;
use crate::links::{Eyes, Told};
use crate::local::{self, House};
use crate::lock::{Lock, LockError};
use crate::log::LogControl;
use crate::message::Message;
use crate::privileges::{PrivilegesError, give_up_capabilities, need_net_admin, write_only_below};
use crate::serve;
use crate::source::{Api, Source};
use crate::threads::spawn;

/// What an agent is told when it starts.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The node whose pods it guards.
    pub node: String,
    /// Where objects come from.
    pub sources: Sources,
    /// The API server, where it is the source.
    pub access: Access,
    /// The local socket.
    pub socket: PathBuf,
    /// Links of pods that are plugged in already; later ones are told over the socket.
    pub links: BTreeMap<NamespacedName, Link>,
    /// Ranges of this node's pods that are closed until the first whole state, as are the links of
    /// [`Settings::pod_interfaces`]; `None` leaves both open.
    pub closed_at_first: Option<Vec<Cidr>>,
    /// Where flow records are written, and how many bytes the file may hold; they are kept in memory in any case.
    pub flow_log: Option<(PathBuf, u64)>,
    /// The dataplane's settings.
    pub dataplane: Settings,
    /// How often the kernel is compared with the plan.
    pub resync: Duration,
    /// The longest wait between two tries of what the kernel refused.
    pub retry: Duration,
    /// Changes how much is logged.
    pub log: LogControl,
    /// Where metrics and probes are served.
    pub listen: Listen,
    /// Whether everything is given up that is not needed; see [`crate::privileges`].
    pub drop_privileges: bool,
}

impl Default for Setup {
    /// No node and no manifests yet; everything else as an agent has it that is told nothing.
    fn default() -> Self {
        Self {
            node: String::new(),
            sources: Sources::default(),
            access: Access::default(),
            socket: PathBuf::new(),
            links: BTreeMap::new(),
            closed_at_first: None,
            flow_log: None,
            dataplane: Settings::default(),
            resync: RESYNC,
            retry: LONGEST_OF_OBJECT,
            log: LogControl::default(),
            listen: Listen::Nowhere,
            drop_privileges: true,
        }
    }
}

impl TryFrom<Configuration> for Setup {
    type Error = RunError;

    /// # Errors
    /// When no node is named and the host's name cannot be read.
    fn try_from(told: Configuration) -> Result<Self, RunError> {
        let node = told.node_name.map_or_else(host_name, Ok).map_err(RunError::HostName)?;
        Ok(Self {
            node,
            sources: told.sources,
            access: told.access,
            socket: told.socket,
            closed_at_first: (!told.open_at_first).then_some(told.pod_ranges),
            flow_log: told.flow_log.map(|path| (path, told.flow_log_bytes)),
            dataplane: told.dataplane,
            resync: told.resync,
            retry: told.retry,
            listen: told.listen,
            drop_privileges: told.drop_privileges,
            ..Self::default()
        })
    }
}

/// The agent could not start.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Nobody says where objects come from.
    #[error(
        "nobody says where objects come from: give --source api or --source dir:PATH, or `sources` in {DEFAULT_FILE}"
    )]
    NoSource,
    /// The API server.
    #[error("{0}")]
    Access(#[from] AccessError),
    /// Another agent guards this node.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The kernel.
    #[error("{0}")]
    Dataplane(#[from] DataplaneError),
    /// The local socket.
    #[error("cannot listen at {}: {source}", .path.display())]
    Socket {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A directory to write in.
    #[error("cannot make the directory {}: {source}", .path.display())]
    Directory {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file that an agent left.
    #[error("nothing is enforced any more, but {} cannot be removed: {source}", .path.display())]
    Leftover {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The start lacks privileges.
    #[error(transparent)]
    Unprivileged(PrivilegesError),
    /// Privileges.
    #[error("{0}; with --privileges keep the agent runs all the same")]
    Privileges(#[from] PrivilegesError),
    /// The flow log.
    #[error("cannot write flow records to {}: {source}", .path.display())]
    FlowLog {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The links that an earlier agent was told.
    #[error("cannot read the links that an earlier agent kept in {}: {source}; if it is damaged, remove it and plug the pods in anew", .path.display())]
    Links {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The node's name.
    #[error("the host's name cannot be read, and no node is named: {0}")]
    HostName(#[source] io::Error),
    /// The node's links cannot be looked at.
    #[error("cannot look at the links of this node: {0}")]
    Survey(#[source] podfence_netlink::Error),
    /// Signals.
    #[error("cannot wait for signals: {0}")]
    Signals(#[from] nix::Error),
}

/// Runs an agent in the network namespace of the calling thread until SIGTERM or SIGINT. What it enforced stays.
pub fn run(setup: &Setup) -> Result<(), RunError> {
    need_net_admin().map_err(RunError::Unprivileged)?;
    let _lock = Lock::take(&setup.dataplane)?;
    open_as_many_files_as_allowed();
    let writes_in = setup.make_directories()?;
    let (told, log) = (kept_links(setup)?, flow_log(setup)?);
    let source = Origin::of(setup)?; // what it names may be for root alone to read
    let mut eyes = Eyes::open().map_err(RunError::Survey)?; // hearing of other namespaces wants a privilege of its own
    give_up(setup, &writes_in)?;
    let (to, messages) = channel();
    stop_on_signal(&to)?;
    let dataplane = Dataplane::open(setup.dataplane.clone())?;
    guard::watch(dataplane.touches()?, dataplane.listens()?, to.clone());
    flow::watch(Heard::Refusals, setup.dataplane.log_group, to.clone());
    if let Some(admissions) = setup.dataplane.admissions {
        flow::watch(Heard::Admissions, admissions.log_group, to.clone());
    }
    let kept = told.written();
    let agent = Agent::new(&setup.node, dataplane, told, log);
    let links = eyes.links().map_err(RunError::Survey)?;
    let mut agent = agent.surveyed_by(eyes.watch(to.clone()));
    agent.forget_gone(&links);
    agent.check_every(setup.resync);
    agent.retry_within(setup.retry);
    match &setup.closed_at_first {
        Some(ranges) if ranges.is_empty() && setup.dataplane.pod_interfaces.is_empty() => {
            agent.is_open_at_first();
        }
        Some(ranges) => agent.close(ranges)?,
        None => tracing::info!("pods are open until the first state is enforced, as before-first-sync says"),
    }
    let source = source.start(to.clone());
    let unable = |source| RunError::Socket { path: setup.socket.clone(), source };
    let house = House { source, to: to.clone(), log: setup.log.clone(), links: kept };
    local::serve(&setup.socket, house).map_err(unable)?;
    serve::serve(&setup.listen, &to);
    tracing::info!(node = setup.node, socket = %setup.socket.display(), "agent runs");
    agent.run(&messages);
    tracing::info!("agent stops; what it enforced stays in force");
    Ok(())
}

/// A source that can be started.
enum Origin {
    Files(Vec<OsString>),
    Api(Box<Endpoint>),
}

impl Origin {
    fn of(setup: &Setup) -> Result<Self, RunError> {
        match &setup.sources {
            Sources::Untold => Err(RunError::NoSource),
            Sources::Files(paths) => Ok(Self::Files(paths.clone())),
            Sources::Api => Ok(Self::Api(Box::new(setup.access.endpoint()?))),
        }
    }

    fn start(self, to: Sender<Message>) -> Source {
        match self {
            Self::Files(paths) => Source::directory(paths, to),
            Self::Api(endpoint) => {
                tracing::info!(
                    server = endpoint.url(),
                    origin = endpoint.origin(),
                    "an API server is followed"
                );
                Source::Api(Api::follow(*endpoint, to))
            }
        }
    }
}

/// A process begins with 1,024, which is what `select` could tell apart; nothing here uses that.
fn open_as_many_files_as_allowed() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(_, allowed)| setrlimit(Resource::RLIMIT_NOFILE, allowed, allowed));
    if let Err(error) = raised {
        tracing::warn!(%error, "the number of files that may be open at once stays as it is");
    }
}

/// Must be called before any other thread starts.
fn give_up(setup: &Setup, writes_in: &[&Path]) -> Result<(), RunError> {
    if !setup.drop_privileges {
        return Ok(());
    }
    give_up_capabilities()?;
    if !write_only_below(writes_in.iter().copied())? {
        tracing::debug!("this kernel has no Landlock; files are protected by their modes alone");
    }
    Ok(())
}

impl Setup {
    /// Makes the directories it writes in, which must be there before it may write nowhere else. The agent does without metrics.
    fn make_directories(&self) -> Result<Vec<&Path>, RunError> {
        let log = self.flow_log.as_ref().map(|(path, _)| path.as_path());
        let mut made: Vec<&Path> =
            [Some(self.socket.as_path()), log].into_iter().flatten().map(directory_of).collect();
        for path in &made {
            let unable = |source| RunError::Directory { path: path.to_path_buf(), source };
            fs::create_dir_all(path).map_err(unable)?;
        }
        if let Listen::Unix(path) = &self.listen {
            let directory = directory_of(path);
            match fs::create_dir_all(directory) {
                Ok(()) => made.push(directory),
                Err(error) => {
                    tracing::error!(%error, directory = %directory.display(), "cannot make the directory for metrics");
                }
            }
        }
        Ok(made)
    }
}

fn directory_of(path: &Path) -> &Path {
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
    directory.unwrap_or(Path::new("."))
}

/// The links that an earlier agent was told, beside the socket.
fn kept_links(setup: &Setup) -> Result<Told, RunError> {
    let path = setup.socket.with_extension("links");
    Told::kept(&path, setup.links.clone()).map_err(|source| RunError::Links { path, source })
}

fn flow_log(setup: &Setup) -> Result<Log, RunError> {
    let Some((path, bytes)) = &setup.flow_log else { return Ok(Log::new()) };
    Log::to_file(path, *bytes).map_err(|source| RunError::FlowLog { path: path.clone(), source })
}

/// The host's name, which kubelets take for the node's unless told otherwise. An error where it is no text, too.
fn host_name() -> io::Result<String> {
    let name = nix::unistd::gethostname()?;
    name.into_string().map_err(|_| io::ErrorKind::InvalidData.into())
}

/// Removes our tables, and with them all enforcement, the socket and the links that were kept beside it. An agent that runs would
/// put the tables back, so there must be none; files that the agent of another network namespace uses stay.
pub fn clean_up(settings: Settings, socket: &Path) -> Result<(), RunError> {
    need_net_admin().map_err(RunError::Unprivileged)?;
    let _lock = Lock::take(&settings)?;
    Dataplane::open(settings)?.remove()?;
    remove_files(socket)?;
    tracing::info!("cleaned up: no policy is enforced on this node");
    Ok(())
}

/// Waits for SIGTERM or SIGINT, also as the first process of a container, which no signal ends by itself.
pub fn wait_for_end() -> nix::Result<()> {
    let signals: SigSet = [Signal::SIGTERM, Signal::SIGINT].into_iter().collect();
    signals.thread_block()?;
    signals.wait().map(drop)
}

fn remove_files(socket: &Path) -> Result<(), RunError> {
    if UnixStream::connect(socket).is_ok() {
        tracing::info!(socket = %socket.display(), "another agent listens here; its files stay");
        return Ok(());
    }
    for path in [socket.to_owned(), socket.with_extension("links")] {
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(RunError::Leftover { path, source });
            }
            _ => {}
        }
    }
    Ok(())
}

/// Must be called before any other thread starts, so that none takes the signals.
fn stop_on_signal(to: &Sender<Message>) -> nix::Result<()> {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGTERM);
    signals.add(Signal::SIGINT);
    signals.add(Signal::SIGHUP); // of a terminal that closes, or of who thinks that it makes us read again
    signals.thread_block()?;
    let to = to.clone();
    spawn("signals", move || {
        while signals.wait() == Ok(Signal::SIGHUP) {
            tracing::info!("SIGHUP is not needed: files are read again when they change");
        }
        let _ = to.send(Message::Stop);
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_files_may_be_open_as_the_system_allows() {
        let (_, allowed) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        setrlimit(Resource::RLIMIT_NOFILE, allowed - 1, allowed).unwrap();
        open_as_many_files_as_allowed();
        assert_eq!(getrlimit(Resource::RLIMIT_NOFILE).unwrap(), (allowed, allowed));
    }

    /// A folder that is removed with this.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("podfence-run-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn what_it_writes_can_be_written_when_nothing_else_can() {
        let folder = Folder::new("write");
        let (socket, log) = (folder.0.join("a/agent.sock"), folder.0.join("b/c/flows"));
        let listen = Listen::Unix(folder.0.join("d/metrics.sock"));
        let setup = Setup { socket, flow_log: Some((log, 1)), listen, ..Setup::default() };
        let folder_of_all = folder.0.clone();
        let inside = std::thread::spawn(move || {
            let writes_in = setup.make_directories().unwrap();
            let restricted = write_only_below(writes_in.iter().copied()).unwrap();
            let outside = fs::write(folder_of_all.join("file"), "").is_ok();
            let written = writes_in.iter().map(|directory| fs::write(directory.join("file"), "").is_ok());
            (restricted, outside, written.collect::<Vec<_>>())
        });
        let (restricted, outside, written) = inside.join().unwrap();
        assert_eq!((written, outside), (vec![true; 3], !restricted));
    }

    #[test]
    fn a_directory_for_metrics_that_cannot_be_made_stops_nothing_and_another_does() {
        let folder = Folder::new("metrics");
        let nowhere = PathBuf::from("/dev/null/podfence/socket");
        let (socket, listen) = (folder.0.join("agent.sock"), Listen::Unix(nowhere.clone()));
        let without = Setup { socket, listen, ..Setup::default() };
        assert_eq!(without.make_directories().unwrap(), [folder.0.as_path()]);
        let unable = Setup { socket: nowhere, ..Setup::default() };
        let error = unable.make_directories().unwrap_err().to_string();
        assert!(error.starts_with("cannot make the directory /dev/null/podfence: "), "{error}");
        let error = write_only_below([Path::new("/nonexistent/podfence")].into_iter()).unwrap_err();
        assert!(error.to_string().contains("/nonexistent/podfence"), "{error}");
    }

    #[test]
    fn nothing_is_left_unless_another_agent_uses_it() {
        let folder = Folder::new("leave");
        let socket = folder.0.join("agent.sock");
        let left = || fs::read_dir(&folder.0).unwrap().count();
        let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        fs::write(socket.with_extension("links"), "").unwrap();
        remove_files(&socket).unwrap();
        assert_eq!(left(), 2);
        drop(listener);
        remove_files(&socket).unwrap();
        assert_eq!(left(), 0);
        remove_files(&socket).unwrap();
    }
}
