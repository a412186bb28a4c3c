//! The real, unmodified clients against a running server. What each suite covers: compat/README.md.
//!
//! Every suite gets its own server with an empty data folder, and stores the same fixed runs itself. RUNLOG_ variables
//! tell it where the server is. A suite that cannot run on this machine is reported as skipped.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};

use crate::console;
use crate::report::{self, Outcome, Phase};
use crate::server::{self, SECRET_ID, SECRET_KEY, Server};
use crate::tools::{self, cargo, command, has, need, output, root, succeeds, target};

/// The task by which the scfcli suite starts itself again inside its namespace.
pub(crate) const INSIDE: &str = "compat-inside-namespace";

type Suite = fn(&Path) -> Result<Outcome>;

/// The suites, by the name that `cargo xtask compat NAME` takes.
const SUITES: [(&str, Suite); 9] = [
    ("python", python),
    ("node", node),
    ("tccli", tccli),
    ("scfcli", scfcli),
    ("otlp", otlp),
    ("duckdb", duckdb),
    ("openapi", openapi),
    ("terminal", terminal),
    ("browser", browser),
];

pub(crate) fn task(arguments: &[String]) -> Result<ExitCode> {
    let mut arguments = arguments.to_vec();
    let server = tools::take_option(&mut arguments, "--server")?;
    if let Some(name) = arguments.iter().find(|name| SUITES.iter().all(|(suite, _)| suite != name)) {
        bail!("there is no suite `{name}`; there are {}", SUITES.map(|(suite, _)| suite).join(", "));
    }
    let server = server.map(|path| fs::canonicalize(&path).with_context(|| path)).transpose()?;
    let mut phases = phases(server.as_deref());
    phases.retain(|phase| arguments.is_empty() || arguments.iter().any(|name| phase.name.ends_with(name)));
    Ok(report::run(phases))
}

/// A phase for each suite, against `server` or a fresh build.
pub(crate) fn phases(server: Option<&Path>) -> Vec<Phase> {
    let phase = |(name, suite): (&'static str, Suite)| {
        let server = server.map(Path::to_owned);
        let run = move || {
            let binary = match server {
                Some(binary) => binary,
                None if name == "browser" => with_pages()?,
                None => build()?,
            };
            suite(&binary)
        };
        Phase { name: format!("compat-{name}"), run: Box::new(run) }
    };
    SUITES.map(phase).into()
}

/// The pages are part of the program, so they are built before it.
fn with_pages() -> Result<PathBuf> {
    console::build()?;
    build()
}

fn build() -> Result<PathBuf> {
    tools::run(cargo().args(["build", "--quiet", "--package", "runlog"]))?;
    Ok(target().join("debug/runlog"))
}

fn python(binary: &Path) -> Result<Outcome> {
    if let Err(reason) = need_python() {
        return Ok(Outcome::skipped(reason));
    }
    let bin = tools::venv("python", Path::new("python3"), &root().join("compat/python/requirements.txt"))?;
    let server = Server::start(binary, &run_folder("python"), None, Some(0))?;
    let rated = Server::start(binary, &run_folder("python-rated"), None, None)?;
    unittest(&bin.join("python"), "python", &server, |suite| suite.env("RUNLOG_RATED_HTTP", rated.address.to_string()))
}

fn node(binary: &Path) -> Result<Outcome> {
    if let Err(reason) = need(&|| has("node") && has("npm"), &["nodejs", "npm"]) {
        return Ok(Outcome::skipped(reason));
    }
    let folder = tools::npm("node", &root().join("compat/node"))?;
    let server = Server::start(binary, &run_folder("node-server"), None, Some(0))?;
    let rated = Server::start(binary, &run_folder("node-rated"), None, None)?;
    let mut suite = command("node");
    suite.args(["--test", "--test-reporter=spec", "suite.mjs"]).current_dir(folder);
    tell(&mut suite, &server)
        .env("RUNLOG_RATED_HTTP", rated.address.to_string())
        .env("NODE_EXTRA_CA_CERTS", server.certificate());
    finish(&mut suite, &server, node_counts)
}

fn tccli(binary: &Path) -> Result<Outcome> {
    if let Err(reason) = need_python() {
        return Ok(Outcome::skipped(reason));
    }
    let bin = tools::venv("tccli", Path::new("python3"), &root().join("compat/tccli/requirements.txt"))?;
    let server = Server::start(binary, &run_folder("tccli"), None, Some(0))?;
    unittest(&bin.join("python"), "tccli", &server, |suite| suite.env("RUNLOG_TCCLI", bin.join("tccli")))
}

