//! The thread that reads what the kernel logs.

use std::convert::Infallible;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use podfence_netlink::nflog::{Event, Options, Receiver};

use super::fold::Fold;
use super::refused::{Noted, Refused};
use crate::listener::{Ended, Listener, Stopped, keep};
use crate::message::Message;

/// How often it is told again of what goes on.
const EVERY: Duration = Duration::from_secs(10);
/// How often it looks what is due.
const LOOK: Duration = Duration::from_secs(1);
/// Kinds told in one look, at most: each is explained by the engine, which has other things to do.
const TOLD: usize = 200;

/// Reads the packets of a group in the network namespace of the calling thread, in a thread of its own, and tells the loop.
pub(crate) fn watch(group: u16, to: Sender<Message>) {
    keep(Listener::Refusals, to.clone(), move |opened| {
        let receiver = Receiver::bind(group, &Options::default());
        let read = receiver.map_err(|error| Stopped::Failed(error.to_string())).and_then(|receiver| {
            opened()?;
            read(receiver, &to)
        });
        match read {
            Err(stopped) => stopped,
            Ok(never) => match never {},
        }
    });
}

fn read(mut receiver: Receiver, to: &Sender<Message>) -> Result<Infallible, Stopped> {
    let mut fold = Fold::new(EVERY);
    let (mut look, mut room, mut untold) = (Instant::now(), TOLD, 0);
    loop {
        let event = receiver.receive(LOOK);
        match event.map_err(|error| Stopped::Failed(error.to_string()))? {
            Some(Event::Packet(packet)) => {
                let noted = Refused::read(&packet).and_then(|refused| fold.note(refused, Instant::now()));
                untold += u64::from(noted.is_some() && room == 0);
                if let Some(noted) = noted.filter(|_| room > 0) {
                    room -= 1;
                    tell(to, vec![noted], 0)?;
                }
            }
            Some(Event::Lost(packets)) => untold += u64::from(packets),
            None => {}
        }
        if look.elapsed() >= LOOK {
            (look, room) = (Instant::now(), TOLD);
            untold += fold.take_uncounted();
            let due = fold.due(look);
            if !due.is_empty() || untold > 0 {
                tell(to, due, std::mem::take(&mut untold))?;
            }
        }
    }
}

fn tell(to: &Sender<Message>, noted: Vec<Noted>, untold: u64) -> Result<(), Ended> {
    to.send(Message::Refused(noted, untold)).map_err(|_| Ended)
}
