//! The same for people, in lines of at most a hundred columns as long as names are no longer than they should be.

use std::fmt;

use super::{LinkOf, PodStatus, PolicyStatus, RuleStatus, Side, Standing, Way};

/// So many names of a list are shown, a line each where lines are long.
const SHOWN: usize = 10;
/// A list is one line as long as it is not wider.
const WIDTH: usize = 76;

impl fmt::Display for PolicyStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let standing = &self.standing;
        writeln!(f, "policy {}: {} on node {}", self.policy, self.word(), standing.node)?;
        standing.fmt(f)?;
        row(f, "its pods here", &self.pods, 0)?;
        if self.elsewhere > 0 {
            line(f, "elsewhere", &format!("{} more", self.elsewhere))?;
        }
        self.ways.iter().try_for_each(|way| way.fmt(f))
    }
}

impl PolicyStatus {
    fn word(&self) -> &'static str {
        match (self.pods.is_empty(), self.standing.refused.is_empty(), &self.standing.behind) {
            (true, ..) => "isolates no pod",
            (false, false, _) => "enforced closed",
            (false, true, Some(_)) => "not as it says yet",
            (false, true, None) => "enforced",
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(as_of) = &self.as_of {
            line(f, "as of", as_of)?;
        }
        if self.lag_milliseconds > 0 {
            line(f, "lag", &format!("a change waits for {} ms", self.lag_milliseconds))?;
        }
        for (object, error) in &self.refused {
            line(f, "refused", &format!("{object} allows nothing: {error}"))?;
        }
        match &self.behind {
            Some(error) => line(f, "kernel", &format!("takes no change: {error}")),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rules.is_empty() {
            return line(f, &self.direction, "nothing is allowed by this policy");
        }
        let word = if self.direction == "ingress" { "from" } else { "to" };
        for (index, rule) in self.rules.iter().enumerate() {
            line(f, &self.direction, &format!("rule {}: {word} {}", index + 1, rule.whom()))?;
            row(f, "  ports", &rule.named_ports(), 0)?;
            rule.write_today(f)?;
        }
        Ok(())
    }
}

impl RuleStatus {
    fn whom(&self) -> String {
        if self.everyone { "everybody".to_owned() } else { self.peers.join(", or ") }
    }

    fn named_ports(&self) -> Vec<String> {
        if self.ports.is_empty() { vec!["every port, and ICMP".to_owned()] } else { self.ports.clone() }
    }

    fn write_today(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.everyone {
            return Ok(());
        }
        if self.pods.is_empty() && self.ranges.is_empty() {
            return line(f, "  today", "nobody");
        }
        let pods: Vec<String> =
            self.pods.iter().map(|peer| format!("{} {}", peer.address, peer.pod)).collect();
        if !pods.is_empty() {
            row(f, "  pods today", &pods, self.more_pods)?;
        }
        if self.ranges.is_empty() { Ok(()) } else { row(f, "  others", &self.ranges, self.more_ranges) }
    }
}

impl fmt::Display for PodStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.enforced { "enforced" } else { "not enforced as policies say" };
        writeln!(f, "pod {}: {word} on node {}", self.pod, self.standing.node)?;
        for obstacle in &self.obstacles {
            line(f, "because", obstacle)?;
        }
        let Standing { as_of, lag_milliseconds, node, .. } = &self.standing;
        let bare =
            Standing { as_of: as_of.clone(), lag_milliseconds: *lag_milliseconds, ..Standing::default() };
        bare.fmt(f)?;
        let addresses: Vec<String> = self.addresses.iter().map(ToString::to_string).collect();
        row(f, "addresses", &addresses, 0)?;
        if self.home.as_ref() == Some(node) && !self.sides.is_empty() {
            line(f, "link", &self.link.as_ref().map_or(UNKNOWN.to_owned(), ToString::to_string))?;
        }
        self.sides.iter().try_for_each(|side| side.fmt(f))
    }
}

const UNKNOWN: &str = "not known, so that its source addresses are not checked";

impl fmt::Display for LinkOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.interface)?;
        if let Some(bridge) = &self.bridge {
            write!(f, " of bridge {bridge}")?;
        }
        f.write_str(if self.told { ", told" } else { ", found" })
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.policies.is_empty() {
            return line(f, &self.direction, "everything is allowed: no policy isolates it");
        }
        row(f, &self.direction, &self.policies, 0)
    }
}

fn line(f: &mut fmt::Formatter<'_>, what: &str, text: &str) -> fmt::Result {
    writeln!(f, "  {what:<16} {text}")
}

/// A list, of which `more` are not at hand: in one line if it fits, or else a line each.
fn row(f: &mut fmt::Formatter<'_>, what: &str, items: &[String], more: usize) -> fmt::Result {
    let all = items.join(", ");
    if items.is_empty() {
        return line(f, what, "none");
    }
    if more == 0 && all.len() <= WIDTH {
        return line(f, what, &all);
    }
    for (index, item) in items.iter().take(SHOWN).enumerate() {
        line(f, if index == 0 { what } else { "" }, item)?;
    }
    let rest = items.len().saturating_sub(SHOWN) + more;
    if rest == 0 { Ok(()) } else { line(f, "", &format!("and {rest} more; -o json lists them")) }
}
