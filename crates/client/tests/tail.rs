//! A tail does not trust its connection: a missing event is noticed, fetched again, and reported if it stays away.

mod server;

use std::sync::Arc;

use runlog_client::RunFilter;
use server::{Server, reply};

/// A connection that begins after `from` and gives events, each with the one that it names before it.
fn stream(from: u64, events: &[(u64, u64)]) -> Vec<u8> {
    let events: String = events
        .iter()
        .map(|(seq, prev)| format!("id: {seq}\ndata: {{\"Seq\":{seq},\"PrevSeq\":{prev},\"FunctionName\":\"f\"}}\n\n"))
        .collect();
    reply("200 OK\r\nContent-Type: text/event-stream", &format!(": hello\nretry: 2000\nid: {from}\n\n{events}"))
}

#[test]
fn an_event_that_is_missing_is_fetched_again() {
    let server = Server::start(|at, asked| {
        let resumed = asked.header("Last-Event-ID").map(str::to_owned);
        match at {
            0 => stream(4, &[(5, 4), (9, 7)]),
            1 if resumed.as_deref() == Some("5") => stream(5, &[(7, 5), (9, 7)]),
            _ => panic!("{at}: resumed after {resumed:?}"),
        }
    });
    let client = server.builder(&Arc::default()).build().unwrap();
    let mut tail = client.tail(&RunFilter::default(), None);
    let seqs: Vec<u64> = tail.by_ref().take(3).map(|event| event.unwrap().run.seq).collect();
    assert_eq!(seqs, [5, 7, 9]);
    assert_eq!((tail.gaps(), tail.reconnects()), (1, 1));
}

#[test]
fn a_gap_that_stays_is_an_error_and_waits_grow() {
    let server = Server::start(|_, _| stream(4, &[(9, 7)]));
    let clock = Arc::default();
    let client = server.builder(&clock).retries(3).build().unwrap();
    let mut tail = client.tail(&RunFilter::default(), Some(4));
    let error = tail.next().unwrap().unwrap_err();
    assert!(error.to_string().contains("an event after 7 came"), "{error}");
    assert_eq!((clock.waits_s(), tail.gaps()), (vec![1, 2, 4], 4));
}

#[test]
fn a_quiet_stretch_moves_the_place_and_not_the_proof() {
    let quiet = "id: 8\n\n";
    let body = format!("id: 4\n\n{quiet}id: 9\ndata: {{\"Seq\":9,\"PrevSeq\":4}}\n\n");
    let server = Server::start(move |_, _| reply("200 OK\r\nContent-Type: text/event-stream", &body));
    let client = server.builder(&Arc::default()).build().unwrap();
    let mut tail = client.tail(&RunFilter::default(), None);
    assert_eq!(tail.next().unwrap().unwrap().run.seq, 9);
    assert_eq!((tail.place(), tail.gaps()), (Some(9), 0));
}
