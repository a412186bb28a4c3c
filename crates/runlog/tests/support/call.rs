//! A call of the signed API, in every form that a request can have.

use std::sync::atomic::{AtomicU64, Ordering};

use runlog_wire::sign_v1::{V1Algorithm, V1Input, sign_v1};
use runlog_wire::sign_v3::{V3Input, sign_v3};
use serde_json::Value;

use super::{Key, Request, now_ms};

/// One way to write and sign a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Signature v1 over a query string.
    V1Get(V1Algorithm),
    /// Signature v1 over a form.
    V1Post(V1Algorithm),
    /// TC3 over a query string; `unsigned` leaves the payload out of the signature.
    Tc3Get { unsigned: bool },
    /// TC3 over JSON.
    Tc3Json { unsigned: bool },
    /// TC3 over multipart.
    Tc3Multipart { unsigned: bool },
}

impl Form {
    /// Every form.
    pub(crate) const ALL: [Form; 10] = [
        Form::Tc3Json { unsigned: false },
        Form::Tc3Json { unsigned: true },
        Form::Tc3Get { unsigned: false },
        Form::Tc3Get { unsigned: true },
        Form::Tc3Multipart { unsigned: false },
        Form::Tc3Multipart { unsigned: true },
        Form::V1Get(V1Algorithm::HmacSha1),
        Form::V1Get(V1Algorithm::HmacSha256),
        Form::V1Post(V1Algorithm::HmacSha1),
        Form::V1Post(V1Algorithm::HmacSha256),
    ];

    /// What SDKs use.
    pub(crate) const JSON: Form = Form::Tc3Json { unsigned: false };

    /// Whether the form can say what `params` says. Only JSON knows `null`, and lists and groups without members.
    pub(crate) fn can_carry(self, params: &Value) -> bool {
        fn is_flat(value: &Value) -> bool {
            match value {
                Value::Null => false,
                Value::Array(items) => !items.is_empty() && items.iter().all(is_flat),
                Value::Object(members) => !members.is_empty() && members.values().all(is_flat),
                _ => true,
            }
        }
        matches!(self, Form::Tc3Json { .. }) || params == &Value::Object(Default::default()) || is_flat(params)
    }

    pub(crate) fn is_v1(self) -> bool {
        matches!(self, Form::V1Get(_) | Form::V1Post(_))
    }
}

/// A call before it is signed.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) action: String,
    pub(crate) version: String,
    pub(crate) region: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) timestamp_s: i64,
    pub(crate) params: Value,
    pub(crate) key: Key,
    pub(crate) host: String,
    /// A common parameter to leave out, by its name under v1.
    pub(crate) without: Option<&'static str>,
}

const BOUNDARY: &str = "----runlog-test-7MA4YWxkTrZu0gW";

impl Call {
    pub(crate) fn new(key: &Key, host: &str, action: &str, params: Value) -> Self {
        Self {
            action: action.to_owned(),
            version: "2018-04-16".to_owned(),
            region: Some(super::REGION.to_owned()),
            language: None,
            timestamp_s: now_ms() / 1000,
            params,
            key: key.clone(),
            host: host.to_owned(),
            without: None,
        }
    }

    /// The signed request.
    pub(crate) fn request(&self, form: Form) -> Request {
        match form {
            Form::V1Get(algorithm) => {
                let query = form_text(&self.v1_fields("GET", algorithm));
                Request::new("GET", &format!("/?{query}")).header("Host", &self.host)
            }
            Form::V1Post(algorithm) => {
                let body = form_text(&self.v1_fields("POST", algorithm));
                Request::new("POST", "/")
                    .header("Host", &self.host)
                    .header("Content-Type", "application/x-www-form-urlencoded")
                    .body(body)
            }
            Form::Tc3Get { unsigned } => {
                let query = form_text(&flatten(&self.params));
                let target = if query.is_empty() { "/".to_owned() } else { format!("/?{query}") };
                self.tc3(Request::new("GET", &target), "application/x-www-form-urlencoded", unsigned)
            }
            Form::Tc3Json { unsigned } => {
                let request = Request::new("POST", "/").body(self.params.to_string());
                self.tc3(request, "application/json", unsigned)
            }
            Form::Tc3Multipart { unsigned } => {
                let request = Request::new("POST", "/").body(multipart(&flatten(&self.params)));
                self.tc3(request, &format!("multipart/form-data; boundary={BOUNDARY}"), unsigned)
            }
        }
    }

