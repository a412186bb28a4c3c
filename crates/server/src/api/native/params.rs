//! The parameters of the native API, as a table: reading, errors, OpenAPI and documentation follow from it.
//!
//! A parameter is given at most once and is not empty. A parameter that the path does not know is refused, because a
//! misspelt filter must not answer a query that nobody asked.

use runlog_core::limits::{
    FACET_MAX_VALUES, HISTOGRAM_MAX_BUCKETS, KEYWORD_MAX_BYTES, NAME_MAX_BYTES, REGION_MAX_BYTES, REQUEST_ID_MAX_BYTES,
};
use runlog_core::moment;
use runlog_core::{FacetKey, HistogramSpec, ResultFilter, Zone};
use runlog_wire::text::form_pairs;

use super::fields;
use super::page_token::PageToken;

/// Maximum number of runs per page. Paging has no end, so a larger page would only make the answer start later.
pub(crate) const PAGE_MAX_RUNS: u64 = 1_000;

/// Maximum `offset`: the engine keeps the rows before the page. A cursor has no such limit.
pub(crate) const OFFSET_MAX: u64 = 10_000;

/// Maximum number of functions in one overview: each takes a few queries.
pub(crate) const OVERVIEW_MAX_FUNCTIONS: u64 = 1_000;

/// Maximum number of return codes in one filter.
const CODES_MAX: usize = 100;

/// A parameter.
#[derive(Debug)]
pub(crate) struct Param {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// A sentence or two, including the meaning of an absent parameter.
    pub(crate) doc: &'static str,
    pub(crate) example: &'static str,
}

/// The type of a parameter.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// A text.
    Text { max_bytes: usize },
    /// A whole number.
    Number { min: u64, max: u64 },
    /// A moment; see [`moment::FORMS`].
    Moment,
    /// A span, such as `1h30m`.
    Span,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Some of these words, separated by commas.
    Words(fn() -> Vec<&'static str>),
    /// `ok`, `failed`, `running`, or return codes separated by commas.
    Result,
    /// A number of buckets, or the width of one.
    Buckets,
    /// The `next` of an answer.
    Cursor,
}

