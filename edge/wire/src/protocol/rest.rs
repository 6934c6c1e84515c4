//! rest-json and rest-xml: members in path, query, headers, status and body.

use super::{fields, json, uri, xml, xml_read, xml_write};
use crate::message::{HttpReply, HttpRequest, is_scalar, no_members};
use crate::model::{Kind, Location, Member, Model, Op, Protocol, Shape, TimeFormat};
use crate::node::Node;
use crate::path::Path;
use crate::scalar::{self, Scalar, time_format};
use crate::time::Precision;
use postern_call::Refusal;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Reads a request's members from wherever they travel.
pub(crate) fn read(model: &Model, protocol: Protocol, op: &Op, request: &HttpRequest) -> Result<Value, Refusal> {
    let Some(input) = &op.input else { return Ok(Value::Object(Map::new())) };
    let shape = model.shape(input);
    let reader = Reader { model, protocol, request };
    let mut members = reader.head(&op.uri, shape)?;
    if let Value::Object(body) = reader.body(input, shape)? {
        members.extend(body);
    }
    Ok(Value::Object(members))
}

/// Reads the members of a reply back, as a client does.
pub(crate) fn read_reply(
    model: &Model,
    protocol: Protocol,
    output: &Member,
    status: u16,
    headers: &http::HeaderMap,
    body: &[u8],
) -> Result<Value, Refusal> {
    let shape = model.shape(output);
    let as_request = HttpRequest { method: "", path: "", query: "", headers, body };
    let reader = Reader { model, protocol, request: &as_request };
    let mut members = reader.head("", shape)?;
    if let Some(member) = shape.members.iter().find(|member| member.location == Some(Location::Status)) {
        members.insert(member.name.clone(), Value::from(status));
    }
    if let Value::Object(body) = reader.body(output, shape)? {
        members.extend(body);
    }
    Ok(Value::Object(members))
}

struct Reader<'a> {
    model: &'a Model,
    protocol: Protocol,
    request: &'a HttpRequest<'a>,
}

