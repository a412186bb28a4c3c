//! An export goes on where its connection broke, and is an error where it cannot.

mod server;

use std::sync::Arc;

use runlog_client::{Error, ExportQuery, RunFilter, RunRow};
use server::{Asked, Server, StillClock, reply};

/// An export of some runs, each as its start and number, and what its head says of their number.
fn export(total: u64, runs: &[(i64, u64)], more: &str) -> Vec<u8> {
    let lines: String =
        runs.iter().map(|(ms, seq)| format!("{{\"Seq\":{seq},\"StartTime\":{ms},\"FunctionName\":\"f\"}}\n")).collect();
    let head =
        format!("200 OK\r\nX-Runlog-Total: {total}\r\nX-Runlog-As-Of: 9\r\nX-Runlog-From: 100\r\nX-Runlog-To: 901");
    reply(&head, &(lines + more))
}

fn cut(mut bytes: Vec<u8>, by: usize) -> Vec<u8> {
    bytes.truncate(bytes.len() - by);
    bytes
}

/// The runs of an export, its error if it had one, and what the server was asked.
fn read(answer: impl Fn(usize) -> Vec<u8> + Send + 'static) -> (Vec<u64>, Option<Error>, Vec<Asked>, Vec<u64>) {
    let server = Server::start(move |at, _| answer(at));
    let clock = Arc::<StillClock>::default();
    let client = server.builder(&clock).retries(2).build().unwrap();
    let filter = RunFilter { function: Some("f".into()), since: Some("1h".into()), ..RunFilter::default() };
    let (mut seqs, mut failed) = (Vec::new(), None);
    let (sort, fields) = (Some("start_time:desc".to_owned()), Some("FunctionName".to_owned()));
    let query = ExportQuery { filter, sort, fields, as_of: None };
    for run in client.export_with(&query).unwrap() {
        match run {
            Ok(RunRow { seq, .. }) => seqs.push(seq),
            Err(error) => failed = Some(error),
        }
    }
    (seqs, failed, server.asked(), clock.waits_s())
}

#[test]
fn a_break_is_mended_after_the_last_run_that_came_whole() {
    let (seqs, error, asked, waits) = read(|at| match at {
        0 => cut(export(4, &[(900, 3), (900, 2), (500, 7)], ""), 5),
        1 => reply("503 Busy\r\nRetry-After: 1", ""),
        2 => cut(export(2, &[(500, 7)], ""), 0),
        _ => export(1, &[(100, 9)], ""),
    });
    assert_eq!((seqs, error.map(|error| error.to_string())), (vec![3, 2, 7, 9], None));
    assert_eq!(waits, [1, 2, 1], "what has come resets the waits");
    assert_eq!(
        asked[0].path,
        "/api/v1/export?function=f&since=1h&sort=start_time%3Adesc&fields=FunctionName%2CSeq%2CStartTime"
    );
    let again = "/api/v1/export?function=f&from=100&to=901&sort=start_time%3Adesc&as_of=9&after=";
    let fields = "&fields=FunctionName%2CSeq%2CStartTime";
    assert_eq!(asked[1].path, format!("{again}900%2C2{fields}"));
    assert_eq!(asked[2].path, format!("{again}900%2C2{fields}"));
    assert_eq!(asked[3].path, format!("{again}500%2C7{fields}"));
}

#[test]
fn runs_that_were_removed_meanwhile_are_an_error_and_so_are_the_last_words_of_a_server() {
    let (seqs, error, asked, _) = read(|at| match at {
        0 => cut(export(3, &[(900, 3), (500, 7)], ""), 3),
        _ => export(1, &[(500, 7)], ""),
    });
    let error = error.unwrap();
    assert_eq!((seqs, error.code(), asked.len()), (vec![3], Some("RunsRemoved"), 2));
    assert!(error.to_string().contains("1 of 3 runs had arrived, and 1 are left"), "{error}");

    let words = "{\"error\":{\"code\":\"RunsRemoved\",\"message\":\"2 of 3 runs were there\"}}\n";
    let (seqs, error, asked, _) = read(move |_| export(3, &[(900, 3)], words));
    let error = error.unwrap();
    assert_eq!((seqs, error.code(), asked.len()), (vec![3], Some("RunsRemoved"), 1));
    assert_eq!(error.to_string(), "the server ended the stream too early: 2 of 3 runs were there");
}

#[test]
fn a_server_that_stays_away_is_an_error_after_the_retries() {
    let (seqs, error, asked, waits) = read(|at| match at {
        0 => cut(export(2, &[(900, 3), (500, 7)], ""), 3),
        _ => Vec::new(),
    });
    assert_eq!((seqs, asked.len(), waits), (vec![3], 3, vec![1, 2]));
    assert!(matches!(error, Some(Error::Http { .. })), "{error:?}");
    let (_, error, asked, _) = read(|_| reply("200 OK\r\nX-Runlog-Total: 1\r\nX-Runlog-As-Of: 9", "no JSON\n"));
    assert!(matches!(error, Some(Error::BadAnswer { .. })) && asked.len() == 1, "{error:?}");
}
