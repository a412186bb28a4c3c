//! GB-seconds, money, and where most can be saved.
//!
//! A run costs its billed time (as its source says, or rounded up as the server is told to) times the configured
//! memory. Prices are the user's own: they differ by region, contract and platform.

use serde_json::{Value, json};

use crate::findings::{Findings, percent};
use crate::memory::{Advice, Sizing, Use, limit};
use crate::source::{Run, Source, Version, Window, by_version, window_json};
use crate::units;

/// A gibibyte, in bytes: platforms say GB for it.
const GB: f64 = (1_u64 << 30) as f64;

/// How many savings are named.
const SAVINGS_MAX: usize = 5;

/// From which share of the GB-seconds on failed runs are worth a decision.
const FAILED_SHARE_MIN: f64 = 0.01;

/// What a platform charges, in any currency.
#[derive(Clone, Copy, Debug, Default)]
pub struct Prices {
    /// The price of a GB-second.
    pub gbs: Option<f64>,
    /// The price of a million requests.
    pub requests: Option<f64>,
}

/// What a version's runs cost, and used.
#[derive(Debug, Default)]
struct Spent {
    runs: u64,
    bill_ms: u64,
    failed_bill_ms: u64,
    used: Use,
}

/// A version's share of the costs.
struct Cost {
    version: Version,
    runs: u64,
    bill_ms: u64,
    gbs: Option<f64>,
    failed_gbs: f64,
    money: Option<f64>,
    /// What a smaller size would save, in GB-seconds, and the sentence that says how.
    saving: Option<(f64, String)>,
}

impl Prices {
    /// Reads a price.
    ///
    /// # Errors
    /// A sentence that says what it takes, for a text that is no finite number from 0 on.
    pub fn read(text: &str) -> Result<f64, String> {
        let price = text.parse().ok().filter(|price: &f64| price.is_finite() && *price >= 0.0);
        price.ok_or_else(|| "it takes a number, such as 0.0001".to_owned())
    }
}

impl Spent {
    fn add(&mut self, run: &Run) {
        self.runs += 1;
        self.bill_ms += run.bill_ms;
        if run.ret_code != runlog_core::RET_OK {
            self.failed_bill_ms += run.bill_ms;
        }
        self.used.add(run);
    }
}

/// GB-seconds of billed milliseconds with so much memory.
fn gbs(bill_ms: u64, limit_bytes: u64) -> f64 {
    bill_ms as f64 / 1000.0 * limit_bytes as f64 / GB
}

/// GB-seconds and money of each version, and where most can be saved.
///
/// # Errors
/// Those of the source.
pub fn cost<S: Source>(source: &S, sizing: &Sizing, prices: &Prices) -> Result<Findings, S::Error> {
    let mut costs = Vec::new();
    for (version, mut spent) in by_version(source, source.window(), Spent::add)? {
        let limit = limit(source, &version, sizing)?.map(|limit| limit.bytes);
        let saving = match (spent.used.advice(limit, sizing), limit) {
            (advice @ Advice::Lower { saves, .. }, Some(bytes)) => {
                Some((saves * gbs(spent.bill_ms, bytes), advice.text(&version, bytes >> 20)))
            }
            _ => None,
        };
        let of_gbs = limit.map(|bytes| gbs(spent.bill_ms, bytes));
        let of_runs = prices.requests.map(|price| price * spent.runs as f64 / 1e6);
        let of_time = prices.gbs.zip(of_gbs).map(|(price, gbs)| price * gbs);
        let money = match (prices.gbs, prices.requests) {
            (None, None) => None,
            // Half of the sum would look like the whole.
            (Some(_), _) => of_time.map(|time| time + of_runs.unwrap_or_default()),
            (None, Some(_)) => of_runs,
        };
        let failed_gbs = limit.map_or(0.0, |bytes| gbs(spent.failed_bill_ms, bytes));
        let (runs, bill_ms) = (spent.runs, spent.bill_ms);
        costs.push(Cost { version, runs, bill_ms, gbs: of_gbs, failed_gbs, money, saving });
    }
    Ok(findings(prices, costs, source.window()))
}

/// The sums of all versions.
struct Totals {
    gbs: f64,
    failed_gbs: f64,
    /// If any version has a price.
    money: Option<f64>,
}

impl Totals {
    fn of(costs: &[Cost]) -> Self {
        let money: Vec<f64> = costs.iter().filter_map(|cost| cost.money).collect();
        Self {
            gbs: costs.iter().filter_map(|cost| cost.gbs).sum(),
            failed_gbs: costs.iter().map(|cost| cost.failed_gbs).sum(),
            money: (!money.is_empty()).then(|| money.iter().sum()),
        }
    }

