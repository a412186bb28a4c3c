//! `runlog serve`: runs runs a server on a data folder.

use std::future::Future;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use runlog_server::Server;
use runlog_server::{LogFormat, Settings};
use runlog_store::Store;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::Flags;
use crate::store_options::store_options;

/// Arguments of `runlog serve`.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  runlog serve --data /var/lib/runlog                  on loopback; the first start prints a root key
  runlog serve --data DIR --listen 0.0.0.0:9160 --tls-cert cert.pem --tls-key key.pem
  RUNLOG_CONFIG=/etc/runlog.toml runlog serve          with a file of options")]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    flags: Flags,
}

/// Serves until it is told to stop (SIGTERM or SIGINT).
pub(crate) fn run(args: &ServeArgs) -> anyhow::Result<ExitCode> {
    let mut settings = args.flags.settings()?;
    start_log(&settings);
    settings.max_connections = allow_connections(settings.max_connections);
    let (runtime, server, engine) = start(settings)?;
    runtime.block_on(async {
        // Before anybody is told that the server runs, and may send it a signal.
        let (hangups, stop) = (tokio::spawn(survive_hangups()?), stopped()?);
        announce(&server)?;
        server.run(stop).await;
        hangups.abort();
        anyhow::Ok(())
    })?;
    close(runtime, engine)?;
    Ok(ExitCode::SUCCESS)
}

/// Files that the store, the log and the reactor need beside connections.
const OTHER_FILES: u64 = 256;

/// Raises this process's limit of open files to hold `connections`, as far as it may, and returns how many connections
/// there may be: a flood of them must leave the store its files.
fn allow_connections(connections: u32) -> u32 {
    let wanted = u64::from(connections) + OTHER_FILES;
    let limit = getrlimit(Resource::Nofile);
    let mut allowed = limit.current.unwrap_or(wanted);
    if allowed < wanted {
        let most = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));
        if setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum: limit.maximum }).is_ok() {
            allowed = most;
        }
    }
    let served = connections_within(connections, allowed);
    if served < connections {
        let advice = "raise the limit of open files (ulimit -n), or lower max_connections";
        tracing::warn!(allowed, wanted, served, advice, "fewer connections than max_connections will be served");
    }
    served
}

/// How many of `connections` fit into a limit of open files. Of a low limit, half is left to the rest of the server.
fn connections_within(connections: u32, files: u64) -> u32 {
    let fit = files - OTHER_FILES.min(files / 2);
    u32::try_from(u64::from(connections).min(fit)).expect("no more than were asked for").max(1)
}

/// Opens the store and binds the listener.
pub(crate) fn start(settings: Settings) -> anyhow::Result<(Runtime, Server, Arc<Store>)> {
    let store = Store::open(&settings.data, store_options(&settings))
        .with_context(|| format!("cannot open the data folder {}", settings.data.display()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let engine = Arc::new(store);
    let server = runtime.block_on(Server::bind(settings, Arc::clone(&engine) as _))?;
    Ok((runtime, server, engine))
}

/// Ends the runtime, then closes the store.
pub(crate) fn close(runtime: Runtime, engine: Arc<Store>) -> anyhow::Result<()> {
    // Dropping the runtime waits for running calls of the engine.
    drop(runtime);
    let store = Arc::into_inner(engine).context("the store is still in use")?;
    store.close().context("the store was not closed cleanly; nothing acknowledged is lost")?;
    tracing::info!("stopped");
    Ok(())
}

/// Completes when the process is asked to stop.
pub(crate) fn stopped() -> anyhow::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: no new connections, open requests finish");
    })
}

/// Keeps a SIGHUP from ending the server. Its sender expects the server to reload its options, so the log says that it
/// does not.
fn survive_hangups() -> anyhow::Result<impl Future<Output = ()>> {
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        while hangup.recv().await.is_some() {
            tracing::info!("SIGHUP is ignored: options are read at the start only; keys.json is read when it changes");
        }
    })
}

/// Sends structured events to standard error.
pub(crate) fn start_log(settings: &Settings) {
    let builder = tracing_subscriber::fmt().with_max_level(settings.log_level.0).with_writer(std::io::stderr);
    match settings.log_format {
        LogFormat::Text => builder.with_ansi(false).init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
}

/// Prints the server's address, and its root key if it was just created.
pub(crate) fn announce(server: &Server) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let also = if server.has_tls { " (and https on the same port)" } else { "" };
    writeln!(out, "runlog serves http://{}{also}", server.address)?;
    for (protocol, address) in server.otlp_addresses() {
        writeln!(out, "OpenTelemetry logs over {protocol} on {address}")?;
    }
    if let Some(key) = &server.made_root {
        writeln!(out, "A root key was created. It is shown only once:")?;
        writeln!(out, "SecretId: {}\nSecretKey: {}", key.secret_id, key.secret_key)?;
    }
    out.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_to_the_store() {
        for (files, connections) in [(4352, 4096), (100_000, 4096), (1024, 768), (512, 256), (256, 128), (2, 1), (0, 1)]
        {
            assert_eq!(connections_within(4096, files), connections, "{files} files");
        }
    }
}
