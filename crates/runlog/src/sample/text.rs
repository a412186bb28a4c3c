//! What a generated run prints.

use std::fmt::Write;

use rand::{Rng, RngExt};
use runlog_core::{RET_MEMORY_LIMIT, RET_OK, RET_TIME_LIMIT, RET_USER_FAILED};

/// How a generated run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Ok,
    Raised,
    TimedOut,
    OutOfMemory,
}

impl Outcome {
    /// The published status codes of the platform.
    pub(super) fn ret_code(self) -> i32 {
        match self {
            Outcome::Ok => RET_OK,
            Outcome::Raised => RET_USER_FAILED,
            Outcome::TimedOut => RET_TIME_LIMIT,
            Outcome::OutOfMemory => RET_MEMORY_LIMIT,
        }
    }

    /// What the function returned, as JSON, or why it failed.
    pub(super) fn ret_msg(self, rng: &mut impl Rng) -> String {
        match self {
            Outcome::Ok if rng.random_bool(0.7) => r#""ok""#.to_owned(),
            Outcome::Ok => {
                format!(r#"{{"handled":{},"skipped":{}}}"#, rng.random_range(1..500), rng.random_range(0..5))
            }
            Outcome::Raised => r#"{"errorCode":430,"errorMessage":"user code exception"}"#.to_owned(),
            Outcome::TimedOut => r#"{"errorCode":433,"errorMessage":"Invoking task timed out"}"#.to_owned(),
            Outcome::OutOfMemory => r#"{"errorCode":434,"errorMessage":"Memory limit exceeded"}"#.to_owned(),
        }
    }
}

const ENGLISH: &[&str] = &[
    "received {n} messages from queue orders, oldest is {n} ms behind",
    "fetched https://api.example.com/v2/items?page={n} in {n} ms",
    "cache hit ratio 0.{n}, {n} keys evicted",
    "wrote batch {n} with {n} rows",
    "user {n} has no avatar, using the default one",
    "retrying upload part {n} after a connection reset",
    "connected to db-{n}.internal as app",
];

const CHINESE: &[&str] = &[
    "收到 {n} 条消息,最早的一条延迟 {n} 毫秒",
    "用户 {n} 下单成功,订单号 {n}",
    "写入第 {n} 批,共 {n} 行",
    "缓存命中率 0.{n},淘汰 {n} 个键",
    "调用支付接口超时,第 {n} 次重试",
];

const TRACES: &[&str] = &[
    "Traceback (most recent call last):\n  File \"/var/user/index.py\", line {n}, in main_handler\n    \
     order = load_order(event[\"id\"])\n  File \"/var/user/orders.py\", line {n}, in load_order\n    \
     return table[key]\nKeyError: '{n}'\n",
    "TypeError: Cannot read properties of undefined (reading 'total')\n    at charge (/var/user/index.js:{n}:18)\n    \
     at exports.main_handler (/var/user/index.js:{n}:5)\n    \
     at process.processTicksAndRejections (node:internal:{n})\n",
    "panic: runtime error: index out of range [{n}] with length {n}\n\ngoroutine 1 [running]:\nmain.handle(...)\n\
     \t/var/user/main.go:{n}\n",
];

/// The lines of a run that starts at `start_ms`, its error last.
pub(super) fn log_text(outcome: Outcome, is_chinese: bool, start_ms: i64, lines: usize, rng: &mut impl Rng) -> String {
    let mut text = String::new();
    let mut at_ms = start_ms;
    for _ in 0..lines {
        at_ms += rng.random_range(0..40);
        let template = pick(rng, if is_chinese { CHINESE } else { ENGLISH });
        let level = pick(rng, &["INFO", "INFO", "INFO", "DEBUG", "WARN"]);
        let stamp = runlog_core::Zone::UTC.format_rfc3339(at_ms);
        // Writing to a String does not fail.
        let _ = writeln!(text, "{stamp} {level} {}", filled(template, rng));
    }
    match outcome {
        Outcome::Ok => {}
        Outcome::Raised => text.push_str(&filled(pick::<&str>(rng, TRACES), rng)),
        Outcome::TimedOut => text.push_str("ERROR time limit reached, the run was ended\n"),
        Outcome::OutOfMemory => text.push_str("ERROR memory limit reached, the run was ended\n"),
    }
    text
}

fn filled(template: &str, rng: &mut impl Rng) -> String {
    let mut text = String::with_capacity(template.len() + 16);
    for (at, part) in template.split("{n}").enumerate() {
        if at > 0 {
            let _ = write!(text, "{}", rng.random_range(1..10_000));
        }
        text.push_str(part);
    }
    text
}

pub(super) fn pick<'a, T>(rng: &mut impl Rng, items: &'a [T]) -> &'a T {
    &items[rng.random_range(0..items.len())]
}