    /// The share of some GB-seconds; 0 of nothing.
    fn part(&self, gbs: f64) -> f64 {
        if self.gbs > 0.0 { gbs / self.gbs } else { 0.0 }
    }
}

impl Cost {
    fn row(&self, totals: &Totals) -> Vec<String> {
        let number =
            |value: Option<f64>, decimals: usize| value.map_or("-".to_owned(), |value| format!("{value:.decimals$}"));
        vec![
            self.version.to_string(),
            units::count(self.runs),
            units::duration(self.bill_ms as f64),
            number(self.gbs, 1),
            self.gbs.map_or("-".to_owned(), |gbs| percent(totals.part(gbs))),
            number(self.money, 4),
        ]
    }

    fn json(&self) -> Value {
        let saving = self.saving.as_ref().map(|(gbs, text)| json!({ "gbs": gbs, "decision": text }));
        json!({
            "version": self.version, "runs": self.runs, "bill_ms": self.bill_ms, "gbs": self.gbs,
            "failed_gbs": self.failed_gbs, "cost": self.money, "saving": saving,
        })
    }
}

fn findings(prices: &Prices, mut costs: Vec<Cost>, window: Window) -> Findings {
    costs.sort_by(|a, b| {
        b.gbs.unwrap_or_default().total_cmp(&a.gbs.unwrap_or_default()).then(a.version.cmp(&b.version))
    });
    let totals = Totals::of(&costs);
    let mut found = Findings {
        head: vec!["FUNCTION", ">RUNS", ">BILLED", ">GB-S", ">SHARE", ">COST"],
        rows: costs.iter().map(|cost| cost.row(&totals)).collect(),
        decisions: decisions(&costs, &totals, prices.gbs),
        notes: notes(prices, &costs),
        ..Findings::default()
    };
    found.json.insert("window".to_owned(), window_json(window));
    found.json.insert("gbs".to_owned(), totals.gbs.into());
    found.json.insert("cost".to_owned(), totals.money.into());
    found.json.insert("versions".to_owned(), costs.iter().map(Cost::json).collect());
    found
}

/// What to do: the largest savings, then failed runs that cost much.
fn decisions(costs: &[Cost], totals: &Totals, price_gbs: Option<f64>) -> Vec<String> {
    let worth = |gbs: f64| match price_gbs {
        Some(price) => format!("{gbs:.1} GB-s, {:.4}", gbs * price),
        None => format!("{gbs:.1} GB-s"),
    };
    let mut savings: Vec<_> = costs.iter().filter_map(|cost| cost.saving.as_ref()).collect();
    savings.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut decisions: Vec<String> =
        savings.iter().take(SAVINGS_MAX).map(|(gbs, text)| format!("{text} (saves {} here)", worth(*gbs))).collect();
    let failed = totals.failed_gbs;
    if totals.part(failed) >= FAILED_SHARE_MIN {
        decisions.push(format!(
            "failed runs took {} of it ({}): fix them first",
            percent(totals.part(failed)),
            worth(failed)
        ));
    }
    if decisions.is_empty() {
        let nothing = if costs.is_empty() {
            "no run finished in this window: nothing to decide"
        } else {
            "nothing stands out: leave the sizes as they are"
        };
        decisions.push(nothing.to_owned());
    }
    decisions
}

/// What the data could not tell.
fn notes(prices: &Prices, costs: &[Cost]) -> Vec<String> {
    let mut notes = Vec::new();
    let silent: Vec<String> =
        costs.iter().filter(|cost| cost.gbs.is_none()).map(|cost| cost.version.to_string()).collect();
    if !silent.is_empty() {
        let text = "no log says how much memory is configured, so there are no GB-seconds; give --limit MB, or import \
                    logs with their Report lines";
        notes.push(format!("{}: {text}", silent.join(", ")));
    }
    if prices.gbs.is_none() && prices.requests.is_none() {
        notes.push("no prices: give --price-gbs and --price-request from your platform's price list".to_owned());
    }
    notes.push("cold starts, traffic, free quotas and idle provisioned instances are not in the runs".to_owned());
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gb_seconds_by_hand() {
        // Half a GB for 10 s, twice.
        assert_eq!(gbs(20_000, 512 << 20), 10.0);
        assert_eq!(gbs(100, 128 << 20), 0.0125);
    }

    #[test]
    fn prices() {
        assert_eq!(Prices::read("0.0001"), Ok(0.000_1));
        for text in ["", "-1", "inf", "NaN", "1 yuan"] {
            assert!(Prices::read(text).is_err(), "{text}");
        }
    }
}
