//! A lab's claim to its name: the lock it holds, and the socket it listens at.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, IoSlice, Write};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};

use super::dir::{self, Files};
use super::{Reply, Request, SessionError};

/// How long a caller may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(2);

/// A name that is this lab's as long as the process lives.
#[derive(Debug)]
pub struct Claim {
    files: Files,
    listener: UnixListener,
    // The kernel gives it up when the process ends, however it ends.
    _lock: Flock<File>,
}

/// A caller, and what it wants.
#[derive(Debug)]
pub struct Call {
    /// What it wants.
    pub request: Request,
    stream: UnixStream,
}

impl Claim {
    /// Takes a name. What a lab of that name left behind when it was killed is removed.
    pub fn take(name: &str) -> Result<Self, SessionError> {
        let candidates = dir::candidates(name)?;
        let Some(files) = candidates.into_iter().next() else {
            return Err(SessionError::Name(name.to_owned()));
        };
        dir::prepare(&files)?;
        let at = SessionError::at;
        let lock = File::options().create(true).append(true).open(&files.lock).map_err(at(&files.lock))?;
        let lock = match Flock::lock(lock, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => lock,
            Err((_, Errno::EWOULDBLOCK)) => return Err(SessionError::Running(name.to_owned())),
            Err((_, errno)) => return Err(at(&files.lock)(errno.into())),
        };
        _ = fs::remove_file(&files.socket); // nobody listens at it: we have the lock
        let listener = UnixListener::bind(&files.socket).map_err(at(&files.socket))?;
        Ok(Self { files, listener, _lock: lock })
    }

    /// Waits for the next caller that can be understood.
    pub fn next(&self) -> Result<Call, SessionError> {
        loop {
            let (stream, _) = self.listener.accept().map_err(SessionError::at(&self.files.socket))?;
            if let Some(request) = read(&stream) {
                return Ok(Call { request, stream });
            }
            _ = write(&stream, &Reply::Refused("this is no request of a lab".into()), &[]);
        }
    }

    /// Removes the socket. The lock's file stays: a lab that starts now may hold it already.
    pub fn give_up(&self) {
        _ = fs::remove_file(&self.files.socket);
    }
}

impl Call {
    /// Answers. A caller that has gone is no fault of ours.
    pub fn answer(self, reply: &Reply, descriptors: &[BorrowedFd<'_>]) {
        _ = write(&self.stream, reply, descriptors);
    }
}

fn read(stream: &UnixStream) -> Option<Request> {
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).ok()?;
    serde_json::from_str(&line).ok()
}

/// The descriptors go with the first bytes.
fn write(mut stream: &UnixStream, reply: &Reply, descriptors: &[BorrowedFd<'_>]) -> std::io::Result<()> {
    let line = serde_json::to_string(reply)? + "\n";
    let descriptors: Vec<_> = descriptors.iter().map(AsRawFd::as_raw_fd).collect();
    let rights = [ControlMessage::ScmRights(&descriptors)];
    let rights = if descriptors.is_empty() { &rights[..0] } else { &rights[..] };
    let sent = sendmsg::<()>(
        stream.as_raw_fd(),
        &[IoSlice::new(line.as_bytes())],
        rights,
        MsgFlags::MSG_NOSIGNAL,
        None,
    )?;
    stream.write_all(&line.as_bytes()[sent..])
}
