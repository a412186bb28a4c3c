//! Which runs a report is about, and how they come: grouped by function version.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};

/// A finished run.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// What ran.
    pub version: Version,
    /// Its id.
    pub request_id: String,
    /// 0 for the first attempt.
    pub retry_num: u8,
    /// Unix milliseconds.
    pub start_ms: i64,
    /// Microseconds.
    pub duration_us: u64,
    /// Billed milliseconds, of which the source knows best.
    pub bill_ms: u64,
    /// Peak memory, in bytes; 0 where it is not known.
    pub mem_bytes: u64,
    /// The return code.
    pub ret_code: i32,
    /// What it printed; empty where no text is asked for.
    pub log: String,
}

/// A function version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Version {
    /// The region.
    pub region: String,
    /// The namespace.
    pub namespace: String,
    /// The function.
    pub function: String,
    /// The version or alias.
    pub qualifier: String,
}

/// Namespace, function and qualifier: facets do not tell regions apart.
pub type Name = (String, String, String);

/// Starts from the first (inclusive) to the second (exclusive), in Unix milliseconds.
pub type Window = (i64, i64);

/// The runs that a report is about.
pub trait Source {
    /// Why they cannot be read.
    type Error;

    /// The window of the report.
    fn window(&self) -> Window;

    /// Every finished run that started in a window, of one moment, the newest first; with `text`, those whose log or
    /// message contains it, with their logs.
    ///
    /// # Errors
    /// If they cannot all be read.
    fn each(&self, window: Window, text: Option<&str>, take: &mut dyn FnMut(Run)) -> Result<(), Self::Error>;

    /// The logs of a few runs of one version in the report's window whose log or message contains a text, the newest
    /// or the oldest.
    ///
    /// # Errors
    /// If they cannot be read.
    fn logs(&self, version: &Version, text: &str, newest_first: bool) -> Result<Vec<String>, Self::Error>;

    /// How many runs of each version in the report's window, those in flight too, have a text in their log or message,
    /// and how many such runs of further versions there are.
    ///
    /// # Errors
    /// If they cannot be counted.
    fn versions_with(&self, text: &str) -> Result<(BTreeMap<Name, u64>, u64), Self::Error>;

    /// How many runs the report's window has, those in flight too.
    ///
    /// # Errors
    /// If they cannot be counted.
    fn total(&self) -> Result<u64, Self::Error>;

    /// From when on runs are kept, in Unix milliseconds, if earlier ones were removed.
    ///
    /// # Errors
    /// If it cannot be asked.
    fn kept_from_ms(&self) -> Result<Option<i64>, Self::Error>;
}

/// Figures of each version, from all of its finished runs in a window.
pub(crate) fn by_version<S: Source, T: Default>(
    source: &S,
    window: Window,
    mut add: impl FnMut(&mut T, &Run),
) -> Result<BTreeMap<Version, T>, S::Error> {
    let mut versions: BTreeMap<Version, T> = BTreeMap::new();
    source.each(window, None, &mut |run| match versions.get_mut(&run.version) {
        Some(figures) => add(figures, &run),
        None => add(versions.entry(run.version.clone()).or_default(), &run),
    })?;
    Ok(versions)
}

impl fmt::Display for Version {
    /// `NAMESPACE/FUNCTION:VERSION`; the default namespace and `$LATEST` go without saying.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace != "default" {
            write!(f, "{}/", self.namespace)?;
        }
        f.write_str(&self.function)?;
        if self.qualifier != "$LATEST" { write!(f, ":{}", self.qualifier) } else { Ok(()) }
    }
}

/// A window for programs.
pub(crate) fn window_json(window: Window) -> Value {
    json!({ "from_ms": window.0, "to_ms": window.1 })
}
