//! The memory of a server's process, while it works.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Memory of a process that cannot be given back by dropping file pages, in bytes.
pub(crate) fn anonymous_bytes(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("a status");
    let kib: Option<u64> =
        status.lines().find_map(|line| line.strip_prefix("RssAnon:")?.trim().strip_suffix(" kB")?.parse().ok());
    1024 * kib.unwrap_or_else(|| panic!("no RssAnon in {status}"))
}

/// Watches a server's memory.
pub(crate) struct Watch {
    idle: u64,
    peak: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
    watching: JoinHandle<()>,
}

impl Watch {
    pub(crate) fn begin(process: u32) -> Self {
        let (peak, is_over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (seen, over) = (Arc::clone(&peak), Arc::clone(&is_over));
        let watching = thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                seen.fetch_max(anonymous_bytes(process), Ordering::Relaxed);
                thread::sleep(Duration::from_millis(1));
            }
        });
        Self { idle: anonymous_bytes(process), peak, is_over, watching }
    }

    /// What the idle server had, in bytes.
    pub(crate) fn idle(&self) -> u64 {
        self.idle
    }

    /// The most that was seen above what the idle server had, in bytes.
    pub(crate) fn end(self) -> u64 {
        self.is_over.store(true, Ordering::Relaxed);
        self.watching.join().expect("the watch");
        self.peak.load(Ordering::Relaxed).saturating_sub(self.idle)
    }
}
