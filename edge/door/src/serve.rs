//! One connection's requests: from HTTP to a call and back.

use crate::accept::Place;
use crate::authenticate::{self, Signature};
use crate::reply::{self, Reply};
use crate::rest;
use crate::route;
use crate::{Arrival, Door, RawService, Record, Told};
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use postern_call::{Call, Caller, Refusal};
use postern_names::{Region, Via};
use postern_serve::{Service, Used, deciding};
use postern_wire::{HttpRequest, Model, Operation};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;

/// A client that starts a request must send its head in this time; an idle connection is closed after it.
const HEAD_TIME: Duration = Duration::from_secs(75);
/// A body must have come in this time.
const BODY_TIME: Duration = Duration::from_secs(60);
/// The largest body of a service other than S3.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// Serves one connection until either side ends it. `tls`: the version that carries it, if one does.
pub(crate) async fn talk<S>(door: &Arc<Door>, stream: S, place: Place, tls: Option<&'static str>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(|request| {
        let (door, place) = (Arc::clone(door), place.clone());
        async move { Ok::<_, Infallible>(answer(&door, place, tls, request).await) }
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).half_close(true);
    if let Err(error) = builder.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "connection");
    }
}

async fn answer(door: &Door, place: Place, tls: Option<&'static str>, request: http::Request<Incoming>) -> Reply {
    let (via, fixed) = match place {
        Place::Anything { via } => (via, None),
        Place::Service { via, name, region } => (via, Some((name, region))),
        Place::Site { .. } => return reply::text(404, "text/plain", ""),
    };
    let request_id = request_id();
    let target = match Target::of(&request, fixed, &door.behind.default_region) {
        Ok(target) => target,
        Err(unread) => unread,
    };
    let raw = door.behind.upstreams.get(&target.service).or((target.service == "s3").then_some(&door.behind.s3));
    if let Some(raw) = raw {
        let arrival = Arrival { via, tls, region: target.address_region, request_id };
        return to_raw(door, &target.service, &**raw, request, arrival).await;
    }
    if request.method() == http::Method::GET
        && let Some(pem) = door.behind.documents.pem(&target.service, request.uri().path())
    {
        return reply::text(200, "application/x-pem-file", pem);
    }
    let Some(model) = postern_wire::model(&target.service) else {
        return unknown_service(&target.service, &request_id);
    };
    let (head, body) = request.into_parts();
    let body = match read_body(body).await {
        Ok(body) => body,
        Err(refusal) => {
            let mut reply = reply::from_codec(model.refuse(&refusal, &request_id));
            rest::close_after(&mut reply);
            return reply;
        }
    };
    let asked = HttpRequest {
        method: head.method.as_str(),
        path: head.uri.path(),
        query: head.uri.query().unwrap_or_default(),
        headers: &head.headers,
        body: &body,
    };
    Exchange { door, model, via, secure: tls.is_some(), region: target.region, request_id }.serve(&asked).await
}

/// Such a service reads HTTP itself; what it tells of the request is recorded here.
async fn to_raw(
    door: &Door,
    service: &str,
    raw: &dyn RawService,
    request: http::Request<Incoming>,
    arrival: Arrival,
) -> Reply {
    let (at, via, request_id) = (OffsetDateTime::now_utc(), arrival.via.clone(), arrival.request_id.clone());
    let (request, rest) = rest::watch(request);
    let mut reply = raw.call(request, arrival).await;
    rest.settle(&mut reply).await;
    let Told { operation, caller, refusal } = reply.extensions_mut().remove().unwrap_or_default();
    let record = Record {
        at,
        service: service.to_owned(),
        operation,
        caller,
        via,
        status: reply.status().as_u16(),
        refusal,
        inside: None,
        decisions: door.behind.decisions.take(&request_id),
        request_id,
    };
    say_decision(&mut reply, &record);
    door.records.add(record);
    reply
}

/// The header that tells which policy decided.
fn say_decision(reply: &mut Reply, record: &Record) {
    let line = deciding(&record.decisions).and_then(|judged| http::HeaderValue::from_str(&judged.verdict()).ok());
    if let Some(line) = line {
        reply.headers_mut().insert("x-postern-decision", line);
    }
}

/// Which service and region a request means.
struct Target {
    service: String,
    region: Region,
    /// The region of the address, for S3, which answers for other regions' buckets with a redirect.
    address_region: Option<Region>,
}

impl Target {
    /// The address decides if it belongs to one service; else the signature's scope, the host name, the target header.
    /// `Err`: nothing names a service; S3 is meant then, as with an anonymous GET of an object.
    fn of(
        request: &http::Request<Incoming>,
        fixed: Option<(String, Region)>,
        default_region: &Region,
    ) -> Result<Self, Self> {
        let scope = authenticate::scope(request.headers(), request.uri().query().unwrap_or_default());
        if let Some((service, region)) = fixed {
            let signed_for = scope.map(|(_, region)| region);
            let region_asked = signed_for.unwrap_or_else(|| region.clone());
            return Ok(Self { service, region: region_asked, address_region: Some(region) });
        }
        let host = request.headers().get(http::header::HOST).and_then(|h| h.to_str().ok()).and_then(route::read_host);
        let address_region = host.as_ref().and_then(|h| h.region.clone());
        if let Some((service, region)) = scope {
            return Ok(Self { service, region, address_region });
        }
        if let Some(host) = host {
            let region = host.region.unwrap_or_else(|| default_region.clone());
            return Ok(Self { service: host.service, region, address_region });
        }
        let region = default_region.clone();
        Err(Self { service: unsigned_service(request).to_owned(), region, address_region })
    }
}

