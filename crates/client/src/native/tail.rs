//! A tail that goes on by itself where it was cut off, and that checks of each event that none is missing before it.

use std::io::{BufRead, BufReader, Read};
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{LINE_MAX_BYTES, RunRow};
use crate::retry::Backoff;
use crate::{Client, Error, envelope};

/// How long one connection is read before another takes its place: so long a connection that has died unnoticed, which
/// gives nothing, can be taken for a quiet one.
const CONNECTION: Duration = Duration::from_secs(300);

/// What is accepted, in the order of acceptance; made by [`Client::tail`]. The iterator waits for the next event.
///
/// Each event names the one before. When that is not the one that came last here, the connection is given up and the
/// tail begins again after the last event; so between two items nothing that matches is missing, and none comes twice.
/// A connection that breaks is made again, with growing pauses, as often in a row as the client's
/// [`retries`](crate::ClientBuilder::retries) say; then comes an error. Asking again goes on.
#[must_use]
pub struct Tail<'a> {
    client: &'a Client,
    target: String,
    lines: Option<BufReader<Box<dyn Read + Send>>>,
    /// Everything up to here was given or does not match; `None` until the server has said where the tail begins.
    place: Option<u64>,
    /// What the next event must name as the one before.
    expected: Option<u64>,
    backoff: Backoff,
    reconnects: u64,
    gaps: u64,
    /// What the server says is missing, until an event has told of it.
    gap: Option<TailGap>,
    last_break: Option<TailBreak>,
}

/// An event that did not follow the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TailBreak {
    /// The event that it should have named as the one before.
    pub expected: u64,
    /// The one that it named.
    pub prev_seq: u64,
    /// Its own sequence number.
    pub seq: u64,
}

/// An accepted report of a run.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct TailEvent {
    /// The event before.
    #[serde(rename = "PrevSeq")]
    pub prev_seq: u64,
    /// What may be missing before this event, since the server removed it before the tail came there.
    #[serde(skip)]
    pub gap: Option<TailGap>,
    /// The run as the report says it is.
    #[serde(flatten)]
    pub run: RunRow,
}

/// Reports that were accepted once, and were removed before the tail came to them. Which of them would have matched is
/// not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TailGap {
    /// Nothing up to this sequence number is missing.
    pub after_seq: u64,
    /// Nothing behind this sequence number is missing.
    pub to_seq: u64,
    /// Whether retention removed some.
    pub by_retention: bool,
    /// Whether some were in damaged files.
    pub by_damage: bool,
}

/// What a server sends: an event, or where it is.
#[derive(Default)]
struct Message {
    id: Option<u64>,
    data: Option<Vec<u8>>,
    is_gap: bool,
}

impl<'a> Tail<'a> {
    pub(crate) fn new(client: &'a Client, target: String, from_seq: Option<u64>) -> Self {
        let backoff = Backoff::new(client.retries);
        let (place, lines, expected) = (from_seq, None, None);
        Self { client, target, lines, place, expected, backoff, reconnects: 0, gaps: 0, gap: None, last_break: None }
    }

    /// Where the tail is: another one that begins after this sequence number goes on here.
    pub fn place(&self) -> Option<u64> {
        self.place
    }

    /// How often a connection was made again.
    pub fn reconnects(&self) -> u64 {
        self.reconnects
    }

    /// What the server has removed before the tail came there, as far as no event has told of it yet.
    pub fn gap(&self) -> Option<TailGap> {
        self.gap
    }

    /// How often an event named another one before it than had come, and was fetched again. A server that keeps its
    /// promise leaves this at 0.
    pub fn gaps(&self) -> u64 {
        self.gaps
    }

    /// The last of those events, for whoever judges the server.
    pub fn last_break(&self) -> Option<TailBreak> {
        self.last_break
    }