impl Reader<'_> {
    fn head(&self, template: &str, shape: &Shape) -> Result<Map<String, Value>, Refusal> {
        let (template, literals) = uri::split(template);
        let labels = uri::labels(template, self.request.path).unwrap_or_default();
        let mut members = Map::new();
        for member in &shape.members {
            let path = Path::Root.member(member);
            let value = match member.location {
                Some(Location::Uri) => {
                    let found = labels.iter().find(|(label, _)| *label == member.wire());
                    found.map(|(_, text)| self.scalar(member, text, &path)).transpose()?
                }
                Some(Location::Query) => self.query(member, shape, literals, &path)?,
                Some(Location::Header) => self.header(member, &path)?,
                Some(Location::HeaderPrefix) => self.prefixed(member),
                Some(Location::Status) | None => None,
            };
            members.extend(value.map(|value| (member.name.clone(), value)));
        }
        Ok(members)
    }

    fn scalar(&self, member: &Member, text: &str, path: &Path) -> Result<Value, Refusal> {
        let shape = self.model.shape(member);
        scalar::from_text(shape, Cow::Borrowed(text)).map_err(|wanted| self.malformed(path, text, wanted))
    }

    fn malformed(&self, path: &Path, text: &str, wanted: &str) -> Refusal {
        if self.protocol == Protocol::RestXml {
            let refusal = Refusal::new("InvalidArgument", format!("{path} must be {wanted}"));
            return refusal.member("ArgumentName", path.to_string()).member("ArgumentValue", text);
        }
        Refusal::new("SerializationException", format!("{path}: {text} cannot be converted to {wanted}"))
    }

    fn query(&self, member: &Member, owner: &Shape, literals: &str, path: &Path) -> Result<Option<Value>, Refusal> {
        let shape = self.model.shape(member);
        let given = || uri::pairs(self.request.query);
        match shape.kind {
            Kind::Map => Ok(self.other_parameters(owner, shape, literals)),
            Kind::List => {
                let Some(item) = &shape.item else { return Ok(None) };
                let texts = given().filter(|(name, _)| name == member.wire());
                let items = texts.map(|(_, text)| self.scalar(item, &text, path)).collect::<Result<Vec<_>, _>>()?;
                Ok((!items.is_empty()).then_some(Value::Array(items)))
            }
            _ => {
                let found = given().find(|(name, _)| name == member.wire());
                found.map(|(_, text)| self.scalar(member, &text, path)).transpose()
            }
        }
    }

    /// A map in the query holds every parameter that no other member is bound to.
    fn other_parameters(&self, owner: &Shape, shape: &Shape, literals: &str) -> Option<Value> {
        let lists = shape.item.as_deref().is_some_and(|item| self.model.shape(item).kind == Kind::List);
        let bound = |name: &str| {
            let member = |m: &Member| {
                m.location == Some(Location::Query) && self.model.shape(m).kind != Kind::Map && m.wire() == name
            };
            owner.members.iter().any(member) || uri::pairs(literals).any(|(literal, _)| literal == name)
        };
        let mut entries = Map::new();
        for (name, text) in uri::pairs(self.request.query).filter(|(name, _)| !bound(name)) {
            let text = Value::String(text.into_owned());
            if !lists {
                entries.insert(name.into_owned(), text);
            } else if let Value::Array(items) = entries.entry(name).or_insert_with(|| Value::Array(Vec::new())) {
                items.push(text);
            }
        }
        (!entries.is_empty()).then_some(Value::Object(entries))
    }

    fn header(&self, member: &Member, path: &Path) -> Result<Option<Value>, Refusal> {
        let shape = self.model.shape(member);
        let texts: Vec<Cow<str>> = self.request.headers.get_all(member.wire()).iter().map(lossy).collect();
        let Some(first) = texts.first() else { return Ok(None) };
        if member.json_value {
            return self.json_value(first, path).map(Some);
        }
        if shape.kind != Kind::List {
            return self.scalar(member, first, path).map(Some);
        }
        let Some(item) = &shape.item else { return Ok(None) };
        let dates = self.model.shape(item).kind == Kind::Timestamp
            && time_format(item, self.model.shape(item), TimeFormat::HttpDate) == TimeFormat::HttpDate;
        let parts = texts.iter().flat_map(|text| if dates { split_dates(text) } else { split_list(text) });
        let items = parts.map(|text| self.scalar(item, &text, path)).collect::<Result<Vec<_>, _>>()?;
        Ok(Some(Value::Array(items)))
    }

    fn json_value(&self, text: &str, path: &Path) -> Result<Value, Refusal> {
        let decoded = scalar::decode_blob(text).and_then(|bytes| serde_json::from_slice(&bytes).ok());
        decoded.ok_or_else(|| self.malformed(path, text, "JSON in base64"))
    }

    fn prefixed(&self, member: &Member) -> Option<Value> {
        let prefix = member.wire.as_deref().unwrap_or_default().to_ascii_lowercase();
        let mut entries = Map::new();
        for (name, value) in self.request.headers {
            if let Some(rest) = name.as_str().strip_prefix(&prefix) {
                entries.insert(rest.to_owned(), Value::String(lossy(value).into_owned()));
            }
        }
        (!entries.is_empty()).then_some(Value::Object(entries))
    }

    fn body(&self, input: &Member, shape: &Shape) -> Result<Value, Refusal> {
        let body = self.request.body;
        if let Some(payload) = shape.payload_member() {
            let mut members = Map::new();
            if !body.is_empty() {
                let value = self.payload(payload, body)?;
                members.extend(value.map(|value| (payload.name.clone(), value)));
            }
            return Ok(Value::Object(members));
        }
        if body.is_empty() || !xml_write::has_body(shape) {
            return Ok(Value::Null);
        }
        match self.protocol {
            Protocol::RestXml => xml_read::structure(self.model, shape, &xml::parse(body)?, &Path::Root),
            _ => json::read(self.model, input, json::parse(body)?, &Path::Root).map(|value| value.unwrap_or_default()),
        }
    }

    fn payload(&self, member: &Member, body: &[u8]) -> Result<Option<Value>, Refusal> {
        let path = Path::Root.member(member);
        match self.model.shape(member).kind {
            Kind::Blob => Ok(Some(Value::String(scalar::encode_blob(body)))),
            Kind::String => match std::str::from_utf8(body) {
                Ok(text) => Ok(Some(Value::from(text))),
                Err(_) => Err(self.malformed(&path, "the body", "UTF-8 text")),
            },
            _ if self.protocol == Protocol::RestXml => {
                xml_read::read(self.model, member, &xml::parse(body)?, &path).map(Some)
            }
            _ => json::read(self.model, member, json::parse(body)?, &path),
        }
    }
}

fn lossy(value: &http::HeaderValue) -> Cow<'_, str> {
    String::from_utf8_lossy(value.as_bytes())
}

/// HTTP dates have a comma of their own.
fn split_dates(text: &str) -> Vec<String> {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    parts.chunks(2).map(|pair| pair.join(", ")).collect()
}

/// The items of a header, of which some may be quoted with backslashes inside.
fn split_list(text: &str) -> Vec<String> {
    let mut items = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let mut item = String::new();
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut chars = quoted.chars();
            while let Some(c) = chars.next() {
                match c {
                    '"' => break,
                    '\\' => item.extend(chars.next()),
                    c => item.push(c),
                }
            }
            rest = chars.as_str().trim_start();
            rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
        } else {
            let (head, tail) = rest.split_once(',').unwrap_or((rest, ""));
            item.push_str(head.trim_end());
            rest = tail.trim_start();
        }
        items.push(item);
    }
    items
}

