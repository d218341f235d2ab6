//! A lab of its own folder and name, and words to use it.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

pub const PODS: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: c, image: i, ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: shop, labels: {app: client}}
spec: {containers: [{name: c, image: i}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 8080, targetPort: 80}]}
";

pub const DENY: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress]
";

pub fn podfence() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_podfence"));
    command.env_remove("CLICOLOR_FORCE").env_remove("XDG_RUNTIME_DIR");
    command
}

/// A folder, and perhaps a lab that follows it.
pub struct Lab {
    pub folder: PathBuf,
    pub name: String,
    running: Option<Running>,
}

struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Lab {
    /// A folder with these files.
    pub fn new(files: &[(&str, &str)]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let lab = Self { folder: std::env::temp_dir().join(format!("podfence-{name}")), name, running: None };
        for (file, text) in files {
            lab.save(file, text);
        }
        lab
    }

    /// Saves a file, as an editor does.
    pub fn save(&self, file: &str, text: &str) {
        let path = self.folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let draft = path.with_extension("draft");
        fs::write(&draft, text).unwrap();
        fs::rename(draft, path).unwrap();
    }

    /// Starts `lab up` with more arguments, and waits until it follows the folder; returns what it said.
    pub fn up(&mut self, more: &[&str]) -> String {
        let mut child = podfence()
            .args(["lab", "up", "--name", &self.name])
            .args(more)
            .arg(&self.folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (send, lines) = channel();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let readers: [Box<dyn Read + Send>; 2] = [Box::new(out), Box::new(err)];
        for reader in readers {
            let send = send.clone();
            thread::spawn(move || {
                for line in BufReader::new(reader).lines().map_while(Result::ok) {
                    _ = send.send(line);
                }
            });
        }
        self.running = Some(Running { child, lines });
        self.hear("Ctrl-C ends it")
    }

    /// Waits for a line with this text; returns everything up to it.
    pub fn hear(&self, text: &str) -> String {
        self.hear_all(&[text])
    }

    /// Waits until all of these have been said, in whatever order the two streams bring them.
    pub fn hear_all(&self, texts: &[&str]) -> String {
        let (begun, mut heard) = (Instant::now(), String::new());
        let lines = &self.running.as_ref().unwrap().lines;
        while !texts.iter().all(|text| heard.contains(text)) {
            let line = lines.recv_timeout(PATIENCE.saturating_sub(begun.elapsed()));
            let line = line.unwrap_or_else(|_| panic!("waited for {texts:?} in vain; heard:\n{heard}"));
            heard += &(line + "\n");
        }
        heard
    }

    /// Asks the lab by `verb`.
    pub fn ask(&self, verb: &str, more: &[&str]) -> Output {
        podfence().args(["lab", verb, "--name", &self.name]).args(more).output().unwrap()
    }

    /// Runs a command in a pod; its exit code and what it printed.
    pub fn exec(&self, pod: &str, command: &[&str]) -> (i32, String) {
        let output = self.ask("exec", &[&[pod, "--"], command].concat());
        (output.status.code().unwrap(), text(&output))
    }

    /// Connects from a pod as any program would: 0 open, 1 not, 3 no such name.
    pub fn connect(&self, pod: &str, address: &str) -> i32 {
        let own = std::env::current_exe().unwrap();
        let mut command = podfence();
        command.args(["lab", "exec", "--name", &self.name, pod, "--"]).arg(own).env(crate::CONNECT, address);
        command.status().unwrap().code().unwrap()
    }

    pub fn signal(&self, signal: &str) {
        let pid = self.running.as_ref().unwrap().child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// How the lab ended.
    pub fn ended(&mut self) -> Option<i32> {
        self.running.take().unwrap().child.wait().unwrap().code()
    }
}

pub fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

impl Drop for Lab {
    fn drop(&mut self) {
        if self.running.is_some() {
            self.signal("-TERM");
            self.ended();
        }
        _ = fs::remove_dir_all(&self.folder);
    }
}
