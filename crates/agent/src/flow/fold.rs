//! Packets of one kind as one: told when it begins, and once in a while as long as it goes on.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::kind::{Kind, Noted};

/// How many kinds are told apart at a time. Packets of others are only counted.
const KINDS: usize = 4_096;

/// A kind that goes on.
#[derive(Debug)]
struct Going {
    /// When it was told last.
    told: Instant,
    /// When the first packet came that has not been told.
    since: Instant,
    /// Packets that have not been told.
    packets: u64,
}

/// What goes on.
#[derive(Debug)]
pub(crate) struct Fold {
    every: Duration,
    going: HashMap<Kind, Going>,
    /// Packets of kinds that there was no room for.
    uncounted: u64,
}

impl Fold {
    /// Tells of what goes on this often.
    pub(crate) fn new(every: Duration) -> Self {
        Self { every, going: HashMap::new(), uncounted: 0 }
    }

    /// Notes a packet; what is returned is to be told now.
    pub(crate) fn note(&mut self, kind: Kind, now: Instant) -> Option<Noted> {
        if let Some(going) = self.going.get_mut(&kind) {
            if going.packets == 0 {
                going.since = now;
            }
            going.packets += 1;
            return None;
        }
        if self.going.len() >= KINDS {
            self.uncounted += 1;
            return None;
        }
        self.going.insert(kind, Going { told: now, since: now, packets: 0 });
        Some(Noted { kind, since: now, packets: 1 })
    }

    /// What has gone on since it was told and is to be told again. What has not is forgotten.
    pub(crate) fn due(&mut self, now: Instant) -> Vec<Noted> {
        let mut due = Vec::new();
        let every = self.every;
        self.going.retain(|kind, going| {
            if now.duration_since(going.told) < every {
                return true;
            }
            if going.packets == 0 {
                return false;
            }
            due.push(Noted { kind: *kind, since: going.since, packets: going.packets });
            (going.told, going.packets) = (now, 0);
            true
        });
        due
    }

    /// Packets that were not told apart since this was asked last.
    pub(crate) fn take_uncounted(&mut self) -> u64 {
        std::mem::take(&mut self.uncounted)
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use podfence_dataplane_nft::Refusal;

    use super::*;
    use crate::flow::Why;

    fn refused(last: u16) -> Kind {
        let ip = |n: u16| IpAddr::from([192, 0, 2, u8::try_from(n % 250).expect("below 250")]);
        let (source, destination) = (ip(1), ip(2));
        let why = Why::Refused(Refusal::Ingress);
        Kind { why, source, destination, protocol: 6, port: Some(last) }
    }

    #[test]
    fn a_flood_is_told_once_and_then_counted() {
        let mut fold = Fold::new(Duration::from_secs(10));
        let begin = Instant::now();
        assert_eq!(fold.note(refused(80), begin).map(|noted| noted.packets), Some(1));
        for _ in 0..1_000 {
            assert_eq!(fold.note(refused(80), begin), None);
        }
        assert_eq!(fold.due(begin + Duration::from_secs(9)), []);
        let due = fold.due(begin + Duration::from_secs(10));
        assert_eq!(due.iter().map(|noted| noted.packets).collect::<Vec<_>>(), [1_000]);
        assert_eq!(fold.due(begin + Duration::from_secs(20)), [], "it has ended");
        assert!(fold.note(refused(80), begin + Duration::from_secs(20)).is_some(), "and begins anew");
    }

    #[test]
    fn kinds_without_number_take_no_memory_without_end() {
        let mut fold = Fold::new(Duration::from_secs(10));
        let told = (0..u16::MAX).filter(|port| fold.note(refused(*port), Instant::now()).is_some()).count();
        assert_eq!((told, fold.take_uncounted()), (KINDS, u64::from(u16::MAX) - 4_096));
    }
}
