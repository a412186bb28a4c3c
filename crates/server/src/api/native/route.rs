//! What a route is: who answers it, under which path, with which parameters and which kind of answer.

use schemars::{Schema, SchemaGenerator};

use super::params::{Param, REQUEST_ID};

/// A route.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) handler: Handler,
    /// Upper-case.
    pub(crate) method: &'static str,
    /// One segment may be a parameter in braces.
    pub(crate) path: &'static str,
    /// One line.
    pub(crate) summary: &'static str,
    /// Further explanation.
    pub(crate) doc: &'static str,
    /// The parameters of the query string.
    pub(crate) params: &'static [&'static Param],
    pub(crate) answer: Content,
    pub(crate) needs_key: bool,
}

/// The code that answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handler {
    Runs,
    Run,
    Histogram,
    Facets,
    Stats,
    Functions,
    RunLog,
    Overview,
    Report(Report),
    Storage,
    Keys,
    Allowed,
    Doctor,
    FailedRequest,
    Tail,
    Export,
    Ingest,
    Otlp,
    SignIn,
    Session,
    SignOut,
    Backup,
    Retain,
    OpenApi,
    Actions,
    Livez,
    Readyz,
    Metrics,
}

/// What a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    Memory,
    Cold,
    Cost,
    Slow,
    Compare,
}

/// The body of an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Content {
    /// JSON of a type.
    Json(fn(&mut SchemaGenerator) -> Schema),
    /// JSON that is described in words.
    AnyJson,
    /// No body: status 204.
    Nothing,
    /// One of these media types.
    Media(&'static [&'static str]),
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
            Self::RunLog => "getRunLog",
            Self::Overview => "getOverview",
            Self::Report(Report::Memory) => "reportMemory",
            Self::Report(Report::Cold) => "reportCold",
            Self::Report(Report::Cost) => "reportCost",
            Self::Report(Report::Slow) => "reportSlow",
            Self::Report(Report::Compare) => "reportCompare",
            Self::Storage => "getStorage",
            Self::Keys => "listKeys",
            Self::Allowed => "getAllowed",
            Self::Doctor => "examineRequest",
            Self::FailedRequest => "getFailedRequest",
            Self::Tail => "tailRuns",
            Self::Export => "exportRuns",
            Self::Ingest => "putRuns",
            Self::Otlp => "exportLogs",
            Self::SignIn => "signIn",
            Self::Session => "getSession",
            Self::SignOut => "signOut",
            Self::Backup => "makeBackup",
            Self::Retain => "removeExpiredRuns",
            Self::OpenApi => "getOpenApi",
            Self::Actions => "getActions",
            Self::Livez => "getLivez",
            Self::Readyz => "getReadyz",
            Self::Metrics => "getMetrics",
        }
    }
}

impl Report {
    /// The word of the command line, and the last one of the path.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Cold => "cold",
            Self::Cost => "cost",
            Self::Slow => "slow",
            Self::Compare => "compare",
        }
    }
}

impl Route {
    /// The parameter in the path, if it has one.
    pub(crate) fn place(&self) -> Option<&'static Param> {
        self.path.contains('{').then_some(&REQUEST_ID)
    }

    /// Whether a path is this route's, and the value of its parameter.
    pub(super) fn matches<'a>(&self, path: &'a str) -> Option<Option<&'a str>> {
        match self.path.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?.1))) {
            None => (path == self.path).then_some(None),
            Some((before, after)) => {
                let place = path.strip_prefix(before)?.strip_suffix(after)?;
                (!place.is_empty() && !place.contains('/')).then_some(Some(place))
            }
        }
    }
}
