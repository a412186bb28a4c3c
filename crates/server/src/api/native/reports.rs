//! `GET /api/v1/reports/*`: what `runlog report KIND -o json` prints, computed beside the runs.
//!
//! A report reads every finished run of its window, as of one moment, so only a few are made at a time, and only of a
//! bounded number of runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use hyper::StatusCode;
use hyper::http::request::Parts;
use runlog_core::limits::{DAY_MS, FACET_MAX_VALUES};
use runlog_core::{self as core, moment};
use runlog_core::{
    Columns, Direction, Engine, EngineError, FacetKey, FacetSpec, FacetValue, Order, Query, Row, Scope, SortKey, Start,
    billed_ms,
};
use runlog_report::{Findings, Judge, Name, Prices, Run, Side, Sizing, Source, Version, Window};

use super::answers::Watermark;
use super::asked::Asked;
use super::failure::Failure;
use super::params::{
    ALPHA, AS_OF, FROM, FUNCTION, LIMIT_MB, MIN_RUNS, NAMESPACE, PRICE_GBS, PRICE_REQUEST, Param, QUALIFIER, REGION,
    SIDE_A, SIDE_B, SINCE, SLOWEST, STEP_MB, THRESHOLD, TO, bad,
};
use super::route::Report;
use super::{filter_params, queries};
use crate::respond::{self, Answer, Packed};

/// The most finished runs of one report: the durations of as many are in memory.
const RUNS_MAX: u64 = 5_000_000;

/// The most runs whose logs one report reads.
const LOGS_MAX: u64 = 200_000;

/// Rows of one query: without texts, and with logs.
const ROWS: usize = 10_000;
const ROWS_WITH_LOGS: usize = 1_000;

/// Bytes of the rows of one query.
const ROWS_MAX_BYTES: usize = 16 << 20;

/// How many logs of a version are looked at for its limit.
const LOGS_OF_VERSION: usize = 5;

/// How many of the slowest runs are listed by default.
const SLOWEST_DEFAULT: usize = 10;

pub(super) async fn answer(asked: Asked, report: Report, request: &Parts) -> Result<Answer, Failure> {
    let plan = Plan::read(&asked, report)?;
    for (scope, _) in &plan.sources {
        asked.permit(scope).await?;
    }
    let turn = Arc::clone(&asked.app.reports).try_acquire_owned();
    let turn = turn.map_err(|_| Failure::Busy("too many concurrent reports; try again when one has ended"))?;
    let (app, takes_gzip) = (Arc::clone(&asked.app), respond::takes(&request.headers, "gzip"));
    let packed = app.answer_bytes.make(&app.engine, move |engine, ledger| {
        let text = plan.make(&asked, engine);
        drop(turn);
        text.map(|text| Packed::new(text, takes_gzip).counted(ledger))
    });
    Ok(respond::packed(StatusCode::OK, packed.await?))
}

/// What is asked, read and checked.
struct Plan {
    report: Report,
    /// The runs; both sides of a comparison, each with its window.
    sources: Vec<(Scope, Window)>,
    sizing: Sizing,
    prices: Prices,
    judge: Judge,
    slowest: usize,
    /// The command that prints the same.
    cli: String,
}

impl Plan {
    fn read(asked: &Asked, report: Report) -> Result<Self, Failure> {
        let values = &asked.values;
        let scope = filter_params::scope(values, asked.account());
        let sources = if report == Report::Compare {
            vec![side(asked, &SIDE_A, &scope)?, side(asked, &SIDE_B, &scope)?]
        } else {
            vec![(scope, window(asked, &Side::default(), &TO)?)]
        };
        let (of_sizing, of_judge) = (Sizing::default(), Judge::default());
        Ok(Self {
            report,
            sources,
            sizing: Sizing {
                limit_mb: values.number(&LIMIT_MB),
                step_mb: values.number(&STEP_MB).unwrap_or(of_sizing.step_mb),
                min_runs: values.number(&MIN_RUNS).unwrap_or(of_sizing.min_runs),
            },
            prices: Prices { gbs: decimal(asked, &PRICE_GBS)?, requests: decimal(asked, &PRICE_REQUEST)? },
            judge: Judge {
                threshold_percent: decimal(asked, &THRESHOLD)?.unwrap_or(of_judge.threshold_percent),
                alpha: decimal(asked, &ALPHA)?.unwrap_or(of_judge.alpha),
            },
            slowest: filter_params::count(values.number(&SLOWEST), SLOWEST_DEFAULT),
            cli: cli(asked, report),
        })
    }

