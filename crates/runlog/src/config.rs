//! Every option of the program, in one table.
//!
//! A row is a flag, an environment variable, a TOML key and a line of the documentation: `rate_limit` is
//! `--rate-limit`, `RUNLOG_RATE_LIMIT` and `rate_limit = 5`. The flag wins over the variable, the variable over the
//! file, the file over the default.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, bail};
use runlog_core::{Stream, Zone};

use crate::files;
use crate::retention::NamespaceRules;

/// Defines [`Settings`] and [`OPTIONS`] from one list of rows.
macro_rules! options {
    ($($(#[doc = $doc:literal])+ $name:ident: $type:ty = $default:literal, $value:literal $(, $secret:ident)?;)+) => {
        /// The effective options.
        #[derive(Clone, Debug)]
        pub(crate) struct Settings {
            $($(#[doc = $doc])+ pub(crate) $name: $type,)+
        }

        /// The table of options.
        pub(crate) const OPTIONS: &[OptionRow] = &[$(OptionRow {
            name: stringify!($name),
            value: $value,
            default: $default,
            doc: concat!($($doc),+),
            is_switch: <$type as OptionValue>::IS_SWITCH,
            is_secret: options!(@secret $($secret)?),
        },)+];

        impl Settings {
            fn from_texts(texts: &BTreeMap<&'static str, Effective>) -> anyhow::Result<Self> {
                Ok(Self { $($name: read_option(texts, stringify!($name))?,)+ })
            }
        }
    };
    (@secret secret) => { true };
    (@secret) => { false };
}

options! {
    /// Folder that holds the data; made if absent.
    data: PathBuf = "runlog-data", "DIR";
    /// Address to serve on; port 0 picks a free one.
    listen: SocketAddr = "127.0.0.1:9160", "ADDRESS";
    /// Root key of this server, instead of the one made on the first start.
    root_key: Option<RootKey> = "", "SECRETID:SECRETKEY", secret;
    /// Serve the native API without credentials, as the root of the first account. Only on a loopback address.
    insecure_dev: bool = "false", "BOOL";
    /// Requests a second for each key and action, in any second; 0 turns the limit off.
    rate_limit: u32 = "5", "N";
    /// How far a request's timestamp may differ from this server's clock, in seconds.
    signature_max_skew: u32 = "300", "SECONDS";
    /// Refuse a v1 request that comes again with the same Nonce, Timestamp and Signature.
    refuse_replay: bool = "false", "BOOL";
    /// Zone of times that are written without one, in requests and answers.
    time_zone: Zone = "+08:00", "ZONE";
    /// Region of requests and runs that name none.
    default_region: String = "ap-guangzhou", "REGION";
    /// The only regions to serve, separated by commas; empty serves every region.
    regions: Names = "", "LIST";
    /// Billed time is the duration rounded up to this many milliseconds, where the source gives none.
    billing_step_ms: u32 = "100", "MS";
    /// A run in flight that is silent for this long is closed as interrupted, in seconds.
    in_flight_ttl: u32 = "86400", "SECONDS";
    /// Days that runs are kept, in whole days of UTC; 0 keeps them forever.
    retention_days: u32 = "0", "DAYS";
    /// Bytes of stored runs over which the oldest days go, today never; 0 sets no bound.
    retention_bytes: u64 = "0", "BYTES";
    /// Namespaces with rules of their own, such as `batch=7d,audit=forever,logs=30d+10GB`.
    retention: NamespaceRules = "", "LIST";
    /// Folder that a root key may have backups made in, over HTTP; without one, that is refused.
    backup_dir: Option<PathBuf> = "", "DIR";
    /// TLS certificate chain, PEM. With one, http and https are served on the same port.
    tls_cert: Option<PathBuf> = "", "FILE";
    /// Private key of the certificate, PEM.
    tls_key: Option<PathBuf> = "", "FILE";
    /// Serve TLS with a certificate made for this machine, kept in DATA/tls/cert.pem. For development.
    tls_self_signed: bool = "false", "BOOL";
    /// Largest body of one ingest request as it is sent, in bytes.
    ingest_max_body: u64 = "268435456", "BYTES";
    /// Ingest requests that are worked on at a time; more are told to retry.
    ingest_max_concurrent: u32 = "64", "N";
    /// Address to serve OpenTelemetry logs on by gRPC, usually port 4317; none is off.
    otlp_grpc: Option<SocketAddr> = "", "ADDRESS";
    /// Address to serve OpenTelemetry logs on by HTTP, usually port 4318; `listen` serves them too.
    otlp_http: Option<SocketAddr> = "", "ADDRESS";
    /// A run of OpenTelemetry lines that nothing was heard of for this long has finished, in seconds.
    otlp_idle: u32 = "60", "SECONDS";
    /// Runs of OpenTelemetry lines that go on at a time; lines of more are rejected.
    otlp_max_open_runs: u32 = "50000", "N";
    /// Seconds that a client may be silent while its request is awaited or arrives.
    client_timeout: u32 = "30", "SECONDS";
    /// Connections that are open at a time; more wait.
    max_connections: u32 = "4096", "N";
    /// Seconds that open requests get to finish when the server stops.
    shutdown_grace: u32 = "20", "SECONDS";
    /// Level of the log on stderr: off, error, warn, info, debug or trace.
    log_level: LogLevel = "info", "LEVEL";
    /// Form of the log on stderr: text or json.
    log_format: LogFormat = "text", "FORMAT";
}

impl Settings {
    /// How long a client may be silent.
    pub(crate) fn client_timeout(&self) -> Duration {
        Duration::from_secs(self.client_timeout.into())
    }

    /// Whether requests and runs of a region are taken.
    pub(crate) fn serves_region(&self, region: &str) -> bool {
        self.regions.0.is_empty() || self.regions.0.iter().any(|served| served == region)
    }

    /// What no option can check by itself.
    fn check(&self) -> anyhow::Result<()> {
        if self.tls_cert.is_some() != self.tls_key.is_some() {
            bail!("--tls-cert and --tls-key go together: give both, or --tls-self-signed");
        }
        if self.tls_cert.is_some() && self.tls_self_signed {
            bail!("--tls-self-signed makes its own certificate: give it, or --tls-cert and --tls-key, not both");
        }
        if let Some(id) = self.regions.0.iter().chain([&self.default_region]).find(|id| !Stream::is_region(id)) {
            bail!("`{id}` is not a region's id; it takes 1 to 64 letters, digits, - and _");
        }
        let mut addresses = [Some(self.listen), self.otlp_grpc, self.otlp_http].into_iter().flatten();
        if let Some(open) = addresses.find(|address| self.insecure_dev && !address.ip().is_loopback()) {
            bail!("--insecure-dev serves whoever can connect, so it needs a loopback address, not {open}");
        }
        if self.otlp_idle == 0 {
            bail!("option `otlp_idle`: 0 seconds would end every run at its first line; give at least 1");
        }
        if self.client_timeout == 0 {
            bail!("option `client_timeout`: 0 seconds would refuse every client; give at least 1");
        }
        Ok(())
    }
}

/// Options that cannot be used as they are given.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unusable(String);

/// One row of the table.
pub(crate) struct OptionRow {
    /// The TOML key; flag and variable follow from it.
    pub(crate) name: &'static str,
    /// What stands for the value in help.
    pub(crate) value: &'static str,
    /// The default, as text; empty for none.
    pub(crate) default: &'static str,
    /// One sentence or two.
    pub(crate) doc: &'static str,
    /// Whether the flag may stand without a value.
    pub(crate) is_switch: bool,
    /// Whether the value must not be shown.
    pub(crate) is_secret: bool,
}

/// An option's text, and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Effective {
    pub(crate) text: String,
    pub(crate) origin: &'static str,
}

/// A type that an option can have.
pub(crate) trait OptionValue: Sized {
    /// Whether the flag alone means true.
    const IS_SWITCH: bool = false;
    /// Reads the value; the error says what is expected.
    fn read(text: &str) -> Result<Self, String>;
}

/// The root key given on the command line.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RootKey {
    pub(crate) secret_id: String,
    pub(crate) secret_key: String,
}

/// A list of names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Names(pub(crate) Vec<String>);

/// See [`Settings::log_level`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogLevel(pub(crate) tracing_subscriber::filter::LevelFilter);

/// See [`Settings::log_format`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

impl OptionRow {
    /// The flag, without its dashes.
    pub(crate) fn flag(&self) -> String {
        self.name.replace('_', "-")
    }

    /// The environment variable.
    pub(crate) fn variable(&self) -> String {
        format!("RUNLOG_{}", self.name.to_uppercase())
    }
}

/// The flags of the command line, as an argument group for any command that needs settings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags {
    texts: BTreeMap<&'static str, String>,
    config: Option<PathBuf>,
}

impl Flags {
    /// The options that hold, each with its text and origin.
    pub(crate) fn effective(&self) -> anyhow::Result<BTreeMap<&'static str, Effective>> {
        let file = match self.config.clone().or_else(|| std::env::var_os("RUNLOG_CONFIG").map(PathBuf::from)) {
            Some(path) => read_file(&path)?,
            None => BTreeMap::new(),
        };
        OPTIONS
            .iter()
            .map(|row| {
                let from_flag = || self.texts.get(row.name).map(|text| (text.clone(), "flag"));
                let from_file = || file.get(row.name).map(|text| (text.clone(), "file"));
                let (text, origin) = match (from_flag(), std::env::var_os(row.variable())) {
                    (Some(flag), _) => flag,
                    (None, Some(text)) => (utf8(text, &row.variable())?, "environment"),
                    (None, None) => from_file().unwrap_or((row.default.to_owned(), "default")),
                };
                Ok((row.name, Effective { text, origin }))
            })
            .collect()
    }

    /// The options that hold, read and checked.
    ///
    /// # Errors
    /// [`Unusable`], which the command line takes for a mistake in its usage.
    pub(crate) fn settings(&self) -> anyhow::Result<Settings> {
        let read = || {
            let settings = Settings::from_texts(&self.effective()?)?;
            settings.check()?;
            anyhow::Ok(settings)
        };
        read().map_err(|error| Unusable(format!("{error:#}")).into())
    }

    /// The same flags with one option set, unless the command line sets it.
    pub(crate) fn or(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.texts.entry(name).or_insert_with(|| text.into());
        self
    }
}

