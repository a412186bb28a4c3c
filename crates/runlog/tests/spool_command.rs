//! `runlog run` without a server that takes its records, and `runlog spool`: nothing is lost, nothing is stored twice,
//! and no command is kept from running.
#![allow(clippy::disallowed_methods, reason = "tests use the files of the machine they run on")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};

use serde_json::json;
use support::{Place, Server, Setup, only_run, stderr, stdout};

#[test]
fn without_a_server_runs_wait_on_disk_and_are_stored_once_when_it_is_back() {
    let mut server = Setup::new().start();
    let place = Place::at(&server);
    server.kill();
    for at in 0..3 {
        let output = place.run("away", &["--report-timeout", "1s"], &format!("echo run {at}; exit {at}"));
        assert_eq!((output.status.code(), stdout(&output)), (Some(at), format!("run {at}\n")));
        let said = stderr(&output);
        assert!(said.contains("no answer from") && said.contains("will be sent later (`runlog spool ship`)"), "{said}");
    }
    assert_eq!(place.waiting(), 3);
    let list = place.runlog(&["spool", "list"]).output().expect("a list");
    assert_eq!(stdout(&list).lines().filter(|line| line.ends_with("waits") && line.contains("away")).count(), 3);
    let failed = place.runlog(&["spool", "ship"]).output().expect("a failure");
    assert_eq!((failed.status.code(), place.waiting()), (Some(1), 3), "{}", stderr(&failed));

    let place = Place {
        endpoint: {
            server.start_again();
            format!("http://{}", server.address())
        },
        ..place
    };
    let saved: Vec<_> = fs::read_dir(place.spool()).expect("a spool").flatten().map(|entry| entry.path()).collect();
    let copies: Vec<_> =
        saved.iter().filter(|path| path.is_file()).map(|path| (path, fs::read(path).expect("a file"))).collect();
    let shipped = place.runlog(&["spool", "ship"]).output().expect("a delivery");
    assert!(shipped.status.success() && stderr(&shipped).contains("shipped 3, 0 of them"), "{}", stderr(&shipped));
    // As if the answer had been lost.
    for (path, text) in copies {
        fs::write(path, text).expect("a file");
    }
    let shipped = place.runlog(&["spool", "ship"]).output().expect("a delivery");
    assert!(stderr(&shipped).contains("shipped 3, 3 of them"), "{}", stderr(&shipped));
    assert_eq!((server.api().logs(json!({ "FunctionName": "away" })).total(), place.waiting()), (3, 0));
}

#[test]
fn a_later_run_ships_what_earlier_ones_left() {
    let server = Server::start();
    let away = Place::without_server();
    away.run("early", &[], "true");
    assert_eq!(away.waiting(), 1);
    let place = Place { endpoint: format!("http://{}", server.address()), ..away };
    assert!(place.run("late", &[], "true").status.success());
    assert_eq!(place.waiting(), 0);
    assert_eq!(server.api().logs(json!({})).total(), 2);
}

#[test]
fn a_refused_record_is_kept_aside_with_its_reason_and_stops_no_other() {
    let server = Server::start();
    let place = Place::at(&server);
    let name = "x".repeat(300);
    let output = place.run(&name, &[], "echo ran; exit 4");
    assert_eq!((output.status.code(), stdout(&output)), (Some(4), "ran\n".to_owned()));
    assert!(stderr(&output).contains("--function takes 1 to 256 bytes"), "{}", stderr(&output));
    assert!(stderr(&output).contains("was refused (TooLong"), "{}", stderr(&output));
    let away = Place { endpoint: "http://127.0.0.1:9".to_owned(), ..place };
    away.run(&name, &[], "true");
    away.run("fine", &[], "true");
    let place = Place { endpoint: format!("http://{}", server.address()), ..away };
    let shipped = place.runlog(&["spool", "ship"]).output().expect("a delivery");
    assert_eq!(shipped.status.code(), Some(1));
    assert!(stderr(&shipped).contains("TooLong"), "{}", stderr(&shipped));
    assert_eq!((only_run(&mut server.api(), "fine")["RetCode"].clone(), place.waiting()), (json!(0), 0));
    let list = stdout(&place.runlog(&["spool", "list"]).output().expect("a list"));
    assert_eq!(list.lines().filter(|line| line.contains("refused: TooLong")).count(), 2, "{list}");
    let dropped = place.runlog(&["spool", "drop", "--refused"]).output().expect("a drop");
    assert!(stderr(&dropped).contains("dropped 2"));
    assert!(stdout(&place.runlog(&["spool", "list"]).output().expect("a list")).is_empty());
}

