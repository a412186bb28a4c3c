//! `GetFunction`: what is known about one function. A server of run logs knows its name, its versions and when it ran;
//! all other fields that clients expect are empty.

mod table;

use table::LATEST;
pub use table::TABLE;

use runlog_core::StreamSummary;
use serde::{Serialize, Serializer};

use super::context::Context;
use super::filled::Filled;
use super::functions::{functions, versions};
use super::list_functions::{KIND, STATUS};
use crate::error::{ApiError, ErrorCode};
use crate::params::{ParamTree, check, not_kept};

/// A call, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The namespace.
    pub namespace: String,
    /// The function.
    pub function: String,
    /// The version, if one was named.
    pub qualifier: Option<String>,
}

impl Request {
    /// Reads the parameters.
    ///
    /// # Errors
    /// Those of [`check`]; `UnsupportedOperation` when the code is asked for.
    pub fn parse(params: &ParamTree, _ctx: &Context<'_>) -> Result<Self, ApiError> {
        let params = check(params, TABLE.params)?;
        if let Some("TRUE") = params.text("ShowCode") {
            return Err(not_kept("ShowCode", "TRUE"));
        }
        Ok(Self {
            namespace: params.given("Namespace").to_owned(),
            function: params.given("FunctionName").to_owned(),
            qualifier: params.string("Qualifier"),
        })
    }
}

/// The answer to `request`. `streams` are those of the account and region.
///
/// # Errors
/// `ResourceNotFound.Namespace`, `.FunctionName` and `.Qualifier`.
pub fn response<'a>(
    request: &'a Request,
    streams: &'a [StreamSummary],
    ctx: &Context<'_>,
) -> Result<impl Serialize + use<'a>, ApiError> {
    let (namespace, name) = (request.namespace.as_str(), request.function.as_str());
    let versions = versions(streams, namespace, name)?;
    let (version, life) = match &request.qualifier {
        Some(wanted) => {
            let found = versions.get_key_value(wanted.as_str());
            let (version, life) = found.ok_or_else(|| qualifier_not_found(wanted))?;
            (*version, *life)
        }
        None => {
            let newest = versions.iter().max_by_key(|(_, life)| life.last_ms);
            let version = versions.get_key_value(LATEST).or(newest).map_or("", |(version, _)| version);
            let life = functions(streams, namespace)?.remove(name).ok_or_else(|| ApiError::function_not_found(name))?;
            (version, life)
        }
    };
    let (add_time, mod_time) = (ctx.zone.format(life.first_ms), ctx.zone.format(life.last_ms));
    Ok(Response { namespace, name, version, add_time, mod_time })
}

fn qualifier_not_found(qualifier: &str) -> ApiError {
    ApiError::new(ErrorCode::ResourceNotFoundQualifier).with("value", qualifier)
}

struct Response<'a> {
    namespace: &'a str,
    name: &'a str,
    version: &'a str,
    add_time: String,
    mod_time: String,
}

impl Serialize for Response<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut known = vec![
            ("FunctionName", self.name),
            ("Namespace", self.namespace),
            ("FunctionVersion", self.version),
            ("Qualifier", self.version),
            ("AddTime", &self.add_time),
            ("ModTime", &self.mod_time),
            ("Status", STATUS),
            ("Type", KIND),
        ];
        let off = ["UseGpu", "InstallDependency", "L5Enable", "AsyncRunEnable", "TraceEnable", "DnsCache"];
        known.extend(off.map(|name| (name, "FALSE")));
        Filled { fields: TABLE.response, known }.serialize(serializer)
    }
}
