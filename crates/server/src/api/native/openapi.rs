//! `/openapi.json`: OpenAPI 3.1, from the tables of routes, parameters and fields and from the types of the answers.

use std::sync::OnceLock;

use bytes::Bytes;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::answers::{Error, GapEvent};
use super::fields;
use super::params::{Kind, LAST_EVENT_ID, Param};
use super::route::{Content, Handler, Route};
use super::routes::ROUTES;

const JSON: &str = "application/json";

/// The description, generated once.
pub(crate) fn text() -> Bytes {
    static TEXT: OnceLock<Bytes> = OnceLock::new();
    TEXT.get_or_init(|| format!("{:#}\n", document()).into()).clone()
}

fn document() -> Value {
    let mut settings = SchemaSettings::draft2020_12().for_serialize();
    settings.definitions_path = "/components/schemas".into();
    let mut generator = settings.into_generator();
    let mut paths = Map::new();
    for route in ROUTES {
        let item = paths.entry(route.path).or_insert_with(|| json!({}));
        item[route.method.to_ascii_lowercase()] = operation(route, &mut generator);
    }
    generator.subschema_for::<Error>();
    generator.subschema_for::<GapEvent>();
    let mut schemas = generator.take_definitions(true);
    schemas.insert("Run".to_owned(), fields::schema(false));
    schemas.insert("Event".to_owned(), fields::schema(true));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "runlog",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "The native API of a runlog server",
            "description": "Runs of functions, with their output. The signed API (the `GetFunctionLogs` dialect) is at \
             `/` of the same server and is not described here.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "basic": [] }, { "bearer": [] }, { "tc3": [] }, { "session": [] }],
        "paths": paths,
        "components": { "schemas": schemas, "securitySchemes": security_schemes() },
    })
}

fn security_schemes() -> Value {
    json!({
        "basic": { "type": "http", "scheme": "basic", "description": "SecretId and SecretKey." },
        "bearer": { "type": "http", "scheme": "bearer", "description": "A token made by `runlog keys token`." },
        "tc3": {
            "type": "apiKey", "in": "header", "name": "Authorization",
            "description": "A TC3-HMAC-SHA256 signature of method, path, query, Content-Type, Host and body, with the \
                            header X-TC-Timestamp.",
        },
        "session": {
            "type": "apiKey", "in": "cookie", "name": "runlog_session",
            "description": "The cookie that `signIn` sets. If the address has a port, the name ends in `_PORT`.",
        },
    })
}

fn operation(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let placed = route.place().map(|param| parameter(param, "path"));
    let asked = route.params.iter().map(|param| parameter(param, place_of(param)));
    let mut operation = json!({
        "operationId": route.handler.name(),
        "summary": route.summary,
        "parameters": placed.into_iter().chain(asked).collect::<Vec<_>>(),
        "responses": responses(route, generator),
    });
    if !route.doc.is_empty() {
        operation["description"] = route.doc.into();
    }
    if !route.needs_key {
        operation["security"] = json!([]);
    }
    if let Some(body) = request_body(route.handler) {
        operation["requestBody"] = body;
    }
    operation
}

fn responses(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let content: Map<String, Value> = match route.answer {
        Content::Json(schema) => Map::from_iter([(JSON.to_owned(), json!({ "schema": schema(generator) }))]),
        Content::AnyJson => Map::from_iter([(JSON.to_owned(), json!({ "schema": { "type": "object" } }))]),
        Content::Nothing => Map::new(),
        Content::Media(types) => {
            types.iter().map(|media| ((*media).to_owned(), json!({ "schema": { "type": "string" } }))).collect()
        }
    };
    let error = json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } });
    let mut responses = match route.answer {
        Content::Nothing => json!({ "204": { "description": route.summary } }),
        _ => json!({ "200": { "description": route.summary, "content": content } }),
    };
    let mut refused = |status: &str, description: &str| {
        responses[status] = json!({ "description": description, "content": error });
    };
    if !route.params.is_empty() {
        refused("400", "A parameter is unknown, malformed or over a limit; the message names it.");
    }
    if route.needs_key {
        refused("401", "The credentials are missing or wrong.");
        refused("403", "The key's policies do not allow it.");
    }
    if route.place().is_some() {
        refused("404", "There is no such run.");
    }
    for (status, description) in more_refusals(route.handler) {
        refused(status, description);
    }
    refused("503", "The server is busy, and `Retry-After` says when to try again; or the store does not work.");
    responses
}

