//! What is exported, and what the head of the answer says about it.

use super::RunFilter;
use super::filter::{number, target};
use crate::transport::Stream;

/// What to export.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportQuery {
    /// Which runs. Those in flight are left out.
    pub filter: RunFilter,
    /// `start_time:asc` or `start_time:desc`. Absent: the newest first.
    pub sort: Option<String>,
    /// The fields of each run, as [`RunQuery::fields`](super::RunQuery::fields).
    pub fields: Option<String>,
    /// The sequence number to export as of. Absent: now.
    pub as_of: Option<u64>,
}

/// What the head of an export says.
pub(super) struct Head {
    pub(super) total: u64,
    pub(super) as_of: u64,
    /// Its window as the parameters `from` and `to`, if both ends are known.
    pub(super) window: Option<(String, String)>,
}

impl Head {
    /// Reads the head, or tells what it lacks.
    pub(super) fn read(stream: &Stream) -> Result<Self, String> {
        let header = |name: &str| stream.headers.get(name).and_then(|value| value.to_str().ok());
        let number = |name: &str| {
            let value = header(name).and_then(|value| value.parse::<u64>().ok());
            value.ok_or_else(|| format!("an export without a number in the header `{name}`"))
        };
        let (total, as_of) = (number("X-Runlog-Total")?, number("X-Runlog-As-Of")?);
        let window = header("X-Runlog-From").zip(header("X-Runlog-To"));
        Ok(Self { total, as_of, window: window.map(|(from, to)| (from.to_owned(), to.to_owned())) })
    }
}

impl ExportQuery {
    pub(super) fn target(&self, format: Option<&str>, after: Option<&str>) -> String {
        let as_of = number(self.as_of);
        let own = [
            ("format", format),
            ("sort", self.sort.as_deref()),
            ("as_of", as_of.as_deref()),
            ("after", after),
            ("fields", self.fields.as_deref()),
        ];
        target("export", &self.filter, &own)
    }
}
