//! Writing files in a thread of its own: the loop, which enforces, waits for no disk.
//!
//! What is to be written goes through a bounded channel. Where there is no room in it, whoever wanted to write is told so. A disk
//! that takes long is told of as one that is full is ([`Unwritten`]), by the loop, since the thread hangs in the system.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{fmt, io};

use crate::threads::spawn;
use crate::unwritten::Unwritten;

/// A write that takes longer is told of.
const SLOW: Duration = Duration::from_secs(2);
/// So long the end waits for what is not written yet.
const AT_THE_END: Duration = Duration::from_secs(2);

/// How writing goes.
#[derive(Debug, Default)]
struct Progress {
    unwritten: Unwritten,
    /// When the write that goes on began.
    begun: Option<Instant>,
    /// How many writes were wished, and how many have been tried.
    wished: u64,
    tried: u64,
}

impl Progress {
    /// Why the disk is slow, if it is.
    fn slowness(&self) -> Option<io::Error> {
        let takes = self.begun?.elapsed();
        let waits = self.wished - self.tried;
        (takes > SLOW).then(|| {
            io::Error::other(format!("the disk is slow: one write takes {}s, {waits} wait", takes.as_secs()))
        })
    }
}

/// What the loop, the thread that writes and those who wait for it share. Nobody holds it while the disk is at work.
#[derive(Debug, Default)]
struct Shared(Mutex<Progress>, Condvar);

impl Shared {
    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// For those who wait until what is known now is written.
#[derive(Debug, Clone, Default)]
pub struct Written(Arc<Shared>);

impl Written {
    /// Waits until everything wished so far has been tried, but no longer than this.
    pub fn wait(&self, patience: Duration) {
        let wished = self.0.progress().wished;
        let waits = |progress: &mut Progress| progress.tried < wished;
        drop(self.0.1.wait_timeout_while(self.0.progress(), patience, waits)); // an error: who wrote panicked
    }
}

type Write<T> = Box<dyn FnMut(T) -> io::Result<()> + Send>;

/// A file that is written in a thread, which starts with the first wish: the agent gives up its privileges before it has threads.
pub struct Behind<T> {
    what: &'static str,
    file: PathBuf,
    room: usize,
    shared: Arc<Shared>,
    not_begun: Option<Write<T>>,
    running: Option<Running<T>>,
}

struct Running<T> {
    jobs: SyncSender<T>,
    /// Disconnected when the thread has ended.
    ended: Receiver<()>,
}

impl<T: Send + 'static> Behind<T> {
    /// Writes `what` to a file, of which so many writes may wait.
    pub fn new(
        (what, file): (&'static str, &Path),
        room: usize,
        write: impl FnMut(T) -> io::Result<()> + Send + 'static,
    ) -> Self {
        let (file, write) = (file.to_owned(), Box::new(write));
        Self { what, file, room, shared: Arc::default(), not_begun: Some(write), running: None }
    }

    /// Has something written. It is given back where there is no room.
    pub fn put(&mut self, job: T) -> Result<(), T> {
        self.begin();
        let Some(Running { jobs, .. }) = &self.running else { return Err(job) };
        let mut progress = self.shared.progress();
        if let Some(slow) = progress.slowness() {
            progress.unwritten.note(self.what, &self.file, &Err(slow));
        }
        let (TrySendError::Full(job) | TrySendError::Disconnected(job)) = match jobs.try_send(job) {
            Ok(()) => {
                progress.wished += 1;
                return Ok(());
            }
            Err(refused) => refused,
        };
        Err(job)
    }

    /// For those who wait until what is known now is written.
    pub fn written(&self) -> Written {
        Written(self.shared.clone())
    }

    /// Whether everything has been tried.
    pub fn is_idle(&self) -> bool {
        let progress = self.shared.progress();
        progress.tried == progress.wished
    }

    /// The file and what the system said, as long as it cannot be written, or not in time.
    pub fn why(&self) -> Option<String> {
        let progress = self.shared.progress();
        let slow = || Some(format!("{}: {}", self.file.display(), progress.slowness()?));
        progress.unwritten.why().map(ToOwned::to_owned).or_else(slow)
    }

    fn begin(&mut self) {
        let Some(write) = self.not_begun.take() else { return };
        let (jobs, queue) = sync_channel(self.room);
        let (alive, ended): (Sender<()>, _) = channel();
        let (what, file, shared) = (self.what, self.file.clone(), self.shared.clone());
        spawn("writes", move || {
            write_all(&queue, write, (what, &file), &shared);
            drop(alive);
        });
        self.running = Some(Running { jobs, ended });
    }
}

/// Writes until nobody can wish any more. That the disk is well again is said when nothing waits.
fn write_all<T>(jobs: &Receiver<T>, mut write: Write<T>, (what, file): (&str, &Path), shared: &Shared) {
    while let Ok(job) = jobs.recv() {
        shared.progress().begun = Some(Instant::now());
        let written = write(job);
        let mut progress = shared.progress();
        progress.begun = None;
        progress.tried += 1;
        if written.is_err() || progress.tried == progress.wished {
            progress.unwritten.note(what, file, &written);
        }
        drop(progress);
        shared.1.notify_all();
    }
}

impl<T> Drop for Behind<T> {
    /// What waits is written, as far as the disk takes it in time.
    fn drop(&mut self) {
        if let Some(Running { jobs, ended }) = self.running.take() {
            drop(jobs);
            let _ = ended.recv_timeout(AT_THE_END); // an error either way: it has ended, or it takes too long
        }
    }
}

impl<T> fmt::Debug for Behind<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Behind").field("file", &self.file).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk that takes each write when it is told to.
    fn disk() -> (Sender<io::Result<()>>, Behind<u8>) {
        let (allow, allowed) = channel::<io::Result<()>>();
        let write = move |_| allowed.recv().unwrap_or(Ok(()));
        (allow, Behind::new(("bytes", Path::new("/disk")), 2, write))
    }

