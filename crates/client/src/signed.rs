//! A signed request: what is sent, to the byte.

use runlog_wire::sign_v3::{V3Input, sign_v3};

use crate::Language;
use crate::credential::Credential;
use crate::endpoint::Endpoint;

/// The version of the API.
const VERSION: &str = "2018-04-16";

const CONTENT_TYPE: &str = "application/json";

/// A request, ready to be sent within five minutes. It does not contain the secret key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRequest {
    /// Where to: the request is a POST.
    pub url: String,
    /// The headers, with the `Authorization`.
    pub headers: Vec<(&'static str, String)>,
    /// The body: JSON. The signature covers every byte of it.
    pub body: String,
}

impl SignedRequest {
    /// The request as a command for a POSIX shell.
    pub fn to_curl(&self) -> String {
        let mut command = format!("curl -sS {}", quoted(&format!("{}/", self.url)));
        for (name, value) in &self.headers {
            command += &format!(" \\\n  -H {}", quoted(&format!("{name}: {value}")));
        }
        command + &format!(" \\\n  --data-raw {}", quoted(&self.body))
    }
}

/// A request before it is signed.
pub(crate) struct Unsigned<'a> {
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) action: &'a str,
    pub(crate) region: Option<&'a str>,
    pub(crate) language: Option<Language>,
    /// Unix seconds.
    pub(crate) timestamp_s: i64,
    pub(crate) body: String,
}

impl Unsigned<'_> {
    pub(crate) fn sign(self, credential: &Credential) -> SignedRequest {
        let input = V3Input::post_json(&self.endpoint.host, self.body.as_bytes(), self.timestamp_s);
        let authorization = sign_v3(&credential.secret_id, &credential.secret_key, &input).authorization;
        let mut headers = vec![
            ("Authorization", authorization),
            ("Content-Type", CONTENT_TYPE.to_owned()),
            ("X-TC-Action", self.action.to_owned()),
            ("X-TC-Version", VERSION.to_owned()),
            ("X-TC-Timestamp", self.timestamp_s.to_string()),
        ];
        headers.extend(self.region.map(|region| ("X-TC-Region", region.to_owned())));
        headers.extend(self.language.map(|language| ("X-TC-Language", language.tag().to_owned())));
        SignedRequest { url: self.endpoint.url.clone(), headers, body: self.body }
    }
}

/// A text as one word of a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The request of the official Python SDK for the same key, host, second and body.
    #[test]
    fn the_same_signature_as_an_official_sdk() {
        let endpoint = Endpoint::parse("http://127.0.0.1:18080").unwrap();
        let credential = Credential {
            secret_id: "AKIDlabEXAMPLE0000000000000000000000".to_owned(),
            secret_key: "labSecretKeyEXAMPLE00000000000000".to_owned(),
        };
        let request = Unsigned {
            endpoint: &endpoint,
            action: "GetFunctionLogs",
            region: Some("ap-guangzhou"),
            language: Some(Language::Chinese),
            timestamp_s: 1_795_478_183,
            body: "{}".to_owned(),
        }
        .sign(&credential);
        let curl = "\
curl -sS 'http://127.0.0.1:18080/' \\
  -H 'Authorization: TC3-HMAC-SHA256 Credential=AKIDlabEXAMPLE0000000000000000000000/2026-11-23/scf/tc3_request, \
SignedHeaders=content-type;host, Signature=498773cf1ec84fa95646c074c32813e5d5ed258f37246d446c92c049f091b72b' \\
  -H 'Content-Type: application/json' \\
  -H 'X-TC-Action: GetFunctionLogs' \\
  -H 'X-TC-Version: 2018-04-16' \\
  -H 'X-TC-Timestamp: 1795478183' \\
  -H 'X-TC-Region: ap-guangzhou' \\
  -H 'X-TC-Language: zh-CN' \\
  --data-raw '{}'";
        assert_eq!(request.to_curl(), curl);
    }

    #[test]
    fn quotes_survive_the_shell() {
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
