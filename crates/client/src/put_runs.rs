//! `POST /api/v1/runs`: runs go in, in batches that are sent again until the server has answered for them.

use serde::Deserialize;

use crate::retry::Backoff;
use crate::{Client, Error, NewRun, PutReport, RefusedRun, envelope};

/// The most runs in one request: as many refusals as a server lists, so that none is only counted.
pub const BATCH_MAX_RUNS: usize = 1_000;

/// A request is sent when it has this much JSON, in bytes; one run more than that still fits.
pub const BATCH_BYTES: usize = 4 << 20;

/// How hard to compress: beyond this level, time grows much faster than bytes shrink.
const ZSTD_LEVEL: i32 = 3;

impl Client {
    /// Stores runs. They are sent as they come, in compressed batches; memory is needed for one batch.
    ///
    /// A batch that meets a busy or unreachable server is sent again (see
    /// [`retries`](crate::ClientBuilder::retries)). That is safe: each run has its request id and start before the
    /// first try, and a run that came twice is stored once. One refused run does not stop the others.
    ///
    /// # Errors
    /// [`Error::Stopped`] when a batch could not be delivered, with the report of those before it.
    pub fn put_runs(&self, runs: impl IntoIterator<Item = NewRun>) -> Result<PutReport, Error> {
        let mut report = PutReport::default();
        let mut batch = Batch::default();
        let mut result = Ok(());
        for mut run in runs {
            run.settle(self.region.as_deref(), || self.clock.now_ms());
            result = batch.push(&run);
            if result.is_ok() && batch.is_full() {
                result = self.put_batch(&mut batch, &mut report);
            }
            if result.is_err() {
                break;
            }
        }
        match result.and_then(|()| self.put_batch(&mut batch, &mut report)) {
            Ok(()) => Ok(report),
            Err(cause) => Err(Error::Stopped { index: batch.first, report: Box::new(report), cause: Box::new(cause) }),
        }
    }

    /// Delivers a batch, adds what became of it to the report, and empties it.
    fn put_batch(&self, batch: &mut Batch, report: &mut PutReport) -> Result<(), Error> {
        if batch.runs > 0 {
            let answer = self.deliver(&batch.lines)?;
            report.add(answer, batch.first);
            batch.start_next();
        }
        Ok(())
    }

    fn deliver(&self, lines: &[u8]) -> Result<Answer, Error> {
        let body = zstd::encode_all(lines, ZSTD_LEVEL).map_err(|error| Error::Config(format!("zstd: {error}")))?;
        let headers = [
            ("Authorization", self.authorization()),
            ("Content-Type", "application/x-ndjson".to_owned()),
            ("Content-Encoding", "zstd".to_owned()),
        ];
        let mut backoff = Backoff::new(self.retries);
        loop {
            let (result, asked) = match self.transport.post("/api/v1/runs", &headers, &body) {
                Ok(reply) if reply.status == 200 => (self.read_report(&reply.body), None),
                Ok(reply) => (Err(envelope::refused(&reply)), reply.retry_after),
                Err(error) => (Err(error), None),
            };
            match result {
                Err(error) if error.is_passing() => match backoff.next(asked) {
                    Some(wait) => self.clock.sleep(wait),
                    None => return Err(error),
                },
                result => return result,
            }
        }
    }

    fn read_report(&self, body: &[u8]) -> Result<Answer, Error> {
        self.transport.read_json("report of the runs", body)
    }
}

/// Runs on their way, one JSON object a line.
#[derive(Default)]
struct Batch {
    /// The place of the first one in the whole input.
    first: u64,
    runs: usize,
    lines: Vec<u8>,
}

impl Batch {
    fn push(&mut self, run: &NewRun) -> Result<(), Error> {
        serde_json::to_writer(&mut self.lines, run).map_err(Error::Request)?;
        self.lines.push(b'\n');
        self.runs += 1;
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.runs >= BATCH_MAX_RUNS || self.lines.len() >= BATCH_BYTES
    }

    fn start_next(&mut self) {
        self.first += self.runs as u64;
        self.runs = 0;
        self.lines.clear();
    }
}

/// The server's report of one body.
#[derive(Deserialize)]
struct Answer {
    accepted: u64,
    duplicates: u64,
    refused: Vec<RefusedLine>,
    #[serde(default)]
    cut: u64,
    seq: u64,
}

#[derive(Deserialize)]
struct RefusedLine {
    /// From 1.
    line: u64,
    code: String,
    message: String,
}

impl PutReport {
    fn add(&mut self, answer: Answer, first: u64) {
        self.accepted += answer.accepted;
        self.duplicates += answer.duplicates;
        self.cut += answer.cut;
        self.seq = self.seq.max(answer.seq);
        self.refused.extend(answer.refused.into_iter().map(|RefusedLine { line, code, message }| RefusedRun {
            index: first + line.saturating_sub(1),
            code,
            message,
        }));
    }
}
