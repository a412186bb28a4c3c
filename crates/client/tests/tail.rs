//! A tail does not trust its connection: a missing event is noticed, fetched again, and reported if it stays away.

mod server;

use std::sync::Arc;

use runlog_client::{RunFilter, TailGap};
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
    let mut tail = client.tail_fields(&RunFilter::default(), None, "Seq");
    let seqs: Vec<u64> = tail.by_ref().take(3).map(|event| event.unwrap().run.seq).collect();
    assert_eq!(seqs, [5, 7, 9]);
    assert_eq!((tail.gaps(), tail.reconnects()), (1, 1));
}

#[test]
fn a_gap_that_stays_is_an_error_and_waits_grow() {
    let server = Server::start(|_, _| stream(4, &[(9, 7)]));
    let clock = Arc::default();
    let client = server.builder(&clock).retries(3).build().unwrap();
    let mut tail = client.tail_fields(&RunFilter::default(), Some(4), "Seq");
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
    let mut tail = client.tail_fields(&RunFilter::default(), None, "Seq");
    assert_eq!(tail.next().unwrap().unwrap().run.seq, 9);
    assert_eq!((tail.place(), tail.gaps()), (Some(9), 0));
}

#[test]
fn a_gap_is_told_with_the_next_event_and_two_of_them_as_one() {
    let gap = |after: u64, to: u64, by: &str| {
        let (retention, damage) = (by == "retention", by == "damage");
        format!(
            "event: gap\ndata: {{\"AfterSeq\":{after},\"ToSeq\":{to},\"ByRetention\":{retention},\"ByDamage\":{damage}}}\n\n"
        )
    };
    let event = |seq: u64, prev: u64| format!("id: {seq}\ndata: {{\"Seq\":{seq},\"PrevSeq\":{prev}}}\n\n");
    let parts = [
        "id: 4\n\n".to_owned(),
        event(5, 4),
        gap(5, 7, "retention"),
        gap(7, 9, "damage"),
        event(10, 5),
        event(11, 10),
        gap(11, 12, "retention"),
    ];
    let body = parts.concat();
    let server = Server::start(move |_, _| reply("200 OK\r\nContent-Type: text/event-stream", &body));
    let client = server.builder(&Arc::default()).retries(0).build().unwrap();
    let mut tail = client.tail_fields(&RunFilter::default(), None, "Seq");
    let told: Vec<_> = tail.by_ref().take(3).map(|event| event.unwrap().gap).collect();
    let both = TailGap { after_seq: 5, to_seq: 9, by_retention: true, by_damage: true };
    assert_eq!(told, [None, Some(both), None]);
    assert!(tail.next().unwrap().is_err(), "the server has ended the tail");
    assert_eq!(tail.gap().map(|gap| gap.to_seq), Some(12), "known, although no event has come since");
    assert_eq!((tail.place(), tail.gaps()), (Some(11), 0));
}