    /// Signs a request whose body and target are set, with the call's common parameters as headers.
    pub(crate) fn tc3(&self, request: Request, content_type: &str, unsigned: bool) -> Request {
        let query = request.target.split_once('?').map_or("", |(_, query)| query);
        let signed = sign_v3(
            &self.key.secret_id,
            &self.key.secret_key,
            &V3Input {
                method: &request.method,
                host: &self.host,
                path: "/",
                query,
                content_type,
                more_headers: &[],
                payload: &request.body,
                timestamp_s: self.timestamp_s,
                service: "scf",
                unsigned_payload: unsigned,
            },
        );
        let mut request = request.header("Host", &self.host).header("Content-Type", content_type);
        for (name, value) in self.common() {
            request = request.header(&format!("X-TC-{name}"), &value);
        }
        if unsigned {
            request = request.header("X-TC-Content-SHA256", "UNSIGNED-PAYLOAD");
        }
        if self.without == Some("Authorization") {
            request
        } else {
            request.header("Authorization", &signed.authorization)
        }
    }

    /// The common parameters that both signatures have, by their names under v1.
    fn common(&self) -> Vec<(&'static str, String)> {
        let mut common = vec![
            ("Action", self.action.clone()),
            ("Version", self.version.clone()),
            ("Timestamp", self.timestamp_s.to_string()),
        ];
        common.extend(self.region.clone().map(|region| ("Region", region)));
        common.extend(self.language.clone().map(|language| ("Language", language)));
        common.retain(|(name, _)| self.without != Some(name));
        common
    }

    fn v1_fields(&self, method: &str, algorithm: V1Algorithm) -> Vec<(String, String)> {
        static NONCE: AtomicU64 = AtomicU64::new(1);
        let mut common = self.common();
        common.push(("Nonce", NONCE.fetch_add(1, Ordering::Relaxed).to_string()));
        common.push(("SecretId", self.key.secret_id.clone()));
        common.push(("SignatureMethod", algorithm.name().to_owned()));
        common.retain(|(name, _)| self.without != Some(name));
        let mut fields = flatten(&self.params);
        fields.extend(common.into_iter().map(|(name, value)| (name.to_owned(), value)));
        let input = V1Input { method, host: &self.host, path: "/", fields: &fields, algorithm };
        let signature = sign_v1(&self.key.secret_key, &input).signature;
        if self.without != Some("Signature") {
            fields.push(("Signature".to_owned(), signature));
        }
        fields
    }
}

/// Parameters as flat names: `Filter.RetCode`, `Filters.0.Name`.
pub(crate) fn flatten(params: &Value) -> Vec<(String, String)> {
    fn walk(name: &str, value: &Value, into: &mut Vec<(String, String)>) {
        let inside = |part: &str| if name.is_empty() { part.to_owned() } else { format!("{name}.{part}") };
        match value {
            Value::Object(members) => members.iter().for_each(|(part, value)| walk(&inside(part), value, into)),
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(at, value)| walk(&inside(&at.to_string()), value, into));
            }
            Value::String(text) => into.push((name.to_owned(), text.clone())),
            other => into.push((name.to_owned(), other.to_string())),
        }
    }
    let mut flat = Vec::new();
    walk("", params, &mut flat);
    flat
}

fn form_text(fields: &[(String, String)]) -> String {
    let pairs: Vec<String> =
        fields.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
    pairs.join("&")
}

/// Everything escaped but letters, digits and a few marks, as most SDKs do.
fn escaped(text: &str) -> String {
    let escape = |byte: u8| {
        let is_plain = byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        if is_plain { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(escape).collect()
}

fn multipart(fields: &[(String, String)]) -> Vec<u8> {
    let part = |(name, value): &(String, String)| {
        format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let parts: String = fields.iter().map(part).collect();
    format!("{parts}--{BOUNDARY}--\r\n").into_bytes()
}
