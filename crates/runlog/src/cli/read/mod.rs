//! What the commands share that read runs over the native API: which runs, which window, how they are printed.

pub(super) mod card;
mod csv;
mod curl;
pub(super) mod lasting;
pub(super) mod live;
pub(super) mod print;
pub(super) mod table;
pub(super) mod window;

use clap::ColorChoice;
use runlog_client::{Client, RunFilter};
use runlog_core::Zone;

use self::print::Format;
use crate::cli::common::colour::is_coloured;
use crate::cli::common::failure::Failure;
use crate::cli::common::server::ServerArgs;
use crate::cli::common::text::one_line;

/// Which runs.
#[derive(clap::Args)]
#[command(next_help_heading = "Which runs")]
pub(super) struct FilterArgs {
    /// The function; without it, every function.
    #[arg(value_name = "FUNCTION", conflicts_with = "function", help_heading = None::<&str>)]
    name: Option<String>,
    /// The function, by a flag.
    #[arg(short = 'F', long, value_name = "NAME")]
    function: Option<String>,
    /// Only runs of this namespace.
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
    /// Only runs of this version or alias.
    #[arg(long, value_name = "VERSION")]
    qualifier: Option<String>,
    /// Only runs that failed: finished, with a code other than 0.
    #[arg(long, group = "result")]
    errors: bool,
    /// Only runs that succeeded.
    #[arg(long, group = "result")]
    ok: bool,
    /// Only runs in flight.
    #[arg(long, group = "result")]
    running: bool,
    /// Only runs with one of these return codes, such as 433 or 430,432.
    #[arg(long, value_name = "CODES", group = "result")]
    ret_code: Option<String>,
    /// Only runs whose log or return message contains this text.
    #[arg(short, long, value_name = "TEXT")]
    keyword: Option<String>,
}

impl FilterArgs {
    /// The filter; the region is that of the server's options.
    pub(super) fn filter(&self, server: &ServerArgs) -> RunFilter {
        let result = match (self.errors, self.ok, self.running) {
            (true, ..) => Some("failed".to_owned()),
            (_, true, _) => Some("ok".to_owned()),
            (.., true) => Some("running".to_owned()),
            _ => self.ret_code.clone(),
        };
        RunFilter {
            function: self.name.clone().or_else(|| self.function.clone()),
            namespace: self.namespace.clone(),
            qualifier: self.qualifier.clone(),
            region: server.region(),
            result,
            keyword: self.keyword.clone(),
            ..RunFilter::default()
        }
    }
}

/// One run, by its id.
#[derive(clap::Args)]
#[command(next_help_heading = "Which run")]
pub(super) struct RunIdArgs {
    /// The run's id.
    #[arg(help_heading = None::<&str>)]
    pub(super) request_id: String,
    /// Only a run of this function, if several have a run with this id.
    #[arg(short = 'F', long, value_name = "NAME")]
    function: Option<String>,
    /// Only a run of this namespace.
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
}

impl RunIdArgs {
    /// Where the run is to be.
    pub(super) fn within(&self, server: &ServerArgs) -> RunFilter {
        RunFilter {
            function: self.function.clone(),
            namespace: self.namespace.clone(),
            region: server.region(),
            ..RunFilter::default()
        }
    }

    /// What is said when there is none.
    pub(super) fn missing(&self) -> Failure {
        let message = "there is no run `{}` that this key may read; look for it with `runlog query --keyword` or \
                       `runlog last`";
        Failure::Other(anyhow::anyhow!(message.replace("{}", &one_line(&self.request_id))))
    }
}

/// How runs are printed.
#[derive(clap::Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// The output format.
    #[arg(short, long, value_name = "FORMAT")]
    output: Option<Format>,
    /// When to use colours; auto: on a terminal, never with NO_COLOR, always with CLICOLOR_FORCE.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
    /// The time zone of printed times, and of given times without a zone.
    #[arg(long, value_name = "ZONE", default_value = "+08:00")]
    pub(super) time_zone: Zone,
}

impl OutputArgs {
    /// The format, where one was asked for.
    pub(super) fn format(&self) -> Option<Format> {
        self.output
    }

    pub(super) fn is_coloured(&self) -> bool {
        is_coloured(self.color)
    }
}

/// Whether the request is shown instead of sent.
#[derive(clap::Args)]
pub(super) struct RequestArgs {
    /// Print the request instead of sending it.
    #[arg(long, value_name = "AS", help_heading = "Output")]
    print_request: Option<RequestForm>,
}

impl RequestArgs {
    /// Prints the request for `url`, where that was asked for, and says whether it was. `is_stream`: its answer has no
    /// end of its own.
    pub(super) fn is_printed(
        &self,
        server: &ServerArgs,
        is_stream: bool,
        url: impl FnOnce(&Client) -> String,
    ) -> Result<bool, Failure> {
        match self.print_request {
            None => return Ok(false),
            Some(RequestForm::Curl) => curl::print(server, &url(&server.client_for_shell()?), is_stream)?,
        }
        Ok(true)
    }
}

/// How a request is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum RequestForm {
    /// A curl command.
    Curl,
}
