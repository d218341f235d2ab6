//! Where the agent's time goes: processor time of each thread, over a few seconds.
//!
//! Taken from proc(5), which costs nothing while nobody asks. Stacks would need a signal in the middle of everything, on which the
//! agent of a node should not depend; `perf record -p` gives them, since our builds have line tables.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use std::{fmt, fs, io, thread};

use nix::unistd::{SysconfVar, sysconf};
use serde::{Deserialize, Serialize};

/// Longer is not waited for.
const LONGEST: u64 = 300;

/// Processor time of threads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// How long was looked, in milliseconds.
    pub milliseconds: u64,
    /// Threads, those that took most first.
    pub threads: Vec<ThreadTime>,
}

/// Processor time of threads of one name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadTime {
    /// The name.
    pub name: String,
    /// In the program, in milliseconds.
    pub user: u64,
    /// In the kernel on its behalf, in milliseconds.
    pub kernel: u64,
}

/// Looks for some seconds.
///
/// # Errors
/// When proc(5) cannot be read.
pub(super) fn profile(seconds: u64) -> io::Result<Profile> {
    let (begun, before) = (Instant::now(), times()?);
    thread::sleep(Duration::from_secs(seconds.clamp(1, LONGEST)));
    let after = times()?;
    let milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let mut by_name: BTreeMap<String, [u64; 2]> = BTreeMap::new();
    for (id, (name, now)) in after {
        let then = before.get(&id).map_or([0, 0], |(_, then)| *then);
        let sum = by_name.entry(name).or_default();
        *sum = [0, 1].map(|part| sum[part] + now[part].saturating_sub(then[part]));
    }
    let time = |(name, [user, kernel]): (String, [u64; 2])| ThreadTime { name, user, kernel };
    let mut threads: Vec<ThreadTime> = by_name.into_iter().map(time).collect();
    threads.sort_by_key(|time| std::cmp::Reverse(time.user + time.kernel));
    Ok(Profile { milliseconds, threads })
}

/// Name and milliseconds of each thread.
fn times() -> io::Result<BTreeMap<u32, (String, [u64; 2])>> {
    let ticks =
        sysconf(SysconfVar::CLK_TCK)?.and_then(|ticks| u64::try_from(ticks).ok()).unwrap_or(100).max(1);
    let mut times = BTreeMap::new();
    for thread in fs::read_dir("/proc/self/task")? {
        let path = thread?.path();
        let id = path.file_name().and_then(|name| name.to_str()?.parse().ok());
        let read = fs::read_to_string(path.join("stat")).ok(); // it may have ended by now
        if let Some((id, (name, time))) = id.zip(read.as_deref().and_then(of_stat)) {
            times.insert(id, (name, time.map(|part| part * 1_000 / ticks)));
        }
    }
    Ok(times)
}

/// The name, and fields 14 and 15: ticks in the program and in the kernel. A name may hold anything, parentheses too.
fn of_stat(stat: &str) -> Option<(String, [u64; 2])> {
    let (head, fields) = stat.rsplit_once(") ")?;
    let (_, name) = head.split_once(" (")?;
    let mut fields = fields.split(' ').skip(11).map_while(|field| field.parse().ok());
    Some((name.to_owned(), [fields.next()?, fields.next()?]))
}

impl fmt::Display for Profile {
    /// A table for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "processor time in {}.{:03} s, in ms",
            self.milliseconds / 1_000,
            self.milliseconds % 1_000
        )?;
        writeln!(f, "{:<16} {:>8} {:>8}", "thread", "program", "kernel")?;
        let mut lines = self.threads.iter();
        lines.try_for_each(|time| writeln!(f, "{:<16} {:>8} {:>8}", time.name, time.user, time.kernel))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_works_is_seen() {
        let busy = thread::Builder::new().name("busy (very) )".into());
        let until = Instant::now() + Duration::from_secs(2);
        let work = move || while Instant::now() < until {};
        let work = busy.spawn(work).unwrap();
        let profile = profile(1).unwrap();
        work.join().unwrap();
        let time = profile.threads.iter().find(|time| time.name == "busy (very) )").unwrap();
        assert!(time.user + time.kernel > 0, "{profile}");
        assert!(profile.milliseconds >= 1_000);
        assert!(profile.to_string().lines().count() >= 3);
    }
}
