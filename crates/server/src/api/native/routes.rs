//! Every route except the signed API, as a table: dispatch, OpenAPI and documentation follow from it.

use schemars::SchemaGenerator;

use super::allowed::Allowed;
use super::answers::{FacetsAnswer, Functions, HistogramAnswer, OneRun, Runs, Stats};
use super::keys::Keys;
use super::overview::Overview;
use super::params::{
    ACTION, AFTER, ALPHA, AS_OF, ATTEMPT, BUCKET_PERCENTILES, BUCKETS, BY, CURSOR, DOWNLOAD, FACETS, FIELDS, FORMAT,
    FROM, FROM_SEQ, FUNCTION, FUNCTIONS, HISTOGRAM, KEYWORD, LAST_EVENT_ID, LIMIT, LIMIT_MB, MIN_RUNS, NAMESPACE,
    OFFSET, PERCENTILES, PRICE_GBS, PRICE_REQUEST, QUALIFIER, REGION, REQUEST_ID, RESULT, SIDE_A, SIDE_B, SINCE,
    SLOWEST, SORT, SORT_BY_START, STEP_MB, THRESHOLD, TO, TOP,
};
use super::route::{Content, Handler, Report, Route};
use super::storage::StorageAnswer;
use crate::api::doctor::DiagnosisAnswer;
use crate::api::session::Session;

/// The filters of a query, and its window.
macro_rules! filtered {
    ($($more:expr),*) => {
        &[
            &FUNCTION, &NAMESPACE, &QUALIFIER, &REGION, &REQUEST_ID, &RESULT, &KEYWORD, &SINCE, &FROM, &TO, &AS_OF,
            $($more),*
        ]
    };
}

/// The runs of a report.
macro_rules! reported {
    ($($more:expr),*) => {
        &[&FUNCTION, &NAMESPACE, &QUALIFIER, &REGION, &SINCE, &FROM, &TO, &AS_OF, $($more),*]
    };
}

