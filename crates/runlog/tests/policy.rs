//! `runlog policy`: what it says is what a server does.
#![allow(clippy::disallowed_methods, reason = "a test writes files of policies")]

mod support;

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::json;
use support::{Api, Key, ROOT_ACCOUNT, Server, eventually, program, stderr, stdout};

const READER: &str = r#"{"version":"2.0","statement":[
    {"effect":"allow","action":"scf:Get*","resource":"*"},
    {"effect":"deny","action":"scf:GetFunctionLogs","resource":"qcs::scf:::namespace/default/function/payroll"}]}"#;

fn policy(data: &Path, args: &[&str]) -> Output {
    program(["policy"]).args(args).env("RUNLOG_DATA", data).output().expect("the program")
}

fn check(data: &Path, key: &Key, action: &str, function: &str) -> (Option<i32>, String) {
    let resource = format!("qcs::scf:ap-guangzhou:uin/{ROOT_ACCOUNT}:namespace/default/function/{function}");
    let output = policy(data, &["check", "--key", &key.secret_id, "--action", action, "--resource", &resource]);
    (output.status.code(), stdout(&output) + &stderr(&output))
}

fn file(server: &Server, name: &str, text: &str) -> PathBuf {
    let path = server.data().with_extension(name);
    std::fs::write(&path, text).expect("a file");
    path
}

#[test]
fn what_is_explained_is_what_the_server_does() {
    let server = Server::start();
    let run = |function: &str| json!({ "FunctionName": function, "RequestId": "r" });
    server.api().ingest_new(&[run("payroll"), run("mail")]);
    let key = server.make_key(ROOT_ACCOUNT, &[READER]);
    let mut api = Api::new(server.address(), key.clone());
    let may = |api: &mut Api, function: &str| api.logs(json!({ "FunctionName": function })).code().map(str::to_owned);
    eventually("the key", || (may(&mut api, "mail").is_none()).then_some(()));
    let (code, text) = check(server.data(), &key, "scf:GetFunctionLogs", "mail");
    assert!(code == Some(0) && text.starts_with("allowed: statement 1 of policy 1 decides"), "{text}");

    assert_eq!(may(&mut api, "payroll").as_deref(), Some("UnauthorizedOperation.CAM"));
    let (code, text) = check(server.data(), &key, "scf:GetFunctionLogs", "payroll");
    assert!(code == Some(1) && text.starts_with("denied: statement 2 of policy 1 decides (an explicit deny"), "{text}");
    assert!(text.contains("function/payroll"), "{text}");
    let (code, text) = check(server.data(), &key, "runlog:PutRuns", "mail");
    assert!(code == Some(1) && text.starts_with("denied: none of 2 statements concerns runlog:PutRuns"), "{text}");

    // Other policies in their place, which the running server notices.
    let open =
        file(&server, "open.json", r#"{"version":"2.0","statement":[{"effect":"allow","action":"*","resource":"*"}]}"#);
    let output = policy(server.data(), &["set", &key.secret_id, open.to_str().expect("a path")]);
    assert!(output.status.success(), "{}", stderr(&output));
    eventually("the other policy", || may(&mut api, "payroll").is_none().then_some(()));
    assert_eq!(check(server.data(), &key, "scf:GetFunctionLogs", "payroll").0, Some(0));
    let shown = policy(server.data(), &["show", &key.secret_id]);
    let shown: serde_json::Value = serde_json::from_str(&stdout(&shown)).expect("JSON");
    assert_eq!(shown[0]["statement"][0]["action"], "*", "{shown}");
}

#[test]
fn root_keys_other_accounts_and_unknown_keys() {
    let server = Server::start();
    let root = server.make_key(ROOT_ACCOUNT, &[]);
    let (code, text) = check(server.data(), &root, "scf:GetFunctionLogs", "f");
    assert!(code == Some(0) && text.contains("root key"), "{text}");
    let other = server.make_key(
        "200000000002",
        &[r#"{"version":"2.0","statement":[{"effect":"allow","action":"*","resource":"*"}]}"#],
    );
    let (code, text) = check(server.data(), &other, "scf:GetFunctionLogs", "f");
    assert!(code == Some(1) && text.contains("belongs to account 200000000002"), "{text}");
    let (code, text) = check(server.data(), &Key::new("AKIDnobody", ""), "scf:GetFunctionLogs", "f");
    assert!(code == Some(1) && text.contains("there is no key AKIDnobody"), "{text}");
    let open = file(&server, "some.json", READER);
    let output = policy(server.data(), &["set", &root.secret_id, open.to_str().expect("a path")]);
    assert!(!output.status.success() && stderr(&output).contains("root key"), "{}", stderr(&output));
}

#[test]
fn documents_are_read_as_the_server_reads_them() {
    let server = Server::start();
    let good = file(&server, "good.json", READER);
    let bad = file(&server, "bad.json", &READER.replace("\"resource\":\"*\"", "\"resource\":\"*\",\"condition\":{}"));
    let path = |path: &PathBuf| path.to_str().expect("a path").to_owned();
    let output = policy(server.data(), &["validate", &path(&good)]);
    assert!(output.status.success() && stdout(&output).ends_with("ok, 2 statements\n"), "{}", stdout(&output));
    let output = policy(server.data(), &["validate", &path(&bad), &path(&good)]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("conditions are not evaluated") && stdout(&output).contains("ok"), "{output:?}");
    let asks = ["check", "--policy", &path(&good), "--action", "scf:ListFunctions", "--resource", "*"];
    let output = policy(server.data(), &asks);
    assert!(
        output.status.code() == Some(1) && stdout(&output).contains("only a statement whose resource is *"),
        "{output:?}"
    );
}
