//! A lab's claim to its name: the lock it holds, and the socket it listens at.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, IoSlice, Write};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
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
        let lock = lock(&files, name)?;
        sweep(&files);
        _ = fs::remove_file(&files.socket); // nobody listens at it: we have the lock
        let listener = UnixListener::bind(&files.socket).map_err(SessionError::at(&files.socket))?;
        Ok(Self { files, listener, _lock: lock })
    }

    /// Waits for the next caller that can be understood.
    pub fn wait(&self) -> Result<Call, SessionError> {
        loop {
            let (stream, _) = self.listener.accept().map_err(SessionError::at(&self.files.socket))?;
            if let Some(request) = read(&stream) {
                return Ok(Call { request, stream });
            }
            _ = write(&stream, &Reply::Refused("this is no request of a lab".into()), &[]);
        }
    }

    /// Removes everything that has a name; the lock is held until the process ends.
    pub fn give_up(&self) {
        _ = fs::remove_file(&self.files.socket);
        _ = fs::remove_file(&self.files.lock);
        _ = self.files.lock.parent().map(fs::remove_dir); // unless another lab has files in it
    }
}

/// Removes what other labs left behind that were killed. Where that fails, it fails again for who takes their name.
fn sweep(own: &Files) {
    let dir = own.lock.parent().and_then(|dir| fs::read_dir(dir).ok());
    let files = dir.into_iter().flatten().flatten().map(|entry| entry.path());
    for path in
        files.filter(|path| path.extension().is_some_and(|ending| ending == "lock") && *path != own.lock)
    {
        let locked =
            File::open(&path).ok().and_then(|file| Flock::lock(file, FlockArg::LockExclusiveNonblock).ok());
        if let Some(_dead) = locked {
            _ = fs::remove_file(path.with_extension("sock"));
            _ = fs::remove_file(&path);
        }
    }
}

/// Takes the lock. A lab that ends removes the file of the lock it holds, so what was locked may have lost its name by then.
fn lock(files: &Files, name: &str) -> Result<Flock<File>, SessionError> {
    let failed = |error: io::Error| SessionError::at(&files.lock)(error);
    loop {
        dir::prepare(files)?;
        let file = match File::options().create(true).append(true).mode(0o600).open(&files.lock) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            other => other.map_err(failed)?,
        };
        let lock = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => lock,
            Err((_, Errno::EWOULDBLOCK)) => return Err(SessionError::Running(name.to_owned())),
            Err((_, errno)) => return Err(failed(errno.into())),
        };
        let held = lock.metadata().map_err(failed)?.ino();
        if fs::metadata(&files.lock).is_ok_and(|named| named.ino() == held) {
            return Ok(lock);
        }
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
fn write(mut stream: &UnixStream, reply: &Reply, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
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