/// The table.
pub(crate) const ROUTES: &[Route] = &[
    Route {
        handler: Handler::Runs,
        method: "GET",
        path: "/api/v1/runs",
        summary: "A page of matching runs, with the exact total",
        doc: "`next` leads from page to page, without a limit. The answer can include a histogram, facets and \
              percentiles of all matching runs, from the same snapshot as the page.",
        params: filtered!(
            &SORT,
            &LIMIT,
            &OFFSET,
            &CURSOR,
            &FIELDS,
            &HISTOGRAM,
            &BUCKET_PERCENTILES,
            &FACETS,
            &TOP,
            &PERCENTILES
        ),
        answer: Content::Json(SchemaGenerator::subschema_for::<Runs<'static>>),
        needs_key: true,
    },
    Route {
        handler: Handler::Run,
        method: "GET",
        path: "/api/v1/runs/{request_id}",
        summary: "One run by its id, with every attempt and its neighbours",
        doc: "No window is needed. Attempts that the key may not read are treated as absent.",
        params: &[&FUNCTION, &NAMESPACE, &REGION, &FIELDS],
        answer: Content::Json(SchemaGenerator::subschema_for::<OneRun<'static>>),
        needs_key: true,
    },
    Route {
        handler: Handler::RunLog,
        method: "GET",
        path: "/api/v1/runs/{request_id}/log",
        summary: "What one run printed, whole or in ranges of bytes",
        doc: "The last attempt, unless `attempt` names one. `Range: bytes=A-B`, `bytes=A-` and `bytes=-N` are answered \
              with 206 and `Content-Range`; a range after the end with 416. So a reader can follow a run in flight. \
              The header `X-Runlog-Seq` is the `Seq` of the report, `X-Runlog-Running` says whether the run is in \
              flight.",
        params: &[&FUNCTION, &NAMESPACE, &REGION, &ATTEMPT, &DOWNLOAD],
        answer: Content::Media(&["text/plain"]),
        needs_key: true,
    },
    Route {
        handler: Handler::Histogram,
        method: "GET",
        path: "/api/v1/histogram",
        summary: "Numbers of matching runs by start: ok, failed and running",
        doc: "An open end of the window is set to where the data ends, or to the current time.",
        params: filtered!(&BUCKETS, &BUCKET_PERCENTILES),
        answer: Content::Json(SchemaGenerator::subschema_for::<HistogramAnswer>),
        needs_key: true,
    },
    Route {
        handler: Handler::Facets,
        method: "GET",
        path: "/api/v1/facets",
        summary: "Numbers of matching runs by function, version, state and more",
        doc: "The most frequent values of each key, and how many other values there are.",
        params: filtered!(&BY, &TOP),
        answer: Content::Json(SchemaGenerator::subschema_for::<FacetsAnswer>),
        needs_key: true,
    },
    Route {
        handler: Handler::Stats,
        method: "GET",
        path: "/api/v1/stats",
        summary: "Error rate, and percentiles of duration and memory, by function and version",
        doc: "Percentiles are exact and cover all matching finished runs.",
        params: filtered!(&TOP),
        answer: Content::Json(SchemaGenerator::subschema_for::<Stats>),
        needs_key: true,
    },
    Route {
        handler: Handler::Functions,
        method: "GET",
        path: "/api/v1/functions",
        summary: "Functions that have run and that the key may read",
        doc: "A function exists from its first run on, even after its runs are removed.",
        params: &[&FUNCTION, &NAMESPACE, &REGION],
        answer: Content::Json(SchemaGenerator::subschema_for::<Functions>),
        needs_key: true,
    },
    Route {
        handler: Handler::Overview,
        method: "GET",
        path: "/api/v1/overview",
        summary: "Every function at a glance: runs, errors, percentiles, buckets, last run",
        doc: "The functions that the key may read, also those without a run in the window. An open end of the window \
              is where the data ends, or now. All buckets begin at the same moments.",
        params: &[
            &FUNCTION, &NAMESPACE, &QUALIFIER, &REGION, &RESULT, &SINCE, &FROM, &TO, &AS_OF, &BUCKETS, &FUNCTIONS,
        ],
        answer: Content::Json(SchemaGenerator::subschema_for::<Overview>),
        needs_key: true,
    },
    Route {
        handler: Handler::Report(Report::Memory),
        method: "GET",
        path: "/api/v1/reports/memory",
        summary: "The configured memory of each function version against what its runs used: what to set",
        doc: "What `runlog report memory -o json` prints, with `watermark` and `cli`, the command that prints \
              the same. All finished runs of the window count, which is the last day if nothing is given; at \
              most 5 million runs.",
        params: reported!(&LIMIT_MB, &STEP_MB, &MIN_RUNS),
        answer: Content::AnyJson,
        needs_key: true,
    },
    Route {
        handler: Handler::Report(Report::Cold),
        method: "GET",
        path: "/api/v1/reports/cold",
        summary: "How many runs were cold starts, and what that cost in time",
        doc: "As `/api/v1/reports/memory`. Logs are read of at most 200,000 cold starts.",
        params: reported!(),
        answer: Content::AnyJson,
        needs_key: true,
    },
    Route {
        handler: Handler::Report(Report::Cost),
        method: "GET",
        path: "/api/v1/reports/cost",
        summary: "GB-seconds and money of each function version, and where most can be saved",
        doc: "As `/api/v1/reports/memory`.",
        params: reported!(&PRICE_GBS, &PRICE_REQUEST, &LIMIT_MB, &STEP_MB, &MIN_RUNS),
        answer: Content::AnyJson,
        needs_key: true,
    },
    Route {
        handler: Handler::Report(Report::Slow),
        method: "GET",
        path: "/api/v1/reports/slow",
        summary: "Percentiles of each version, the slowest runs, and what became slower than in the window before",
        doc: "As `/api/v1/reports/memory`.",
        params: reported!(&THRESHOLD, &ALPHA, &SLOWEST),
        answer: Content::AnyJson,
        needs_key: true,
    },
    Route {
        handler: Handler::Report(Report::Compare),
        method: "GET",
        path: "/api/v1/reports/compare",
        summary: "Whether one version, function or window is slower, or fails more, than another",
        doc: "As `/api/v1/reports/memory`. `a` and `b` are required.",
        params: reported!(&SIDE_A, &SIDE_B, &THRESHOLD, &ALPHA),
        answer: Content::AnyJson,
        needs_key: true,
    },
    Route {
        handler: Handler::Storage,
        method: "GET",
        path: "/api/v1/storage",
        summary: "What is stored, by day and namespace, and what the disk has left",
        doc: "Root keys only. Days and namespaces are those of the key's account; the other figures are of the whole \
              server.",
        params: &[],
        answer: Content::Json(SchemaGenerator::subschema_for::<StorageAnswer>),
        needs_key: true,
    },
    Route {
        handler: Handler::Keys,
        method: "GET",
        path: "/api/v1/keys",
        summary: "Keys, their policies and tokens, without any secret",
        doc: "With a root key all keys of its account, with another key itself.",
        params: &[],
        answer: Content::Json(SchemaGenerator::subschema_for::<Keys>),
        needs_key: true,
    },
    Route {
        handler: Handler::Allowed,
        method: "GET",
        path: "/api/v1/allowed",
        summary: "Whether the key may do something, and which statement decides",
        doc: "An absent region is the server's default, an absent namespace `default`, and an absent function every \
              function.",
        params: &[&ACTION, &REGION, &NAMESPACE, &FUNCTION],
        answer: Content::Json(SchemaGenerator::subschema_for::<Allowed>),
        needs_key: true,
    },
    Route {
        handler: Handler::Doctor,
        method: "POST",
        path: "/api/v1/doctor",
        summary: "Why a signed request was refused, with each step of its signature",
        doc: "The body is `{\"request\": TEXT}`, a curl command, raw HTTP, a HAR file or JSON, or \
              `{\"request_id\": ID}` of an answer. A signature is computed if the request names the caller's key, or \
              with a root key any key of the account. It is shown only to who authenticates with that key's secret.",
        params: &[],
        answer: Content::Json(SchemaGenerator::subschema_for::<DiagnosisAnswer>),
        needs_key: true,
    },
    Route {
        handler: Handler::FailedRequest,
        method: "GET",
        path: "/api/v1/requests/{request_id}",
        summary: "A failed request of the signed API, by the request id of its answer",
        doc: "Everything its signature depends on, and both clocks, for `runlog doctor`. The server remembers the last \
              256 until it stops, with only the hash of a body. A key sees its own requests; a root key sees all of \
              its account, and those with an unknown key.",
        params: &[],
        answer: Content::AnyJson,
        needs_key: true,
    },
    Route {
        handler: Handler::Tail,
        method: "GET",
        path: "/api/v1/tail",
        summary: "Follow reports as they are accepted, as Server-Sent Events",
        doc: "Every matching report in the order of acceptance, including late ones. The id of an event is its `Seq`, \
              and its `PrevSeq` is the number of the event before, so a reader can prove that none is missing. After a \
              broken connection, a tail resumes with `Last-Event-ID`. Every 15 seconds the server sends an id without \
              data, the position reached so far. The data of an event has the schema `Event`. If reports were removed \
              before the tail reached them, a `gap` event (schema `Gap`) says so.",
        params: &[&FUNCTION, &NAMESPACE, &QUALIFIER, &REGION, &RESULT, &KEYWORD, &FROM_SEQ, &FIELDS, &LAST_EVENT_ID],
        answer: Content::Media(&["text/event-stream"]),
        needs_key: true,
    },
    Route {
        handler: Handler::Export,
        method: "GET",
        path: "/api/v1/export",
        summary: "Every finished run that matches, as a stream",
        doc: "The runs of one moment, `as_of` or now. The header `X-Runlog-Total` is their number, `X-Runlog-As-Of` \
              the sequence number of that moment, and `X-Runlog-From` and `X-Runlog-To` are the window. A stream that \
              is cut short ends without its last chunk, which is a connection error and never looks like a short file; \
              if the server knows the reason, NDJSON ends with a line `{\"error\": {...}}`. With `after` the export \
              continues, and `X-Runlog-Total` is the number of runs left. NDJSON and CSV are compressed by \
              `Accept-Encoding` (gzip or zstd); the pages of Parquet are compressed already.",
        params: filtered!(&SORT_BY_START, &FIELDS, &FORMAT, &AFTER),
        answer: Content::Media(&["application/x-ndjson", "text/csv", "application/vnd.apache.parquet"]),
        needs_key: true,
    },
    Route {
        handler: Handler::Ingest,
        method: "POST",
        path: "/api/v1/runs",
        summary: "Store runs: NDJSON or a JSON array, plain, gzip or zstd",
        doc: "200 means that every accepted run is fsynced to disk. Sending the same body again is safe.",
        params: &[],
        answer: Content::AnyJson,
        needs_key: true,
    },
    Route {
        handler: Handler::Otlp,
        method: "POST",
        path: "/v1/logs",
        summary: "Gather OpenTelemetry logs into runs: OTLP/HTTP in Protobuf or JSON, plain, gzip or zstd",
        doc: "200 means that every accepted line is fsynced to disk; `partialSuccess` counts the lines that were not \
              stored. Sending the same request again is safe for lines that have a time.",
        params: &[],
        answer: Content::Media(&["application/x-protobuf", "application/json"]),
        needs_key: true,
    },
    Route {
        handler: Handler::SignIn,
        method: "POST",
        path: "/api/v1/session",
        summary: "Sign a browser in: a cookie in the place of a key or token",
        doc: "The body is `{\"secret_id\": ..., \"secret_key\": ...}` or `{\"token\": ...}`, of the type \
              `application/json`. The cookie is a credential of every other route of this API. It ends after 12 hours \
              without use, after 7 days, and with its key or token. With it, methods that change something need the \
              header `X-Runlog-Session: 1`.",
        params: &[],
        answer: Content::Json(SchemaGenerator::subschema_for::<Session>),
        needs_key: false,
    },
    Route {
        handler: Handler::Session,
        method: "GET",
        path: "/api/v1/session",
        summary: "Who is signed in",
        doc: "The credential may be of any kind.",
        params: &[],
        answer: Content::Json(SchemaGenerator::subschema_for::<Session>),
        needs_key: true,
    },
    Route {
        handler: Handler::SignOut,
        method: "DELETE",
        path: "/api/v1/session",
        summary: "Sign the browser out",
        doc: "Tails of the session end too.",
        params: &[],
        answer: Content::Nothing,
        needs_key: false,
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
        handler: Handler::Retain,
        method: "POST",
        path: "/api/v1/admin/retain",
        summary: "Remove expired runs now, on the word that the server's clock is right",
        doc: "Root keys only. The body is `{\"trust_clock\": true}`. The server removes expired runs by itself; this is \
              for a server that waits because its clock is far ahead (`clock_ahead_ms` of `/readyz`).",
        params: &[],
        answer: Content::AnyJson,
        needs_key: true,
    },
    Route {
        handler: Handler::OpenApi,
        method: "GET",
        path: "/openapi.json",
        summary: "This description",
        doc: "OpenAPI 3.1, generated from the same tables the server uses.",
        params: &[],
        answer: Content::AnyJson,
        needs_key: false,
    },
    Route {
        handler: Handler::Actions,
        method: "GET",
        path: "/actions.json",
        summary: "The actions of the signed API: parameters, answers, errors, limits and samples",
        doc: "Made from the tables that the server itself works by, with texts in Chinese and English. \
              `/mock/ACTION` answers with the sample of an action, whatever the request holds.",
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
        summary: "Whether the server is fully working",
        doc: "503 with the reason if it is not.",
        params: &[],
        answer: Content::AnyJson,
        needs_key: false,
    },
    Route {
        handler: Handler::Metrics,
        method: "GET",
        path: "/metrics",
        summary: "Counters and gauges",
        doc: "In the OpenMetrics text format.",
        params: &[],
        answer: Content::Media(&["application/openmetrics-text"]),
        needs_key: true,
    },
];

/// The result of looking up a path.
pub(crate) enum Found<'a> {
    /// A route, and the value of the parameter in its path.
    Route(&'static Route, Option<&'a str>),
    /// The path exists, but only with these other methods.
    OtherMethods(Vec<&'static str>),
    /// The path does not exist.
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
        assert_eq!(found("GET", "/api/v1/runs/a%2Fb/log"), "getRunLog a%2Fb");
        assert_eq!(found("GET", "/api/v1/runs/log"), "getRun log");
        assert_eq!(found("DELETE", "/api/v1/runs"), "GET,POST");
        for nothing in [
            "/api/v1/runs/",
            "/api/v1/runs/a/b",
            "/api/v1/runs//log",
            "/api/v1/runs/a/log/",
            "/api/v1",
            "/api/v1/tail/x",
            "",
        ] {
            assert_eq!(found("GET", nothing), "", "{nothing}");
        }
    }
}
