//! Every limit of the dialect by name, with its reason. What a run or a query may hold is in [`runlog_core::limits`].

/// The longest query string of a GET, in bytes. Published: a GET request is at most 32 KB.
pub const GET_MAX_BYTES: usize = 32 << 10;

/// The longest body of a POST signed with v1, in bytes. Published: 1 MB.
pub const V1_POST_MAX_BYTES: usize = 1 << 20;

/// The longest body of a POST signed with TC3, in bytes. Published: 10 MB. A server need not read more than this.
pub const TC3_POST_MAX_BYTES: usize = 10 << 20;

/// How deep parameters may nest. No action goes deeper than 3; ours, so that a parser never recurses far.
pub const PARAM_MAX_DEPTH: usize = 16;

/// The most members of one struct, or fields of one form. No action has 20; ours, so that looking for duplicates
/// stays cheap.
pub const STRUCT_MAX_FIELDS: usize = 256;

/// The most values in one request, nested ones counted. Ours, so that a body of brackets alone costs little memory.
pub const PARAM_MAX_VALUES: usize = 4096;

/// The most headers that one TC3 signature may cover. SDKs cover two; ours.
pub const SIGNED_HEADERS_MAX: usize = 32;

/// The most parts of a multipart body. Ours, see [`STRUCT_MAX_FIELDS`].
pub const MULTIPART_MAX_PARTS: usize = STRUCT_MAX_FIELDS;

/// The longest header block of one multipart part, in bytes. Ours.
pub const PART_HEAD_MAX_BYTES: usize = 4096;

/// How much of a caller's text is repeated in an error message, in characters, so that a megabyte of name is not
/// answered with a megabyte of error; a resource name of a policy still fits. Ours.
pub const ECHO_MAX_CHARS: usize = 1024;

/// The last second that a `Timestamp` may name: the end of the year 9999, where dates stop having four-digit years.
pub const TIMESTAMP_MAX_S: i64 = 253_402_300_799;

/// How far a `Timestamp` may be from the server's clock unless the server says otherwise, in seconds. Published:
/// five minutes.
pub const SIGNATURE_MAX_SKEW_S: i64 = 300;

/// How many requests a key may send for one action in any second, unless the server says otherwise. Published for
/// `GetFunctionLogs`; ours for the others.
pub const ACTION_MAX_PER_S: u32 = 5;
