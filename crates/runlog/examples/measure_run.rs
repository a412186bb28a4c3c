//! What `runlog run` costs beside a bare command, and how near its measures are to others'. It starts a server and runs
//! commands both ways; memory is compared with GNU time.
//!
//! `cargo build --release -p runlog && cargo run --release -p runlog --example measure_run -- target/release/runlog`
#![allow(clippy::disallowed_methods, reason = "it measures")]

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use runlog_client::{Client, FunctionLog, GetFunctionLogs};

const KEY: (&str, &str) = ("AKIDmeasure", "measure");

/// Commands whose time is compared, and how often each runs.
const TIMED: &[(&[&str], usize)] = &[
    (&["true"], 300),
    (&["sleep", "0.2"], 11),
    (&["sleep", "2"], 3),
    (&["python3", "-c", "sum(range(10000000))"], 11),
    (&["sh", "-c", "yes 012345678901234567890123456789 | head -c 100000000"], 11),
];

/// Commands whose memory is compared.
const WEIGHED: &[&[&str]] = &[
    &["true"],
    &["sh", "-c", "exit 0"],
    &["sleep", "0.1"],
    &["python3", "-c", "pass"],
    &["python3", "-c", "x = bytearray(200 << 20)"],
    &["python3", "-c", "x = bytearray(200 << 20); x = None; import time; time.sleep(0.3)"],
    &["node", "-e", "1"],
];

struct Server {
    program: PathBuf,
    process: Child,
    endpoint: String,
    client: Client,
    folder: tempfile::TempDir,
}

impl Server {
    fn start(program: PathBuf) -> Result<Self, Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let mut command = Command::new(&program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--rate-limit", "0", "--root-key"]);
        command.arg(format!("{}:{}", KEY.0, KEY.1)).arg("--data").arg(folder.path().join("data"));
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        let endpoint = line.trim().strip_prefix("runlog serves ").ok_or(line.clone())?.to_owned();
        let client = Client::builder(&endpoint).credential(KEY.0, KEY.1).build()?;
        Ok(Self { program, process, endpoint, client, folder })
    }

    fn wrapped(&self, function: &str, command: &[&str]) -> Command {
        let mut wrapped = Command::new(&self.program);
        wrapped.args(["run", "--function", function, "--"]).args(command);
        wrapped.env("RUNLOG_ENDPOINT", &self.endpoint).env("RUNLOG_SPOOL", self.folder.path().join("spool"));
        wrapped.env("RUNLOG_SECRET_ID", KEY.0).env("RUNLOG_SECRET_KEY", KEY.1);
        wrapped
    }

    fn runs(&self, function: &str) -> Result<Vec<FunctionLog>, Box<dyn Error>> {
        let function_name = Some(function.to_owned());
        let request = GetFunctionLogs { function_name, limit: Some(1000), ..GetFunctionLogs::default() };
        Ok(self.client.get_function_logs(&request)?.data)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It ends with this process's terminal otherwise.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The median and the 90th percentile of the wall times of a command, in milliseconds.
fn times(count: usize, mut command: impl FnMut() -> Command) -> Result<(f64, f64), Box<dyn Error>> {
    let mut times = Vec::new();
    for _ in 0..count {
        let mut command = command();
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let started = Instant::now();
        if !command.status()?.success() {
            return Err(format!("{command:?} failed").into());
        }
        times.push(started.elapsed());
    }
    times.sort();
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    Ok((ms(times[count / 2]), ms(times[count * 9 / 10])))
}

fn bare(command: &[&str]) -> Command {
    let mut bare = Command::new(command[0]);
    bare.args(&command[1..]);
    bare
}

fn main() -> Result<(), Box<dyn Error>> {
    let program = std::env::args_os().nth(1).ok_or("give the path of the program runlog")?;
    let server = Server::start(PathBuf::from(program).canonicalize()?)?;
    println!(
        "| command | bare p50, p90 (ms) | runlog run p50, p90 (ms) | recorded p50 (ms) |\n| --- | --- | --- | --- |"
    );
    for (at, (command, count)) in TIMED.iter().enumerate() {
        let function = format!("time-{at}");
        let bare = times(*count, || bare(command))?;
        let wrapped = times(*count, || server.wrapped(&function, command))?;
        let mut recorded: Vec<f64> = server.runs(&function)?.iter().map(|run| run.duration).collect();
        recorded.sort_by(f64::total_cmp);
        let middle = recorded[recorded.len() / 2];
        println!("| {command:?} | {:.2}, {:.2} | {:.2}, {:.2} | {middle:.2} |", bare.0, bare.1, wrapped.0, wrapped.1);
    }
    println!("\n| command | GNU time (KiB) | recorded (KiB) | account |\n| --- | --- | --- | --- |");
    for (at, command) in WEIGHED.iter().enumerate() {
        let time = Command::new("/usr/bin/time").args(["-f", "%M"]).args(*command).output()?;
        let function = format!("memory-{at}");
        server.wrapped(&function, command).status()?;
        let runs = server.runs(&function)?;
        let run = runs.first().ok_or("no record")?;
        let expected = String::from_utf8_lossy(&time.stderr).trim().to_owned();
        println!("| {command:?} | {expected} | {} | {} |", run.mem_usage / 1024, run.source);
    }
    Ok(())
}
