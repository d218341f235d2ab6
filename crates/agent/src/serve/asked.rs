//! Asking the loop, for everybody who wants to know at about the same time.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use crate::message::{Message, Reply};
use crate::metrics::Sample;

/// An answer is good for so long.
const FRESH: Duration = Duration::from_millis(200);
/// A loop that does not answer by then is stuck: loading a cluster of 100,000 pods takes it about a second.
const PATIENCE: Duration = Duration::from_secs(10);

/// The last answer, and whom to ask for the next.
#[derive(Debug)]
pub(super) struct Asked {
    to: Sender<Message>,
    last: Mutex<Option<(Instant, Arc<Sample>)>>,
}

impl Asked {
    pub(super) fn new(to: Sender<Message>) -> Self {
        Self { to, last: Mutex::new(None) }
    }

    /// How things stand now, or did a moment ago. `None` when the loop does not answer.
    pub(super) async fn sample(&self) -> Option<Arc<Sample>> {
        let mut last = self.last.lock().await; // whoever else asks waits for the same answer
        if let Some((_, sample)) = last.as_ref().filter(|(when, _)| when.elapsed() < FRESH) {
            return Some(Arc::clone(sample));
        }
        let (reply, answer) = Reply::new();
        self.to.send(Message::Sample(reply)).ok()?;
        let answer = spawn_blocking(move || answer.recv_timeout(PATIENCE)).await;
        let sample = Arc::new(answer.ok()?.ok()?);
        *last = Some((Instant::now(), Arc::clone(&sample)));
        Some(sample)
    }
}
