//! What the head of a request says, so that a body is read only where that is worth its memory.

use super::api::shape;
use super::common::{Common, check_skew};
use crate::error::{ApiError, Detail, ErrorCode};
use crate::limits::{TC3_POST_MAX_BYTES, V1_POST_MAX_BYTES};
use crate::params::media_type;
use crate::raw::RawRequest;
use crate::sign_v3::V3Auth;

/// The most bytes of a body that are read to say that there should be none. Ours.
const GET_BODY_MAX_BYTES: usize = 4096;

/// The head of a request whose body has not been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Who claims to have signed; `None` where the body says so: a POST under v1.
    pub secret_id: Option<String>,
    /// When, in Unix seconds; `None` where the body says so.
    timestamp_s: Option<i64>,
    /// The most bytes that its body may have.
    pub body_max_bytes: usize,
    /// What is wrong with a longer body.
    too_long: ApiError,
}

impl RawRequest<'_> {
    /// Judges the request by all but its body, which need not be here yet.
    ///
    /// # Errors
    /// Those of [`RawRequest::parse`] that no body could change.
    pub fn head(&self) -> Result<Head, ApiError> {
        let bodyless = RawRequest { body: b"", headers: self.headers.clone(), ..*self };
        if self.method != "POST" || self.path != "/" || !self.query.is_empty() {
            let request = bodyless.parse()?;
            return Ok(Head {
                secret_id: Some(request.secret_id().to_owned()),
                timestamp_s: Some(request.common.timestamp_s),
                body_max_bytes: GET_BODY_MAX_BYTES,
                too_long: shape(Detail::BodyInGet),
            });
        }
        let authorization = self.headers.text("Authorization");
        match authorization.map_err(|error| error.under(ErrorCode::AuthFailureInvalidAuthorization))? {
            Some(authorization) => self.head_v3(authorization),
            None => self.head_v1(),
        }
    }

    fn head_v3(&self, authorization: &str) -> Result<Head, ApiError> {
        let auth = V3Auth::parse(authorization)?;
        let common = Common::from_headers(&self.headers)?;
        auth.check_date(common.timestamp_s)?;
        let content_type = self.headers.text("Content-Type")?.unwrap_or_default();
        if !matches!(media_type(content_type).to_ascii_lowercase().as_str(), "application/json" | "multipart/form-data")
        {
            return Err(shape(Detail::WrongContentType).with("value", content_type));
        }
        Ok(Head {
            secret_id: Some(auth.secret_id().to_owned()),
            timestamp_s: Some(common.timestamp_s),
            body_max_bytes: TC3_POST_MAX_BYTES,
            too_long: ApiError::too_large(TC3_POST_MAX_BYTES),
        })
    }

    fn head_v1(&self) -> Result<Head, ApiError> {
        let content_type = self.headers.text("Content-Type")?.unwrap_or_default();
        match media_type(content_type).to_ascii_lowercase().as_str() {
            "" | "application/x-www-form-urlencoded" => {}
            "application/json" | "multipart/form-data" => return Err(ApiError::missing("Authorization")),
            _ => return Err(shape(Detail::WrongContentType).with("value", content_type)),
        }
        let too_long = ApiError::new(ErrorCode::AuthFailureSignatureFailure).detail(Detail::SizeLimitOfV1);
        Ok(Head { secret_id: None, timestamp_s: None, body_max_bytes: V1_POST_MAX_BYTES, too_long })
    }
}

impl Head {
    /// Refuses a request that was signed more than `max_skew_s` seconds from the server's clock, where its head says
    /// when.
    ///
    /// # Errors
    /// `AuthFailure.SignatureExpire`.
    pub fn check_skew(&self, now_s: i64, max_skew_s: i64) -> Result<(), ApiError> {
        self.timestamp_s.map_or(Ok(()), |timestamp_s| check_skew(timestamp_s, now_s, max_skew_s))
    }

    /// The error of a body that is longer than [`Head::body_max_bytes`].
    pub fn too_long(self) -> ApiError {
        self.too_long
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREDENTIAL: &str = "TC3-HMAC-SHA256 Credential=AKID/2018-10-09/scf/tc3_request, \
                              SignedHeaders=content-type;host, Signature=\
                              0000000000000000000000000000000000000000000000000000000000000000";

    fn head(method: &str, query: &str, headers: &[(&str, &str)]) -> Result<Head, String> {
        let headers = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        RawRequest { method, path: "/", query, headers, body: b"" }.head().map_err(|error| error.code().to_owned())
    }

    #[test]
    fn who_signed_is_known_before_the_body_but_under_v1() {
        let common = [("X-TC-Action", "A"), ("X-TC-Version", "2018-04-16"), ("X-TC-Timestamp", "1539084154")];
        let signed = [&common[..], &[("Authorization", CREDENTIAL), ("Content-Type", "application/json")]].concat();
        let tc3 = head("POST", "", &signed).unwrap();
        assert_eq!((tc3.secret_id.as_deref(), tc3.body_max_bytes), (Some("AKID"), TC3_POST_MAX_BYTES));
        assert!(tc3.check_skew(1_539_084_154 + 300, 300).is_ok());
        assert_eq!(tc3.check_skew(1_539_084_154 + 301, 300).unwrap_err().code(), "AuthFailure.SignatureExpire");
        let form = head("POST", "", &[("Content-Type", "application/x-www-form-urlencoded")]).unwrap();
        assert_eq!((form.secret_id.as_deref(), form.body_max_bytes), (None, V1_POST_MAX_BYTES));
        assert!(form.check_skew(0, 300).is_ok(), "only the body knows");
        assert_eq!(form.too_long().code(), "AuthFailure.SignatureFailure");
        let query = "Action=A&Version=2018-04-16&Timestamp=1539084154&Nonce=1&SecretId=AKID&Signature=c2ln";
        assert_eq!(head("GET", query, &[]).unwrap().secret_id.as_deref(), Some("AKID"));
    }

    #[test]
    fn a_head_of_no_form_is_an_error_whatever_the_body() {
        let json = ("Content-Type", "application/json");
        for (about, method, headers, code) in [
            ("no signature", "POST", &[json][..], "MissingParameter"),
            ("no action", "POST", &[json, ("Authorization", CREDENTIAL)], "MissingParameter"),
            ("no credential", "POST", &[json, ("Authorization", "x")], "AuthFailure.InvalidAuthorization"),
            ("no form", "POST", &[("Content-Type", "text/plain")], "InvalidRequest"),
            ("no fields", "GET", &[], "MissingParameter"),
            ("no method", "PUT", &[], "UnsupportedProtocol"),
        ] {
            assert_eq!(head(method, "", headers), Err(code.to_owned()), "{about}");
        }
    }
}