/// The OpenTelemetry SDK, which sends logs to separate ports; and a server that ends silent runs soon.
fn otlp(binary: &Path) -> Result<Outcome> {
    if let Err(reason) = need_python() {
        return Ok(Outcome::skipped(reason));
    }
    let bin = tools::venv("otlp", Path::new("python3"), &root().join("compat/otlp/requirements.txt"))?;
    let address = || anyhow::Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, server::free_port()?)).to_string());
    let (by_grpc, by_http) = (address()?, address()?);
    // No run may end as silent only because the machine is slow.
    let ports = ["--otlp-grpc", by_grpc.as_str(), "--otlp-http", by_http.as_str(), "--otlp-idle", "3600"];
    let server = Server::start_with(binary, &run_folder("otlp"), None, Some(0), &ports)?;
    let idle = Server::start_with(binary, &run_folder("otlp-idle"), None, Some(0), &["--otlp-idle", "1"])?;
    unittest(&bin.join("python"), "otlp", &server, |suite| {
        suite.env("RUNLOG_OTLP_GRPC", &by_grpc).env("RUNLOG_OTLP_HTTP", &by_http);
        suite.env("RUNLOG_IDLE_HTTP", idle.address.to_string())
    })
}

/// DuckDB reads what the program exports.
fn duckdb(binary: &Path) -> Result<Outcome> {
    python_suite("duckdb", binary)
}

/// The description of the native API, and whether the server conforms to it.
fn openapi(binary: &Path) -> Result<Outcome> {
    python_suite("openapi", binary)
}

/// The unittest suite in `compat/NAME`, with the packages that it names and the program at hand.
fn python_suite(name: &str, binary: &Path) -> Result<Outcome> {
    if let Err(reason) = need_python() {
        return Ok(Outcome::skipped(reason));
    }
    let requirements = root().join("compat").join(name).join("requirements.txt");
    let bin = tools::venv(name, Path::new("python3"), &requirements)?;
    let server = Server::start(binary, &run_folder(name), None, Some(0))?;
    unittest(&bin.join("python"), name, &server, |suite| suite.env("RUNLOG_BINARY", binary))
}

/// `scf logs` knows one address, scf.tencentcloudapi.com:443: the suite runs where that name is this machine, in a
/// network and mount namespace of its own. Nothing outside is changed.
fn scfcli(binary: &Path) -> Result<Outcome> {
    let Some(python38) = python38() else {
        return Ok(Outcome::skipped("needs Python 3.8: `python3.8` in the path, or `pyenv install 3.8`"));
    };
    let probe = || succeeds(command("ip").arg("-V")) && succeeds(namespace().arg("true"));
    if let Err(reason) = need(&probe, &["iproute2", "util-linux", "mount"]) {
        return Ok(Outcome::skipped(format!("needs `ip` and leave to `unshare --net --mount`: {reason}")));
    }
    let bin = tools::venv("scfcli", &python38, &root().join("compat/scfcli/requirements.txt"))?;
    let mut suite = namespace();
    suite.arg(std::env::current_exe()?).arg(INSIDE).arg(binary).arg(bin.join("scf"));
    let (status, text) = tools::watch(&mut suite)?;
    Ok(unittest_counts(&text).of_runner(status.success()))
}

/// The command line in a real terminal, a tmux pane. RUNLOG_RECORD=1 rewrites its snapshots.
fn terminal(binary: &Path) -> Result<Outcome> {
    let probe = || succeeds(command("tmux").arg("-V")) && has("python3");
    if let Err(reason) = need(&probe, &["tmux", "python3"]) {
        return Ok(Outcome::skipped(reason));
    }
    let server = Server::start(binary, &run_folder("terminal"), None, Some(0))?;
    unittest(Path::new("python3"), "terminal", &server, |suite| suite.env("RUNLOG_BINARY", binary))
}

/// The part of the scfcli suite that runs inside the namespace: BINARY SCF.
pub(crate) fn inside(arguments: &[String]) -> Result<ExitCode> {
    let [binary, scf] = arguments else { bail!("{INSIDE} is for xtask itself") };
    let folder = run_folder("scfcli");
    fs::create_dir_all(&folder)?;
    let hosts = target().join("compat/hosts");
    fs::write(&hosts, "127.0.0.1 localhost scf.tencentcloudapi.com\n")?;
    tools::run(command("ip").args(["link", "set", "lo", "up"]))?;
    tools::run(command("mount").arg("--bind").arg(hosts).arg("/etc/hosts"))?;
    let server = Server::start(Path::new(binary), &folder, Some(443), Some(0))?;
    let outcome = unittest(Path::new("python3"), "scfcli", &server, |suite| suite.env("RUNLOG_SCF", scf))?;
    Ok(ExitCode::from(u8::from(outcome.failed > 0)))
}

