//! Where flow records go: a file of JSON lines that is turned over when it is full, and the last of them in memory.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use super::record::FlowRecord;
use super::rotated::Rotated;
use crate::unwritten::Unwritten;

/// How many records are kept in memory for those who ask: so many of packets refused, and as many of connections admitted, so that
/// those do not push these out.
const KEPT: usize = 1_000;
/// How many records a reader may lag behind. What comes then it misses, until it has read on.
const LAG: usize = 1_000;

/// The flow log of an agent.
#[derive(Debug, Default)]
pub struct Log {
    file: Option<Rotated>,
    kept: Kept,
    readers: Vec<SyncSender<FlowRecord>>,
    /// Why records cannot be written, as long as they cannot.
    pub unwritten: Unwritten,
    /// Packets of records that could not be written, since the disk is full or the like.
    pub lost: u64,
}

impl Log {
    /// A log in memory only.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes to a file as well, which holds `most` bytes before it is turned over.
    pub fn to_file(path: &Path, most: u64) -> io::Result<Self> {
        Ok(Self { file: Some(Rotated::open(path, most)?), ..Self::default() })
    }

    /// Adds a record. That it cannot be written is counted, told, and no reason to stop.
    pub fn add(&mut self, record: FlowRecord) {
        self.write(&record);
        self.readers
            .retain(|reader| !matches!(reader.try_send(record.clone()), Err(TrySendError::Disconnected(_))));
        self.kept.push(record);
    }

    fn write(&mut self, record: &FlowRecord) {
        let Some(file) = &mut self.file else { return };
        let line = serde_json::to_vec(record).map_err(io::Error::from);
        let written = line.and_then(|mut line| {
            line.push(b'\n');
            file.write(&line)
        });
        self.lost += if written.is_err() { record.packets } else { 0 };
        self.unwritten.note("flow records", file.path(), &written);
    }

    /// The last records, the oldest first.
    pub fn kept(&self) -> impl Iterator<Item = &FlowRecord> {
        self.kept.iter()
    }

    /// The last records, and those to come as long as the receiver is read.
    pub fn read(&mut self, follow: bool) -> (Vec<FlowRecord>, Option<Receiver<FlowRecord>>) {
        let receiver = follow.then(|| {
            let (sender, receiver) = sync_channel(LAG);
            self.readers.push(sender);
            receiver
        });
        (self.kept().cloned().collect(), receiver)
    }
}

/// The last records, each with its number.
#[derive(Debug, Default)]
struct Kept {
    last: u64,
    refused: VecDeque<(u64, FlowRecord)>,
    admitted: VecDeque<(u64, FlowRecord)>,
}

impl Kept {
    fn push(&mut self, record: FlowRecord) {
        self.last += 1;
        let kept = if record.is_refusal() { &mut self.refused } else { &mut self.admitted };
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back((self.last, record));
    }

    /// All of them in the order in which they came.
    fn iter(&self) -> impl Iterator<Item = &FlowRecord> {
        let (mut refused, mut admitted) = (self.refused.iter().peekable(), self.admitted.iter().peekable());
        std::iter::from_fn(move || {
            let first = match (refused.peek(), admitted.peek()) {
                (Some((a, _)), Some((b, _))) if b < a => admitted.next(),
                (None, _) => admitted.next(),
                _ => refused.next(),
            };
            first.map(|(_, record)| record)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::flow::FlowEnd;

    fn one(number: u64) -> FlowRecord {
        let end = |last: u8| FlowEnd {
            address: Ipv4Addr::new(192, 0, 2, last).into(),
            pod: None,
            workload: None,
            labels: std::collections::BTreeMap::new(),
            other: Some("outside".into()),
        };
        FlowRecord {
            time: "2026-01-01T00:00:00Z".into(),
            node: "one".into(),
            verdict: "denied".into(),
            reason: "ingress".into(),
            because: "refused".into(),
            source: end(1),
            destination: end(2),
            protocol: "TCP".into(),
            port: Some(80),
            policies: Vec::new(),
            rules: Vec::new(),
            nearest_miss: None,
            engine: None,
            packets: number,
            policies_as_of: None,
        }
    }

    #[test]
    fn a_full_file_is_turned_over_and_the_last_records_are_kept() {
        let folder = std::env::temp_dir().join(format!("podfence-flows-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("flows.jsonl");
        let mut log = Log::to_file(&path, 2_000).unwrap();
        let (_, follow) = log.read(true);
        (0..100).for_each(|number| log.add(one(number)));
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.len() <= 2_000, "{}", text.len());
        let last: FlowRecord = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        assert_eq!(last, one(99));
        assert!(folder.join("flows.jsonl.1").exists());
        assert_eq!(log.read(false).0.len(), 100);
        assert_eq!(follow.unwrap().try_iter().count(), 100);
        assert_eq!((log.lost, log.unwritten.why()), (0, None));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_a_full_disk_does_not_take_is_told_and_kept_in_memory() {
        let mut log = Log::to_file(Path::new("/dev/full"), 2_000).unwrap();
        (1..=3).for_each(|packets| log.add(one(packets)));
        assert_eq!(log.lost, 6);
        assert_eq!(log.read(false).0.len(), 3);
        assert_eq!(log.unwritten.why(), Some("/dev/full: No space left on device (os error 28)"));
    }

    #[test]
    fn admissions_do_not_push_refusals_out() {
        let mut log = Log::new();
        let admitted = |packets| FlowRecord { verdict: "allowed".into(), ..one(packets) };
        let all: u64 = 2_000;
        log.add(one(0));
        (1..all).for_each(|number| log.add(admitted(number)));
        log.add(one(all));
        let kept: Vec<u64> = log.kept().map(|record| record.packets).collect();
        assert_eq!((kept.len(), kept[0], kept[1], kept[1_001]), (1_002, 0, 1_000, all));
        assert!(kept.is_sorted());
    }
}
