//! Sending a batch, and what the kernel says about it.
//!
//! The kernel runs the transaction inside `send`, collects the errors of all messages and queues them together, the acknowledgement
//! of the last message behind them (`nfnetlink_rcv_batch`). An error of the commit itself comes first and carries the number of the
//! batch's begin message.

use std::fmt;
use std::io::IoSlice;

use nix::libc;

use super::batch::Batch;
use super::batch_error::BatchError;
use super::operation::Operation;
use crate::error::{Error, Refusal};
use crate::message::{self, Head, Meaning, Message};
use crate::socket::{Received, Socket};

/// The begin and end messages around a batch.
pub(crate) const FRAME_BYTES: usize = 40;
/// The sequence number of the begin message.
const BEGIN: u32 = 0;

/// Why a transaction was not made. Unless it says otherwise the kernel's tables are as before.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// The batch does not fit into one send, and a transaction is one send.
    #[error("the transaction has {bytes} bytes, this socket sends at most {limit}; nothing was sent")]
    TooLarge {
        /// Bytes of the batch.
        bytes: usize,
        /// Bytes that the socket takes.
        limit: usize,
    },
    /// The kernel refused operations.
    #[error("{}; nothing was committed", Failures(.0))]
    Refused(Vec<OperationFailure>),
    /// Each operation was fine, but the transaction as a whole was refused.
    #[error("the transaction was refused: {0}; nothing was committed")]
    Transaction(Refusal),
    /// The kernel's answer was lost. What was committed is unknown: read it back.
    #[error("the kernel's answer to the transaction was lost; whether it was committed is unknown")]
    Unknown,
    /// The socket failed. What was committed is unknown if it failed while receiving.
    #[error(transparent)]
    Socket(#[from] Error),
    /// An element could not be put into a batch (only from [`super::Nftables::preload`]).
    #[error(transparent)]
    Batch(#[from] BatchError),
}

/// An operation that the kernel refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationFailure {
    /// Its place in [`Batch::operations`], counted from 0.
    pub index: usize,
    /// What it was to do.
    pub operation: Operation,
    /// The kernel's answer.
    pub refusal: Refusal,
}

impl fmt::Display for OperationFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "operation {}, {}: {}", self.index + 1, self.operation, self.refusal)
    }
}

struct Failures<'a>(&'a [OperationFailure]);

impl fmt::Display for Failures<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, others)) = self.0.split_first() else { return f.write_str("refused") };
        write!(f, "{first}")?;
        if others.is_empty() { Ok(()) } else { write!(f, " (and {} more)", others.len()) }
    }
}

/// Sends a batch and waits for the kernel's judgement.
pub(crate) fn commit(socket: &mut Socket, batch: &Batch) -> Result<(), CommitError> {
    if batch.is_empty() {
        return Ok(());
    }
    let limit = socket.max_send_bytes()?;
    if batch.byte_len() > limit {
        return Err(CommitError::TooLarge { bytes: batch.byte_len(), limit });
    }
    let last = batch.steps().last_sequence();
    let (begin, end) = (frame(libc::NFNL_MSG_BATCH_BEGIN, BEGIN), frame(libc::NFNL_MSG_BATCH_END, last + 1));
    socket.drain()?;
    socket.send(&[IoSlice::new(&begin), IoSlice::new(batch.steps().as_bytes()), IoSlice::new(&end)])?;
    let mut judgement = Judgement { last, ..Judgement::default() };
    loop {
        match socket.receive()? {
            Received::Nothing => return judgement.outcome(),
            Received::Overrun => {}
            Received::Bytes(bytes) => {
                for message in socket.messages(bytes) {
                    judgement.hear(batch, &message);
                }
            }
        }
    }
}

fn frame(kind: libc::c_int, sequence: u32) -> Vec<u8> {
    let (kind, resource) = (message::narrow(kind), message::narrow(libc::NFNL_SUBSYS_NFTABLES));
    let mut bytes = Vec::with_capacity(FRAME_BYTES / 2);
    message::put(&mut bytes, Head { kind, flags: 0, sequence, family: 0, resource }, |_| {});
    bytes
}

/// What was heard about a batch so far.
#[derive(Default)]
struct Judgement {
    last: u32,
    acknowledged: bool,
    transaction: Option<Refusal>,
    failures: Vec<OperationFailure>,
}

impl Judgement {
    fn hear(&mut self, batch: &Batch, message: &Message<'_>) {
        match message.meaning() {
            Meaning::Acknowledged => self.acknowledged |= message.sequence == self.last,
            Meaning::Refused(refusal) => self.refused(batch, message.sequence, refusal),
            Meaning::Nothing | Meaning::Data | Meaning::Done => {}
        }
    }

    /// Only the first failure of an operation is kept: later chunks of its elements usually repeat it.
    fn refused(&mut self, batch: &Batch, sequence: u32, refusal: Refusal) {
        let Some(index) = batch.steps().owner(sequence) else {
            self.transaction.get_or_insert(refusal);
            return;
        };
        if self.failures.last().is_none_or(|last| last.index != index) {
            let operation = batch.operations()[index].clone();
            self.failures.push(OperationFailure { index, operation, refusal });
        }
    }

    fn outcome(self) -> Result<(), CommitError> {
        match self.transaction {
            _ if !self.failures.is_empty() => Err(CommitError::Refused(self.failures)),
            Some(refusal) => Err(CommitError::Transaction(refusal)),
            None if self.acknowledged => Ok(()),
            None => Err(CommitError::Unknown),
        }
    }
}
