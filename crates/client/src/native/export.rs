//! An export as an iterator: the runs as they arrive, and an error unless all of them did.

use std::io::{BufRead, BufReader, Read};

use super::{LINE_MAX_BYTES, RunRow};
use crate::{Client, Error, envelope};

/// The runs of an export; made by [`Client::export`]. The server said at the beginning how many there are: after fewer
/// than that, the last item is an error.
#[must_use]
pub struct Export {
    lines: BufReader<Box<dyn Read + Send>>,
    total: u64,
    as_of: u64,
    read: u64,
    is_over: bool,
    endpoint: String,
}

impl Export {
    pub(crate) fn open(client: &Client, target: &str) -> Result<Self, Error> {
        let headers = [("Authorization", client.authorization())];
        let opened = client.transport.open(target, &headers, None)?;
        let endpoint = client.transport.endpoint.url.clone();
        let number = |name: &str| opened.headers.get(name).and_then(|value| value.to_str().ok()?.parse().ok());
        let (Some(total), Some(as_of)) = (number("x-runlog-total"), number("x-runlog-as-of")) else {
            return Err(Error::BadAnswer { endpoint, reason: "an export that does not say its length".to_owned() });
        };
        let lines = BufReader::new(opened.body);
        Ok(Self { lines, total, as_of, read: 0, is_over: false, endpoint })
    }

    /// How many runs there are.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// As of which sequence number they are.
    pub fn as_of(&self) -> u64 {
        self.as_of
    }

    fn read_line(&mut self) -> Result<Option<RunRow>, Error> {
        let bad = |reason: String| Error::BadAnswer { endpoint: self.endpoint.clone(), reason };
        let mut line = Vec::new();
        if let Err(error) = self.lines.by_ref().take(LINE_MAX_BYTES).read_until(b'\n', &mut line) {
            return Err(Error::Http { endpoint: self.endpoint.clone(), cause: error.into() });
        }
        if line.is_empty() && self.read == self.total {
            return Ok(None);
        }
        if line.last() != Some(&b'\n') {
            return Err(bad(format!("the export ended after {} of {} runs", self.read, self.total)));
        }
        self.read += 1;
        let run = serde_json::from_slice(&line);
        run.map(Some).map_err(|error| bad(format!("{error}: {}", envelope::shown(&line))))
    }
}

impl Iterator for Export {
    type Item = Result<RunRow, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let run = self.read_line().transpose();
        self.is_over = !matches!(run, Some(Ok(_)));
        run
    }
}
