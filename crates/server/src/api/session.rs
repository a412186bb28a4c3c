//! `/api/v1/session`: a browser signs in with a key or a token, and gets a cookie in its place.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use bytes::Bytes;
use hyper::body::Body;
use hyper::header::{CONTENT_TYPE, HeaderValue, ORIGIN, SET_COOKIE};
use hyper::http::request::Parts;
use hyper::{Request, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::auth;
use crate::caller::Caller;
use crate::clock;
use crate::peer::Connection;
use crate::respond::{self, Answer, Packed};
use crate::sessions::AGE_MAX;

/// The longest body, in bytes: a key or a token, with room.
const BODY_MAX_BYTES: u64 = 8 << 10;

/// Who is signed in.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Session {
    /// The account.
    account: String,
    /// The SecretId of the key, or of the token's key.
    key: String,
    /// Whether it may only read.
    read_only: bool,
    /// Whether the key may do all in its account.
    root: bool,
}

/// A key, or a token.
#[derive(Deserialize)]
#[serde(untagged)]
enum Credential {
    Key { secret_id: String, secret_key: String },
    Token { token: String },
}

/// Begins a session.
pub(super) async fn sign_in<B>(app: &Arc<App>, request: Request<B>) -> Answer
where
    B: Body<Data = Bytes> + Unpin,
{
    let (head, body) = request.into_parts();
    if !head.headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/json")) {
        let message = "the body must be of the type application/json";
        return respond::error(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", message);
    }
    let body = app.unverified_body(body, BODY_MAX_BYTES).await;
    let credential = body.ok().and_then(|body| serde_json::from_slice::<Credential>(&body).ok());
    let Some(credential) = credential else {
        let message = "give {\"secret_id\": ..., \"secret_key\": ...} or {\"token\": ...}";
        return respond::error(StatusCode::BAD_REQUEST, "InvalidParameter", message);
    };
    let connection = head.extensions.get::<Connection>();
    let from = connection.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |connection| connection.peer);
    let now = clock::monotonic();
    if let Some(pause_s) = app.sign_ins.pause_s(from, credential.name(), now) {
        let message = format!("too many wrong secrets; try again in {pause_s} seconds");
        let answer = respond::error(StatusCode::TOO_MANY_REQUESTS, "TooManyAttempts", &message);
        return respond::retry_after(answer, pause_s);
    }
    let caller = match &credential {
        Credential::Key { secret_id, secret_key } => auth::of_key(secret_id, secret_key, &app.keyring),
        Credential::Token { token } => auth::of_token(token, &app.keyring),
    };
    let caller = match caller {
        Ok(caller) => caller,
        Err(denied) => {
            app.sign_ins.failed(from, credential.name(), now);
            return denied.answer();
        }
    };
    // A browser that signs in as somebody else does not leave its former session open.
    if let Some(id) = auth::session_cookie(&head.headers) {
        app.sessions.end(id);
    }
    let id = app.sessions.begin(&caller.key.secret_id, caller.clone(), now);
    let is_tls = connection.is_some_and(|connection| connection.is_tls);
    with_cookie(answer_of(&caller), &cookie(&head, is_tls, &id, AGE_MAX.as_secs()))
}

/// Who is signed in, by a session or any other credential.
pub(super) fn show(app: &App, request: &Parts) -> Answer {
    match auth::identify(app, request, b"") {
        Ok(caller) => answer_of(&caller),
        Err(denied) => denied.answer(),
    }
}

/// Ends a session, and the tails that it keeps open.
pub(super) fn sign_out(app: &App, request: &Parts) -> Answer {
    let Some(id) = auth::session_cookie(&request.headers) else {
        return respond::text(StatusCode::NO_CONTENT, "application/json", "");
    };
    if !auth::is_deliberate(request) {
        return auth::not_deliberate().answer();
    }
    app.sessions.end(id);
    let is_tls = request.extensions.get::<Connection>().is_some_and(|connection| connection.is_tls);
    let answer = respond::text(StatusCode::NO_CONTENT, "application/json", "");
    with_cookie(answer, &cookie(request, is_tls, "", 0))
}

impl Credential {
    /// What it names, which is no secret.
    fn name(&self) -> &str {
        match self {
            Self::Key { secret_id, .. } => secret_id,
            Self::Token { token } => crate::token::Token::split(token).map_or("", |(id, _)| id),
        }
    }
}

fn answer_of(caller: &Caller) -> Answer {
    let key = &caller.key;
    let session = Session {
        account: key.account.clone(),
        key: key.secret_id.clone(),
        read_only: caller.read_only,
        root: key.root,
    };
    respond::packed(StatusCode::OK, Packed::plain(serde_json::to_vec(&session).expect("texts have a JSON form")))
}

/// The cookie. `Secure` where the browser came by https: over TLS, or, if a proxy ends it, as the browser's own
/// `Origin` says. On plain http a browser would not keep such a cookie.
fn cookie(request: &Parts, is_tls: bool, id: &str, max_age_s: u64) -> String {
    let is_https = request.headers.get(ORIGIN).is_some_and(|origin| origin.as_bytes().starts_with(b"https://"));
    let secure = if is_tls || is_https { "; Secure" } else { "" };
    let name = auth::session_cookie_name(&request.headers);
    format!("{name}={id}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Lax{secure}")
}

fn with_cookie(mut answer: Answer, cookie: &str) -> Answer {
    let cookie = HeaderValue::from_str(cookie).expect("ids and names are of letters, digits, - and _");
    answer.headers_mut().insert(SET_COOKIE, cookie);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_secure_where_the_browser_came_by_https() {
        let cookie_of = |is_tls, headers: &[(&str, &str)]| {
            let request =
                headers.iter().fold(Request::post("/"), |request, (name, value)| request.header(*name, *value));
            let (head, ()) = request.body(()).unwrap().into_parts();
            cookie(&head, is_tls, "id", 7)
        };
        let plain = "runlog_session=id; Path=/; Max-Age=7; HttpOnly; SameSite=Lax";
        assert_eq!(cookie_of(false, &[]), plain);
        assert_eq!(cookie_of(true, &[]), format!("{plain}; Secure"));
        assert_eq!(cookie_of(false, &[("origin", "https://log.example")]), format!("{plain}; Secure"));
        assert_eq!(cookie_of(false, &[("origin", "http://log.example")]), plain);
        for (host, name) in [
            ("log.example", "runlog_session"),
            ("log.example:9160", "runlog_session_9160"),
            ("[::1]:80", "runlog_session_80"),
            ("[::1]", "runlog_session"),
            ("a:b; Path=/x", "runlog_session"),
        ] {
            assert!(cookie_of(false, &[("host", host)]).starts_with(&format!("{name}=id;")), "{host}");
        }
    }
}
