//! Which runs a report is about, and how they come: grouped by function version, from one export.

use std::collections::BTreeMap;
use std::fmt;

use runlog_client::{Client, ExportQuery, RunFilter, RunRow};
use runlog_core::Zone;
use runlog_core::limits::DAY_MS;
use runlog_core::moment::{moment_ms, span_ms};
use runlog_server::clock;
use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::common::failure::Failure;
use crate::cli::common::server::ServerArgs;

/// The fields that reports are computed from; logs stay where they are.
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
    /// Parameters of the native API.
    filter: Vec<(&'static str, String)>,
    pub(super) window: Window,
}

/// Parameters as the client takes them.
pub(in crate::cli) fn spelled<'a>(parameters: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    parameters.iter().map(|(name, value)| (*name, value.as_str())).collect()
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
        let filter = [
            ("function", self.function.clone()),
            ("namespace", self.namespace.clone()),
            ("qualifier", self.qualifier.clone()),
            ("region", self.server.region()),
        ];
        let filter = filter.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
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
        let of = |name: &str| self.filter.iter().find(|(found, _)| *found == name).map(|(_, value)| value.clone());
        let filter = RunFilter {
            function: of("function"),
            namespace: of("namespace"),
            qualifier: of("qualifier"),
            region: of("region"),
            keyword: keyword.map(str::to_owned),
            from: Some(window.0.to_string()),
            to: Some(window.1.to_string()),
            ..RunFilter::default()
        };
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

    /// The newest or oldest runs of one version whose log or message contains a text, with their logs.
    pub(super) fn with_text(
        &self,
        version: &Version,
        text: &str,
        sort: &str,
        limit: &str,
    ) -> Result<Vec<RunRow>, Failure> {
        let (from, to) = (self.window.0.to_string(), self.window.1.to_string());
        let parameters = [
            ("region", version.region.as_str()),
            ("namespace", &version.namespace),
            ("function", &version.function),
            ("qualifier", &version.qualifier),
            ("keyword", text),
            ("from", &from),
            ("to", &to),
            ("sort", sort),
            ("limit", limit),
        ];
        // An empty name cannot be asked for, and is then not asked about.
        let parameters: Vec<_> = parameters.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let page: Value = self.client.get_json("/api/v1/runs", &parameters)?;
        let rows = page.get("runs").cloned().unwrap_or_default();
        serde_json::from_value(rows).map_err(|error| Failure::Other(error.into()))
    }

    /// The answer of a path of the native API for the same runs.
    pub(super) fn ask(&self, path: &str, more: &[(&'static str, &str)]) -> Result<Value, Failure> {
        let (from, to) = (self.window.0.to_string(), self.window.1.to_string());
        let mut parameters = spelled(&self.filter);
        parameters.extend([("from", from.as_str()), ("to", to.as_str())]);
        parameters.extend_from_slice(more);
        Ok(self.client.get_json(path, &parameters)?)
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
