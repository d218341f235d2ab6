//! Answering on the local socket: a thread for each conversation, which are few.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;

use nix::sys::socket::getsockopt;
use nix::sys::socket::sockopt::PeerCredentials;
use nix::unistd::geteuid;
use podfence_model::NamespacedName;

use super::profile::profile;
use super::{Answer, Request};
use crate::about::Question;
use crate::behind::Written;
use crate::links::Attachment;
use crate::log::LogControl;
use crate::message::{Message, Reply};
use crate::place::bind_over;
use crate::source::Source;
use crate::threads::spawn;

/// Listens at `path`, in place of whoever listened there before.
pub fn serve(path: &Path, house: House) -> io::Result<()> {
    let listener = bind_over(path, 0o600)?;
    spawn("local", move || {
        for stream in listener.incoming().flatten() {
            let house = house.clone();
            spawn("conversation", move || house.converse(stream));
        }
    });
    Ok(())
}

/// So long who plugs a pod in waits until its link is kept for the next agent, too. It is enforced in any case.
const UNTIL_KEPT: Duration = Duration::from_secs(1);

/// Who knows the answers.
#[derive(Debug, Clone)]
pub struct House {
    /// Where objects come from.
    pub source: Source,
    /// The loop.
    pub to: Sender<Message>,
    /// What changes how much is logged.
    pub log: LogControl,
    /// How far links are kept for the next agent.
    pub links: Written,
}

impl House {
    fn converse(&self, stream: UnixStream) -> io::Result<()> {
        let mut write = stream.try_clone()?;
        let owner = is_owner(&stream)?;
        for line in BufReader::new(stream).lines() {
            let answer = match serde_json::from_str(&line?) {
                Ok(Request::Flows { follow }) => tell_flows(&mut write, follow, &self.to)?,
                Ok(request) if request.changes_something() && !owner => not_yours(),
                Ok(request) => self.answer(request),
                Err(error) => Answer::Error { error: format!("not understood: {error}") },
            };
            say(&mut write, &answer)?;
        }
        Ok(())
    }

    fn answer(&self, request: Request) -> Answer {
        let Self { source, to, log, links } = self;
        match request {
            Request::Status => told(&self.ask(Message::Status), |status| Answer::Status(Box::new(status))),
            Request::Flows { .. } => Answer::Done, // told by whoever holds the stream
            Request::LogLevel { level } => match level.parse().and_then(|level| log.set(level)) {
                Ok(()) => Answer::Done,
                Err(error) => Answer::Error { error },
            },
            Request::Dump => told(&self.ask(Message::Dump), |dump| Answer::Dump(Box::new(dump))),
            Request::Policy { namespace, name } => self.about_policy(NamespacedName { namespace, name }),
            Request::Pod { namespace, name } => self.about_pod(NamespacedName { namespace, name }),
            Request::Compare(question) => self.compare(question),
            Request::Profile { seconds } => match profile(seconds) {
                Ok(profile) => Answer::Profile(profile),
                Err(error) => Answer::Error { error: error.to_string() },
            },
            Request::Sync => {
                let (reply, answer) = Reply::new();
                source.sync(reply);
                done(&answer)
            }
            Request::Unplug { namespace, pod, container, network } => {
                let pod = NamespacedName { namespace, name: pod };
                let _ = to.send(Message::Unplug(pod, Attachment { container, network }));
                Answer::Done
            }
            Request::Retain { containers, network } => {
                let _ = to.send(Message::Retain(containers.into_iter().collect(), network));
                Answer::Done
            }
            plug @ Request::Plug { .. } => {
                let (reply, answer) = Reply::new();
                if let Some(plugged) = plug.plugged() {
                    let _ = to.send(Message::Plug(plugged, reply));
                }
                let done = done(&answer);
                links.wait(UNTIL_KEPT);
                done
            }
        }
    }
}

impl House {
    fn about_policy(&self, name: NamespacedName) -> Answer {
        said(&self.ask(|reply| Message::Policy(name, reply)), |policy| Answer::Policy(Box::new(policy)))
    }

    fn about_pod(&self, name: NamespacedName) -> Answer {
        said(&self.ask(|reply| Message::Pod(name, reply)), |pod| Answer::Pod(Box::new(pod)))
    }

    fn compare(&self, question: Question) -> Answer {
        let answer = self.ask(|reply| Message::Compare(question, reply));
        said(&answer, |compared| Answer::Compared(Box::new(compared)))
    }

    /// Asks the loop, whose answer comes when it comes.
    fn ask<T>(&self, question: impl FnOnce(Reply<T>) -> Message) -> Receiver<T> {
        let (reply, answer) = Reply::new();
        let _ = self.to.send(question(reply));
        answer
    }
}

/// Whether the other end is root or whoever runs the agent. Others can ask, where somebody has given them the socket.
fn is_owner(stream: &UnixStream) -> io::Result<bool> {
    let user = getsockopt(stream, PeerCredentials)?.uid();
    Ok(user == 0 || user == geteuid().as_raw())
}

fn not_yours() -> Answer {
    Answer::Error { error: "only root and whoever runs the agent may change something".into() }
}

fn say(write: &mut UnixStream, answer: &Answer) -> io::Result<()> {
    let mut text = serde_json::to_vec(answer)?;
    text.push(b'\n');
    write.write_all(&text)
}

/// Tells of flows, and returns what is to be said behind them. Who follows is told until they hang up.
fn tell_flows(write: &mut UnixStream, follow: bool, to: &Sender<Message>) -> io::Result<Answer> {
    let (reply, answer) = Reply::new();
    let _ = to.send(Message::Flows(follow, reply));
    let Ok((kept, coming)) = answer.recv() else { return Ok(stopping()) };
    for record in kept.into_iter().chain(coming.into_iter().flatten()) {
        say(write, &Answer::Flow(Box::new(record)))?;
    }
    Ok(if follow { stopping() } else { Answer::Done })
}

fn told<T>(answer: &Receiver<T>, say: impl FnOnce(T) -> Answer) -> Answer {
    answer.recv().map_or_else(|_| stopping(), say)
}

fn done(answer: &Receiver<Result<(), String>>) -> Answer {
    said(answer, |()| Answer::Done)
}

fn said<T>(answer: &Receiver<Result<T, String>>, say: impl FnOnce(T) -> Answer) -> Answer {
    match answer.recv() {
        Ok(Ok(found)) => say(found),
        Ok(Err(error)) => Answer::Error { error },
        Err(_) => stopping(),
    }
}

/// The loop has gone before it answered.
fn stopping() -> Answer {
    Answer::Error { error: "the agent is stopping".into() }
}
