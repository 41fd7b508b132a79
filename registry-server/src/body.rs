//! A request's body held whole, within bounds of size and time: for requests that describe something. Files to check are streamed instead.

use std::pin::pin;

use bytes::{Buf, Bytes};
use futures_util::{Stream, StreamExt};
use tokio::time::{Instant, timeout};

use crate::Limits;

/// Why a body was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyError {
    /// It is larger than that.
    TooLarge(u64),
    /// It came too slowly.
    TooSlow,
    /// It broke off.
    Broken,
}

/// Reads a body of up to `most` bytes.
///
/// # Errors
/// When it is too large, comes too slowly or breaks off.
pub async fn whole<S, B, E>(body: S, most: u64, limits: &Limits) -> Result<Bytes, BodyError>
where
    S: Stream<Item = Result<B, E>> + Send,
    B: Buf + Send,
    E: Send,
{
    let start = Instant::now();
    let mut body = pin!(body);
    let mut found = Vec::new();
    loop {
        let patience = limits.idle.min(limits.total.saturating_sub(start.elapsed()));
        match timeout(patience, body.next()).await {
            Err(_) => return Err(BodyError::TooSlow),
            Ok(None) => return Ok(found.into()),
            Ok(Some(Err(_))) => return Err(BodyError::Broken),
            Ok(Some(Ok(mut piece))) => {
                if (found.len() as u64).saturating_add(piece.remaining() as u64) > most {
                    return Err(BodyError::TooLarge(most));
                }
                while piece.has_remaining() {
                    let chunk = piece.chunk();
                    let length = chunk.len();
                    found.extend_from_slice(chunk);
                    piece.advance(length);
                }
            }
        }
    }
}

/// Most bytes that are read of a body that was refused.
const LINGER_BYTES: usize = 64 << 20;

/// Longest time for which they are read.
const LINGER: std::time::Duration = std::time::Duration::from_secs(2);

/// Reads on, and forgets, what a client is still sending after it was refused. A connection that is closed with bytes unread takes its last
/// answer back from clients that send all before they read.
pub async fn linger<S, B, E>(body: S)
where
    S: Stream<Item = Result<B, E>> + Send,
    B: Buf + Send,
    E: Send,
{
    let mut body = pin!(body);
    let mut left = LINGER_BYTES;
    let read = async {
        while let Some(Ok(piece)) = body.next().await {
            match left.checked_sub(piece.remaining()) {
                Some(less) => left = less,
                None => return,
            }
        }
    };
    let _ = timeout(LINGER, read).await;
}
