//! Request bodies, as they arrive: bounded in length, and in the time that a client may pause.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Body;

use crate::unpack::BodyError;

/// The next part of a body; `None` at its end. A client that is silent for `pause` is taken for gone.
pub(super) async fn next<B>(body: &mut B, pause: Duration) -> Option<Result<Bytes, BodyError>>
where
    B: Body<Data = Bytes> + Unpin,
{
    loop {
        return match tokio::time::timeout(pause, body.frame()).await {
            Ok(None) => None,
            Ok(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => Some(Ok(data)),
                // Trailers carry nothing for us.
                Err(_) => continue,
            },
            Ok(Some(Err(_))) | Err(_) => Some(Err(BodyError::Disconnected)),
        };
    }
}

/// A whole body of at most `max_bytes`.
pub(super) async fn collect<B>(mut body: B, max_bytes: u64, pause: Duration) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut whole = Vec::new();
    while let Some(part) = next(&mut body, pause).await {
        let part = part?;
        if whole.len() as u64 + part.len() as u64 > max_bytes {
            return Err(BodyError::TooLarge { max_bytes });
        }
        // Most bodies come in one part, which then need not be copied.
        if whole.is_empty() && body.is_end_stream() {
            return Ok(part);
        }
        whole.extend_from_slice(&part);
    }
    Ok(whole.into())
}
