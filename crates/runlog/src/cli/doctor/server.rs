//! Whether a server can be worked with from here: reached, trusted, in time, with this key, and with room on its disk.

use std::io::{self, Write};

use runlog_client::{Client, Error, RunFilter};
use runlog_server::clock;
use runlog_wire::Language;
use serde_json::{Value, json};

use super::args::DoctorArgs;
use crate::cli::common::failure::Failure;
use crate::cli::common::table::{Format, write_table};
use crate::cli::common::units;

/// From which distance of two clocks on it is worth a word, in milliseconds.
const SKEW_WORTH_A_WORD_MS: i64 = 5_000;

/// Free disk, in bytes, below which it is worth a word, and below which it is too little.
const DISK_LOW_BYTES: u64 = 2 << 30;
const DISK_OUT_BYTES: u64 = 128 << 20;

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Ok,
    Warning,
    Failed,
    /// It could not be looked at.
    Unknown,
}

impl Verdict {
    fn name(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Warning => "warning",
            Verdict::Failed => "failed",
            Verdict::Unknown => "unknown",
        }
    }

    fn shown(self, language: Language) -> &'static str {
        match (language, self) {
            (Language::English, verdict) => verdict.name(),
            (Language::Chinese, Verdict::Ok) => "正常",
            (Language::Chinese, Verdict::Warning) => "警告",
            (Language::Chinese, Verdict::Failed) => "失败",
            (Language::Chinese, Verdict::Unknown) => "未知",
        }
    }
}

/// A check, and what it found, in two languages.
struct Check {
    name: &'static str,
    verdict: Verdict,
    zh: String,
    en: String,
}

fn check(name: &'static str, verdict: Verdict, zh: impl Into<String>, en: impl Into<String>) -> Check {
    Check { name, verdict, zh: zh.into(), en: en.into() }
}

pub(super) fn examine(args: &DoctorArgs) -> Result<u8, Failure> {
    let client = args.server.client()?;
    let checks = checks(&client, &args.server.endpoint(), args.server.key()?.1.is_some(), args.max_skew);
    let language = args.server.language();
    let text = |check: &Check| match language {
        Language::Chinese => check.zh.clone(),
        Language::English => check.en.clone(),
    };
    let mut out = io::stdout().lock();
    match args.output {
        Format::Table => {
            let rows = checks.iter().map(|c| vec![c.name.to_owned(), c.verdict.shown(language).to_owned(), text(c)]);
            let heads = match language {
                Language::Chinese => ["检查项", "结果", ""],
                Language::English => ["CHECK", "RESULT", ""],
            };
            write_table(&mut out, &heads, rows.collect())?;
        }
        Format::Json => {
            let rows: Vec<_> = checks
                .iter()
                .map(|check| json!({ "check": check.name, "result": check.verdict.name(), "text": text(check) }))
                .collect();
            serde_json::to_writer_pretty(&mut out, &json!({ "endpoint": args.server.endpoint(), "checks": rows }))
                .map_err(anyhow::Error::from)?;
            writeln!(out)?;
        }
    }
    Ok(u8::from(checks.iter().any(|check| check.verdict == Verdict::Failed)))
}

fn checks(client: &Client, endpoint: &str, has_key: bool, max_skew_s: u32) -> Vec<Check> {
    let asked_ms = clock::now_ms();
    let began = clock::monotonic();
    let alive = match client.probe("/livez") {
        Ok(alive) => alive,
        Err(error) => {
            let name = if matches!(error, Error::Tls { .. }) { "tls" } else { "reach" };
            return vec![check(name, Verdict::Failed, format!("无法连接：{error}"), error.to_string())];
        }
    };
    let round_trip_ms = i64::try_from(began.elapsed().as_millis()).expect("a call ends within a million years");
    let answer = format!("{round_trip_ms} ms");
    let mut checks = vec![match alive.status {
        200 => check("reach", Verdict::Ok, format!("服务器在 {answer} 内应答"), format!("it answers within {answer}")),
        status => {
            let (zh, en) = (
                format!("/livez 返回 {status}，这可能不是 runlog"),
                format!("/livez answers {status}: perhaps no runlog"),
            );
            check("reach", Verdict::Warning, zh, en)
        }
    }];
    checks.push(tls(endpoint));
    checks.push(match alive.date_s {
        Some(date_s) => skew(date_s * 1000 + 500 - asked_ms - round_trip_ms / 2, max_skew_s),
        None => check("clock", Verdict::Unknown, "应答没有 Date 头", "its answers have no Date"),
    });
    checks.push(ready(client));
    checks.push(native_key(client));
    checks.push(if has_key {
        signed_key(client)
    } else {
        let (zh, en) = ("没有给出密钥，令牌不能签名", "no key was given, and a token cannot sign");
        check("signature", Verdict::Unknown, zh, en)
    });
    checks.extend(metrics(client));
    checks
}

fn tls(endpoint: &str) -> Check {
    let host = endpoint.split_once("://").map_or(endpoint, |(_, host)| host);
    let is_here = ["127.", "localhost", "[::1]"].iter().any(|start| host.starts_with(start));
    match (endpoint.starts_with("https://"), is_here) {
        (true, _) => check("tls", Verdict::Ok, "证书可信", "the certificate is trusted"),
        (false, true) => check("tls", Verdict::Ok, "本机，不加密", "plain http, on this machine"),
        (false, false) => check(
            "tls",
            Verdict::Warning,
            "没有加密：原生接口会明文发送密钥，请使用 https",
            "plain http: the native API sends the secret as it is; use https",
        ),
    }
}

