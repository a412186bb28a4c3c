//! The flags of `runlog doctor`.

use std::path::PathBuf;

use crate::cli::common::server::ServerArgs;
use crate::cli::common::table::Format;

/// Arguments of `runlog doctor`.
#[derive(clap::Args)]
pub(crate) struct DoctorArgs {
    /// File with the refused request: raw HTTP, a `curl -v` log, a HAR file or entry, JSON or a curl command; `-` for
    /// standard input. Without a request, the server itself is checked.
    #[arg(value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// The curl command of the refused request.
    #[arg(long, value_name = "COMMAND", conflicts_with = "file")]
    pub(super) curl: Option<String>,
    /// The RequestId of the answer; the server remembers its request.
    #[arg(long, value_name = "ID", conflicts_with_all = ["file", "curl"])]
    pub(super) request_id: Option<String>,
    /// File with the body, if FILE does not contain it.
    #[arg(long, value_name = "FILE")]
    pub(super) body: Option<PathBuf>,
    /// When the server received it: 2026-07-01 08:00:00 in UTC+8, RFC 3339, or 10m (ago).
    #[arg(long, value_name = "TIME")]
    pub(super) at: Option<String>,
    /// The code that the server answered with, such as AuthFailure.SignatureFailure.
    #[arg(long, value_name = "CODE")]
    pub(super) code: Option<String>,
    /// File with the canonical request that the sender computed.
    #[arg(long, value_name = "FILE")]
    pub(super) canonical_request: Option<PathBuf>,
    /// File with the string to sign that the sender computed.
    #[arg(long, value_name = "FILE")]
    pub(super) string_to_sign: Option<PathBuf>,
    /// Read the secret of the signing key from standard input, one line.
    #[arg(long)]
    pub(super) secret_key_stdin: bool,
    /// How far clocks may be apart, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub(super) max_skew: u32,
    /// The output format.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(super) output: Format,
    #[command(flatten)]
    pub(super) server: ServerArgs,
}
