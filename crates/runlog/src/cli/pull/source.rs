//! The server that is pulled from: paced calls, repeated when it is away for a moment.

use std::fmt;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use runlog_client::{Client, Error, FunctionLogs, GetFunctionLogs, SearchContext};
use runlog_core::Zone;
use runlog_server::clock;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::pace::Pace;
use crate::cli::common::failure::Failure;
use crate::cli::common::server::{Access, connect, setting};

/// How often a call is repeated after a broken connection, with waits of 1, 2, 4, ... seconds; and how often after
/// the server said that it was over the rate limit.
const RETRIES: u32 = 6;

/// Rows of one page of a list.
const LIST_ROWS: u64 = 100;

/// The most functions, and the most versions of one: what the API's paging reaches.
const LISTED_MAX: u64 = 10_000;

/// Which server to pull from, and the key to it.
#[derive(clap::Args)]
pub(super) struct SourceArgs {
    /// The server to pull from [env: RUNLOG_SOURCE_ENDPOINT].
    #[arg(long, value_name = "URL")]
    source: Option<String>,
    /// The id of its key [env: RUNLOG_SOURCE_SECRET_ID].
    #[arg(long, value_name = "ID")]
    source_secret_id: Option<String>,
    /// The key's secret; better from the environment, since others can read a command line
    /// [env: RUNLOG_SOURCE_SECRET_KEY].
    #[arg(long, value_name = "KEY")]
    source_secret_key: Option<String>,
    /// The region to read from, under which the runs are also stored [env: RUNLOG_SOURCE_REGION].
    #[arg(long, value_name = "REGION")]
    source_region: Option<String>,
    /// File with the CA certificate of an https server, as PEM.
    #[arg(long, value_name = "FILE")]
    source_ca: Option<PathBuf>,
}

/// What is pulled as one: the runs of a function and version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    /// `None`: every function of the namespace, where the server lists none.
    function: Option<String>,
    /// What is asked for; `None`: every version.
    qualifier: Option<String>,
    /// What the runs are stored as.
    pub(super) label: Option<String>,
}

/// A server to pull from.
pub(super) struct Source {
    client: Client,
    endpoint: String,
    region: Option<String>,
    namespace: String,
    zone: Zone,
    pace: Pace,
    page_rows: u64,
}

impl SourceArgs {
    /// A client of the server.
    pub(super) fn open(&self, namespace: &str, zone: Zone, rate: u32, page_rows: u64) -> Result<Source, Failure> {
        let missing = |what: &str| Failure::Usage(format!("no {what}"));
        let endpoint = setting(self.source.as_ref(), &["RUNLOG_SOURCE_ENDPOINT"]);
        let endpoint = endpoint.ok_or_else(|| missing("server to pull from; give --source URL"))?;
        let id = setting(self.source_secret_id.as_ref(), &["RUNLOG_SOURCE_SECRET_ID"]);
        let secret = setting(self.source_secret_key.as_ref(), &["RUNLOG_SOURCE_SECRET_KEY"]);
        let key = id.zip(secret);
        let advice = "key to the source; set RUNLOG_SOURCE_SECRET_ID and RUNLOG_SOURCE_SECRET_KEY";
        let key = key.ok_or_else(|| missing(advice))?;
        let region = setting(self.source_region.as_ref(), &["RUNLOG_SOURCE_REGION"]);
        let access = Access { key: Some(key), token: None };
        let client = connect(endpoint.clone(), access, region.clone(), self.source_ca.as_deref())?;
        Ok(Source {
            client: client.retries(RETRIES).build()?,
            endpoint,
            region,
            namespace: namespace.to_owned(),
            zone,
            pace: Pace::new(rate),
            page_rows,
        })
    }
}

impl Source {
    pub(super) fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// What a state is kept for.
    pub(super) fn identity(&self) -> String {
        format!("{} {}/{}", self.endpoint, self.region.as_deref().unwrap_or("-"), self.namespace)
    }

    /// A moment as the source writes it, to the second.
    pub(super) fn written(&self, ms: i64) -> String {
        self.zone.format(ms)
    }

    /// What there is to pull. The functions are those given, otherwise those that the server lists.
    pub(super) fn units(&mut self, functions: &[String], qualifier: Option<&str>) -> Result<Vec<Unit>, Failure> {
        let listed = if functions.is_empty() { self.functions()? } else { Some(functions.to_vec()) };
        let Some(functions) = listed else {
            // A server without lists: one unit, whose rows name their functions.
            let own = qualifier.map(str::to_owned);
            return Ok(vec![Unit { function: None, qualifier: own.clone(), label: own }]);
        };
        let mut units = Vec::new();
        for function in functions {
            let versions = match qualifier {
                Some(only) => vec![only.to_owned()],
                None => self.versions(&function)?,
            };
            let unit = |qualifier: Option<String>, label| Unit { function: Some(function.clone()), qualifier, label };
            match &versions[..] {
                [] => units.push(unit(None, None)),
                // The one there is: asked for without it, so that runs that the list does not know come too.
                [only] if qualifier.is_none() => units.push(unit(None, Some(only.clone()))),
                some => units.extend(some.iter().map(|name| unit(Some(name.clone()), Some(name.clone())))),
            }
        }
        Ok(units)
    }