/// A parameter's value.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(String),
    Number(u64),
    /// Unix milliseconds of a moment, or milliseconds of a span.
    Ms(i64),
    Word(&'static str),
    Words(Vec<&'static str>),
    Result(ResultFilter),
    Buckets(HistogramSpec),
    Cursor(Box<PageToken>),
}

/// The parameters of one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values(Vec<(&'static str, Value)>);

/// A request that cannot be answered, and why; the sentence is for the sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BadParam {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

const fn name(name: &'static str, doc: &'static str, example: &'static str) -> Param {
    Param { name, kind: Kind::Text { max_bytes: NAME_MAX_BYTES }, doc, example }
}

pub(crate) const FUNCTION: Param = name("function", "The function. Absent: every function.", "nightly-report");
pub(crate) const NAMESPACE: Param = name("namespace", "The namespace. Absent: every namespace.", "default");
pub(crate) const QUALIFIER: Param = name("qualifier", "The version or alias. Absent: every one.", "$LATEST");
pub(crate) const REGION: Param = Param {
    name: "region",
    kind: Kind::Text { max_bytes: REGION_MAX_BYTES },
    doc: "The region. Absent: every region.",
    example: "ap-guangzhou",
};
pub(crate) const REQUEST_ID: Param = Param {
    name: "request_id",
    kind: Kind::Text { max_bytes: REQUEST_ID_MAX_BYTES },
    doc: "The id of a run.",
    example: "61fbd1dc-10ae-47f7-9879-7a080245df3c",
};
pub(crate) const RESULT: Param = Param {
    name: "result",
    kind: Kind::Result,
    doc: "How the run ended: `ok`, `failed` (finished, with a code other than 0), `running`, or return codes separated \
          by commas. Absent: every run.",
    example: "failed",
};
pub(crate) const KEYWORD: Param = Param {
    name: "keyword",
    kind: Kind::Text { max_bytes: KEYWORD_MAX_BYTES },
    doc: "Only runs whose `Log` or `RetMsg` contains this text, byte for byte.",
    example: "timeout",
};
pub(crate) const SINCE: Param = Param {
    name: "since",
    kind: Kind::Span,
    doc: "Only runs that started within this span before now; instead of `from`.",
    example: "1h30m",
};
pub(crate) const FROM: Param = Param {
    name: "from",
    kind: Kind::Moment,
    doc: "The earliest start, inclusive. Absent: from the beginning.",
    example: "2026-07-01T08:00:00Z",
};
pub(crate) const TO: Param = Param {
    name: "to",
    kind: Kind::Moment,
    doc: "The latest start, exclusive. Absent: no end.",
    example: "2026-07-01T09:00:00Z",
};
pub(crate) const SORT: Param = Param {
    name: "sort",
    kind: Kind::Word(&[
        "start_time:desc",
        "start_time:asc",
        "duration:desc",
        "duration:asc",
        "mem_usage:desc",
        "mem_usage:asc",
        "function_name:desc",
        "function_name:asc",
    ]),
    doc: "The order: the key, then the start, then the order of acceptance, all in one direction. Absent: \
          `start_time:desc`.",
    example: "duration:desc",
};
pub(crate) const SORT_BY_START: Param = Param {
    name: "sort",
    kind: Kind::Word(&["start_time:desc", "start_time:asc"]),
    doc: "The order: by start, then by the order of acceptance. Absent: `start_time:desc`.",
    example: "start_time:asc",
};
pub(crate) const LIMIT: Param = Param {
    name: "limit",
    kind: Kind::Number { min: 0, max: PAGE_MAX_RUNS },
    doc: "Maximum number of runs on the page; 0 returns only the total. Absent: 20.",
    example: "100",
};
pub(crate) const OFFSET: Param = Param {
    name: "offset",
    kind: Kind::Number { min: 0, max: OFFSET_MAX },
    doc: "Number of runs to skip. A `cursor` reaches further and keeps its position while runs arrive.",
    example: "20",
};
pub(crate) const CURSOR: Param = Param {
    name: "cursor",
    kind: Kind::Cursor,
    doc: "The `next` of the previous page, with the same filters and order. It carries the window and `as_of`, so \
          those parameters are then ignored.",
    example: "AQHwn8M0mgEAACoAAAAAAAAAAAAAAA",
};
pub(crate) const AS_OF: Param = Param {
    name: "as_of",
    kind: Kind::Number { min: 0, max: i64::MAX as u64 },
    doc: "Answer as of this sequence number (an earlier answer's `watermark.seq`): only finished runs accepted up to \
          that point, so the same request returns the same answer until retention removes runs.",
    example: "1042",
};
pub(crate) const FIELDS: Param = Param {
    name: "fields",
    kind: Kind::Words(fields::names),
    doc: "The fields of each run, separated by commas. Absent: all of them.",
    example: "RequestId,StartTime,Duration,RetCode",
};
pub(crate) const HISTOGRAM: Param = Param {
    name: "histogram",
    kind: Kind::Buckets,
    doc: "Also count all matching runs by start, in at most this number of buckets, or in buckets of a width such as \
          `5m`. An open end of the window is set to where the data ends, or to the current time.",
    example: "60",
};
pub(crate) const BUCKETS: Param = Param {
    name: "buckets",
    kind: Kind::Buckets,
    doc: "The maximum number of buckets, or the width of one, such as `5m`. Absent: 60.",
    example: "5m",
};
pub(crate) const FACETS: Param = Param {
    name: "facets",
    kind: Kind::Words(facet_names),
    doc: "Also count all matching runs by these keys, separated by commas.",
    example: "function,state",
};
pub(crate) const BY: Param = Param {
    name: "by",
    kind: Kind::Words(facet_names),
    doc: "The keys to count by, separated by commas. Absent: all of them.",
    example: "function,state",
};
pub(crate) const TOP: Param = Param {
    name: "top",
    kind: Kind::Number { min: 0, max: FACET_MAX_VALUES as u64 },
    doc: "How many values of each facet to list, most frequent first; the others are counted together as the rest.",
    example: "10",
};
pub(crate) const PERCENTILES: Param = Param {
    name: "percentiles",
    kind: Kind::Word(&["true", "false"]),
    doc: "Also return the percentiles of duration and memory of all matching finished runs.",
    example: "true",
};
pub(crate) const BUCKET_PERCENTILES: Param = Param {
    name: "bucket_percentiles",
    kind: Kind::Word(&["true", "false"]),
    doc: "Also return the percentiles of duration and memory of each bucket of the histogram in which a run finished.",
    example: "true",
};
pub(crate) const FROM_SEQ: Param = Param {
    name: "from_seq",
    kind: Kind::Number { min: 0, max: i64::MAX as u64 },
    doc: "Start after this sequence number, which may be in the past; 0 starts with the oldest report. Absent: with \
          the next accepted report. The header `Last-Event-ID` takes precedence.",
    example: "1042",
};
pub(crate) const LAST_EVENT_ID: Param = Param {
    name: "Last-Event-ID",
    kind: Kind::Number { min: 0, max: i64::MAX as u64 },
    doc: "A header: the id of the last event received. Browsers send it themselves when they reconnect.",
    example: "1042",
};
pub(crate) const FORMAT: Param = Param {
    name: "format",
    kind: Kind::Word(&["ndjson", "csv", "parquet"]),
    doc: "One JSON object per line, CSV with a header line (RFC 4180), or Parquet. Absent: `ndjson`.",
    example: "csv",
};

pub(crate) const AFTER: Param = Param {
    name: "after",
    kind: Kind::Text { max_bytes: 64 },
    doc: "Continue an export after a broken connection: `StartTime` and `Seq` of the last run received, separated by a \
          comma. The other parameters stay the same; `as_of`, `from` and `to` are those of the first answer's headers.",
    example: "1782864003250,1042",
};

pub(crate) const ATTEMPT: Param = Param {
    name: "attempt",
    kind: Kind::Number { min: 0, max: u8::MAX as u64 },
    doc: "The `RetryNum` of the attempt. Absent: the last attempt.",
    example: "0",
};
pub(crate) const DOWNLOAD: Param = Param {
    name: "download",
    kind: Kind::Word(&["true", "false"]),
    doc: "Whether a browser should store the answer as a file.",
    example: "true",
};
pub(crate) const ACTION: Param = name("action", "The action, as policies write it.", "scf:GetFunctionLogs");
pub(crate) const FUNCTIONS: Param = Param {
    name: "functions",
    kind: Kind::Number { min: 1, max: OVERVIEW_MAX_FUNCTIONS },
    doc: "The maximum number of functions, those with the latest runs first. Default: 200.",
    example: "50",
};

pub(crate) const LIMIT_MB: Param = Param {
    name: "limit_mb",
    kind: Kind::Number { min: 1, max: u32::MAX as u64 },
    doc: "The configured memory, in MB, of versions whose logs have no Report line.",
    example: "128",
};
pub(crate) const STEP_MB: Param = Param {
    name: "step_mb",
    kind: Kind::Number { min: 1, max: 10_240 },
    doc: "Memory is configured in steps of this many MB; the smallest size is 64 MB. Absent: 128.",
    example: "128",
};
pub(crate) const MIN_RUNS: Param = Param {
    name: "min_runs",
    kind: Kind::Number { min: 0, max: u32::MAX as u64 },
    doc: "Runs that a version needs before less memory is advised. Absent: 30.",
    example: "30",
};
pub(crate) const PRICE_GBS: Param =
    decimal("price_gbs", "The price of a GB-second, in any currency, from the platform's price list.", "0.00011");
pub(crate) const PRICE_REQUEST: Param =
    decimal("price_request", "The price of a million requests, in the same currency.", "0.0133");
pub(crate) const THRESHOLD: Param =
    decimal("threshold", "By how many per cent the median must differ to count. Absent: 5.", "5");
pub(crate) const ALPHA: Param =
    decimal("alpha", "How likely a difference may be by chance alone to count. Absent: 0.01.", "0.01");
pub(crate) const SLOWEST: Param = Param {
    name: "slowest",
    kind: Kind::Number { min: 0, max: 1_000 },
    doc: "How many of the slowest runs to list. Absent: 10.",
    example: "10",
};
pub(crate) const SIDE_A: Param = side(
    "a",
    "The baseline: a version, or `function=`, `namespace=`, `version=`, `since=`, `from=`, `to=` separated by commas. \
     Anything omitted comes from the other parameters.",
);
pub(crate) const SIDE_B: Param = side("b", "The candidate, in the same form.");

/// A number from 0 on that may have decimals.
const fn decimal(name: &'static str, doc: &'static str, example: &'static str) -> Param {
    Param { name, kind: Kind::Text { max_bytes: 32 }, doc, example }
}

/// One side of a comparison.
const fn side(name: &'static str, doc: &'static str) -> Param {
    Param { name, kind: Kind::Text { max_bytes: 512 }, doc, example: "function=f,version=1" }
}

/// The facets by their names.
pub(crate) const FACET_KEYS: [(&str, FacetKey); 6] = [
    ("namespace", FacetKey::Namespace),
    ("function", FacetKey::Function),
    ("version", FacetKey::Version),
    ("qualifier", FacetKey::Qualifier),
    ("state", FacetKey::State),
    ("ret_code", FacetKey::RetCode),
];

fn facet_names() -> Vec<&'static str> {
    FACET_KEYS.iter().map(|(name, _)| *name).collect()
}

