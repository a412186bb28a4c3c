//! `runlog doctor`: why a signed request is refused, or whether a server can be worked with from here.

mod args;
mod request;
mod server;

use std::process::ExitCode;

pub(crate) use self::args::DoctorArgs;
use crate::cli::common::failure::end;

/// Diagnoses the request, or checks the server.
pub(crate) fn run(args: &DoctorArgs) -> anyhow::Result<ExitCode> {
    let is_about_a_request = args.file.is_some() || args.curl.is_some() || args.request_id.is_some();
    end(if is_about_a_request { request::examine(args) } else { server::examine(args) }, false)
}
