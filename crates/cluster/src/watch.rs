//! The watch of one kind, for as long as anybody listens: lists, follows, and begins again whatever happens.
//!
//! A server that can is asked for a streaming list (KEP-3157): a watch that begins with all objects, read one by one, and whose end of
//! list is a bookmark. One that does not understand that, or never ends the list, is asked for pages and then for a watch. A watch
//! that ends goes on from where it was, unless the server says that this is too long ago (410). But after a server was away or silent
//! everything is listed again: it may have come back with another past (a database restored from a copy), in which our version means
//! something else, or is still to come, and a watch from there would tell nothing without a word. Start with [`Watch::keep`].

use std::time::Duration;

use futures::{AsyncBufRead, AsyncBufReadExt};
use kube::core::Request;
use kube::core::params::{ListParams, WatchParams};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use crate::backoff::Backoff;
use crate::failure::Failure;
use crate::fold::Step;
use crate::kind::Kind;
use crate::line::{Line, Page};
use crate::link::Link;
use crate::sighting::Sighting;

/// How long to wait for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patience {
    /// For the next line of a watch. Servers send a bookmark about once a minute, so that silence means that nobody is there.
    pub silence: Duration,
    /// For the next line, or page, of a list.
    pub list: Duration,
    /// A watch is ended by the server after this time, and begun again.
    pub watch: Duration,
    /// Between two tries, at first and at last.
    pub tries: (Duration, Duration),
    /// Objects of a page.
    pub page: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            silence: Duration::from_secs(150),
            list: Duration::from_mins(1),
            watch: Duration::from_secs(290),
            tries: (Duration::from_millis(200), Duration::from_secs(30)),
            page: 500,
        }
    }
}

/// A watch that ends at once, and brings nothing, is as good as none.
const SHORT: Duration = Duration::from_secs(1);

/// Why a watch ended that did not fail.
enum Ended {
    /// The server has ended it, as agreed.
    ByServer,
    /// Somebody wishes everything to be read again.
    ByWish,
}

/// One kind of one server.
pub struct Watch<'l> {
    kind: Kind,
    link: &'l Link,
    patience: &'l Patience,
    tell: &'l dyn Fn(Step),
    /// The number of the last wish, and that of the last list.
    wishes: tokio::sync::watch::Receiver<u64>,
    listing: u64,
    /// Ends a pause.
    hurry: &'l Notify,
    /// What to go on from; nothing while everything has to be listed.
    version: Option<String>,
    /// Whether the server is asked for streaming lists.
    streams: bool,
    backoff: Backoff,
    /// The last pause.
    paused: Duration,
}