    /// One page of a unit's runs. Asks for fewer rows where an answer is too large.
    pub(super) fn page(&mut self, unit: &Unit, request: &GetFunctionLogs) -> Result<FunctionLogs, Error> {
        loop {
            let request = GetFunctionLogs {
                function_name: unit.function.clone(),
                qualifier: unit.qualifier.clone(),
                namespace: Some(self.namespace.clone()),
                limit: request.limit.map(|rows| rows.min(self.page_rows)),
                search_context: request
                    .search_context
                    .clone()
                    .map(|search| SearchContext { limit: search.limit.min(self.page_rows), ..search }),
                ..request.clone()
            };
            match self.call("GetFunctionLogs", &request) {
                // What the client says of an answer that is too large.
                Err(Error::BadAnswer { .. }) if self.page_rows > 1 => self.page_rows = self.page_rows.div_ceil(4),
                // Nothing of it has run here, or not any more.
                Err(error) if error.code() == Some("ResourceNotFound.FunctionName") => {
                    return Ok(FunctionLogs::default());
                }
                result => return result,
            }
        }
    }

    /// Unix milliseconds of a row's time, or why it is none.
    pub(super) fn start_ms(&self, text: &str) -> Result<i64, String> {
        self.zone.parse(text).map(|time| time.ms).map_err(|error| error.to_string())
    }

    fn functions(&mut self) -> Result<Option<Vec<String>>, Failure> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Function {
            function_name: String,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Functions {
            functions: Vec<Function>,
        }
        let list = self.list::<Functions, _>("ListFunctions", None, |page| {
            page.functions.into_iter().map(|function| function.function_name).collect()
        });
        match list {
            Ok(functions) => Ok(Some(functions)),
            Err(error) if is_unknown(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn versions(&mut self, function: &str) -> Result<Vec<String>, Failure> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Versions {
            function_version: Vec<String>,
        }
        let list = self.list::<Versions, _>("ListVersionByFunction", Some(function), |page| page.function_version);
        match list {
            Ok(versions) => Ok(versions),
            Err(error) if is_unknown(&error) => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }

    fn list<Page, F>(&mut self, action: &str, function: Option<&str>, mut names: F) -> Result<Vec<String>, Error>
    where
        Page: DeserializeOwned,
        F: FnMut(Page) -> Vec<String>,
    {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct List<'a> {
            namespace: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            function_name: Option<&'a str>,
            offset: u64,
            limit: u64,
        }
        let mut all: Vec<String> = Vec::new();
        let namespace = self.namespace.clone();
        loop {
            let offset = all.len() as u64;
            let limit = LIST_ROWS.min(LISTED_MAX.saturating_sub(offset));
            let request = List { namespace: &namespace, function_name: function, offset, limit };
            let page = if limit == 0 { Vec::new() } else { names(self.call(action, &request)?) };
            let is_last = (page.len() as u64) < limit || limit == 0;
            all.extend(page);
            if is_last {
                return Ok(all);
            }
        }
    }

    fn call<Request, Response>(&mut self, action: &str, request: &Request) -> Result<Response, Error>
    where
        Request: Serialize,
        Response: DeserializeOwned,
    {
        let mut wait = Duration::from_secs(1);
        for _ in 0..RETRIES {
            thread::sleep(self.pace.wait(clock::monotonic()));
            match self.client.call(action, request) {
                Err(Error::Http { .. }) => thread::sleep(wait),
                result => return result,
            }
            wait *= 2;
        }
        self.client.call(action, request)
    }
}

/// Whether an error says that the server does not have this, rather than that it failed.
fn is_unknown(error: &Error) -> bool {
    let family = error.code().and_then(|code| code.split('.').next());
    matches!(family, Some("InvalidAction" | "UnsupportedOperation" | "UnauthorizedOperation" | "ResourceNotFound"))
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.function, &self.qualifier) {
            (Some(function), Some(qualifier)) => write!(f, "{function}:{qualifier}"),
            (Some(function), None) => f.write_str(function),
            (None, Some(qualifier)) => write!(f, "*:{qualifier}"),
            (None, None) => f.write_str("*"),
        }
    }
}
