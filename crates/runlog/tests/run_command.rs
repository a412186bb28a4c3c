//! `runlog run`: commands run as they would by themselves, are measured, and each is recorded once.
#![allow(clippy::disallowed_methods, reason = "tests use the clock and the files of the machine they run on")]

mod support;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};

use serde_json::json;
use support::{Place, Server, eventually, only_run, stderr, stdout};

fn kill(signal: &str, pid: u32) {
    let status = Command::new("sh").args(["-c", &format!("kill -{signal} {pid}")]).status().expect("a shell");
    assert!(status.success(), "kill -{signal} {pid}");
}

/// Reads what a child prints until it says this.
fn wait_for_word(child: &mut Child, word: &str) {
    let pipe = child.stdout.as_mut().expect("a pipe");
    let mut seen = Vec::new();
    let mut byte = [0];
    while !seen.ends_with(word.as_bytes()) {
        assert_eq!(pipe.read(&mut byte).expect("a pipe"), 1, "no {word}: {}", String::from_utf8_lossy(&seen));
        seen.push(byte[0]);
    }
}

#[test]
fn output_exit_code_and_signal_are_those_of_the_command() {
    let server = Server::start();
    let place = Place::at(&server);
    let mut api = server.api();
    for (at, (script, ret_code)) in [
        ("echo out; echo err >&2", 0),
        ("exit 1", 430),
        ("exit 255", 430),
        ("printf 'no newline'; exit 7", 430),
        ("printf 'bytes \\377\\376\\000 that are no text\\n'", 0),
        ("kill -TERM $$", 3),
        ("kill -KILL $$", 3),
        ("kill -SEGV $$", 3),
        ("kill -PIPE $$", 3),
        ("trap 'exit 5' TERM; kill -TERM $$; sleep 10", 430),
        ("cat; cat /no/such/file", 430),
        ("head -c 3000000 /dev/zero", 0),
        ("(sleep 0.1; echo late) & echo early; wait", 0),
        ("no-such-command", 430),
        ("exec 1>&-; exec 2>&-; exit 3", 430),
    ]
    .into_iter()
    .enumerate()
    {
        let feed = |command: &mut Command| {
            let mut child =
                command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a child");
            // A command that does not read is free to.
            let _ = child.stdin.take().expect("a pipe").write_all(b"what comes in\n");
            child.wait_with_output().expect("an output")
        };
        let function = format!("f{at}");
        let bare = feed(Command::new("sh").args(["-c", script]));
        let wrapped = feed(&mut place.shell(&function, &[], script));
        assert!(bare.stdout == wrapped.stdout, "{script}: {}", stdout(&wrapped));
        assert_eq!(stderr(&bare), stderr(&wrapped), "{script}");
        assert_eq!((bare.status.code(), bare.status.signal()), (wrapped.status.code(), wrapped.status.signal()));
        let run = only_run(&mut api, &function);
        assert_eq!(run["RetCode"], ret_code, "{script}: {run}");
        assert_eq!(run["InvokeFinished"], 1);
    }
    assert_eq!(place.waiting(), 0);
}

#[test]
fn a_command_that_cannot_be_started_ends_as_in_a_shell_and_is_recorded() {
    let server = Server::start();
    let place = Place::at(&server);
    fs::write(place.path("plain"), "no program").expect("a file");
    let plain = place.path("plain");
    for (at, (program, code)) in [("no-such-command", 127), (plain.to_str().expect("UTF-8"), 126)].iter().enumerate() {
        let output = place.runlog(&["run", "--function", &format!("f{at}"), "--", program]).output().expect("a run");
        assert_eq!(output.status.code(), Some(*code));
        assert!(stderr(&output).starts_with(&format!("runlog: cannot start {program}: ")), "{}", stderr(&output));
        let run = only_run(&mut server.api(), &format!("f{at}"));
        assert_eq!(run["RetCode"], 430);
        assert!(run["RetMsg"].as_str().is_some_and(|message| message.contains("cannot start")), "{run}");
    }
}

