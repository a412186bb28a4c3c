//! Functions and namespaces, as their runs show them.
//!
//! There is no register of functions: a function exists once a run of it was accepted. Its first start counts as the
//! time it was created, its last start as the time it was changed (ours).

use std::collections::BTreeMap;

use runlog_core::StreamSummary;

use crate::error::ApiError;
use crate::service::DEFAULT_NAMESPACE;

/// The time span in which runs started, in Unix milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Life {
    pub(super) first_ms: i64,
    pub(super) last_ms: i64,
}

impl Life {
    fn of(summary: &StreamSummary) -> Self {
        Self { first_ms: summary.first_start_ms, last_ms: summary.last_start_ms }
    }

    fn include(&mut self, other: Life) {
        self.first_ms = self.first_ms.min(other.first_ms);
        self.last_ms = self.last_ms.max(other.last_ms);
    }
}

/// The namespaces of a region, by name. The default one is always there (as it is in the service).
pub(super) fn namespaces(streams: &[StreamSummary]) -> BTreeMap<&str, Option<Life>> {
    let mut namespaces = BTreeMap::from([(DEFAULT_NAMESPACE, None)]);
    for summary in streams {
        widen(namespaces.entry(&summary.stream.namespace).or_default(), Life::of(summary));
    }
    namespaces
}

/// The functions of a namespace, by name.
///
/// # Errors
/// `ResourceNotFound.Namespace` for a namespace without runs that is not the default one.
pub(super) fn functions<'a>(
    streams: &'a [StreamSummary],
    namespace: &str,
) -> Result<BTreeMap<&'a str, Life>, ApiError> {
    let mut functions = BTreeMap::new();
    for summary in streams.iter().filter(|summary| summary.stream.namespace == namespace) {
        let life = Life::of(summary);
        functions.entry(summary.stream.function.as_str()).or_insert(life).include(life);
    }
    if functions.is_empty() && namespace != DEFAULT_NAMESPACE {
        return Err(ApiError::namespace_not_found(namespace));
    }
    Ok(functions)
}

/// The versions of a function, by name. Runs that name no version belong to none of them.
///
/// # Errors
/// `ResourceNotFound.Namespace` and `ResourceNotFound.FunctionName`.
pub(super) fn versions<'a>(
    streams: &'a [StreamSummary],
    namespace: &str,
    function: &str,
) -> Result<BTreeMap<&'a str, Life>, ApiError> {
    if !functions(streams, namespace)?.contains_key(function) {
        return Err(ApiError::function_not_found(function));
    }
    let of_function =
        |summary: &&StreamSummary| summary.stream.namespace == namespace && summary.stream.function == function;
    let versions =
        streams.iter().filter(of_function).map(|summary| (summary.stream.qualifier.as_str(), Life::of(summary)));
    Ok(versions.filter(|(version, _)| !version.is_empty()).collect())
}

fn widen(life: &mut Option<Life>, other: Life) {
    life.get_or_insert(other).include(other);
}
