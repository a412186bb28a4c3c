//! Policy documents.

use runlog_server::cam::{Policy, Resource, allows, decide};
use serde_json::Value;

const ACTIONS: [&str; 3] = ["scf:GetFunctionLogs", "scf:ListFunctions", "runlog:PutRuns"];
const RESOURCES: [Resource<'static>; 3] = [
    Resource::Any,
    Resource::Function { region: "ap-guangzhou", account: "1", namespace: "default", function: "Test1" },
    Resource::Function { region: "r", account: "2", namespace: "a:b", function: "*" },
];

/// A policy document, or a resource. A policy is the same after it was written and read; it decides as a slow matcher
/// does; and a policy that denies everything wins over it.
pub fn policy(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(resource) = Resource::parse(&text, "1") {
        let written = resource.to_string();
        assert_eq!(Resource::parse(&written, "2").map(|again| again.to_string()).ok(), Some(written));
    }
    let Ok(policy) = Policy::parse(&text) else { return };
    let written = serde_json::to_string(&policy).unwrap();
    assert_eq!(Policy::parse(&written).unwrap(), policy);
    let document: Value = serde_json::from_str(&written).unwrap();
    let statements = document["statement"].as_array().unwrap();
    assert_eq!(policy.statements(), statements.len());
    let deny = r#"{"version":"2.0","statement":[{"effect":"deny","action":"*","resource":"*"}]}"#;
    let deny = Policy::parse(deny).unwrap();
    for action in ACTIONS {
        for resource in RESOURCES {
            let decision = decide(std::slice::from_ref(&policy), action, resource);
            assert_eq!(
                decision.is_allowed,
                model_allows(statements, action, resource),
                "{action} {resource}: {written}"
            );
            assert_eq!(decision.by.is_none(), !statements.iter().any(|said| speaks(said, action, resource)));
            assert_eq!(allows(&[policy.clone(), policy.clone()], action, resource), decision.is_allowed);
            assert!(!allows(&[policy.clone(), deny.clone()], action, resource));
        }
    }
}

fn model_allows(statements: &[Value], action: &str, resource: Resource<'_>) -> bool {
    let is_said = |effect: &str| {
        statements.iter().any(|statement| statement["effect"] == effect && speaks(statement, action, resource))
    };
    is_said("allow") && !is_said("deny")
}

fn speaks(statement: &Value, action: &str, resource: Resource<'_>) -> bool {
    texts(&statement["action"]).any(|pattern| {
        let pattern = pattern.strip_prefix("name/").unwrap_or(pattern);
        matches(pattern.to_ascii_lowercase().as_bytes(), action.to_ascii_lowercase().as_bytes())
    }) && texts(&statement["resource"]).any(|pattern| is_of(pattern, resource, statement["effect"] == "deny"))
}

fn is_of(pattern: &str, resource: Resource<'_>, denies: bool) -> bool {
    let Resource::Function { region, account, namespace, function } = resource else { return pattern == "*" };
    let parts: Vec<&str> = pattern.splitn(6, ':').collect();
    let [_, _, service, of_region, of_account, path] = parts[..] else { return pattern == "*" };
    fits(service, "scf")
        && (of_region.is_empty() || fits(of_region, region))
        && (of_account.is_empty() || fits(of_account, &format!("uin/{account}")))
        && is_path_of(path, namespace, function, denies)
}

/// Each part of a path is matched with its own part of the name. A path that can be read in several ways denies in all
/// of them, and allows in the first.
fn is_path_of(path: &str, namespace: &str, function: &str, denies: bool) -> bool {
    let words: Vec<&str> = path.split("/function/").collect();
    match (path.strip_prefix("function/"), path.strip_prefix("namespace/")) {
        _ if path == "*" => true,
        (Some(name), _) => namespace == "default" && fits(name, function),
        (None, None) => denies && fits(path, &format!("namespace/{namespace}/function/{function}")),
        (None, Some(whole)) if words.len() == 1 => {
            fits(whole.strip_suffix("/*").unwrap_or(whole), namespace) || denies && fits(whole, namespace)
        }
        (None, Some(_)) => (1..words.len()).take(if denies { words.len() } else { 1 }).any(|at| {
            let of_namespace = words[..at].join("/function/");
            let of_namespace = of_namespace.strip_prefix("namespace/").unwrap_or_default();
            fits(of_namespace, namespace) && fits(&words[at..].join("/function/"), function)
        }),
    }
}

fn fits(pattern: &str, text: &str) -> bool {
    matches(pattern.as_bytes(), text.as_bytes())
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let one = value.as_str().into_iter();
    one.chain(value.as_array().into_iter().flatten().filter_map(Value::as_str))
}

/// Whether a pattern with `*` matches a text: row by row of the usual table.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let mut reached: Vec<bool> = (0..=text.len()).map(|at| at == 0).collect();
    for wanted in pattern {
        let mut next = vec![false; text.len() + 1];
        for at in 0..=text.len() {
            next[at] = match wanted {
                b'*' => reached[at] || at > 0 && next[at - 1],
                wanted => at > 0 && reached[at - 1] && text[at - 1] == *wanted,
            };
        }
        reached = next;
    }
    reached[text.len()]
}
