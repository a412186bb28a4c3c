//! The parts that every task needs: finding the repository, running a command, installing what is missing.
//!
//! Invariants: nothing is installed outside the target folder, except Debian packages when run as root; nothing is
//! installed twice (the pinned versions a folder was made from are kept beside it); every command is printed first.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::LazyLock;

use anyhow::{Context, Result, bail};

/// The folder of the workspace. Cargo says where it is now; what it said at build time is wrong after a move.
pub(crate) fn root() -> &'static Path {
    static MANIFEST: LazyLock<PathBuf> = LazyLock::new(|| {
        std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from)
    });
    MANIFEST.parent().expect("xtask is a folder of the workspace")
}

/// Cargo's target folder.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(folder))
}

/// A command that runs in the workspace.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// The cargo that started this task.
pub(crate) fn cargo() -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs a command; fails if the command fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    announce(command);
    let status = command.status().with_context(|| format!("cannot start {}", program(command)))?;
    if !status.success() {
        let what = command.get_args().next().unwrap_or_default().to_string_lossy();
        bail!("`{} {what}` failed, see above ({status})", program(command));
    }
    Ok(())
}

/// Runs a command, shows its output while it runs, and returns it.
pub(crate) fn watch(command: &mut Command) -> Result<(ExitStatus, String)> {
    announce(command);
    let (reader, writer) = std::io::pipe()?;
    command.stdout(writer.try_clone()?).stderr(writer).stdin(Stdio::null());
    let child = command.spawn();
    // The command holds the writing ends: until they are closed, the reading end never ends.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = child.with_context(|| format!("cannot start {}", program(command)))?;
    let mut text = String::new();
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        std::io::stdout().write_all(&line)?;
        text += &String::from_utf8_lossy(&line);
        line.clear();
    }
    Ok((child.wait()?, text))
}

/// Whether a command starts and succeeds; it says nothing.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// Whether a program exists and prints its version.
pub(crate) fn has(program: &str) -> bool {
    succeeds(command(program).arg("--version"))
}

/// What a quiet command prints, if it succeeds.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let done = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    done.status.success().then(|| String::from_utf8_lossy(&done.stdout).trim().to_owned())
}

fn announce(command: &Command) {
    let arguments: Vec<_> = command.get_args().map(OsStr::to_string_lossy).collect();
    println!("$ {} {}", program(command), arguments.join(" "));
}

fn program(command: &Command) -> String {
    let path = Path::new(command.get_program());
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Whether this process runs as root.
pub(crate) fn is_root() -> bool {
    output(command("id").arg("-u")).is_some_and(|id| id == "0")
}

/// Makes `probe` succeed, by installing Debian packages if it fails and this process may install them.
pub(crate) fn need(probe: &dyn Fn() -> bool, packages: &[&str]) -> Result<(), String> {
    if probe() {
        return Ok(());
    }
    let list = packages.join(" ");
    if !is_root() || !has("apt-get") {
        return Err(format!("needs the Debian packages {list} or their like; as root, xtask installs them itself"));
    }
    let apt = |arguments: &[&str]| {
        run(command("apt-get").args(["-qq", "-y"]).args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    apt(&["update"])
        .and_then(|()| apt(&[&["install", "--no-install-recommends"], packages].concat()))
        .map_err(|error| format!("could not install {list}: {error:#}"))?;
    if probe() { Ok(()) } else { Err(format!("installed {list}, but that was not enough")) }
}

/// A Python environment below the target folder that holds exactly what a requirements file pins. Returns its `bin`.
pub(crate) fn venv(name: &str, python: &Path, requirements: &Path) -> Result<PathBuf> {
    let folder = target().join("compat/venv").join(name);
    let wanted = format!("{}\n{}", python.display(), fs::read_to_string(requirements)?);
    install_once(&folder, &wanted, || {
        run(command(python).args(["-m", "venv"]).arg(&folder))?;
        let quiet = ["-m", "pip", "install", "-qq", "--disable-pip-version-check", "--requirement"];
        run(command(folder.join("bin/python")).args(quiet).arg(requirements))
    })?;
    Ok(folder.join("bin"))
}

/// A folder below the target folder that holds the files of `source` and what its lock file pins.
pub(crate) fn npm(name: &str, source: &Path) -> Result<PathBuf> {
    let folder = target().join("compat").join(name);
    install_once(&folder, &fs::read_to_string(source.join("package-lock.json"))?, || {
        copy_files(source, &folder)?;
        run(command("npm").args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&folder))
    })?;
    copy_files(source, &folder)?;
    Ok(folder)
}

/// Fills an empty folder unless it was already filled for the same `wanted`; a half-filled one is filled again.
fn install_once(folder: &Path, wanted: &str, fill: impl FnOnce() -> Result<()>) -> Result<()> {
    let stamp = folder.join("installed.txt");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    fill()?;
    Ok(fs::write(stamp, wanted)?)
}

fn copy_files(source: &Path, folder: &Path) -> Result<()> {
    for entry in fs::read_dir(source)? {
        let path = entry?.path();
        if path.is_file() {
            fs::copy(&path, folder.join(path.file_name().unwrap_or_default()))?;
        }
    }
    Ok(())
}

/// Takes `--name VALUE` out of the arguments.
pub(crate) fn take_option(arguments: &mut Vec<String>, name: &str) -> Result<Option<String>> {
    let Some(at) = arguments.iter().position(|argument| argument == name) else {
        return Ok(None);
    };
    if at + 1 == arguments.len() {
        bail!("{name} needs a value");
    }
    Ok(arguments.drain(at..at + 2).next_back())
}

/// Refuses any remaining arguments.
pub(crate) fn no_more(arguments: &[String]) -> Result<()> {
    match arguments.first() {
        Some(argument) => bail!("unknown argument `{argument}`; see `cargo xtask --help`"),
        None => Ok(()),
    }
}
