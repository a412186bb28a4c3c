//! Which server a command asks, and as whom: from flags, then the environment, then a profile.

use std::env;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use runlog_client::{Client, ClientBuilder, Language};

use crate::cli::common::failure::Failure;
use crate::cli::common::profiles::{self, Profile};
use crate::files;

/// The default server.
const DEFAULT_ENDPOINT: &str = "http://127.0.0.1:9160";

/// Where the parts of a key may be told, in this order.
const SECRET_ID: [&str; 2] = ["RUNLOG_SECRET_ID", "TENCENTCLOUD_SECRET_ID"];
const SECRET_KEY: [&str; 2] = ["RUNLOG_SECRET_KEY", "TENCENTCLOUD_SECRET_KEY"];
const TOKEN: &str = "RUNLOG_TOKEN";

/// A placeholder where no key is needed.
const OF_THE_SHELL: [&str; 2] = ["of", "the-shell"];

/// Which server, and the key to it.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Server")]
pub(in crate::cli) struct ServerArgs {
    /// The server [env: RUNLOG_ENDPOINT] [default: http://127.0.0.1:9160].
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// The key's id [env: RUNLOG_SECRET_ID, TENCENTCLOUD_SECRET_ID].
    #[arg(long, value_name = "ID")]
    secret_id: Option<String>,
    /// The key's secret; better from the environment, since others can read a command line
    /// [env: RUNLOG_SECRET_KEY, TENCENTCLOUD_SECRET_KEY].
    #[arg(long, value_name = "KEY")]
    secret_key: Option<String>,
    /// A token, instead of a key, except for the signed API; better from the environment [env: RUNLOG_TOKEN].
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// The region [env: RUNLOG_REGION, TENCENTCLOUD_REGION] [default: the server's].
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// The language of the server's error messages.
    #[arg(long, value_name = "LANGUAGE", value_parser = language())]
    language: Option<Language>,
    /// File with the CA certificate of an https server, as PEM.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The profile for settings that neither flags nor environment give [env: RUNLOG_PROFILE] [default: `default`, if
    /// it exists]; see `runlog config profiles`.
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
}

impl ServerArgs {
    /// The server's address.
    pub(in crate::cli) fn endpoint(&self) -> String {
        let told = setting(self.endpoint.as_ref(), &["RUNLOG_ENDPOINT"]);
        told.or_else(|| self.profile().ok()?.endpoint).unwrap_or_else(|| DEFAULT_ENDPOINT.to_owned())
    }

    /// The region, where one was given.
    pub(in crate::cli) fn region(&self) -> Option<String> {
        let told = setting(self.region.as_ref(), &["RUNLOG_REGION", "TENCENTCLOUD_REGION"]);
        told.or_else(|| self.profile().ok()?.region)
    }

    /// The file with the CA certificate, where one was given.
    pub(in crate::cli) fn ca(&self) -> Result<Option<PathBuf>, Failure> {
        Ok(if self.ca.is_some() { self.ca.clone() } else { self.profile()?.ca })
    }

    /// SecretId and secret, as far as flags, environment and profile have them.
    pub(in crate::cli) fn key(&self) -> Result<(Option<String>, Option<String>), Failure> {
        let profile = self.profile()?;
        let secret_id = setting(self.secret_id.as_ref(), &SECRET_ID).or(profile.secret_id);
        Ok((secret_id, setting(self.secret_key.as_ref(), &SECRET_KEY).or(profile.secret_key)))
    }

    /// The language of messages; English unless one was asked for.
    pub(in crate::cli) fn language(&self) -> Language {
        self.language.unwrap_or_default()
    }

    /// A client of the server.
    pub(in crate::cli) fn client(&self) -> Result<Client, Failure> {
        Ok(self.builder(None)?.build()?)
    }

    /// A client that is nearly set up. `own_key` is the key where neither flags nor environment have a key or a token.
    pub(in crate::cli) fn builder(&self, own_key: Option<(String, String)>) -> Result<ClientBuilder, Failure> {
        let access = self.access(own_key)?;
        let builder = connect(self.endpoint(), access, self.region(), self.ca()?.as_deref())?;
        Ok(match self.language {
            Some(language) => builder.language(language),
            None => builder,
        })
    }

    /// A client for requests that are printed and not sent: their credential is the shell's, so none is needed here.
    pub(in crate::cli) fn client_for_shell(&self) -> Result<Client, Failure> {
        Ok(self.builder(Some(OF_THE_SHELL.map(str::to_owned).into()))?.build()?)
    }

