//! Bodies and replies.

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};

/// A body that may stream.
pub type Body = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;
pub type Reply = http::Response<Body>;

/// A body that is there whole.
pub(crate) fn whole(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// A reply of the codec's, as HTTP.
pub(crate) fn from_codec(reply: postern_wire::HttpReply) -> Reply {
    let mut builder = http::Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        builder = builder.header(name, value);
    }
    builder.body(whole(reply.body)).unwrap_or_else(|error| {
        tracing::error!(%error, "a reply's headers are not HTTP");
        let mut failed = http::Response::new(whole(Bytes::new()));
        *failed.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
        failed
    })
}

/// A short text.
pub(crate) fn text(status: u16, content_type: &'static str, text: impl Into<Bytes>) -> Reply {
    let mut reply = http::Response::new(whole(text));
    *reply.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    reply.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(content_type));
    reply
}
