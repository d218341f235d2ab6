//! Where flow records go: a file of JSON lines that is turned over when it is full, and the last of them in memory.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use super::record::FlowRecord;
use super::rotated::Rotated;
use crate::behind::Behind;

/// How many records are kept in memory for those who ask: so many of packets refused, and as many of connections admitted, so that
/// those do not push these out.
const KEPT: usize = 1_000;
/// How many records a reader may lag behind. What comes then it misses, until it has read on.
const LAG: usize = 1_000;
/// How many records the file may lag behind: two times as many as are told at once (`fold`). What comes then is lost to it.
const UNWRITTEN: usize = 8_192;

/// The flow log of an agent.
#[derive(Debug, Default)]
pub struct Log {
    file: Option<Behind<Box<FlowRecord>>>,
    lost: Arc<AtomicU64>,
    kept: Kept,
    readers: Vec<SyncSender<FlowRecord>>,
}

impl Log {
    /// A log in memory only.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes to a file as well, which holds `most` bytes before it is turned over.
    pub fn to_file(path: &Path, most: u64) -> io::Result<Self> {
        let (mut file, lost) = (Rotated::open(path, most)?, Arc::new(AtomicU64::new(0)));
        let count = lost.clone();
        let write = move |record: Box<FlowRecord>| {
            let written = write(&mut file, &record);
            count.fetch_add(if written.is_err() { record.packets } else { 0 }, Ordering::Relaxed);
            written
        };
        let file = Some(Behind::new(("flow records", path), UNWRITTEN, write));
        Ok(Self { file, lost, ..Self::default() })
    }

    /// Packets of records that could not be written, since the disk is full, slow or the like.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Why records cannot be written, as long as they cannot.
    pub fn unwritten(&self) -> Option<String> {
        self.file.as_ref()?.why()
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
        if let Err(record) = file.put(Box::new(record.clone())) {
            self.lost.fetch_add(record.packets, Ordering::Relaxed);
        }
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

fn write(file: &mut Rotated, record: &FlowRecord) -> io::Result<()> {
    let mut line = serde_json::to_vec(record)?;
    line.push(b'\n');
    file.write(&line)
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

    impl Log {
        fn settle(&self) {
            self.file.as_ref().unwrap().written().wait(std::time::Duration::from_secs(10));
        }
    }

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
        log.settle();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.len() <= 2_000, "{}", text.len());
        let last: FlowRecord = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        assert_eq!(last, one(99));
        assert!(folder.join("flows.jsonl.1").exists());
        assert_eq!(log.read(false).0.len(), 100);
        assert_eq!(follow.unwrap().try_iter().count(), 100);
        assert_eq!((log.lost(), log.unwritten()), (0, None));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_a_full_disk_does_not_take_is_told_and_kept_in_memory() {
        let mut log = Log::to_file(Path::new("/dev/full"), 2_000).unwrap();
        (1..=3).for_each(|packets| log.add(one(packets)));
        log.settle();
        assert_eq!(log.lost(), 6);
        assert_eq!(log.read(false).0.len(), 3);
        assert_eq!(log.unwritten().as_deref(), Some("/dev/full: No space left on device (os error 28)"));
    }

    #[test]
    fn a_disk_that_takes_nothing_holds_nobody_up() {
        let pipe = std::env::temp_dir().join(format!("podfence-slow-{}", std::process::id()));
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let reads = std::fs::OpenOptions::new().read(true).write(true).open(&pipe).unwrap(); // and never does
        let mut log = Log::to_file(&pipe, 1 << 30).unwrap();
        let all = 2 * UNWRITTEN as u64;
        (0..all).for_each(|_| log.add(one(1)));
        assert!(log.lost() > 0 && log.lost() < all, "{} of {all} are counted as lost", log.lost());
        assert_eq!(log.read(false).0.len(), KEPT);
        std::fs::remove_file(pipe).unwrap();
        drop((log, reads)); // the end waits for a while, and no longer
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
