//! An export as an iterator: the runs as they arrive, over as many connections as it takes, and an error unless all of
//! them did.

use std::io::{BufRead, BufReader, Read};
use std::time::Duration;

use serde::Deserialize;

use super::{LINE_MAX_BYTES, RunFilter, RunRow, target};
use crate::retry::Backoff;
use crate::{Client, Error, envelope};

/// How long one connection is read before another takes its place: one that has died unnoticed gives nothing, and would
/// be waited for without an end.
const CONNECTION: Duration = Duration::from_secs(30 * 60);

/// The runs of an export, of one moment, by start; made by [`Client::export`].
///
/// The server said at the beginning how many there are. A connection that breaks is made again, with growing pauses, as
/// often in a row as the client's [`retries`](crate::ClientBuilder::retries) say, and the export goes on after the last
/// run; so none is missing and none comes twice. Where that cannot be, since runs were removed on the server meanwhile,
/// the last item is an error.
#[must_use]
pub struct Export<'a> {
    client: &'a Client,
    filter: RunFilter,
    sort: Option<String>,
    /// Those that were asked for, with the ones that going on needs.
    fields: Option<String>,
    /// `None` while there is no connection.
    lines: Option<BufReader<Box<dyn Read + Send>>>,
    total: u64,
    as_of: u64,
    read: u64,
    /// Start and number of the last run that came.
    last: Option<(i64, u64)>,
    backoff: Backoff,
    reconnects: u64,
    is_over: bool,
}

/// What stands in the place of a run when the server cannot go on.
#[derive(Deserialize)]
struct LastWords {
    error: Reason,
}

#[derive(Deserialize)]
struct Reason {
    code: String,
    message: String,
}

impl<'a> Export<'a> {
    pub(crate) fn open(
        client: &'a Client,
        filter: &RunFilter,
        sort: Option<&str>,
        fields: Option<&str>,
    ) -> Result<Self, Error> {
        let mut export = Self {
            client,
            filter: filter.clone(),
            sort: sort.map(str::to_owned),
            fields: fields.map(|fields| format!("{fields},Seq,StartTime")),
            lines: None,
            total: 0,
            as_of: 0,
            read: 0,
            last: None,
            backoff: Backoff::new(client.retries),
            reconnects: 0,
            is_over: false,
        };
        export.connect()?;
        Ok(export)
    }

    /// How many runs there are.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// As of which sequence number they are.
    pub fn as_of(&self) -> u64 {
        self.as_of
    }

    /// How often a connection was made again.
    pub fn reconnects(&self) -> u64 {
        self.reconnects
    }

    fn connect(&mut self) -> Result<(), Error> {
        let as_of = (self.as_of > 0).then(|| self.as_of.to_string());
        let after = self.last.map(|(start_ms, seq)| format!("{start_ms},{seq}"));
        let own = [
            ("sort", self.sort.as_deref()),
            ("as_of", as_of.as_deref()),
            ("after", after.as_deref()),
            ("fields", self.fields.as_deref()),
        ];
        let headers = [("Authorization", self.client.authorization())];
        let opened = self.client.transport.open(&target("export", &self.filter, &own), &headers, Some(CONNECTION))?;
        let header = |name: &str| opened.headers.get(name).and_then(|value| value.to_str().ok());
        let number = |name: &str| header(name).and_then(|value| value.parse::<u64>().ok());
        let (Some(total), Some(as_of)) = (number("x-runlog-total"), number("x-runlog-as-of")) else {
            return Err(self.bad("an export that does not say its length".to_owned()));
        };
        if let (Some(from), Some(to)) = (header("x-runlog-from"), header("x-runlog-to")) {
            // A window that ends now, or began an hour ago, would be another one the next time.
            let (from, to) = (Some(from.to_owned()), Some(to.to_owned()));
            self.filter = RunFilter { since: None, from, to, ..std::mem::take(&mut self.filter) };
        }
        if self.last.is_none() {
            (self.total, self.as_of) = (total, as_of);
        } else if self.total - self.read != total {
            let gone = format!("{} of {} runs had come, and {total} are left", self.read, self.total);
            return Err(removed(format!("{gone}: some were removed on the server meanwhile; export again")));
        }
        self.lines = Some(BufReader::new(opened.body));
        Ok(())
    }

    fn run(&mut self) -> Result<Option<RunRow>, Error> {
        loop {
            if self.lines.is_none() && self.read == self.total {
                return Ok(None);
            }
            let error = match self.read_line() {
                Ok(Some(run)) => {
                    self.read += 1;
                    self.last = Some((run.start_time, run.seq));
                    self.backoff = Backoff::new(self.client.retries);
                    return Ok(Some(run));
                }
                Ok(None) => {
                    self.lines = None;
                    continue;
                }
                Err(error) => error,
            };
            self.lines = None;
            let Some(wait) = self.backoff.next(None).filter(|_| error.is_passing()) else { return Err(error) };
            self.client.clock.sleep(wait);
            self.reconnects += 1;
        }
    }

    /// The next run on this connection, or on a new one if there is none; `None` at the end.
    fn read_line(&mut self) -> Result<Option<RunRow>, Error> {
        if self.lines.is_none() {
            self.connect()?;
        }
        let endpoint = || self.client.transport.endpoint.url.clone();
        let Some(lines) = &mut self.lines else { return Ok(None) };
        let mut line = Vec::new();
        if let Err(error) = lines.by_ref().take(LINE_MAX_BYTES).read_until(b'\n', &mut line) {
            return Err(Error::Http { endpoint: endpoint(), cause: error.into() });
        }
        if line.is_empty() && self.read == self.total {
            return Ok(None);
        }
        if line.last() != Some(&b'\n') {
            let cause = format!("the export ended after {} of {} runs", self.read, self.total);
            return Err(Error::Http { endpoint: endpoint(), cause: cause.into() });
        }
        if line.starts_with(b"{\"error\":") {
            let words: Result<LastWords, _> = serde_json::from_slice(&line);
            let LastWords { error: Reason { code, message } } =
                words.map_err(|error| self.bad(format!("{error}: {}", envelope::shown(&line))))?;
            return Err(Error::CutShort { code, message });
        }
        let run = serde_json::from_slice(&line);
        run.map(Some).map_err(|error| self.bad(format!("{error}: {}", envelope::shown(&line))))
    }

    fn bad(&self, reason: String) -> Error {
        Error::BadAnswer { endpoint: self.client.transport.endpoint.url.clone(), reason }
    }
}

/// What was to be exported is not there any more.
fn removed(message: String) -> Error {
    Error::CutShort { code: "RunsRemoved".to_owned(), message }
}

impl Iterator for Export<'_> {
    type Item = Result<RunRow, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let run = self.run().transpose();
        self.is_over = !matches!(run, Some(Ok(_)));
        run
    }
}
