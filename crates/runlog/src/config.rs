//! The options of `runlog serve`, from the command line, the environment and a TOML file.
//!
//! The table itself is the server's, [`OPTIONS`]. The flag wins over the variable, the variable over the file, the file
//! over the default.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use runlog_server::{Effective, OPTIONS, Settings};

use crate::files;

/// Options that cannot be used as they are given.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unusable(String);

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
        self.effective()
            .and_then(|texts| Settings::from_texts(&texts))
            .map_err(|error| Unusable(format!("{error:#}")).into())
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
        let mut page = "# Options\n\nPrecedence, for each option separately: flag, environment variable, TOML file \
                        (`--config FILE` or `RUNLOG_CONFIG`),\n\
                        default. `runlog config` shows each value and its source.\n\n\
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
        assert_eq!(files::read(&path).unwrap(), page, "docs/options.md differs from the table");
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
