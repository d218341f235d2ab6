//! One line about work that takes long, so that nobody wonders whether it hangs.
//!
//! It comes after a second, on standard error, and goes when the work is done. It never comes where standard error is no terminal, in
//! CI, or where the user types the input.

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// How long before the line comes, and how often it is drawn anew.
const STEP: Duration = Duration::from_secs(1);

/// Takes the line away: to its beginning, and erase to its end (ECMA-48, CR and EL).
const ERASE: &str = "\r\x1b[K";

/// Does some work, and says on a terminal what it is if it takes long.
pub fn during<T>(what: &str, work: impl FnOnce() -> T) -> T {
    if !io::stderr().is_terminal() || std::env::var_os("CI").is_some() {
        return work();
    }
    thread::scope(|scope| {
        let (working, done) = mpsc::channel();
        scope.spawn(move || tell(what, STEP, &done, &mut io::stderr()));
        let result = work();
        drop(working);
        result
    })
}

/// Draws the line until the other end of the channel is dropped.
fn tell(what: &str, step: Duration, done: &Receiver<()>, out: &mut impl Write) {
    let begun = Instant::now();
    let mut drawn = false;
    while done.recv_timeout(step) == Err(RecvTimeoutError::Timeout) {
        // Whoever cannot see it misses nothing.
        let _ = write!(out, "{ERASE}{what} … {} s", begun.elapsed().as_secs()).and_then(|()| out.flush());
        drawn = true;
    }
    if drawn {
        let _ = write!(out, "{ERASE}").and_then(|()| out.flush());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::Sender;

    use super::*;

    /// Ends the work when it is told of for the third time.
    struct Impatient {
        written: Vec<u8>,
        lines: usize,
        working: Option<Sender<()>>,
    }

    impl Write for Impatient {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.written.extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            self.lines += 1;
            if self.lines == 3 {
                self.working = None;
            }
            Ok(())
        }
    }

    #[test]
    fn the_line_is_drawn_anew_and_taken_away() {
        let (working, done) = mpsc::channel();
        let mut terminal = Impatient { written: Vec::new(), lines: 0, working: Some(working) };
        tell("reading", Duration::from_millis(1), &done, &mut terminal);
        let written = String::from_utf8(terminal.written).unwrap_or_default();
        assert_eq!(written.matches("reading … ").count(), 3, "{written:?}");
        assert!(written.ends_with(ERASE), "{written:?}");
    }

    #[test]
    fn nothing_is_drawn_of_short_work() {
        let (working, done) = mpsc::channel();
        drop(working);
        let mut terminal = Vec::new();
        tell("reading", Duration::from_hours(1), &done, &mut terminal);
        assert!(terminal.is_empty());
    }
}
