//! `runlog config profiles` and `set-profile`.

use std::io::{self, BufRead, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::cli::common::failure::{Failure, end};
use crate::cli::common::profiles::{self, Profile};
use crate::cli::common::say::{self, say};
use crate::cli::common::table::Table;
use crate::files;

/// Arguments of `runlog config set-profile`.
#[derive(clap::Args)]
pub(super) struct SetProfileArgs {
    /// The name of the profile; an existing one is replaced.
    name: String,
    /// The server.
    #[arg(long, value_name = "URL")]
    endpoint: String,
    /// The key's id. Its secret is read from standard input, one line, so that no process list shows it.
    #[arg(long, value_name = "ID")]
    secret_id: Option<String>,
    /// Read a token from standard input, instead of the secret of a key.
    #[arg(long, conflicts_with = "secret_id")]
    token: bool,
    /// The region.
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// File with the CA certificate of an https server, as PEM.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

/// Prints the profiles; secrets are not shown.
pub(super) fn list() -> anyhow::Result<ExitCode> {
    end(print(), false)
}

fn print() -> Result<u8, Failure> {
    let profiles = profiles::all()?;
    let mut table = Table::indented(&["PROFILE", "ENDPOINT", "SECRET ID", "SECRET", "REGION", "CA"]);
    for (name, profile) in &profiles {
        let ca = profile.ca.as_ref().map(|path| path.display().to_string());
        let secret = match (&profile.secret_key, &profile.token) {
            (Some(_), None) => Some("key ***".to_owned()),
            (_, Some(_)) => Some("token ***".to_owned()),
            (None, None) => None,
        };
        let cells = [&profile.endpoint, &profile.secret_id, &secret, &profile.region, &ca];
        let text = |cell: &Option<String>| cell.clone().unwrap_or_default();
        table.row(std::iter::once(name.clone()).chain(cells.into_iter().map(text)));
    }
    if !profiles.is_empty() {
        table.print(&mut io::stdout())?;
    }
    let place = profiles::path().map_or_else(|| "no home folder".to_owned(), |path| path.display().to_string());
    say!("{} profiles in {place}", profiles.len());
    Ok(0)
}

/// Writes a profile.
pub(super) fn set(args: &SetProfileArgs) -> anyhow::Result<ExitCode> {
    end(args.set(), false)
}

impl SetProfileArgs {
    fn set(&self) -> Result<u8, Failure> {
        // Refuses an invalid endpoint before anything is written.
        runlog_client::Client::builder(&self.endpoint).credential("id", "key").build()?;
        let profile = Profile {
            endpoint: Some(self.endpoint.clone()),
            secret_id: self.secret_id.clone(),
            secret_key: if self.secret_id.is_some() { Some(read_secret("SecretKey")?) } else { None },
            token: if self.token { Some(read_secret("Token")?) } else { None },
            region: self.region.clone(),
            ca: self.ca.as_deref().map(files::absolute),
        };
        let path = profiles::store(&self.name, &profile)?;
        say!("profile `{}` is in {}", self.name, path.display());
        Ok(0)
    }
}

/// Reads the secret, without echo on a terminal.
fn read_secret(name: &str) -> Result<String, Failure> {
    let stdin = io::stdin();
    let usual = if stdin.is_terminal() { tcgetattr(&stdin).ok() } else { None };
    if let Some(mut quiet) = usual.clone() {
        say::prompt(name);
        quiet.local_modes.remove(LocalModes::ECHO);
        // If the echo cannot be turned off, the terminal shows the input.
        let _ = tcsetattr(&stdin, OptionalActions::Flush, &quiet);
    }
    let mut line = String::new();
    let read = stdin.lock().read_line(&mut line);
    if let Some(usual) = usual {
        let _ = tcsetattr(&stdin, OptionalActions::Now, &usual);
        say!("");
    }
    read?;
    let secret = line.trim();
    if secret.is_empty() {
        return Err(Failure::Usage("no secret; write it to standard input, in one line".to_owned()));
    }
    Ok(secret.to_owned())
}
