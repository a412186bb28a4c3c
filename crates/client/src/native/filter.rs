//! Which runs are asked for, and the path and query string that say so.

use runlog_wire::text::encode_form;

/// Which runs are wanted. An absent field does not restrict them.
///
/// The values are those of the API's parameters, so every value that the server accepts can be given.
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
    /// Only runs that started within this span before now, such as `1h30m`. Excludes `from`. Not for tails.
    pub since: Option<String>,
    /// The first start of the window: `2026-07-01 08:00:00`, RFC 3339, Unix milliseconds. Not for tails.
    pub from: Option<String>,
    /// The end of the window, exclusive. Not for tails.
    pub to: Option<String>,
}

/// A parameter of a request, if it is given.
pub(super) type Parameter<'a> = (&'static str, Option<&'a str>);

/// The path and query string of a native route, with the filter's parameters and those of the route.
pub(super) fn target(path: &str, filter: &RunFilter, own: &[Parameter<'_>]) -> String {
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

/// A number as a parameter.
pub(super) fn number(number: Option<u64>) -> Option<String> {
    number.map(|number| number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_escaped_and_absent_ones_left_out() {
        assert_eq!(target("stats", &RunFilter::default(), &[("top", None)]), "/api/v1/stats");
        let filter = RunFilter { function: Some("a b&c".to_owned()), ..RunFilter::default() };
        assert_eq!(target("stats", &filter, &[("top", Some("3"))]), "/api/v1/stats?function=a%20b%26c&top=3");
    }
}
