//! What a change of a running lab did to verdicts.
//!
//! Each line is a kind of change: several senders that lost or won the same, or one sender that lost or won several.

use crate::grid::Sign;
use crate::style::{BAD, BOLD, DIM, GOOD, paint, wrap};

/// Lines that are shown in full.
const SHOWN: usize = 40;
const WIDTH: usize = 110;

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
    let mut folded: Vec<(bool, String)> =
        fold(changes).into_iter().map(|one| (one.what.agree, line(&one))).collect();
    folded.sort_by_key(|(agree, _)| *agree);
    let more = folded.len().saturating_sub(SHOWN);
    let shown: String = folded.into_iter().take(SHOWN).map(|(_, line)| line).collect();
    if more == 0 { shown } else { format!("{shown}  and {more} more\n") }
}

/// What happened to connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct What {
    before: Option<Sign>,
    after: Sign,
    kernel: Sign,
    agree: bool,
}

/// Senders and receivers to all of whom the same happened.
struct Folded<'c> {
    from: Vec<&'c str>,
    /// Receivers, and on what.
    to: Vec<(&'c str, Vec<&'c str>)>,
    what: What,
}

/// Whoever lost or won alike is told of together; all in the order in which they came.
fn fold(changes: &[VerdictChange]) -> Vec<Folded<'_>> {
    let each = changes.iter().map(|change| {
        let VerdictChange { from, to, on, before, after, kernel, agree } = change;
        let what = What { before: *before, after: *after, kernel: *kernel, agree: *agree };
        ((to.as_str(), on.as_str(), what), from.as_str())
    });
    let to_one = grouped(each).into_iter().map(|((to, on, what), from)| ((from, what), (to, on)));
    grouped(to_one)
        .into_iter()
        .map(|((from, what), to)| Folded { from, to: grouped(to.into_iter()), what })
        .collect()
}

/// The values of each key, keys and values in the order of their first appearance.
fn grouped<K: PartialEq, V>(pairs: impl Iterator<Item = (K, V)>) -> Vec<(K, Vec<V>)> {
    let mut groups: Vec<(K, Vec<V>)> = Vec::new();
    for (key, value) in pairs {
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, values)) => values.push(value),
            None => groups.push((key, vec![value])),
        }
    }
    groups
}

fn line(Folded { from, to, what }: &Folded<'_>) -> String {
    let change = match what.before {
        Some(before) => format!("{} → {}", word(before), styled(what.after)),
        None => format!("{}, new", styled(what.after)),
    };
    let judged = if what.agree {
        paint(DIM, "(engine and kernel agree)")
    } else {
        paint(BAD, format!("(THE KERNEL DIFFERS: {})", word(what.kernel)))
    };
    let from: Vec<String> = from.iter().map(|from| paint(BOLD, from)).collect();
    let to: Vec<String> =
        to.iter().map(|(to, on)| format!("{} {}", paint(BOLD, to), on.join(" and "))).collect();
    let text = format!("{} → {}: {change} {judged}", from.join(", "), to.join(", "));
    format!("  {}\n", wrap(&text, WIDTH).join("\n      "))
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
        Sign::Refused => "refused by the host",
        Sign::Closed => "dropped",
        Sign::Mixed => "open to some",
        Sign::Unknown => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(from: &str, to: &str) -> VerdictChange {
        VerdictChange {
            from: from.into(),
            to: to.into(),
            on: "TCP 80".into(),
            before: Some(Sign::Closed),
            after: Sign::Open,
            kernel: Sign::Open,
            agree: true,
        }
    }

    fn check(changes: &[VerdictChange], expect: &str) {
        assert_eq!(anstream::adapter::strip_str(&render(changes)).to_string(), expect);
    }

    #[test]
    fn a_line_says_what_was_and_what_is() {
        let one = change("shop/san", "shop/nginx");
        check(
            std::slice::from_ref(&one),
            "  shop/san → shop/nginx TCP 80: dropped → open (engine and kernel agree)\n",
        );
        let new = VerdictChange { before: None, ..one.clone() };
        check(&[new], "  shop/san → shop/nginx TCP 80: open, new (engine and kernel agree)\n");
        let differs = VerdictChange { kernel: Sign::Closed, agree: false, ..one };
        check(&[differs], "  shop/san → shop/nginx TCP 80: dropped → open (THE KERNEL DIFFERS: dropped)\n");
    }

    #[test]
    fn what_happened_to_several_is_told_once() {
        let ping = |from| VerdictChange { on: "ICMP".into(), ..change(from, "x") };
        let two =
            [change("a", "x"), ping("a"), change("a", "y"), change("b", "x"), ping("b"), change("b", "y")];
        check(&two, "  a, b → x TCP 80 and ICMP, y TCP 80: dropped → open (engine and kernel agree)\n");
    }
}
