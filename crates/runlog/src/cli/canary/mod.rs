//! `runlog canary`: writes marked runs to a live server and checks that each comes back, once and in order.
//!
//! Each run is written until it is acknowledged, asked for by both APIs, awaited by a tail, and later looked for in the
//! lists of both APIs. A server that is away is waited for; what it acknowledged before must be there afterwards.

mod ledger;
mod metrics;
mod watch;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use runlog_client::{
    Client, Error, ExportQuery, FunctionLog, GetFunctionLogs, NewRun, Order, OrderBy, RunFilter, RunQuery, RunRow,
};
use runlog_core::Zone;
use runlog_core::moment::span_ms;
use runlog_server::clock;
use serde_json::{Map, Value, json};

use self::ledger::{Fault, Ledger, Listed, Step, Via};
use self::metrics::Metrics;
use self::watch::{Seen, watch};
use crate::cli::common::failure::{Failure, end};
use crate::cli::common::say::say;
use crate::cli::common::server::ServerArgs;
use crate::cli::common::table::{Format, write_table};
use crate::cli::common::units;

/// The function of the canary's runs.
const FUNCTION: &str = "runlog-canary";

/// How often runs are looked for in the lists, at most.
const SWEEP: Duration = Duration::from_secs(30);

/// Runs after which they are looked for at once: what a list of the signed API reaches, twice over.
const SWEEP_RUNS: u64 = 5_000;

/// How long a wait lasts before the wish to stop is looked at.
const SLICE: Duration = Duration::from_millis(100);

/// Arguments of `runlog canary`.
#[derive(clap::Args)]
pub(crate) struct CanaryArgs {
    /// How long to wait between two runs: 10 ms or more, such as 500ms, 1s, 1m.
    #[arg(long, value_name = "SPAN", default_value = "1s", value_parser = interval)]
    interval: Duration,
    /// How long to run: 90s, 15m, 1d [default: until it is stopped].
    #[arg(long, value_name = "SPAN", value_parser = span_ms, conflicts_with = "once")]
    duration: Option<i64>,
    /// Send one run, and print the result.
    #[arg(long, conflicts_with = "runs")]
    once: bool,
    /// Number of runs to send.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    runs: Option<u64>,
    /// The namespace of the runs.
    #[arg(long, value_name = "NAME", default_value = "default")]
    namespace: String,
    /// How long the server may be unreachable, or a run may take to arrive, before it counts as lost.
    #[arg(long, value_name = "SPAN", default_value = "1m", value_parser = span_ms)]
    patience: i64,
    /// Serve metrics in the OpenMetrics format at http://ADDRESS/metrics.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// The time zone of the server's signed API.
    #[arg(long, value_name = "ZONE", default_value = "+08:00")]
    time_zone: Zone,
    /// The output format.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
    #[command(flatten)]
    server: ServerArgs,
}

/// A canary at work.
struct Canary<'a> {
    args: &'a CanaryArgs,
    client: Client,
    ledger: Ledger,
    seen: Receiver<Seen>,
    metrics: Arc<Mutex<Metrics>>,
    stop: Arc<AtomicBool>,
    patience: Duration,
}

fn interval(text: &str) -> Result<Duration, String> {
    let ms = match text.strip_suffix("ms") {
        Some(ms) => ms.parse().ok().filter(|ms: &u64| *ms >= 10),
        None => span_ms(text).ok().and_then(|ms| u64::try_from(ms).ok()),
    };
    ms.map(Duration::from_millis).ok_or_else(|| "write it as 10ms or more: 500ms, 1s, 1m".to_owned())
}

/// Does what the arguments ask.
pub(crate) fn run(args: &CanaryArgs) -> anyhow::Result<ExitCode> {
    end(watch_over(args), false)
}

fn watch_over(args: &CanaryArgs) -> Result<u8, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    // Tries are the canary's own, so that it sees each failure.
    let client = || -> Result<Client, Failure> {
        Ok(args.server.builder(None)?.retries(0).timeout(Duration::from_secs(10)).build()?)
    };
    let main = client()?;
    let seq = main.runs(&RunQuery { limit: Some(0), ..RunQuery::default() })?.watermark.seq;
    let metrics = Arc::new(Mutex::new(Metrics::new()));
    if let Some(address) = args.listen {
        say!("metrics at http://{}/metrics", metrics::serve(address, &metrics)?);
    }
    let mut canary = Canary {
        args,
        client: main,
        ledger: Ledger::new(&format!("canary-{}", uuid::Uuid::new_v4())),
        seen: watch(client()?, filter(args), seq),
        metrics,
        stop,
        patience: Duration::from_millis(args.patience.unsigned_abs()),
    };
    canary.all()?;
    canary.print()
}

