//! Which runs a report is about, and how they come: grouped by function version, from one export.

use std::collections::BTreeMap;
use std::fmt;

use runlog_client::{Client, ExportQuery, RunFilter, RunQuery, RunRow, SummaryQuery, Watermark};
use runlog_server::clock;
use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::common::failure::Failure;
use crate::cli::common::server::ServerArgs;
use crate::cli::common::table::Format;
use crate::cli::common::window::SpanArgs;

/// The fields that reports are computed from. Without texts, the server reads no logs.
const FIELDS: &str =
    "Region,Namespace,FunctionName,Qualifier,RequestId,RetryNum,StartTime,Duration,BillDuration,MemUsage,RetCode";

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
    pub(super) output: Format,
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
