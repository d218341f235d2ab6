//! A Kubernetes API for tests: the programs of `scripts/cluster` in a namespace of their own, and a client that may everything.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::time::{Duration, Instant};
use std::{fs, io};

use podfence_lab::netns::Netns;
use podfence_lab::topology::Topology;

use crate::client::Client;

/// What a program that starts may take on a loaded machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running API. Dropping it ends all of it; so does the end of this process, however that comes.
#[derive(Debug)]
pub struct Server {
    /// Its outside is where it runs: a namespace with a loopback of its own.
    place: Topology,
    directory: PathBuf,
    proxy: Child,
}

impl Server {
    /// Starts all programs, and waits until they answer.
    pub fn start(name: &str) -> io::Result<Self> {
        let place = Topology::new(&[]).map_err(io::Error::other)?;
        let netns = place.outside().clone();
        let directory = std::env::temp_dir().join(format!("podfence-api-{}-{name}", std::process::id()));
        let programs = done(&Command::new(script()).arg("build").output()?)?;
        let owner = std::process::id().to_string();
        run_in(&netns, &["start".as_ref(), directory.as_os_str(), owner.as_ref()])?;
        let socket = directory.join("proxy.sock");
        let mut proxy = Command::new(Path::new(programs.trim()).join("kubectl"));
        proxy.arg("--kubeconfig").arg(directory.join("kubeconfig"));
        proxy
            .arg("proxy")
            .arg("--unix-socket")
            .arg(&socket)
            .stdout(fs::File::create(directory.join("log/proxy"))?);
        let proxy = netns.run(move || proxy.spawn())?;
        let server = Self { place, directory, proxy };
        let begun = Instant::now();
        while UnixStream::connect(&socket).is_err() && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(server)
    }

    /// A client that may everything.
    pub fn client(&self) -> Client {
        Client::new(self.directory.join("proxy.sock"))
    }

    /// The namespace in which it listens, on loopback.
    pub fn netns(&self) -> &Netns {
        self.place.outside()
    }

    /// The port on loopback that it listens at.
    pub fn port(&self) -> io::Result<u16> {
        let text = fs::read_to_string(self.directory.join("kubeconfig"))?;
        let port = text.split("https://127.0.0.1:").nth(1).and_then(|rest| rest.split('"').next());
        port.and_then(|port| port.parse().ok())
            .ok_or_else(|| io::Error::other("the kubeconfig names no port"))
    }

    /// A kubeconfig by which it is reached at another address.
    pub fn kubeconfig_at(&self, address: &str) -> io::Result<PathBuf> {
        let text = fs::read_to_string(self.directory.join("kubeconfig"))?;
        let here = format!("server: \"https://127.0.0.1:{}\"", self.port()?);
        let there = format!("server: \"https://{address}\", tls-server-name: 127.0.0.1");
        let path = self.directory.join("kubeconfig-outside");
        fs::write(&path, text.replace(&here, &there))?;
        Ok(path)
    }
}

impl Server {
    /// A signal to one of its programs, `apiserver` for instance. It has ended on return, if the signal ends it.
    pub fn signal(&self, program: &str, signal: &str) -> io::Result<()> {
        let directory = self.directory.as_os_str();
        run_in(self.netns(), &["kill".as_ref(), directory, program.as_ref(), signal.as_ref()])
    }

    /// Starts one of its programs again, and waits until it answers.
    pub fn run(&self, program: &str) -> io::Result<()> {
        run_in(self.netns(), &["run".as_ref(), self.directory.as_os_str(), program.as_ref()])
    }

    /// The directory of its data and logs.
    pub fn directory(&self) -> &Path {
        &self.directory
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.proxy.kill();
        _ = self.proxy.wait();
        _ = run_in(self.netns(), &["stop".as_ref(), self.directory.as_os_str()]);
        _ = fs::remove_dir_all(&self.directory);
    }
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/cluster")
}

fn run_in(netns: &Netns, arguments: &[&std::ffi::OsStr]) -> io::Result<()> {
    let mut command = Command::new(script());
    command.args(arguments);
    done(&netns.run(move || command.output())?).map(drop)
}

fn done(output: &Output) -> io::Result<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(io::Error::other(text(&output.stderr)))
    }
}
