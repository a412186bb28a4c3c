//! How a store is opened by the options of the server.

use runlog_server::Settings;
use runlog_store::{Keep, Options, Retention};

/// How a store is opened by these settings.
pub(crate) fn store_options(settings: &Settings) -> Options {
    Options {
        in_flight_ttl_ms: i64::from(settings.in_flight_ttl) * 1000,
        retention: retention(settings),
        ..Options::default()
    }
}

/// The rules that the settings give.
fn retention(settings: &Settings) -> Retention {
    let rule = |keep: &runlog_server::Keep| Keep { max_age_days: keep.max_age_days, max_bytes: keep.max_bytes };
    Retention {
        max_age_days: Some(settings.retention_days).filter(|days| *days > 0),
        max_bytes: Some(settings.retention_bytes).filter(|bytes| *bytes > 0),
        namespaces: settings.retention.0.iter().map(|(name, keep)| (name.clone(), rule(keep))).collect(),
    }
}
