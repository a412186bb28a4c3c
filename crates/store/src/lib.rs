//! The embedded engine: write-ahead log, memtable, immutable segments, crash-safe and exact.
//!
//! ```text
//! append ──> commit: what is new? ──> log, synced ──> memtable ──flush──> segment ──merge──> segment
//!                                            └──────> runs in flight
//! query  ──> snapshot of (memtables, runs in flight, segments) ──> count, best keys ──> rows of the page
//! tail   ──> the same, by sequence number, each time that something was accepted
//! ```
//!
//! * An acknowledged run is on disk; after a failed write or sync the store refuses writes and goes on reading.
//! * A run is stored once, however often and however concurrently it is offered.
//! * Rows and total of an answer come from one snapshot, and equal those of [`runlog_core::naive`].
//! * Opening survives torn and damaged files; what is lost is said, in [`Health`] and in every answer's watermark.
//!
//! The formats are drawn at the top of the files that own them, and together in `docs/internals/file-format.md`.

mod append;
mod as_engine;
mod background;
mod catalog;
mod chunks;
mod clock;
mod codec;
mod commit;
mod compact;
pub mod disk;
mod engine;
mod error;
mod flush;
mod hash;
mod health;
mod in_flight;
mod locks;
mod manifest;
mod memtable;
mod number;
pub mod operate;
mod options;
mod pack;
mod page_rows;
mod partition;
mod publish;
mod query;
mod record;
mod recovery;
mod replay;
mod retain;
mod retention;
mod segment;
mod signal;
mod state;
mod store;
mod stored;
mod tail;
#[cfg(test)]
mod testing;
mod unfinished;
mod wal;
mod wall;
mod watermarks;

pub use clock::{Clock, ManualClock, SystemClock};
pub use disk::{Disk, RealDisk};
pub use error::{Error, Result};
pub use health::{Health, SetAside, Stats};
pub use options::{Options, Shape};
pub use page_rows::PageRows;
pub use retention::{Keep, Retention};
pub use runlog_core::Removed;
pub use store::Store;
pub use tail::Subscription;
