//! What the routes below `/api/v1/admin` share: a small JSON body, from a root key.

use hyper::Request;
use hyper::body::Incoming;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::auth;
use crate::caller::Caller;
use crate::respond::Answer;

const BODY_MAX_BYTES: u64 = 4096;

/// The body of a request from a caller who may do what concerns the whole server; `None` if it cannot be read as a `T`.
///
/// # Errors
/// The refusal of any other caller.
pub(super) async fn asked<T: DeserializeOwned>(app: &App, request: Request<Incoming>) -> Result<Option<T>, Answer> {
    let (head, body) = request.into_parts();
    let body = app.unverified_body(body, BODY_MAX_BYTES).await.unwrap_or_default();
    let caller = auth::identify(app, &head, &body).and_then(Caller::into_writer);
    caller.and_then(|caller| caller.may_operate()).map_err(|denied| denied.answer())?;
    Ok(serde_json::from_slice(&body).ok())
}