fn read_file(path: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let table: toml::Table =
        files::read(path)?.parse().with_context(|| format!("{} is not valid TOML", path.display()))?;
    table
        .into_iter()
        .map(|(name, value)| {
            if !OPTIONS.iter().any(|row| row.name == name) {
                bail!("{}: there is no option `{name}`; `runlog config` lists them", path.display());
            }
            let text = match value {
                toml::Value::String(text) => text,
                toml::Value::Integer(number) => number.to_string(),
                toml::Value::Boolean(switch) => switch.to_string(),
                toml::Value::Array(items) => {
                    let names = items.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>();
                    names.with_context(|| format!("{}: `{name}` takes a list of texts", path.display()))?.join(",")
                }
                _ => bail!("{}: `{name}` takes a text, a whole number, true, false or a list", path.display()),
            };
            Ok((name, text))
        })
        .collect()
}

fn utf8(text: OsString, name: &str) -> anyhow::Result<String> {
    text.into_string().map_err(|_| anyhow::anyhow!("{name} is not UTF-8"))
}

fn read_option<T: OptionValue>(texts: &BTreeMap<&'static str, Effective>, name: &'static str) -> anyhow::Result<T> {
    let Effective { text, origin } = texts.get(name).with_context(|| format!("option `{name}` is missing"))?;
    T::read(text).map_err(|expected| anyhow::anyhow!("option `{name}` (from {origin}): {expected}"))
}

