//! How Podfence ends: exit codes, and what it says when that is a fault of the user's or of its own.

use std::panic::UnwindSafe;
use std::process::ExitCode;

use podfence_analysis::Verdict;

/// What the exit code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Good, or allowed: 0.
    Good,
    /// Denied, for some path at least: 1.
    Denied,
    /// Bad use, or an input that cannot be read: 2.
    Unusable,
    /// A fact is missing: 3.
    Undecidable,
    /// Engine and kernel do not say the same: 70, as every fault of ours.
    Differs,
    /// As a shell would end that cannot run a command: `lab exec` alone.
    Shell(u8),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Good => 0,
            Exit::Denied => 1,
            Exit::Unusable => 2,
            Exit::Undecidable => 3,
            Exit::Differs => BUG,
            Exit::Shell(code) => code,
        })
    }
}

impl From<&Verdict> for Exit {
    fn from(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Allowed => Self::Good,
            Verdict::Denied | Verdict::Depends => Self::Denied,
            Verdict::Undecidable => Self::Undecidable,
        }
    }
}

/// Runs the command. A panic is a bug of ours: it ends with code 70 and says what to report.
pub fn guard(run: impl FnOnce() -> ExitCode + UnwindSafe) -> ExitCode {
    std::panic::catch_unwind(run).unwrap_or_else(|_| {
        anstream::eprintln!(
            "\nThis is a bug of Podfence, not of your input. Please report it at\n  {}/issues\n\
             with the lines above, the command, `podfence --version`, and the manifests if you may share them.",
            env!("CARGO_PKG_REPOSITORY")
        );
        ExitCode::from(BUG)
    })
}

/// A bug of ours.
const BUG: u8 = 70;

/// Prints what clap says; help and version are no faults.
pub fn usage(error: &clap::Error) -> ExitCode {
    // Where even that cannot be written, the exit code still tells.
    let _ = error.print();
    if error.use_stderr() { Exit::Unusable } else { Exit::Good }.into()
}

/// An error for the terminal.
pub fn error_text(error: &anyhow::Error) -> String {
    let style = clap::builder::styling::AnsiColor::Red.on_default().bold();
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        // Errors of libraries often say their cause themselves.
        if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    format!("{style}error{style:#}: {text}")
}