    fn make(&self, asked: &Asked, engine: &dyn Engine) -> Result<Vec<u8>, Failure> {
        let as_of = asked.values.number(&AS_OF);
        let query = Query { limit: 0, as_of, ..Query::new(Scope::account(asked.account())) };
        let base = engine.query(&query)?;
        queries::check_as_of(&query, base.watermark.seq)?;
        let billing_step_ms = asked.app.settings.billing_step_ms.into();
        let source = |(scope, window): &(Scope, Window)| Stored {
            engine,
            scope: scope.clone(),
            window: *window,
            as_of,
            moment: as_of.unwrap_or(base.watermark.seq),
            billing_step_ms,
            now_ms: asked.now_ms,
        };
        let sources: Vec<Stored<'_>> = self.sources.iter().map(source).collect();
        let mut json = self.findings(asked, &sources)?.into_json();
        let watermark = serde_json::to_value(Watermark::of(&base)).expect("numbers have a JSON form");
        json.insert("watermark".to_owned(), watermark);
        json.insert("cli".to_owned(), self.cli.clone().into());
        Ok(queries::json(&json))
    }

    fn findings(&self, asked: &Asked, sources: &[Stored<'_>]) -> Result<Findings, EngineError> {
        let (first, last) = sources.first().zip(sources.last()).expect("every report has a source");
        match self.report {
            Report::Memory => runlog_report::memory(first, &self.sizing),
            Report::Cold => runlog_report::cold(first),
            Report::Cost => runlog_report::cost(first, &self.sizing, &self.prices),
            Report::Slow => runlog_report::slow(first, &self.judge, self.slowest, asked.app.settings.time_zone),
            Report::Compare => {
                let name = |param| asked.values.text(param).unwrap_or_default();
                runlog_report::compare((first, name(&SIDE_A)), (last, name(&SIDE_B)), &self.judge)
            }
        }
    }
}

/// One side of a comparison.
fn side(asked: &Asked, param: &'static Param, scope: &Scope) -> Result<(Scope, Window), Failure> {
    let text = asked.values.text(param);
    let text = text.ok_or_else(|| Failure::Bad(bad(param, "it is missing; name a version, or function=NAME")))?;
    let side = Side::parse(text).map_err(|error| Failure::Bad(bad(param, &error)))?;
    let window = window(asked, &side, param)?;
    let mut scope = scope.clone();
    scope.function = side.function.or(scope.function);
    scope.namespace = side.namespace.or(scope.namespace);
    scope.qualifier = side.version.or(scope.qualifier);
    Ok((scope, window))
}

/// The window: of the last day if nothing is given. `param` is to blame for an empty one.
fn window(asked: &Asked, side: &Side, param: &Param) -> Result<Window, Failure> {
    let (values, zone, now_ms) = (&asked.values, asked.app.settings.time_zone, asked.now_ms);
    let read = |text: &Option<String>| -> Result<Option<i64>, Failure> {
        let ms = text.as_ref().map(|text| moment::moment_ms(text, zone, now_ms)).transpose();
        ms.map_err(|error| Failure::Bad(bad(param, &error)))
    };
    let (of_side, to) = (read(&side.from)?, read(&side.to)?);
    let to_ms = to.or(values.ms(&TO)).unwrap_or(now_ms);
    let from_ms = match (of_side, side.since_ms) {
        (None, None) if values.has(&FROM) && values.has(&SINCE) => {
            return Err(Failure::Bad(bad(&SINCE, "`from` already says where the window begins; omit one of them")));
        }
        (None, None) => values.ms(&FROM),
        (of_side, _) => of_side,
    };
    let back_ms = side.since_ms.or(values.ms(&SINCE)).unwrap_or(DAY_MS);
    let from_ms = from_ms.unwrap_or_else(|| to_ms.saturating_sub(back_ms));
    if to_ms <= from_ms {
        return Err(Failure::Bad(bad(param, "the window ends before it begins")));
    }
    Ok((from_ms, to_ms))
}

fn decimal(asked: &Asked, param: &'static Param) -> Result<Option<f64>, Failure> {
    let number = asked.values.text(param).map(Prices::read).transpose();
    number.map_err(|error| Failure::Bad(bad(param, &error)))
}

/// The command line that prints the same report, but for `as_of`, which it has no flag for.
fn cli(asked: &Asked, report: Report) -> String {
    const FLAGS: [(&Param, &str); 15] = [
        (&FUNCTION, "function"),
        (&NAMESPACE, "namespace"),
        (&QUALIFIER, "qualifier"),
        (&REGION, "region"),
        (&LIMIT_MB, "limit"),
        (&STEP_MB, "step"),
        (&MIN_RUNS, "min-runs"),
        (&PRICE_GBS, "price-gbs"),
        (&PRICE_REQUEST, "price-request"),
        (&THRESHOLD, "threshold"),
        (&ALPHA, "alpha"),
        (&SLOWEST, "slowest"),
        (&SIDE_A, "a"),
        (&SIDE_B, "b"),
        (&TO, "to"),
    ];
    let values = &asked.values;
    let mut line = format!("runlog report {}", report.word());
    let text = |param: &Param| {
        let number = values.number(param).map(|number| number.to_string());
        let ms = values.ms(param).map(|ms| ms.to_string());
        values.text(param).map(str::to_owned).or(number).or(ms)
    };
    for (param, flag) in FLAGS {
        text(param).into_iter().for_each(|text| line += &format!(" --{flag} {}", quoted(&text)));
    }
    if let Some(from_ms) = values.ms(&FROM) {
        line += &format!(" --from {from_ms}");
    } else if let Some(since_ms) = values.ms(&SINCE) {
        line += &format!(" --since {}s", since_ms / 1000);
    }
    line
}

/// A word of a command line.
fn quoted(text: &str) -> String {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "._,=:/+@-".contains(char);
    if text.chars().all(is_plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// The runs of an engine as a report wants them.
struct Stored<'a> {
    engine: &'a dyn Engine,
    scope: Scope,
    window: Window,
    /// The moment that the request asks for, if any: counts of all runs include those in flight without it.
    as_of: Option<u64>,
    /// The moment of which finished runs are read.
    moment: u64,
    billing_step_ms: u64,
    now_ms: i64,
}

impl Stored<'_> {
    fn query(&self, (start_ms, end_ms): Window, text: Option<&str>) -> Query {
        let window = core::Window { start_ms, end_ms };
        Query {
            window,
            keyword: text.map(str::to_owned),
            limit: 0,
            as_of: self.as_of,
            ..Query::new(self.scope.clone())
        }
    }

    /// Gives every row of a query, page by page.
    fn pages(&self, mut query: Query, take: &mut dyn FnMut(Run)) -> Result<(), EngineError> {
        loop {
            let found = self.engine.query(&query)?;
            found.rows.into_iter().for_each(|row| take(self.run(row)));
            let Some(next) = found.next else { return Ok(()) };
            query.start = Start::After(next);
        }
    }

    fn run(&self, row: Row) -> Run {
        let run = row.run;
        let stream = &run.stream;
        Run {
            version: Version {
                region: stream.region.clone(),
                namespace: stream.namespace.clone(),
                function: stream.function.clone(),
                qualifier: stream.qualifier.clone(),
            },
            request_id: run.request_id,
            retry_num: run.retry_num,
            start_ms: run.start_ms,
            duration_us: run.duration_us,
            bill_ms: run.bill_ms.unwrap_or_else(|| billed_ms(run.duration_us, self.billing_step_ms)),
            mem_bytes: run.mem_bytes,
            ret_code: run.ret_code,
            log: run.log,
        }
    }
}

impl Source for Stored<'_> {
    type Error = EngineError;