    #[test]
    fn a_disk_that_hangs_holds_nobody_up_and_is_told() {
        let (allow, mut disk) = disk();
        let begun = Instant::now();
        assert_eq!(disk.put(0), Ok(()));
        while disk.shared.progress().begun.is_none() {}
        assert_eq!([1, 2, 3].map(|job| disk.put(job)), [Ok(()), Ok(()), Err(3)], "two may wait");
        assert!(begun.elapsed() < SLOW && disk.why().is_none() && !disk.is_idle());
        disk.shared.progress().begun = Some(begun.checked_sub(SLOW * 2).unwrap());
        assert_eq!(disk.put(4), Err(4));
        assert_eq!(disk.why().as_deref(), Some("/disk: the disk is slow: one write takes 4s, 3 wait"));
        drop(allow);
        disk.written().wait(SLOW);
        assert!(disk.is_idle() && disk.why().is_none());
    }

    #[test]
    fn what_fails_is_told_until_all_is_written() {
        let (allow, mut disk) = disk();
        disk.put(0).unwrap();
        allow.send(Err(io::ErrorKind::StorageFull.into())).unwrap();
        disk.written().wait(SLOW);
        assert_eq!(disk.why().as_deref(), Some("/disk: no storage space"));
        disk.put(1).unwrap();
        allow.send(Ok(())).unwrap();
        disk.written().wait(SLOW);
        assert_eq!(disk.why(), None);
    }

    #[test]
    fn the_end_waits_for_what_is_not_written() {
        let (count, counted) = channel();
        let mut slow = Behind::new(("bytes", Path::new("/disk")), 8, move |job: u8| {
            std::thread::sleep(Duration::from_millis(5));
            _ = count.send(job);
            Ok(())
        });
        (0..8).for_each(|job| slow.put(job).unwrap());
        drop(slow);
        assert_eq!(counted.try_iter().count(), 8);
    }
}
