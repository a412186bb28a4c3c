//! The canary's tail: a thread that follows what is accepted and tells of every event, gap and place.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use runlog_client::{Client, RunFilter, TailBreak};
use runlog_server::clock;

/// How long to wait before a tail that broke is opened again.
const PAUSE: Duration = Duration::from_millis(200);

/// What came by the tail.
pub(super) enum Seen {
    Run {
        request_id: String,
        seq: u64,
        at: Instant,
    },
    Gap(TailBreak),
    /// The tail broke and is opened again.
    Broken,
    /// It will never come: the key may not read.
    Refused(String),
}

/// Follows the runs of a function from a sequence number on, until nobody listens any more. `client` must not try
/// again by itself, so that each gap is seen.
pub(super) fn watch(client: Client, filter: RunFilter, from_seq: u64) -> Receiver<Seen> {
    let (tell, seen) = channel();
    std::thread::spawn(move || follow(&client, &filter, from_seq, &tell));
    seen
}

fn follow(client: &Client, filter: &RunFilter, from_seq: u64, tell: &Sender<Seen>) {
    let mut tail = client.tail(filter, Some(from_seq));
    let mut gaps = 0;
    loop {
        let said = match tail.next() {
            Some(Ok(event)) => {
                Seen::Run { request_id: event.run.request_id, seq: event.run.seq, at: clock::monotonic() }
            }
            Some(Err(error)) if error.is_unauthorized() => Seen::Refused(error.to_string()),
            _ if tail.gaps() > gaps => {
                gaps = tail.gaps();
                tail.last_break().map_or(Seen::Broken, Seen::Gap)
            }
            _ => Seen::Broken,
        };
        let is_over = matches!(said, Seen::Refused(_));
        let is_broken = matches!(said, Seen::Gap(_) | Seen::Broken);
        if tell.send(said).is_err() || is_over {
            return;
        }
        if is_broken {
            std::thread::sleep(PAUSE);
        }
    }
}
