//! The connection to one API server, which is made anew when it may have other addresses, tokens or certificates.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use kube::Client;

use crate::access::{AccessError, Endpoint};

/// Between two looks at the configuration.
const AGAIN: Duration = Duration::from_secs(30);

/// A client, and how to get another. Belongs to one thread, and to the runtime that runs on it.
pub struct Link {
    endpoint: Endpoint,
    client: RefCell<Client>,
    made: Cell<Instant>,
}

impl Link {
    /// A link to an endpoint. Nothing is sent yet.
    ///
    /// # Errors
    /// When no client can be made of the configuration.
    pub fn new(endpoint: Endpoint) -> Result<Self, AccessError> {
        let client = RefCell::new(endpoint.client()?);
        Ok(Self { endpoint, client, made: Cell::new(Instant::now()) })
    }

    /// The client of now.
    pub fn client(&self) -> Client {
        self.client.borrow().clone()
    }

    /// The server cannot be reached, or does not know us: perhaps it is the configuration that is old. What cannot be read
    /// changes nothing.
    pub fn doubt(&self) {
        if self.made.get().elapsed() < AGAIN {
            return;
        }
        self.made.set(Instant::now());
        match self.endpoint.again().and_then(|endpoint| endpoint.client()) {
            Ok(client) => drop(self.client.replace(client)),
            Err(error) => tracing::warn!(%error, "the configuration of the API server cannot be read again"),
        }
    }
}
