//! Every option of the server, in one table.
//!
//! A row is a flag, an environment variable, a TOML key and a line of the documentation: `rate_limit` is
//! `--rate-limit`, `RUNLOG_RATE_LIMIT` and `rate_limit = 5`. The command line reads them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use runlog_core::{Stream, Zone};
use tracing::level_filters::LevelFilter;

use crate::option_value::OptionValue;
use crate::retention::NamespaceRules;

/// The least of `ingest_memory`: the longest line while its buffer grows, and the run in it.
const INGEST_MEMORY_MIN_BYTES: u64 = 128 << 20;

/// The least of `unverified_memory`: three quarters of it hold the longest body that a signature may cover.
const UNVERIFIED_MEMORY_MIN_BYTES: u64 = 2 * runlog_wire::limits::TC3_POST_MAX_BYTES as u64;

/// Defines [`Settings`] and [`OPTIONS`] from one list of rows.
macro_rules! options {
    ($($(#[doc = $doc:literal])+ $name:ident: $type:ty = $default:literal, $value:literal $(, $secret:ident)?;)+) => {
        /// The effective options.
        #[derive(Clone, Debug)]
        pub struct Settings {
            $($(#[doc = $doc])+ pub $name: $type,)+
        }

        /// The table of options.
        pub const OPTIONS: &[OptionRow] = &[$(OptionRow {
            name: stringify!($name),
            value: $value,
            default: $default,
            doc: concat!($($doc),+),
            is_switch: <$type as OptionValue>::IS_SWITCH,
            is_secret: options!(@secret $($secret)?),
        },)+];

        impl Settings {
            /// Reads every option and checks them together.
            ///
            /// # Errors
            /// A sentence about the first invalid option.
            pub fn from_texts(texts: &BTreeMap<&'static str, Effective>) -> anyhow::Result<Self> {
                let settings = Self { $($name: read_option(texts, stringify!($name))?,)+ };
                settings.check()?;
                Ok(settings)
            }
        }
    };
    (@secret secret) => { true };
    (@secret) => { false };
}

options! {
    /// Data folder; created if absent.
    data: PathBuf = "runlog-data", "DIR";
    /// Address to serve on; port 0 picks a free one.
    listen: SocketAddr = "127.0.0.1:9160", "ADDRESS";
    /// Root key of this server, instead of the one created on the first start.
    root_key: Option<RootKey> = "", "SECRETID:SECRETKEY", secret;
    /// Serve the native API without credentials, as the root of the first account. Only on a loopback address.
    insecure_dev: bool = "false", "BOOL";
    /// Requests allowed per key and action in any second; 0 turns the limit off.
    rate_limit: u32 = "5", "N";
    /// How far a request's timestamp may differ from this server's clock, in seconds.
    signature_max_skew: u32 = "300", "SECONDS";
    /// Refuse a v1 request that repeats an earlier Nonce, Timestamp and Signature.
    refuse_replay: bool = "false", "BOOL";
    /// Time zone of times without a zone, in requests and answers.
    time_zone: Zone = "+08:00", "ZONE";
    /// Region of requests and runs that do not name one.
    default_region: String = "ap-guangzhou", "REGION";
    /// The only regions to serve, separated by commas. Empty: every region.
    regions: Names = "", "LIST";
    /// Milliseconds to which the duration is rounded up as billed time, if the source gives no billed time.
    billing_step_ms: u32 = "100", "MS";
    /// Seconds after which a run in flight without new reports is closed as interrupted.
    in_flight_ttl: u32 = "86400", "SECONDS";
    /// Days to keep runs, in whole days of UTC; 0 keeps them forever.
    retention_days: u32 = "0", "DAYS";
    /// Size in bytes of stored runs above which the oldest days are removed, but never today; 0 sets no limit.
    retention_bytes: u64 = "0", "BYTES";
    /// Namespaces with their own retention rules, such as `batch=7d,audit=forever,logs=30d+10GB`.
    retention: NamespaceRules = "", "LIST";
    /// Folder for backups that a root key requests over HTTP. Empty: such requests are refused.
    backup_dir: Option<PathBuf> = "", "DIR";
    /// TLS certificate chain, PEM. With it, http and https are served on the same port.
    tls_cert: Option<PathBuf> = "", "FILE";
    /// Private key of the certificate, PEM.
    tls_key: Option<PathBuf> = "", "FILE";
    /// Serve TLS with a certificate made for this machine, kept in DATA/tls/cert.pem. For development.
    tls_self_signed: bool = "false", "BOOL";
    /// Largest body of one ingest request as sent, in bytes.
    ingest_max_body: u64 = "268435456", "BYTES";
    /// Maximum number of concurrent ingest requests; further ones are told to retry.
    ingest_max_concurrent: u32 = "64", "N";
    /// Maximum number of records in one posted body.
    ingest_max_records: u64 = "1000000", "N";
    /// Memory that all concurrent ingest requests may take together, in bytes; further ones are told to retry.
    ingest_memory: u64 = "268435456", "BYTES";
    /// Address to serve OpenTelemetry logs on over gRPC, usually port 4317. Empty: disabled.
    otlp_grpc: Option<SocketAddr> = "", "ADDRESS";
    /// Address to serve OpenTelemetry logs on over HTTP, usually port 4318. `listen` serves them too.
    otlp_http: Option<SocketAddr> = "", "ADDRESS";
    /// Seconds after which a run of OpenTelemetry lines without new lines is closed as finished.
    otlp_idle: u32 = "60", "SECONDS";
    /// Maximum number of open runs of OpenTelemetry lines; lines of further runs are rejected.
    otlp_max_open_runs: u32 = "50000", "N";
    /// Seconds that a client may be silent before or during a request, or take nothing of its answer.
    client_timeout: u32 = "30", "SECONDS";
    /// Maximum number of open connections; further ones are told to retry, but for health checks.
    max_connections: u32 = "4096", "N";
    /// Maximum number of open connections of one address; 0 is half of max_connections. Raise it for a proxy.
    max_connections_per_address: u32 = "0", "N";
    /// Memory that all bodies may take together whose signatures are not verified yet, in bytes.
    unverified_memory: u64 = "67108864", "BYTES";
    /// Seconds that open requests get to finish when the server stops.
    shutdown_grace: u32 = "20", "SECONDS";
    /// Level of the log on stderr: off, error, warn, info, debug or trace.
    log_level: LogLevel = "info", "LEVEL";
    /// Format of the log on stderr: text or json.
    log_format: LogFormat = "text", "FORMAT";
}

impl Settings {
    /// The defaults, with these options set.
    ///
    /// # Errors
    /// Those of [`Settings::from_texts`].
    pub fn with(given: &[(&str, &str)]) -> anyhow::Result<Self> {
        if let Some((name, _)) = given.iter().find(|(name, _)| !OPTIONS.iter().any(|row| row.name == *name)) {
            bail!("there is no option `{name}`");
        }
        let effective = |row: &OptionRow| {
            let found = given.iter().find(|(name, _)| *name == row.name);
            let (text, origin) = found.map_or((row.default, "default"), |(_, text)| (*text, "program"));
            (row.name, Effective { text: text.to_owned(), origin })
        };
        Self::from_texts(&OPTIONS.iter().map(effective).collect())
    }

    /// How long a client may be silent.
    pub fn client_timeout(&self) -> Duration {
        Duration::from_secs(self.client_timeout.into())
    }

    /// How many connections one address may have open.
    pub fn connections_per_address(&self) -> u32 {
        match self.max_connections_per_address {
            // Somebody else shall be served, too.
            0 => self.max_connections.div_ceil(2),
            max => max,
        }
    }

    /// Whether requests and runs of a region are accepted.
    pub fn serves_region(&self, region: &str) -> bool {
        self.regions.0.is_empty() || self.regions.0.iter().any(|served| served == region)
    }

    /// Checks that concern more than one option.
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
            bail!("--insecure-dev serves everyone who can connect, so it needs a loopback address, not {open}");
        }
        if self.otlp_idle == 0 {
            bail!("option `otlp_idle`: 0 seconds would end every run at its first line; give at least 1");
        }
        if self.ingest_memory < INGEST_MEMORY_MIN_BYTES {
            bail!("option `ingest_memory`: a long record needs {INGEST_MEMORY_MIN_BYTES} bytes; give at least as many");
        }
        if self.unverified_memory < UNVERIFIED_MEMORY_MIN_BYTES {
            bail!(
                "option `unverified_memory`: the longest signed request needs {UNVERIFIED_MEMORY_MIN_BYTES} bytes; \
                 give at least as many"
            );
        }
        if self.max_connections == 0 {
            bail!("option `max_connections`: 0 connections would serve nobody; give at least 1");
        }
        if self.client_timeout == 0 {
            bail!("option `client_timeout`: 0 seconds would refuse every client; give at least 1");
        }
        Ok(())
    }
}

/// One row of the table.
pub struct OptionRow {
    /// The TOML key; flag and variable follow from it.
    pub name: &'static str,
    /// The placeholder of the value in help.
    pub value: &'static str,
    /// The default, as text; empty for none.
    pub default: &'static str,
    /// One sentence or two.
    pub doc: &'static str,
    /// Whether the flag may be given without a value.
    pub is_switch: bool,
    /// Whether the value must not be shown.
    pub is_secret: bool,
}

/// An option's text, and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    /// The value.
    pub text: String,
    /// Where it came from: `flag`, `environment`, `file`, `program` or `default`.
    pub origin: &'static str,
}

/// The root key given on the command line.
#[derive(Clone, PartialEq, Eq)]
pub struct RootKey {
    /// The public half.
    pub secret_id: String,
    /// The secret half.
    pub secret_key: String,
}

/// A list of names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names(pub Vec<String>);

/// See [`Settings::log_level`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogLevel(pub LevelFilter);

/// See [`Settings::log_format`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// A line of text for each event.
    Text,
    /// A JSON object for each event.
    Json,
}

impl OptionRow {
    /// The flag, without its dashes.
    pub fn flag(&self) -> String {
        self.name.replace('_', "-")
    }

    /// The environment variable.
    pub fn variable(&self) -> String {
        format!("RUNLOG_{}", self.name.to_uppercase())
    }
}

fn read_option<T: OptionValue>(texts: &BTreeMap<&'static str, Effective>, name: &'static str) -> anyhow::Result<T> {
    let Effective { text, origin } = texts.get(name).with_context(|| format!("option `{name}` is missing"))?;
    T::read(text).map_err(|expected| anyhow::anyhow!("option `{name}` (from {origin}): {expected}"))
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

impl OptionValue for Names {
    fn read(text: &str) -> Result<Self, String> {
        Ok(Self(text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()))
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
