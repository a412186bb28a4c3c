//! `GET /api/v1/tail`: reports as they are accepted, as Server-Sent Events.
//!
//! ```text
//! id: 1042                                         the event's Seq; without data, the position reached so far
//! data: {"Seq":1042,"PrevSeq":1040,...}
//!
//! event: gap                                       reports removed before the tail reached them; it has no id
//! data: {"AfterSeq":1042,"ToSeq":2077,"ByRetention":true,"ByDamage":false}
//! ```
//!
//! A tail is a task with a position in the sequence. It reads a batch of bounded size, sends it, and reads the next one
//! only when that was taken. So nothing is queued for a slow reader, which finds the rest on disk.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, HeaderName, HeaderValue};
use runlog_core::{EngineError, Tail};
use runlog_core::{TailEvent, TailGap};
use tokio::sync::watch;
use tokio::time::Instant;

use super::answers::GapEvent;
use super::asked::Asked;
use super::failure::Failure;
use super::fields::Selection;
use super::filter_params;
use super::params::{FROM_SEQ, LAST_EVENT_ID};
use crate::answer_body::{self, Writer};
use crate::app::App;
use crate::caller::Caller;
use crate::clock;
use crate::respond::{self, Answer};

/// How often a keep-alive is sent and the key is checked again.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// How soon a disconnected client should reconnect, in milliseconds.
const RETRY_MS: u32 = 2_000;

/// How long a reader has to take pending data when the server stops.
const STOP_GRACE: Duration = Duration::from_secs(1);

pub(super) async fn open(asked: Asked) -> Result<Answer, Failure> {
    let filter = filter_params::tail_filter(&asked.values, asked.account());
    asked.permit(&filter.scope).await?;
    let from_seq = asked.values.number(&LAST_EVENT_ID).or(asked.values.number(&FROM_SEQ));
    let tail = asked.ask(move |engine| engine.subscribe(from_seq, filter)).await?;
    let begin = tail.position();
    let place = Following { tail, caller: asked.caller, fields: asked.fields, last: begin, told: None };
    let (writer, body) = answer_body::stream();
    let link = Link { writer, stopping: asked.app.stopping() };
    tokio::spawn(follow(asked.app, place, link));
    let mut answer = respond::stream(StatusCode::OK, respond::EVENT_STREAM, body);
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Proxies such as nginx would otherwise buffer events.
    answer.headers_mut().insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(answer)
}

/// The follower and its position.
struct Following {
    tail: Box<dyn Tail>,
    caller: Caller,
    fields: Selection,
    /// The last event that was written, or where the tail began.
    last: u64,
    /// The gap that was sent, until an event of the engine includes it too.
    told: Option<TailGap>,
}

/// The channel to the reader.
struct Link {
    writer: Writer,
    stopping: watch::Receiver<bool>,
}

/// The tail is over.
struct Over;

async fn follow(app: Arc<App>, mut place: Following, mut link: Link) {
    let begin = place.tail.position();
    let opening = format!(": everything after {begin}\nretry: {RETRY_MS}\nid: {begin}\n\n");
    if link.send(opening.into()).await.is_err() {
        return;
    }
    let mut follower = app.followers.join();
    let mut beat = Instant::now() + HEARTBEAT;
    while !*link.stopping.borrow() {
        if Instant::now() >= beat {
            beat += HEARTBEAT;
            let Some(caller) = place.caller.still(&app.keyring) else { break };
            place.caller = caller;
            let sign = format!(": {}\nid: {}\n\n", clock::now_ms(), place.tail.position());
            if link.send(sign.into()).await.is_err() {
                return;
            }
        }
        let known = *follower.last_seq.borrow_and_update();
        let text = match read(&app, place).await {
            Ok((next, text)) => {
                place = next;
                text
            }
            Err(error) => return tracing::warn!(%error, "a tail was interrupted"),
        };
        if !text.is_empty() {
            if link.send(text).await.is_err() {
                return;
            }
            continue;
        }
        // A rare word in a long history takes several reads.
        if place.tail.position() < known {
            continue;
        }
        tokio::select! {
            _ = follower.last_seq.changed() => {}
            () = tokio::time::sleep_until(beat) => {}
            () = link.writer.gone() => return,
            _ = link.stopping.changed() => {}
        }
    }
    // A reader that has taken nothing for this long is disconnected.
    let _ = tokio::time::timeout(STOP_GRACE, link.writer.end()).await;
}

/// Reads the next few events off the reactor, when its turn comes, and encodes them.
async fn read(app: &Arc<App>, mut place: Following) -> Result<(Following, Bytes), EngineError> {
    let _turn = app.tail_turns.acquire().await;
    let read = app.engine.begin(move |_| {
        let mut text = Vec::new();
        for TailEvent { row, gap, .. } in place.tail.next_batch()? {
            if gap.is_some() {
                place.tell_of(gap, &mut text)?;
                place.told = None;
            }
            // The key may not be allowed to read a function that appeared later.
            if !place.caller.may_read(&row.run.stream) {
                continue;
            }
            text.extend_from_slice(format!("id: {}\ndata: ", row.seq).as_bytes());
            let prev_seq = std::mem::replace(&mut place.last, row.seq);
            let event = place.fields.json(&row, Some(prev_seq));
            serde_json::to_writer(&mut text, &event).map_err(|error| EngineError::engine(error.to_string()))?;
            text.extend_from_slice(b"\n\n");
        }
        // Before a keep-alive moves the reader's position past it.
        let gap = place.tail.gap();
        place.tell_of(gap, &mut text)?;
        Ok((place, Bytes::from(text)))
    });
    read.await.unwrap_or_else(|panic| Err(EngineError::engine(format!("a tail failed: {panic}"))))
}

impl Following {
    /// Encodes the gap, unless the reader knows it.
    fn tell_of(&mut self, gap: Option<TailGap>, text: &mut Vec<u8>) -> Result<(), EngineError> {
        let Some(gap) = gap.filter(|gap| self.told != Some(*gap)) else { return Ok(()) };
        let known = self.told.replace(gap).map_or(self.last, |told| self.last.max(told.to_seq));
        let event =
            GapEvent { after_seq: known, to_seq: gap.to_seq, by_retention: gap.by_retention, by_damage: gap.by_damage };
        text.extend_from_slice(b"event: gap\ndata: ");
        serde_json::to_writer(&mut *text, &event).map_err(|error| EngineError::engine(error.to_string()))?;
        text.extend_from_slice(b"\n\n");
        Ok(())
    }
}

impl Link {
    /// Sends, waiting for the reader as long as needed, unless the server stops.
    async fn send(&mut self, bytes: Bytes) -> Result<(), Over> {
        let stopping = &mut self.stopping;
        let stopped = async {
            // A closed channel means the same.
            let _ = stopping.wait_for(|is_stopping| *is_stopping).await;
            tokio::time::sleep(STOP_GRACE).await;
        };
        tokio::select! {
            sent = self.writer.write(bytes) => sent.map_err(|_| Over),
            () = stopped => Err(Over),
        }
    }
}