/// The service of a request without signature to the host's own port: calls that need none are STS's.
fn unsigned_service(request: &http::Request<Incoming>) -> &'static str {
    let form = request
        .headers()
        .get(http::header::CONTENT_TYPE)
        .and_then(|t| t.to_str().ok())
        .is_some_and(|t| t.starts_with("application/x-www-form-urlencoded"));
    if form && request.uri().path() == "/" { "sts" } else { "s3" }
}

async fn read_body(body: Incoming) -> Result<Bytes, Refusal> {
    let read = tokio::time::timeout(BODY_TIME, Limited::new(body, LARGEST_BODY).collect()).await;
    match read {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            Err(Refusal::new("RequestEntityTooLarge", "The request body is too large").status(413))
        }
        Ok(Err(error)) => {
            let broken = Refusal::new("IncompleteBody", "The request body ended before it was complete");
            Err(Refusal { inside: Some(error.to_string()), ..broken })
        }
        Err(_) => Err(Refusal::new("RequestTimeout", "The request body did not arrive in time").status(408)),
    }
}

fn unknown_service(name: &str, request_id: &str) -> Reply {
    let message = format!("Postern has no service '{name}'; docs/coverage.md lists those it has");
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>UnknownService</Code><Message>{}</Message></Error>\
         <RequestId>{request_id}</RequestId></ErrorResponse>",
        message.replace('&', "&amp;").replace('<', "&lt;")
    );
    reply::text(501, "text/xml", body)
}

fn request_id() -> String {
    // It must differ from the others, not be hard to guess: no call of the system for it.
    let mut bytes = fastrand::u128(..).to_be_bytes();
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let text = hex::encode(bytes);
    format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..])
}

/// One request to a service of the shared codec.
struct Exchange<'a> {
    door: &'a Door,
    model: &'static Model,
    via: Via,
    secure: bool,
    region: Region,
    request_id: String,
}

impl Exchange<'_> {
    async fn serve(self, asked: &HttpRequest<'_>) -> Reply {
        let now = OffsetDateTime::now_utc();
        let mut record = Record {
            request_id: self.request_id.clone(),
            at: now,
            service: self.model.signing_name().to_owned(),
            operation: String::new(),
            caller: "anonymous".to_owned(),
            via: self.via.clone(),
            status: 0,
            refusal: None,
            inside: None,
            decisions: Vec::new(),
        };
        let answered = self.call(asked, now, &mut record).await;
        let reply = match answered {
            Ok(reply) => reply,
            Err(refusal) => {
                record.refusal = Some((refusal.code.clone(), refusal.message.clone()));
                record.inside.clone_from(&refusal.inside);
                self.model.refuse_to(asked, &refusal, &self.request_id)
            }
        };
        record.status = reply.status;
        record.decisions = self.door.behind.decisions.take(&self.request_id);
        let mut reply = reply::from_codec(reply);
        say_decision(&mut reply, &record);
        self.door.records.add(record);
        reply
    }

    async fn call(
        &self,
        asked: &HttpRequest<'_>,
        now: OffsetDateTime,
        record: &mut Record,
    ) -> Result<postern_wire::HttpReply, Refusal> {
        let signature = authenticate::verify(&*self.door.behind.keys, self.model, asked, now)?;
        let operation = self.model.operation(asked)?;
        record.operation = operation.name().to_owned();
        let is_session = matches!(signature, Signature::Of { is_session: true, .. });
        let caller = self.caller(signature, &operation)?;
        self.note_use(&caller, is_session, &operation, now);
        record.caller = caller.display();
        let service = self.service(&operation)?;
        let input = self.model.read(&operation, asked)?;
        let user_agent = asked.headers.get(http::header::USER_AGENT).and_then(|a| a.to_str().ok()).map(str::to_owned);
        let call = Call {
            service: service.0,
            operation: operation.name().to_owned(),
            input,
            region: self.region.clone(),
            caller,
            via: self.via.clone(),
            request_id: self.request_id.clone(),
            now,
            secure: self.secure,
            user_agent,
        };
        let output = service.1.answer(call).await?;
        self.model.write(&operation, &output, &self.request_id).map_err(Refusal::internal)
    }

    /// The keeper of keys hears what they are used for.
    fn note_use(&self, caller: &Caller, is_session: bool, operation: &Operation, now: OffsetDateTime) {
        let Some(access_key) = &caller.access_key else { return };
        self.door.behind.keys.used(&Used {
            access_key,
            is_session,
            caller,
            service: self.model.signing_name(),
            operation: operation.name(),
            region: self.region.as_str(),
            now,
        });
    }

    fn caller(&self, signature: Signature, operation: &Operation) -> Result<Caller, Refusal> {
        match signature {
            Signature::Of { caller, .. } => Ok(*caller),
            Signature::Nobody if authenticate::needs_none(self.model.signing_name(), operation.name()) => {
                Ok(Caller::anonymous())
            }
            Signature::Nobody => Err(authenticate::missing(self.model)),
        }
    }

    fn service(&self, operation: &Operation) -> Result<(&'static str, &dyn Service), Refusal> {
        let name = self.model.signing_name();
        let found = self.door.behind.services.get_key_value(name);
        found.map(|(name, service)| (*name, &**service)).ok_or_else(|| {
            Refusal::new(
                "NotImplemented",
                format!("The operation {} of {name} is not served by Postern", operation.name()),
            )
            .status(501)
            .hint("docs/coverage.md lists every operation with its state")
        })
    }
}
