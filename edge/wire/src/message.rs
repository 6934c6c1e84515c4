//! What comes in, what goes out, and the operation between: the codec's entry points.

use crate::fault::Faults;
use crate::model::{Kind, Metadata, Model, Op, Protocol};
use crate::node::Node;
use crate::path::Path;
use crate::protocol::{cbor, form, json, refusal, rest, route, xml_write};
use crate::time::Precision;
use crate::validate;
use postern_call::Refusal;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::io::Read;

/// A request as any HTTP library can show it.
#[derive(Clone, Copy)]
pub struct HttpRequest<'a> {
    pub method: &'a str,
    /// Raw: still percent-encoded.
    pub path: &'a str,
    /// Raw, without the question mark.
    pub query: &'a str,
    pub headers: &'a http::HeaderMap,
    pub body: &'a [u8],
}

impl HttpRequest<'_> {
    /// The first value of a header, if it is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A reply for any HTTP library to send. `content-length` is the library's business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpReply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// Which operation a request asks for, and in which language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    pub(crate) name: String,
    pub(crate) protocol: Protocol,
}

impl Operation {
    /// The model's name: `CreateVpcEndpoint`.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// The protocol of the request, in which the reply is written too.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }
}

impl Model {
    /// The operation that a request asks for. An unknown one is refused as this service does it.
    pub fn operation(&self, request: &HttpRequest) -> Result<Operation, Refusal> {
        let protocol = route::protocol(self, request);
        Ok(Operation { name: route::operation(self, protocol, request)?.to_owned(), protocol })
    }

    /// The operation of this name, as if a request had asked for it in the service's own protocol.
    pub fn operation_named(&self, name: &str) -> Option<Operation> {
        self.op(name).map(|op| Operation { name: op.name.clone(), protocol: self.protocol() })
    }

    /// The request's members by model name. Refused: values of the wrong type, missing members, values outside a
    /// modeled set or range, and (EC2) parameters that the operation does not have.
    pub fn read(&self, operation: &Operation, request: &HttpRequest) -> Result<Value, Refusal> {
        let op = self.op(&operation.name).ok_or_else(|| Refusal::internal(stranger(self, operation)))?;
        let input = op.input.as_ref();
        let mut read = match operation.protocol {
            Protocol::Ec2 | Protocol::Query => {
                form::read(self, operation.protocol, input, &plain_body(request)?, request.query)?
            }
            Protocol::Json => self.read_document(op, json::parse(&plain_body(request)?)?)?,
            Protocol::Cbor => self.read_document(op, cbor::parse(&plain_body(request)?)?)?,
            Protocol::RestJson | Protocol::RestXml => rest::read(self, operation.protocol, op, request)?,
        };
        if operation.protocol == Protocol::Query && self.meta.service == "sqs" {
            queue_by_path(&mut read, request.path);
        }
        let mut faults = Faults::new(&self.meta, operation.protocol);
        if let Some(input) = input.filter(|_| !words_its_faults(&self.meta)) {
            validate::check(self, input, &read, &Path::Root, &mut faults);
        }
        faults.into_result()?;
        Ok(read)
    }

    fn read_document(&self, op: &Op, given: Value) -> Result<Value, Refusal> {
        let empty = Value::Object(Map::new());
        match &op.input {
            Some(input) => Ok(json::read(self, input, given, &Path::Root)?.unwrap_or(empty)),
            None => Ok(empty),
        }
    }

    /// The reply for an operation's output, members in model order. `Err` when a member is unknown to the model or not
    /// of its type: that is a fault of the service that made the output.
    pub fn write<'a>(
        &self,
        operation: &Operation,
        output: impl Into<Node<'a>>,
        request_id: &str,
    ) -> Result<HttpReply, String> {
        let output = output.into();
        let op = self.op(&operation.name).ok_or_else(|| stranger(self, operation))?;
        let reply = match operation.protocol {
            Protocol::Ec2 => self.write_ec2(op, output, request_id),
            Protocol::Query => self.write_query(op, output, request_id),
            Protocol::Json => self.write_json(op, output, request_id),
            Protocol::Cbor => cbor::write(self, op, output, request_id),
            Protocol::RestJson | Protocol::RestXml => rest::write(self, operation.protocol, op, output, request_id),
        };
        reply.map_err(|error| format!("{} {}: {error}", self.meta.service, op.name))
    }

    fn write_ec2(&self, op: &Op, output: Node<'_>, request_id: &str) -> Result<HttpReply, String> {
        let mut writer = xml_write::Writer::new(self, Precision::Millis);
        let namespace = ec2_namespace(&self.meta);
        writer.out.push_str(xml_write::DECLARATION);
        writer.out.push_str(&format!("<{}Response xmlns=\"{namespace}\">", op.name));
        writer.text_element("requestId", None, request_id);
        match &op.output {
            Some(member) => writer.members(self.shape(member), output, &Path::Root)?,
            None => {
                no_members(output)?;
                writer.text_element("return", None, "true");
            }
        }
        writer.end(&format!("{}Response", op.name));
        Ok(xml_reply(200, writer.out, request_id, "text/xml;charset=UTF-8"))
    }

    fn write_query(&self, op: &Op, output: Node<'_>, request_id: &str) -> Result<HttpReply, String> {
        let precision = match self.meta.service.as_str() {
            "iam" | "sts" => Precision::Seconds,
            _ => Precision::AsNeeded,
        };
        let mut writer = xml_write::Writer { query: true, ..xml_write::Writer::new(self, precision) };
        let namespace = self.meta.namespace.as_deref().unwrap_or_default();
        writer.out.push_str(&format!("<{}Response xmlns=\"{namespace}\">", op.name));
        match &op.output {
            Some(member) => {
                let wrapper = op.wrapper.clone().unwrap_or_else(|| format!("{}Result", op.name));
                writer.start(&wrapper, None);
                writer.members(self.shape(member), output, &Path::Root)?;
                writer.end(&wrapper);
            }
            None => no_members(output)?,
        }
        writer.start("ResponseMetadata", None);
        writer.text_element("RequestId", None, request_id);
        writer.end("ResponseMetadata");
        writer.end(&format!("{}Response", op.name));
        Ok(xml_reply(200, writer.out, request_id, "text/xml"))
    }

    fn write_json(&self, op: &Op, output: Node<'_>, request_id: &str) -> Result<HttpReply, String> {
        let mut body = Vec::with_capacity(512);
        match &op.output {
            Some(member) => json::write_structure(self, member, output, &Path::Root, &mut body)?,
            None => {
                no_members(output)?;
                body.extend_from_slice(b"{}");
            }
        }
        let mut headers = vec![
            ("content-type".to_owned(), json_content_type(&self.meta)),
            ("x-amzn-requestid".to_owned(), request_id.to_owned()),
        ];
        headers.extend(checksum(&self.meta, &body));
        Ok(HttpReply { status: 200, headers, body })
    }

    /// The error reply in the service's own protocol. Prefer [`Model::refuse_to`], which answers in the request's.
    pub fn refuse(&self, refusal: &Refusal, request_id: &str) -> HttpReply {
        refusal::write(self, self.protocol(), refusal, request_id)
    }

    /// The error reply to a request: in its protocol, and without a body for HEAD.
    pub fn refuse_to(&self, request: &HttpRequest, refusal: &Refusal, request_id: &str) -> HttpReply {
        let mut reply = refusal::write(self, route::protocol(self, request), refusal, request_id);
        if request.method.eq_ignore_ascii_case("HEAD") {
            reply.body.clear();
        }
        reply
    }
}