impl Values {
    /// Reads a query string with the parameters of a path. `place` is the parameter in the path itself, if it has one.
    ///
    /// # Errors
    /// [`BadParam`] for the first parameter that is unknown, given twice or invalid.
    pub(crate) fn parse(
        params: &[&'static Param],
        query: &str,
        place: Option<(&'static Param, &str)>,
        zone: Zone,
        now_ms: i64,
    ) -> Result<Self, BadParam> {
        let pairs = form_pairs(query);
        let pairs = pairs.map_err(|error| BadParam { code: "InvalidParameter", message: error.to_string() })?;
        let mut values = Vec::new();
        if let Some((param, text)) = place {
            // In a path a plus is a plus.
            let text = form_pairs(&format!("v={}", text.replace('+', "%2B")));
            let text = text.ok().and_then(|pairs| pairs.into_iter().next()).map(|(_, text)| text);
            let text = text.ok_or_else(|| bad(param, "it has a broken escape"))?;
            values.push((param.name, param.read(&text, zone, now_ms)?));
        }
        for (name, text) in pairs {
            let mut params = params.iter().filter(|param| param.name != LAST_EVENT_ID.name);
            let Some(param) = params.clone().find(|param| param.name == name) else {
                let known: Vec<&str> = params.by_ref().map(|param| param.name).collect();
                let known = if known.is_empty() { "no parameters".to_owned() } else { known.join(", ") };
                let message = format!("there is no parameter `{}` here; there is {known}", shown(&name));
                return Err(BadParam { code: "UnknownParameter", message });
            };
            values.push((param.name, param.read(&text, zone, now_ms)?));
        }
        Ok(Self(values))
    }

    /// Adds a parameter from outside the query string.
    ///
    /// # Errors
    /// [`BadParam`] if the value is invalid.
    pub(crate) fn set(&mut self, param: &'static Param, text: &str, zone: Zone, now_ms: i64) -> Result<(), BadParam> {
        self.0.push((param.name, param.read(text, zone, now_ms)?));
        Ok(())
    }

    pub(crate) fn has(&self, param: &Param) -> bool {
        self.get(param).is_some()
    }

    pub(crate) fn text(&self, param: &Param) -> Option<&str> {
        if let Some(Value::Text(text)) = self.get(param) { Some(text) } else { None }
    }

    pub(crate) fn number(&self, param: &Param) -> Option<u64> {
        if let Some(Value::Number(number)) = self.get(param) { Some(*number) } else { None }
    }

    pub(crate) fn ms(&self, param: &Param) -> Option<i64> {
        if let Some(Value::Ms(ms)) = self.get(param) { Some(*ms) } else { None }
    }

    pub(crate) fn word(&self, param: &Param) -> Option<&'static str> {
        if let Some(Value::Word(word)) = self.get(param) { Some(word) } else { None }
    }

    pub(crate) fn words(&self, param: &Param) -> Option<&[&'static str]> {
        if let Some(Value::Words(words)) = self.get(param) { Some(words) } else { None }
    }

    pub(crate) fn result(&self) -> Option<&ResultFilter> {
        if let Some(Value::Result(result)) = self.get(&RESULT) { Some(result) } else { None }
    }

    pub(crate) fn buckets(&self, param: &Param) -> Option<HistogramSpec> {
        if let Some(Value::Buckets(spec)) = self.get(param) { Some(*spec) } else { None }
    }

    pub(crate) fn cursor(&self) -> Option<&PageToken> {
        if let Some(Value::Cursor(token)) = self.get(&CURSOR) { Some(token) } else { None }
    }

    fn get(&self, param: &Param) -> Option<&Value> {
        self.0.iter().find(|(name, _)| *name == param.name).map(|(_, value)| value)
    }
}

impl Param {
    fn read(&self, text: &str, zone: Zone, now_ms: i64) -> Result<Value, BadParam> {
        if text.is_empty() {
            return Err(bad(self, "it is empty; omit it for no filter"));
        }
        let wrong = || bad(self, &format!("it takes {}, not `{}`", self.kind.takes(), shown(text)));
        match self.kind {
            Kind::Text { max_bytes } if text.len() > max_bytes => {
                Err(bad(self, &format!("its {} bytes are over the limit of {max_bytes}", text.len())))
            }
            Kind::Text { .. } => Ok(Value::Text(text.to_owned())),
            Kind::Number { min, max } => {
                let number = number(text).filter(|number| (min..=max).contains(number));
                number.map(Value::Number).ok_or_else(wrong)
            }
            Kind::Moment => moment::moment_ms(text, zone, now_ms).map(Value::Ms).map_err(|error| bad(self, &error)),
            Kind::Span => moment::span_ms(text).map(Value::Ms).map_err(|_| wrong()),
            Kind::Word(words) => word(words, text).map(Value::Word).ok_or_else(wrong),
            Kind::Words(words) => {
                let mut found: Vec<&'static str> = Vec::new();
                for item in text.split(',') {
                    let word = word(&words(), item.trim()).ok_or_else(wrong)?;
                    if !found.contains(&word) {
                        found.push(word);
                    }
                }
                Ok(Value::Words(found))
            }
            Kind::Result => result(text).map(Value::Result).ok_or_else(wrong),
            Kind::Buckets => buckets(text).map(Value::Buckets).ok_or_else(wrong),
            Kind::Cursor => PageToken::decode(text)
                .map(|token| Value::Cursor(Box::new(token)))
                .ok_or_else(|| bad(self, "it is not the `next` of an answer; start again from the first page")),
        }
    }
}

impl Kind {
    /// A description of the values, to follow "it takes".
    pub(crate) fn takes(self) -> String {
        match self {
            Kind::Text { max_bytes } => format!("a text of up to {max_bytes} bytes"),
            Kind::Number { min, max } if max > u64::from(u32::MAX) => format!("a whole number from {min} on"),
            Kind::Number { min, max } => format!("a whole number from {min} to {max}"),
            Kind::Moment => moment::FORMS.to_owned(),
            Kind::Span => "a span such as 90s, 15m, 1h30m, 7d or 2w".to_owned(),
            Kind::Word(words) => words.join(", "),
            Kind::Words(words) => format!("some of {}, separated by commas", words().join(", ")),
            Kind::Result => {
                format!("all, ok, failed, running, or up to {CODES_MAX} return codes separated by commas")
            }
            Kind::Buckets => {
                format!("a number of buckets from 1 to {HISTOGRAM_MAX_BUCKETS}, or the width of one such as 5m")
            }
            Kind::Cursor => "the `next` of an answer".to_owned(),
        }
    }
}

fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

fn word(words: &[&'static str], text: &str) -> Option<&'static str> {
    words.iter().copied().find(|word| *word == text)
}

fn result(text: &str) -> Option<ResultFilter> {
    match text {
        "all" => return Some(ResultFilter::All),
        "ok" => return Some(ResultFilter::Ok),
        "failed" => return Some(ResultFilter::Failed),
        "running" => return Some(ResultFilter::Running),
        _ => {}
    }
    let codes = text.split(',').map(|code| code.trim().parse().ok()).collect::<Option<Vec<i32>>>();
    codes.filter(|codes| codes.len() <= CODES_MAX).map(ResultFilter::Codes)
}

fn buckets(text: &str) -> Option<HistogramSpec> {
    if let Some(count) = number(text) {
        let count = usize::try_from(count).ok();
        return count.filter(|count| (1..=HISTOGRAM_MAX_BUCKETS).contains(count)).map(HistogramSpec::Buckets);
    }
    moment::span_ms(text).ok().and_then(|ms| u64::try_from(ms).ok()).map(HistogramSpec::Width)
}

/// What is wrong with a parameter.
pub(crate) fn bad(param: &Param, what: &str) -> BadParam {
    BadParam { code: "InvalidParameter", message: format!("`{}`: {what}", param.name) }
}

fn shown(text: &str) -> String {
    text.chars().take(64).collect()
}
