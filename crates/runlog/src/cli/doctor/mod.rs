//! `runlog doctor`: why a signed request is refused, or whether a server can be worked with from here.

mod request;
mod server;

use std::path::PathBuf;
use std::process::ExitCode;

use crate::cli::common::failure::end;
use crate::cli::common::server::ServerArgs;
use crate::cli::common::table::Format;

/// Arguments of `runlog doctor`.
#[derive(clap::Args)]
pub(crate) struct DoctorArgs {
    /// File with the refused request: raw HTTP, a `curl -v` log, a HAR file or entry, JSON or a curl command; `-` for
    /// standard input. Without a request, the server itself is checked.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// The curl command of the refused request.
    #[arg(long, value_name = "COMMAND", conflicts_with = "file")]
    curl: Option<String>,
    /// The RequestId of the answer; the server remembers its request.
    #[arg(long, value_name = "ID", conflicts_with_all = ["file", "curl"])]
    request_id: Option<String>,
    /// File with the body, if FILE does not contain it.
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// When the server received it: 2026-07-01 08:00:00 in UTC+8, RFC 3339, or 10m (ago).
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// The code that the server answered with, such as AuthFailure.SignatureFailure.
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    /// File with the canonical request that the sender computed.
    #[arg(long, value_name = "FILE")]
    canonical_request: Option<PathBuf>,
    /// File with the string to sign that the sender computed.
    #[arg(long, value_name = "FILE")]
    string_to_sign: Option<PathBuf>,
    /// Read the secret of the signing key from standard input, one line.
    #[arg(long)]
    secret_key_stdin: bool,
    /// How far clocks may be apart, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    max_skew: u32,
    /// The output format.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
    #[command(flatten)]
    server: ServerArgs,
}

/// Diagnoses the request, or checks the server.
pub(crate) fn run(args: &DoctorArgs) -> anyhow::Result<ExitCode> {
    let is_about_a_request = args.file.is_some() || args.curl.is_some() || args.request_id.is_some();
    end(if is_about_a_request { request::examine(args) } else { server::examine(args) }, false)
}
