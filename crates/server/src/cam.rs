//! Who may do what: policy documents in CAM's syntax, version 2.0, and their evaluation.
//!
//! An explicit deny wins over every allow; what nothing allows is denied; the root key is not limited by policies.
//! (Published: the policy syntax and the order of evaluation in the CAM documentation.) Conditions are refused when a
//! policy is read, since a condition that is not evaluated would widen what the policy allows.

use runlog_core::Stream;
use serde::{Deserialize, Serialize};

/// A policy document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    version: Version,
    statement: Vec<Statement>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Version {
    #[serde(rename = "2.0")]
    V2,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement {
    effect: Effect,
    action: OneOrMany,
    resource: OneOrMany,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Effect {
    Allow,
    Deny,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a text or a list of texts")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// What a request wants to act on.
#[derive(Clone, Copy, Debug)]
pub enum Resource<'a> {
    /// One function: `qcs::scf:REGION:uin/UIN:namespace/NS/function/NAME`.
    Function {
        /// The region's id.
        region: &'a str,
        /// The account's id.
        account: &'a str,
        /// The namespace.
        namespace: &'a str,
        /// The function.
        function: &'a str,
    },
    /// No resource in particular: only a statement on `*` speaks of it.
    Any,
}

/// What a caller is told whose policies do not allow `action` on `resource`, outside of the signed API.
pub fn no_permission(action: &str, resource: impl std::fmt::Display) -> String {
    format!("you are not authorized to perform operation ({action})\nresource ({resource}) has no permission\n")
}

impl<'a> Resource<'a> {
    /// Reads a resource as a request would name it: `*`, or one function. An absent account is `own_account`; a part
    /// that is `*` is what a question that leaves it open asks for.
    ///
    /// # Errors
    /// A sentence that says how to write it.
    pub fn parse(text: &'a str, own_account: &'a str) -> anyhow::Result<Self> {
        if text == "*" {
            return Ok(Self::Any);
        }
        let read = || {
            let mut parts = text.strip_prefix("qcs::scf:")?.splitn(3, ':');
            let (region, account, rest) = (parts.next()?, parts.next()?, parts.next()?);
            let account = if account.is_empty() { own_account } else { account.strip_prefix("uin/")? };
            let (namespace, function) = match rest.strip_prefix("namespace/") {
                Some(rest) => rest.split_once("/function/")?,
                None => ("default", rest.strip_prefix("function/")?),
            };
            let is_whole = [region, account, namespace, function].iter().all(|part| !part.is_empty());
            is_whole.then_some(Self::Function { region, account, namespace, function })
        };
        read().ok_or_else(|| {
            anyhow::anyhow!(
                "`{text}` is not what a request asks for; write it as \
                 qcs::scf:REGION:uin/UIN:namespace/NS/function/NAME, or * for what has no function"
            )
        })
    }

    /// The function of a stream.
    pub fn of(stream: &'a Stream) -> Self {
        let Stream { region, account, namespace, function, .. } = stream;
        Self::Function { region, account, namespace, function }
    }
}

impl std::fmt::Display for Resource<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Resource::Function { region, account, namespace, function } => {
                write!(f, "qcs::scf:{region}:uin/{account}:namespace/{namespace}/function/{function}")
            }
            Resource::Any => f.write_str("*"),
        }
    }
}

impl Policy {
    /// Reads a policy document.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let policy: Policy = serde_json::from_str(text).map_err(|error| {
            let text = error.to_string();
            let hint = if text.contains("`condition`") {
                "; conditions are not evaluated yet, so a policy that has one is refused"
            } else if text.contains("invalid type: map, expected a sequence") {
                "; `statement` must be a list: \"statement\": [ { ... } ]"
            } else {
                ""
            };
            anyhow::anyhow!("not a policy document of version 2.0: {error}{hint}")
        })?;
        policy.check()?;
        Ok(policy)
    }

    /// A statement of the document as JSON, for people.
    pub fn statement_text(&self, at: usize) -> Option<String> {
        serde_json::to_string(self.statement.get(at)?).ok()
    }

    /// How many statements there are.
    pub fn statements(&self) -> usize {
        self.statement.len()
    }

    fn check(&self) -> anyhow::Result<()> {
        for statement in &self.statement {
            for action in statement.action.iter() {
                let name = action.strip_prefix("name/").unwrap_or(action);
                anyhow::ensure!(
                    name == "*"
                        || name.split_once(':').is_some_and(|(service, name)| !service.is_empty() && !name.is_empty()),
                    "`{action}` is not an action; write it as scf:GetFunctionLogs, runlog:PutRuns, scf:* or *"
                );
            }
            for resource in statement.resource.iter() {
                anyhow::ensure!(
                    resource == "*" || resource.splitn(6, ':').count() == 6 && resource.starts_with("qcs::"),
                    "`{resource}` is not a resource; write it as qcs::scf:REGION:uin/UIN:namespace/NS/function/NAME or *"
                );
            }
        }
        Ok(())
    }
}