/// The canary's runs.
fn filter(args: &CanaryArgs) -> RunFilter {
    RunFilter {
        function: Some(FUNCTION.to_owned()),
        namespace: Some(args.namespace.clone()),
        region: args.server.region(),
        ..RunFilter::default()
    }
}

impl Canary<'_> {
    /// Every run, then what is still to come of them.
    fn all(&mut self) -> Result<(), Failure> {
        let started = clock::monotonic();
        let length = self.args.duration.map(|ms| Duration::from_millis(ms.unsigned_abs()));
        let mut swept = (started, 0);
        for number in 1.. {
            let tick = clock::monotonic();
            if self.write(number)? {
                self.ask(number)?;
            }
            if swept.0.elapsed() >= SWEEP || number - swept.1 >= SWEEP_RUNS {
                swept = (clock::monotonic(), number);
                self.sweep()?;
            }
            let is_last = self.args.once || self.args.runs == Some(number);
            let is_over = is_last || length.is_some_and(|length| started.elapsed() >= length);
            if is_over || self.is_stopped() {
                break;
            }
            self.listen(tick + self.args.interval, false)?;
        }
        self.listen(clock::monotonic() + self.patience, true)?;
        let deadline = clock::monotonic() + self.patience;
        while self.ledger.unlisted().is_some() && clock::monotonic() < deadline {
            self.sweep()?;
        }
        self.ledger.end_of_tail();
        self.report();
        Ok(())
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Takes what the tail gives until a moment; the last time only until everything has come, and also after a stop.
    fn listen(&mut self, until: Instant, is_last: bool) -> Result<(), Failure> {
        loop {
            self.report();
            let left = until.saturating_duration_since(clock::monotonic());
            if left.is_zero() || is_last && self.ledger.is_tailed() {
                // What has come already counts, even when there is no time to wait.
                while let Ok(seen) = self.seen.try_recv() {
                    self.take(seen)?;
                }
                return Ok(());
            }
            match self.seen.recv_timeout(left.min(SLICE)) {
                Ok(seen) => self.take(seen)?,
                Err(RecvTimeoutError::Timeout) if self.is_stopped() && !is_last => return Ok(()),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Failure::Other(anyhow::anyhow!("the tail has ended; start the canary again")));
                }
            }
        }
    }

    fn take(&mut self, seen: Seen) -> Result<(), Failure> {
        match seen {
            Seen::Run { request_id, seq, at } => {
                self.ledger.tail(&request_id, seq, at);
                self.ledger.settle(Some(seq));
                self.observe(Step::Tailed);
            }
            Seen::Gap(gap) => self.ledger.gap(gap),
            Seen::Broken => self.ledger.failed_calls += 1,
            Seen::Refused(why) => return Err(Failure::Other(anyhow::anyhow!("the tail was refused: {why}"))),
        }
        Ok(())
    }

    /// The run of a number, the same each time it is sent.
    fn new_run(&self, number: u64, start_ms: i64) -> NewRun {
        NewRun {
            request_id: Some(self.ledger.id(number)),
            namespace: Some(self.args.namespace.clone()),
            duration: Some(1.0),
            log: Some(self.text(number)),
            ..NewRun::new(FUNCTION, start_ms)
        }
    }

    fn text(&self, number: u64) -> String {
        format!("written by runlog canary: {}\n", self.ledger.id(number))
    }

    /// Writes a run until it is acknowledged; `false` when that did not happen in time.
    fn write(&mut self, number: u64) -> Result<bool, Failure> {
        let start_ms = clock::now_ms();
        let run = self.new_run(number, start_ms);
        self.ledger.write(number, start_ms);
        let deadline = clock::monotonic() + self.patience;
        loop {
            let began = clock::monotonic();
            match self.client.put_runs([run.clone()]) {
                Ok(report) if report.refused.is_empty() => {
                    let now = clock::monotonic();
                    // A run that was stored by an earlier try has its number from the query.
                    let seq = Some(report.seq).filter(|seq| *seq > 0);
                    self.ledger.acknowledge(number, seq, now - began, now);
                    self.observe(Step::Acknowledged);
                    return Ok(true);
                }
                Ok(report) => {
                    let why = report.refused.first().map_or("", |refused| &refused.message).to_owned();
                    return Err(Failure::Other(anyhow::anyhow!("the server refuses the canary's runs: {why}")));
                }
                Err(error) => self.failed(error)?,
            }
            if clock::monotonic() >= deadline || self.is_stopped() {
                self.ledger.give_up(number);
                return Ok(false);
            }
            self.listen(clock::monotonic() + SLICE, false)?;
        }
    }

    /// Counts a call that may go well later; gives back an error that will not pass.
    fn failed(&mut self, error: Error) -> Result<(), Failure> {
        if error.is_unauthorized() || matches!(error, Error::Config(_)) {
            return Err(error.into());
        }
        self.ledger.failed_calls += 1;
        Ok(())
    }

    /// Asks both APIs for a run that was acknowledged.
    fn ask(&mut self, number: u64) -> Result<(), Failure> {
        let (id, text) = (self.ledger.id(number), self.text(number));
        let mut seq = None;
        self.until_there(number, Via::Native, |client| {
            let rows: Vec<RunRow> = client.run(&id)?.into_iter().filter(|row| row.function_name == FUNCTION).collect();
            seq = rows.first().map(|row| row.seq);
            Ok((rows.len(), rows.iter().all(|row| row.log == text)))
        })?;
        self.ledger.queried(number, seq, clock::monotonic());
        self.observe(Step::Queried);
        let request = GetFunctionLogs {
            function_name: Some(FUNCTION.to_owned()),
            namespace: Some(self.args.namespace.clone()),
            function_request_id: Some(id),
            ..GetFunctionLogs::default()
        };
        let text = self.text(number);
        self.until_there(number, Via::Signed, |client| {
            let rows: Vec<FunctionLog> = client.get_function_logs(&request)?.data;
            Ok((rows.len(), rows.iter().all(|row| row.log == text)))
        })
    }

    /// Asks until an answer has the run; `find` tells how often it is there, and whether it is as it was written.
    fn until_there(
        &mut self,
        number: u64,
        via: Via,
        mut find: impl FnMut(&Client) -> Result<(usize, bool), Error>,
    ) -> Result<(), Failure> {
        let deadline = clock::monotonic() + self.patience;
        let mut is_absent = false;
        loop {
            match find(&self.client) {
                Ok((0, _)) => is_absent = true,
                // A function that the server has never heard of is as absent as its runs.
                Err(error) if error.code() == Some("ResourceNotFound.FunctionName") => is_absent = true,
                Ok((times, is_same)) => {
                    let id = self.ledger.id(number);
                    if times > 1 {
                        self.ledger.fault(Fault::Duplicate, via, &format!("{id} is there {times} times"));
                    }
                    if !is_same {
                        self.ledger.fault(Fault::Changed, via, &format!("{id} is not as it was written"));
                    }
                    self.ledger.late += u64::from(is_absent);
                    return Ok(());
                }
                Err(error) => self.failed(error)?,
            }
            let is_late = clock::monotonic() >= deadline;
            if is_late || self.is_stopped() {
                // The lists have the last word on one that was not waited for.
                if is_absent && is_late {
                    self.ledger.fault(Fault::Missing, via, &format!("{} was acknowledged", self.ledger.id(number)));
                }
                return Ok(());
            }
            self.listen(clock::monotonic() + SLICE, false)?;
        }
    }

    /// Looks for the runs of a while in the lists of both APIs.
    fn sweep(&mut self) -> Result<(), Failure> {
        let Some((first, last, from_ms, to_ms)) = self.ledger.unlisted() else { return Ok(()) };
        match self.lists(from_ms, to_ms) {
            Ok((native, signed)) => {
                self.ledger.compare((first, last), Via::Native, &native);
                self.ledger.compare((first, last), Via::Signed, &signed);
                self.ledger.listed((first, last));
            }
            Err(error) => {
                self.failed(error)?;
                self.listen(clock::monotonic() + SLICE, false)?;
            }
        }
        Ok(())
    }

    /// The canary's runs that started from one moment to another, both included, as each API lists them.
    fn lists(&self, from_ms: i64, to_ms: i64) -> Result<(Vec<Listed>, Vec<Listed>), Error> {
        let filter = RunFilter {
            from: Some(from_ms.to_string()),
            to: Some(to_ms.saturating_add(1).to_string()),
            ..filter(self.args)
        };
        let (sort, fields) = (Some("start_time:asc".to_owned()), Some("RequestId".to_owned()));
        let native = self.client.export_with(&ExportQuery { filter, sort, fields, as_of: None })?;
        let native = native.map(|run| run.map(|run| Listed { request_id: run.request_id, place: run.start_time }));
        let zone = self.args.time_zone;
        let request = GetFunctionLogs {
            function_name: Some(FUNCTION.to_owned()),
            namespace: Some(self.args.namespace.clone()),
            order: Some(Order::Asc),
            order_by: Some(OrderBy::StartTime),
            start_time: Some(zone.format(from_ms)),
            end_time: Some(zone.format(to_ms)),
            ..GetFunctionLogs::default()
        };
        let place = |row: &FunctionLog| zone.parse(&row.start_time).map_or(i64::MIN, |time| time.ms);
        let signed = self.client.each_function_log(request);
        let signed = signed.map(|row| row.map(|row| Listed { place: place(&row), request_id: row.request_id }));
        Ok((native.collect::<Result<_, _>>()?, signed.collect::<Result<_, _>>()?))
    }

    fn observe(&self, step: Step) {
        if let Some(took) = self.ledger.latest(step) {
            self.metrics.lock().unwrap_or_else(PoisonError::into_inner).observe(step, took);
        }
    }

    /// Lets the metrics catch up.
    fn report(&self) {
        self.metrics.lock().unwrap_or_else(PoisonError::into_inner).update(&self.ledger);
    }

    /// Prints the result; exit code 1 when anything is wrong, or could not be looked at.
    fn print(&self) -> Result<u8, Failure> {
        let ledger = &self.ledger;
        let unchecked = ledger.open() as u64;
        let faults: u64 = ledger.faults.values().sum();
        let total = |fault| ledger.faults.iter().filter(|((found, _), _)| *found == fault).map(|(_, n)| n).sum::<u64>();
        let counts =
            [Fault::Missing, Fault::Duplicate, Fault::OutOfOrder, Fault::Changed].map(|f| (f.name(), total(f)));
        let is_good = faults == 0 && unchecked == 0 && ledger.acknowledged > 0;
        let mut out = io::stdout().lock();
        match self.args.output {
            Format::Json => {
                let ms = |took: Duration| took.as_secs_f64() * 1000.0;
                let latencies = Step::ALL.into_iter().map(|step| {
                    let of = ledger.percentiles(step).map(|(p50, p99)| json!({ "p50": ms(p50), "p99": ms(p99) }));
                    (step.name().to_owned(), of.unwrap_or_default())
                });
                let mut found = json!({
                    "written": ledger.written, "acknowledged": ledger.acknowledged, "late": ledger.late,
                    "failed_calls": ledger.failed_calls, "unchecked": unchecked, "is_good": is_good,
                    "latency_ms": latencies.collect::<Map<String, Value>>(), "examples": ledger.examples,
                });
                for (name, count) in counts {
                    found[name] = count.into();
                }
                let by = ledger
                    .faults
                    .iter()
                    .map(|((fault, via), count)| (format!("{}_{}", fault.name(), via.name()), Value::from(*count)));
                found["faults"] = by.collect::<Map<String, Value>>().into();
                serde_json::to_writer_pretty(&mut out, &found).map_err(anyhow::Error::from)?;
                writeln!(out)?;
            }
            Format::Table => {
                let rows = Step::ALL.into_iter().filter_map(|step| {
                    let (p50, p99) = ledger.percentiles(step)?;
                    let text = |took: Duration| units::duration(took.as_secs_f64() * 1000.0);
                    Some(vec![step.name().replace('_', " "), text(p50), text(p99)])
                });
                write_table(&mut out, &["LATENCY", ">P50", ">P99"], rows.collect())?;
                let counts: Vec<String> =
                    counts.iter().map(|(name, count)| format!("{count} {}", name.replace('_', " "))).collect();
                let (written, acknowledged) = (units::count(ledger.written), units::count(ledger.acknowledged));
                writeln!(out, "\n{written} written, {acknowledged} acknowledged: {}", counts.join(", "))?;
                if ledger.late > 0 {
                    writeln!(
                        out,
                        "{} came late: a query that began after the acknowledgement did not return it",
                        ledger.late
                    )?;
                }
                if unchecked > 0 {
                    writeln!(out, "{unchecked} could not be checked, because the server did not answer in time")?;
                }
            }
        }
        Ok(u8::from(!is_good))
    }
}
