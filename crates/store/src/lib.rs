//! The embedded engine: write-ahead log, memtable, immutable segments, crash-safe and exact.
