//! Credentials on the native API: HTTP Basic (SecretId, SecretKey), a Bearer token, a TC3 signature, or the cookie of a
//! session.
//!
//! With `--insecure-dev`, a request without credentials acts as the root of the first account. Every page in a browser
//! on this machine can send such a request, so it must then name a loopback host and not come from another site's page.

use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::Method;
use hyper::header::{AUTHORIZATION, COOKIE, HOST, HeaderMap, ORIGIN};
use hyper::http::request::Parts;
use runlog_wire::{RawRequest, Tc3};
use subtle::ConstantTimeEq;

use super::app::App;
use crate::caller::{Caller, Denied};
use crate::clock;
use crate::keys::{FIRST_ACCOUNT, Key, Keyring};
use crate::token::Token;

/// The header that a page sends with its session's cookie when it changes something. No other site can send it.
pub(crate) const SESSION_HEADER: &str = "x-runlog-session";

/// What the name of a session's cookie begins with.
const SESSION_COOKIE: &str = "runlog_session";

/// The scheme of a signature.
const TC3: &str = "TC3-HMAC-SHA256";

const HOW: &str = "give SecretId and SecretKey as HTTP Basic credentials (curl -u SECRETID:SECRETKEY), a token as \
                   `Authorization: Bearer TOKEN`, or a TC3 signature";

/// One sentence for every wrong credential, so that nobody learns which part was right.
const WRONG: &str = "no such key or token, or a wrong secret";

/// Who made a request. Its body counts only where [`signs_body`] says so.
pub(crate) fn identify(app: &App, request: &Parts, body: &[u8]) -> Result<Caller, Denied> {
    let Some(header) = request.headers.get(AUTHORIZATION) else {
        return match session_cookie(&request.headers) {
            Some(id) if let Some(caller) = of_session(app, id) => {
                if is_deliberate(request) {
                    Ok(caller)
                } else {
                    Err(not_deliberate())
                }
            }
            _ if app.settings.insecure_dev => dev(&request.headers),
            Some(_) => unauthorized("the session has ended; sign in again"),
            None => unauthorized(HOW),
        };
    };
    let header = header.to_str().map_err(|_| Denied::Unauthorized(HOW.to_owned()))?;
    match header.split_once(' ') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("basic") => basic(rest.trim(), &app.keyring),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("bearer") => of_token(rest.trim(), &app.keyring),
        Some((TC3, _)) => tc3(app, request, body),
        _ => unauthorized(HOW),
    }
}

/// Whether the credential covers the body, which must then be read first.
pub(crate) fn signs_body(headers: &HeaderMap) -> bool {
    let starts = |name: &str, start: &str| {
        headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.starts_with(start))
    };
    starts("authorization", TC3) && !starts("x-tc-content-sha256", "UNSIGNED-PAYLOAD")
}

fn basic(encoded: &str, keyring: &Keyring) -> Result<Caller, Denied> {
    let decoded = STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    match decoded.as_deref().and_then(|text| text.split_once(':')) {
        Some((secret_id, secret_key)) => of_key(secret_id, secret_key, keyring),
        None => unauthorized(HOW),
    }
}

/// The caller of a key.
pub(crate) fn of_key(secret_id: &str, secret_key: &str, keyring: &Keyring) -> Result<Caller, Denied> {
    let Some(key) = keyring.get(secret_id) else { return unauthorized(WRONG) };
    let is_right = bool::from(key.secret_key.as_bytes().ct_eq(secret_key.as_bytes()));
    if is_right { Ok(Caller::of_key(key)) } else { unauthorized(WRONG) }
}

/// The caller of a token's text.
pub(crate) fn of_token(text: &str, keyring: &Keyring) -> Result<Caller, Denied> {
    let found = Token::split(text).and_then(|(id, secret)| Some((keyring.token(id)?, secret)));
    let Some((token, _)) = found.filter(|(token, secret)| token.has_secret(secret)) else {
        return unauthorized(WRONG);
    };
    if !token.holds_at(clock::now_ms()) {
        return unauthorized("the token has expired; create another with `runlog keys token`");
    }
    let Some(key) = keyring.get(&token.secret_id) else { return unauthorized(WRONG) };
    Ok(Caller::of_token(key, &token))
}

/// Whom a session stands for. It ends with its key or token.
fn of_session(app: &App, id: &str) -> Option<Caller> {
    let (caller, ticket) = app.sessions.find(id, clock::monotonic())?;
    let Some(caller) = caller.still(&app.keyring) else {
        app.sessions.end(id);
        return None;
    };
    Some(caller.in_session(ticket))
}