/// Why policies allow an action on a resource, or do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The answer.
    pub is_allowed: bool,
    /// The statement that decides; `None` when no statement speaks of it, which denies.
    pub by: Option<Place>,
}

/// The position of a statement: the policy and the statement in it, both counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The policy.
    pub policy: usize,
    /// The statement in it.
    pub statement: usize,
}

/// Whether policies allow an action on a resource.
pub fn allows(policies: &[Policy], action: &str, resource: Resource<'_>) -> bool {
    decide(policies, action, resource).is_allowed
}

/// Whether policies may allow an action on anything at all. Where they do not, nothing more of a request matters.
pub fn may_allow(policies: &[Policy], action: &str) -> bool {
    let mut statements = policies.iter().flat_map(|policy| &policy.statement);
    statements
        .any(|said| said.effect == Effect::Allow && said.action.iter().any(|pattern| action_matches(pattern, action)))
}

/// Whether policies allow an action on a resource, and which statement decides: the first that denies, else the first
/// that allows.
pub fn decide(policies: &[Policy], action: &str, resource: Resource<'_>) -> Decision {
    let mut allowed = None;
    for (policy, document) in policies.iter().enumerate() {
        for (statement, said) in document.statement.iter().enumerate() {
            let speaks = said.action.iter().any(|pattern| action_matches(pattern, action))
                && said.resource.iter().any(|pattern| resource_matches(pattern, resource, said.effect));
            let place = Place { policy, statement };
            match said.effect {
                _ if !speaks => {}
                Effect::Deny => return Decision { is_allowed: false, by: Some(place) },
                Effect::Allow => allowed = allowed.or(Some(place)),
            }
        }
    }
    Decision { is_allowed: allowed.is_some(), by: allowed }
}

impl OneOrMany {
    fn iter(&self) -> std::slice::Iter<'_, String> {
        match self {
            OneOrMany::One(text) => std::slice::from_ref(text).iter(),
            OneOrMany::Many(texts) => texts.iter(),
        }
    }
}

fn action_matches(pattern: &str, action: &str) -> bool {
    let pattern = pattern.strip_prefix("name/").unwrap_or(pattern);
    // Action names are compared without regard to case: a deny must not be dodged by spelling.
    wildcard(&pattern.to_ascii_lowercase(), &action.to_ascii_lowercase())
}

/// Whether a statement's pattern covers a resource. Names may hold any character, `/` too, so each part of the pattern
/// is matched with its own part of the resource; what can be read in several ways allows in one and denies in all.
fn resource_matches(pattern: &str, resource: Resource<'_>, effect: Effect) -> bool {
    if pattern == "*" {
        return true;
    }
    let Resource::Function { region, account, namespace, function } = resource else {
        return false;
    };
    let mut segments = pattern.splitn(6, ':').skip(2);
    let mut segment = || segments.next().unwrap_or_default();
    let (service, wanted_region, wanted_account, wanted) = (segment(), segment(), segment(), segment());
    let fits = |pattern: &str, text: &str| pattern.is_empty() || wildcard(pattern, text);
    wildcard(service, "scf")
        && fits(wanted_region, region)
        && fits(wanted_account, &format!("uin/{account}"))
        && function_matches(wanted, namespace, function, effect)
}

