//! The other side: asks a running lab.

use std::fs::File;
use std::io::{ErrorKind, IoSliceMut, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use nix::cmsg_space;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg};
use podfence_report::json::LabStatus;

use super::dir::{self, Files};
use super::{Enter, Reply, Request, SessionError};

/// How long a lab may take to answer, and to be gone.
const PATIENCE: Duration = Duration::from_secs(10);

/// The way into a place of a lab.
#[derive(Debug)]
pub struct Way {
    /// What a command there needs to know.
    pub enter: Enter,
    /// The lab's user namespace.
    pub user: OwnedFd,
    /// The network namespace of the place.
    pub network: OwnedFd,
    /// The directory of the lab's socket, for files that live a moment.
    pub dir: std::path::PathBuf,
}

/// How a lab is.
pub fn status(name: &str) -> Result<LabStatus, SessionError> {
    match ask(name, &Request::Status)?.reply {
        Reply::Status(status) => Ok(*status),
        other => Err(unexpected(&other)),
    }
}

/// The way into a place.
pub fn enter(name: &str, place: &str) -> Result<Way, SessionError> {
    let answer = ask(name, &Request::Exec { place: place.to_owned() })?;
    let mut descriptors = answer.descriptors.into_iter();
    match (answer.reply, descriptors.next(), descriptors.next()) {
        (Reply::Enter(enter), Some(user), Some(network)) => {
            let dir = answer.files.socket.parent().unwrap_or(std::path::Path::new("/")).to_owned();
            Ok(Way { enter, user, network, dir })
        }
        (other, ..) => Err(unexpected(&other)),
    }
}

/// Ends a lab, and waits until it is gone.
pub fn down(name: &str) -> Result<(), SessionError> {
    let answer = ask(name, &Request::Down)?;
    let Reply::Ending = answer.reply else { return Err(unexpected(&answer.reply)) };
    let Some(mut lock) = answer.lock else { return Ok(()) };
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        lock = match Flock::lock(lock, FlockArg::LockExclusiveNonblock) {
            Ok(_ended) => return Ok(()),
            Err((held, _)) => held,
        };
        thread::sleep(Duration::from_millis(5));
    }
    Err(SessionError::Answer("it has not ended yet".into()))
}

struct Answer {
    reply: Reply,
    descriptors: Vec<OwnedFd>,
    files: Files,
    /// Held by the lab until it has ended; its file may have no name by then.
    lock: Option<File>,
}

fn ask(name: &str, request: &Request) -> Result<Answer, SessionError> {
    for files in dir::candidates(name)? {
        match UnixStream::connect(&files.socket) {
            Ok(stream) => {
                dir::check(files.socket.parent().unwrap_or(&files.socket))?;
                return talk(&stream, request, files);
            }
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {}
            Err(error) => return Err(SessionError::at(&files.socket)(error)),
        }
    }
    Err(SessionError::NoSuchLab { name: name.to_owned(), running: dir::running() })
}

fn talk(mut stream: &UnixStream, request: &Request, files: Files) -> Result<Answer, SessionError> {
    let wrong = |error: std::io::Error| SessionError::Answer(error.to_string());
    stream.set_read_timeout(Some(PATIENCE)).map_err(wrong)?;
    let lock = File::open(&files.lock).ok();
    let line = serde_json::to_string(request).map_err(|error| wrong(error.into()))? + "\n";
    stream.write_all(line.as_bytes()).map_err(wrong)?;
    let (text, descriptors) = receive(stream).map_err(wrong)?;
    match serde_json::from_str(&text) {
        Ok(Reply::Refused(why)) => Err(SessionError::Refused(why)),
        Ok(reply) => Ok(Answer { reply, descriptors, files, lock }),
        Err(error) => Err(wrong(error.into())),
    }
}

/// Everything until the end of the line, and the descriptors on the way.
fn receive(stream: &UnixStream) -> std::io::Result<(String, Vec<OwnedFd>)> {
    let (mut text, mut descriptors) = (Vec::new(), Vec::new());
    while !text.ends_with(b"\n") {
        let mut buffer = [0; 8192];
        let mut space = cmsg_space!([std::os::fd::RawFd; 2]);
        let mut slices = [IoSliceMut::new(&mut buffer)];
        let message = match recvmsg::<()>(
            stream.as_raw_fd(),
            &mut slices,
            Some(&mut space),
            MsgFlags::MSG_CMSG_CLOEXEC,
        ) {
            Err(Errno::EINTR) => continue,
            other => other?,
        };
        for control in message.cmsgs()? {
            if let ControlMessageOwned::ScmRights(received) = control {
                #[allow(unsafe_code, reason = "descriptors arrive as numbers")]
                // SAFETY: the kernel has just made these descriptors for us, and nobody else knows their numbers.
                descriptors.extend(received.into_iter().map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }));
            }
        }
        let length = message.bytes;
        if length == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        text.extend_from_slice(&buffer[..length]);
    }
    let text = String::from_utf8(text).map_err(std::io::Error::other)?;
    Ok((text, descriptors))
}

fn unexpected(reply: &Reply) -> SessionError {
    SessionError::Answer(format!("{reply:?}"))
}
