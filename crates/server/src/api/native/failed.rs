//! One request of the signed API that failed, for `runlog doctor`: the facts of it, to compute its signature anew.

use hyper::StatusCode;
use hyper::http::request::Parts;

use super::params::REQUEST_ID;
use super::{Asked, Failure};
use crate::respond::{self, Answer};

pub(super) fn answer(asked: &Asked, request: &Parts) -> Result<Answer, Failure> {
    let id = asked.values.text(&REQUEST_ID).unwrap_or_default();
    let found = asked.app.failed.find(id, &asked.caller.key).ok_or_else(|| {
        let advice =
            "the last ones are remembered until the server stops; a key sees its own, a root key those of its account";
        Failure::NotFound(format!("no failed request {id} is remembered: {advice}"))
    })?;
    let body = serde_json::to_vec(&*found).map_err(|error| Failure::NotFound(error.to_string()))?;
    Ok(respond::json(StatusCode::OK, body, &request.headers))
}
