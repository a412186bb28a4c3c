//! `GET /api/v1/allowed`: whether the caller's key may do something, and which statement of its policies decides.

use hyper::StatusCode;
use runlog_wire::Action;
use runlog_wire::actions::DEFAULT_NAMESPACE;
use runlog_wire::params::ResourceLevel;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::asked::Asked;
use super::failure::Failure;
use super::params::{ACTION, FUNCTION, NAMESPACE, REGION, bad};
use crate::cam::{self, Resource};
use crate::respond::{self, Answer, Packed};

/// Whether the key may do it.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Allowed {
    allowed: bool,
    /// Whether it is a root key, which may do everything in its account.
    root: bool,
    /// The action, as policies write it.
    action: String,
    /// On what, as policies write it.
    resource: String,
    /// The statement that decides; `null` for a root key, and if no statement covers it, which denies it.
    statement: Option<Value>,
}

pub(super) fn answer(asked: &Asked) -> Result<Answer, Failure> {
    let text = |param, otherwise| asked.values.text(param).unwrap_or(otherwise);
    let action = text(&ACTION, "");
    if !action.split_once(':').is_some_and(|(service, name)| !service.is_empty() && !name.is_empty()) {
        return Err(Failure::Bad(bad(&ACTION, "write it as policies do, such as scf:GetFunctionLogs")));
    }
    let named = Action::ALL.iter().find(|known| known.cam_name().eq_ignore_ascii_case(action));
    let is_of_account = named.is_some_and(|action| action.table().level == ResourceLevel::Account);
    let key = &asked.caller.key;
    let resource = if is_of_account {
        Resource::Any
    } else {
        Resource::Function {
            region: text(&REGION, &asked.app.settings.default_region),
            account: &key.account,
            namespace: text(&NAMESPACE, DEFAULT_NAMESPACE),
            function: text(&FUNCTION, "*"),
        }
    };
    let decision = cam::decide(&key.policies, action, resource);
    let statement = decision.by.filter(|_| !key.root).and_then(|by| {
        let text = key.policies.get(by.policy)?.statement_text(by.statement)?;
        serde_json::from_str(&text).ok()
    });
    let (allowed, root) = (key.root || decision.is_allowed, key.root);
    let allowed = Allowed { allowed, root, action: action.to_owned(), resource: resource.to_string(), statement };
    let body = serde_json::to_vec(&allowed).expect("texts have a JSON form");
    Ok(respond::packed(StatusCode::OK, Packed::plain(body)))
}
