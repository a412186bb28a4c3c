//! A parsed request: its form, its common parameters, its credentials and its parameter tree.
//!
//! The scheme is chosen by the `Authorization` header (TC3), and without one by the `Signature` field (v1), because
//! v1 requests of some SDKs carry `X-TC-*` headers too (observed).

use super::common::{self, Common};
use super::verified::Verified;
use crate::error::{ApiError, Detail, ErrorCode};
use crate::language::Language;
use crate::limits::{GET_MAX_BYTES, TC3_POST_MAX_BYTES, V1_POST_MAX_BYTES};
use crate::params::{ParamTree, from_json, from_multipart, from_pairs, media_type};
use crate::raw::RawRequest;
use crate::sign_v1::{self, V1Auth, V1Steps};
use crate::sign_v3::{self, V3Auth, V3Steps};
use crate::text::{form_field, form_pairs, invalid};

/// How parameters travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// In the query string; v1 or TC3.
    Get,
    /// `application/x-www-form-urlencoded`; v1 only.
    FormPost,
    /// `application/json`; TC3 only.
    JsonPost,
    /// `multipart/form-data`; TC3 only. Published for some actions; taken for every action here (ours).
    MultipartPost,
}

/// How a request is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `HmacSHA1` or `HmacSHA256` over the fields.
    V1,
    /// `TC3-HMAC-SHA256`.
    V3,
}

/// The credentials of a request, not yet verified.
#[derive(Clone, Debug)]
pub enum Auth {
    /// Of the fields `SecretId` and `Signature`.
    V1(V1Auth),
    /// Of the header `Authorization`.
    V3(V3Auth),
}

/// A parsed request. Nothing about it is proven until [`ApiRequest::verify`].
#[derive(Clone, Debug)]
pub struct ApiRequest {
    /// How the parameters came.
    pub form: Form,
    /// What every action has.
    pub common: Common,
    /// The credentials, not verified.
    pub auth: Auth,
    /// The action's own parameters.
    pub params: ParamTree,
}

/// The steps of a signature, to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Steps {
    /// Under v1.
    V1(V1Steps),
    /// Under TC3.
    V3(V3Steps),
}

impl RawRequest<'_> {
    /// Parses the request.
    ///
    /// # Errors
    /// An error in its shape: method, path, size, content type, common parameters, `Authorization`, the text of its
    /// parameters. See [`ErrorCode`]. The values of parameters are checked by [`crate::Call::parse`].
    pub fn parse(&self) -> Result<ApiRequest, ApiError> {
        let post = match self.method {
            "GET" => false,
            "POST" => true,
            _ => return Err(ApiError::new(ErrorCode::UnsupportedProtocol)),
        };
        if self.path != "/" {
            return Err(shape(Detail::WrongPath).with("value", self.path));
        }
        if post && !self.query.is_empty() {
            return Err(shape(Detail::QueryInPost));
        }
        if !post && !self.body.is_empty() {
            return Err(shape(Detail::BodyInGet));
        }
        match self.headers.text("Authorization") {
            Ok(Some(authorization)) => self.parse_v3(post, authorization),
            Ok(None) => self.parse_v1(post),
            Err(error) => Err(error.under(ErrorCode::AuthFailureInvalidAuthorization)),
        }
    }

    fn parse_v3(&self, post: bool, authorization: &str) -> Result<ApiRequest, ApiError> {
        let (bytes, max) = if post { (self.body.len(), TC3_POST_MAX_BYTES) } else { (self.query.len(), GET_MAX_BYTES) };
        if bytes > max {
            return Err(ApiError::too_large(max));
        }
        let auth = V3Auth::parse(authorization)?;
        let common = Common::from_headers(&self.headers)?;
        auth.check_date(common.timestamp_s)?;
        let content_type = self.headers.text("Content-Type")?.unwrap_or_default();
        let (form, params) = match (post, media_type(content_type).to_ascii_lowercase().as_str()) {
            (false, _) => (Form::Get, fields_tree(&form_pairs(self.query)?)?),
            (true, "application/json") => (Form::JsonPost, from_json(self.body)?),
            (true, "multipart/form-data") => (Form::MultipartPost, from_multipart(content_type, self.body)?),
            (true, _) => return Err(shape(Detail::WrongContentType).with("value", content_type)),
        };
        Ok(ApiRequest { form, common, auth: Auth::V3(auth), params })
    }

    fn parse_v1(&self, post: bool) -> Result<ApiRequest, ApiError> {
        let content_type = self.headers.text("Content-Type")?.unwrap_or_default();
        let media_type = media_type(content_type).to_ascii_lowercase();
        if post && matches!(media_type.as_str(), "application/json" | "multipart/form-data") {
            return Err(ApiError::missing("Authorization"));
        }
        if post && !matches!(media_type.as_str(), "" | "application/x-www-form-urlencoded") {
            return Err(shape(Detail::WrongContentType).with("value", content_type));
        }
        let (text, max) = if post { (self.body, V1_POST_MAX_BYTES) } else { (self.query.as_bytes(), GET_MAX_BYTES) };
        if text.len() > max {
            return Err(ApiError::new(ErrorCode::AuthFailureSignatureFailure).detail(Detail::SizeLimitOfV1));
        }
        let text = std::str::from_utf8(text)
            .map_err(|error| invalid(Detail::NotUtf8).with("value", format_args!("byte {}", error.valid_up_to())))?;
        let fields = form_pairs(text)?;
        let signed = fields.iter().any(|(name, _)| name == "Signature");
        if !signed && self.headers.get("X-TC-Action").is_some() {
            return Err(ApiError::missing("Authorization"));
        }
        let common = Common::from_fields(&fields)?;
        let auth = V1Auth::parse(fields)?;
        let params = fields_tree(auth.fields().iter().filter(|(name, _)| !common::is_field(name)))?;
        let form = if post { Form::FormPost } else { Form::Get };
        Ok(ApiRequest { form, common, auth: Auth::V1(auth), params })
    }
}

