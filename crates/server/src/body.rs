//! Request bodies, as they arrive: bounded in length, in memory, and in time.
//!
//! A client may pause, and must still send [`LEAST_BYTES_PER_S`] on average. Only time in which the server waits for
//! the client counts. Before its sender is known, a body also has a time limit as a whole.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Body;
use tokio::time::Instant;

use crate::budget::Share;
use crate::settings::Settings;
use crate::unpack::BodyError;

/// The slowest that a sender may be on average, as a reader may be.
const LEAST_BYTES_PER_S: u64 = 1024;

/// The time limit of a body whose sender is not known yet, in times of the longest pause.
const UNVERIFIED_PAUSES: u32 = 4;

/// How long a body may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// The longest pause; over this time the least rate is counted.
    pause: Duration,
    /// The longest that all of it may take.
    whole: Option<Duration>,
}

impl Pace {
    /// Of a sender who is known.
    pub(super) fn of_known(settings: &Settings) -> Self {
        Self { pause: settings.client_timeout(), whole: None }
    }

    /// Of a sender who is not known yet.
    pub(super) fn of_unknown(settings: &Settings) -> Self {
        let pause = settings.client_timeout();
        Self { pause, whole: Some(pause * UNVERIFIED_PAUSES) }
    }
}

/// A body that arrives.
pub(super) struct Arriving<B> {
    body: B,
    pace: Pace,
    /// How long its client was waited for, in all and since the rate was last judged.
    waited: Duration,
    waited_since: Duration,
    bytes_since: u64,
}

impl<B> Arriving<B>
where
    B: Body<Data = Bytes> + Unpin,
{
    pub(super) fn new(body: B, pace: Pace) -> Self {
        Self { body, pace, waited: Duration::ZERO, waited_since: Duration::ZERO, bytes_since: 0 }
    }

    /// The next part; `None` at the end. A client that is silent or slow for too long is taken for gone.
    pub(super) async fn next(&mut self) -> Option<Result<Bytes, BodyError>> {
        loop {
            let limit = match self.pace.whole {
                Some(whole) => self.pace.pause.min(whole.saturating_sub(self.waited)),
                None => self.pace.pause,
            };
            let began = Instant::now();
            let frame = tokio::time::timeout(limit, self.body.frame()).await;
            let waited = began.elapsed();
            self.waited += waited;
            self.waited_since += waited;
            return match frame {
                Ok(None) => None,
                Ok(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => Some(self.judge(data)),
                    // Trailers carry nothing for us.
                    Err(_) => continue,
                },
                Ok(Some(Err(_))) | Err(_) => Some(Err(BodyError::Disconnected)),
            };
        }
    }

    /// Whether the part came soon enough.
    fn judge(&mut self, part: Bytes) -> Result<Bytes, BodyError> {
        self.bytes_since += part.len() as u64;
        if self.waited_since >= self.pace.pause && !self.body.is_end_stream() {
            if self.bytes_since < LEAST_BYTES_PER_S * self.waited_since.as_secs() {
                return Err(BodyError::Disconnected);
            }
            (self.waited_since, self.bytes_since) = (Duration::ZERO, 0);
        }
        Ok(part)
    }
}

/// A whole body of at most `max_bytes`. `memory` grows with it.
pub(super) async fn collect<B>(body: B, max_bytes: u64, pace: Pace, memory: &mut Share) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    let is_too_large = body.size_hint().lower() > max_bytes;
    let mut arriving = Arriving::new(body, pace);
    if is_too_large {
        // A client reads its answer when it has sent its request. So some of it is read, and not kept.
        let mut read = 0;
        while read < max_bytes
            && let Some(Ok(part)) = arriving.next().await
        {
            read += part.len() as u64;
        }
        return Err(BodyError::TooLarge { max_bytes });
    }
    let mut whole = Vec::new();
    while let Some(part) = arriving.next().await {
        let part = part?;
        if whole.len() as u64 + part.len() as u64 > max_bytes {
            return Err(BodyError::TooLarge { max_bytes });
        }
        memory.grow_by(part.len() as u64)?;
        // Most bodies come in one part, which then need not be copied.
        if whole.is_empty() && arriving.body.is_end_stream() {
            return Ok(part);
        }
        whole.extend_from_slice(&part);
    }
    Ok(whole.into())
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll, ready};

    use hyper::body::Frame;
    use tokio::time::Sleep;

    use super::*;
    use crate::budget::{Budget, NoRoom};

    const PAUSE: Duration = Duration::from_secs(30);

    /// A body of parts of some bytes, one every `every`.
    struct Dripping {
        parts: usize,
        bytes: usize,
        every: Duration,
        next: Pin<Box<Sleep>>,
    }

    impl Dripping {
        fn new(parts: usize, bytes: usize, every: Duration) -> Self {
            Self { parts, bytes, every, next: Box::pin(tokio::time::sleep(every)) }
        }
    }

    impl Body for Dripping {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            if self.parts == 0 {
                return Poll::Ready(None);
            }
            ready!(self.next.as_mut().poll(context));
            self.parts -= 1;
            self.next = Box::pin(tokio::time::sleep(self.every));
            Poll::Ready(Some(Ok(Frame::data(vec![0; self.bytes].into()))))
        }
    }

    async fn collected(body: Dripping, whole: Option<Duration>) -> Result<usize, BodyError> {
        let mut memory = Budget::new("name", 100 << 20, 100 << 20).share();
        collect(body, 100 << 20, Pace { pause: PAUSE, whole }, &mut memory).await.map(|whole| whole.len())
    }

    #[tokio::test(start_paused = true)]
    async fn who_drips_is_cut_off_and_who_is_slow_and_steady_is_not() {
        let drips = || Dripping::new(10_000, 1, Duration::from_secs(14));
        let began = Instant::now();
        assert_eq!(collected(drips(), None).await, Err(BodyError::Disconnected));
        assert!(began.elapsed() < 2 * PAUSE, "{:?}", began.elapsed());
        let steady = || Dripping::new(600, 2048, Duration::from_secs(1));
        assert_eq!(collected(steady(), None).await, Ok(600 * 2048));
        assert_eq!(collected(Dripping::new(1, 1, 2 * PAUSE), None).await, Err(BodyError::Disconnected), "a pause");
        // Who is not known has no such time.
        let began = Instant::now();
        assert_eq!(collected(steady(), Some(2 * PAUSE)).await, Err(BodyError::Disconnected));
        assert_eq!(began.elapsed(), 2 * PAUSE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_takes_its_memory_while_it_arrives() {
        let budget = Budget::new("name", 100, 100);
        let (mut one, mut other) = (budget.share(), budget.share());
        let pace = Pace { pause: PAUSE, whole: None };
        let body = || Dripping::new(6, 10, Duration::ZERO);
        assert!(collect(body(), 1000, pace, &mut one).await.is_ok());
        let full = NoRoom::Now { option: "name", max_bytes: 100 };
        assert_eq!(collect(body(), 1000, pace, &mut other).await, Err(BodyError::NoRoom(full)));
        drop(one);
        drop(other);
        assert_eq!(budget.taken(), 0);
        assert_eq!(collect(body(), 50, pace, &mut budget.share()).await, Err(BodyError::TooLarge { max_bytes: 50 }));
    }
}