#[test]
fn the_record_has_the_platform_lines_the_message_and_the_measures() {
    let server = Server::start();
    let place = Place::at(&server);
    let options = ["--request-id", "my-id", "--qualifier", "7", "--namespace", "jobs", "--memory-limit", "512M"];
    let script = "echo id=$RUNLOG_REQUEST_ID f=$RUNLOG_FUNCTION:$RUNLOG_QUALIFIER@$RUNLOG_NAMESPACE; echo '{\"n\": 1}'";
    assert!(place.run("f", &options, script).status.success());
    let answer = server.api().logs(json!({ "FunctionName": "f", "Namespace": "jobs", "Qualifier": "7" }));
    let [run] = answer.rows() else { panic!("{}", answer.text) };
    assert_eq!((&run["RequestId"], &run["RetMsg"]), (&json!("my-id"), &json!("{\"n\": 1}")));
    assert!(run["Source"].as_str().is_some_and(|source| source.starts_with("runlog run (memory: ")), "{run}");
    let log = run["Log"].as_str().expect("a log");
    let expected = "START RequestId: my-id\nEvent RequestId: my-id\nid=my-id f=f:7@jobs\n{\"n\": 1}\nEND RequestId: my-id\n\
                    Report RequestId: my-id Duration:";
    assert!(log.starts_with(expected) && log.contains("ms Memory:512MB MemUsage:"), "{log}");
    assert!(run["MemUsage"].as_u64().is_some_and(|bytes| bytes > 300 << 10), "{run}");

    let result = place.path("result");
    let result = result.to_str().expect("UTF-8");
    place.run("g", &["--result-file", result], "echo '42 rows' > \"$RUNLOG_RESULT_FILE\"; echo other");
    assert_eq!(only_run(&mut server.api(), "g")["RetMsg"], "42 rows");
    place.run("h", &[], "echo reading; echo 'no such table' >&2; exit 9");
    assert_eq!(only_run(&mut server.api(), "h")["RetMsg"], "exit code 9: no such table");
}

#[test]
fn one_file_for_both_streams_keeps_the_order_of_what_is_printed() {
    let server = Server::start();
    let place = Place::at(&server);
    let script = "for i in 1 2 3 4 5 6 7 8 9; do echo out $i; echo err $i >&2; done";
    let both = fs::File::create(place.path("both")).expect("a file");
    let mut command = place.shell("f", &[], script);
    let status = command.stdout(both.try_clone().expect("a file")).stderr(both).status().expect("a run");
    assert!(status.success());
    let printed = fs::read_to_string(place.path("both")).expect("a file");
    let expected: String = (1..=9).map(|number| format!("out {number}\nerr {number}\n")).collect();
    assert_eq!(printed, expected);
    let run = only_run(&mut server.api(), "f");
    assert!(run["Log"].as_str().is_some_and(|log| log.contains(&expected)), "{run}");
}

#[test]
fn a_running_command_is_listed_with_what_it_has_printed_and_its_finish_replaces_it() {
    let server = Server::start();
    let place = Place::at(&server);
    let mut child =
        place.shell("f", &[], "echo working; read line; echo done").stdin(Stdio::piped()).spawn().expect("a run");
    let mut api = server.api();
    let running = eventually("a run in flight", || {
        let answer = api.logs(json!({}));
        answer.rows().first().cloned()
    });
    assert_eq!((&running["RetCode"], &running["InvokeFinished"]), (&json!(2), &json!(0)));
    assert!(running["Log"].as_str().is_some_and(|log| log.ends_with("\nworking\n")), "{running}");
    child.stdin.take().expect("a pipe").write_all(b"go\n").expect("a reader");
    assert!(child.wait().expect("an end").success());
    let finished = only_run(&mut api, "f");
    assert_eq!((&finished["RetCode"], &finished["RequestId"]), (&json!(0), &running["RequestId"]));
    assert!(finished["Log"].as_str().is_some_and(|log| log.contains("\nworking\ndone\nEND ")), "{finished}");
}

