//! Reading through runlog's own API, `/api/v1/*`: pages without an end, one run by its id, tails and exports.
//!
//! [`RunFilter`] says which runs. Its texts are those of the API, so whatever the server takes can be asked for.

mod export;
mod pages;
mod raw;
mod tail;

use runlog_wire::text::{encode_form, percent_encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use export::Export;
pub use pages::RunPages;
pub use raw::Probe;
pub use tail::{Tail, TailBreak, TailEvent, TailGap};

use crate::{Client, Error, envelope};

/// The longest line that is read of a stream, in bytes: a run with the longest log and message, each byte escaped.
const LINE_MAX_BYTES: u64 = 128 << 20;

/// Which runs are wanted. What is absent does not restrict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// The function.
    pub function: Option<String>,
    /// The namespace.
    pub namespace: Option<String>,
    /// The version or alias.
    pub qualifier: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The run's id. Not for tails.
    pub request_id: Option<String>,
    /// `ok`, `failed`, `running`, or return codes separated by commas.
    pub result: Option<String>,
    /// A text that the log or the return message contains.
    pub keyword: Option<String>,
    /// Only runs that started within this span before now, such as `1h30m`; instead of `from`. Not for tails.
    pub since: Option<String>,
    /// The first start: `2026-07-01 08:00:00`, RFC 3339, Unix milliseconds. Not for tails.
    pub from: Option<String>,
    /// The first start that is too late. Not for tails.
    pub to: Option<String>,
}

/// A query for pages of runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunQuery {
    /// Which runs.
    pub filter: RunFilter,
    /// The order, such as `duration:desc`. Absent: the newest first.
    pub sort: Option<String>,
    /// The most runs of a page, up to 1,000. Absent: 20.
    pub limit: Option<u64>,
    /// As of which sequence number to answer: then the pages are those of one moment.
    pub as_of: Option<u64>,
    /// The `next` of the page before.
    pub cursor: Option<String>,
    /// Runs to pass over, up to 10,000. Absent: none.
    pub offset: Option<u64>,
    /// The fields of each run, separated by commas, such as `RequestId,Duration`; those that are left out are empty.
    /// Absent: all of them.
    pub fields: Option<String>,
}

/// A page of runs.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct RunPage {
    /// The runs.
    pub runs: Vec<RunRow>,
    /// How many runs match, on this page or not.
    pub total: u64,
    /// The cursor of the next page; absent when nothing follows.
    pub next: Option<String>,
    /// The starts that were asked for.
    #[serde(default)]
    pub window: RunWindow,
    /// What the answer rests on.
    pub watermark: Watermark,
}

/// Starts from `from_ms` (inclusive) to `to_ms` (exclusive), in Unix milliseconds; an end that is absent is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RunWindow {
    /// The first start.
    pub from_ms: Option<i64>,
    /// The first start that is too late.
    pub to_ms: Option<i64>,
}

/// What an answer rests on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Watermark {
    /// The last accepted sequence number that the answer could see.
    pub seq: u64,
    /// Runs that started earlier, in Unix milliseconds, may have been removed.
    pub retained_from_ms: Option<i64>,
    /// Files that the server could not read. Their runs are missing.
    pub set_aside_files: u64,
}

/// A run. Written as JSON, `POST /api/v1/runs` takes it as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RunRow {
    /// The sequence number of acceptance.
    pub seq: u64,
    /// The region.
    pub region: String,
    /// The namespace.
    pub namespace: String,
    /// The function.
    pub function_name: String,
    /// The version or alias.
    pub qualifier: String,
    /// The run's id in its function.
    pub request_id: String,
    /// 0 for the first attempt.
    pub retry_num: u8,
    /// When it started, in Unix milliseconds.
    pub start_time: i64,
    /// The same as RFC 3339, in the server's zone.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub start_time_text: String,
    /// How long it took, in milliseconds.
    pub duration: f64,
    /// Billed time, in milliseconds.
    pub bill_duration: u64,
    /// Peak memory, in bytes.
    pub mem_usage: u64,
    /// 0 ok, 2 running, 3 interrupted, anything else failed.
    pub ret_code: i32,
    /// 1 when the run ended by itself.
    pub invoke_finished: i32,
    /// The exit code of the process, where there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// What the function returned, or why it failed.
    pub ret_msg: String,
    /// Log level, mostly empty.
    pub level: String,
    /// Log source, mostly empty.
    pub source: String,
    /// The whole output.
    pub log: String,
}

/// What stands in the answer for one run.
#[derive(Deserialize)]
struct Attempts {
    runs: Vec<RunRow>,
}

impl Client {
    /// One page of runs.
    ///
    /// # Errors
    /// [`Error::Refused`] when the server does not take the query, or the key may not read; [`Error::Http`] and
    /// [`Error::Tls`] when it cannot be reached; [`Error::BadAnswer`] when its answer is not a page.
    pub fn runs(&self, query: &RunQuery) -> Result<RunPage, Error> {
        self.get(&query.target())
    }

