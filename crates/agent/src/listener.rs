//! Threads that listen to the kernel, and what becomes of one that fails: the loop is told, and it is opened anew.
//!
//! The agent goes on to enforce while one is deaf, but it is not ready: nobody would notice what others do to the tables, or whom
//! they refuse. What a listener hears is its own affair (`guard`, `flow::watch`).

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use crate::message::Message;
use crate::threads::spawn;

/// Between two tries to open a listener.
const AGAIN: Duration = Duration::from_secs(1);

/// What is listened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Listener {
    /// Transactions of others.
    Guard,
    /// Refused packets.
    Refusals,
    /// Connections that are admitted.
    Admissions,
    /// Links and routes of the node.
    Links,
    /// Addresses in the namespaces of pods.
    Addresses,
    /// Flow tables of others.
    FlowTables,
    /// The look at all of these.
    Survey,
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Guard => "what others do to our tables",
            Self::Refusals => "packets that are refused",
            Self::Admissions => "connections that are admitted",
            Self::Links => "links and routes",
            Self::Addresses => "addresses of pods",
            Self::FlowTables => "flow tables",
            Self::Survey => "where pods are",
        })
    }
}

/// The loop has ended, and there is nobody to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended;

/// Why a listener stopped.
pub enum Stopped {
    /// There is nobody to tell any more.
    Ended,
    /// The kernel, or we.
    Failed(String),
}

impl From<Ended> for Stopped {
    fn from(Ended: Ended) -> Self {
        Self::Ended
    }
}

/// Listens in a thread of its own until the loop has ended. `listen` opens what it needs, says so by the first argument, and
/// goes on until it fails; then it is called again.
pub fn keep(
    what: Listener,
    to: Sender<Message>,
    mut listen: impl FnMut(&dyn Fn() -> Result<(), Ended>) -> Stopped + Send + 'static,
) {
    let name = match what {
        Listener::Guard => "guard",
        Listener::Refusals => "refusals",
        Listener::Admissions => "admissions",
        Listener::Links => "links",
        Listener::Addresses => "addresses",
        Listener::FlowTables => "flow tables",
        Listener::Survey => "survey",
    };
    spawn(name, move || {
        let tell = |deaf| to.send(Message::Hearing(what, deaf)).map_err(|_| Ended);
        let opened = || tell(None);
        loop {
            let stopped = catch_unwind(AssertUnwindSafe(|| listen(&opened)));
            let why = match stopped {
                Ok(Stopped::Ended) => return,
                Ok(Stopped::Failed(why)) => why,
                Err(_) => "its thread panicked".to_owned(),
            };
            if tell(Some(why)).is_err() {
                return;
            }
            thread::sleep(AGAIN);
        }
    });
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_listener_that_fails_or_panics_is_told_of_and_opened_anew() {
        let (to, heard) = channel();
        let mut round = 0;
        keep(Listener::Guard, to, move |opened| {
            round += 1;
            assert!(round != 2, "this panic is part of the test");
            match opened() {
                Err(Ended) => Stopped::Ended,
                Ok(()) => Stopped::Failed(format!("round {round}")),
            }
        });
        let told = heard.iter().take(5).map(|message| match message {
            Message::Hearing(Listener::Guard, deaf) => deaf,
            other => panic!("{other:?}"),
        });
        let told: Vec<Option<String>> = told.collect();
        let told: Vec<Option<&str>> = told.iter().map(Option::as_deref).collect();
        assert_eq!(told, [None, Some("round 1"), Some("its thread panicked"), None, Some("round 3")]);
    }
}
