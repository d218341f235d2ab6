//! A cluster's API server, followed.

use std::ops::ControlFlow;
use std::sync::mpsc::Sender;

use podfence_cluster::{Endpoint, Event, Follower, Told, Wishes};

use crate::message::{Message, Reply};
use crate::threads::spawn;

/// The loop's end of an API server.
#[derive(Debug, Clone)]
pub struct Api {
    wishes: Wishes,
    to: Sender<Message>,
}

impl Api {
    /// Follows a server. The first world is told when all that is followed has been listed.
    pub fn follow(endpoint: Endpoint, to: Sender<Message>) -> Self {
        let (follower, wishes) = Follower::new(endpoint);
        let api = Self { wishes, to: to.clone() };
        spawn("api", move || {
            let told = follower.run(|event| match to.send(message(event)) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()), // the loop has ended
            });
            if let Err(error) = told {
                let _ = to.send(Message::Unreadable(error.to_string()));
            }
        });
        api
    }

    /// Asks for what the server has now; the answer comes when it is enforced, or says why it cannot be read.
    pub fn sync(&self, reply: Reply<Result<(), String>>) {
        let to = self.to.clone();
        self.wishes.sync(Box::new(move |read| match read {
            Ok(()) => drop(to.send(Message::Mark(reply))),
            Err(error) => reply.give(Err(error)),
        }));
    }
}

fn message(event: Event) -> Message {
    match event {
        Event::World(world) => Message::World(world),
        Event::Changes(told) => {
            let written = told.iter().filter_map(|told| told.written).collect();
            Message::Changes(told.into_iter().map(|Told { change, .. }| change).collect(), written)
        }
        Event::Unclear(unclear) => Message::Unclear(unclear),
        Event::Troubles(troubles) if troubles.is_empty() => Message::Readable,
        Event::Troubles(troubles) => Message::Unreadable(troubles.join("; ")),
    }
}
