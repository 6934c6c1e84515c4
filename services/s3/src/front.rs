//! What stands before and behind `s3s`: requests it would take too lightly are refused, its errors are finished as AWS
//! writes them, and every reply gets its ids.

use crate::arrival::{Arrival, Noted, Outcome, Signing};
use crate::error::{HINT, MEMBERS, refuse, wire};
use crate::sentence;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::{Frame, SizeHint};
use percent_encoding::percent_decode_str;
use postern_call::Refusal;
use s3s::Body;
use s3s::service::S3Service;
use std::fmt::Write as _;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

/// Bytes of a body that are kept for what `s3s` does not hand on.
const HEAD_KEPT: usize = 128 * 1024;

/// The beginning of a POST form or of a bucket's configuration, as far as it has come: `s3s` leaves out the session
/// token of the one and the tags of the other.
#[derive(Clone, Default)]
pub(crate) struct BodyHead(Arc<Mutex<Vec<u8>>>);

impl BodyHead {
    /// All of it as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
    /// The name of the file that the form carries, without directories.
    pub fn filename(&self) -> Option<String> {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&bytes);
        let line = text.lines().find(|l| l.contains("name=\"file\"") && l.contains("filename=\""))?;
        let name = line.split_once("filename=\"")?.1.split_once('"')?.0;
        name.rsplit(['/', '\\']).next().map(str::to_owned)
    }
    /// The text of a simple field.
    pub fn field(&self, name: &str) -> Option<String> {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&bytes);
        let at = text.find(&format!("name=\"{name}\""))?;
        let (_, rest) = text.get(at..)?.split_once("\r\n\r\n")?;
        rest.split_once("\r\n--").map(|(value, _)| value.to_owned())
    }
}

/// A body that keeps what passes first.
struct Tee {
    inner: Body,
    head: BodyHead,
}

impl hyper::body::Body for Tee {
    type Data = Bytes;
    type Error = s3s::StdError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, s3s::StdError>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            let mut head = self.head.0.lock().unwrap_or_else(PoisonError::into_inner);
            let room = HEAD_KEPT.saturating_sub(head.len()).min(data.len());
            head.extend_from_slice(data.get(..room).unwrap_or_default());
        }
        Poll::Ready(frame)
    }
    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }
    fn size_hint(&self) -> SizeHint {
        hyper::body::Body::size_hint(&self.inner)
    }
}

/// Serves one request.
pub(crate) async fn call(service: &S3Service, mut request: Request<Body>) -> Response<Body> {
    let noted = Noted::default();
    request.extensions_mut().insert(noted.clone());
    let is_head = request.method() == Method::HEAD;
    let request_id =
        request.extensions().get::<Arrival>().map(|arrival| arrival.request_id.clone()).unwrap_or_default();
    let mut response = match prepare(request) {
        Ok(request) => match service.call(request).await {
            Ok(response) => response,
            Err(error) => refused(Refusal::internal(s3s::StdError::from(error))),
        },
        Err(refusal) => refused(refusal),
    };
    let id_2 = long_id(&request_id);
    let refusal = finish(&mut response, &request_id, &id_2, is_head);
    let (operation, caller) = noted.0.get().cloned().unwrap_or_default();
    response.extensions_mut().insert(Outcome { operation, caller, refusal });
    response
}

fn prepare(mut request: Request<Body>) -> Result<Request<Body>, Refusal> {
    check_method(request.method())?;
    let signing = Signing::read(request.uri(), request.headers())?;
    request.extensions_mut().insert(signing);
    if head_is_wanted(&request) {
        let head = BodyHead::default();
        request.extensions_mut().insert(head.clone());
        request = request.map(|inner| Body::http_body(Tee { inner, head }));
    }
    Ok(request)
}

/// Forms, and what may be the configuration of a new bucket.
fn head_is_wanted(request: &Request<Body>) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
    match *request.method() {
        Method::POST => kind.is_some_and(|k| k.starts_with("multipart/form-data")),
        Method::PUT => request.uri().query().is_none() && !request.uri().path().trim_matches('/').contains('/'),
        _ => false,
    }
}

/// Methods without a meaning in S3; a preflight is refused as where no CORS configuration is set, since none can be.
fn check_method(method: &Method) -> Result<(), Refusal> {
    match *method {
        Method::GET | Method::HEAD | Method::PUT | Method::POST | Method::DELETE => Ok(()),
        Method::OPTIONS => {
            let message = "CORSResponse: CORS is not enabled for this bucket.";
            Err(Refusal::new("AccessForbidden", message).status(403).member("Method", "OPTIONS"))
        }
        _ => Err(refuse("MethodNotAllowed").member("Method", method.as_str())),
    }
}

