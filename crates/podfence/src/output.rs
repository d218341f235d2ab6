//! Writing answers to standard output.

use std::fmt::Display;
use std::io::{self, Write};

use serde::Serialize;

use crate::cli::Output;

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

/// An answer that says which schema it fits.
#[derive(Serialize)]
struct Document<'a, T> {
    schema: &'static str,
    #[serde(flatten)]
    answer: &'a T,
}

/// Writes an answer of the agent.
pub fn show<T: Serialize + Display>(schema: &'static str, answer: &T, form: Output) -> anyhow::Result<()> {
    Ok(print(&match form {
        Output::Json => serde_json::to_string_pretty(&Document { schema, answer })? + "\n",
        Output::Text => answer.to_string(),
    })?)
}
