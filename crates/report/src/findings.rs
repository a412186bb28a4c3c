//! What a report found, as a table, decisions, and what the data could not tell; and as JSON.

use serde_json::{Map, Value};

/// What a report found.
#[derive(Debug, Default)]
pub struct Findings {
    /// The columns; those that begin with `>` are set to the right.
    pub head: Vec<&'static str>,
    /// The cells of each row.
    pub rows: Vec<Vec<String>>,
    /// A second table, such as of the slowest runs.
    pub more: Option<(Vec<&'static str>, Vec<Vec<String>>)>,
    /// What to do, most important first.
    pub decisions: Vec<String>,
    /// What the data could not tell, and what would be needed.
    pub notes: Vec<String>,
    /// The figures for programs.
    pub json: Map<String, Value>,
    /// Whether something became worse.
    pub is_regression: bool,
}

impl Findings {
    /// The figures for programs, with the decisions and the notes.
    pub fn into_json(mut self) -> Map<String, Value> {
        self.json.insert("decisions".to_owned(), self.decisions.into());
        self.json.insert("notes".to_owned(), self.notes.into());
        self.json
    }
}

/// A part of a whole, as `12.3 %`; `0.00` of nothing.
pub(crate) fn percent(part: f64) -> String {
    format!("{:.*} %", if part < 0.1 { 2 } else { 1 }, 100.0 * part)
}

/// A share that may have no whole.
pub(crate) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// A p-value as people write it.
pub(crate) fn p_text(p: f64) -> String {
    if p < 0.001 { "p<0.001".to_owned() } else { format!("p={p:.3}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_for_people() {
        assert_eq!(
            (percent(0.1234), percent(0.005), percent(share(1, 0))),
            ("12.3 %".into(), "0.50 %".into(), "0.00 %".into())
        );
        assert_eq!((p_text(0.0), p_text(0.0421)), ("p<0.001".into(), "p=0.042".into()));
    }
}
