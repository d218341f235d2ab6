//! The thread that reads what the kernel logs.

use std::sync::mpsc::Sender;
use std::thread;
use std::time::{Duration, Instant};

use podfence_netlink::Error;
use podfence_netlink::nflog::{Event, Options, Receiver};

use super::fold::Fold;
use super::refused::{Noted, Refused};
use crate::message::Message;

/// How often it is told again of what goes on.
const EVERY: Duration = Duration::from_secs(10);
/// How often it looks what is due.
const LOOK: Duration = Duration::from_secs(1);
/// Kinds told in one look, at most: each is explained by the engine, which has other things to do.
const TOLD: usize = 200;

/// Reads the packets of a group in the network namespace of the calling thread, in a thread of its own, and tells the loop.
pub(crate) fn watch(group: u16, to: Sender<Message>) -> Result<(), Error> {
    let receiver = Receiver::bind(group, &Options::default())?;
    thread::spawn(move || {
        if let Err(error) = read(receiver, &to) {
            tracing::error!(%error, "refused packets cannot be read any more; they are refused all the same");
        }
    });
    Ok(())
}

fn read(mut receiver: Receiver, to: &Sender<Message>) -> Result<(), Error> {
    let mut fold = Fold::new(EVERY);
    let (mut look, mut room, mut untold) = (Instant::now(), TOLD, 0);
    loop {
        match receiver.receive(LOOK)? {
            Some(Event::Packet(packet)) => {
                let noted = Refused::read(&packet).and_then(|refused| fold.note(refused, Instant::now()));
                untold += u64::from(noted.is_some() && room == 0);
                if let Some(noted) = noted.filter(|_| room > 0) {
                    room -= 1;
                    if tell(to, vec![noted], 0).is_err() {
                        return Ok(());
                    }
                }
            }
            Some(Event::Lost(packets)) => untold += u64::from(packets),
            None => {}
        }
        if look.elapsed() >= LOOK {
            (look, room) = (Instant::now(), TOLD);
            untold += fold.take_uncounted();
            let due = fold.due(look);
            if (!due.is_empty() || untold > 0) && tell(to, due, std::mem::take(&mut untold)).is_err() {
                return Ok(());
            }
        }
    }
}

/// An error when the loop has ended.
fn tell(to: &Sender<Message>, noted: Vec<Noted>, untold: u64) -> Result<(), ()> {
    to.send(Message::Refused(noted, untold)).map_err(drop)
}
