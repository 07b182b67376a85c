//! A non-blocking log writer: logins neither wait for the log nor fail because of it.
//!
//! A slow reader of standard error would block every login that logs a line, and a closed pipe or a full disk would be
//! an error in the middle of one. So lines go through a bounded queue to a thread that writes them. Lines that do not
//! fit into the queue or cannot be written are dropped and counted.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

/// The capacity of the queue in lines: about 2 MB.
const QUEUE: usize = 8192;

/// A static, because a process has one log.
static DROPPED_LINES: AtomicU64 = AtomicU64::new(0);

/// Returns the number of dropped log lines of this process.
pub(crate) fn dropped_lines() -> u64 {
    DROPPED_LINES.load(Ordering::Relaxed)
}

/// A writer for `tracing_subscriber` (`with_writer(Arc::new(output))`) that takes one line with each call. Dropped
/// lines count in the metric `authress_verifier_log_lines_dropped_total`.
#[derive(Clone, Debug)]
pub struct LogOutput {
    queue: SyncSender<Item>,
}

#[derive(Debug)]
enum Item {
    Line(Vec<u8>),
    Flush(SyncSender<()>),
}

impl LogOutput {
    /// Creates a log that writes to `output` from a thread of its own.
    ///
    /// # Errors
    /// When the thread cannot be created.
    pub fn to(output: impl Write + Send + 'static) -> io::Result<Self> {
        Self::with_queue(QUEUE, output)
    }

    fn with_queue(lines: usize, output: impl Write + Send + 'static) -> io::Result<Self> {
        let (queue, items) = sync_channel(lines);
        std::thread::Builder::new().name("log".to_owned()).spawn(move || write_all(&items, output))?;
        Ok(Self { queue })
    }

    /// Waits until all lines so far are written, but no longer than `limit`. Returns whether they were.
    pub fn flush(&self, limit: Duration) -> bool {
        let end = Instant::now() + limit;
        let (done, written) = sync_channel(1);
        let mut item = Item::Flush(done);
        loop {
            match self.queue.try_send(item) {
                Ok(()) => return written.recv_timeout(end.saturating_duration_since(Instant::now())).is_ok(),
                Err(TrySendError::Full(back)) if Instant::now() < end => item = back,
                Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => return false,
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Write for &LogOutput {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.queue.try_send(Item::Line(line.to_vec())).is_err() {
            DROPPED_LINES.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Lines within this time share one write and one wake-up of the thread.
const GATHER: Duration = Duration::from_millis(2);

/// The size at which a batch is written.
const BATCH_BYTES: usize = 64 * 1024;

fn write_all(items: &Receiver<Item>, mut output: impl Write) {
    let mut batch = Batch::default();
    while let Ok(mut item) = items.recv() {
        std::thread::sleep(GATHER);
        loop {
            match item {
                Item::Line(line) => batch.add(&line),
                Item::Flush(done) => {
                    batch.write(&mut output);
                    let _ = output.flush();
                    let _ = done.send(());
                }
            }
            if batch.bytes.len() >= BATCH_BYTES {
                break;
            }
            match items.try_recv() {
                Ok(next) => item = next,
                Err(_) => break,
            }
        }
        batch.write(&mut output);
    }
}

#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    lines: u64,
}

impl Batch {
    fn add(&mut self, line: &[u8]) {
        self.bytes.extend_from_slice(line);
        self.lines += 1;
    }

    fn write(&mut self, output: &mut impl Write) {
        if !self.bytes.is_empty() && output.write_all(&self.bytes).is_err() {
            DROPPED_LINES.fetch_add(self.lines, Ordering::Relaxed);
        }
        self.bytes.clear();
        self.lines = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Writes nothing while it is locked.
    #[derive(Clone, Default)]
    struct Slow(Arc<Mutex<Vec<u8>>>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Broken;

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    const LIMIT: Duration = Duration::from_secs(30);

    // One test, because the counter is shared by the process.
    #[test]
    fn a_blocked_or_failing_writer_drops_lines_and_does_not_block() {
        let slow = Slow::default();
        let log = LogOutput::with_queue(10, slow.clone()).unwrap();
        let blocked = slow.0.lock().unwrap();
        for _ in 0..100 {
            (&log).write_all(b"line\n").unwrap();
        }
        assert!(!log.flush(Duration::from_millis(20)), "it is bounded");
        // Ten lines are in the queue, and up to eleven in the blocked write.
        let dropped = dropped_lines();
        assert!((79..=90).contains(&dropped), "{dropped}");
        drop(blocked);
        assert!(log.flush(LIMIT));
        let written = slow.0.lock().unwrap().len() as u64 / 5;
        assert_eq!(written + dropped, 100);

        let log = LogOutput::to(Broken).unwrap();
        for _ in 0..5 {
            (&log).write_all(b"line\n").unwrap();
        }
        assert!(log.flush(LIMIT));
        assert_eq!(dropped_lines(), dropped + 5);
    }
}
