//! The Rust SDK: signed calls and ingest for any server of the run-log API.
