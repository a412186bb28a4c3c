//! Hashes of identities and streams. [`id_hash`] is part of the file format: never change it.

use runlog_core::{IdRef, Stream};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// Hashes what a run is looked up by: its account and request id. Function and retry number are compared afterwards,
/// so that a request id can be found without knowing them.
pub(crate) fn id_hash(account: &str, request_id: &str) -> u64 {
    xxh3_64_with_seed(request_id.as_bytes(), xxh3_64(account.as_bytes()))
}

/// Hashes a whole identity, for tables in memory: many functions may have runs with one request id, and each run is
/// still found without a look at the others. `id_hash` is [`id_hash`] of it.
pub(crate) fn run_hash(id_hash: u64, id: IdRef<'_>) -> u64 {
    let names = [id.region, id.namespace, id.function];
    let hash = names.iter().fold(id_hash, |hash, name| xxh3_64_with_seed(name.as_bytes(), hash));
    xxh3_64_with_seed(&[id.retry_num], hash)
}

/// Hashes a stream's names, for tables in memory.
pub(crate) fn stream_hash(stream: &Stream) -> u64 {
    let names = [&stream.region, &stream.namespace, &stream.function, &stream.qualifier];
    names.iter().fold(xxh3_64(stream.account.as_bytes()), |hash, name| xxh3_64_with_seed(name.as_bytes(), hash))
}

/// Whether two streams belong to one function: what an identity needs of them.
pub(crate) fn same_function(a: &Stream, b: &Stream) -> bool {
    a.function == b.function && a.namespace == b.namespace && a.region == b.region && a.account == b.account
}

/// Counts how often an identity was compared with a known one, in tests.
#[cfg(test)]
pub(crate) mod comparisons {
    use std::cell::Cell;

    thread_local!(static COUNT: Cell<u64> = const { Cell::new(0) });

    /// One more.
    pub(crate) fn note() {
        COUNT.set(COUNT.get() + 1);
    }

    /// How many this thread has made.
    pub(crate) fn count() -> u64 {
        COUNT.get()
    }
}
