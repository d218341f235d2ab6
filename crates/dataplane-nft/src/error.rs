//! What can go wrong between a plan and the kernel.

use podfence_netlink::nft::{BatchError, CommitError, NameError};

/// A plan could not be enforced. What was enforced before still is.
#[derive(Debug, thiserror::Error)]
pub enum DataplaneError {
    /// The kernel refused the transaction, or could not be asked.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// A socket could not be opened or read.
    #[error(transparent)]
    Netlink(#[from] podfence_netlink::Error),
    /// Something of the plan cannot be put into a batch.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// The name of a link is no interface name.
    #[error("link of pod {pod}: {error}")]
    Link {
        /// The pod.
        pod: String,
        /// What is wrong with the name.
        error: NameError,
    },
    /// A table of that name exists that another program made.
    #[error("table {0} exists but is not Podfence's; remove it, or choose another table name")]
    ForeignTable(String),
    /// The mask leaves too few generations.
    #[error("connection mark mask {0:#x} must have at least two bits next to each other")]
    Mask(u32),
    /// Old stamps keep turning up in the connection table.
    #[error(
        "connections keep the stamps of old generations; does another program write the same bits of the connection mark?"
    )]
    Sweep,
    /// A rule of ours is made of something that a packet cannot be led through here.
    #[error("a packet cannot be led through this table: a rule of it does what is not known here")]
    Untraceable,
    /// The kernel is not known to be at a plan.
    #[error("the kernel is not known to be at the plan, which is being tried again")]
    Untrusted,
}
