//! Noticing that somebody else has written to our tables.

use podfence_netlink::nft::{Changes, Heard, Name};

use crate::error::DataplaneError;

/// What somebody else did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touch {
    /// Something of ours was changed.
    Changed,
    /// So much was changed, ours or not, that the kernel's messages were lost: our tables may be among it.
    Unknown,
}

/// Hears of what others do to our tables. See [`crate::Dataplane::touches`].
#[derive(Debug)]
pub struct Touches {
    changes: Changes,
    table: Name,
}

impl Touches {
    pub(crate) fn open(own: u32, table: &Name) -> Result<Self, DataplaneError> {
        Ok(Self { changes: Changes::open(own)?, table: table.clone() })
    }

    /// Waits until somebody else has written to our tables.
    pub fn wait(&mut self) -> Result<Touch, DataplaneError> {
        Ok(match self.changes.wait(&self.table)? {
            Heard::Changed => Touch::Changed,
            Heard::Lost => Touch::Unknown,
        })
    }
}
