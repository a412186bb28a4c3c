//! The memory of a process, from `/proc`, and its peak over time.
//!
//! Resident memory includes the pages of mapped files, which the system reclaims when it needs memory. The other pages
//! are *anonymous* memory; the system keeps no peak of them, so they are sampled.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;

/// How often memory is sampled: a flush or a merge takes many times as long.
const EVERY: Duration = Duration::from_millis(10);

/// A field of `/proc/PID/status` that is in kibibytes, in bytes.
pub(crate) fn status(process: u32, field: &str) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)).context("no such field")?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib * 1024)
}

/// Samples the anonymous memory of a process until it is asked for the peak.
pub(crate) struct AnonymousPeak {
    /// Ends the thread when it is dropped.
    end: Sender<()>,
    thread: JoinHandle<anyhow::Result<u64>>,
}

impl AnonymousPeak {
    /// Starts sampling.
    pub(crate) fn watch(process: u32) -> Self {
        let (end, ended) = mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            let mut peak = 0;
            loop {
                peak = peak.max(status(process, "RssAnon:")?);
                if ended.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout) {
                    return Ok(peak);
                }
            }
        });
        Self { end, thread }
    }

    /// The largest sample of anonymous memory, in bytes.
    pub(crate) fn bytes(self) -> anyhow::Result<u64> {
        drop(self.end);
        self.thread.join().ok().context("the thread that looked at memory panicked")?
    }
}