    fn window(&self) -> Window {
        self.window
    }

    fn each(&self, window: Window, text: Option<&str>, take: &mut dyn FnMut(Run)) -> Result<(), EngineError> {
        let query = Query { as_of: Some(self.moment), order: Order::NEWEST_FIRST, ..self.query(window, text) };
        let max = if text.is_some() { LOGS_MAX } else { RUNS_MAX };
        let total = self.engine.query(&query)?.total;
        if total > max {
            let message = format!(
                "a report of {total} runs is over the limit of {max}; choose a shorter window or one function, or use \
                 `runlog report`, which reads them by an export"
            );
            return Err(EngineError::caller(message));
        }
        let columns = Columns { log: text.is_some(), ..Columns::NO_TEXTS };
        let limit = if text.is_some() { ROWS_WITH_LOGS } else { ROWS };
        let query = Query { columns, limit, page_max_bytes: Some(ROWS_MAX_BYTES), ..query };
        if text.is_some() {
            return self.pages(query, take);
        }
        // Slices of a page or two: a query looks at all rows of its window.
        let mut left = vec![(query.window, total)];
        while let Some((window, total)) = left.pop() {
            let span_ms = window.end_ms.abs_diff(window.start_ms);
            if total > ROWS as u64 && span_ms > 1 {
                for window in slices(window, total.div_ceil(ROWS as u64).clamp(2, 1_000)) {
                    let total = self.engine.query(&Query { window, limit: 0, ..query.clone() })?.total;
                    left.push((window, total));
                }
            } else if total > 0 {
                self.pages(Query { window, ..query.clone() }, take)?;
            }
        }
        Ok(())
    }