impl ApiRequest {
    /// The SecretId that the request names.
    pub fn secret_id(&self) -> &str {
        match &self.auth {
            Auth::V1(auth) => auth.secret_id(),
            Auth::V3(auth) => auth.secret_id(),
        }
    }

    /// How the request is signed.
    pub fn scheme(&self) -> Scheme {
        match self.auth {
            Auth::V1(_) => Scheme::V1,
            Auth::V3(_) => Scheme::V3,
        }
    }

    /// The language that `raw` asks for, even when it cannot be parsed.
    pub fn language_hint(raw: &RawRequest<'_>) -> Language {
        let header = raw.headers.get("X-TC-Language").and_then(|tag| std::str::from_utf8(tag).ok());
        let field = || match raw.method {
            "POST" if raw.body.len() <= V1_POST_MAX_BYTES => {
                std::str::from_utf8(raw.body).ok().and_then(|body| form_field(body, "Language"))
            }
            _ => form_field(raw.query, "Language"),
        };
        header.or_else(field).map(Language::from_tag).unwrap_or_default()
    }

    /// Verifies the signature with the secret key of [`ApiRequest::secret_id`]. `raw` is the request that `self` was
    /// parsed from; `now_s` is the server's clock in Unix seconds.
    ///
    /// Clients differ in what they sign, so a signature that does not fit at first is compared with the other
    /// readings that known clients need. All comparisons take constant time.
    ///
    /// # Errors
    /// `AuthFailure.SignatureExpire` when the timestamp is more than `max_skew_s` seconds away, before anything is
    /// computed; `AuthFailure.SignatureFailure` when no reading fits; `AuthFailure.InvalidAuthorization` when a
    /// signed header is not there.
    pub fn verify(
        &self,
        raw: &RawRequest<'_>,
        secret_key: &str,
        now_s: i64,
        max_skew_s: i64,
    ) -> Result<Verified, ApiError> {
        common::check_skew(self.common.timestamp_s, now_s, max_skew_s)?;
        match &self.auth {
            Auth::V1(auth) => {
                let (host, fields) = sign_v1::verify(auth, raw, secret_key)?;
                Ok(Verified::V1 { host, fields })
            }
            Auth::V3(auth) => sign_v3::verify(auth, raw, self.common.timestamp_s, secret_key).map(Verified::of_v3),
        }
    }

    /// The steps of the signature that the server expects, under the first reading that [`ApiRequest::verify`] tries.
    ///
    /// # Errors
    /// `AuthFailure.InvalidAuthorization` when a signed header is not there.
    pub fn explain(&self, raw: &RawRequest<'_>, secret_key: &str) -> Result<Steps, ApiError> {
        match &self.auth {
            Auth::V1(auth) => Ok(Steps::V1(sign_v1::explain(auth, raw, secret_key))),
            Auth::V3(auth) => sign_v3::explain(auth, raw, self.common.timestamp_s, secret_key).map(Steps::V3),
        }
    }
}

fn fields_tree<'f>(fields: impl IntoIterator<Item = &'f (String, String)>) -> Result<ParamTree, ApiError> {
    from_pairs(fields.into_iter().map(|(name, value)| (name.as_str(), ParamTree::Text(value.clone()))))
}

/// The request does not have the shape of any form.
pub(super) fn shape(detail: Detail) -> ApiError {
    ApiError::new(ErrorCode::InvalidRequest).detail(detail)
}