/// The reply for an output: status, headers and body as the model says.
pub(crate) fn write(
    model: &Model,
    protocol: Protocol,
    op: &Op,
    output: Node<'_>,
    request_id: &str,
) -> Result<HttpReply, String> {
    let id = if model.meta.service == "s3" { "x-amz-request-id" } else { "x-amzn-requestid" };
    let mut reply = HttpReply {
        status: op.status.unwrap_or(200),
        headers: vec![(id.to_owned(), request_id.to_owned())],
        body: Vec::new(),
    };
    let Some(member) = &op.output else {
        no_members(output)?;
        return Ok(reply);
    };
    let shape = model.shape(member);
    for (member, value) in fields(shape, output, &Path::Root)? {
        let path = Path::Root.member(member);
        match member.location {
            Some(Location::Header) => {
                reply.headers.push((member.wire().to_owned(), header_text(model, member, value, &path)?))
            }
            Some(Location::HeaderPrefix) => {
                let prefix = member.wire.as_deref().unwrap_or_default();
                for (name, value) in super::object(value, &path)? {
                    let text = value.as_str().ok_or_else(|| format!("{path}: {value} is not text"))?;
                    reply.headers.push((format!("{prefix}{name}"), one_line(text, &path)?));
                }
            }
            Some(Location::Status) => {
                let status = value.as_i64().and_then(|status| u16::try_from(status).ok());
                reply.status = status.ok_or_else(|| format!("{path}: {value} is no status"))?;
            }
            Some(Location::Uri | Location::Query) | None => {}
        }
    }
    write_body(model, protocol, op, member, output, &mut reply)?;
    Ok(reply)
}

fn write_body(
    model: &Model,
    protocol: Protocol,
    op: &Op,
    member: &Member,
    output: Node<'_>,
    reply: &mut HttpReply,
) -> Result<(), String> {
    let shape = model.shape(member);
    let document = if protocol == Protocol::RestXml { "application/xml" } else { "application/json" };
    let kind = match shape.payload_member() {
        Some(payload) => {
            let Some(value) = output.get(&payload.name).filter(|value| !value.is_null()) else { return Ok(()) };
            let path = Path::Root.member(payload);
            let payload_shape = model.shape(payload);
            match Scalar::of(payload_shape, value) {
                Ok(Scalar::Blob(text)) => {
                    reply.body = scalar::decode_blob(text).unwrap_or_default();
                    "application/octet-stream"
                }
                Ok(Scalar::Text(text)) => {
                    reply.body = text.as_bytes().to_vec();
                    "text/plain"
                }
                Err(error) if is_scalar(payload_shape.kind) => return Err(format!("{path}: {error}")),
                _ if protocol == Protocol::RestXml => {
                    let root = payload.wire.as_deref().or(payload_shape.wire.as_deref()).unwrap_or(&payload_shape.name);
                    let mut writer = xml_write::Writer::new(model, Precision::Millis);
                    writer.out.push_str(xml_write::DECLARATION);
                    writer.member(root, payload, value, &path)?;
                    reply.body = writer.out.into_bytes();
                    document
                }
                _ => {
                    json::write(model, payload, value, &path, &mut reply.body)?;
                    document
                }
            }
        }
        None if protocol == Protocol::RestXml && xml_write::has_body(shape) => {
            let mut writer = xml_write::Writer::new(model, Precision::Millis);
            let root = member.wire.clone().or(shape.wire.clone()).unwrap_or_else(|| format!("{}Response", op.name));
            let namespace = member.namespace.as_ref().or(shape.namespace.as_ref());
            writer.out.push_str(xml_write::DECLARATION);
            writer.structure(&root, namespace, shape, output, &Path::Root)?;
            reply.body = writer.out.into_bytes();
            document
        }
        None if protocol == Protocol::RestXml => return Ok(()),
        None => {
            json::write_structure(model, member, output, &Path::Root, &mut reply.body)?;
            document
        }
    };
    if !reply.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        reply.headers.push(("content-type".to_owned(), kind.to_owned()));
    }
    Ok(())
}

fn header_text(model: &Model, member: &Member, value: Node<'_>, path: &Path) -> Result<String, String> {
    if member.json_value {
        return Ok(scalar::encode_blob(value.to_string().as_bytes()));
    }
    let shape = model.shape(member);
    if shape.kind == Kind::List {
        let item = super::item_of(shape)?;
        let items = super::array(value, path)?.map(|value| {
            let text = header_text(model, item, value, path)?;
            // An HTTP date's comma is understood; any other needs quotes.
            let date = model.shape(item).kind == Kind::Timestamp;
            Ok(if !date && text.contains([',', '"']) { quoted(&text) } else { text })
        });
        return Ok(items.collect::<Result<Vec<String>, String>>()?.join(", "));
    }
    let scalar = Scalar::of(shape, value).map_err(|error| format!("{path}: {error}"))?;
    let text = scalar.text(time_format(member, shape, TimeFormat::HttpDate), Precision::AsNeeded);
    one_line(&text, path)
}

/// A header cannot hold control characters: whatever a service puts there must not become a second header.
fn one_line(text: &str, path: &Path) -> Result<String, String> {
    match text.chars().any(char::is_control) {
        true => Err(format!("{path}: {text:?} does not fit into a header")),
        false => Ok(text.to_owned()),
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
