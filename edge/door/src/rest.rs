//! The rest of a request's body: what a service left unread when its answer was there.
//!
//! A connection whose body was not read to its end cannot carry another request. Short rests are read, so that the
//! connection stays; for others the reply says `Connection: close`, so that the client does not send its next request
//! into a connection that ends.

use crate::reply::Reply;
use bytes::Bytes;
use http::HeaderValue;
use http::header::{CONNECTION, EXPECT};
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::oneshot;

/// Longer rests are not read.
const LARGEST: usize = 256 * 1024;
/// Nor those that take longer to come.
const TIME: Duration = Duration::from_millis(500);

/// A request's body on its way to a service; what is left of it when the service drops it goes back to the door.
pub struct RequestBody {
    body: Option<Incoming>,
    begun: bool,
    /// Gone once the body has been read to its end.
    back: Option<oneshot::Sender<Left>>,
}

struct Left {
    body: Incoming,
    /// Whether the service asked for any of it: only then has a client that waits for `100 Continue` been told to send.
    begun: bool,
}

/// The door's end: awaits what is left.
pub(crate) struct Rest {
    left: Option<oneshot::Receiver<Left>>,
    /// Whether the client sends its body only when told to.
    waits: bool,
}

/// Takes a request's body under watch.
pub(crate) fn watch(request: http::Request<Incoming>) -> (http::Request<RequestBody>, Rest) {
    let waits = request.headers().contains_key(EXPECT);
    let (back, left) = if request.body().is_end_stream() {
        (None, None)
    } else {
        let (back, left) = oneshot::channel();
        (Some(back), Some(left))
    };
    let request = request.map(|body| RequestBody { body: Some(body), begun: false, back });
    (request, Rest { left, waits })
}

impl Rest {
    /// Reads a short rest; otherwise says in the reply that the connection ends.
    pub(crate) async fn settle(self, reply: &mut Reply) {
        let Some(mut left) = self.left else { return };
        let over = match left.try_recv() {
            Err(oneshot::error::TryRecvError::Closed) => true,
            Err(oneshot::error::TryRecvError::Empty) => false,
            Ok(left) if self.waits && !left.begun => false,
            Ok(left) => read(left.body).await,
        };
        if !over {
            close_after(reply);
        }
    }
}

/// The reply is the connection's last.
pub(crate) fn close_after(reply: &mut Reply) {
    reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
}

/// Whether the body came to its end.
async fn read(body: Incoming) -> bool {
    if body.size_hint().lower() > LARGEST as u64 {
        return false;
    }
    let mut rest = Limited::new(body, LARGEST);
    let whole = async {
        loop {
            match rest.frame().await {
                None => return true,
                Some(Ok(_)) => {}
                Some(Err(_)) => return false,
            }
        }
    };
    tokio::time::timeout(TIME, whole).await.unwrap_or(false)
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.begun = true;
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let polled = Pin::new(&mut *body).poll_frame(cx);
        if matches!(polled, Poll::Ready(None)) || body.is_end_stream() {
            self.back = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(Incoming::size_hint).unwrap_or_default()
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        if let (Some(body), Some(back)) = (self.body.take(), self.back.take()) {
            // The door may have gone first; then nobody minds.
            drop(back.send(Left { body, begun: self.begun }));
        }
    }
}
