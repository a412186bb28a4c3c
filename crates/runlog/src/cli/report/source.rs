//! Which runs a report is about, and how they come from a server: by its export.

use std::collections::BTreeMap;

use anyhow::anyhow;
use runlog_client::{Client, ExportQuery, FacetKey, RunFilter, RunPage, RunQuery, RunRow, SummaryQuery};
use runlog_report::{Name, Run, Source, Version, Window};
use runlog_server::clock;

use crate::cli::common::failure::Failure;
use crate::cli::common::server::ServerArgs;
use crate::cli::common::table::Format;
use crate::cli::common::window::SpanArgs;

/// The fields that reports are computed from. Without texts, the server reads no logs.
const FIELDS: &str =
    "Region,Namespace,FunctionName,Qualifier,RequestId,RetryNum,StartTime,Duration,BillDuration,MemUsage,RetCode";

/// How many versions the server is asked to list.
const VERSIONS_MAX: u64 = 1_000;

/// How many logs of a version are looked at for its limit.
const LOGS_MAX: u64 = 5;

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

/// A server, and which of its runs are asked for.
pub(super) struct Server {
    client: Client,
    /// Without a window.
    filter: RunFilter,
    window: Window,
}

impl SourceArgs {
    pub(super) fn open(&self) -> Result<Server, Failure> {
        let window = self.span.window(clock::now_ms()).map_err(Failure::Usage)?;
        let filter = RunFilter {
            function: self.function.clone(),
            namespace: self.namespace.clone(),
            qualifier: self.qualifier.clone(),
            region: self.server.region(),
            ..RunFilter::default()
        };
        Ok(Server { client: self.server.client()?, filter, window })
    }
}

impl Server {
    fn filter(&self, (from_ms, to_ms): Window, keyword: Option<&str>) -> RunFilter {
        RunFilter {
            keyword: keyword.map(str::to_owned),
            from: Some(from_ms.to_string()),
            to: Some(to_ms.to_string()),
            ..self.filter.clone()
        }
    }

    /// How many runs the window has, those in flight too, and what the server can see.
    fn count(&self) -> Result<RunPage, Failure> {
        let filter = self.filter(self.window, None);
        Ok(self.client.runs(&RunQuery { filter, limit: Some(0), ..RunQuery::default() })?)
    }
}

impl Source for Server {
    type Error = Failure;

    fn window(&self) -> Window {
        self.window
    }

    fn each(&self, window: Window, text: Option<&str>, take: &mut dyn FnMut(Run)) -> Result<(), Failure> {
        let fields = if text.is_some() { format!("{FIELDS},Log") } else { FIELDS.to_owned() };
        let filter = self.filter(window, text);
        let query = ExportQuery { filter, fields: Some(fields), ..ExportQuery::default() };
        for run in self.client.export_with(&query)? {
            take(read(run?));
        }
        Ok(())
    }

    fn logs(&self, version: &Version, text: &str, newest_first: bool) -> Result<Vec<String>, Failure> {
        // An empty name cannot be asked for, and is then not restricted.
        let name = |name: &String| Some(name.clone()).filter(|name| !name.is_empty());
        let filter = RunFilter {
            region: name(&version.region),
            namespace: name(&version.namespace),
            function: name(&version.function),
            qualifier: name(&version.qualifier),
            ..self.filter(self.window, Some(text))
        };
        let sort = Some(if newest_first { "start_time:desc" } else { "start_time:asc" }.to_owned());
        let fields = Some("Log".to_owned());
        let query = RunQuery { filter, sort, limit: Some(LOGS_MAX), fields, ..RunQuery::default() };
        Ok(self.client.runs(&query)?.runs.into_iter().map(|run| run.log).collect())
    }

    fn versions_with(&self, text: &str) -> Result<(BTreeMap<Name, u64>, u64), Failure> {
        let query = SummaryQuery { filter: self.filter(self.window, Some(text)), as_of: None };
        let (mut found, mut rest) = (BTreeMap::new(), 0);
        for facet in self.client.facets(&query, &[FacetKey::Version], Some(VERSIONS_MAX))?.facets {
            rest += facet.rest_runs;
            for count in facet.values {
                let namespace = named(count.namespace, "namespace")?;
                let (function, qualifier) = (named(count.function, "function")?, named(count.qualifier, "qualifier")?);
                found.insert((namespace, function, qualifier), count.runs);
            }
        }
        Ok((found, rest))
    }

    fn total(&self) -> Result<u64, Failure> {
        Ok(self.count()?.total)
    }

    fn kept_from_ms(&self) -> Result<Option<i64>, Failure> {
        // A bound that is still to come says that nothing was removed yet.
        Ok(self.count()?.watermark.retained_from_ms.filter(|first_ms| *first_ms <= clock::now_ms()))
    }
}

/// A name that each version has.
fn named(name: Option<String>, field: &str) -> Result<String, Failure> {
    name.ok_or_else(|| Failure::Other(anyhow!("the server counts the runs of a version without its `{field}`")))
}

fn read(run: RunRow) -> Run {
    Run {
        version: Version {
            region: run.region,
            namespace: run.namespace,
            function: run.function_name,
            qualifier: run.qualifier,
        },
        request_id: run.request_id,
        retry_num: run.retry_num,
        start_ms: run.start_time,
        // A duration of the API has at most three decimals.
        duration_us: (run.duration * 1000.0).round() as u64,
        bill_ms: run.bill_duration,
        mem_bytes: run.mem_usage,
        ret_code: run.ret_code,
        log: run.log,
    }
}
