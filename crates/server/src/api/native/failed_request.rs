//! One request of the signed API that failed, for `runlog doctor`: the facts of it, to compute its signature anew.

use hyper::StatusCode;
use hyper::http::request::Parts;

use super::asked::Asked;
use super::failure::Failure;
use super::params::REQUEST_ID;
use crate::respond::{self, Answer, Packed};

pub(super) fn answer(asked: &Asked, request: &Parts) -> Result<Answer, Failure> {
    let id = asked.values.text(&REQUEST_ID).unwrap_or_default();
    let found = asked.app.failed.find(id).filter(|failed| asked.caller.may_look_at(failed));
    let found = found.ok_or_else(|| {
        let advice =
            "the last ones are remembered until the server stops; a key sees its own, a root key those of its account";
        Failure::NotFound(format!("no failed request {id} is remembered: {advice}"))
    })?;
    let body = serde_json::to_vec(&*found).expect("texts and numbers have a JSON form");
    // Short, as all that is remembered is.
    let packed = Packed::new(body, respond::takes(&request.headers, "gzip"));
    Ok(respond::packed(StatusCode::OK, packed))
}
