//! What a pull has mirrored, in a file that is replaced as a whole and fsynced after each window.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use runlog_core::Window;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::source::Unit;
use super::spans::Spans;
use crate::cli::common::failure::Failure;
use crate::cli::common::place::state_folder;
use crate::files;

/// The only version so far.
const VERSION: u32 = 1;

/// The file.
#[derive(Debug, Serialize, Deserialize)]
struct Written {
    version: u32,
    source: String,
    target: String,
    /// By unit: a function and a version.
    done: BTreeMap<String, Spans>,
}

/// What has been pulled from one source into one target.
#[derive(Debug)]
pub(super) struct State {
    path: PathBuf,
    written: Written,
}

impl State {
    /// Reads the state of this pull; an empty one when it is the first. Without a path it is in the user's folder.
    pub(super) fn open(path: Option<&Path>, source: &str, target: &str) -> Result<Self, Failure> {
        let path = match path {
            Some(path) => path.to_owned(),
            None => default_path(source, target)?,
        };
        let new = Written { version: VERSION, source: source.into(), target: target.into(), done: BTreeMap::new() };
        let written = match files::read_if_present(&path)? {
            None => new,
            Some(text) => {
                let reading = || format!("{} is not the state of a pull; remove it to start over", path.display());
                let written: Written = serde_json::from_str(&text).with_context(reading)?;
                if (written.version, &*written.source, &*written.target) != (VERSION, source, target) {
                    let message = format!(
                        "{} is the state of another pull, from {} to {}; give another --state",
                        path.display(),
                        written.source,
                        written.target
                    );
                    return Err(Failure::Usage(message));
                }
                written
            }
        };
        Ok(Self { path, written })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What of a unit has been pulled.
    pub(super) fn done(&self, unit: &Unit) -> Spans {
        self.written.done.get(&unit.to_string()).cloned().unwrap_or_default()
    }

    /// Writes down that a window has been pulled.
    pub(super) fn add(&mut self, unit: &Unit, window: Window) -> anyhow::Result<()> {
        self.written.done.entry(unit.to_string()).or_default().add(window);
        files::write_private(&files::absolute(&self.path), &serde_json::to_string(&self.written)?)
    }
}

fn default_path(source: &str, target: &str) -> Result<PathBuf, Failure> {
    let Some(folder) = state_folder() else {
        return Err(Failure::Usage("there is no home folder for the state; give --state".to_owned()));
    };
    files::private_dir(&folder)?;
    let name = format!("pull-{:016x}.json", xxh3_64(format!("{source}\n{target}").as_bytes()));
    Ok(folder.join(name))
}
