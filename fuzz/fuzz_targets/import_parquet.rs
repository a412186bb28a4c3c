//! See `runlog_fuzz::TARGETS`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(init: runlog_fuzz::quiet_library_panics(), |bytes: &[u8]| runlog_fuzz::import_parquet(bytes));
