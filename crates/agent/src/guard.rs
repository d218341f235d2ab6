//! Watches the kernel for others who write to our tables, and tells the loop.
//!
//! While the loop heals, whatever else is done is heard together: a program that never stops costs one rebuild after the
//! other, and no more.

use std::sync::mpsc::Sender;
use std::thread;

use podfence_dataplane_nft::Touches;

use crate::message::{Message, Reply};

/// Watches until the loop has ended.
pub fn watch(mut touches: Touches, to: Sender<Message>) {
    thread::spawn(move || {
        loop {
            match touches.wait() {
                Ok(touch) => {
                    let (reply, healed) = Reply::new();
                    if to.send(Message::Touched(touch, reply)).is_err() {
                        return;
                    }
                    let _ = healed.recv(); // an error: the loop has ended, which the next message finds out
                }
                Err(error) => {
                    tracing::error!(%error, "what others do to our tables is not noticed any more");
                    return;
                }
            }
        }
    });
}
