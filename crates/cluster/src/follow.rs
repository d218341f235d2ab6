//! Following a server: the watches of all kinds, folded, for whoever listens.

use std::cell::RefCell;
use std::io;
use std::ops::ControlFlow;

use futures::future::join_all;
use tokio::runtime::Builder;
use tokio::sync::{Notify, mpsc, watch};

use crate::access::{AccessError, Endpoint};
use crate::fold::{Event, Fold, Step};
use crate::kind::FOLLOWED;
use crate::link::Link;
use crate::watch::{Patience, Watch};

/// Who is told when everything that the server had when it was asked has been told, or why that cannot be said.
pub type Answer = Box<dyn FnOnce(Result<(), String>) + Send>;

/// Follows one server.
#[derive(Debug)]
pub struct Follower {
    endpoint: Endpoint,
    patience: Patience,
    asked: mpsc::UnboundedReceiver<Wish>,
}

struct Wish(Answer);

impl std::fmt::Debug for Wish {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Wish")
    }
}

/// The end of a follower at which everything can be asked for again.
#[derive(Debug, Clone)]
pub struct Wishes(mpsc::UnboundedSender<Wish>);

impl Wishes {
    /// Answers when everything that the server has now has been told.
    ///
    /// Everything is listed again for that: a watch may be behind, and nothing that it says tells how far, since its bookmarks come
    /// once a minute only. A wish drops the answer where nobody follows any more.
    pub fn sync(&self, answer: Answer) {
        let _ = self.0.send(Wish(answer));
    }
}

/// Following cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The configuration.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The system has no room for it.
    #[error("cannot wait for an API server: {0}")]
    Runtime(#[from] io::Error),
}

impl Follower {
    /// A follower of a server that has not begun, and where to wish something of it.
    pub fn new(endpoint: Endpoint) -> (Self, Wishes) {
        let (wishes, asked) = mpsc::unbounded_channel();
        (Self { endpoint, patience: Patience::default(), asked }, Wishes(wishes))
    }

    /// Waits so long for the server, and no longer.
    #[must_use]
    pub fn patient(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// Follows on the calling thread until `tell` breaks it off. The server may come and go; that ends nothing.
    ///
    /// # Errors
    /// When it cannot even begin.
    pub fn run(self, tell: impl FnMut(Event) -> ControlFlow<()>) -> Result<(), FollowError> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.follow(tell))
    }

    async fn follow(self, tell: impl FnMut(Event) -> ControlFlow<()>) -> Result<(), FollowError> {
        let Self { endpoint, patience, asked } = self;
        let link = Link::new(endpoint)?;
        let (wished, wishes) = watch::channel(0);
        let desk = Desk::new(tell);
        let tells: Vec<_> = (0..FOLLOWED.len())
            .map(|kind| {
                let desk = &desk;
                move |step| desk.take(kind, step)
            })
            .collect();
        let keep = FOLLOWED.iter().zip(&tells).map(|(kind, tell)| {
            Watch::new(*kind, (&link, &patience), (wishes.clone(), &desk.hurry), tell).keep()
        });
        tokio::select! {
            _ = join_all(keep) => {}
            () = desk.hear(asked, &wished) => {}
            () = desk.over.notified() => {}
        }
        Ok(())
    }
}

/// Where all watches tell what they have seen, and all wishes wait.
struct Desk<T> {
    inner: RefCell<Inner<T>>,
    /// Nobody listens any more.
    over: Notify,
    /// The server is back: who waits to try again need not wait.
    hurry: Notify,
}

struct Inner<T> {
    fold: Fold,
    tell: T,
    /// Who waits for the lists that are younger than the wish of this number.
    waiting: Vec<(u64, Answer)>,
}

impl<T: FnMut(Event) -> ControlFlow<()>> Desk<T> {
    fn new(tell: T) -> Self {
        let inner = Inner { fold: Fold::new(&FOLLOWED), tell, waiting: Vec::new() };
        Self { inner: RefCell::new(inner), over: Notify::new(), hurry: Notify::new() }
    }

    fn take(&self, kind: usize, step: Step) {
        let Inner { fold, tell, waiting } = &mut *self.inner.borrow_mut();
        let failed = match &step {
            Step::Failed(failure, wish) => Some((failure.told(&FOLLOWED[kind]), *wish)),
            _ => None,
        };
        fold.take(kind, step, &mut |event| {
            if tell(event).is_break() {
                self.over.notify_one();
            }
        });
        if fold.hurries() {
            self.hurry.notify_waiters();
        }
        let granted = fold.granted();
        for (_, answer) in waiting.extract_if(.., |(wish, _)| *wish <= granted) {
            answer(Ok(()));
        }
        let Some((why, heard)) = failed else { return };
        for (_, answer) in waiting.extract_if(.., |(wish, _)| *wish <= heard) {
            answer(Err(why.clone()));
        }
    }

    /// Passes wishes on to the watches, each with its number. Never ends: without wishes there is still somebody to tell.
    async fn hear(&self, mut asked: mpsc::UnboundedReceiver<Wish>, wished: &watch::Sender<u64>) {
        while let Some(Wish(answer)) = asked.recv().await {
            let number = *wished.borrow() + 1;
            self.inner.borrow_mut().waiting.push((number, answer));
            wished.send_replace(number);
        }
        std::future::pending::<()>().await;
    }
}
