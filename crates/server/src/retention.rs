//! How long runs are kept, as options say it: `retention_days`, `retention_bytes`, and `retention` for namespaces with
//! rules of their own.

use std::collections::BTreeMap;

use crate::option_value::OptionValue;

/// Units of bytes, longest name first.
const UNITS: [(&str, u64); 7] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("B", 1),
];

const EXPECTED: &str = "write it as NAMESPACE=7d, NAMESPACE=10GB, NAMESPACE=7d+10GB or NAMESPACE=forever, \
                        separated by commas";

/// Rules of namespaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamespaceRules(pub BTreeMap<String, Keep>);

/// What is kept of a namespace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// Whole days, in UTC; absent for ever.
    pub max_age_days: Option<u32>,
    /// Bytes of stored runs; absent without a bound.
    pub max_bytes: Option<u64>,
}

impl OptionValue for NamespaceRules {
    fn read(text: &str) -> Result<Self, String> {
        let mut rules = BTreeMap::new();
        for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            let rule = item.split_once('=').and_then(|(name, rule)| Some((name.trim(), keep(rule.trim())?)));
            let (name, keep) = rule.filter(|(name, _)| !name.is_empty()).ok_or(format!("`{item}`: {EXPECTED}"))?;
            if rules.insert(name.to_owned(), keep).is_some() {
                return Err(format!("`{name}` has two rules; {EXPECTED}"));
            }
        }
        Ok(Self(rules))
    }
}

impl std::fmt::Display for NamespaceRules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rules: Vec<String> = self.0.iter().map(|(name, keep)| format!("{name}={keep}")).collect();
        f.write_str(&rules.join(","))
    }
}

impl std::fmt::Display for Keep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let days = self.max_age_days.map(|days| format!("{days}d"));
        let bytes = self.max_bytes.map(|bytes| {
            // The largest unit that divides it, as people write it.
            let fits = |unit: &&(&str, u64)| bytes % unit.1 == 0;
            let (name, unit) = UNITS.iter().filter(fits).max_by_key(|unit| unit.1).unwrap_or(&("B", 1));
            format!("{}{name}", bytes / unit)
        });
        let parts: Vec<String> = [days, bytes].into_iter().flatten().collect();
        f.write_str(if parts.is_empty() { "forever".to_owned() } else { parts.join("+") }.as_str())
    }
}

fn keep(rule: &str) -> Option<Keep> {
    let mut keep = Keep::default();
    if rule == "forever" {
        return Some(keep);
    }
    for part in rule.split('+').map(str::trim) {
        if let Some(days) = part.strip_suffix('d') {
            keep.max_age_days = Some(days.parse().ok().filter(|days| *days > 0 && keep.max_age_days.is_none())?);
        } else {
            let (number, unit) = UNITS.iter().find_map(|(name, unit)| Some((part.strip_suffix(name)?, *unit)))?;
            let bytes = number.trim().parse::<u64>().ok()?.checked_mul(unit)?;
            keep.max_bytes = Some(bytes).filter(|bytes| *bytes > 0 && keep.max_bytes.is_none());
            keep.max_bytes?;
        }
    }
    Some(keep)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_of_every_form() {
        let NamespaceRules(rules) = NamespaceRules::read("batch=7d, logs=30d+10GB,a=5MiB,audit=forever,").unwrap();
        let keep = |max_age_days, max_bytes| Keep { max_age_days, max_bytes };
        assert_eq!(rules["batch"], keep(Some(7), None));
        assert_eq!(rules["logs"], keep(Some(30), Some(10_000_000_000)));
        assert_eq!(rules["a"], keep(None, Some(5 << 20)));
        assert_eq!(rules["audit"], keep(None, None));
        assert_eq!(NamespaceRules::read(""), Ok(NamespaceRules::default()));
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        let wrong = ["batch", "=7d", "a=", "a=0d", "a=7", "a=7d+8d", "a=1B+2B", "a=-1d", "a=7w", "a=0B", "a=1d,a=2d"];
        for text in wrong {
            assert!(NamespaceRules::read(text).is_err(), "{text}");
        }
        assert!(NamespaceRules::read("a=99999999999GB").is_err());
    }
}
