//! What the caller knows besides the request.

/// What is known besides the request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// The key that should have signed.
    pub secret_id: Option<&'a str>,
    /// Its secret; without it no signature is computed.
    pub secret_key: Option<&'a str>,
    /// The server's clock when it received the request, in Unix seconds, if known.
    pub received_s: Option<i64>,
    /// The current time, in Unix seconds. Counts only if `received_s` is not known.
    pub now_s: Option<i64>,
    /// How far clocks may be apart, in seconds.
    pub max_skew_s: i64,
    /// The host, with its port, that the request should be for.
    pub host: Option<&'a str>,
    /// The code that the server answered with.
    pub code: Option<&'a str>,
    /// The sender's own canonical request.
    pub canonical_request: Option<&'a str>,
    /// The sender's own string to sign.
    pub string_to_sign: Option<&'a str>,
}
