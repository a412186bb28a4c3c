//! `runlog policy`: the policies of keys. Decisions come from the server's own evaluation, with the statement that
//! decides.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Subcommand;
use runlog_server::cam::{Policy, Resource, decide};
use runlog_server::keys::{FIRST_ACCOUNT, Key, KeyFile};

use crate::cli::common::place::Place;
use crate::cli::common::say::{self, say};
use crate::config::Flags;
use crate::files;

/// Arguments of `runlog policy`.
#[derive(clap::Args)]
pub(crate) struct PolicyArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check whether a key may do something, and which statement decides; exit code 1 if it may not.
    Check(CheckArgs),
    /// Validate policy documents as the server would; exit code 1 if one is refused.
    Validate {
        /// Files with a CAM policy document (version 2.0).
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Print the policies of a key.
    Show {
        /// The SecretId of the key.
        key: String,
        #[command(flatten)]
        place: Place,
    },
    /// Replace the policies of a key.
    Set {
        /// The SecretId of the key.
        key: String,
        /// Files with a CAM policy document (version 2.0).
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(clap::Args)]
struct CheckArgs {
    /// The SecretId of the key.
    #[arg(long, value_name = "SECRETID", required_unless_present = "policies")]
    key: Option<String>,
    /// File with a policy document to check instead of a key's policies; may be given several times.
    #[arg(long = "policy", value_name = "FILE", conflicts_with = "key")]
    policies: Vec<PathBuf>,
    /// The action, such as scf:GetFunctionLogs or runlog:PutRuns.
    #[arg(long, value_name = "ACTION")]
    action: String,
    /// The resource: qcs::scf:REGION:uin/UIN:namespace/NS/function/NAME, or * for actions without a function.
    #[arg(long, value_name = "RESOURCE")]
    resource: String,
    #[command(flatten)]
    place: Place,
}

/// Runs the subcommand.
pub(crate) fn run(args: PolicyArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Check(args) => check(args),
        Command::Validate { files } => validate(&files),
        Command::Show { key, place } => show(&find(&place.data()?, &key)?),
        Command::Set { key, files, place } => set(&place.data()?, &key, &files),
    }
}

fn read(path: &Path) -> anyhow::Result<Policy> {
    Policy::parse(&files::read(path)?).with_context(|| path.display().to_string())
}

/// A key of a data folder, or the root key of the options.
fn find(data: &Path, secret_id: &str) -> anyhow::Result<Key> {
    if let Some(key) = KeyFile::read(data)?.keys.into_iter().find(|key| key.secret_id == secret_id) {
        return Ok(key);
    }
    if let Some(root) = Flags::default().settings()?.root_key.filter(|root| root.secret_id == secret_id) {
        let account = FIRST_ACCOUNT.to_owned();
        let (secret_id, secret_key) = (root.secret_id, root.secret_key);
        return Ok(Key { secret_id, secret_key, account, root: true, note: String::new(), policies: Vec::new() });
    }
    bail!("there is no key {secret_id} in {}; `runlog keys list` shows them", data.display())
}

fn check(args: CheckArgs) -> anyhow::Result<ExitCode> {
    if !args.action.split_once(':').is_some_and(|(service, name)| !service.is_empty() && !name.is_empty()) {
        bail!("`{}` is not an action; write it as scf:GetFunctionLogs or runlog:PutRuns", args.action);
    }
    let (policies, account, is_root) = match &args.key {
        Some(secret_id) => {
            let key = find(&args.place.data()?, secret_id)?;
            (key.policies, key.account, key.root)
        }
        None => (
            args.policies.iter().map(|path| read(path)).collect::<anyhow::Result<_>>()?,
            FIRST_ACCOUNT.to_owned(),
            false,
        ),
    };
    let resource = Resource::parse(&args.resource, &account)?;
    let mut out = std::io::stdout().lock();
    if let Resource::Function { account: asked, .. } = resource
        && args.key.is_some()
        && asked != account
    {
        writeln!(out, "denied: the key belongs to account {account}, and accounts never see each other's runs")?;
        return Ok(ExitCode::FAILURE);
    }
    if is_root {
        writeln!(out, "allowed: a root key may do everything in its account")?;
        return Ok(ExitCode::SUCCESS);
    }
    let decision = decide(&policies, &args.action, resource);
    let word = if decision.is_allowed { "allowed" } else { "denied" };
    match decision.by {
        Some(by) => {
            let text = policies.get(by.policy).and_then(|policy| policy.statement_text(by.statement));
            let place = match args.policies.get(by.policy) {
                Some(path) => path.display().to_string(),
                None => format!("policy {}", by.policy + 1),
            };
            let rule =
                if decision.is_allowed { "no statement denies it" } else { "an explicit deny wins over every allow" };
            writeln!(out, "{word}: statement {} of {place} decides ({rule})", by.statement + 1)?;
            writeln!(out, "  {}", text.unwrap_or_default())?;
        }
        None => {
            let statements: usize = policies.iter().map(Policy::statements).sum();
            writeln!(out, "{word}: none of {statements} statements concerns {} on {resource}", args.action)?;
            if matches!(resource, Resource::Any) {
                writeln!(out, "  without a function, only a statement whose resource is * counts")?;
            }
        }
    }
    Ok(ExitCode::from(u8::from(!decision.is_allowed)))
}

fn validate(paths: &[PathBuf]) -> anyhow::Result<ExitCode> {
    let mut refused = 0;
    for path in paths {
        match read(path) {
            Ok(policy) => writeln!(std::io::stdout(), "{}: ok, {} statements", path.display(), policy.statements())?,
            Err(error) => {
                refused += 1;
                say::error(&error);
            }
        }
    }
    Ok(ExitCode::from(u8::from(refused > 0)))
}

fn show(key: &Key) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    if key.root {
        say!("{} is a root key: no policy limits it", key.secret_id);
    }
    serde_json::to_writer_pretty(&mut out, &key.policies)?;
    writeln!(out)?;
    Ok(ExitCode::SUCCESS)
}

fn set(data: &Path, secret_id: &str, paths: &[PathBuf]) -> anyhow::Result<ExitCode> {
    let policies = paths.iter().map(|path| read(path)).collect::<anyhow::Result<Vec<_>>>()?;
    KeyFile::change(data, |file| {
        let Some(key) = file.keys.iter_mut().find(|key| key.secret_id == secret_id) else {
            bail!("there is no key {secret_id} in {}; `runlog keys list` shows them", data.display());
        };
        if key.root {
            bail!(
                "{secret_id} is a root key, which no policy limits; create another key with `runlog keys create \
                   --policy`"
            );
        }
        key.policies = policies;
        Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}
