//! `runlog demo`: a server on loopback with a day of sample runs and a few real ones, and calls to paste.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::Context;
use runlog_client::{Client, NewRun};
use runlog_core::limits::DAY_MS;
use runlog_runner::{End, Job};
use runlog_server::Settings;
use runlog_server::clock;
use runlog_server::keys::{Key, KeyFile};

use super::serve;
use crate::config::Flags;
use crate::sample::Plan;

use crate::cli::common::say::say;

/// Arguments of `runlog demo`: those of `serve`, and the size of the sample.
#[derive(clap::Args)]
pub(crate) struct DemoArgs {
    /// How many sample runs of the last 24 hours.
    #[arg(long, default_value_t = 20_000)]
    runs: u64,
    /// The same seed gives the same runs.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Run a shell command when the demo is ready, with RUNLOG_ENDPOINT, RUNLOG_SECRET_ID, RUNLOG_SECRET_KEY and
    /// RUNLOG_REGION in its environment.
    #[arg(long, value_name = "COMMAND")]
    visit: Option<String>,
    #[command(flatten)]
    flags: Flags,
}

/// Real commands to run, each as a separate function. The last one fails.
const REAL_RUNS: &[(&str, &[&str])] = &[
    ("demo-uname", &["uname", "-a"]),
    ("demo-disk", &["df", "-h"]),
    ("demo-greeting", &["sh", "-c", "echo 你好,世界; echo hello, world"]),
    ("demo-slow", &["sh", "-c", "for i in 1 2 3; do echo step $i; sleep 0.1; done"]),
    ("demo-failing", &["sh", "-c", "echo reading config; ls /no/such/folder"]),
];

/// Serves the demo until it is told to stop. Without `--data`, its folder is temporary.
pub(crate) fn run(args: DemoArgs) -> anyhow::Result<ExitCode> {
    let temporary = tempfile::Builder::new().prefix("runlog-demo-").tempdir()?;
    let folder = temporary.path().join("data");
    let flags = args.flags.or("data", folder.to_string_lossy()).or("log_level", "warn");
    let settings = flags.settings()?;
    serve::start_log(&settings);
    // Before the server takes memory: a command is never reported smaller than the process that started it.
    let real: Vec<NewRun> = REAL_RUNS.iter().filter_map(|(function, command)| real_run(function, command)).collect();
    let (runtime, mut server, backend) = serve::start(settings.clone())?;
    runtime.block_on(server.take_usual_otlp_ports());
    let demo = Demo {
        endpoint: format!("http://{}", server.address),
        key: root_key(&settings, server.made_root.clone())?,
        region: settings.default_region,
    };
    serve::announce(&server)?;
    let serving = runtime.spawn(server.run(runtime.block_on(async { serve::stopped() })?));
    demo.fill(args.runs, args.seed, real)?;
    demo.explain()?;
    if let Some(command) = &args.visit {
        demo.visit(command)?;
    }
    runtime.block_on(serving)?;
    serve::close(runtime, backend)?;
    Ok(ExitCode::SUCCESS)
}

fn root_key(settings: &Settings, made: Option<Key>) -> anyhow::Result<(String, String)> {
    if let Some(given) = &settings.root_key {
        return Ok((given.secret_id.clone(), given.secret_key.clone()));
    }
    let known = || Ok::<_, anyhow::Error>(KeyFile::read(&settings.data)?.keys.into_iter().find(|key| key.root));
    let key = made.map_or_else(known, |key| Ok(Some(key)))?.context("the data folder has no root key")?;
    Ok((key.secret_id, key.secret_key))
}

struct Demo {
    endpoint: String,
    key: (String, String),
    region: String,
}

impl Demo {
    /// Posts the sample day and the real runs over HTTP, like any sender.
    fn fill(&self, runs: u64, seed: u64, real: Vec<NewRun>) -> anyhow::Result<()> {
        let client =
            Client::builder(&self.endpoint).credential(&self.key.0, &self.key.1).region(&self.region).build()?;
        let sample = client.put_runs(Plan::day(seed, runs, clock::now_ms() - DAY_MS).generate())?;
        let real = client.put_runs(real)?;
        writeln!(
            std::io::stdout(),
            "Stored {} sample runs of the last 24 hours and {} real runs of commands on this machine.",
            sample.accepted + sample.duplicates,
            real.accepted
        )?;
        Ok(())
    }

    /// Prints calls that work as printed.
    fn explain(&self) -> anyhow::Result<()> {
        let host = self.endpoint.trim_start_matches("http://");
        let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("runlog"));
        let text = include_str!("demo.txt")
            .replace("{program}", &program.to_string_lossy())
            .replace("{endpoint}", &self.endpoint)
            .replace("{host}", host)
            .replace("{region}", &self.region)
            .replace("{secret_id}", &self.key.0)
            .replace("{secret_key}", &self.key.1);
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()?;
        Ok(())
    }

    /// Runs a command on the demo. If it fails, the failure is shown and the demo goes on.
    fn visit(&self, command: &str) -> anyhow::Result<()> {
        let status = Command::new("sh")
            .args(["-c", command])
            .env("RUNLOG_ENDPOINT", &self.endpoint)
            .env("RUNLOG_SECRET_ID", &self.key.0)
            .env("RUNLOG_SECRET_KEY", &self.key.1)
            .env("RUNLOG_REGION", &self.region)
            .status()?;
        if !status.success() {
            say!("`{command}` ended with {status}");
        }
        Ok(())
    }
}

/// The run of a command; `None` if this machine lacks the command.
fn real_run(function: &str, command: &[&str]) -> Option<NewRun> {
    let command: Vec<OsString> = command.iter().map(OsString::from).collect();
    let (run, end) = Job::quiet(function, &command).run(|_| ());
    (end != End::Code(127)).then(|| run.into())
}
