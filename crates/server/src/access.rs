//! May this caller? Every surface asks here, and nowhere else: the signed API, the native API, ingest, OpenTelemetry,
//! backups and what is for operators.
//!
//! [`crate::auth`] says who a caller is; [`crate::cam`] says what policies allow. A root key may do everything in its
//! account; any other key what its policies allow; a read-only token changes nothing.

use runlog_core::{EngineError, Scope, Stream};
use runlog_wire::Action;

use crate::caller::{Caller, Denied};
use crate::cam::{Resource, may_allow, no_permission};
use crate::engine::EngineHandle;
use crate::failed_requests::Failed;
use crate::keys::Key;
use crate::settings::Settings;

/// The action, in policies, of storing runs of a function.
const PUT_RUNS: &str = "runlog:PutRuns";

/// The action that reads runs, by whichever surface.
pub(crate) const READ_RUNS: Action = Action::GetFunctionLogs;

/// What a caller's policies do not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// The action.
    pub(crate) action: Action,
    /// On what, as policies write it.
    pub(crate) resource: String,
}

/// Why a caller may not do something in a scope.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Its policies do not allow it.
    Refused(Refused),
    /// What is in the scope cannot be told.
    Engine(EngineError),
}

impl Caller {
    /// The same caller, if it may change anything.
    pub(crate) fn into_writer(self) -> Result<Self, Denied> {
        if self.read_only { Err(Denied::Forbidden("this token may only read")) } else { Ok(self) }
    }

    /// The same caller, if there is anything it may put runs of: else its body is not worth reading.
    pub(crate) fn into_ingester(self) -> Result<Self, Denied> {
        let caller = self.into_writer()?;
        if caller.key.root || may_allow(&caller.key.policies, PUT_RUNS) {
            Ok(caller)
        } else {
            Err(Denied::Forbidden("no policy of this key allows runlog:PutRuns"))
        }
    }

    /// Whether it may do what concerns the whole server, such as a backup.
    pub(crate) fn may_operate(&self) -> Result<(), Denied> {
        if self.key.root {
            Ok(())
        } else {
            Err(Denied::Forbidden("only a root key may do what concerns the whole server"))
        }
    }

    /// Whether it may call an action that is about its account as a whole.
    pub(crate) fn may_in_account(&self, action: Action) -> Result<(), Refused> {
        self.check(action, Resource::Any)
    }

    /// Whether it may call an action on everything in a scope of its account: on each existing function, and on future
    /// ones.
    pub(crate) async fn may_in(&self, action: Action, scope: &Scope, engine: &EngineHandle) -> Result<(), Refusal> {
        if self.key.root {
            return Ok(());
        }
        let any = |name: &Option<String>| name.clone().unwrap_or_else(|| "*".to_owned());
        let (region, namespace, function) = (any(&scope.region), any(&scope.namespace), any(&scope.function));
        let account = &self.key.account;
        let whole = Resource::Function { region: &region, account, namespace: &namespace, function: &function };
        self.check(action, whole).map_err(Refusal::Refused)?;
        if [&region, &namespace, &function].into_iter().all(|name| name != "*") {
            return Ok(());
        }
        let of_account = account.clone();
        let streams = engine.ask(move |engine| engine.streams(&of_account)).await.map_err(Refusal::Engine)?;
        let scope = Scope { qualifier: None, ..scope.clone() };
        let mut inside = streams.iter().map(|summary| &summary.stream).filter(|stream| scope.matches(stream));
        // Which function it is about is not told: the caller need not know that it exists.
        let is_refused = |stream| self.check(action, Resource::of(stream)).is_err();
        if inside.any(is_refused) {
            return Err(Refusal::Refused(Refused { action, resource: whole.to_string() }));
        }
        Ok(())
    }

    /// Whether it may read the runs of a stream.
    pub(crate) fn may_read(&self, stream: &Stream) -> bool {
        self.check(READ_RUNS, Resource::of(stream)).is_ok()
    }