/// Statuses of routes that have a body, or that may meet a failing disk.
fn more_refusals(handler: Handler) -> &'static [(&'static str, &'static str)] {
    match handler {
        Handler::Ingest => &[
            ("400", "The body cannot be read to its end; the part before the error may have been stored."),
            ("413", "The body is over its size limit."),
            ("415", "The body's encoding is neither gzip nor zstd."),
            ("500", "The request failed; send it again."),
        ],
        Handler::SignIn => &[
            ("400", "The body is neither a key nor a token."),
            ("401", "There is no such key or token, or the secret is wrong."),
            ("403", "The request comes from another site."),
            ("415", "The body is not of the type `application/json`."),
            ("429", "Too many wrong secrets; `Retry-After` says how long to wait."),
        ],
        Handler::Keys | Handler::Allowed | Handler::Session => &[],
        Handler::RunLog => &[
            ("206", "The bytes of the `Range`."),
            ("416", "The log has no byte of the `Range`; `Content-Range` says how many it has."),
            ("500", "The store failed; the server's log says why."),
        ],
        Handler::Doctor => &[
            ("400", "The request to examine cannot be read."),
            ("404", "No failed request of this id is remembered, or it is of another key."),
            ("413", "The request to examine is over the limit of bytes."),
        ],
        Handler::SignOut => {
            &[("403", "The header `X-Runlog-Session: 1` is missing, or another site sent the request.")]
        }
        Handler::Backup => &[
            ("400", "The name of the folder is not allowed."),
            ("409", "The folder exists already."),
            ("413", "The body is over its size limit."),
            ("500", "The backup failed."),
        ],
        Handler::Retain => &[
            ("400", "The body does not confirm the clock."),
            ("500", "The removal failed; the server's log says why."),
        ],
        Handler::FailedRequest => &[
            ("400", "The path takes no parameters."),
            ("404", "No such request failed, or the server has forgotten it."),
            ("500", "The request failed; send it again."),
        ],
        Handler::OpenApi | Handler::Actions | Handler::Livez | Handler::Readyz | Handler::Metrics => &[],
        _ => &[("500", "The store failed; the server's log says why.")],
    }
}

fn request_body(handler: Handler) -> Option<Value> {
    let run = json!({ "$ref": "#/components/schemas/Run" });
    match handler {
        Handler::Ingest => Some(json!({
            "required": true,
            "content": {
                "application/x-ndjson": { "schema": { "type": "string" } },
                "application/json": { "schema": { "type": "array", "items": run } },
            },
        })),
        Handler::Otlp => Some(json!({
            "required": true,
            "content": {
                "application/x-protobuf": { "schema": { "type": "string", "format": "binary" } },
                "application/json": { "schema": { "type": "object" } },
            },
        })),
        Handler::Doctor => {
            let text = json!({ "type": "string" });
            let schema = json!({
                "type": "object",
                "properties": {
                    "request": text, "request_id": text, "code": text, "received_s": { "type": "integer" },
                    "canonical_request": text, "string_to_sign": text,
                },
                "additionalProperties": false,
            });
            Some(json!({ "required": true, "content": { "application/json": { "schema": schema } } }))
        }
        Handler::SignIn => {
            let text = json!({ "type": "string", "minLength": 1 });
            let key = json!({
                "type": "object", "properties": { "secret_id": text, "secret_key": text },
                "required": ["secret_id", "secret_key"],
            });
            let token = json!({ "type": "object", "properties": { "token": text }, "required": ["token"] });
            let schema = json!({ "oneOf": [key, token] });
            Some(json!({ "required": true, "content": { "application/json": { "schema": schema } } }))
        }
        Handler::Retain => {
            let schema = json!({
                "type": "object", "properties": { "trust_clock": { "const": true } }, "required": ["trust_clock"],
            });
            Some(json!({ "required": true, "content": { "application/json": { "schema": schema } } }))
        }
        Handler::Backup => {
            let schema = json!({
                "type": "object", "properties": { "to": { "type": "string" } }, "required": ["to"],
            });
            Some(json!({ "required": true, "content": { "application/json": { "schema": schema } } }))
        }
        _ => None,
    }
}

