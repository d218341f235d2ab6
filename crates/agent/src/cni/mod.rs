//! `podfence-cni`: a chained CNI plugin that tells the agent which link a new pod has, and waits until it is programmed.
//!
//! It follows the CNI specification 1.0.0 and 1.1.0: what to do is in the environment, the configuration on standard input, the
//! result on standard output. It makes no link itself: it stands behind a plugin that does, and passes on what that one says.

mod config;
mod error;
mod host_end;
mod install;
mod work;

pub use self::error::CniError;
pub use self::install::{InstallError, NAME, install, remove};
pub use self::work::{Answered, answer};
