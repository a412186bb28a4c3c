//! A connection whose peer must take what is written to it, or is cut off.
//!
//! An answer that nobody takes keeps memory and a snapshot of the engine. So once a write has to wait, the peer has a
//! time limit in which it must take a part, at [`LEAST_BYTES_PER_S`] or faster; if it does not, writing fails,
//! which closes the connection. A peer that is quick enough gets a new limit each time. While nothing is to be written
//! there is no limit.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// The slowest that a reader may be. Telephone lines were faster.
const LEAST_BYTES_PER_S: u64 = 1024;

/// A stream that fails when its peer takes nothing.
pub(crate) struct Paced<T> {
    inner: T,
    limit: Duration,
    patience: Patience,
    /// Since a write had to wait: until when, and how many bytes were taken.
    waiting: Option<(Pin<Box<Sleep>>, u64)>,
}

/// Lifts the limit of a connection for answers that wait for as long as their reader likes: tails, whose readers may
/// pause, and which keep little.
#[derive(Clone, Debug, Default)]
pub(crate) struct Patience(Arc<AtomicBool>);

impl Patience {
    /// Whether the answer to come may wait for its reader.
    pub(crate) fn set(&self, is_patient: bool) {
        self.0.store(is_patient, Ordering::Relaxed);
    }
}

impl<T> Paced<T> {
    /// A stream whose peer has `limit` at a time to take some.
    pub(crate) fn new(inner: T, limit: Duration, patience: Patience) -> Self {
        Self { inner, limit, patience, waiting: None }
    }

    /// A write goes on: its peer took some bytes.
    fn took(&mut self, bytes: usize) {
        if let Some((_, taken)) = &mut self.waiting {
            *taken += bytes as u64;
            if *taken >= LEAST_BYTES_PER_S * self.limit.as_secs().max(1) {
                self.waiting = None;
            }
        }
    }

    /// A write has to wait.
    fn wait(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        if self.patience.0.load(Ordering::Relaxed) {
            self.waiting = None;
            return Poll::Pending;
        }
        let limit = self.limit;
        let (until, _) = self.waiting.get_or_insert_with(|| (Box::pin(tokio::time::sleep(limit)), 0));
        ready!(until.as_mut().poll(context));
        Poll::Ready(io::Error::new(io::ErrorKind::TimedOut, "the client does not take its answer"))
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Paced<T> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, into)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Paced<T> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.after(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(context, parts);
        self.after(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.inner).poll_flush(context) {
            Poll::Ready(result) => {
                // Everything there was is taken.
                self.waiting = None;
                Poll::Ready(result)
            }
            Poll::Pending => self.wait(context).map(Err),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.inner).poll_shutdown(context) {
            Poll::Ready(result) => Poll::Ready(result),
            Poll::Pending => self.wait(context).map(Err),
        }
    }
}

impl<T> Paced<T> {
    fn after(&mut self, written: Poll<io::Result<usize>>, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Ok(bytes)) => {
                self.took(bytes);
                Poll::Ready(Ok(bytes))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => self.wait(context).map(Err),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_is_cut_off() {
        let (near, _far) = duplex(64);
        let mut paced = Paced::new(near, LIMIT, Patience::default());
        let error = paced.write_all(&[0; 1000]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_drips_is_cut_off_and_a_steady_one_is_not() {
        for (bytes_per_s, is_served) in [(LEAST_BYTES_PER_S / 8, false), (LEAST_BYTES_PER_S * 2, true)] {
            let (near, mut far) = duplex(64);
            let mut paced = Paced::new(near, LIMIT, Patience::default());
            let reader = tokio::spawn(async move {
                let mut part = vec![0; bytes_per_s as usize];
                while far.read_exact(&mut part).await.is_ok() {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            });
            let written = paced.write_all(&vec![0; LEAST_BYTES_PER_S as usize * 100]).await;
            assert_eq!(written.is_ok(), is_served, "{bytes_per_s} bytes a second");
            reader.abort();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_patient_connection_waits() {
        let (near, mut far) = duplex(64);
        let patience = Patience::default();
        patience.set(true);
        let mut paced = Paced::new(near, LIMIT, patience);
        let reader = tokio::spawn(async move {
            tokio::time::sleep(100 * LIMIT).await;
            far.read_exact(&mut [0; 1000]).await
        });
        paced.write_all(&[0; 1000]).await.unwrap();
        reader.await.unwrap().unwrap();
    }
}
