//! Tells a log server about a command, on a thread of its own: that it runs, what it has printed so far, how it ended.
//!
//! The command never waits for this. At its end there is a bounded wait for the last report; what is not delivered by
//! then goes to the spool, and so does nothing that was.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use runlog_client::{Error, NewRun, PutReport, Spool};
use runlog_runner::Progress;
use runlog_server::clock;

use crate::cli::common::deliver::Put;
use crate::cli::common::say::say;

/// When a command is first reported: most are over by then, and need one report only.
const FIRST_REPORT: Duration = Duration::from_millis(300);

/// How often a command that runs is reported, when it has printed something.
const REPORT_INTERVAL: Duration = Duration::from_secs(3);

/// How often one is reported that prints nothing, so that its duration is about right.
const QUIET_INTERVAL: Duration = Duration::from_secs(30);

/// The longest wait between two reports to a server that does not answer.
const AWAY_INTERVAL_MAX: Duration = Duration::from_secs(60);

/// How many runs of earlier commands are shipped at the end of one.
const SHIPPED_MAX_RUNS: usize = 200;

/// What became of the last report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Delivered {
    /// Stored.
    Stored,
    /// Refused, and why.
    Refused(String),
    /// Not delivered, and why.
    Failed(String),
}

/// The thread that reports.
pub(crate) struct Reporter {
    finish: Sender<NewRun>,
    delivered: Receiver<Delivered>,
}

impl Reporter {
    /// Starts to report a command: its end only, or with `progress` also that it runs. `connect` is called on the
    /// reporting thread, when there is something to report.
    pub(crate) fn start<P: Put>(
        progress: Option<Progress>,
        spool: Option<Spool>,
        connect: impl FnOnce() -> Result<P, String> + Send + 'static,
    ) -> Self {
        let (finish, orders) = channel();
        let (answer, delivered) = channel();
        thread::spawn(move || {
            let line = Line { connect: Some(connect), way: None };
            report(line, progress.as_ref(), spool.as_ref(), &orders, &answer);
        });
        Self { finish, delivered }
    }

    /// Reports the end, and waits for at most so long. Then runs that were spooled earlier get what time is left.
    pub(crate) fn finish(self, run: NewRun, patience: Duration) -> Delivered {
        let until = clock::monotonic() + patience;
        let gone = || Delivered::Failed("the reporting thread is gone".to_owned());
        if self.finish.send(run).is_err() {
            return gone();
        }
        let result = match self.delivered.recv_timeout(patience) {
            Ok(delivered) => delivered,
            Err(RecvTimeoutError::Timeout) => {
                Delivered::Failed(format!("no answer from the log server within {} s", patience.as_secs_f64()))
            }
            Err(RecvTimeoutError::Disconnected) => gone(),
        };
        if result == Delivered::Stored {
            // The thread hangs up when it has shipped.
            let left = until.saturating_duration_since(clock::monotonic());
            let _ = self.delivered.recv_timeout(left);
        }
        result
    }
}

/// A way to deliver that is opened when it is needed.
struct Line<C, P> {
    connect: Option<C>,
    way: Option<Result<P, String>>,
}

impl<P: Put, C: FnOnce() -> Result<P, String>> Line<C, P> {
    fn put(&mut self, runs: Vec<NewRun>) -> Delivered {
        match self.send(runs) {
            Ok(report) => report.refused.into_iter().next().map_or(Delivered::Stored, |refused| {
                Delivered::Refused(format!("{}: {}", refused.code, refused.message.trim_end()))
            }),
            Err(error) => Delivered::Failed(cause(error).to_string()),
        }
    }

    fn send(&mut self, runs: Vec<NewRun>) -> Result<PutReport, Error> {
        if let Some(connect) = self.connect.take() {
            self.way = Some(connect());
        }
        match &mut self.way {
            Some(Ok(way)) => way.put(runs),
            Some(Err(reason)) => Err(Error::Config(reason.clone())),
            None => Err(Error::Config("no log server is configured".to_owned())),
        }
    }
}

/// Why a delivery failed. There is one run, so its position in the input tells nothing.
fn cause(error: Error) -> Error {
    match error {
        Error::Stopped { cause, .. } => *cause,
        error => error,
    }
}

fn report<P: Put>(
    mut line: Line<impl FnOnce() -> Result<P, String>, P>,
    progress: Option<&Progress>,
    spool: Option<&Spool>,
    orders: &Receiver<NewRun>,
    answer: &Sender<Delivered>,
) {
    let mut pace = Pace::default();
    let last = loop {
        let order = match progress {
            Some(_) => orders.recv_timeout(pace.wait()),
            None => orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match (order, progress) {
            (Ok(run), _) => break run,
            (Err(RecvTimeoutError::Timeout), Some(progress)) => {
                if pace.is_due(progress.printed_bytes(), clock::monotonic()) {
                    // A report that fails is followed by the next one.
                    pace.told(matches!(line.put(vec![progress.now().into()]), Delivered::Stored));
                }
            }
            (Err(_), _) => return,
        }
    };
    let result = line.put(vec![last]);
    let is_stored = result == Delivered::Stored;
    if let (Ok(()), true, Some(spool)) = (answer.send(result), is_stored, spool)
        // What cannot be shipped stays for the next time.
        && let Err(error @ Error::SpoolUnsafe { .. }) = spool.ship(SHIPPED_MAX_RUNS, false, |runs| line.send(runs))
    {
        say!("runlog: {error}");
    }
}

/// When to report a command that runs.
#[derive(Default)]
struct Pace {
    failures: u32,
    printed_bytes: u64,
    last: Option<Instant>,
}

impl Pace {
    fn wait(&self) -> Duration {
        match (self.last, self.failures) {
            (None, _) => FIRST_REPORT,
            (Some(_), failures) => (REPORT_INTERVAL * 2_u32.pow(failures.min(5))).min(AWAY_INTERVAL_MAX),
        }
    }

    fn is_due(&mut self, printed_bytes: u64, now: Instant) -> bool {
        let is_quiet = self.failures == 0 && printed_bytes == self.printed_bytes;
        if is_quiet && self.last.is_some_and(|last| now.saturating_duration_since(last) < QUIET_INTERVAL) {
            return false;
        }
        self.printed_bytes = printed_bytes;
        self.last = Some(now);
        true
    }

    fn told(&mut self, is_stored: bool) {
        self.failures = if is_stored { 0 } else { self.failures + 1 };
    }
}
