//! Threads by name: what each takes is told by name (`local/profile.rs`), and `top -H` shows it.

use std::thread::{Builder, JoinHandle};

/// Starts a thread. Names are cut off after 15 bytes by the kernel (prctl(2), `PR_SET_NAME`).
///
/// # Panics
/// When the system has no thread for us, as [`std::thread::spawn`] does.
pub fn spawn<T: Send + 'static>(name: &str, run: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    Builder::new().name(name.into()).spawn(run).expect("the system has a thread for the agent")
}
