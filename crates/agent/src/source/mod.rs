//! Where the agent's objects come from: threads that tell the loop of changes, and never decide what they mean.

mod api;
mod dir;
mod watch;

use std::ffi::OsString;
use std::sync::mpsc::{Receiver, Sender, channel};

pub use self::api::Api;
pub use self::dir::Directory;
pub use self::watch::Watch;
use crate::message::{Message, Reply};
use crate::threads::spawn;

/// What a source of files is asked.
#[derive(Debug)]
pub enum Wish {
    /// The files have changed.
    Look,
    /// Read again now, and answer when what was read is enforced.
    Sync(Reply<Result<(), String>>),
}

/// The loop's end of a source.
#[derive(Debug, Clone)]
pub enum Source {
    /// Files and directories.
    Files(Sender<Wish>),
    /// An API server.
    Api(Api),
}

impl Source {
    /// Asks for what there is now; the answer comes when it is enforced, or says why it cannot be read.
    pub fn sync(&self, reply: Reply<Result<(), String>>) {
        match self {
            Self::Files(wishes) => drop(wishes.send(Wish::Sync(reply))), // a source that has ended drops the reply, and who waits is told
            Self::Api(api) => api.sync(reply),
        }
    }

    /// Follows manifests at these paths. The first world is told as soon as it can be read.
    pub fn directory(paths: Vec<OsString>, to: Sender<Message>) -> Self {
        let (wishes, asked) = channel();
        let (looks, inputs) = (wishes.clone(), paths.clone());
        let mut watch = Watch::new(move || inputs.iter().map(Into::into).collect());
        spawn("files", move || {
            while looks.send(Wish::Look).is_ok() {
                watch.wait();
            }
        });
        spawn("source", move || follow(&Directory::new(&paths), &asked, &to));
        Self::Files(wishes)
    }
}

/// Reads a directory whenever somebody wishes it; ends when the loop has.
fn follow(directory: &Directory, asked: &Receiver<Wish>, to: &Sender<Message>) {
    while let Ok(wish) = asked.recv() {
        let (message, read) = match directory.read() {
            Err(refused) => (Message::Unreadable(refused.to_string()), Err(refused.to_string())),
            Ok((world, twice)) => {
                let _ = to.send(Message::StatedTwice(twice)); // an error: the next one fails, too
                (Message::World(Box::new(world)), Ok(()))
            }
        };
        let sent = to.send(message);
        let answered = match (wish, read) {
            (Wish::Look, _) => Ok(()),
            (Wish::Sync(reply), Ok(())) => to.send(Message::Mark(reply)),
            (Wish::Sync(reply), Err(error)) => {
                reply.give(Err(error));
                Ok(())
            }
        };
        if sent.is_err() || answered.is_err() {
            return;
        }
    }
}
