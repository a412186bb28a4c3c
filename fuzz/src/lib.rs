//! Fuzz targets: everything that reads bytes from outside, each with an assertion beyond "no panic".
//!
//! A target is a plain function of bytes. `cargo fuzz` calls it through a file of `fuzz_targets` (`cargo xtask fuzz`
//! runs all of them), and `tests/smoke.rs` calls it with mutations of its seeds, in seconds, on stable Rust.

mod diagnoses;
mod folders;
mod imports;
mod otlp;
mod policies;
mod posted;
mod requests;
mod seeds;
mod texts;

pub use diagnoses::doctor;
pub use folders::{manifest, rotten_folder, segment, wal};
pub use imports::{
    import_answer, import_lambda, import_ndjson, import_parquet, import_platform, import_scf_json, quiet_library_panics,
};
pub use otlp::{otlp_json, otlp_protobuf};
pub use policies::policy;
pub use posted::ingest;
pub use requests::{multipart, request};
pub use texts::{native_query, texts};

/// A target.
pub struct Target {
    /// Its name: that of its file in `fuzz_targets`.
    pub name: &'static str,
    /// Takes any bytes, and panics if they break an invariant.
    pub body: fn(&[u8]),
    /// Inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Words that its input consists of.
    pub words: &'static [&'static str],
    /// How many inputs the smoke run tries.
    pub smoke_runs: u32,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    target("ingest", ingest, seeds::posted, seeds::RECORD_WORDS),
    target("import_ndjson", import_ndjson, seeds::ndjson, seeds::RECORD_WORDS),
    target("import_answer", import_answer, seeds::answer, seeds::RECORD_WORDS),
    target("import_platform", import_platform, seeds::platform, seeds::LOG_WORDS),
    target("import_scf_json", import_scf_json, seeds::scf_json, seeds::LOG_WORDS),
    target("import_lambda", import_lambda, seeds::lambda, seeds::LOG_WORDS),
    target("import_parquet", import_parquet, seeds::parquet, &[]),
    target("otlp_json", otlp_json, seeds::otlp_json, seeds::OTLP_WORDS),
    target("otlp_protobuf", otlp_protobuf, seeds::otlp_protobuf, seeds::OTLP_WORDS),
    target("request", request, seeds::requests, seeds::PARAM_WORDS),
    target("multipart", multipart, seeds::multipart, seeds::PARAM_WORDS),
    target("texts", texts, seeds::texts, seeds::TEXT_WORDS),
    target("native_query", native_query, seeds::native_queries, seeds::QUERY_WORDS),
    target("policy", policy, seeds::policies, seeds::POLICY_WORDS),
    target("doctor", doctor, seeds::sent, seeds::SENT_WORDS),
    Target { smoke_runs: 25, ..target("wal", wal, folders::wal_seeds, &[]) },
    Target { smoke_runs: 25, ..target("segment", segment, folders::change_seeds, &[]) },
    Target { smoke_runs: 25, ..target("manifest", manifest, folders::manifest_seeds, &[]) },
    Target { smoke_runs: 25, ..target("rotten_folder", rotten_folder, folders::change_seeds, &[]) },
];

const fn target(
    name: &'static str,
    body: fn(&[u8]),
    seeds: fn() -> Vec<Vec<u8>>,
    words: &'static [&'static str],
) -> Target {
    Target { name, body, seeds, words, smoke_runs: 300 }
}
