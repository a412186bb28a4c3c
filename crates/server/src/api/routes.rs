//! Every route beside the signed API, as a table: dispatch, OpenAPI and documentation follow from it.

use schemars::{Schema, SchemaGenerator};

use super::native::answers::{FacetsAnswer, Functions, HistogramAnswer, OneRun, Runs, Stats};
use super::native::params::{
    AFTER, AS_OF, BUCKETS, BY, CURSOR, FACETS, FIELDS, FORMAT, FROM, FROM_SEQ, FUNCTION, HISTOGRAM, KEYWORD,
    LAST_EVENT_ID, LIMIT, NAMESPACE, OFFSET, PERCENTILES, Param, QUALIFIER, REGION, REQUEST_ID, RESULT, SINCE, SORT,
    SORT_BY_START, TO, TOP,
};

/// A route.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) handler: Handler,
    /// Upper-case.
    pub(crate) method: &'static str,
    /// The last segment may be a parameter in braces.
    pub(crate) path: &'static str,
    /// One line.
    pub(crate) summary: &'static str,
    /// What else there is to know.
    pub(crate) doc: &'static str,
    /// What the query string may hold.
    pub(crate) params: &'static [&'static Param],
    pub(crate) answer: Content,
    pub(crate) needs_key: bool,
}

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handler {
    Runs,
    Run,
    Histogram,
    Facets,
    Stats,
    Functions,
    FailedRequest,
    Tail,
    Export,
    Ingest,
    Otlp,
    Backup,
    OpenApi,
    Livez,
    Readyz,
    Metrics,
}

/// What an answer holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Content {
    /// JSON of a type.
    Json(fn(&mut SchemaGenerator) -> Schema),
    /// JSON that is described in words.
    AnyJson,
    /// One of these media types.
    Media(&'static [&'static str]),
}

/// What a query may filter by, and its window.
macro_rules! filtered {
    ($($more:expr),*) => {
        &[
            &FUNCTION, &NAMESPACE, &QUALIFIER, &REGION, &REQUEST_ID, &RESULT, &KEYWORD, &SINCE, &FROM, &TO, &AS_OF,
            $($more),*
        ]
    };
}

impl Handler {
    /// The name of the operation in OpenAPI, and in the metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Runs => "listRuns",
            Self::Run => "getRun",
            Self::Histogram => "getHistogram",
            Self::Facets => "getFacets",
            Self::Stats => "getStats",
            Self::Functions => "listFunctions",
            Self::FailedRequest => "getFailedRequest",
            Self::Tail => "tailRuns",
            Self::Export => "exportRuns",
            Self::Ingest => "putRuns",
            Self::Otlp => "exportLogs",
            Self::Backup => "makeBackup",
            Self::OpenApi => "getOpenApi",
            Self::Livez => "getLivez",
            Self::Readyz => "getReadyz",
            Self::Metrics => "getMetrics",
        }
    }
}

