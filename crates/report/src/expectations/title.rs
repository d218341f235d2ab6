//! What an expectation says, in one line: its name where its author gave none.

use podfence_model::{Claim, Connections, Direction, Directions, Wanted, Word};

/// The word that a claim begins with.
pub fn claim(claim: &Claim) -> &'static str {
    match claim {
        Claim::Connections(Connections { wanted: Wanted::Allowed, .. }) => "allow",
        Claim::Connections(Connections { wanted: Wanted::Denied, .. }) => "deny",
        Claim::Exactly(_) => "exactly",
        Claim::Equivalent { .. } => "equivalent",
        Claim::Contains { .. } => "contains",
        Claim::Redundant { .. } => "redundant",
        Claim::Isolated { .. } => "isolated",
        Claim::HostNetwork { .. } => "hostNetwork",
        Claim::Skipped(_) => "skipped",
    }
}

/// A claim in one line.
pub fn title(claim: &Claim) -> String {
    let verb = self::claim(claim);
    match claim {
        Claim::Connections(connections) => {
            let ports = if connections.ports.is_empty() {
                String::new()
            } else {
                format!(" on {}", list(&connections.ports))
            };
            let policies = connections.policies.as_deref().map(|all| format!(" by {} alone", list(all)));
            let ends = format!("{} → {}", list(&connections.from), list(&connections.to));
            format!("{verb} {ends}{ports}{}", policies.unwrap_or_default())
        }
        Claim::Exactly(exactly) => {
            let to: Vec<String> = exactly.reaches.iter().map(|reach| list(&reach.to)).collect();
            let to = if to.is_empty() { "nobody".to_owned() } else { to.join("; ") };
            let family = exactly.family.map(|family| format!(" over {family}")).unwrap_or_default();
            format!("{} → exactly {to}{family}", list(&exactly.from))
        }
        Claim::Equivalent { policies, to } => format!("{} is equivalent to {}", list(policies), list(to)),
        Claim::Contains { policies, of } => format!("{} admits all that {} does", list(policies), list(of)),
        Claim::Redundant { policies } => format!("{} is redundant", list(policies)),
        Claim::Isolated { pods, directions } => {
            format!("{} isolated for {}", list(pods), directions_text(*directions))
        }
        Claim::HostNetwork { pods } if pods.is_empty() => "no pod has hostNetwork".to_owned(),
        Claim::HostNetwork { pods } => format!("exactly {} have hostNetwork", list(pods)),
        Claim::Skipped(_) => verb.to_owned(),
    }
}

/// What it says of a connection that one of two sets of policies admits: the first alone, or the second.
pub(super) fn difference(claim: &Claim) -> (String, String) {
    let only = |words: &[Word]| format!("only {} admits it", list(words));
    match claim {
        Claim::Equivalent { policies, to: other } | Claim::Contains { policies, of: other } => {
            (only(policies), only(other))
        }
        Claim::Redundant { policies } => (
            format!("allowed only with {}", list(policies)),
            format!("allowed only without {}", list(policies)),
        ),
        _ => (String::new(), String::new()),
    }
}

fn directions_text(directions: Directions) -> String {
    let stated = Direction::BOTH.into_iter().filter(|direction| directions.contains(*direction));
    stated.map(|direction| direction.to_string()).collect::<Vec<_>>().join(" and ")
}

fn list(words: &[Word]) -> String {
    short(&words.iter().map(|word| word.text.clone()).collect::<Vec<_>>())
}

/// A few of them, the others counted.
fn short(words: &[String]) -> String {
    match words {
        [a, b, rest @ ..] if rest.len() > 1 => format!("{a}, {b} and {} more", rest.len()),
        few => few.join(", "),
    }
}
