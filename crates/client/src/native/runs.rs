//! Pages of runs, and one run by its id.

use runlog_wire::text::percent_encode;
use serde::{Deserialize, Serialize};

use super::filter::{number, target};
use super::run::{Fields, Received};
use super::{Buckets, Cost, Facet, FacetKey, Histogram, Percentiles, RunFilter, RunRow, RunWindow, Watermark};
use crate::{Client, Error};

/// A query for pages of runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunQuery {
    /// Which runs.
    pub filter: RunFilter,
    /// The order, such as `duration:desc`. Absent: the newest first.
    pub sort: Option<String>,
    /// The most runs of a page, up to 1,000. Absent: 20.
    pub limit: Option<u64>,
    /// The sequence number to answer as of: then all pages show the same moment.
    pub as_of: Option<u64>,
    /// The `next` of the page before.
    pub cursor: Option<String>,
    /// Runs to skip, up to 10,000. Absent: none.
    pub offset: Option<u64>,
    /// The fields of each run, separated by commas, such as `RequestId,Duration`; the others are empty. Absent: all
    /// fields. Without `Log` and `RetMsg` the answer is much faster.
    pub fields: Option<String>,
    /// Also count all matching runs by their start.
    pub histogram: Option<Buckets>,
    /// Also give percentiles of each bucket of the histogram, which must be asked for.
    pub bucket_percentiles: bool,
    /// Also count all matching runs by these keys.
    pub facets: Vec<FacetKey>,
    /// How many values of each facet to list. Absent: the server's default.
    pub top: Option<u64>,
    /// Also give percentiles of all matching runs.
    pub percentiles: bool,
}

/// A page of runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RunPage {
    /// The runs.
    pub runs: Vec<RunRow>,
    /// How many runs match, on this page or not.
    pub total: u64,
    /// The cursor of the next page. Absent: this is the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// All matching runs by their start, if the query asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub histogram: Option<Histogram>,
    /// All matching runs by each key that the query asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facets: Option<Vec<Facet>>,
    /// Percentiles of all matching runs, if the query asks for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percentiles: Option<Percentiles>,
    /// The window of starts that was asked for.
    pub window: RunWindow,
    /// The sequence number that the answer is as of, if the query gives one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<u64>,
    /// The data that the answer could see.
    pub watermark: Watermark,
    /// What the answer cost the server.
    pub cost: Cost,
}

/// One run: every attempt, and the runs before and after it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct OneRun {
    /// Every attempt, the earliest first.
    pub runs: Vec<RunRow>,
    /// How many attempts there are. The last ones are left out of `runs` if the texts are very long.
    pub total: u64,
    /// The run of the same function that started before the first attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<RunRow>,
    /// The run of the same function that started after the last attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<RunRow>,
    /// The window of starts; open at both ends.
    pub window: RunWindow,
    /// The data that the answer could see.
    pub watermark: Watermark,
    /// What the answer cost the server.
    pub cost: Cost,
}

/// [`RunPage`] before its runs are checked.
#[derive(Deserialize)]
struct ReceivedPage {
    runs: Vec<Received>,
    total: u64,
    next: Option<String>,
    histogram: Option<Histogram>,
    facets: Option<Vec<Facet>>,
    percentiles: Option<Percentiles>,
    window: RunWindow,
    as_of: Option<u64>,
    watermark: Watermark,
    cost: Cost,
}

/// [`OneRun`] before its runs are checked.
#[derive(Deserialize)]
struct ReceivedOneRun {
    runs: Vec<Received>,
    total: u64,
    previous: Option<Received>,
    next: Option<Received>,
    window: RunWindow,
    watermark: Watermark,
    cost: Cost,
}

impl Client {
    /// One page of runs.
    ///
    /// # Errors
    /// [`Error::Refused`] if the server does not accept the query, or the key may not read the runs; [`Error::Http`]
    /// and [`Error::Tls`] if it cannot be reached; [`Error::BadAnswer`] if its answer lacks a field.
    pub fn runs(&self, query: &RunQuery) -> Result<RunPage, Error> {
        let page: ReceivedPage = self.get(&query.target())?;
        let missing = |name: &str| self.bad_answer(&format!("it has no `{name}`, which was asked for"));
        if query.histogram.is_some() && page.histogram.is_none() {
            return Err(missing("histogram"));
        }
        if !query.facets.is_empty() && page.facets.is_none() {
            return Err(missing("facets"));
        }
        if query.percentiles && page.percentiles.is_none() {
            return Err(missing("percentiles"));
        }
        let fields = Fields::of(query.fields.as_deref());
        Ok(RunPage {
            runs: Received::runs(page.runs, &fields).map_err(|error| self.bad_answer(&error))?,
            total: page.total,
            next: page.next,
            histogram: page.histogram,
            facets: page.facets,
            percentiles: page.percentiles,
            window: page.window,
            as_of: page.as_of,
            watermark: page.watermark,
            cost: page.cost,
        })
    }

    /// The URL that [`Client::runs`] requests. It holds no credential.
    pub fn runs_url(&self, query: &RunQuery) -> String {
        self.url(&query.target())
    }

    /// Every attempt of the run with this id, the earliest first; empty if there is no such run that the key may read.
    /// No window is needed.
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
        Ok(self.one_run(request_id, within, fields)?.map(|found| found.runs).unwrap_or_default())
    }

    /// As [`Client::attempts`], with the runs before and after; `None` if there is no such run that the key may read.
    ///
    /// # Errors
    /// As [`Client::runs`].
    pub fn one_run(&self, request_id: &str, within: &RunFilter, fields: Option<&str>) -> Result<Option<OneRun>, Error> {
        let found: ReceivedOneRun = match self.get(&one_run(request_id, within, fields)) {
            Ok(found) => found,
            Err(Error::Refused { status: 404, .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let fields = Fields::of(fields);
        let runs = Received::runs(found.runs, &fields).map_err(|error| self.bad_answer(&error))?;
        let beside = |run: Option<Received>| {
            run.map(|run| run.run(&fields)).transpose().map_err(|error| self.bad_answer(&error))
        };
        Ok(Some(OneRun {
            runs,
            total: found.total,
            previous: beside(found.previous)?,
            next: beside(found.next)?,
            window: found.window,
            watermark: found.watermark,
            cost: found.cost,
        }))
    }

    /// The URL that [`Client::attempts`] requests. It holds no credential.
    pub fn attempts_url(&self, request_id: &str, within: &RunFilter, fields: Option<&str>) -> String {
        self.url(&one_run(request_id, within, fields))
    }
}

impl RunQuery {
    fn target(&self) -> String {
        let (limit, offset, as_of, top) =
            (number(self.limit), number(self.offset), number(self.as_of), number(self.top));
        let histogram = self.histogram.map(|buckets| buckets.to_string());
        let facets = FacetKey::list(&self.facets);
        target(
            "runs",
            &self.filter,
            &[
                ("sort", self.sort.as_deref()),
                ("limit", limit.as_deref()),
                ("offset", offset.as_deref()),
                ("as_of", as_of.as_deref()),
                ("cursor", self.cursor.as_deref()),
                ("fields", self.fields.as_deref()),
                ("histogram", histogram.as_deref()),
                ("facets", facets.as_deref()),
                ("top", top.as_deref()),
                ("bucket_percentiles", self.bucket_percentiles.then_some("true")),
                ("percentiles", self.percentiles.then_some("true")),
            ],
        )
    }
}

/// The path and query string of one run.
fn one_run(request_id: &str, within: &RunFilter, fields: Option<&str>) -> String {
    target(&format!("runs/{}", percent_encode(request_id)), within, &[("fields", fields)])
}