impl clap::Args for Flags {
    fn augment_args(command: clap::Command) -> clap::Command {
        let config = clap::Arg::new("config")
            .long("config")
            .value_name("FILE")
            .help("TOML file of options [env: RUNLOG_CONFIG]")
            .value_parser(clap::value_parser!(PathBuf));
        let rows = OPTIONS.iter().map(|row| {
            let default = if row.default.is_empty() { String::new() } else { format!(" [default: {}]", row.default) };
            let help = format!("{} [env: {}]{default}", row.doc.trim(), row.variable());
            let arg = clap::Arg::new(row.name).long(row.flag()).value_name(row.value).help(help);
            if row.is_switch { arg.num_args(0..=1).require_equals(true).default_missing_value("true") } else { arg }
        });
        command.arg(config).args(rows)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for Flags {
    fn from_arg_matches(matches: &clap::ArgMatches) -> Result<Self, clap::Error> {
        let given = OPTIONS.iter().filter_map(|row| Some((row.name, matches.get_one::<String>(row.name)?.clone())));
        Ok(Self { texts: given.collect(), config: matches.get_one("config").cloned() })
    }

    fn update_from_arg_matches(&mut self, matches: &clap::ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl std::fmt::Debug for RootKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RootKey({}, ***)", self.secret_id)
    }
}

impl OptionValue for RootKey {
    fn read(text: &str) -> Result<Self, String> {
        let parts = text.split_once(':').filter(|(id, key)| {
            let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_graphic());
            plain(id) && plain(key) && !id.contains('/') && !id.contains(',')
        });
        let (secret_id, secret_key) = parts.ok_or("write it as SECRETID:SECRETKEY, printable ASCII without spaces")?;
        Ok(Self { secret_id: secret_id.to_owned(), secret_key: secret_key.to_owned() })
    }
}

impl OptionValue for bool {
    const IS_SWITCH: bool = true;

    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| format!("`{text}` is neither true nor false"))
    }
}