    fn logs(&self, version: &Version, text: &str, newest_first: bool) -> Result<Vec<String>, EngineError> {
        let direction = if newest_first { Direction::Desc } else { Direction::Asc };
        let query = Query {
            scope: Scope {
                region: Some(version.region.clone()),
                namespace: Some(version.namespace.clone()),
                function: Some(version.function.clone()),
                qualifier: Some(version.qualifier.clone()),
                ..self.scope.clone()
            },
            order: Order { by: SortKey::StartTime, direction },
            limit: LOGS_OF_VERSION,
            page_max_bytes: Some(ROWS_MAX_BYTES),
            columns: Columns { log: true, ..Columns::NO_TEXTS },
            ..self.query(self.window, Some(text))
        };
        Ok(self.engine.query(&query)?.rows.into_iter().map(|row| row.run.log).collect())
    }

    fn versions_with(&self, text: &str) -> Result<(BTreeMap<Name, u64>, u64), EngineError> {
        let facets = FacetSpec { by: vec![FacetKey::Version], top: FACET_MAX_VALUES, percentiles: false };
        let found = self.engine.query(&Query { facets: Some(facets), ..self.query(self.window, Some(text)) })?;
        let (mut versions, mut rest) = (BTreeMap::new(), 0);
        for facet in found.facets.into_iter().flatten() {
            rest += facet.rest_runs;
            for count in facet.values {
                if let FacetValue::Version(namespace, function, qualifier) = count.value {
                    versions.insert((namespace, function, qualifier), count.runs);
                }
            }
        }
        Ok((versions, rest))
    }

    fn total(&self) -> Result<u64, EngineError> {
        Ok(self.engine.query(&self.query(self.window, None))?.total)
    }

    fn kept_from_ms(&self) -> Result<Option<i64>, EngineError> {
        let found = self.engine.query(&self.query(self.window, None))?;
        // A bound that is still to come says that nothing was removed yet.
        Ok(found.watermark.retained_from_ms.filter(|first_ms| *first_ms <= self.now_ms))
    }
}

/// A window in at most `count` slices, the oldest first.
fn slices(window: core::Window, count: u64) -> impl Iterator<Item = core::Window> {
    let core::Window { start_ms, end_ms } = window;
    let width_ms = i64::try_from(end_ms.abs_diff(start_ms).div_ceil(count)).expect("half of a span at most");
    let starts = std::iter::successors(Some(start_ms), move |start_ms| start_ms.checked_add(width_ms));
    starts
        .take_while(move |start_ms| *start_ms < end_ms)
        .map(move |start_ms| core::Window { start_ms, end_ms: start_ms.saturating_add(width_ms).min(end_ms) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_join_up_to_the_window() {
        for (start_ms, end_ms, count) in [(0, 10, 3), (5, 7, 2), (i64::MIN, i64::MAX, 1_000), (0, 3, 100)] {
            let found: Vec<core::Window> = slices(core::Window { start_ms, end_ms }, count).collect();
            assert_eq!((found[0].start_ms, found[found.len() - 1].end_ms), (start_ms, end_ms));
            assert!(
                found.windows(2).all(|pair| pair[0].end_ms == pair[1].start_ms && pair[0].start_ms < pair[0].end_ms)
            );
            assert!(found.len() as u64 <= count.min(end_ms.abs_diff(start_ms)), "{found:?}");
        }
    }

    #[test]
    fn words_of_a_command_line() {
        assert_eq!(
            (quoted("a-b.c"), quoted("it's"), quoted("$LATEST")),
            ("a-b.c".into(), r"'it'\''s'".into(), "'$LATEST'".into())
        );
    }
}