    /// The address that [`Client::runs`] asks: a link, to be opened with the credential.
    pub fn runs_url(&self, query: &RunQuery) -> String {
        self.url(&query.target())
    }

    /// Every run that matches, page after page. With `as_of` they are those of one moment; without, runs that arrive
    /// meanwhile may be among them, and none comes twice.
    pub fn each_run(&self, query: RunQuery) -> RunPages<'_> {
        RunPages::new(self, query)
    }

    /// Every attempt of the run with this id, the earliest first; none when there is no such run that the key may
    /// read. No window is needed.
    ///
    /// # Errors
    /// As [`Client::runs`].
    pub fn run(&self, request_id: &str) -> Result<Vec<RunRow>, Error> {
        self.attempts(request_id, &RunFilter::default(), None)
    }

    /// As [`Client::run`], of one function: `within` may name a function, a namespace and a region, and nothing else.
    /// `fields` are those of [`RunQuery::fields`].
    ///
    /// # Errors
    /// As [`Client::runs`].
    pub fn attempts(&self, request_id: &str, within: &RunFilter, fields: Option<&str>) -> Result<Vec<RunRow>, Error> {
        match self.get::<Attempts>(&one_run(request_id, within, fields)) {
            Ok(found) => Ok(found.runs),
            Err(Error::Refused { status: 404, .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// The address that [`Client::attempts`] asks.
    pub fn attempts_url(&self, request_id: &str, within: &RunFilter, fields: Option<&str>) -> String {
        self.url(&one_run(request_id, within, fields))
    }

    /// Follows what is accepted after a sequence number, or from now on. See [`Tail`].
    pub fn tail(&self, filter: &RunFilter, from_seq: Option<u64>) -> Tail<'_> {
        Tail::new(self, target("tail", filter, &[]), from_seq)
    }

    /// The address that [`Client::tail`] follows.
    pub fn tail_url(&self, filter: &RunFilter, from_seq: Option<u64>) -> String {
        let from_seq = from_seq.map(|seq| seq.to_string());
        self.url(&target("tail", filter, &[("from_seq", from_seq.as_deref())]))
    }

    /// Every finished run that matches, of one moment, as a stream: the newest first. See [`Export`].
    ///
    /// # Errors
    /// As [`Client::runs`].
    pub fn export(&self, filter: &RunFilter) -> Result<Export<'_>, Error> {
        Export::open(self, filter, None, None)
    }

    /// As [`Client::export`], in another order: `start_time:asc` or `start_time:desc`.
    ///
    /// # Errors
    /// As [`Client::runs`].
    pub fn export_sorted(&self, filter: &RunFilter, sort: &str) -> Result<Export<'_>, Error> {
        Export::open(self, filter, Some(sort), None)
    }

    fn url(&self, target: &str) -> String {
        format!("{}{target}", self.transport.endpoint.url)
    }

    fn get<T: DeserializeOwned>(&self, target: &str) -> Result<T, Error> {
        let reply = self.transport.get(target, &[("Authorization", self.authorization())])?;
        if reply.status != 200 {
            return Err(envelope::refused(&reply));
        }
        serde_json::from_slice(&reply.body).map_err(|error| Error::BadAnswer {
            endpoint: self.transport.endpoint.url.clone(),
            reason: format!("{error}: {}", envelope::shown(&reply.body)),
        })
    }
}

impl RunQuery {
    fn target(&self) -> String {
        let text = |number: Option<u64>| number.map(|number| number.to_string());
        let (limit, offset, as_of) = (text(self.limit), text(self.offset), text(self.as_of));
        let own = [
            ("sort", self.sort.as_deref()),
            ("limit", limit.as_deref()),
            ("offset", offset.as_deref()),
            ("as_of", as_of.as_deref()),
            ("cursor", self.cursor.as_deref()),
            ("fields", self.fields.as_deref()),
        ];
        target("runs", &self.filter, &own)
    }
}

/// Path and query string of one run.
fn one_run(request_id: &str, within: &RunFilter, fields: Option<&str>) -> String {
    target(&format!("runs/{}", percent_encode(request_id)), within, &[("fields", fields)])
}

/// Path and query string.
fn target(path: &str, filter: &RunFilter, own: &[(&'static str, Option<&str>)]) -> String {
    let filters = [
        ("function", &filter.function),
        ("namespace", &filter.namespace),
        ("qualifier", &filter.qualifier),
        ("region", &filter.region),
        ("request_id", &filter.request_id),
        ("result", &filter.result),
        ("keyword", &filter.keyword),
        ("since", &filter.since),
        ("from", &filter.from),
        ("to", &filter.to),
    ];
    let filters = filters.iter().map(|(name, value)| (*name, value.as_deref()));
    let given = filters.chain(own.iter().copied()).filter_map(|(name, value)| Some((name, value?)));
    let query = encode_form(given);
    if query.is_empty() { format!("/api/v1/{path}") } else { format!("/api/v1/{path}?{query}") }
}