impl<'l> Watch<'l> {
    /// A watch that has not begun.
    pub fn new(
        kind: Kind,
        (link, patience): (&'l Link, &'l Patience),
        (wishes, hurry): (tokio::sync::watch::Receiver<u64>, &'l Notify),
        tell: &'l dyn Fn(Step),
    ) -> Self {
        let backoff = Backoff::new(patience.tries.0, patience.tries.1);
        Self {
            kind,
            link,
            patience,
            tell,
            wishes,
            listing: 0,
            hurry,
            version: None,
            streams: true,
            backoff,
            paused: Duration::ZERO,
        }
    }

    /// Watches without end.
    pub async fn keep(mut self) {
        loop {
            let begun = Instant::now();
            let ended = self.round().await;
            if begun.elapsed() > self.paused {
                self.backoff.reset();
            }
            match ended {
                Ok(Ended::ByWish) => self.version = None,
                Ok(Ended::ByServer) if begun.elapsed() >= SHORT => {}
                Ok(Ended::ByServer) => self.pause().await,
                Err(failure) => self.recover(failure).await,
            }
        }
    }

    /// Lists if need be, and watches until that ends.
    async fn round(&mut self) -> Result<Ended, Failure> {
        if self.version.is_none() {
            self.listing = *self.wishes.borrow_and_update();
            (self.tell)(Step::Begin);
            if !self.streams {
                let version = self.list().await?;
                self.complete(version);
            }
        } else if self.is_behind().await? {
            return Err(Failure::Expired);
        }
        self.watch().await
    }

    /// Whether the server has not come as far as we are. Versions can be compared as numbers (KEP-5504).
    async fn is_behind(&self) -> Result<bool, Failure> {
        let page = self.page(&ListParams { limit: Some(1), ..ListParams::default() }).await?;
        let number = |version: &str| version.parse::<u64>().ok();
        let (theirs, ours) = (number(&page.version), self.version.as_deref().and_then(number));
        Ok(theirs.zip(ours).is_some_and(|(theirs, ours)| theirs < ours))
    }

    fn complete(&mut self, version: String) {
        self.version = Some(version);
        (self.tell)(Step::Complete(self.listing));
    }

    async fn recover(&mut self, failure: Failure) {
        let in_stream = self.streams && self.version.is_none();
        if in_stream && matches!(failure, Failure::NotUnderstood(_) | Failure::Silent) {
            tracing::info!(kind = self.kind.of.1, "the server has no streaming lists; pages are read");
            self.streams = false;
            return;
        }
        match &failure {
            Failure::Forbidden(_) | Failure::Refused(_) => {}
            Failure::Expired | Failure::NotUnderstood(_) | Failure::Garbled(_) | Failure::Silent => {
                self.version = None;
            }
            Failure::Away(_) | Failure::Unknown(_) => {
                self.version = None;
                self.streams = true; // it may come back as another
                self.link.doubt();
            }
        }
        if failure != Failure::Expired {
            (self.tell)(Step::Failed(failure, *self.wishes.borrow()));
        }
        self.pause().await;
    }

    /// Waits before the next try, or for a wish.
    async fn pause(&mut self) {
        self.paused = self.backoff.wait();
        tokio::select! {
            () = sleep(self.paused) => {}
            () = self.hurry.notified() => {}
            () = wished(&mut self.wishes, self.listing) => self.version = None,
        }
    }

    /// Reads all pages of a list; its version is returned.
    async fn list(&self) -> Result<String, Failure> {
        let mut asked = ListParams { limit: Some(self.patience.page), ..ListParams::default() };
        loop {
            let page = self.page(&asked).await?;
            for item in page.items {
                (self.tell)(Step::Seen(
                    Sighting::new(item).map_err(|why| Failure::Garbled(why.to_string()))?,
                ));
            }
            match page.next {
                Some(next) => asked.continue_token = Some(next),
                None => return Ok(page.version),
            }
        }
    }

    async fn page(&self, asked: &ListParams) -> Result<Page, Failure> {
        let request = Request::new(self.kind.path()).list(asked).map_err(impossible)?;
        let text = async { Ok(self.link.client().request_text(request).await?) };
        let text = timeout(self.patience.list, text).await.unwrap_or(Err(Failure::Silent))?;
        Page::of(text.as_bytes(), self.kind.page)
    }

    async fn watch(&mut self) -> Result<Ended, Failure> {
        let request = self.asked().map_err(impossible)?;
        let patience = if self.version.is_none() { self.patience.list } else { self.patience.silence };
        let opened = async { Ok(self.link.client().request_stream(request).await?) };
        let lines = timeout(patience, opened).await.unwrap_or(Err(Failure::Silent))?;
        if self.version.is_some() {
            (self.tell)(Step::Well);
        }
        self.follow(std::pin::pin!(lines)).await
    }

    /// The request of a watch, from a version on or with all objects first.
    fn asked(&self) -> Result<http::Request<Vec<u8>>, kube::core::request::Error> {
        let lasts = u32::try_from(self.patience.watch.as_secs()).unwrap_or(u32::MAX).clamp(1, 294);
        let asked = WatchParams { timeout: Some(lasts), ..WatchParams::default() };
        let asked = if self.version.is_none() { asked.initial_events() } else { asked };
        let mut request =
            Request::new(self.kind.path()).watch(&asked, self.version.as_deref().unwrap_or_default())?;
        // Compressed watches are one stream of gzip for each line, which clients do not read.
        request
            .headers_mut()
            .insert(http::header::ACCEPT_ENCODING, http::HeaderValue::from_static("identity"));
        Ok(request)
    }

    async fn follow(&mut self, mut lines: impl AsyncBufRead + Unpin) -> Result<Ended, Failure> {
        let mut text = Vec::new();
        loop {
            let patience = if self.version.is_none() { self.patience.list } else { self.patience.silence };
            text.clear();
            let read = tokio::select! {
                read = timeout(patience, lines.read_until(b'\n', &mut text)) => read,
                () = wished(&mut self.wishes, self.listing) => return Ok(Ended::ByWish),
            };
            match read {
                Err(_) => return Err(Failure::Silent),
                Ok(Ok(_)) if text.ends_with(b"\n") => self.take(Line::read(&text, &self.kind)?)?,
                Ok(broken) => return self.broken_off(broken.err()),
            }
        }
    }

    /// The connection was closed. In the middle of a list that is no good end.
    fn broken_off(&self, error: Option<std::io::Error>) -> Result<Ended, Failure> {
        let why = || error.map_or_else(|| "closed".to_owned(), |error| error.to_string());
        match self.version {
            Some(_) => Ok(Ended::ByServer),
            None => {
                Err(Failure::Away(format!("the connection broke off in the middle of a list: {}", why())))
            }
        }
    }
}

impl Watch<'_> {
    fn take(&mut self, line: Line) -> Result<(), Failure> {
        match line {
            Line::Seen(sighting) => {
                self.pass(&sighting.version);
                (self.tell)(Step::Seen(sighting));
            }
            Line::Gone(Sighting { id, version, .. }) => {
                self.pass(&version);
                (self.tell)(Step::Gone(id));
            }
            Line::Bookmark { version, ends_list: true } if self.version.is_none() => self.complete(version),
            Line::Bookmark { version, .. } => self.pass(&version),
            Line::Failed(failure) => return Err(failure),
        }
        Ok(())
    }

    /// Goes on from here when the watch breaks; in a list there is nothing to go on from.
    fn pass(&mut self, version: &str) {
        if let Some(passed) = &mut self.version {
            version.clone_into(passed);
        }
    }
}

/// Waits until there is a wish that is younger than a list.
async fn wished(wishes: &mut tokio::sync::watch::Receiver<u64>, listing: u64) {
    if wishes.wait_for(|wish| *wish > listing).await.is_err() {
        std::future::pending::<()>().await; // nobody is left to wish anything
    }
}

/// A request that cannot be written down.
#[expect(clippy::needless_pass_by_value, reason = "an error that is turned into another is used up")]
fn impossible(error: kube::core::request::Error) -> Failure {
    Failure::Refused(error.to_string())
}