/// Whether `namespace/NS/function/NAME`, or a shorter form of it, covers a function.
fn function_matches(wanted: &str, namespace: &str, function: &str, effect: Effect) -> bool {
    if wanted == "*" {
        return true;
    }
    // The older form names the function alone, which is in the namespace `default`.
    if let Some(name) = wanted.strip_prefix("function/") {
        return namespace == "default" && wildcard(name, function);
    }
    let Some(rest) = wanted.strip_prefix("namespace/") else {
        let joined = || format!("namespace/{namespace}/function/{function}");
        return effect == Effect::Deny && wildcard(wanted, &joined());
    };
    const BETWEEN: &str = "/function/";
    let splits =
        rest.match_indices(BETWEEN).filter_map(|(at, _)| Some((rest.get(..at)?, rest.get(at + BETWEEN.len()..)?)));
    let readings = if effect == Effect::Allow { 1 } else { usize::MAX };
    let mut splits = splits.take(readings).peekable();
    if splits.peek().is_none() {
        // A namespace, with or without `/*`: everything in it.
        let whole = rest.strip_suffix("/*").unwrap_or(rest);
        return wildcard(whole, namespace) || effect == Effect::Deny && wildcard(rest, namespace);
    }
    splits.any(|(in_namespace, name)| wildcard(in_namespace, namespace) && wildcard(name, function))
}

