//! Refusals in the language of the request.

use crate::asked::Language;
use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use postern_call::Refusal;
use serde_json::json;

/// A body that may stream.
pub type Body = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// A body that is there whole.
pub fn whole(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// The refusal as a client of the service hears it: by the service's model where there is one.
pub fn refuse(signing: &str, language: Language, refusal: &Refusal, request_id: &str) -> Response<Body> {
    if let Some(model) = postern_wire::model(signing) {
        let reply = model.refuse(refusal, request_id);
        return respond(reply.status, reply.headers, reply.body);
    }
    let (kind, body) = match language {
        Language::Json => {
            let body = json!({ "__type": refusal.code, "message": refusal.message });
            ("application/x-amz-json-1.1", body.to_string())
        }
        Language::Query | Language::RestXml => {
            let side = if refusal.status >= 500 { "Receiver" } else { "Sender" };
            let (code, message) = (escaped(&refusal.code), escaped(&refusal.message));
            let body = format!(
                "<ErrorResponse><Error><Type>{side}</Type><Code>{code}</Code><Message>{message}</Message></Error>\
                 <RequestId>{request_id}</RequestId></ErrorResponse>"
            );
            ("text/xml", body)
        }
    };
    let mut headers = vec![("content-type".to_owned(), kind.to_owned())];
    headers.push(("x-amzn-requestid".to_owned(), request_id.to_owned()));
    if language == Language::Json {
        headers.push(("x-amzn-errortype".to_owned(), refusal.code.clone()));
    }
    headers.extend(refusal.hint.as_ref().map(|hint| ("x-postern-hint".to_owned(), hint.clone())));
    respond(refusal.status, headers, body.into_bytes())
}

fn respond(status: u16, headers: Vec<(String, String)>, body: Vec<u8>) -> Response<Body> {
    let mut reply = Response::new(whole(body));
    *reply.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers {
        // What is no header's value (a hint with odd letters) is left out.
        if let (Ok(name), Ok(value)) = (name.parse::<http::HeaderName>(), value.parse::<http::HeaderValue>()) {
            reply.headers_mut().insert(name, value);
        }
    }
    reply
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
