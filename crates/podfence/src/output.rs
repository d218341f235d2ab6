//! Writing answers to standard output.

use std::io::{self, Write};

/// Columns of a line where nobody says how wide the terminal is.
const WIDTH: usize = 100;

/// How many columns a table may take: those of the terminal, if standard output is one.
pub fn width() -> usize {
    terminal_size::terminal_size_of(io::stdout()).map_or(WIDTH, |(width, _)| usize::from(width.0))
}

/// Writes text, with colours only where they can be seen. A reader that went away (`| head`) is no error.
pub fn print(text: &str) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}