/// Matches a whole text against a pattern in which `*` stands for any text, the empty one too.
fn wildcard(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEST1: Resource<'_> =
        Resource::Function { region: "ap-guangzhou", account: "100000000001", namespace: "default", function: "Test1" };

    fn policy(effect: &str, action: &str, resource: &str) -> Policy {
        Policy::parse(&format!(
            r#"{{"version":"2.0","statement":[{{"effect":"{effect}","action":["{action}"],"resource":"{resource}"}}]}}"#
        ))
        .unwrap()
    }

    #[test]
    fn resources() {
        let get = |resource| allows(&[policy("allow", "scf:GetFunctionLogs", resource)], "scf:GetFunctionLogs", TEST1);
        for resource in [
            "*",
            "qcs::scf:ap-guangzhou:uin/100000000001:namespace/default/function/Test1",
            "qcs::scf:::namespace/default/function/Test1",
            "qcs::scf:*:uin/*:namespace/*/function/*",
            "qcs::scf:::function/Test1",
            "qcs::scf:::*",
            "qcs::scf::uin/100000000001:namespace/default/*",
        ] {
            assert!(get(resource), "{resource}");
        }
        for resource in [
            "qcs::scf:ap-beijing:uin/100000000001:namespace/default/function/Test1",
            "qcs::scf::uin/100000000002:namespace/default/function/Test1",
            "qcs::scf:::namespace/default/function/Test",
            "qcs::scf:::namespace/default/function/Test10",
            "qcs::cos:::namespace/default/function/Test1",
            "qcs::scf:::function/est1",
        ] {
            assert!(!get(resource), "{resource}");
        }
    }

    #[test]
    fn a_star_stays_in_its_part() {
        let covers = |pattern: &str, namespace: &'static str, function: &'static str| {
            let resource = Resource::Function { region: "r", account: "1", namespace, function };
            let pattern = format!("qcs::scf:::{pattern}");
            let allow = policy("allow", "*", &pattern);
            let deny = policy("deny", "*", &pattern);
            let is_denied = !allows(&[policy("allow", "*", "*"), deny], "scf:GetFunctionLogs", resource);
            (allows(&[allow], "scf:GetFunctionLogs", resource), is_denied)
        };
        for (pattern, namespace, function, covered) in [
            ("namespace/teamx/function/*", "teamx", "f", (true, true)),
            ("namespace/teamx/function/*", "teamx", "a/function/b", (true, true)),
            ("namespace/teamx/function/*", "teamx/function/y", "f", (false, false)),
            ("namespace/teamx/*", "teamx", "f", (true, true)),
            ("namespace/teamx/*", "teamx/evil", "f", (false, true)),
            ("namespace/team*", "teamx", "f", (true, true)),
            ("namespace/team*/function/f", "teamx", "f", (true, true)),
            ("namespace/team*/function/f", "teamx", "g/function/f", (false, false)),
            ("function/open", "default", "open", (true, true)),
            ("function/open", "other", "open", (false, false)),
            ("function/*", "other", "open", (false, false)),
            ("n*/function/f", "teamx", "f", (false, true)),
            // Namespace `a`, or namespace `a/function/b`.
            ("namespace/a/function/b/function/c", "a", "b/function/c", (true, true)),
            ("namespace/a/function/b/function/c", "a/function/b", "c", (false, true)),
        ] {
            assert_eq!(covers(pattern, namespace, function), covered, "{pattern}: {namespace}, {function}");
        }
    }

    #[test]
    fn actions() {
        let may = |pattern| allows(&[policy("allow", pattern, "*")], "scf:GetFunctionLogs", TEST1);
        for pattern in
            ["*", "scf:*", "scf:Get*", "name/scf:Get*", "scf:GetFunctionLogs", "scf:getfunctionlogs", "scf:*Logs"]
        {
            assert!(may(pattern), "{pattern}");
        }
        for pattern in ["scf:List*", "cos:*", "scf:GetFunction", "scf:Logs"] {
            assert!(!may(pattern), "{pattern}");
        }
    }

    #[test]
    fn deny_wins_and_silence_denies() {
        let allow = policy("allow", "scf:*", "*");
        let deny = policy("deny", "scf:Get*", "qcs::scf:::namespace/default/function/Test1");
        assert!(allows(std::slice::from_ref(&allow), "scf:GetFunctionLogs", TEST1));
        assert!(!allows(&[allow.clone(), deny.clone()], "scf:GetFunctionLogs", TEST1));
        assert!(!allows(&[deny, allow], "scf:GetFunctionLogs", TEST1));
        assert!(!allows(&[], "scf:GetFunctionLogs", TEST1));
    }

    #[test]
    fn the_statement_that_decides() {
        let allow = policy("allow", "scf:*", "*");
        let deny = policy("deny", "scf:GetFunctionLogs", "*");
        let by = |policy| Some(Place { policy, statement: 0 });
        let decide = |policies: &[Policy]| decide(policies, "scf:GetFunctionLogs", TEST1);
        assert_eq!(decide(&[allow.clone(), deny.clone()]), Decision { is_allowed: false, by: by(1) });
        assert_eq!(decide(&[allow.clone(), allow]), Decision { is_allowed: true, by: by(0) });
        assert_eq!(decide(&[]), Decision { is_allowed: false, by: None });
    }

    #[test]
    fn resources_as_requests_name_them() {
        let of = |text| Resource::parse(text, "100000000001").map(|resource| resource.to_string()).ok();
        let test1 = TEST1.to_string();
        for text in
            [&test1, "qcs::scf:ap-guangzhou::namespace/default/function/Test1", "qcs::scf:ap-guangzhou::function/Test1"]
        {
            assert_eq!(of(text).as_deref(), Some(test1.as_str()), "{text}");
        }
        assert_eq!(of("*").as_deref(), Some("*"));
        for text in [
            "",
            "Test1",
            "qcs::scf:::function/Test1",
            "qcs::cos:r::function/f",
            "qcs::scf:r:1:function/f",
            "qcs::scf:r::namespace/n",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn an_account_level_action_needs_the_star() {
        assert!(allows(&[policy("allow", "scf:ListFunctions", "*")], "scf:ListFunctions", Resource::Any));
        let narrow = policy("allow", "scf:ListFunctions", "qcs::scf:::namespace/default/function/Test1");
        assert!(!allows(&[narrow], "scf:ListFunctions", Resource::Any));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for (text, says) in [
            ("{}", "version"),
            (r#"{"version":"1.0","statement":[]}"#, "2.0"),
            (
                r#"{"version":"2.0","statement":[{"effect":"allow","action":"*","resource":"*","condition":{}}]}"#,
                "conditions",
            ),
            (r#"{"version":"2.0","statement":[{"effect":"maybe","action":"*","resource":"*"}]}"#, "maybe"),
            (
                r#"{"version":"2.0","statement":[{"effect":"allow","action":"GetFunctionLogs","resource":"*"}]}"#,
                "scf:GetFunctionLogs",
            ),
            (r#"{"version":"2.0","statement":[{"effect":"allow","action":"*","resource":"Test1"}]}"#, "qcs::scf"),
        ] {
            let error = Policy::parse(text).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
