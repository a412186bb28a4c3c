//! The common parameters, which every action has: in headers (TC3) or in fields (v1).

use runlog_core::Stream;

use crate::error::{ApiError, Detail, ErrorCode};
use crate::headers::Headers;
use crate::language::Language;
use crate::limits::TIMESTAMP_MAX_S;

/// What every action has. An empty value counts as absent: some SDKs send an empty region (observed).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Common {
    /// The action's name. Required.
    pub action: String,
    /// The API version. Required.
    pub version: String,
    /// The region: letters, digits, `-` and `_`.
    pub region: Option<String>,
    /// When the request was signed, in Unix seconds. Required; 0 to [`TIMESTAMP_MAX_S`].
    pub timestamp_s: i64,
    /// The language of messages.
    pub language: Language,
    /// The token of temporary credentials.
    pub token: Option<String>,
    /// What the client calls itself.
    pub request_client: Option<String>,
    /// A random number, required under v1, where SDKs send 0 to 2^63 - 1 (observed). TC3 has none.
    pub nonce: Option<u64>,
}

/// One common parameter: its field under v1 and its header under TC3.
struct Name {
    field: &'static str,
    header: &'static str,
}

const ACTION: Name = Name { field: "Action", header: "X-TC-Action" };
const VERSION: Name = Name { field: "Version", header: "X-TC-Version" };
const REGION: Name = Name { field: "Region", header: "X-TC-Region" };
const TIMESTAMP: Name = Name { field: "Timestamp", header: "X-TC-Timestamp" };
const LANGUAGE: Name = Name { field: "Language", header: "X-TC-Language" };
const TOKEN: Name = Name { field: "Token", header: "X-TC-Token" };
const REQUEST_CLIENT: Name = Name { field: "RequestClient", header: "X-TC-RequestClient" };

/// The fields under v1 that are no parameters of the action. Under TC3 they have no business in the parameters and
/// are unknown there like any other name (ours).
const FIELDS: [&str; 11] = [
    "Action",
    "Language",
    "Nonce",
    "Region",
    "RequestClient",
    "SecretId",
    "Signature",
    "SignatureMethod",
    "Timestamp",
    "Token",
    "Version",
];

/// Whether a v1 field is a common parameter.
pub(super) fn is_field(name: &str) -> bool {
    FIELDS.contains(&name)
}

impl Common {
    /// Reads the headers of a TC3 request.
    pub(super) fn from_headers(headers: &Headers<'_>) -> Result<Self, ApiError> {
        let read = |name: &Name| Ok((name.header, headers.text(name.header)?));
        Self::read(read)
    }

    /// Reads the fields of a v1 request.
    pub(super) fn from_fields(fields: &[(String, String)]) -> Result<Self, ApiError> {
        let find = |name: &str| {
            let found = fields.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
            found.filter(|value| !value.is_empty())
        };
        let mut common = Self::read(|name| Ok((name.field, find(name.field))))?;
        let nonce = find("Nonce").ok_or_else(|| ApiError::missing("Nonce"))?;
        common.nonce = Some(number(nonce).ok_or_else(|| ApiError::wrong_type("Nonce", "integer"))?);
        Ok(common)
    }

    fn read<'v>(get: impl Fn(&Name) -> Result<(&'static str, Option<&'v str>), ApiError>) -> Result<Self, ApiError> {
        let required = |name: &Name| {
            let (spelling, value) = get(name)?;
            value.map(|value| (spelling, value)).ok_or_else(|| ApiError::missing(spelling))
        };
        let optional = |name: &Name| Ok(get(name)?.1.map(str::to_owned));
        let (_, action) = required(&ACTION)?;
        let (_, version) = required(&VERSION)?;
        let (spelling, timestamp) = required(&TIMESTAMP)?;
        let (region_spelling, region) = get(&REGION)?;
        if region.is_some_and(|region| !region.is_empty() && !Stream::is_region(region)) {
            return Err(bad_value(region_spelling));
        }
        Ok(Self {
            action: action.to_owned(),
            version: version.to_owned(),
            region: region.map(str::to_owned),
            timestamp_s: read_timestamp(spelling, timestamp)?,
            language: get(&LANGUAGE)?.1.map(Language::from_tag).unwrap_or_default(),
            token: optional(&TOKEN)?,
            request_client: optional(&REQUEST_CLIENT)?,
            nonce: None,
        })
    }
}

/// Refuses a signature whose timestamp is more than `max_skew_s` seconds away from the server's clock, `now_s`.
pub(super) fn check_skew(timestamp_s: i64, now_s: i64, max_skew_s: i64) -> Result<(), ApiError> {
    if now_s.abs_diff(timestamp_s) > max_skew_s.max(0).unsigned_abs() {
        return Err(ApiError::new(ErrorCode::AuthFailureSignatureExpire));
    }
    Ok(())
}

/// The timestamp of a TC3 request, in Unix seconds.
pub(super) fn timestamp_s(headers: &Headers<'_>) -> Result<i64, ApiError> {
    let text = headers.text(TIMESTAMP.header)?.ok_or_else(|| ApiError::missing(TIMESTAMP.header))?;
    read_timestamp(TIMESTAMP.header, text)
}

fn read_timestamp(spelling: &'static str, text: &str) -> Result<i64, ApiError> {
    let seconds = number(text).ok_or_else(|| ApiError::wrong_type(spelling, "integer"))?;
    i64::try_from(seconds).ok().filter(|seconds| *seconds <= TIMESTAMP_MAX_S).ok_or_else(|| bad_value(spelling))
}

fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

fn bad_value(spelling: &'static str) -> ApiError {
    ApiError::new(ErrorCode::InvalidParameterValue).detail(Detail::ValueInCommon).with("name", spelling)
}