#[test]
fn signals_reach_the_whole_group_and_end_the_run_as_interrupted() {
    let server = Server::start();
    let place = Place::at(&server);
    for (at, (signal, number)) in [("TERM", 15), ("HUP", 1), ("INT", 2)].into_iter().enumerate() {
        let function = format!("f{at}");
        // The shell's child makes the file only when the signal reaches it too. A shell lets what it starts in the
        // background ignore interrupts, so there only the shell is asked.
        let mark = place.path(&function);
        let inner = format!("trap 'echo told > {}; exit' {signal}; while :; do sleep 0.05; done", mark.display());
        let script = format!("sh -c \"{inner}\" & sleep 0.3; echo ready; wait $!; sleep 10");
        let script = if signal == "INT" { "echo ready; sleep 10" } else { &script };
        let mut child = place.shell(&function, &[], script).stdout(Stdio::piped()).spawn().expect("a run");
        wait_for_word(&mut child, "ready\n");
        kill(signal, child.id());
        let status = child.wait().expect("an end");
        assert_eq!(status.signal(), Some(number), "{signal}: {status}");
        if signal != "INT" {
            eventually("the word of the child", || mark.exists().then_some(()));
        }
        let run = only_run(&mut server.api(), &function);
        assert_eq!(run["RetCode"], 3, "{run}");
    }
    // One that tidies up and ends by itself was interrupted all the same; one that goes on to its end was not.
    for (function, exit, ret_code) in [("tidy", "exit 143", 3), ("calm", "exit 0", 0)] {
        let script = format!("trap '{exit}' TERM; echo ready; while :; do sleep 0.05; done");
        let mut child = place.shell(function, &[], &script).stdout(Stdio::piped()).spawn().expect("a run");
        wait_for_word(&mut child, "ready\n");
        kill("TERM", child.id());
        child.wait().expect("an end");
        assert_eq!(only_run(&mut server.api(), function)["RetCode"], ret_code);
    }
}

