//! A network namespace: an anonymous one, with a thread that lives in it.
//!
//! The thread runs whatever closure it is sent, so sockets, netlink calls and `/proc/sys/net` writes happen inside. A socket stays in
//! the namespace it was made in, wherever it is used later. There is no name and no file: the namespace goes with its last user.

use std::any::Any;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use nix::sched::{CloneFlags, unshare};

use crate::sysctl::{self, Role, SysctlError};

type Job = Box<dyn FnOnce() + Send>;
type Caught<T> = Result<T, Box<dyn Any + Send>>;

/// A handle to a namespace and its thread. Clones share both; the thread ends with the last handle.
#[derive(Debug, Clone)]
pub struct Netns(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: String,
    namespace: File,
    jobs: Sender<Job>,
}

/// A namespace could not be made.
#[derive(Debug, thiserror::Error)]
pub enum NetnsError {
    /// The kernel refused the namespace or its thread.
    #[error("network namespace for {name}: {source}")]
    Refused {
        /// Whom it was for.
        name: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// One of its switches could not be set.
    #[error("network namespace for {name}: {source}")]
    Sysctl {
        /// Whom it was for.
        name: String,
        /// The switch.
        source: SysctlError,
    },
}

impl Netns {
    /// Makes a namespace with its switches set for `role`; `name` is for messages only.
    pub fn new(name: &str, role: Role) -> Result<Self, NetnsError> {
        Self::begin(name, role)?.finish()
    }

    /// Starts making a namespace; several can be in the making at once.
    pub(crate) fn begin(name: &str, role: Role) -> Result<Nascent, NetnsError> {
        let (jobs, inbox) = channel::<Job>();
        let (born, birth) = channel();
        let name = name.to_owned();
        let body = {
            let name = name.clone();
            move || live(&name, role, &born, &inbox)
        };
        match thread::Builder::new().name(format!("ns {name}")).spawn(body) {
            Ok(_detached) => Ok(Nascent { name, jobs, birth }),
            Err(source) => Err(NetnsError::Refused { name, source }),
        }
    }

    /// Whose namespace this is, for messages.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Tells namespaces apart while handles to them live.
    pub(crate) fn id(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// The file descriptor of the namespace, for `setns` or `IFLA_NET_NS_FD`.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.0.namespace.as_fd()
    }

    /// Runs `job` on the namespace's thread and waits for it. A panic of the job continues in the caller.
    ///
    /// # Panics
    /// When the job does.
    pub fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> T {
        let (reply, answer) = channel();
        self.send(job, move |caught| _ = reply.send(caught));
        answer.recv().map_or_else(|_| lost(self.name()), unwind)
    }

    /// As [`Netns::run`], for asynchronous callers.
    pub async fn run_async<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> T {
        let (reply, answer) = tokio::sync::oneshot::channel();
        self.send(job, move |caught| _ = reply.send(caught));
        answer.await.map_or_else(|_| lost(self.name()), unwind)
    }

    fn send<T>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
        reply: impl FnOnce(Caught<T>) + Send + 'static,
    ) {
        // A failed send drops the reply, which the receiving side notices.
        _ = self.0.jobs.send(Box::new(move || reply(catch_unwind(AssertUnwindSafe(job)))));
    }
}

/// A namespace whose thread is still setting it up.
pub(crate) struct Nascent {
    name: String,
    jobs: Sender<Job>,
    birth: Receiver<Result<File, NetnsError>>,
}

impl Nascent {
    /// Waits until the namespace is ready.
    pub(crate) fn finish(self) -> Result<Netns, NetnsError> {
        let Self { name, jobs, birth } = self;
        let namespace = birth.recv().unwrap_or_else(|_| lost(&name))?;
        Ok(Netns(Arc::new(Inner { name, namespace, jobs })))
    }
}

fn live(name: &str, role: Role, born: &Sender<Result<File, NetnsError>>, inbox: &Receiver<Job>) {
    let entered = enter_new(name, role);
    let alive = entered.is_ok();
    if born.send(entered).is_ok() && alive {
        for job in inbox {
            job();
        }
    }
}

fn enter_new(name: &str, role: Role) -> Result<File, NetnsError> {
    let refused = |source| NetnsError::Refused { name: name.to_owned(), source };
    unshare(CloneFlags::CLONE_NEWNET).map_err(|errno| refused(errno.into()))?;
    sysctl::prepare(role).map_err(|source| NetnsError::Sysctl { name: name.to_owned(), source })?;
    File::open("/proc/thread-self/ns/net").map_err(refused)
}

fn unwind<T>(caught: Caught<T>) -> T {
    caught.unwrap_or_else(|panic| resume_unwind(panic))
}

fn lost(name: &str) -> ! {
    unreachable!("the thread of namespace {name} outlives its handles")
}
