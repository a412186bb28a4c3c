//! Which runs a report is about, and how they come: grouped by function version, from one export.

use std::collections::BTreeMap;
use std::fmt;

use runlog_client::{Client, ExportQuery, RunFilter, RunQuery, RunRow, SummaryQuery, Watermark};
use runlog_core::Zone;
use runlog_core::limits::DAY_MS;
use runlog_core::moment::{moment_ms, span_ms};
use runlog_server::clock;
use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::common::failure::Failure;
use crate::cli::common::server::ServerArgs;

/// The fields that reports are computed from. Without texts, the server reads no logs.
const FIELDS: &str =
    "Region,Namespace,FunctionName,Qualifier,RequestId,RetryNum,StartTime,Duration,BillDuration,MemUsage,RetCode";

/// The window of starts.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct SpanArgs {
    /// How far to look back from --to: 15m, 1h30m, 7d, 4w [default: 1d].
    #[arg(long, value_name = "SPAN", value_parser = span_ms, conflicts_with = "from")]
    pub(super) since: Option<i64>,
    /// The first start: 2026-07-01 08:00:00, 2026-07-01, today, yesterday, 2h (ago), or RFC 3339 with its zone.
    #[arg(long, value_name = "TIME")]
    pub(super) from: Option<String>,
    /// The first start that is too late [default: now].
    #[arg(long, value_name = "TIME")]
    pub(super) to: Option<String>,
    /// The zone of times that are written without one.
    #[arg(long, value_name = "ZONE", default_value = "+08:00")]
    pub(super) time_zone: Zone,
}

/// Which runs, and of which server.
#[derive(Clone, clap::Args)]
pub(super) struct SourceArgs {
    /// Only this function.
    #[arg(long, value_name = "NAME")]
    pub(super) function: Option<String>,
    /// Only this namespace.
    #[arg(long, value_name = "NAME")]
    pub(super) namespace: Option<String>,
    /// Only this version or alias.
    #[arg(long, value_name = "VERSION")]
    pub(super) qualifier: Option<String>,
    #[command(flatten)]
    pub(super) span: SpanArgs,
    /// How to print the report.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(super) output: super::Format,
    #[command(flatten)]
    pub(super) server: ServerArgs,
}

/// A function version.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub(super) struct Version {
    pub(super) region: String,
    pub(super) namespace: String,
    pub(super) function: String,
    pub(super) qualifier: String,
}

/// Starts from the first (inclusive) to the second (exclusive), in Unix milliseconds.
pub(super) type Window = (i64, i64);

/// A server, and which of its runs are asked for.
pub(super) struct Source {
    pub(super) client: Client,
    /// Without a window.
    filter: RunFilter,
    pub(super) window: Window,
}

impl SpanArgs {
    /// The window, in Unix milliseconds: the first start, and the first that is too late.
    ///
    /// # Errors
    /// A sentence for the user: a text that is no time, an end before the start.
    pub(in crate::cli) fn window(&self, now_ms: i64) -> Result<(i64, i64), String> {
        let read = |flag: &str, text: &Option<String>| {
            let ms = text.as_ref().map(|text| moment_ms(text, self.time_zone, now_ms)).transpose();
            ms.map_err(|error| format!("{flag}: {error}"))
        };
        let (from_ms, to_ms) = (read("--from", &self.from)?, read("--to", &self.to)?.unwrap_or(now_ms));
        let from_ms = from_ms.unwrap_or_else(|| to_ms.saturating_sub(self.since.unwrap_or(DAY_MS)));
        if to_ms <= from_ms {
            return Err("the window ends before it starts; --from must be earlier than --to".to_owned());
        }
        Ok((from_ms, to_ms))
    }

    /// The zone of times without one.
    pub(in crate::cli) fn zone(&self) -> Zone {
        self.time_zone
    }
}

impl SourceArgs {
    pub(super) fn open(&self) -> Result<Source, Failure> {
        let window = self.span.window(clock::now_ms()).map_err(Failure::Usage)?;
        let filter = RunFilter {
            function: self.function.clone(),
            namespace: self.namespace.clone(),
            qualifier: self.qualifier.clone(),
            region: self.server.region(),
            ..RunFilter::default()
        };
        Ok(Source { client: self.server.client()?, filter, window })
    }
}

