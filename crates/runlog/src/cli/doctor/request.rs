//! A request that was refused: where it comes from, and the diagnosis on paper.

use std::io::{self, Read, Write};
use std::path::Path;

use anyhow::anyhow;
use runlog_client::{Client, Error, SentBody};
use runlog_core::Zone;
use runlog_core::moment::moment_ms;
use runlog_doctor::{Diagnosis, Kind, Known, Payload, SentRequest, diagnose, read};
use runlog_server::clock;
use runlog_wire::text::http_date_s;
use serde::Deserialize;
use serde_json::json;

use super::args::DoctorArgs;
use crate::cli::common::failure::Failure;
use crate::cli::common::table::Format;
use crate::cli::common::text::plain;
use crate::files;

/// The longest text of a request, in bytes: the largest body of the API, escaped.
const TEXT_MAX_BYTES: u64 = 64 << 20;

/// A request, and what is known of its fate.
#[derive(Deserialize)]
struct Case {
    request: SentRequest,
    secret_id: Option<String>,
    code: Option<String>,
    received_s: Option<i64>,
    max_skew_s: Option<i64>,
}

pub(super) fn examine(args: &DoctorArgs) -> Result<u8, Failure> {
    let usage = |error: String| Failure::Usage(error);
    let mut secret_line = None;
    if args.secret_key_stdin {
        if args.file.as_deref() == Some(Path::new("-")) {
            return Err(usage(
                "the request and the secret cannot both come from standard input; put the request in a file".into(),
            ));
        }
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        secret_line = Some(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    let mut case = case(args)?;
    if let Some(path) = &args.body {
        case.request.body = Payload::Text(files::read(path)?.into_bytes());
    }
    let now_ms = clock::now_ms();
    if let Some(at) = &args.at {
        let at_ms = moment_ms(at, Zone::UTC8, now_ms).map_err(|error| usage(format!("--at: {error}")))?;
        case.received_s = Some(at_ms.div_euclid(1000));
    }
    let read = |path: &Option<std::path::PathBuf>| -> anyhow::Result<Option<String>> {
        let text = path.as_deref().map(files::read).transpose()?;
        // An editor ends the last line; the text itself does not.
        Ok(text.map(|text| text.strip_suffix('\n').unwrap_or(&text).to_owned()))
    };
    let (canonical_request, string_to_sign) = (read(&args.canonical_request)?, read(&args.string_to_sign)?);
    let (own_id, own_secret) = args.server.key()?;
    // A root key may ask about another key's request: then its own secret has no say.
    let is_others = args.request_id.is_some() && case.secret_id.is_some() && case.secret_id != own_id;
    let (secret_id, secret_key) = match secret_line {
        Some(secret) => (None, Some(secret)),
        None if is_others => (None, None),
        None => (own_id, own_secret),
    };
    let endpoint = args.server.endpoint();
    let host = endpoint.split_once("://").map_or(endpoint.as_str(), |(_, host)| host).trim_end_matches('/');
    let code = args.code.clone().or(case.code);
    let known = Known {
        secret_id: secret_id.as_deref(),
        secret_key: secret_key.as_deref(),
        received_s: case.received_s,
        now_s: Some(now_ms.div_euclid(1000)),
        max_skew_s: case.max_skew_s.unwrap_or(args.max_skew.into()),
        host: Some(host),
        code: code.as_deref(),
        canonical_request: canonical_request.as_deref(),
        string_to_sign: string_to_sign.as_deref(),
    };
    let diagnosis = diagnose(&case.request, &known);
    print(args, &diagnosis, secret_key.is_some())
}

/// The request, from wherever it was given.
fn case(args: &DoctorArgs) -> Result<Case, Failure> {
    if let Some(id) = &args.request_id {
        return remembered(&args.server.client()?, id);
    }
    let text = match (&args.curl, args.file.as_deref()) {
        (Some(command), _) => command.clone(),
        (None, Some(path)) if path != Path::new("-") => files::read(path)?,
        _ => {
            let mut text = String::new();
            io::stdin().lock().take(TEXT_MAX_BYTES).read_to_string(&mut text)?;
            text
        }
    };
    if let Ok(case) = serde_json::from_str::<Case>(&text) {
        return Ok(case);
    }
    let read = read(&text).map_err(Failure::Usage)?;
    let received_s = read.answered.as_deref().and_then(http_date_s);
    Ok(Case { request: read.request, secret_id: None, code: None, received_s, max_skew_s: None })
}

/// The refused request that a server remembers.
fn remembered(client: &Client, id: &str) -> Result<Case, Failure> {
    let found = client.failed_request(id).map_err(|error| match error {
        // A key whose own secret is in doubt cannot be used to ask.
        error @ Error::Refused { status: 401, .. } => Failure::Other(anyhow!(
            "{error}: the SecretId or its secret is wrong (`runlog keys list` shows the ids); a root key of the \
             account can ask in its place, with the secret of the key in doubt by --secret-key-stdin"
        )),
        error => Failure::Call(error),
    })?;
    let found = found.ok_or_else(|| {
        let advice = "it remembers the last ones until it stops; a key sees its own, a root key those of its account";
        Failure::Other(anyhow!("the server remembers no failed request {id}: {advice}"))
    })?;
    let sent = found.request;
    let body = match sent.body {
        SentBody::Text(text) => Payload::Text(text.into_bytes()),
        SentBody::Hash { sha256, bytes } => Payload::Hash { sha256, bytes },
    };
    let request = SentRequest { method: sent.method, path: sent.path, query: sent.query, headers: sent.headers, body };
    Ok(Case {
        request,
        secret_id: Some(found.secret_id),
        code: Some(found.code),
        received_s: Some(found.received_s),
        max_skew_s: Some(found.max_skew_s),
    })
}

/// Prints the diagnosis; the exit code is 1 when something is wrong.
fn print(args: &DoctorArgs, diagnosis: &Diagnosis, has_secret: bool) -> Result<u8, Failure> {
    let language = args.server.language();
    let is_fine = diagnosis.findings.first().is_some_and(|finding| finding.kind == Kind::Fine);
    let is_checked = has_secret && is_fine;
    let advice = "no secret was given, so the signature itself was not computed: set RUNLOG_SECRET_KEY, or pipe it in with --secret-key-stdin";
    let mut out = io::stdout().lock();
    match args.output {
        Format::Json => {
            let findings: Vec<_> = diagnosis
                .findings
                .iter()
                .map(|finding| {
                    json!({
                        "kind": finding.kind, "step": finding.kind.step(), "expected": finding.expected,
                        "found": finding.found, "is_proven": finding.is_proven, "text": finding.text(language),
                    })
                })
                .collect();
            let found = json!({
                "scheme": diagnosis.scheme, "is_fine": is_checked, "signature_was_computed": has_secret,
                "findings": findings, "steps": diagnosis.steps,
            });
            serde_json::to_writer_pretty(&mut out, &found).map_err(anyhow::Error::from)?;
            writeln!(out)?;
        }
        Format::Table => {
            for step in &diagnosis.steps {
                writeln!(out, "{}:", step.name)?;
                let differs = step.sent.as_ref().is_some_and(|sent| *sent != step.expected);
                for line in step.expected.lines() {
                    writeln!(out, "    {}", plain(line))?;
                }
                if let Some(sent) = step.sent.as_ref().filter(|_| differs) {
                    writeln!(out, "  but the sender has:")?;
                    for line in sent.lines() {
                        writeln!(out, "    {}", plain(line))?;
                    }
                }
            }
            if !diagnosis.steps.is_empty() {
                writeln!(out)?;
            }
            for finding in diagnosis.findings.iter().filter(|finding| has_secret || finding.kind != Kind::Fine) {
                let step = finding.kind.step();
                let sure = if finding.is_proven { "" } else { " (suspected)" };
                let head = if step.is_empty() { String::new() } else { format!("{step}{sure}: ") };
                writeln!(out, "{head}{}", plain(&finding.text(language)))?;
            }
            if !has_secret {
                writeln!(out, "{advice}")?;
            }
        }
    }
    Ok(u8::from(!is_checked))
}
