//! An hour of a crontab, sped up: dozens of real commands through `runlog run` while the server is killed and started
//! again. Each runs as it would by itself, and each is recorded once.
#![allow(clippy::disallowed_methods, reason = "tests use the clock and the files of the machine they run on")]

mod support;

use std::collections::HashMap;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{Key, Server, Setup, program};

/// How often the whole crontab runs.
const ROUNDS: usize = 4;

/// One line of the crontab: a function, its command, and how it ends.
struct Line {
    function: &'static str,
    command: &'static [&'static str],
    ret_code: i64,
    options: &'static [&'static str],
}

const fn line(function: &'static str, command: &'static [&'static str], ret_code: i64) -> Line {
    Line { function, command, ret_code, options: &[] }
}

const PYTHON_OUT_OF_MEMORY: &str =
    "import resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 29, 1 << 29)); x = bytearray(1 << 30)";

/// Fast, slow, failing, crashing, out of memory, killed, forking, printing no text, printing much.
const CRONTAB: &[Line] = &[
    line("true", &["true"], 0),
    line("false", &["false"], 430),
    line("echo", &["sh", "-c", "echo out; echo err >&2"], 0),
    line("slow", &["sleep", "0.4"], 0),
    line("code", &["sh", "-c", "echo going; exit 42"], 430),
    line("crash", &["sh", "-c", "kill -SEGV $$"], 3),
    line("killed", &["sh", "-c", "echo before; kill -KILL $$"], 3),
    line("forks", &["sh", "-c", "for i in 1 2 3 4 5; do sh -c \"echo child $i\" & wait; done"], 0),
    line(
        "bytes",
        &["sh", "-c", "printf '\\377\\376\\000\\n'; head -c 4096 /dev/urandom | tr '\\000-\\377' '\\200-\\377'"],
        0,
    ),
    line("much", &["sh", "-c", "yes 0123456789012345678901234567890123456789012345678 | head -c 20000000"], 0),
    line("missing", &["no-such-command-anywhere"], 430),
    line("orphan", &["sh", "-c", "(sleep 0.2; echo late) & echo early"], 0),
    line("python", &["python3", "-c", "import sys; print('héllo'); sys.stdout.flush(); sys.exit(3)"], 430),
    line("python-error", &["python3", "-S", "-c", "raise ValueError('no')"], 430),
    line("python-abort", &["python3", "-c", "import os; os.abort()"], 3),
    line(
        "python-forks",
        &[
            "python3",
            "-c",
            "import os\nfor i in range(4):\n if os.fork() == 0: os._exit(0)\nfor i in range(4): os.wait()",
        ],
        0,
    ),
    line("node", &["node", "-e", "console.log('one'); console.error('two'); process.exitCode = 5"], 430),
    line("python-memory", &["python3", "-c", PYTHON_OUT_OF_MEMORY], 430),
    Line {
        function: "greedy",
        command: &["sh", "-c", "x=x; while [ ${#x} -lt 200000000 ]; do x=$x$x; done; sleep 60"],
        ret_code: 434,
        options: &["--memory-limit", "64M"],
    },
    Line { function: "late", command: &["sleep", "60"], ret_code: 433, options: &["--timeout", "200ms"] },
];

/// What random commands print differs from run to run.
fn is_random(line: &Line) -> bool {
    line.function == "bytes"
}

fn is_there(program: &str) -> bool {
    let found = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    found.is_ok() || !matches!(program, "python3" | "node")
}

/// Runs a command by itself; none where it cannot be started, or where a limit is to end it.
fn bare(line: &Line) -> Option<Output> {
    let (program, arguments) = line.command.split_first()?;
    line.options.is_empty().then(|| Command::new(program).args(arguments).stdin(Stdio::null()).output().ok())?
}

fn wrapped(line: &Line, endpoint: &str, spool: &Path) -> Output {
    let mut command = program(["run", "--function", line.function, "--report-timeout", "2s"]);
    command.args(line.options).arg("--").args(line.command);
    command
        .env("RUNLOG_ENDPOINT", endpoint)
        .env("RUNLOG_SECRET_ID", Key::root().secret_id)
        .env("RUNLOG_SECRET_KEY", Key::root().secret_key)
        .env("RUNLOG_SPOOL", spool);
    command.output().expect("a run")
}

/// What the command itself wrote to standard error; our own lines begin with our name.
fn own_errors(output: &Output) -> Vec<u8> {
    let lines = output.stderr.split_inclusive(|byte| *byte == b'\n');
    lines.filter(|line| !line.starts_with(b"runlog: ")).flatten().copied().collect()
}

fn compare(line: &Line, bare: Option<&Output>, wrapped: &Output) {
    let function = line.function;
    let Some(bare) = bare else {
        let expected = match line.ret_code {
            433 => (None, Some(15)),
            434 => (None, Some(9)),
            _ => (Some(127), None),
        };
        assert_eq!((wrapped.status.code(), wrapped.status.signal()), expected, "{function}");
        return;
    };
    assert_eq!(bare.status.code(), wrapped.status.code(), "{function}");
    assert_eq!(bare.status.signal(), wrapped.status.signal(), "{function}");
    if !is_random(line) {
        assert!(bare.stdout == wrapped.stdout, "{function} printed something else");
        assert_eq!(String::from_utf8_lossy(&bare.stderr), String::from_utf8_lossy(&own_errors(wrapped)), "{function}");
    }
}

/// Kills the server and starts it again, at the same address, until the commands are done.
fn disturb(server: &mut Server, is_over: impl Fn() -> bool) -> usize {
    let mut kills = 0;
    while !is_over() {
        thread::sleep(Duration::from_millis(700));
        server.kill();
        kills += 1;
        thread::sleep(Duration::from_millis(500));
        server.start_again();
    }
    kills
}

#[test]
fn an_hour_of_a_crontab_runs_as_by_itself_and_is_recorded_once_while_the_server_is_killed() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let mut server = Setup::new().option("listen", &port.to_string()).start();
    let endpoint = format!("http://{}", server.address());
    let folder = tempfile::tempdir().expect("a folder");
    let spool = folder.path().join("spool");
    let lines: Vec<&Line> = CRONTAB.iter().filter(|line| is_there(line.command[0])).collect();
    let expected: Vec<_> = lines.iter().map(|line| bare(line)).collect();

    let started = Instant::now();
    let kills = thread::scope(|scope| {
        // Four lines at a time, as a busy minute of cron has them.
        let workers: Vec<_> = (0..4)
            .map(|worker| {
                let (lines, expected, endpoint, spool) = (&lines, &expected, &endpoint, &spool);
                scope.spawn(move || {
                    for at in (worker..ROUNDS * lines.len()).step_by(4) {
                        let line = lines[at % lines.len()];
                        compare(line, expected[at % lines.len()].as_ref(), &wrapped(line, endpoint, spool));
                    }
                })
            })
            .collect();
        let kills = disturb(&mut server, || workers.iter().all(thread::ScopedJoinHandle::is_finished));
        for worker in workers {
            worker.join().expect("commands that run as by themselves");
        }
        kills
    });
    let spooled =
        std::fs::read_dir(&spool).map_or(0, |files| files.flatten().filter(|file| file.path().is_file()).count());

    let mut ship = program(["spool", "ship", "--spool"]);
    ship.arg(&spool).env("RUNLOG_ENDPOINT", &endpoint);
    ship.env("RUNLOG_SECRET_ID", Key::root().secret_id).env("RUNLOG_SECRET_KEY", Key::root().secret_key);
    let shipped = ship.output().expect("a delivery");
    assert!(shipped.status.success(), "{}", String::from_utf8_lossy(&shipped.stderr));

    let answer = server.api().logs(json!({ "Limit": 1000 }));
    let mut found: HashMap<&str, Vec<&Value>> = HashMap::new();
    for run in answer.rows() {
        found.entry(run["FunctionName"].as_str().expect("a name")).or_default().push(run);
    }
    for line in &lines {
        let runs = found.remove(line.function).unwrap_or_default();
        assert_eq!(runs.len(), ROUNDS, "{}", line.function);
        for run in runs {
            assert_eq!(run["RetCode"], line.ret_code, "{run}");
        }
    }
    assert!(found.is_empty(), "{:?}", found.keys());
    let (count, seconds) = (ROUNDS * lines.len(), started.elapsed().as_secs_f64());
    println!("{count} commands in {seconds:.1} s through {kills} kills; the last {spooled} shipped at the end");
}