    /// Whether it may put runs of a stream.
    ///
    /// # Errors
    /// What the sender is told.
    pub(crate) fn may_put(&self, settings: &Settings, stream: &Stream) -> Result<(), String> {
        if !settings.serves_region(&stream.region) {
            return Err(format!("region {} is not served here; see the option `regions`", stream.region));
        }
        let resource = Resource::of(stream);
        if self.key.may(PUT_RUNS, resource) { Ok(()) } else { Err(no_permission(PUT_RUNS, resource)) }
    }

    /// Whether it may look at a request that failed: at its own, and with a root key at those of its account and of
    /// unknown keys.
    pub(crate) fn may_look_at(&self, failed: &Failed) -> bool {
        match &failed.account {
            Some(account) => *account == self.key.account && (self.key.root || failed.secret_id == self.key.secret_id),
            None => self.key.root,
        }
    }

    /// Whether it may have requests examined that a key signed: its own, and with a root key those of its account.
    pub(crate) fn may_ask_about(&self, key: &Key) -> bool {
        self.key.account == key.account && (self.key.root || self.key.secret_id == key.secret_id)
    }

    /// Whether it may see how much is stored: the figures are of all namespaces.
    pub(crate) fn may_see_storage(&self) -> Result<(), Denied> {
        if self.key.root { Ok(()) } else { Err(Denied::Forbidden("only a root key may see the storage")) }
    }

    fn check(&self, action: Action, resource: Resource<'_>) -> Result<(), Refused> {
        if self.key.may(action.cam_name(), resource) {
            Ok(())
        } else {
            Err(Refused { action, resource: resource.to_string() })
        }
    }
}