#[test]
fn a_signal_that_is_ignored_stays_ignored() {
    let place = Place::without_server();
    let script = format!(
        "trap '' HUP; exec {} run --function f --spool {} -- sh -c 'echo ready; read line; echo lived'",
        env!("CARGO_BIN_EXE_runlog"),
        place.spool().display()
    );
    let mut command = Command::new("sh");
    command.args(["-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("a run");
    wait_for_word(&mut child, "ready\n");
    kill("HUP", child.id());
    child.stdin.take().expect("a pipe").write_all(b"go\n").expect("a reader");
    wait_for_word(&mut child, "lived\n");
    assert!(child.wait().expect("an end").success());
}

#[test]
fn limits_of_time_and_memory_end_the_command_and_say_so() {
    let server = Server::start();
    let place = Place::at(&server);
    let output = place.run("slow", &["--timeout", "300ms"], "sleep 60");
    assert_eq!(output.status.signal(), Some(15));
    assert_eq!(only_run(&mut server.api(), "slow")["RetCode"], 433);
    let stubborn = "trap '' TERM; sleep 60 & while :; do sleep 0.1; done";
    let output = place.run("stubborn", &["--timeout", "200ms", "--kill-after", "200ms"], stubborn);
    assert_eq!(output.status.signal(), Some(9));
    let run = only_run(&mut server.api(), "stubborn");
    assert_eq!((&run["RetCode"], &run["RetMsg"]), (&json!(433), &json!("ended after its time limit of 0.2 s")));
    let output =
        place.run("greedy", &["--memory-limit", "64M"], "x=$(head -c 300000000 /dev/zero | tr '\\0' x); sleep 60");
    assert_eq!(output.status.signal(), Some(9));
    let run = only_run(&mut server.api(), "greedy");
    assert_eq!(run["RetCode"], 434, "{run}");
    assert!(run["RetMsg"].as_str().is_some_and(|message| message.contains("memory limit of 64 MB")), "{run}");
    // Each is in the class of results that clients ask for.
    for (class, count) in [("TimeLimitExceeded", 2), ("ResourceLimitExceeded", 1)] {
        assert_eq!(server.api().logs(json!({ "Filter": { "RetCode": class } })).total(), count);
    }
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_command_as_without_us() {
    let place = Place::without_server();
    let mut child =
        place.shell("f", &[], "exec yes").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a run");
    wait_for_word(&mut child, "y\ny\n");
    drop(child.stdout.take());
    let status = child.wait().expect("an end");
    assert_eq!(status.signal(), Some(13), "{status}");
}

#[test]
fn what_a_command_leaves_running_keeps_its_output_and_keeps_nobody_waiting() {
    let server = Server::start();
    let place = Place::at(&server);
    let go = place.path("go");
    let script = format!("(while ! [ -e {0} ]; do sleep 0.05; done; echo late) & echo early", go.display());
    let mut child = place.shell("f", &[], &script).stdout(Stdio::piped()).spawn().expect("a run");
    let mut pipe = child.stdout.take().expect("a pipe");
    // The run has ended although its child has not.
    assert!(child.wait().expect("an end").success());
    let run = only_run(&mut server.api(), "f");
    assert!(run["Log"].as_str().is_some_and(|log| log.contains("\nearly\nEND ")), "{run}");
    fs::write(&go, "").expect("a file");
    let mut printed = String::new();
    pipe.read_to_string(&mut printed).expect("the end of all output");
    assert_eq!(printed, "early\nlate\n");
}

#[test]
fn a_hundred_megabytes_pass_through_and_the_log_keeps_head_and_tail() {
    const LINES: usize = 5_000_000;
    let server = Server::start();
    let place = Place::at(&server);
    let script = format!("seq 10000000 {}", 10_000_000 + LINES);
    let bare = Command::new("sh").args(["-c", &format!("{script} | cksum")]).output().expect("a sum");
    let mut child =
        place.shell("f", &[], &format!("{script}; {script}; {script}")).stdout(Stdio::piped()).spawn().expect("a run");
    let mut pipe = child.stdout.take().expect("a pipe");
    let (mut bytes, mut buffer) = (0, vec![0; 1 << 20]);
    loop {
        match pipe.read(&mut buffer).expect("a pipe") {
            0 => break,
            read => bytes += read,
        }
    }
    assert!(child.wait().expect("an end").success());
    let bytes_once: usize = stdout(&bare).split_whitespace().nth(1).expect("a length").parse().expect("a number");
    assert_eq!(bytes, 3 * bytes_once);
    let run = only_run(&mut server.api(), "f");
    let log = run["Log"].as_str().expect("a log");
    assert!(log.len() <= 6 << 20 && log.len() > 5 << 20, "{}", log.len());
    assert!(log.contains("\n10000000\n10000001\n") && log.contains("\n15000000\nEND RequestId: "));
    assert!(log.contains(&format!("of {bytes} bytes are left out here]")));
    assert_eq!(run["RetMsg"], "15000000");
}

#[test]
fn the_memory_of_one_process_is_what_the_kernel_says_it_was() {
    let server = Server::start();
    let place = Place::at(&server);
    let time = |script: &str| {
        let output = Command::new("/usr/bin/time").args(["-f", "%M", "sh", "-c", script]).output().ok()?;
        stderr(&output).trim().parse::<u64>().ok().map(|kib| kib << 10)
    };
    for (at, mib) in [8, 64, 200].into_iter().enumerate() {
        // A shell that holds a text of this many bytes, and is the only process.
        let script = format!("x=x; while [ ${{#x}} -lt {} ]; do x=$x$x; done; :", mib << 20);
        let Some(expected) = time(&script) else { return };
        let function = format!("f{at}");
        assert!(place.run(&function, &[], &script).status.success());
        let run = only_run(&mut server.api(), &function);
        let measured = run["MemUsage"].as_u64().expect("a number");
        assert!(measured.abs_diff(expected) * 20 <= expected, "{measured} beside {expected}");
    }
}
