//! TC3 as a credential only: a signed request to any path, without an action or parameters of the dialect (ours).
//!
//! The signature covers the same parts as in the dialect, but with the request's own path instead of `/`.

use super::common::{check_skew, timestamp_s};
use super::verified::Verified;
use crate::error::ApiError;
use crate::raw::RawRequest;
use crate::sign_v3::{self, V3Auth};

/// A TC3 credential, not yet verified.
#[derive(Clone, Debug)]
pub struct Tc3 {
    auth: V3Auth,
    timestamp_s: i64,
}

impl Tc3 {
    /// Reads `Authorization` and `X-TC-Timestamp`.
    ///
    /// # Errors
    /// `AuthFailure.InvalidAuthorization` for another scheme or a malformed header; `MissingParameter` and
    /// `InvalidParameter` for the timestamp.
    pub fn parse(raw: &RawRequest<'_>) -> Result<Self, ApiError> {
        let authorization = raw.headers.text("Authorization")?.unwrap_or_default();
        let auth = V3Auth::parse(authorization)?;
        let timestamp_s = timestamp_s(&raw.headers)?;
        auth.check_date(timestamp_s)?;
        Ok(Self { auth, timestamp_s })
    }

    /// Who claims to have signed.
    pub fn secret_id(&self) -> &str {
        self.auth.secret_id()
    }

    /// Refuses a signature whose timestamp is more than `max_skew_s` seconds from the server's clock.
    ///
    /// # Errors
    /// `AuthFailure.SignatureExpire`.
    pub fn check_skew(&self, now_s: i64, max_skew_s: i64) -> Result<(), ApiError> {
        check_skew(self.timestamp_s, now_s, max_skew_s)
    }

    /// Verifies the signature of `raw`, which `self` was read from. `now_s` is the server's clock in Unix seconds.
    ///
    /// # Errors
    /// As [`crate::ApiRequest::verify`].
    pub fn verify(
        &self,
        raw: &RawRequest<'_>,
        secret_key: &str,
        now_s: i64,
        max_skew_s: i64,
    ) -> Result<Verified, ApiError> {
        check_skew(self.timestamp_s, now_s, max_skew_s)?;
        sign_v3::verify(&self.auth, raw, self.timestamp_s, secret_key).map(Verified::of_v3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sign_v3::{V3Input, sign_v3};

    const NOW_S: i64 = 1_795_478_183;

    fn verified(path: &str, query: &str, skew_s: i64) -> Result<Verified, ApiError> {
        let input = V3Input {
            method: "GET",
            path: "/api/v1/runs",
            query: "limit=1",
            ..V3Input::post_json("localhost", b"", NOW_S)
        };
        let authorization = sign_v3("AKID", "secret", &input).authorization;
        let timestamp = NOW_S.to_string();
        let headers = [
            ("Host", "localhost"),
            ("Content-Type", "application/json"),
            ("X-TC-Timestamp", &timestamp),
            ("Authorization", &authorization),
        ];
        let headers = headers.into_iter().map(|(name, value)| (name, value.as_bytes())).collect();
        let raw = RawRequest { method: "GET", path, query, headers, body: b"" };
        let tc3 = Tc3::parse(&raw)?;
        assert_eq!(tc3.secret_id(), "AKID");
        tc3.verify(&raw, "secret", NOW_S + skew_s, 300)
    }

    #[test]
    fn path_and_query_are_signed() {
        assert!(verified("/api/v1/runs", "limit=1", 0).is_ok());
        for (path, query, skew_s) in [("/api/v1/tail", "limit=1", 0), ("/api/v1/runs", "limit=2", 0)] {
            let error = verified(path, query, skew_s).unwrap_err();
            assert_eq!(error.code(), "AuthFailure.SignatureFailure");
        }
        assert_eq!(verified("/api/v1/runs", "limit=1", 301).unwrap_err().code(), "AuthFailure.SignatureExpire");
    }
}
