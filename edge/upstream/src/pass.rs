//! One request's way: read, authenticated, judged, signed anew, handed on; the answer's way back.

use crate::answer::{self, Body, whole};
use crate::asked::{self, Asked, Language};
use crate::judge::Request;
use crate::{Arrival, Told, Upstream};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Response, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use postern_call::{Caller, Refusal};
use postern_wire::HttpRequest;
use postern_wire::sigv4::{self, PayloadHash, SigError, Signed, Signer};
use std::time::Duration;
use time::OffsetDateTime;

pub type Client = hyper_util::client::legacy::Client<HttpsConnector<HttpConnector>, Body>;

/// A body must have come in this time.
const BODY_TIME: Duration = Duration::from_secs(60);
/// The other server must have begun to answer in this time; long polls take 20 seconds, some calls a minute.
const ANSWER_TIME: Duration = Duration::from_secs(120);
/// The largest body of a request that is not streamed.
const LARGEST_BODY: usize = 16 * 1024 * 1024;
/// Headers that belong to one connection.
const OF_CONNECTION: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

pub fn client(tls: rustls::ClientConfig) -> Client {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(Duration::from_secs(10)));
    let connector =
        HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(connector);
    hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(connector)
}

/// A request's body as the door hands it over.
pub type Asking = UnsyncBoxBody<Bytes, hyper::Error>;

/// A request's body: known whole, or streamed on as it comes.
enum Load {
    Whole(Bytes),
    Streamed(Asking),
}

impl Load {
    fn known(&self) -> &[u8] {
        match self {
            Load::Whole(bytes) => bytes,
            Load::Streamed(_) => b"",
        }
    }
}

impl Upstream {
    pub async fn call(&self, request: http::Request<Asking>, arrival: Arrival) -> (Response<Body>, Told) {
        let (head, body) = request.into_parts();
        let mut told = Told { caller: "anonymous".to_owned(), ..Told::default() };
        let mut language = Language::Json;
        match self.answer(head, body, &arrival, &mut told, &mut language).await {
            Ok(reply) => (reply, told),
            Err(refusal) => {
                if let Some(inside) = &refusal.inside {
                    tracing::warn!(service = self.service(), inside, "an upstream");
                }
                told.refusal = Some((refusal.code.clone(), refusal.message.clone()));
                (answer::refuse(&self.signing, language, &refusal, &arrival.request_id), told)
            }
        }
    }

    async fn answer(
        &self,
        head: Parts,
        body: Asking,
        arrival: &Arrival,
        told: &mut Told,
        language: &mut Language,
    ) -> Result<Response<Body>, Refusal> {
        let now = OffsetDateTime::now_utc();
        // S3's bodies may be of any size, and S3 signs their hash with the head.
        let load = if self.signing == "s3" { Load::Streamed(body) } else { Load::Whole(read_body(body).await?) };
        let request = HttpRequest {
            method: head.method.as_str(),
            path: head.uri.path(),
            query: head.uri.query().unwrap_or_default(),
            headers: &head.headers,
            body: load.known(),
        };
        // What the request is about is read from what is handed on, where a bucket stands in the path.
        let path = self.path(&head);
        let asked = asked::read(&self.signing, &HttpRequest { path: &path, ..request });
        *language = asked.language;
        told.operation = asked.operation.clone().unwrap_or_else(|| format!("{} {}", request.method, request.path));
        let (caller, signed) = self.authenticate(&request, now)?;
        told.caller = caller.display();
        let region = signed.as_ref().map_or(arrival.default_region.as_str(), |signed| signed.scope.region.as_str());
        self.judge(&caller, &asked, arrival, region, &head.headers, now)?;
        let payload = payload(signed.as_ref(), &load)?;
        let onward = self.onward(&head, &payload, region, now)?;
        let body = match load {
            Load::Whole(bytes) => whole(bytes),
            Load::Streamed(body) => body.map_err(Into::into).boxed_unsync(),
        };
        self.hand_on(onward.map(|()| body)).await
    }

    fn judge(
        &self,
        caller: &Caller,
        asked: &Asked,
        arrival: &Arrival,
        region: &str,
        headers: &HeaderMap,
        now: OffsetDateTime,
    ) -> Result<(), Refusal> {
        let user_agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        self.may(&Request { caller, asked, arrival, region, user_agent, now })
    }