fn place_of(param: &Param) -> &'static str {
    if param.name == LAST_EVENT_ID.name { "header" } else { "query" }
}

fn parameter(param: &Param, place: &str) -> Value {
    let mut described = json!({
        "name": param.name,
        "in": place,
        "required": place == "path",
        "description": param.doc,
        "schema": schema(param.kind),
    });
    match param.kind {
        // Separated by commas.
        Kind::Words(_) => {
            described["style"] = "form".into();
            described["explode"] = false.into();
            described["example"] = param.example.split(',').collect();
        }
        Kind::Number { .. } => {
            described["example"] = param.example.parse::<u64>().expect("the table's examples are numbers").into();
        }
        _ => described["example"] = param.example.into(),
    }
    described
}

fn schema(kind: Kind) -> Value {
    match kind {
        Kind::Text { max_bytes } => json!({ "type": "string", "minLength": 1, "maxLength": max_bytes }),
        Kind::Number { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Kind::Span => json!({ "type": "string", "pattern": "^([0-9]+[smhdw])+$" }),
        Kind::Word(words) => json!({ "type": "string", "enum": words }),
        Kind::Words(words) => json!({ "type": "array", "items": { "type": "string", "enum": words() } }),
        Kind::Result => json!({ "type": "string", "pattern": "^(all|ok|failed|running|-?[0-9]+(,-?[0-9]+)*)$" }),
        Kind::Buckets => json!({ "type": "string", "pattern": "^([0-9]+|([0-9]+[smhdw])+)$" }),
        Kind::Moment | Kind::Cursor => json!({ "type": "string", "minLength": 1, "description": kind.takes() }),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use runlog_core::Zone;

    use super::*;
    use crate::api::native::params::Values;

    /// Every `$ref` below a value.
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    found.insert(reference.clone());
                }
                members.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn every_route_is_described_and_nothing_else() {
        let document = document();
        let paths = document["paths"].as_object().unwrap();
        let described: BTreeSet<(String, String)> = paths
            .iter()
            .flat_map(|(path, item)| {
                item.as_object().unwrap().keys().map(move |method| (method.to_uppercase(), path.clone()))
            })
            .collect();
        let routes = ROUTES.iter().map(|route| (route.method.to_owned(), route.path.to_owned()));
        assert_eq!(described, routes.collect());
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        for reference in &found {
            let schema = reference.strip_prefix("#/components/schemas/").unwrap();
            assert!(document["components"]["schemas"][schema].is_object(), "{reference} leads nowhere");
        }
        assert!(found.contains("#/components/schemas/Runs") && found.contains("#/components/schemas/Run"), "{found:?}");
    }

    #[test]
    fn every_example_is_taken() {
        for param in ROUTES.iter().flat_map(|route| route.params).filter(|param| place_of(param) == "query") {
            if matches!(param.kind, Kind::Cursor) {
                continue;
            }
            let query = format!("{}={}", param.name, param.example.replace(',', "%2C"));
            let values = Values::parse(&[param], &query, None, Zone::UTC8, 0);
            assert!(values.is_ok_and(|values| values.has(param)), "{query}");
        }
    }
}
