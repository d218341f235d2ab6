//! How things stand: what the agent tells of itself.

use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::links::{Bypass, some_of};

/// How the agent of a node stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The node.
    pub node: String,
    /// The version of the agent.
    pub version: String,
    /// Whether a whole state has been enforced since the start, for all pods, the kernel is at it, and who touches it would be
    /// noticed.
    pub ready: bool,
    /// Since when the agent runs, in seconds since 1970.
    pub since: u64,
    /// When the state in force was made: everything that was told before is in it. Seconds since 1970.
    pub as_of: Option<u64>,
    /// Why the objects cannot be read, if they cannot.
    pub unreadable: Option<String>,
    /// Why the kernel is not at the plan, if it is not.
    pub behind: Option<String>,
    /// What is not heard of now, and why: transactions of others, refused packets.
    #[serde(default)]
    pub deaf: BTreeMap<String, String>,
    /// What cannot be written now, and to which file and why: flow records, links. Policies are enforced all the same.
    #[serde(default)]
    pub unwritten: BTreeMap<String, String>,
    /// Why metrics and probes are not served, if they should be.
    #[serde(default)]
    pub unserved: Option<String>,
    /// When the kernel was last compared with the plan, in seconds since 1970.
    #[serde(default)]
    pub checked: Option<u64>,
    /// Objects that the kernel refuses, or that are not understood, and why. They are enforced closed.
    pub refused: BTreeMap<String, String>,
    /// Pods whose packets do not come by our hooks: for them nothing is enforced.
    pub not_enforced: Vec<Bypass>,
    /// What may take packets past our hooks; that cannot be told from here.
    pub suspicions: Vec<String>,
    /// Objects that are stated twice in the source, differently, with both places and which of them counts.
    #[serde(default)]
    pub stated_twice: Vec<String>,
    /// Why pods are open until the first state is enforced although they should be closed, and what would mend that.
    #[serde(default)]
    pub open_at_first: Option<String>,
    /// Pods that have no address, so that nothing can be enforced for them yet.
    #[serde(default)]
    pub addressless: Vec<String>,
    /// Pods whose link is not known, so that their source addresses are not checked.
    pub unlinked: Vec<String>,
    /// What is in force.
    pub plan: PlanSize,
    /// What was done since the start.
    pub done: Done,
}

/// How much is in force.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanSize {
    /// Pods of this node that policies can see.
    pub pods: usize,
    /// Those of them whose link is known, so that their source addresses are checked.
    pub linked: usize,
    /// Programs of those pods.
    pub programs: usize,
    /// Unions of those programs.
    pub unions: usize,
    /// Addresses of known pods, of all nodes.
    pub known: usize,
}

/// What was done since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// Transactions that switched.
    pub switches: u64,
    /// Transactions that the kernel refused.
    pub errors: u64,
    /// Switches after which open connections were judged again.
    pub rejudged: u64,
    /// Times that somebody else had changed our tables.
    pub drifts: u64,
    /// Times that the kernel was read back and compared with the plan.
    #[serde(default)]
    pub checks: u64,
    /// Times that it could not be read back.
    #[serde(default)]
    pub unchecked: u64,
    /// Packets refused, as far as the kernel told of them.
    pub refused: u64,
    /// Refused packets that are in no flow record: there were too many kinds at once, or the kernel or the disk had no room.
    pub untold: u64,
}