    /// The credential as an option of curl that takes it from the environment; and the names of its variables.
    pub(in crate::cli) fn credential_for_shell(&self) -> Result<(String, String), Failure> {
        if self.access(Some(OF_THE_SHELL.map(str::to_owned).into()))?.token.is_some() {
            return Ok((format!("-H \"Authorization: Bearer ${TOKEN}\""), TOKEN.to_owned()));
        }
        let set = |names: [&'static str; 2]| names.into_iter().find(|name| setting(None, &[name]).is_some());
        let [id, key] = [SECRET_ID, SECRET_KEY].map(|names| set(names).unwrap_or(names[0]));
        Ok((format!("-u \"${id}:${key}\""), format!("{id} and {key}")))
    }

    /// The credential: of flags and environment, then of the profile, then `own_key`.
    fn access(&self, own_key: Option<(String, String)>) -> Result<Access, Failure> {
        // What is wrong with a profile is said here, where every command comes by.
        let profile = self.profile()?;
        // A key on the command line takes precedence over a token from the environment.
        let token = match (&self.token, &self.secret_id) {
            (None, Some(_)) => None,
            (token, _) => setting(token.as_ref(), &[TOKEN]),
        };
        let is_told = token.is_some()
            || setting(self.secret_id.as_ref(), &SECRET_ID)
                .and(setting(self.secret_key.as_ref(), &SECRET_KEY))
                .is_some();
        let token = token.or(profile.token.filter(|_| !is_told));
        let (secret_id, secret_key) = self.key()?;
        let key = secret_id.zip(secret_key);
        let key = key.or_else(|| own_key.filter(|_| token.is_none()));
        if key.is_none() && token.is_none() {
            let advice = "no credential; set RUNLOG_SECRET_ID and RUNLOG_SECRET_KEY, or RUNLOG_TOKEN, or create a \
                          profile with `runlog config set-profile`";
            return Err(Failure::Usage(advice.to_owned()));
        }
        Ok(Access { key, token })
    }

    fn profile(&self) -> Result<Profile, Failure> {
        profiles::chosen(setting(self.profile.as_ref(), &["RUNLOG_PROFILE"]).as_deref())
    }
}

/// As whom a server is asked.
#[derive(Default)]
pub(in crate::cli) struct Access {
    /// A SecretId and its SecretKey.
    pub(in crate::cli) key: Option<(String, String)>,
    /// Stands for a key in runlog's own API, where it goes before the key.
    pub(in crate::cli) token: Option<String>,
}

/// A client that is nearly set up; `ca` is a file.
pub(in crate::cli) fn connect(
    endpoint: String,
    access: Access,
    region: Option<String>,
    ca: Option<&Path>,
) -> Result<ClientBuilder, Failure> {
    let mut builder = Client::builder(endpoint).user_agent(concat!("runlog/", env!("CARGO_PKG_VERSION")));
    if let Some((secret_id, secret_key)) = access.key {
        builder = builder.credential(secret_id, secret_key);
    }
    if let Some(token) = access.token {
        builder = builder.token(token);
    }
    if let Some(region) = region {
        builder = builder.region(region);
    }
    if let Some(path) = ca {
        builder = builder.ca_certificate(files::read(path).map_err(Failure::Other)?);
    }
    Ok(builder)
}

/// A flag's value, or that of the first of these environment variables that is set. An empty one counts as not set.
pub(in crate::cli) fn setting(flag: Option<&String>, variables: &[&str]) -> Option<String> {
    let from_environment = || variables.iter().find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()));
    flag.cloned().filter(|value| !value.is_empty()).or_else(from_environment)
}

fn language() -> impl TypedValueParser<Value = Language> {
    let short = [(Language::Chinese, "zh"), (Language::English, "en")];
    PossibleValuesParser::new(short.map(|(language, short)| PossibleValue::new(language.tag()).alias(short)))
        .map(|tag| Language::from_tag(&tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_comes_before_the_environment() {
        let flag = "flag".to_owned();
        assert_eq!(setting(Some(&flag), &["PATH"]).as_deref(), Some("flag"));
        assert_eq!(setting(Some(&String::new()), &["RUNLOG_NOT_SET", "PATH"]), env::var("PATH").ok());
        assert_eq!(setting(None, &["RUNLOG_NOT_SET"]), None);
    }
}
