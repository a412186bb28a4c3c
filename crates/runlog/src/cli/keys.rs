//! `runlog keys`: the keys of a data folder. A server that runs on it notices within a second or two.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::Subcommand;
use comfy_table::{Table, presets};

use super::place::Place;
use crate::cam::Policy;
use crate::files;
use crate::keys::{FIRST_ACCOUNT, Key, KeyFile};

/// Arguments of `runlog keys`.
#[derive(clap::Args)]
pub(crate) struct KeysArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a key and print it; its secret is shown this once.
    Create(CreateArgs),
    /// List the keys, without their secrets.
    List(Place),
    /// Delete a key.
    Delete {
        /// The SecretId of the key.
        secret_id: String,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(clap::Args)]
struct CreateArgs {
    /// File with a CAM policy document (version 2.0); may be given several times.
    #[arg(long = "policy", value_name = "FILE", required_unless_present = "root", conflicts_with = "root")]
    policies: Vec<PathBuf>,
    /// A key that may do all in its account.
    #[arg(long)]
    root: bool,
    /// The account that the key acts for.
    #[arg(long, value_name = "UIN", default_value = FIRST_ACCOUNT)]
    account: String,
    /// A note for people.
    #[arg(long, default_value = "")]
    note: String,
    #[command(flatten)]
    place: Place,
}

/// Does what the arguments ask.
pub(crate) fn run(args: KeysArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Create(args) => create(args),
        Command::List(place) => list(place),
        Command::Delete { secret_id, place } => delete(&secret_id, place),
    }?;
    Ok(ExitCode::SUCCESS)
}

fn create(args: CreateArgs) -> anyhow::Result<()> {
    if args.account.is_empty() || !args.account.bytes().all(|byte| byte.is_ascii_digit()) {
        bail!("--account takes digits, such as {FIRST_ACCOUNT}");
    }
    let read =
        |path: &PathBuf| Policy::parse(&files::read(path)?).map_err(|error| error.context(path.display().to_string()));
    let policies = args.policies.iter().map(read).collect::<anyhow::Result<Vec<_>>>()?;
    let key = Key::generate(&args.account, args.root, &args.note, policies);
    KeyFile::change(&args.place.data()?, |file| file.add(key.clone()))?;
    writeln!(std::io::stdout(), "SecretId: {}\nSecretKey: {}", key.secret_id, key.secret_key)?;
    Ok(())
}

fn list(place: Place) -> anyhow::Result<()> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["SECRET ID", "ACCOUNT", "MAY", "NOTE"]);
    for key in KeyFile::read(&place.data()?)?.keys {
        let may = if key.root { "all".to_owned() } else { format!("{} policies", key.policies.len()) };
        table.add_row([key.secret_id, key.account, may, key.note]);
    }
    writeln!(std::io::stdout(), "{}", table.trim_fmt())?;
    Ok(())
}

fn delete(secret_id: &str, place: Place) -> anyhow::Result<()> {
    KeyFile::change(&place.data()?, |file| {
        let before = file.keys.len();
        file.keys.retain(|key| key.secret_id != secret_id);
        if file.keys.len() == before {
            bail!("there is no key {secret_id}; `runlog keys list` shows them")
        } else {
            Ok(())
        }
    })
}