impl OptionValue for String {
    fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() { Err("it is empty".to_owned()) } else { Ok(text.to_owned()) }
    }
}

impl OptionValue for PathBuf {
    fn read(text: &str) -> Result<Self, String> {
        String::read(text).map(PathBuf::from)
    }
}

impl OptionValue for Names {
    fn read(text: &str) -> Result<Self, String> {
        Ok(Self(text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()))
    }
}

impl<T: OptionValue> OptionValue for Option<T> {
    fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() { Ok(None) } else { T::read(text).map(Some) }
    }
}

impl OptionValue for LogFormat {
    fn read(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(format!("`{text}` is neither text nor json")),
        }
    }
}

impl OptionValue for LogLevel {
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| format!("`{text}` is not one of off, error, warn, info, debug, trace"))
    }
}

impl OptionValue for Zone {
    fn read(text: &str) -> Result<Self, String> {
        parsed(text)
    }
}

impl OptionValue for SocketAddr {
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| format!("`{text}` is not an address; write it as 127.0.0.1:9160 or [::]:9160"))
    }
}

impl OptionValue for u32 {
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| format!("`{text}` is not a whole number from 0 to {}", u32::MAX))
    }
}

impl OptionValue for u64 {
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| format!("`{text}` is not a whole number from 0 to {}", u64::MAX))
    }
}

fn parsed<T: FromStr<Err: ToString>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_can_be_read() {
        Flags::default().settings().unwrap();
    }

    #[test]
    fn every_row_is_documented_by_a_sentence() {
        for row in OPTIONS {
            assert!(row.doc.trim().ends_with('.'), "{}", row.name);
        }
    }

    /// `docs/options.md` is this table. `RUNLOG_BLESS=1 cargo test -p runlog options` writes it anew.
    #[test]
    fn the_documentation_lists_the_options() {
        let mut page =
            "# Options\n\nA flag wins over its environment variable, that over the TOML file (`--config FILE` \
                        or `RUNLOG_CONFIG`), that over\nthe default. `runlog config` shows what holds, and why.\n\n\
                        | flag | variable | TOML key | default | meaning |\n| --- | --- | --- | --- | --- |\n"
                .to_owned();
        for row in OPTIONS {
            let default = if row.default.is_empty() { String::new() } else { format!("`{}`", row.default) };
            let value = if row.is_switch { String::new() } else { format!(" {}", row.value) };
            let (flag, variable, name, doc) = (row.flag(), row.variable(), row.name, row.doc.trim());
            page += &format!("| `--{flag}{value}` | `{variable}` | `{name}` | {default} | {doc} |\n");
        }
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/options.md");
        if std::env::var_os("RUNLOG_BLESS").is_some() {
            files::write_private(&path, &page).unwrap();
        }
        assert_eq!(files::read(&path).unwrap(), page, "docs/options.md is behind the table");
    }

    #[test]
    fn a_wrong_value_says_what_is_expected() {
        let error = Flags::default().or("listen", "nowhere").settings().unwrap_err().to_string();
        assert_eq!(
            error,
            "option `listen` (from flag): `nowhere` is not an address; write it as 127.0.0.1:9160 or [::]:9160"
        );
    }
}
