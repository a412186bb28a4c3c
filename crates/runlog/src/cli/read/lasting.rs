//! Patience with a server that is away for a while: commands that last outlive its restarts.

use std::time::{Duration, Instant};

use runlog_client::{Client, Error, RunFilter, RunQuery};
use runlog_server::clock;

use crate::cli::common::failure::Failure;
use crate::cli::common::say::say;
use crate::cli::common::window::fine_span_ms;

/// The first pause between two tries, and the longest.
const PAUSE_FIRST: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(15);

/// How long a command waits for its server.
#[derive(clap::Args)]
#[command(next_help_heading = "Following")]
pub(in crate::cli) struct LastingArgs {
    /// How long to retry if the server cannot be reached, before giving up: 30s, 10m, 1d.
    #[arg(long, value_name = "SPAN", value_parser = fine_span_ms, default_value = "10m")]
    retry_for: i64,
}

impl LastingArgs {
    pub(in crate::cli) fn patience(&self) -> Patience {
        let limit = Duration::from_millis(self.retry_for.unsigned_abs());
        Patience { limit, lost_since: None, pause: PAUSE_FIRST }
    }
}

/// How long the server has been away, and how long that may last.
pub(in crate::cli) struct Patience {
    limit: Duration,
    lost_since: Option<Instant>,
    pause: Duration,
}

impl Patience {
    /// Waits before the next try; says so the first time.
    ///
    /// # Errors
    /// The error itself, when trying again is no use or has gone on for too long.
    pub(in crate::cli) fn wait(&mut self, error: Error) -> Result<(), Error> {
        let now = clock::monotonic();
        let since = *self.lost_since.get_or_insert_with(|| {
            if may_pass(&error) {
                say!("lost the connection to the server ({error}); retrying");
            }
            now
        });
        let left = self.limit.saturating_sub(now.duration_since(since));
        if !may_pass(&error) || left.is_zero() {
            return Err(error);
        }
        std::thread::sleep(self.pause.min(left));
        self.pause = (2 * self.pause).min(PAUSE_MAX);
        Ok(())
    }

    /// The server is there. Says so if it was away.
    pub(in crate::cli) fn found(&mut self) {
        if self.lost_since.take().is_some() {
            say!("the connection to the server is back");
        }
        self.pause = PAUSE_FIRST;
    }
}

/// What a command ends with that cannot go on: a server that was away for too long has cut it, any other answer is an
/// error like every other.
pub(in crate::cli) fn lost(error: Error) -> Failure {
    if may_pass(&error) { Failure::Cut(error.to_string()) } else { Failure::Call(error) }
}

/// Asks whether the server answers questions about these runs, and what its last sequence number is.
pub(in crate::cli) fn last_seq(client: &Client, filter: &RunFilter) -> Result<u64, Error> {
    // A window that holds next to nothing, so that there is next to nothing to count.
    let filter = RunFilter { since: Some("1s".to_owned()), from: None, to: None, ..filter.clone() };
    let page = client.runs(&RunQuery { filter, limit: Some(0), ..RunQuery::default() })?;
    Ok(page.watermark.seq)
}

/// Whether a call that failed is worth trying again: the server may be starting, or the network coming back.
fn may_pass(error: &Error) -> bool {
    match error {
        Error::Http { .. } | Error::BadAnswer { .. } => true,
        Error::Refused { status, .. } => matches!(status, 429 | 502..=504),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gone() -> Error {
        Error::Http { endpoint: "http://h".into(), cause: "refused".into() }
    }

    #[test]
    fn patience_ends_and_begins_anew_when_the_server_was_there() {
        let mut patience = LastingArgs { retry_for: 300 }.patience();
        assert!(patience.wait(gone()).is_ok());
        assert!(patience.wait(gone()).is_err(), "300 ms are over");
        patience.found();
        assert!(patience.wait(gone()).is_ok());
    }

    #[test]
    fn what_cannot_pass_is_not_waited_for() {
        let mut patience = LastingArgs { retry_for: 600_000 }.patience();
        let error = Error::Refused { status: 401, code: "Unauthorized".into(), message: "no".into() };
        assert!(patience.wait(error).is_err());
    }
}