    /// Who signed. Only S3 hears the anonymous, whom its policies may name.
    fn authenticate(
        &self,
        request: &HttpRequest<'_>,
        now: OffsetDateTime,
    ) -> Result<(Caller, Option<Signed>), Refusal> {
        let refuse = |error: SigError| error.refusal(&self.signing);
        let Some(signed) = sigv4::read(request).map_err(refuse)? else {
            let anonymous = (self.signing == "s3").then(|| (Caller::anonymous(), None));
            return anonymous.ok_or_else(|| refuse(SigError::Missing));
        };
        if signed.scope.service != self.signing {
            let (given, expected) = (signed.scope.service.clone(), self.signing.clone());
            return Err(refuse(SigError::Scope { what: "service", given, expected }));
        }
        let credential = self.keys.credential(&signed.access_key);
        let unknown = || refuse(SigError::UnknownKey { access_key: signed.access_key.clone() });
        let credential = credential.ok_or_else(unknown)?;
        let token = signed.session_token.clone().unwrap_or_default();
        if credential.session_token.as_deref() != signed.session_token.as_deref() {
            return Err(refuse(SigError::BadToken { token }));
        }
        if credential.expires.is_some_and(|end| end <= now.unix_timestamp()) {
            return Err(refuse(SigError::ExpiredToken { token }));
        }
        let proof = if self.signing == "s3" { Signed::verify_head } else { Signed::verify };
        proof(&signed, &credential.secret, request, now).map_err(refuse)?;
        let mut caller = credential.caller;
        caller.access_key = Some(signed.access_key.clone());
        Ok((caller, Some(signed)))
    }

    /// The head of the request to the other server.
    fn onward(
        &self,
        head: &Parts,
        payload: &str,
        region: &str,
        now: OffsetDateTime,
    ) -> Result<http::Request<()>, Refusal> {
        let path = self.path(head);
        let query = unsigned_query(head.uri.query().unwrap_or_default());
        let mut headers: HeaderMap =
            head.headers.iter().filter(|(name, _)| is_kept(name)).map(|(n, v)| (n.clone(), v.clone())).collect();
        let authority = &self.target.address.authority;
        for (name, value) in [("host", authority.as_str()), ("x-amz-date", &sigv4::date_header(now)), (SHA256, payload)]
        {
            headers.insert(HeaderName::from_static(name), value.parse().map_err(Refusal::internal)?);
        }
        let mut names: Vec<String> =
            headers.keys().map(|name| name.as_str().to_owned()).filter(|n| is_signed(n)).collect();
        names.sort();
        let signer = Signer {
            access_key: &self.target.access_key,
            secret: &self.target.secret_key,
            region,
            service: &self.signing,
        };
        let request =
            HttpRequest { method: head.method.as_str(), path: &path, query: &query, headers: &headers, body: b"" };
        let value = signer.authorization(&request, &names, payload, now);
        headers.insert(header::AUTHORIZATION, HeaderValue::try_from(value).map_err(Refusal::internal)?);
        let mark = if query.is_empty() { "" } else { "?" };
        let uri = format!("{}{path}{mark}{query}", self.target.address.url());
        let mut onward = http::Request::builder().method(&head.method).uri(uri).body(()).map_err(Refusal::internal)?;
        *onward.headers_mut() = headers;
        Ok(onward)
    }

    /// The path; a bucket in the host's name comes in front, since the other server has no such names.
    fn path(&self, head: &Parts) -> String {
        let path = head.uri.path();
        let host = head.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        match bucket_of(host).filter(|_| self.signing == "s3") {
            Some(bucket) => format!("/{bucket}{path}"),
            None => path.to_owned(),
        }
    }

    async fn hand_on(&self, onward: http::Request<Body>) -> Result<Response<Body>, Refusal> {
        let reply = match tokio::time::timeout(ANSWER_TIME, self.client.request(onward)).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(error)) => return Err(self.absent(&cause(&error))),
            Err(_) => return Err(self.absent("it did not answer in time")),
        };
        let (mut head, body) = reply.into_parts();
        for name in OF_CONNECTION {
            head.headers.remove(*name);
        }
        Ok(Response::from_parts(head, body.map_err(Into::into).boxed_unsync()))
    }

    fn absent(&self, why: &str) -> Refusal {
        let (service, url) = (self.service(), self.target.address.url());
        let message = format!("The server behind {service}, {url}, is not available: {why}");
        let refusal = Refusal::new("ServiceUnavailable", message).status(503);
        refusal.hint(format!("postern up --upstream {service}={url} put it there; start that server"))
    }
}