/// The table.
pub(crate) const ROUTES: &[Route] = &[
    Route {
        handler: Handler::Runs,
        method: "GET",
        path: "/api/v1/runs",
        summary: "Runs that match, a page of them, with the exact total",
        doc: "Pages follow each other by `next`, without an end. A histogram, facets and percentiles of all matching \
              runs can come with the page, from the same snapshot.",
        params: filtered!(&SORT, &LIMIT, &OFFSET, &CURSOR, &FIELDS, &HISTOGRAM, &FACETS, &TOP, &PERCENTILES),
        answer: Content::Json(SchemaGenerator::subschema_for::<Runs<'static>>),
        needs_key: true,
    },
    Route {
        handler: Handler::Run,
        method: "GET",
        path: "/api/v1/runs/{request_id}",
        summary: "One run by its id: every attempt, and its neighbours",
        doc: "No window is needed. Attempts that the key may not read count as not there.",
        params: &[&FUNCTION, &NAMESPACE, &REGION, &FIELDS],
        answer: Content::Json(SchemaGenerator::subschema_for::<OneRun<'static>>),
        needs_key: true,
    },
    Route {
        handler: Handler::Histogram,
        method: "GET",
        path: "/api/v1/histogram",
        summary: "Runs that match by their start: ok, failed and running",
        doc: "An open end of the window is where the data ends, or now.",
        params: filtered!(&BUCKETS),
        answer: Content::Json(SchemaGenerator::subschema_for::<HistogramAnswer>),
        needs_key: true,
    },
    Route {
        handler: Handler::Facets,
        method: "GET",
        path: "/api/v1/facets",
        summary: "Runs that match by function, version, state and more",
        doc: "The most frequent values of each key, and how many there are beside them.",
        params: filtered!(&BY, &TOP),
        answer: Content::Json(SchemaGenerator::subschema_for::<FacetsAnswer>),
        needs_key: true,
    },
    Route {
        handler: Handler::Stats,
        method: "GET",
        path: "/api/v1/stats",
        summary: "Error rate, and percentiles of duration and memory, by function and version",
        doc: "Percentiles are exact, of all matching runs that have finished.",
        params: filtered!(&TOP),
        answer: Content::Json(SchemaGenerator::subschema_for::<Stats>),
        needs_key: true,
    },
    Route {
        handler: Handler::Functions,
        method: "GET",
        path: "/api/v1/functions",
        summary: "Functions that have run, and that the key may read",
        doc: "A function exists from its first run on, also after its runs were removed.",
        params: &[&FUNCTION, &NAMESPACE, &REGION],
        answer: Content::Json(SchemaGenerator::subschema_for::<Functions>),
        needs_key: true,
    },
    Route {
        handler: Handler::FailedRequest,
        method: "GET",
        path: "/api/v1/requests/{request_id}",
        summary: "A request of the signed API that failed, by the id of its answer",
        doc: "What its signature depends on, and both clocks, for `runlog doctor`. The last 256 are remembered until \
              the server stops; of a body only the hash. A key sees its own, a root key those of its account and of \
              unknown keys.",
        params: &[],
        answer: Content::AnyJson,
        needs_key: true,
    },
    Route {
        handler: Handler::Tail,
        method: "GET",
        path: "/api/v1/tail",
        summary: "Follow what is accepted, as Server-Sent Events",
        doc: "Every accepted report that matches, in the order of acceptance, late ones too. An event's id is its \
              `Seq`, and its `PrevSeq` is the event before, so that a reader can prove that none is missing. A tail \
              that was cut goes on by `Last-Event-ID`. Every 15 seconds comes a comment with the place that has been \
              reached. The data of an event is of the schema `Event`. What was removed before the tail came there, an \
              event of the name `gap` tells, of the schema `Gap`.",
        params: &[&FUNCTION, &NAMESPACE, &QUALIFIER, &REGION, &RESULT, &KEYWORD, &FROM_SEQ, &FIELDS, &LAST_EVENT_ID],
        answer: Content::Media(&["text/event-stream"]),
        needs_key: true,
    },
    Route {
        handler: Handler::Export,
        method: "GET",
        path: "/api/v1/export",
        summary: "Every finished run that matches, as a stream",
        doc: "The runs of one moment, `as_of` or now. The header `X-Runlog-Total` says how many there are, \
              `X-Runlog-As-Of` as of which sequence number, `X-Runlog-From` and `X-Runlog-To` in which window. A \
              stream that is cut short ends without its last chunk, so it is an error of the connection, never a short \
              file; NDJSON then ends with a line `{\"error\": {...}}` where the server knows why. With `after` it goes \
              on, and `X-Runlog-Total` is what is left. Compressed by `Accept-Encoding`: gzip or zstd; not Parquet, \
              whose pages are.",
        params: filtered!(&SORT_BY_START, &FIELDS, &FORMAT, &AFTER),
        answer: Content::Media(&["application/x-ndjson", "text/csv", "application/vnd.apache.parquet"]),
        needs_key: true,
    },
    Route {
        handler: Handler::Ingest,
        method: "POST",
        path: "/api/v1/runs",
        summary: "Store runs: NDJSON or a JSON array, plain, gzip or zstd",
        doc: "200 means that every accepted run is on disk. Sending the same body again is safe.",
        params: &[],
        answer: Content::AnyJson,
        needs_key: true,
    },
    Route {
        handler: Handler::Otlp,
        method: "POST",
        path: "/v1/logs",
        summary: "Gather OpenTelemetry logs into runs: OTLP/HTTP in Protobuf or JSON, plain, gzip or zstd",
        doc: "200 means that every accepted line is on disk; what is not stored stands in `partialSuccess`. Sending \
              the same request again is safe for lines that carry a time.",
        params: &[],
        answer: Content::Media(&["application/x-protobuf", "application/json"]),
        needs_key: true,
    },
    Route {
        handler: Handler::Backup,
        method: "POST",
        path: "/api/v1/admin/backup",
        summary: "Back up the server into a folder of its `backup_dir`",
        doc: "Root keys only. The body is `{\"to\": NAME}`.",
        params: &[],
        answer: Content::AnyJson,
        needs_key: true,
    },
    Route {
        handler: Handler::OpenApi,
        method: "GET",
        path: "/openapi.json",
        summary: "This description",
        doc: "OpenAPI 3.1, made from the tables that the server itself works by.",
        params: &[],
        answer: Content::AnyJson,
        needs_key: false,
    },
    Route {
        handler: Handler::Livez,
        method: "GET",
        path: "/livez",
        summary: "Whether the process answers",
        doc: "",
        params: &[],
        answer: Content::Media(&["text/plain"]),
        needs_key: false,
    },
    Route {
        handler: Handler::Readyz,
        method: "GET",
        path: "/readyz",
        summary: "Whether the server does all of its work",
        doc: "503, with the reason, when it does not.",
        params: &[],
        answer: Content::AnyJson,
        needs_key: false,
    },
    Route {
        handler: Handler::Metrics,
        method: "GET",
        path: "/metrics",
        summary: "Counters and gauges",
        doc: "In the OpenMetrics text form.",
        params: &[],
        answer: Content::Media(&["application/openmetrics-text"]),
        needs_key: true,
    },
];

/// What a path leads to.
pub(crate) enum Found<'a> {
    /// A route, and what its path's parameter is.
    Route(&'static Route, Option<&'a str>),
    /// Only other methods lead anywhere.
    OtherMethods(Vec<&'static str>),
    /// Nothing.
    Nothing,
}

/// Finds the route of a request.
pub(crate) fn find<'a>(method: &str, path: &'a str) -> Found<'a> {
    let mut methods = Vec::new();
    for route in ROUTES {
        let Some(place) = route.matches(path) else { continue };
        if route.method == method {
            return Found::Route(route, place);
        }
        methods.push(route.method);
    }
    if methods.is_empty() { Found::Nothing } else { Found::OtherMethods(methods) }
}

