//! The reading commands and the server: profiles, keys, certificates, and requests that are printed for others to send.
#![allow(clippy::disallowed_methods, reason = "the tests read and write files")]

mod support;

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use support::{Key, Place, Server, Setup, ask, code, ids, program, server_with_runs, stderr, stdout, succeed};

/// Runs a printed command in a shell with the credential in its environment.
fn in_a_shell(command: &str) -> Output {
    let key = Key::root();
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).env("RUNLOG_SECRET_ID", key.secret_id).env("RUNLOG_SECRET_KEY", key.secret_key);
    shell.output().expect("a shell")
}

#[test]
fn a_key_that_may_not_read_a_function_is_told_so() {
    let server = server_with_runs();
    let policy = r#"{"version":"2.0","statement":[{"effect":"allow","action":"scf:GetFunctionLogs",
        "resource":"qcs::scf::uin/100000000001:namespace/*/function/even"}]}"#;
    let key = server.make_key("100000000001", &[policy]);
    let ask = |args: &[&str]| {
        let mut command = Place::at(&server).runlog(args);
        command.env("RUNLOG_SECRET_ID", &key.secret_id).env("RUNLOG_SECRET_KEY", &key.secret_key);
        command.output().expect("the program")
    };
    support::eventually("the server knows the key", || (code(&ask(&["query", "even"])) == 0).then_some(()));
    for (args, expected) in [
        (&["last", "even"][..], 0),
        (&["show", "run-02"], 0),
        (&["follow", "run-02"], 0),
        (&["query", "odd"], 4),
        (&["query"], 4),
        (&["tail", "odd"], 4),
        (&["show", "run-01"], 1),
    ] {
        let output = ask(args);
        assert_eq!(code(&output), expected, "{args:?}: {}", stderr(&output));
    }
}

#[test]
fn a_printed_request_works_as_it_is_printed_and_holds_no_secret() {
    let server = server_with_runs();
    let has_curl = Command::new("curl").arg("--version").output().is_ok_and(|output| output.status.success());
    for args in [
        &["query", "even", "--from", "2026-07-01", "-k", "it's \"quoted\" & 好", "--limit", "3"][..],
        &["query", "--errors", "--sort", "duration", "-o", "wide"],
        &["query", "--since", "2w", "-o", "json"],
        &["show", "run-03"],
        &["show", "run-03", "-F", "odd", "--log"],
        &["last", "odd", "-n", "2"],
        &["tail", "--from-seq", "0", "even"],
    ] {
        let output = ask(&server, &[args, &["--print-request", "curl"]].concat());
        assert_eq!(code(&output), 0, "{args:?}: {}", stderr(&output));
        let command = stdout(&output).trim().to_owned();
        assert!(command.starts_with("curl ") && command.contains("$RUNLOG_SECRET_ID"), "{command}");
        assert!(!command.contains(&Key::root().secret_key) && !command.contains(&Key::root().secret_id), "{command}");
        assert!(stderr(&output).contains("RUNLOG_SECRET_ID and RUNLOG_SECRET_KEY"), "{}", stderr(&output));
        // The address as a shell reads it, sent here as it is.
        let word = in_a_shell(&format!("set -- {}; for word; do :; done; printf %s \"$word\"", &command));
        let address = stdout(&word);
        let target = address.split_once(&server.address().to_string()).expect("the server's address").1.to_owned();
        let mut api = server.api();
        let request = api.native("GET", &target);
        if args[0] == "tail" {
            let (head, mut stream) = support::Stream::open(server.address(), &request).expect("a stream");
            let first = std::iter::from_fn(|| stream.event().expect("an event")).find_map(|event| event.data);
            assert_eq!((head.status, &first.expect("data")["RequestId"]), (200, &json!("run-02")));
            continue;
        }
        let expected = api.exchange(&request);
        assert_eq!(expected.status, 200, "{}", expected.text());
        let runs = expected.json()["runs"].clone();
        assert!(args.contains(&"-k") || args.contains(&"2w") || !runs.as_array().expect("runs").is_empty());
        if has_curl {
            let output = in_a_shell(&command);
            assert_eq!(code(&output), 0, "{command}: {}", stderr(&output));
            let found: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
            assert_eq!(found["runs"], runs, "{command}");
        }
    }
    let output = ask(&server, &["last", "--token", "rlt_x", "--print-request", "curl"]);
    assert!(stdout(&output).contains("\"Authorization: Bearer $RUNLOG_TOKEN\""), "{}", stdout(&output));
    // Nothing is sent, so no server and no credential are needed.
    let output = program(["query", "--endpoint", "http://127.0.0.1:9", "--print-request", "curl"]).output();
    assert_eq!(code(&output.expect("the program")), 0);
}

#[test]
fn https_servers_are_read_with_their_certificate() {
    let server = Setup::new().option("tls-self-signed", "true").start();
    server.api().ingest_new(&[json!({ "FunctionName": "f", "RequestId": "r", "StartTime": 1000 })]);
    let endpoint = format!("https://localhost:{}", server.address().port());
    let certificate = server.data().join("tls/cert.pem");
    let certificate = certificate.to_str().expect("UTF-8");
    let args = ["last", "-o", "ndjson", "--endpoint", &endpoint];
    assert_eq!(ids(&succeed(&server, &[&args[..], &["--ca", certificate]].concat())), ["r"]);
    assert_eq!(code(&ask(&server, &args)), 1, "an unknown authority");
    let printed = succeed(&server, &[&args[..], &["--ca", certificate, "--print-request", "curl"]].concat());
    assert!(printed.contains(&format!("--cacert '{certificate}'")), "{printed}");
}