/// The id of the session that a browser says it is in.
pub(crate) fn session_cookie(headers: &HeaderMap) -> Option<&str> {
    let name = session_cookie_name(headers);
    let cookies = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, id)| id)
}

/// The name of the cookie. Browsers do not tell the ports of a host apart, so servers on one host have different names.
pub(crate) fn session_cookie_name(headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    match host.rsplit_once(':').map(|(_, port)| port.parse::<u16>()) {
        Some(Ok(port)) => format!("{SESSION_COOKIE}_{port}"),
        _ => SESSION_COOKIE.to_owned(),
    }
}

/// Whether a method changes nothing.
pub(crate) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether a request with a cookie changes nothing, or was sent by one of our pages.
pub(crate) fn is_deliberate(request: &Parts) -> bool {
    is_safe(&request.method) || request.headers.get(SESSION_HEADER).is_some_and(|value| value == "1")
}

/// The refusal of a request that [`is_deliberate`] does not let pass.
pub(crate) fn not_deliberate() -> Denied {
    Denied::Forbidden("with the cookie of a session, a request that changes something needs X-Runlog-Session: 1")
}

/// Whom the head of a request with a signature of its body ([`signs_body`]) claims to be from, refused where no body
/// could make it right. Nothing is proven by it.
pub(crate) fn judge_head(app: &App, request: &Parts) -> Result<Caller, Denied> {
    let (claim, key) = claim(app, &raw(request, b""))?;
    let now_s = clock::now_ms().div_euclid(1000);
    claim.check_skew(now_s, app.settings.signature_max_skew.into()).map_err(|error| denied(&error))?;
    Ok(Caller::of_key(key))
}

fn tc3(app: &App, request: &Parts, body: &[u8]) -> Result<Caller, Denied> {
    let raw = raw(request, body);
    let (claim, key) = claim(app, &raw)?;
    let now_s = clock::now_ms().div_euclid(1000);
    claim
        .verify(&raw, &key.secret_key, now_s, app.settings.signature_max_skew.into())
        .map_err(|error| denied(&error))?;
    Ok(Caller::of_key(key))
}

/// What a TC3 signature claims, and the key that it names.
fn claim(app: &App, raw: &RawRequest<'_>) -> Result<(Tc3, Arc<Key>), Denied> {
    let claim = Tc3::parse(raw).map_err(|error| denied(&error))?;
    let Some(key) = app.keyring.get(claim.secret_id()) else { return unauthorized(WRONG) };
    Ok((claim, key))
}

fn raw<'a>(request: &'a Parts, body: &'a [u8]) -> RawRequest<'a> {
    RawRequest {
        method: request.method.as_str(),
        path: request.uri.path(),
        query: request.uri.query().unwrap_or_default(),
        headers: request.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect(),
        body,
    }
}

fn denied(error: &runlog_wire::ApiError) -> Denied {
    Denied::Unauthorized(format!("{}: {error}", error.code()))
}

/// Everyone who can connect to a development server.
fn dev(headers: &HeaderMap) -> Result<Caller, Denied> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let host = text(HOST).unwrap_or_default();
    let page = text(ORIGIN).map(|origin| origin.split_once("://").map_or("", |(_, host)| host));
    if !is_loopback(host) || page.is_some_and(|host| !is_loopback(host)) {
        return unauthorized("without credentials, only pages and programs of this machine are served (insecure_dev)");
    }
    let (secret_id, secret_key, note) = ("insecure-dev".to_owned(), String::new(), String::new());
    let account = FIRST_ACCOUNT.to_owned();
    let key = Key { secret_id, secret_key, account, root: true, note, policies: Vec::new() };
    Ok(Caller::of_developer(Arc::new(key)))
}

/// Whether `name:port` names this machine.
fn is_loopback(host: &str) -> bool {
    let has_port = |(_, port): &(&str, &str)| port.bytes().all(|byte| byte.is_ascii_digit());
    let name = host.rsplit_once(':').filter(has_port).map_or(host, |(name, _)| name);
    let address = name.trim_matches(['[', ']']).parse::<IpAddr>();
    address.map_or_else(|_| name.eq_ignore_ascii_case("localhost"), |address| address.is_loopback())
}

fn unauthorized<T>(message: &str) -> Result<T, Denied> {
    Err(Denied::Unauthorized(message.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_this_machine() {
        for (host, is_ours) in [
            ("127.0.0.1:9160", true),
            ("[::1]:9160", true),
            ("localhost", true),
            ("LocalHost:80", true),
            ("", false),
            ("example.com:9160", false),
            ("127.0.0.1.example.com", false),
            ("localhost.example.com:9160", false),
            ("192.168.1.2", false),
        ] {
            assert_eq!(is_loopback(host), is_ours, "{host}");
        }
    }
}