#[test]
fn without_home_nothing_is_taken_from_the_folder_for_temporary_files() {
    let server = Server::start();
    let place = Place::at(&server);
    let user = rustix::process::geteuid().as_raw();
    let folder = place.path(&format!("runlog-spool-{user}"));
    fs::create_dir(&folder).expect("a folder");
    let planted = folder.join("0000000000000001-planted.json");
    fs::write(&planted, r#"{"FunctionName":"planted","RequestId":"p","StartTime":1795822736394}"#).expect("a file");
    let mut run = place.shell("f", &[], "true");
    let output = run.env_remove("RUNLOG_SPOOL").env("TMPDIR", place.folder.path()).output().expect("a run");
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(planted.exists() && fs::read_dir(&folder).expect("the folder").count() == 1);
    assert_eq!(server.api().logs(json!({ "FunctionName": "planted" })).code(), Some("ResourceNotFound.FunctionName"));
}

#[test]
fn an_unsafe_spool_is_not_used_which_is_said() {
    let server = Server::start();
    let away = Place::without_server();
    away.run("early", &[], "true");
    let open = fs::Permissions::from_mode(0o777);
    fs::set_permissions(away.spool(), open).expect("a mode");
    let output = away.run("lost", &[], "exit 3");
    let said = stderr(&output);
    assert!(output.status.code() == Some(3) && said.contains("is lost: the spool"), "{said}");
    assert!(said.contains("other users can write to it"), "{said}");
    let place = Place { endpoint: format!("http://{}", server.address()), ..away };
    let output = place.run("stored", &[], "true");
    assert!(output.status.success() && stderr(&output).contains("is not used: other users"), "{}", stderr(&output));
    for action in ["list", "ship"] {
        let output = place.runlog(&["spool", action]).output().expect("a failure");
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert!(stderr(&output).contains("chmod go-w"), "{}", stderr(&output));
    }
    assert_eq!((server.api().logs(json!({})).total(), place.waiting()), (1, 1));
}

#[test]
fn a_wrong_configuration_keeps_no_command_from_running() {
    let place = Place::without_server();
    for (name, value) in [
        ("RUNLOG_ENDPOINT", "nonsense"),
        ("RUNLOG_SECRET_ID", ""),
        ("RUNLOG_REGION", "no such region!"),
        ("RUNLOG_SPOOL", "/dev/null/spool"),
    ] {
        let mut command = place.shell("f", &["--report-timeout", "1s"], "echo ran; exit 6");
        let output = command.env(name, value).output().expect("a run");
        assert_eq!((output.status.code(), stdout(&output)), (Some(6), "ran\n".to_owned()), "{name}");
        assert!(stderr(&output).lines().all(|line| line.starts_with("runlog: ")), "{}", stderr(&output));
    }
    assert_eq!(place.waiting(), 3, "the fourth could not be kept, which was said");
}

#[test]
fn without_a_server_a_data_folder_takes_the_run() {
    let place = Place::without_server();
    let data = place.path("data");
    let data = data.to_str().expect("UTF-8");
    for at in 0..2 {
        let output = place.run("f", &["--data", data], &format!("echo {at}"));
        assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
    }
    // A server on the folder serves them, and takes the next ones while it holds it.
    let server = Setup::new().start_on(Path::new(data));
    assert_eq!(server.api().logs(json!({ "FunctionName": "f" })).total(), 2);
    let place = Place { endpoint: format!("http://{}", server.address()), ..place };
    assert!(place.run("f", &["--data", data], "echo 2").status.success());
    assert_eq!((server.api().logs(json!({ "FunctionName": "f" })).total(), place.waiting()), (3, 0));
}

#[test]
fn many_commands_at_once_share_one_spool_and_none_is_lost_or_doubled() {
    const COMMANDS: usize = 12;
    let server = Server::start();
    let away = Place::without_server();
    let run_all = |place: &Place, function: &str| {
        let start = |_| place.shell(function, &[], "true").stderr(Stdio::null()).spawn().expect("a run");
        let children: Vec<Child> = (0..COMMANDS).map(start).collect();
        let ends: Vec<ExitStatus> = children.into_iter().map(|mut child| child.wait().expect("an end")).collect();
        assert!(ends.iter().all(ExitStatus::success));
    };
    run_all(&away, "away");
    assert_eq!(away.waiting(), COMMANDS);
    let place = Place { endpoint: format!("http://{}", server.address()), ..away };
    run_all(&place, "back");
    let shipped = place.runlog(&["spool", "ship"]).output().expect("a delivery");
    assert!(shipped.status.success());
    for function in ["away", "back"] {
        assert_eq!(server.api().logs(json!({ "FunctionName": function })).total(), COMMANDS as u64);
    }
    assert_eq!(place.waiting(), 0);
}
