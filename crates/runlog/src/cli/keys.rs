//! `runlog keys`: the keys of a data folder. A server of this folder notices changes within a second or two.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::Subcommand;
use runlog_core::Zone;
use runlog_core::moment;
use runlog_server::Token;
use runlog_server::cam::Policy;
use runlog_server::clock;
use runlog_server::keys::{FIRST_ACCOUNT, Key, KeyFile};

use crate::cli::common::place::Place;
use crate::cli::common::table::Table;
use crate::config::Flags;
use crate::files;

/// Arguments of `runlog keys`.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  runlog keys create --policy reader.json --note dashboards
  runlog keys token --key AKID... --read-only          a token for a script
  runlog keys list")]
pub(crate) struct KeysArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Create a key and print it; its secret is shown only once.
    Create(CreateArgs),
    /// Create a token for a key (Authorization: Bearer TOKEN), and print it; it is shown only once.
    Token(TokenArgs),
    /// List the keys and tokens, without their secrets.
    List(Place),
    /// Delete a key with its tokens, or one token.
    Delete {
        /// The SecretId of the key, or the id of the token.
        id: String,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(clap::Args)]
struct CreateArgs {
    /// File with a CAM policy document (version 2.0); may be given several times.
    #[arg(long = "policy", value_name = "FILE", required_unless_present = "root", conflicts_with = "root")]
    policies: Vec<PathBuf>,
    /// Create a root key, which may do everything in its account.
    #[arg(long)]
    root: bool,
    /// The account of the key.
    #[arg(long, value_name = "UIN", default_value = FIRST_ACCOUNT)]
    account: String,
    /// A note for people.
    #[arg(long, default_value = "")]
    note: String,
    #[command(flatten)]
    place: Place,
}

#[derive(clap::Args)]
struct TokenArgs {
    /// The SecretId of the token's key.
    #[arg(long, value_name = "SECRETID")]
    key: String,
    /// How long the token is valid: 90s, 12h, 30d, 4w [default: until it is deleted].
    #[arg(long, value_name = "SPAN", value_parser = moment::span_ms)]
    expires: Option<i64>,
    /// Create a token that may only read.
    #[arg(long)]
    read_only: bool,
    /// A note for people.
    #[arg(long, default_value = "")]
    note: String,
    #[command(flatten)]
    place: Place,
}

/// Runs the subcommand.
pub(crate) fn run(args: KeysArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Create(args) => create(args),
        Command::Token(args) => token(args),
        Command::List(place) => list(place),
        Command::Delete { id, place } => KeyFile::change(&place.data()?, |file| file.delete(&id)),
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

fn token(args: TokenArgs) -> anyhow::Result<()> {
    let settings = Flags::default().settings()?;
    let is_given_root = settings.root_key.is_some_and(|root| root.secret_id == args.key);
    let expires_ms = args.expires.map(|span_ms| clock::now_ms().saturating_add(span_ms));
    let (token, text) = Token::generate(&args.key, expires_ms, args.read_only, &args.note);
    let id = token.id.clone();
    KeyFile::change(&args.place.data()?, |file| {
        if !is_given_root && !file.keys.iter().any(|key| key.secret_id == args.key) {
            bail!(
                "there is no key {}; `runlog keys list` shows them. For the key of --root-key, set RUNLOG_ROOT_KEY for \
                 this command too",
                args.key
            );
        }
        file.tokens.push(token);
        Ok(())
    })?;
    writeln!(std::io::stdout(), "Token: {text}\nTokenId: {id}")?;
    Ok(())
}

fn list(place: Place) -> anyhow::Result<()> {
    let file = KeyFile::read(&place.data()?)?;
    let mut table = Table::indented(&["ID", "ACCOUNT", "MAY", "NOTE"]);
    for key in file.keys {
        let may = if key.root { "all".to_owned() } else { format!("{} policies", key.policies.len()) };
        table.row([key.secret_id, key.account, may, key.note]);
    }
    for token in file.tokens {
        let read_only = if token.read_only { ", read only" } else { "" };
        let until = token.expires_ms.map(|ms| format!(", until {}", Zone::UTC.format_rfc3339(ms)));
        let may = format!("token of {}{read_only}{}", token.secret_id, until.unwrap_or_default());
        table.row([token.id, String::new(), may, token.note]);
    }
    Ok(table.print(&mut std::io::stdout())?)
}
