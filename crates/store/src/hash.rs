//! Hashes of identities and streams. They are part of the file format: never change them.

use runlog_core::{IdRef, Stream};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// Hashes what a run is looked up by: its account and request id. Function and retry number are compared afterwards,
/// so that a request id can be found without knowing them.
pub(crate) fn id_hash(account: &str, request_id: &str) -> u64 {
    xxh3_64_with_seed(request_id.as_bytes(), xxh3_64(account.as_bytes()))
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

/// Whether a stream belongs to the function of a run.
pub(crate) fn is_function_of(stream: &Stream, id: IdRef<'_>) -> bool {
    let names = [&stream.function, &stream.namespace, &stream.region, &stream.account];
    names.iter().zip([id.function, id.namespace, id.region, id.account]).all(|(mine, theirs)| *mine == theirs)
}