/// In the query protocol, SQS takes the queue from the path that a request is sent to.
fn queue_by_path(read: &mut Value, path: &str) {
    if let Some(members) = read.as_object_mut()
        && path.trim_matches('/').contains('/')
    {
        members.entry("QueueUrl").or_insert_with(|| Value::from(path));
    }
}

/// The largest body that a compressed request may unpack to.
const LARGEST: u64 = 16 << 20;

/// The body without the compression that clients put on large requests (PutMetricData). Not for REST, where the
/// encoding belongs to what is stored.
pub(crate) fn plain_body<'a>(request: &HttpRequest<'a>) -> Result<Cow<'a, [u8]>, Refusal> {
    if request.header("content-encoding").is_none_or(|encoding| !encoding.ends_with("gzip")) {
        return Ok(Cow::Borrowed(request.body));
    }
    let mut plain = Vec::new();
    let read = flate2::read::GzDecoder::new(request.body).take(LARGEST + 1).read_to_end(&mut plain);
    match read {
        Ok(length) if length as u64 <= LARGEST => Ok(Cow::Owned(plain)),
        Ok(_) => Err(Refusal::new("RequestEntityTooLarge", "The request body is too large").status(413)),
        Err(error) => {
            let refusal = Refusal::new("SerializationException", "The request body is not valid gzip");
            Err(refusal.hint(error.to_string()))
        }
    }
}

/// DynamoDB looks at its requests in an order and in words of its own, which its engine knows.
fn words_its_faults(meta: &Metadata) -> bool {
    meta.service == "dynamodb"
}

/// The checksum that DynamoDB's clients hold its replies against.
pub(crate) fn checksum(meta: &Metadata, body: &[u8]) -> Option<(String, String)> {
    let has_one = meta.service == "dynamodb";
    has_one.then(|| {
        let mut sum = flate2::Crc::new();
        sum.update(body);
        ("x-amz-crc32".to_owned(), sum.sum().to_string())
    })
}

/// EC2's replies carry the model's namespace with a slash behind it.
pub(crate) fn ec2_namespace(meta: &Metadata) -> String {
    let namespace = meta.namespace.as_deref().unwrap_or_default();
    if namespace.ends_with('/') { namespace.to_owned() } else { format!("{namespace}/") }
}

pub(crate) fn json_content_type(meta: &Metadata) -> String {
    format!("application/x-amz-json-{}", meta.json.as_deref().unwrap_or("1.0"))
}

pub(crate) fn xml_reply(status: u16, body: String, request_id: &str, content_type: &str) -> HttpReply {
    let headers = vec![
        ("content-type".to_owned(), content_type.to_owned()),
        ("x-amzn-requestid".to_owned(), request_id.to_owned()),
    ];
    HttpReply { status, headers, body: body.into_bytes() }
}

/// An operation without a modeled output must not be given one.
pub(crate) fn no_members(output: Node<'_>) -> Result<(), String> {
    if output.is_null() || output.entries().is_some_and(|members| members.len() == 0) {
        return Ok(());
    }
    Err(format!("the operation has no output, but got {output}"))
}

fn stranger(model: &Model, operation: &Operation) -> String {
    format!("{} has no operation {}", model.meta.service, operation.name)
}

/// Whether a shape is written as elements or characters of its own, rather than by its members.
pub(crate) fn is_scalar(kind: Kind) -> bool {
    !matches!(kind, Kind::Structure | Kind::List | Kind::Map | Kind::Document)
}