/// A command that runs in a network and mount namespace of its own; an ordinary user becomes root in a user namespace.
fn namespace() -> Command {
    let mut unshare = command("unshare");
    unshare.args(["--net", "--mount"]);
    if !tools::is_root() {
        unshare.args(["--user", "--map-root-user"]);
    }
    unshare
}

/// Runs the unittest suite in `compat/NAME`.
fn unittest(
    python: &Path,
    name: &str,
    server: &Server,
    more: impl Fn(&mut Command) -> &mut Command,
) -> Result<Outcome> {
    let folder = root().join("compat").join(name);
    let mut suite = command(python);
    suite.args(["-W", "error::UserWarning", "-m", "unittest", "--verbose"]).current_dir(folder);
    suite.env("PYTHONPATH", root().join("compat")).env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONUNBUFFERED", "1");
    more(tell(&mut suite, server));
    finish(&mut suite, server, unittest_counts)
}

/// What checks the syntax of a snippet whose SDK is not here: a command that succeeds where it is, and its package.
/// .NET is not in Debian, so its snippets are skipped by name.
const COMPILERS: [(&str, &[&str], &str); 5] = [
    ("php", &["--version"], "php-cli"),
    ("ruby", &["--version"], "ruby"),
    ("go", &["version"], "golang-go"),
    ("javac", &["--version"], "default-jdk-headless"),
    ("g++", &["--version"], "g++"),
];

/// The pages in Debian's Chromium, and the snippets of the Explorer with the clients of the other suites.
fn browser(binary: &Path) -> Result<Outcome> {
    if let Err(reason) = need(&|| has("node") && has("npm"), &["nodejs", "npm"]) {
        return Ok(Outcome::skipped(reason));
    }
    if let Err(reason) = need(&|| has("chromium"), &["chromium"]) {
        return Ok(Outcome::skipped(reason));
    }
    for (program, version, package) in COMPILERS {
        if let Err(reason) = need(&|| succeeds(command(program).args(version)), &[package]) {
            // The suite goes on, and skips the snippets of that language by name.
            println!("The snippets for {program} are not checked: {reason}");
        }
    }
    console::install()?;
    let server = Server::start(binary, &run_folder("browser"), None, Some(0))?;
    fill(binary, &server)?;
    let mut suite = command("npm");
    suite.args(["run", "--silent", "e2e"]).current_dir(root().join("web"));
    suite.env("RUNLOG_WEB", format!("http://{}", server.address)).env("RUNLOG_CLIENT", root().join("crates/client"));
    suite.env("RUNLOG_SNIPPETS_TARGET", target().join("snippets")).env("RUNLOG_BINARY", binary);
    suite.env("RUNLOG_NODE_MODULES", tools::npm("node", &root().join("compat/node"))?.join("node_modules"));
    match need_python() {
        Ok(()) => {
            let bin = |name: &str| {
                let requirements = root().join("compat").join(name).join("requirements.txt");
                tools::venv(name, Path::new("python3"), &requirements)
            };
            suite.env("RUNLOG_PYTHON", bin("python")?.join("python"));
            suite.env("RUNLOG_TCCLI", bin("tccli")?.join("tccli"));
        }
        Err(reason) => println!("The snippets for Python and tccli are not run: {reason}"),
    }
    finish(tell(&mut suite, &server), &server, node_counts)
}

/// Stores a day of sample runs.
fn fill(binary: &Path, server: &Server) -> Result<()> {
    let mut sample = command(binary).args(["sample", "--runs", "20000"]).stdout(Stdio::piped()).spawn()?;
    let runs = sample.stdout.take().context("the sample has no output")?;
    let mut import = command(binary);
    import.arg("import").args(["--endpoint", &format!("http://{}", server.address)]);
    import.env("RUNLOG_SECRET_ID", SECRET_ID).env("RUNLOG_SECRET_KEY", SECRET_KEY);
    tools::run(import.stdin(runs))?;
    if !sample.wait()?.success() {
        bail!("the sample runs could not be made");
    }
    Ok(())
}