#[test]
fn profiles_say_what_flags_and_environment_do_not() {
    let (one, two) = (server_with_runs(), Server::start());
    let folder = tempfile::tempdir().expect("a folder");
    let key = Key::root();
    let runlog = |args: &[&str], secret: Option<&str>| {
        let mut command = program(args);
        command.env("XDG_CONFIG_HOME", folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.stdin(if secret.is_some() { Stdio::piped() } else { Stdio::null() });
        let mut child = command.spawn().expect("the program");
        if let (Some(mut pipe), Some(secret)) = (child.stdin.take(), secret) {
            writeln!(pipe, "{secret}").expect("a pipe");
        }
        child.wait_with_output().expect("an output")
    };
    for (name, server) in [("default", &one), ("staging", &two)] {
        let endpoint = format!("http://{}", server.address());
        let args = ["config", "set-profile", name, "--endpoint", &endpoint, "--secret-id", &key.secret_id];
        let output = runlog(&args, Some(&key.secret_key));
        assert_eq!(code(&output), 0, "{}", stderr(&output));
    }
    let listed = runlog(&["config", "profiles"], None);
    let text = stdout(&listed);
    assert!(text.contains("staging") && text.contains(&two.address().to_string()) && text.contains("***"), "{text}");
    assert!(!text.contains(&key.secret_key), "{text}");

    let total = |args: &[&str], variables: &[(&str, &str)]| {
        let mut command = program([&["query", "--limit", "0"], args].concat());
        let output = command.env("XDG_CONFIG_HOME", folder.path()).envs(variables.iter().copied()).output();
        let output = output.expect("the program");
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        let told = stderr(&output);
        assert!(!told.contains("warning"), "the file is closed: {told}");
        told.split(" of ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a total").to_owned()
    };
    let at_one = format!("http://{}", one.address());
    assert_eq!(total(&[], &[]), "12", "the default profile");
    assert_eq!(total(&["--profile", "staging"], &[]), "0");
    assert_eq!(total(&[], &[("RUNLOG_PROFILE", "staging")]), "0");
    assert_eq!(
        total(&["--profile", "default"], &[("RUNLOG_PROFILE", "staging")]),
        "12",
        "a flag before the environment"
    );
    assert_eq!(total(&[], &[("RUNLOG_PROFILE", "staging"), ("RUNLOG_ENDPOINT", &at_one)]), "12", "before the profile");
    assert_eq!(total(&["--profile", "staging", "--endpoint", &at_one], &[]), "12");

    let file = folder.path().join("runlog/config.toml");
    let policy = r#"{"version":"2.0","statement":[{"effect":"allow","action":"*","resource":"*"}]}"#;
    let reader = one.make_key("100000000001", &[policy]);
    let made = program(["keys", "token", "--key", &reader.secret_id, "--data"]).arg(one.data()).output();
    let made = stdout(&made.expect("the program"));
    let token = made.split_whitespace().find(|word| word.starts_with("rlt_")).expect("a token");
    let args = ["config", "set-profile", "by-token", "--endpoint", &at_one, "--token"];
    assert_eq!(code(&runlog(&args, Some(token))), 0);
    support::eventually("the server knows the token", || {
        (code(&runlog(&["last", "--profile", "by-token"], None)) == 0).then_some(())
    });
    assert_eq!(total(&["--profile", "by-token"], &[]), "12");
    let wrong = runlog(&["last", "--profile", "by-token", "--secret-id", "a", "--secret-key", "b"], None);
    assert_eq!(code(&wrong), 4, "a key that is given goes before the profile's token");
    let opened = Command::new("chmod").arg("644").arg(&file).status().expect("chmod");
    assert!(opened.success());
    let output = runlog(&["last", "even"], None);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert_eq!(stderr(&output).matches("warning: ").count(), 1, "{}", stderr(&output));
    assert!(stderr(&output).contains("chmod 600"), "{}", stderr(&output));

    std::fs::write(&file, "[profile.default]\nendpiont = \"http://h\"\n").expect("a file");
    let output = runlog(&["last"], None);
    assert!(code(&output) == 2 && stderr(&output).contains("endpiont"), "{}", stderr(&output));
    for (args, says) in [
        (&["config", "set-profile", "a b", "--endpoint", "http://h"][..], "letters, digits"),
        (&["config", "set-profile", "a", "--endpoint", "h"], "write it as http://"),
        (&["config", "set-profile", "a", "--endpoint", "http://h", "--secret-id", "x"], "no secret"),
        (&["config", "set-profile", "a", "--endpoint", "http://h"], "endpiont"),
    ] {
        let output = runlog(args, None);
        assert!(code(&output) == 2 && stderr(&output).contains(says), "{args:?}: {}", stderr(&output));
    }
    let text = std::fs::read_to_string(&file).expect("the file");
    assert_eq!(text, "[profile.default]\nendpiont = \"http://h\"\n", "what cannot be read is left alone");
}
