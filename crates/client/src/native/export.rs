//! An export as an iterator: the runs as they arrive, over as many connections as needed. It ends with an error unless
//! all of them arrived.

use std::io::{BufRead, BufReader, Read};
use std::time::Duration;

use serde::Deserialize;

use super::export_query::{ExportQuery, Head};
use super::run::{Fields, Received};
use super::{LINE_MAX_BYTES, RunFilter, RunRow};
use crate::retry::Backoff;
use crate::{Client, Error};

/// How long one connection is read before it is replaced. A connection that died unnoticed would otherwise be waited
/// for without an end.
const CONNECTION: Duration = Duration::from_secs(30 * 60);

/// The runs of an export, of one moment, by start; made by [`Client::export`].
///
/// The server says at the beginning how many there are. A broken connection is made again, with growing pauses, up to
/// [`retries`](crate::ClientBuilder::retries) times in a row, and the export continues after the last run; so none is
/// missing and none comes twice. If that is impossible because runs were removed on the server meanwhile, the last item
/// is an error.
#[must_use]
pub struct Export<'a> {
    client: &'a Client,
    /// Its fields include those that are needed to continue.
    query: ExportQuery,
    fields: Fields,
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

/// The last line of an export that the server cannot finish, in the place of a run.
#[derive(Deserialize)]
struct CutShort {
    error: Reason,
}

#[derive(Deserialize)]
struct Reason {
    code: String,
    message: String,
}

impl<'a> Export<'a> {
    fn open(client: &'a Client, mut query: ExportQuery) -> Result<Self, Error> {
        query.fields = query.fields.map(|fields| format!("{fields},Seq,StartTime"));
        let mut export = Self {
            client,
            fields: Fields::of(query.fields.as_deref()),
            query,
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
        let after = self.last.map(|(start_ms, seq)| format!("{start_ms},{seq}"));
        let headers = [("Authorization", self.client.authorization())];
        let target = self.query.target(None, after.as_deref());
        let opened = self.client.transport.open(&target, &headers, Some(CONNECTION))?;
        let Head { total, as_of, window } = Head::read(&opened).map_err(|error| self.client.bad_answer(&error))?;
        // A window that ends now, or began an hour ago, would be another one the next time; and so would "now".
        if let Some((from, to)) = window {
            self.query.filter.since = None;
            (self.query.filter.from, self.query.filter.to) = (Some(from), Some(to));
        }
        self.query.as_of = Some(as_of);
        if self.last.is_none() {
            (self.total, self.as_of) = (total, as_of);
        } else if self.total - self.read != total {
            let gone = format!("{} of {} runs had arrived, and {total} are left", self.read, self.total);
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
            let CutShort { error: Reason { code, message } } = self.client.read_json(&line)?;
            return Err(Error::CutShort { code, message });
        }
        let run: Received = self.client.read_json(&line)?;
        run.run(&self.fields).map(Some).map_err(|error| self.client.bad_answer(&error))
    }
}

impl Client {
    /// Every finished run that matches, of one moment, as a stream: the newest first. See [`Export`].
    ///
    /// # Errors
    /// As [`Client::runs`].
    pub fn export(&self, filter: &RunFilter) -> Result<Export<'_>, Error> {
        self.export_with(&ExportQuery { filter: filter.clone(), ..ExportQuery::default() })
    }

    /// As [`Client::export`], in another order, with some fields only, or as of an earlier moment.
    ///
    /// # Errors
    /// As [`Client::runs`].
    pub fn export_with(&self, query: &ExportQuery) -> Result<Export<'_>, Error> {
        Export::open(self, query.clone())
    }
}

/// The error of an export whose runs were removed.
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