impl Source {
    /// Every finished run that matches and started in a window, of one moment.
    pub(super) fn each(&self, window: Window, take: impl FnMut(RunRow)) -> Result<(), Failure> {
        self.each_with(window, None, FIELDS, take)
    }

    /// As [`Source::each`], of runs whose log or message contains a text, and with other fields.
    pub(super) fn each_with(
        &self,
        window: Window,
        keyword: Option<&str>,
        fields: &str,
        mut take: impl FnMut(RunRow),
    ) -> Result<(), Failure> {
        let filter = self.filter(window, keyword);
        let query = ExportQuery { filter, fields: Some(fields.to_owned()), ..ExportQuery::default() };
        for run in self.client.export_with(&query)? {
            take(run?);
        }
        Ok(())
    }

    /// Figures of each version, from all of its finished runs in a window.
    pub(super) fn by_version<T: Default>(
        &self,
        window: Window,
        mut add: impl FnMut(&mut T, &RunRow),
    ) -> Result<BTreeMap<Version, T>, Failure> {
        let mut versions = BTreeMap::new();
        self.each(window, |run| add(versions.entry(Version::of(&run)).or_default(), &run))?;
        Ok(versions)
    }

    /// The newest or oldest runs of one version whose log or message contains a text: their logs alone.
    pub(super) fn with_text(
        &self,
        version: &Version,
        text: &str,
        sort: &str,
        limit: u64,
    ) -> Result<Vec<RunRow>, Failure> {
        // An empty name cannot be asked for, and is then not restricted.
        let name = |name: &String| Some(name.clone()).filter(|name| !name.is_empty());
        let filter = RunFilter {
            region: name(&version.region),
            namespace: name(&version.namespace),
            function: name(&version.function),
            qualifier: name(&version.qualifier),
            ..self.filter(self.window, Some(text))
        };
        let (sort, fields) = (Some(sort.to_owned()), Some("Log".to_owned()));
        let query = RunQuery { filter, sort, limit: Some(limit), fields, ..RunQuery::default() };
        Ok(self.client.runs(&query)?.runs)
    }

    /// All runs of the window, those in flight too, that have `keyword` in their log or message.
    pub(super) fn summary(&self, keyword: Option<&str>) -> SummaryQuery {
        SummaryQuery { filter: self.filter(self.window, keyword), as_of: None }
    }

    /// How many runs the window has, those in flight too, and what the server can see.
    pub(super) fn total(&self) -> Result<(u64, Watermark), Failure> {
        let filter = self.filter(self.window, None);
        let page = self.client.runs(&RunQuery { filter, limit: Some(0), ..RunQuery::default() })?;
        Ok((page.total, page.watermark))
    }

    fn filter(&self, (from_ms, to_ms): Window, keyword: Option<&str>) -> RunFilter {
        RunFilter {
            keyword: keyword.map(str::to_owned),
            from: Some(from_ms.to_string()),
            to: Some(to_ms.to_string()),
            ..self.filter.clone()
        }
    }
}

impl Version {
    pub(super) fn of(run: &RunRow) -> Self {
        Self {
            region: run.region.clone(),
            namespace: run.namespace.clone(),
            function: run.function_name.clone(),
            qualifier: run.qualifier.clone(),
        }
    }
}

impl fmt::Display for Version {
    /// `NAMESPACE/FUNCTION:VERSION`; the default namespace and `$LATEST` go without saying.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace != "default" {
            write!(f, "{}/", self.namespace)?;
        }
        f.write_str(&self.function)?;
        if self.qualifier != "$LATEST" { write!(f, ":{}", self.qualifier) } else { Ok(()) }
    }
}

/// A window for programs.
pub(super) fn window_json(window: Window) -> Value {
    json!({ "from_ms": window.0, "to_ms": window.1 })
}

/// A duration of the API, in whole microseconds: it has at most three decimals.
pub(super) fn micros(ms: f64) -> u64 {
    (ms * 1000.0).round() as u64
}