fn skew(skew_ms: i64, max_skew_s: u32) -> Check {
    let seconds = skew_ms as f64 / 1000.0;
    let (zh, en) =
        (format!("服务器时钟相差 {seconds:+.1} 秒"), format!("the server's clock is {seconds:+.1} s from this one"));
    let distance = skew_ms.unsigned_abs();
    if distance >= u64::from(max_skew_s) * 1000 {
        let advice = (
            format!("{zh}，签名会被拒绝：请同步时钟 (NTP)"),
            format!("{en}: signatures are refused; set the clocks (NTP)"),
        );
        check("clock", Verdict::Failed, advice.0, advice.1)
    } else if distance >= SKEW_WORTH_A_WORD_MS.unsigned_abs() {
        check("clock", Verdict::Warning, format!("{zh}:请同步时钟 (NTP)"), format!("{en}: set the clocks (NTP)"))
    } else {
        check("clock", Verdict::Ok, zh, en)
    }
}

fn ready(client: &Client) -> Check {
    match client.readiness() {
        Ok(found) if found.ready => check("ready", Verdict::Ok, "读写都正常", "it reads and writes"),
        Ok(found) => {
            let why = found.writes_refused_because.unwrap_or_else(|| "no reason given".to_owned());
            check("ready", Verdict::Failed, format!("服务器拒绝写入：{why}"), format!("it refuses writes: {why}"))
        }
        Err(error) => check("ready", Verdict::Failed, error.to_string(), error.to_string()),
    }
}

fn native_key(client: &Client) -> Check {
    match client.functions(&RunFilter::default()) {
        Ok(found) => {
            let count = found.total;
            check(
                "key",
                Verdict::Ok,
                format!("密钥有效，可读 {count} 个函数"),
                format!("the key is accepted, and may read {count} functions"),
            )
        }
        Err(error) if error.is_unauthorized() => check(
            "key",
            Verdict::Failed,
            "密钥不被接受：SecretId 或 SecretKey 不对，请用 `runlog keys list` 核对",
            "the key is not accepted: the SecretId or its secret is wrong; compare with `runlog keys list`",
        ),
        Err(error) => check("key", Verdict::Failed, error.to_string(), error.to_string()),
    }
}

fn signed_key(client: &Client) -> Check {
    let answer = client.call::<_, Value>("GetFunctionLogs", &json!({ "FunctionName": "runlog-canary", "Limit": 1 }));
    let right = || check("signature", Verdict::Ok, "签名被接受", "signatures are accepted");
    match answer {
        Ok(_) => right(),
        Err(error) => match error.code().unwrap_or_default() {
            "ResourceNotFound.FunctionName" => right(),
            code if code.starts_with("UnauthorizedOperation") => check(
                "signature",
                Verdict::Ok,
                "签名被接受；密钥不能读 runlog-canary 的日志",
                "signatures are accepted; the key may not read the logs of runlog-canary",
            ),
            "RequestLimitExceeded" => check(
                "signature",
                Verdict::Warning,
                "签名被接受，但现在超过了频率限制",
                "signatures are accepted, and the rate limit is reached at this moment",
            ),
            _ => check("signature", Verdict::Failed, error.to_string(), error.to_string()),
        },
    }
}

/// What the server's own figures tell.
fn metrics(client: &Client) -> Vec<Check> {
    let Ok(page) = client.metrics() else {
        let (zh, en) = ("密钥不能读 /metrics", "the key may not read /metrics");
        return vec![check("rate limit", Verdict::Unknown, zh, en), check("disk", Verdict::Unknown, zh, en)];
    };
    let value = |line: &str| line.rsplit_once(' ').and_then(|(_, number)| number.parse::<f64>().ok());
    let limited: f64 = page
        .lines()
        .filter(|line| line.starts_with("runlog_requests_total") && line.contains("code=\"RequestLimitExceeded\""))
        .filter_map(value)
        .sum();
    let rate = if limited > 0.0 {
        let (zh, en) = (
            format!("启动以来有 {limited} 个请求因超过频率限制被拒绝"),
            format!("{limited} requests were refused for the rate limit since the server started"),
        );
        check("rate limit", Verdict::Warning, zh, en)
    } else {
        check("rate limit", Verdict::Ok, "没有请求因频率限制被拒绝", "no request was refused for the rate limit")
    };
    let gauge = |name: &str| {
        let found = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse::<f64>().ok());
        found.filter(|bytes| *bytes >= 0.0).map(|bytes| bytes as u64)
    };
    let disk = match (gauge("runlog_disk_free_bytes"), gauge("runlog_disk_bytes")) {
        (Some(free), Some(used)) => {
            let (zh, en) = (
                format!("剩余 {}，数据占用 {}", units::size(free), units::size(used)),
                format!("{} are free, the data take {}", units::size(free), units::size(used)),
            );
            let verdict = match free {
                ..DISK_OUT_BYTES => Verdict::Failed,
                DISK_OUT_BYTES..DISK_LOW_BYTES => Verdict::Warning,
                _ => Verdict::Ok,
            };
            check("disk", verdict, zh, en)
        }
        _ => check("disk", Verdict::Unknown, "服务器没有给出磁盘空间", "the server does not tell its disk space"),
    };
    vec![rate, disk]
}
