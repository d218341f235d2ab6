//! Watches the kernel for others who write to our tables, and tells the loop.
//!
//! While the loop heals, whatever else is done is heard together: a program that never stops costs one rebuild after the
//! other, and no more. A guard that was deaf for a while cannot know what it missed, so it says that there may be something.

use std::sync::mpsc::Sender;

use podfence_dataplane_nft::{DataplaneError, Touch, Touches};

use crate::listener::{Ended, Listener, Stopped, keep};
use crate::message::{Message, Reply};

/// Watches until the loop has ended. `open` begins to hear, in the network namespace of the thread that calls it.
pub fn watch(
    first: Touches,
    open: impl Fn() -> Result<Touches, DataplaneError> + Send + 'static,
    to: Sender<Message>,
) {
    let mut first = Some(first);
    keep(Listener::Guard, to.clone(), move |opened| {
        let was_deaf = first.is_none();
        let touches = first.take().map_or_else(&open, Ok);
        match touches {
            Ok(touches) => listen(touches, was_deaf, opened, &to),
            Err(error) => Stopped::Failed(error.to_string()),
        }
    });
}

fn listen(
    mut touches: Touches,
    was_deaf: bool,
    opened: &dyn Fn() -> Result<(), Ended>,
    to: &Sender<Message>,
) -> Stopped {
    let missed = was_deaf.then_some(Touch::Unknown);
    let begun = opened().and_then(|()| missed.map_or(Ok(()), |touch| tell(touch, to)));
    if let Err(Ended) = begun {
        return Stopped::Ended;
    }
    loop {
        match touches.wait() {
            Ok(touch) => {
                if let Err(Ended) = tell(touch, to) {
                    return Stopped::Ended;
                }
            }
            Err(error) => return Stopped::Failed(error.to_string()),
        }
    }
}

/// Tells, and waits until it is mended.
fn tell(touch: Touch, to: &Sender<Message>) -> Result<(), Ended> {
    let (reply, healed) = Reply::new();
    to.send(Message::Touched(touch, reply)).map_err(|_| Ended)?;
    healed.recv().map_err(|_| Ended)
}