impl Route {
    /// The parameter in the path, if it has one.
    pub(crate) fn place(&self) -> Option<&'static Param> {
        self.path.ends_with('}').then_some(&REQUEST_ID)
    }

    /// Whether a path is this route's, and what stands in the place of its parameter.
    fn matches<'a>(&self, path: &'a str) -> Option<Option<&'a str>> {
        match self.path.split_once('{') {
            None => (path == self.path).then_some(None),
            Some((fixed, _)) => {
                let rest = path.strip_prefix(fixed)?;
                (!rest.is_empty() && !rest.contains('/')).then_some(Some(rest))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_route_and_each_parameter_is_there_once() {
        let mut seen = BTreeSet::new();
        for route in ROUTES {
            assert!(seen.insert((route.method, route.path)), "{} {}", route.method, route.path);
            let names: BTreeSet<_> = route.params.iter().map(|param| param.name).collect();
            assert_eq!(names.len(), route.params.len(), "{}", route.path);
        }
        let names: BTreeSet<_> = ROUTES.iter().map(|route| route.handler.name()).collect();
        assert_eq!(names.len(), ROUTES.len());
    }

    #[test]
    fn paths_lead_to_their_routes() {
        let found = |method, path| match find(method, path) {
            Found::Route(route, place) => format!("{} {}", route.handler.name(), place.unwrap_or_default()),
            Found::OtherMethods(methods) => methods.join(","),
            Found::Nothing => String::new(),
        };
        assert_eq!(found("GET", "/api/v1/runs"), "listRuns ");
        assert_eq!(found("POST", "/api/v1/runs"), "putRuns ");
        assert_eq!(found("GET", "/api/v1/runs/a%2Fb"), "getRun a%2Fb");
        assert_eq!(found("DELETE", "/api/v1/runs"), "GET,POST");
        for nothing in ["/api/v1/runs/", "/api/v1/runs/a/b", "/api/v1", "/api/v1/tail/x", ""] {
            assert_eq!(found("GET", nothing), "", "{nothing}");
        }
    }
}