impl Refused {
    /// What the caller is told, outside of the signed API.
    pub(crate) fn message(&self) -> String {
        no_permission(self.action.cam_name(), &self.resource)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use runlog_core::{Engine, NaiveEngine, Run};
    use runlog_doctor::{Payload, SentRequest};

    use super::*;
    use crate::cam::Policy;
    use crate::keys::Key;

    const ACCOUNT: &str = "1";

    fn caller(root: bool, policies: &[&str]) -> Caller {
        let policies = policies.iter().map(|text| Policy::parse(text).unwrap()).collect();
        Caller::of_key(Arc::new(Key::generate(ACCOUNT, root, "", policies)))
    }

    fn policy(effect: &str, action: &str, resource: &str) -> String {
        format!(
            r#"{{"version":"2.0","statement":[{{"effect":"{effect}","action":"{action}","resource":"{resource}"}}]}}"#
        )
    }

    fn stream(namespace: &str, function: &str) -> Stream {
        let (namespace, function) = (namespace.to_owned(), function.to_owned());
        Stream { account: ACCOUNT.to_owned(), region: "r".to_owned(), namespace, function, qualifier: String::new() }
    }

    /// An engine with one run of each of these functions of the namespace `n`.
    fn engine(functions: &[&str]) -> EngineHandle {
        let engine = NaiveEngine::new(|| 1_000);
        let run = |function: &&str| Run {
            stream: Arc::new(stream("n", function)),
            request_id: "id".to_owned(),
            retry_num: 0,
            start_ms: 0,
            duration_us: 0,
            bill_ms: None,
            mem_bytes: 0,
            ret_code: 0,
            invoke_finished: 1,
            exit_code: None,
            ret_msg: String::new(),
            log: String::new(),
            level: String::new(),
            source: String::new(),
        };
        engine.append(functions.iter().map(run).collect()).unwrap();
        EngineHandle::new(Arc::new(engine), 1)
    }

    #[tokio::test]
    async fn a_scope_needs_each_function_that_is_there_and_those_to_come() {
        let engine = engine(&["a", "b"]);
        let namespace = Scope { namespace: Some("n".to_owned()), ..Scope::account(ACCOUNT) };
        let one =
            |name: &str| Scope { region: Some("r".to_owned()), function: Some(name.to_owned()), ..namespace.clone() };
        let all = policy("allow", "scf:*", "qcs::scf:::namespace/n/function/*");
        let not_b = policy("deny", "scf:*", "qcs::scf:::namespace/n/function/b");
        let only_a = policy("allow", "scf:*", "qcs::scf:::namespace/n/function/a");
        let narrow = caller(false, &[&all, &not_b]);
        assert!(caller(false, &[&all]).may_in(READ_RUNS, &namespace, &engine).await.is_ok());
        assert!(narrow.may_in(READ_RUNS, &one("a"), &engine).await.is_ok());
        let Err(Refusal::Refused(refused)) = narrow.may_in(READ_RUNS, &namespace, &engine).await else {
            panic!("b is denied")
        };
        assert_eq!(refused.resource, "qcs::scf:*:uin/1:namespace/n/function/*", "not which function is denied");
        let Err(Refusal::Refused(refused)) = caller(false, &[&only_a]).may_in(READ_RUNS, &namespace, &engine).await
        else {
            panic!("functions to come are not allowed")
        };
        assert_eq!(refused.resource, "qcs::scf:*:uin/1:namespace/n/function/*");
        assert!(caller(true, &[]).may_in(READ_RUNS, &namespace, &engine).await.is_ok(), "a root key may");
    }

    #[test]
    fn what_changes_something_needs_a_writer_and_backups_a_root_key() {
        let root = caller(true, &[]);
        assert!(root.clone().into_writer().is_ok() && root.may_operate().is_ok());
        let mut reader = caller(false, &[]);
        reader.read_only = true;
        assert!(reader.may_operate().is_err() && reader.into_writer().is_err());
    }

    #[test]
    fn who_may_put_nothing_is_known_without_the_body() {
        let putting = |effect, action| caller(false, &[&policy(effect, action, "qcs::scf:::namespace/n/function/a")]);
        for (effect, action, may) in
            [("allow", "runlog:PutRuns", true), ("allow", "*", true), ("allow", "scf:*", false), ("deny", "*", false)]
        {
            assert_eq!(putting(effect, action).into_ingester().is_ok(), may, "{effect} {action}");
        }
        assert!(caller(true, &[]).into_ingester().is_ok() && caller(false, &[]).into_ingester().is_err());
        let mut reader = caller(true, &[]);
        reader.read_only = true;
        assert!(reader.into_ingester().is_err());
    }

    #[test]
    fn runs_are_put_where_policies_and_regions_allow() {
        let settings = Settings::with(&[("regions", "r"), ("default_region", "r")]).unwrap();
        let puts = caller(false, &[&policy("allow", "runlog:PutRuns", "qcs::scf:::namespace/n/function/a")]);
        assert_eq!(puts.may_put(&settings, &stream("n", "a")), Ok(()));
        assert!(puts.may_put(&settings, &stream("n", "b")).unwrap_err().contains("(runlog:PutRuns)"));
        let elsewhere = Stream { region: "other".to_owned(), ..stream("n", "a") };
        assert!(caller(true, &[]).may_put(&settings, &elsewhere).unwrap_err().contains("`regions`"));
        assert!(!puts.may_read(&stream("n", "a")), "who puts may not read");
    }

    #[test]
    fn failed_requests_are_shown_to_whom_they_concern() {
        let failed = |secret_id: &str, account: Option<&str>| Failed {
            request_id: "id".to_owned(),
            secret_id: secret_id.to_owned(),
            account: account.map(str::to_owned),
            code: String::new(),
            received_s: 0,
            max_skew_s: 300,
            request: SentRequest {
                method: String::new(),
                path: String::new(),
                query: String::new(),
                headers: Vec::new(),
                body: Payload::Text(Vec::new()),
            },
        };
        let (own, root) = (caller(false, &[]), caller(true, &[]));
        let of_own = failed(&own.key.secret_id, Some(ACCOUNT));
        assert!(own.may_look_at(&of_own) && root.may_look_at(&of_own));
        assert!(!caller(false, &[]).may_look_at(&of_own), "another key of the account");
        assert!(!root.may_look_at(&failed("x", Some("2"))), "another account");
        assert!(root.may_look_at(&failed("gone", None)) && !own.may_look_at(&failed("gone", None)));
    }
}