/// Tells a suite where its server is.
fn tell<'a>(suite: &'a mut Command, server: &Server) -> &'a mut Command {
    suite
        .env("RUNLOG_HTTP", server.address.to_string())
        .env("RUNLOG_HTTPS", format!("localhost:{}", server.address.port()))
        .env("RUNLOG_CA", server.certificate())
        .env("RUNLOG_SECRET_ID", SECRET_ID)
        .env("RUNLOG_SECRET_KEY", SECRET_KEY)
        .env("RUNLOG_LIMITED_ID", &server.limited.0)
        .env("RUNLOG_LIMITED_KEY", &server.limited.1)
        .env("RUNLOG_RUNS", root().join("compat/runs.ndjson"))
}

fn finish(suite: &mut Command, server: &Server, counts: fn(&str) -> Outcome) -> Result<Outcome> {
    let (status, text) = tools::watch(suite)?;
    let outcome = counts(&text).of_runner(status.success());
    if outcome.failed > 0 {
        println!("The server's last lines:\n{}", server.last_words());
    }
    Ok(outcome)
}

/// Where a suite's server keeps its data and its log.
fn run_folder(name: &str) -> PathBuf {
    target().join("compat/run").join(name)
}

pub(crate) fn need_python() -> Result<(), String> {
    need(&|| succeeds(command("python3").args(["-c", "import ensurepip, venv"])), &["python3", "python3-venv"])
}

/// Python 3.8, from the path or from pyenv (whose shim in the path may point nowhere).
fn python38() -> Option<PathBuf> {
    let real =
        |python: &Path| output(command(python).args(["-c", "import sys; print(sys.executable)"])).map(PathBuf::from);
    let pyenv = std::env::var_os("PYENV_ROOT")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".pyenv")));
    let versions = pyenv.and_then(|folder| fs::read_dir(folder.join("versions")).ok()).into_iter().flatten();
    let installed = versions
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("3.8"))
        .map(|entry| entry.path().join("bin/python3.8"));
    std::iter::once(PathBuf::from("python3.8")).chain(installed).find_map(|python| real(&python))
}

/// Reads `Ran 12 tests in 1.0s` and `FAILED (failures=1, errors=2, skipped=3)`. A case with several failed parts counts
/// once, as far as the runner's own summary allows.
fn unittest_counts(text: &str) -> Outcome {
    let number = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0);
    let ran: u64 = text.lines().rev().find_map(|line| line.strip_prefix("Ran ")).map_or(0, number);
    let summary = text.lines().rev().find(|line| line.starts_with("OK") || line.starts_with("FAILED")).unwrap_or("");
    let count = |name: &str| -> u64 { summary.split_once(name).map_or(0, |(_, rest)| number(rest)) };
    let skipped = count("skipped=");
    let failed = (count("failures=") + count("errors=")).min(ran.saturating_sub(skipped));
    Outcome { passed: ran - failed - skipped, failed, skipped, ..Outcome::default() }
}

/// Reads the summary of Node's test runner: `ℹ pass 12`, `ℹ fail 0`.
fn node_counts(text: &str) -> Outcome {
    let count = |name: &str| -> u64 {
        let of = |line: &str| line.trim_start_matches(['ℹ', '#', ' ']).strip_prefix(name)?.trim().parse().ok();
        text.lines().rev().find_map(of).unwrap_or(0)
    };
    let failed = count("fail ") + count("cancelled ");
    Outcome { passed: count("pass "), failed, skipped: count("skipped ") + count("todo "), ..Outcome::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(outcome: &Outcome) -> (u64, u64, u64) {
        (outcome.passed, outcome.failed, outcome.skipped)
    }

    #[test]
    fn reads_the_summary_of_unittest() {
        let of = |text: &str| counts(&unittest_counts(text));
        assert_eq!(of("test_a ... ok\n\nRan 12 tests in 1.3s\n\nOK\n"), (12, 0, 0));
        assert_eq!(of("Ran 12 tests in 1.3s\n\nOK (skipped=2)\n"), (10, 0, 2));
        assert_eq!(of("Ran 12 tests in 1.3s\n\nFAILED (failures=3, errors=1, skipped=2)\n"), (6, 4, 2));
        assert_eq!(of("Ran 1 test in 1.3s\n\nFAILED (failures=9)\n"), (0, 1, 0), "nine parts of one case");
        assert_eq!(of("Traceback (most recent call last):\n"), (0, 0, 0));
    }

    #[test]
    fn reads_the_summary_of_node() {
        let text = "ℹ tests 7\nℹ suites 1\nℹ pass 4\nℹ fail 1\nℹ cancelled 0\nℹ skipped 2\nℹ todo 0\nℹ duration_ms 8\n";
        assert_eq!(counts(&node_counts(text)), (4, 1, 2));
    }
}