impl fmt::Display for Status {
    /// For people, in a few lines.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PlanSize { pods, linked, programs, unions, known } = self.plan;
        writeln!(f, "node {}: {}", self.node, self.standing())?;
        self.write_bypasses(f)?;
        if let Some(as_of) = self.as_of {
            writeln!(f, "  policies as of   {}", utc_of(as_of))?;
        }
        writeln!(f, "  running since    {}, version {}", utc_of(self.since), self.version)?;
        writeln!(f, "  pods here        {pods}, {linked} of them with a known link")?;
        self.write_doubts(f)?;
        writeln!(
            f,
            "  in force         {programs} programs, {unions} unions of peers, {known} known pod addresses"
        )?;
        self.done.fmt(f)?;
        if let Some(checked) = self.checked {
            let Done { checks, .. } = self.done;
            writeln!(f, "  kernel read back {}, {checks} times since the start", utc_of(checked))?;
        }
        self.write_surroundings(f)?;
        if let Some(error) = &self.unreadable {
            writeln!(
                f,
                "  cannot be read   {error}\n                   what was read before stays in force"
            )?;
        }
        if let Some(error) = &self.behind {
            writeln!(
                f,
                "  kernel           takes no change: {error}\n                   what was enforced before stays in force"
            )?;
        }
        for (object, error) in &self.refused {
            writeln!(f, "  refused          {object}, enforced closed: {error}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Done {
    /// Lines of [`Status`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { switches, errors, rejudged, drifts, checks: _, unchecked, refused, untold } = self;
        writeln!(
            f,
            "  transactions     {switches}, {rejudged} of which judged open connections again; {errors} refused"
        )?;
        writeln!(f, "  refused packets  {refused}, {untold} of them in no flow record")?;
        if *drifts > 0 {
            writeln!(f, "  drift            {drifts} times somebody else changed our tables; mended")?;
        }
        if *unchecked > 0 {
            writeln!(
                f,
                "  not read back    {unchecked} times the kernel could not be compared with the plan"
            )?;
        }
        Ok(())
    }
}

impl Status {
    /// Why it is not ready; nothing if it is.
    pub fn obstacles(&self) -> Vec<String> {
        let waiting =
            self.as_of.is_none().then(|| "no whole state has been enforced since the start".to_owned());
        let unreadable = self.unreadable.iter().map(|error| format!("the objects cannot be read: {error}"));
        let behind = self.behind.iter().map(|error| format!("the kernel takes no change: {error}"));
        let deaf = self.deaf.iter().map(|(what, why)| format!("not heard of: {what}: {why}"));
        let around = self.not_enforced.iter().map(|bypass| format!("NOT ENFORCED for {bypass}"));
        let mut all: Vec<String> =
            waiting.into_iter().chain(unreadable).chain(behind).chain(deaf).chain(around).collect();
        if all.is_empty() && !self.ready {
            all.push(self.standing().to_owned());
        }
        all
    }

    fn write_bypasses(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.not_enforced.iter().try_for_each(|Bypass { reason, mend, pods }| {
            writeln!(f, "  NOT ENFORCED     {}", some_of(pods))?;
            writeln!(f, "                   {reason}\n                   mend: {mend}")
        })
    }

    /// What is not heard, written, served or clear.
    fn write_surroundings(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, why) in &self.deaf {
            writeln!(f, "  not heard of     {what}: {why}")?;
        }
        for (what, why) in &self.unwritten {
            writeln!(f, "  cannot write     {what} to {why}")?;
        }
        if let Some(why) = &self.unserved {
            writeln!(f, "  no metrics       {why}")?;
        }
        for twice in &self.stated_twice {
            writeln!(f, "  stated twice     {twice}")?;
        }
        if let Some(why) = &self.open_at_first {
            writeln!(f, "  open at first    {why}")?;
        }
        Ok(())
    }

    fn write_doubts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.addressless.is_empty() {
            writeln!(f, "  without address  {}", some_of(&self.addressless))?;
        }
        if !self.unlinked.is_empty() {
            writeln!(f, "  source unchecked {}", some_of(&self.unlinked))?;
        }
        self.suspicions.iter().try_for_each(|doubt| writeln!(f, "  perhaps not      {doubt}"))
    }

    fn standing(&self) -> &'static str {
        if !self.not_enforced.is_empty() {
            return "NOT ENFORCED for some pods";
        }
        match (self.ready, self.as_of) {
            (true, _) if self.refused.is_empty() => "enforced",
            (true, _) => "enforced, some objects closed",
            (false, None) => "waiting for the first state",
            (false, Some(_)) if self.behind.is_none() => "enforced, but half deaf",
            (false, Some(_)) => "the kernel lags behind",
        }
    }
}

/// A moment as RFC 3339 writes it, in UTC.
pub(crate) fn utc(moment: SystemTime) -> String {
    utc_of(seconds(moment))
}

pub(crate) fn utc_of(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month and day of a number of days since 1970, by the calendar's 400-year eras that begin on a 1 March.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468; // from 0000-03-01
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

/// A moment in seconds since 1970; 0 before that.
pub fn seconds(moment: SystemTime) -> u64 {
    moment.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |passed| passed.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_rfc_3339() {
        let table = [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_799, "2000-02-29T23:59:59Z"),
            (1_795_219_200, "2026-11-21T00:00:00Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ];
        for (seconds, expected) in table {
            assert_eq!(utc_of(seconds), expected);
        }
    }
}