fn refused(refusal: Refusal) -> Response<Body> {
    wire(refusal).to_http_response().unwrap_or_else(|error| {
        tracing::error!(%error, "an error could not be written");
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}

/// Gives code and message of a refusal.
fn finish(response: &mut Response<Body>, request_id: &str, id_2: &str, is_head: bool) -> Option<(String, String)> {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error() || status == StatusCode::MOVED_PERMANENTLY;
    let mut refusal = None;
    if is_error {
        refusal = finish_error(response, request_id, id_2, is_head);
    } else if status == StatusCode::NOT_MODIFIED {
        response.headers_mut().remove(MEMBERS);
        response.headers_mut().remove(header::CONTENT_TYPE);
        *response.body_mut() = Body::empty();
    }
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-amz-request-id", id);
    }
    if let Ok(id) = HeaderValue::from_str(id_2) {
        headers.insert("x-amz-id-2", id);
    }
    headers.insert(header::SERVER, HeaderValue::from_static("AmazonS3"));
    refusal
}

fn finish_error(
    response: &mut Response<Body>,
    request_id: &str,
    id_2: &str,
    is_head: bool,
) -> Option<(String, String)> {
    let ours = response.headers_mut().remove(MEMBERS);
    let members = ours.as_ref().map(members_of).unwrap_or_default();
    for (name, value) in &members {
        if name == "Region"
            && let Ok(region) = HeaderValue::from_str(value)
        {
            response.headers_mut().insert("x-amz-bucket-region", region);
        }
    }
    let bytes = response.body().bytes()?;
    let text = String::from_utf8_lossy(&bytes);
    let code = between(&text, "<Code>", "</Code>").unwrap_or_default().to_owned();
    if is_head {
        *response.body_mut() = Body::empty();
        let message = between(&text, "<Message>", "</Message>").map(unescape).unwrap_or_default();
        return Some((code, message));
    }
    let text = if ours.is_none() { reword(&text, &code) } else { text.into_owned() };
    let message = between(&text, "<Message>", "</Message>").map(unescape).unwrap_or_default();
    let mut more = String::new();
    for (name, value) in &members {
        // Writing to a String cannot fail.
        let _ = write!(more, "<{name}>{}</{name}>", escape(value));
    }
    let _ = write!(more, "<RequestId>{}</RequestId><HostId>{id_2}</HostId>", escape(request_id));
    if let Some(front) = text.strip_suffix("</Error>") {
        let whole = format!("{front}{more}</Error>");
        response.headers_mut().remove(header::CONTENT_LENGTH);
        *response.body_mut() = Body::from(whole);
    }
    if response.headers().get(HINT).is_none() && code == "NotImplemented" && ours.is_none() {
        let hint = HeaderValue::from_static("this operation is not implemented in Postern's S3");
        response.headers_mut().insert(HINT, hint);
    }
    Some((code, message))
}

/// Errors that `s3s` makes itself get AWS's sentence, but for those whose own text says more.
fn reword(text: &str, code: &str) -> String {
    let speaks =
        ["AccessDenied", "NotImplemented", "InvalidArgument", "InvalidRequest", "AuthorizationHeaderMalformed"];
    let message = sentence::of(code).1;
    match between(text, "<Message>", "</Message>") {
        Some(said) if sentence::known(code) && !speaks.contains(&code) => {
            text.replacen(&format!("<Message>{said}</Message>"), &format!("<Message>{message}</Message>"), 1)
        }
        Some(_) => text.to_owned(),
        None => text.replacen("</Code>", &format!("</Code><Message>{message}</Message>"), 1),
    }
}

fn between<'t>(text: &'t str, open: &str, close: &str) -> Option<&'t str> {
    Some(text.split_once(open)?.1.split_once(close)?.0)
}

fn members_of(value: &HeaderValue) -> Vec<(String, String)> {
    let text = value.to_str().unwrap_or_default();
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(n, v)| (n.to_owned(), percent_decode_str(v).decode_utf8_lossy().into_owned())).collect()
}

fn unescape(text: &str) -> String {
    let plain = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    plain.iter().fold(text.to_owned(), |text, (written, meant)| text.replace(written, meant))
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() && c != '\n' && c != '\t' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// S3's second, longer id; here a mere function of the first.
fn long_id(request_id: &str) -> String {
    use base64::Engine as _;
    let mut state = 0xcbf2_9ce4_8422_2325_u64;
    let mut bytes = [0_u8; 56];
    for (at, byte) in bytes.iter_mut().enumerate() {
        let next = request_id.as_bytes().get(at).copied().unwrap_or(at as u8);
        state = (state ^ u64::from(next)).wrapping_mul(0x0100_0000_01b3);
        *byte = (state >> 29) as u8;
    }
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
