//! Log lines on their way to standard error. Writing a log is never waited for and never a reason to fail.
//!
//! A reader that stops would block every login that writes a line, a closed pipe or a full disk would be an error in
//! the middle of one. So lines go through a queue of bounded length to a thread that writes them. What does not fit
//! into the queue, or cannot be written, is counted and lost.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

/// How many lines wait for a slow reader: about 2 MB.
const QUEUE: usize = 8192;

/// In this process. A program has one log.
static DROPPED_LINES: AtomicU64 = AtomicU64::new(0);

/// How many log lines of this process were lost.
pub(crate) fn dropped_lines() -> u64 {
    DROPPED_LINES.load(Ordering::Relaxed)
}

/// A writer for `tracing_subscriber`, one line for each call (`with_writer(Arc::new(output))`). What is dropped counts
/// in the metric `authress_verifier_log_lines_dropped_total`.
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
    /// Writes to `output` from a thread of its own.
    ///
    /// # Errors
    /// When the operating system has no thread left.
    pub fn to(output: impl Write + Send + 'static) -> io::Result<Self> {
        Self::with_queue(QUEUE, output)
    }

    fn with_queue(lines: usize, output: impl Write + Send + 'static) -> io::Result<Self> {
        let (queue, items) = sync_channel(lines);
        std::thread::Builder::new().name("log".to_owned()).spawn(move || write_all(&items, output))?;
        Ok(Self { queue })
    }

    /// Waits until all lines so far are written, but no longer than `limit`. Returns whether they are.
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

/// Lines that come within this time share one write, and one wake-up of the thread.
const GATHER: Duration = Duration::from_millis(2);

/// The longest write but for its last line.
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

    // One test, because the number of dropped lines is one for the process.
    #[test]
    fn a_writer_that_stops_or_fails_costs_lines_and_is_not_waited_for() {
        let slow = Slow::default();
        let log = LogOutput::with_queue(10, slow.clone()).unwrap();
        let blocked = slow.0.lock().unwrap();
        for _ in 0..100 {
            (&log).write_all(b"line\n").unwrap();
        }
        assert!(!log.flush(Duration::from_millis(20)), "it is bounded");
        // Ten wait in the queue, and up to eleven for the lock.
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