    fn event(&mut self) -> Result<TailEvent, Error> {
        loop {
            let message = match self.message() {
                Ok(message) => message,
                Err(error) => {
                    self.lines = None;
                    self.pause(error)?;
                    continue;
                }
            };
            let Some(data) = message.data else {
                self.place = message.id.or(self.place);
                self.expected = self.expected.or(self.place);
                continue;
            };
            if message.is_gap {
                self.gap = Some(self.parse::<TailGap>(&data)?.with(self.gap));
                continue;
            }
            let mut event: TailEvent = self.parse(&data)?;
            if let Some(expected) = self.expected.filter(|expected| *expected != event.prev_seq) {
                self.gaps += 1;
                self.last_break = Some(TailBreak { expected, prev_seq: event.prev_seq, seq: event.run.seq });
                self.lines = None;
                let reason =
                    format!("an event after {} came where one after {:?} follows", event.prev_seq, self.expected);
                self.pause(self.bad(reason))?;
                continue;
            }
            self.backoff = Backoff::new(self.client.retries);
            (self.place, self.expected) = (Some(event.run.seq), Some(event.run.seq));
            event.gap = self.gap.take();
            return Ok(event);
        }
    }

    /// Waits before the next try; gives the error back when there is none.
    fn pause(&mut self, error: Error) -> Result<(), Error> {
        let may_pass = error.is_passing() || matches!(error, Error::BadAnswer { .. });
        let Some(wait) = self.backoff.next(None).filter(|_| may_pass) else {
            self.backoff = Backoff::new(self.client.retries);
            return Err(error);
        };
        self.client.clock.sleep(wait);
        self.reconnects += 1;
        Ok(())
    }

    /// The next message, on a new connection if there is none.
    fn message(&mut self) -> Result<Message, Error> {
        let lines = match self.lines.take() {
            Some(lines) => lines,
            None => self.connect()?,
        };
        let lines = self.lines.insert(lines);
        let mut message = Message::default();
        loop {
            let mut line = Vec::new();
            let read = lines.by_ref().take(LINE_MAX_BYTES).read_until(b'\n', &mut line);
            let cause = match read {
                Ok(_) if line.last() == Some(&b'\n') => None,
                Ok(_) => Some("the server has ended the tail".into()),
                Err(error) => Some(error.into()),
            };
            if let Some(cause) = cause {
                return Err(Error::Http { endpoint: self.client.transport.endpoint.url.clone(), cause });
            }
            line.pop();
            if line == b"event: gap" {
                message.is_gap = true;
            } else if let Some(id) = line.strip_prefix(b"id: ") {
                message.id = std::str::from_utf8(id).ok().and_then(|id| id.parse().ok());
            } else if let Some(data) = line.strip_prefix(b"data: ") {
                message.data = Some(data.to_vec());
            } else if line.is_empty() {
                return Ok(message);
            }
        }
    }

    fn connect(&mut self) -> Result<BufReader<Box<dyn Read + Send>>, Error> {
        let mut headers = vec![("Authorization", self.client.authorization())];
        headers.extend(self.place.map(|place| ("Last-Event-ID", place.to_string())));
        let opened = self.client.transport.open(&self.target, &headers, Some(CONNECTION))?;
        // The first event of a connection names where it began.
        self.expected = self.place;
        Ok(BufReader::new(opened.body))
    }

    fn parse<T: DeserializeOwned>(&self, data: &[u8]) -> Result<T, Error> {
        serde_json::from_slice(data).map_err(|error| self.bad(format!("{error}: {}", envelope::shown(data))))
    }

    fn bad(&self, reason: String) -> Error {
        Error::BadAnswer { endpoint: self.client.transport.endpoint.url.clone(), reason }
    }
}

impl TailGap {
    /// This gap and an earlier one that was not told of yet, as one.
    fn with(self, earlier: Option<Self>) -> Self {
        earlier.map_or(self, |earlier| Self {
            after_seq: self.after_seq.min(earlier.after_seq),
            to_seq: self.to_seq.max(earlier.to_seq),
            by_retention: self.by_retention || earlier.by_retention,
            by_damage: self.by_damage || earlier.by_damage,
        })
    }
}

impl Iterator for Tail<'_> {
    type Item = Result<TailEvent, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.event())
    }
}
