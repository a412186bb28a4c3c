//! A tail that resumes where it was cut off, and checks for each event that none is missing before it.

use std::io::{BufRead, BufReader, Read};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::filter::{number, target};
use super::run::{Fields, Received};
use super::{LINE_MAX_BYTES, RunFilter, RunRow};
use crate::retry::Backoff;
use crate::{Client, Error};

/// How long one connection is read before it is replaced: the longest time for which a connection that died unnoticed
/// can be mistaken for a quiet one.
const CONNECTION: Duration = Duration::from_secs(300);

/// What is accepted, in the order of acceptance; made by [`Client::tail`]. The iterator waits for the next event.
///
/// Each event names the one before. If that is not the last event that arrived here, the connection is closed and the
/// tail resumes after the last event; so between two items no matching run is missing, and none comes twice. A broken
/// connection is made again, with growing pauses, up to [`retries`](crate::ClientBuilder::retries) times in a row; then
/// the item is an error. Asking for the next item resumes the tail.
#[must_use]
pub struct Tail<'a> {
    client: &'a Client,
    target: String,
    fields: Fields,
    lines: Option<BufReader<Box<dyn Read + Send>>>,
    /// Every matching run up to here was given; `None` until the server has said where the tail begins.
    place: Option<u64>,
    /// What the next event must name as the one before.
    expected: Option<u64>,
    backoff: Backoff,
    reconnects: u64,
    gaps: u64,
    /// What the server says is missing, until it has been delivered with an event.
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
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TailEvent {
    /// The sequence number of the event before.
    #[serde(rename = "PrevSeq")]
    pub prev_seq: u64,
    /// What may be missing before this event because the server removed it before the tail reached it.
    #[serde(skip)]
    pub gap: Option<TailGap>,
    /// The run, as the report describes it.
    #[serde(flatten)]
    pub run: RunRow,
}

/// Reports that were accepted, and were removed before the tail reached them. How many of them would have matched is
/// unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TailGap {
    /// Nothing up to this sequence number is missing.
    pub after_seq: u64,
    /// Nothing after this sequence number is missing.
    pub to_seq: u64,
    /// Whether retention removed some.
    pub by_retention: bool,
    /// Whether some were in damaged files.
    pub by_damage: bool,
}

/// One message of the server: an event, a gap, or only a position.
#[derive(Default)]
struct Message {
    id: Option<u64>,
    data: Option<Vec<u8>>,
    is_gap: bool,
}

impl<'a> Tail<'a> {
    fn new(client: &'a Client, target: String, fields: Fields, from_seq: Option<u64>) -> Self {
        let backoff = Backoff::new(client.retries);
        let (place, lines, expected) = (from_seq, None, None);
        Self {
            client,
            target,
            fields,
            lines,
            place,
            expected,
            backoff,
            reconnects: 0,
            gaps: 0,
            gap: None,
            last_break: None,
        }
    }

    /// Where the tail is: another tail that begins after this sequence number continues here.
    pub fn place(&self) -> Option<u64> {
        self.place
    }

    /// How often a connection was made again.
    pub fn reconnects(&self) -> u64 {
        self.reconnects
    }

    /// What the server has removed before the tail reached it, and has not been delivered with an event yet.
    pub fn gap(&self) -> Option<TailGap> {
        self.gap
    }

    /// How often an event named a previous event that had not arrived, and was fetched again. It stays 0 with a correct
    /// server.
    pub fn gaps(&self) -> u64 {
        self.gaps
    }

    /// The last of those events.
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
                self.gap = Some(self.client.read_json::<TailGap>(&data)?.with(self.gap));
                continue;
            }
            let mut event = self.read_event(&data)?;
            if let Some(expected) = self.expected.filter(|expected| *expected != event.prev_seq) {
                self.gaps += 1;
                self.last_break = Some(TailBreak { expected, prev_seq: event.prev_seq, seq: event.run.seq });
                self.lines = None;
                let reason =
                    format!("an event after {} came where one after {:?} follows", event.prev_seq, self.expected);
                self.pause(self.client.bad_answer(&reason))?;
                continue;
            }
            self.backoff = Backoff::new(self.client.retries);
            (self.place, self.expected) = (Some(event.run.seq), Some(event.run.seq));
            event.gap = self.gap.take();
            return Ok(event);
        }
    }

    /// Waits before the next try, or returns the error if there is none.
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

    /// The next message. Connects if there is no connection.
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
        // The first event of a connection names the place that the connection began at.
        self.expected = self.place;
        Ok(BufReader::new(opened.body))
    }

    fn read_event(&self, data: &[u8]) -> Result<TailEvent, Error> {
        let received: Received = self.client.read_json(data)?;
        let prev_seq = received.prev_seq.ok_or_else(|| self.client.bad_answer(&"an event has no field `PrevSeq`"))?;
        let run = received.run(&self.fields).map_err(|error| self.client.bad_answer(&error))?;
        Ok(TailEvent { prev_seq, gap: None, run })
    }
}

impl TailGap {
    /// This gap and an earlier one that was not delivered yet, as one.
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

impl Client {
    /// Follows what is accepted after a sequence number, or from now on. See [`Tail`].
    pub fn tail(&self, filter: &RunFilter, from_seq: Option<u64>) -> Tail<'_> {
        Tail::new(self, target("tail", filter, &[]), Fields::All, from_seq)
    }

    /// As [`Client::tail`], with some fields of each run only, as [`RunQuery::fields`](super::RunQuery::fields).
    pub fn tail_fields(&self, filter: &RunFilter, from_seq: Option<u64>, fields: &str) -> Tail<'_> {
        // The sequence number comes with every event.
        let target = target("tail", filter, &[("fields", Some(fields))]);
        Tail::new(self, target, Fields::of(Some(&format!("{fields},Seq"))), from_seq)
    }

    /// The URL that [`Client::tail`] follows. It holds no credential.
    pub fn tail_url(&self, filter: &RunFilter, from_seq: Option<u64>) -> String {
        let from_seq = number(from_seq);
        self.url(&target("tail", filter, &[("from_seq", from_seq.as_deref())]))
    }
}
