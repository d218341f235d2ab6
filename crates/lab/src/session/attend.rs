//! The threads of a running lab that wait for others: for callers at the socket, and for signals.

use std::io;
use std::sync::Arc;
use std::thread;

use nix::sys::signal::{SigSet, Signal};

use super::{Claim, Hall, Request};

/// Answers callers until one of them, or a signal (`SIGINT`, `SIGTERM`, `SIGHUP`), wants the lab to end; then the socket is
/// removed and `end` is called, which should end the process: that takes everything else away.
///
/// To be called before other threads are started: they must not be the ones who get the signals.
pub fn attend(claim: Claim, hall: Hall, end: fn()) -> io::Result<()> {
    let mut signals = SigSet::empty();
    signals.extend([Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP]);
    signals.thread_block()?;
    let claim = Arc::new(claim);
    let give_up = {
        let claim = claim.clone();
        move || {
            claim.give_up();
            end();
        }
    };
    let on_down = give_up.clone();
    thread::Builder::new().name("signals".into()).spawn(move || {
        // A wait that fails would fail again; the callers' thread still ends the lab.
        if signals.wait().is_ok() {
            give_up();
        }
    })?;
    thread::Builder::new().name("callers".into()).spawn(move || {
        while let Ok(call) = claim.wait() {
            let down = call.request == Request::Down;
            hall.receive(call);
            if down {
                on_down();
            }
        }
    })?;
    Ok(())
}