const SHA256: &str = "x-amz-content-sha256";

/// What is said of the body to the other server.
fn payload(signed: Option<&Signed>, load: &Load) -> Result<String, Refusal> {
    if let Load::Whole(bytes) = load {
        return Ok(sigv4::payload_hash(bytes));
    }
    match signed.map(|signed| &signed.payload) {
        Some(PayloadHash::Given(hash)) => Ok(hash.clone()),
        // Its chunks are not signed, so that they can go on as they are.
        Some(PayloadHash::Streaming(kind)) if kind == "STREAMING-UNSIGNED-PAYLOAD-TRAILER" => Ok(kind.clone()),
        Some(PayloadHash::Streaming(kind)) => {
            let message = format!("A body sent as {kind} cannot be handed on to an upstream.");
            Err(Refusal::new("NotImplemented", message).status(501))
        }
        _ => Ok("UNSIGNED-PAYLOAD".to_owned()),
    }
}

fn is_kept(name: &HeaderName) -> bool {
    let name = name.as_str();
    let replaced = ["host", "authorization", "x-amz-date", "date", "x-amz-security-token", SHA256, "expect"];
    !replaced.contains(&name) && !OF_CONNECTION.contains(&name)
}

fn is_signed(name: &str) -> bool {
    name == "host" || name == "content-type" || name.starts_with("x-amz-")
}

/// The query without what signs a presigned request.
fn unsigned_query(query: &str) -> String {
    let signing = ["Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature", "Security-Token"];
    let is_signing = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default();
        name.strip_prefix("X-Amz-").is_some_and(|rest| signing.contains(&rest))
    };
    query.split('&').filter(|pair| !is_signing(pair)).collect::<Vec<_>>().join("&")
}

/// The bucket in a host's name: `my.bucket` of `my.bucket.s3.us-east-1.amazonaws.com` and of an endpoint's own name.
fn bucket_of(host: &str) -> Option<&str> {
    if let Some((front, _)) = host.split_once(".bucket.vpce-") {
        return Some(front);
    }
    let at = host.rfind(".s3.").or_else(|| host.rfind(".s3-"))?;
    let front = host.get(..at).filter(|_| host.ends_with(".amazonaws.com"))?;
    // An endpoint's own label is no bucket.
    front.split('.').all(|label| !label.starts_with("vpce-")).then_some(front)
}

/// The innermost reason: `Connection refused`.
fn cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

async fn read_body(body: Asking) -> Result<Bytes, Refusal> {
    match tokio::time::timeout(BODY_TIME, Limited::new(body, LARGEST_BODY).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(Refusal::new("RequestEntityTooLarge", "The request body is too large").status(413))
        }
        Ok(Err(error)) => {
            let broken = Refusal::new("IncompleteBody", "The request body ended before it was complete");
            Err(Refusal { inside: Some(error.to_string()), ..broken })
        }
        Err(_) => Err(Refusal::new("RequestTimeout", "The request body did not arrive in time").status(408)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_in_the_host_is_found() {
        assert_eq!(bucket_of("my.bucket.s3.us-east-1.amazonaws.com"), Some("my.bucket"));
        assert_eq!(bucket_of("b.bucket.vpce-0a-b.s3.us-east-1.vpce.amazonaws.com"), Some("b"));
        for host in [
            "s3.us-east-1.amazonaws.com",
            "127.0.0.1:4566",
            "bucket.vpce-0a-b.s3.us-east-1.vpce.amazonaws.com",
            "a.s3.example",
        ] {
            assert_eq!(bucket_of(host), None, "{host}");
        }
    }

    #[test]
    fn what_presigns_a_request_is_left_out() {
        let query = "a=1&X-Amz-Signature=x&X-Amz-Credential=y&list-type=2&X-Amz-Other=z";
        assert_eq!(unsigned_query(query), "a=1&list-type=2&X-Amz-Other=z");
        assert_eq!(unsigned_query(""), "");
    }
}
