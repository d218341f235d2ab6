//! What a change of a running lab did to verdicts, one line each.

use crate::grid::Sign;
use crate::style::{BAD, BOLD, DIM, GOOD, paint};

/// Lines that are shown in full.
const SHOWN: usize = 40;

/// Connections that changed in the same way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerdictChange {
    /// Who sends.
    pub from: String,
    /// Who is reached.
    pub to: String,
    /// On what.
    pub on: String,
    /// What the engine said before; `None` where there was no such connection.
    pub before: Option<Sign>,
    /// What the engine says now.
    pub after: Sign,
    /// What the kernel does now.
    pub kernel: Sign,
    /// Whether both agree.
    pub agree: bool,
}

/// The changes as lines, differences first.
pub fn render(changes: &[VerdictChange]) -> String {
    let (agreeing, differing): (Vec<_>, Vec<_>) = changes.iter().partition(|change| change.agree);
    let all: Vec<String> = differing.into_iter().chain(agreeing).map(line).collect();
    let more = all.len().saturating_sub(SHOWN);
    let shown: String = all.into_iter().take(SHOWN).collect();
    if more == 0 { shown } else { format!("{shown}  and {more} more\n") }
}

fn line(change: &VerdictChange) -> String {
    let VerdictChange { from, to, on, before, after, kernel, agree } = change;
    let what = match before {
        Some(before) => format!("{} → {}", word(*before), styled(*after)),
        None => format!("{}, new", styled(*after)),
    };
    let judged = match agree {
        true => paint(DIM, "(engine and kernel agree)"),
        false => paint(BAD, format!("(THE KERNEL DIFFERS: {})", word(*kernel))),
    };
    format!("  {} → {} {on}: {what} {judged}\n", paint(BOLD, from), paint(BOLD, to))
}

fn styled(sign: Sign) -> String {
    match sign {
        Sign::Open | Sign::Refused => paint(GOOD, word(sign)),
        _ => paint(BOLD, word(sign)),
    }
}

fn word(sign: Sign) -> &'static str {
    match sign {
        Sign::Open => "open",
        Sign::Refused => "passes, and nobody listens",
        Sign::Closed => "dropped",
        Sign::Mixed => "open to some",
        Sign::Unknown => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(change: &VerdictChange) -> String {
        anstream::adapter::strip_str(&line(change)).to_string()
    }

    #[test]
    fn a_line_says_what_was_and_what_is() {
        let change = VerdictChange {
            from: "shop/san".into(),
            to: "shop/nginx".into(),
            on: "TCP 80".into(),
            before: Some(Sign::Closed),
            after: Sign::Open,
            kernel: Sign::Open,
            agree: true,
        };
        assert_eq!(
            plain(&change),
            "  shop/san → shop/nginx TCP 80: dropped → open (engine and kernel agree)\n"
        );
        let new = VerdictChange { before: None, ..change.clone() };
        assert_eq!(plain(&new), "  shop/san → shop/nginx TCP 80: open, new (engine and kernel agree)\n");
        let differs = VerdictChange { kernel: Sign::Closed, agree: false, ..change };
        assert!(plain(&differs).ends_with("dropped → open (THE KERNEL DIFFERS: dropped)\n"));
    }
}
