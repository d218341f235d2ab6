//! One agent as a process, and the conversation with it.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use podfence_agent::flow::FlowRecord;
use podfence_agent::local::{Client, ClientError};

use super::launch::{CALL, Launch, metrics_beside};
use crate::netns::Netns;

/// An agent that does not answer by then will not.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two tries to reach one that is starting.
const SHORTLY: Duration = Duration::from_millis(1);

/// A running agent. Dropping it ends it; what it enforced stays in force as long as its node's namespace.
#[derive(Debug)]
pub(super) struct Agent {
    process: Child,
    /// Held, so that it lives.
    _alive: ChildStdin,
    socket: PathBuf,
    client: Option<Client>,
    /// Kills it.
    doom: Option<JoinHandle<()>>,
}

impl Agent {
    /// Starts one in the namespace of its node, and does not wait until it listens.
    pub(super) fn start(netns: &Netns, launch: &Launch) -> io::Result<Self> {
        let mut command = Command::new("/proc/self/exe");
        command.arg(CALL).arg(launch.write()?).stdin(Stdio::piped()).stdout(Stdio::null());
        command.process_group(0); // Ctrl-C is for the lab
        let mut process = netns.run(move || command.spawn())?;
        match process.stdin.take() {
            Some(alive) => {
                let socket = launch.socket.clone();
                Ok(Self { process, _alive: alive, socket, client: None, doom: None })
            }
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// The conversation with it, as soon as it listens.
    pub(super) fn client(&mut self) -> Result<&mut Client, ClientError> {
        let client = match self.client.take() {
            Some(client) => client,
            None => reach(&self.socket, &mut self.process)?,
        };
        Ok(self.client.insert(client))
    }

    /// The flow records that it keeps.
    pub(super) fn flows(&mut self) -> Result<Vec<FlowRecord>, ClientError> {
        self.client()?.flows()
    }

    /// Ends the conversation; the next question begins another.
    pub(super) fn hang_up(&mut self) {
        self.client = None;
    }

    /// Sends a signal, and waits until it has ended.
    pub(super) fn end(mut self, signal: Signal) -> io::Result<ExitStatus> {
        self.signal(signal)?;
        self.meet_doom();
        self.process.wait()
    }

    /// Kills it after a time, unless it has ended by then.
    pub(super) fn doom(&mut self, after: Duration) {
        let Ok(process) = i32::try_from(self.process.id()) else { return };
        self.doom = Some(thread::spawn(move || {
            thread::sleep(after);
            _ = kill(Pid::from_raw(process), Signal::SIGKILL);
        }));
    }

    /// Before the process is waited for: then its number may be another's.
    fn meet_doom(&mut self) {
        if let Some(doom) = self.doom.take() {
            _ = doom.join();
        }
    }

    /// Sends a signal.
    pub(super) fn signal(&self, signal: Signal) -> io::Result<()> {
        let process = i32::try_from(self.process.id()).map_err(io::Error::other)?;
        Ok(kill(Pid::from_raw(process), signal)?)
    }

    /// Where it serves its metrics.
    pub(super) fn metrics(&self) -> PathBuf {
        metrics_beside(&self.socket)
    }

    /// Where it listens.
    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }

    /// Its process.
    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        _ = self.process.kill();
        self.meet_doom();
        _ = self.process.wait();
    }
}

/// Waits until an agent listens.
fn reach(socket: &Path, process: &mut Child) -> Result<Client, ClientError> {
    let until = Instant::now() + PATIENCE;
    loop {
        match Client::open(socket) {
            Err(error) if Instant::now() > until || process.try_wait()?.is_some() => return Err(error),
            Err(_) => thread::sleep(SHORTLY),
            reached => return reached,
        }
    }
}
