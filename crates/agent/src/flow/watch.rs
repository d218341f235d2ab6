//! The threads that read what the kernel logs.

use std::convert::Infallible;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use podfence_netlink::nflog::{Event, Options, Receiver};

use super::fold::Fold;
use super::kind::{Kind, Noted};
use crate::listener::{Ended, Listener, Stopped, keep};
use crate::message::Message;

/// How often it is told again of what goes on.
const EVERY: Duration = Duration::from_secs(10);
/// How often it looks what is due.
const LOOK: Duration = Duration::from_secs(1);
/// Kinds told in one look, at most: each is explained by the engine, which has other things to do.
const TOLD: usize = 200;

/// Which packets a thread hears of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Those that are dropped: each is counted, whether it is told of or not.
    Refusals,
    /// Those that open an admitted connection. They are told of as far as there is room.
    Admissions,
}

/// Reads the packets of a group in the network namespace of the calling thread, in a thread of its own, and tells the loop.
pub(crate) fn watch(heard: Heard, group: u16, to: Sender<Message>) {
    let listener = match heard {
        Heard::Refusals => Listener::Refusals,
        Heard::Admissions => Listener::Admissions,
    };
    keep(listener, to.clone(), move |opened| {
        let receiver = Receiver::bind(group, &Options::default());
        let read = receiver.map_err(|error| Stopped::Failed(error.to_string())).and_then(|receiver| {
            opened()?;
            Reading::new(heard, &to).read(receiver)
        });
        match read {
            Err(stopped) => stopped,
            Ok(never) => match never {},
        }
    });
}

/// What has been read and not been told.
struct Reading<'a> {
    heard: Heard,
    to: &'a Sender<Message>,
    fold: Fold,
    looked: Instant,
    /// Kinds that may still be told before the next look.
    room: usize,
    untold: u64,
}

impl<'a> Reading<'a> {
    fn new(heard: Heard, to: &'a Sender<Message>) -> Self {
        Self { heard, to, fold: Fold::new(EVERY), looked: Instant::now(), room: TOLD, untold: 0 }
    }

    fn read(&mut self, mut receiver: Receiver) -> Result<Infallible, Stopped> {
        loop {
            let event = receiver.receive(LOOK);
            match event.map_err(|error| Stopped::Failed(error.to_string()))? {
                Some(Event::Packet(packet)) => {
                    if let Some(kind) = Kind::read(&packet) {
                        self.note(kind)?;
                    }
                }
                Some(Event::Lost(packets)) => self.untold += u64::from(packets),
                None => {}
            }
            if self.looked.elapsed() >= LOOK {
                self.look()?;
            }
        }
    }

    fn note(&mut self, kind: Kind) -> Result<(), Ended> {
        let Some(noted) = self.fold.note(kind, Instant::now()) else { return Ok(()) };
        if self.room == 0 {
            self.untold += 1;
            return Ok(());
        }
        self.room -= 1;
        self.tell(vec![noted])
    }

    fn look(&mut self) -> Result<(), Ended> {
        (self.looked, self.room) = (Instant::now(), TOLD);
        self.untold += self.fold.take_uncounted();
        let due = self.fold.due(self.looked);
        if due.is_empty() && self.untold == 0 { Ok(()) } else { self.tell(due) }
    }

    fn tell(&mut self, noted: Vec<Noted>) -> Result<(), Ended> {
        let untold = std::mem::take(&mut self.untold);
        let untold = if self.heard == Heard::Refusals { untold } else { 0 };
        self.to.send(Message::Noted(noted, untold)).map_err(|_| Ended)
    }
}
