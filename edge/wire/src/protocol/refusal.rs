//! Error envelopes: what a refusal looks like in each protocol.

use super::{cbor, json, xml_write::Writer};
use crate::message::{HttpReply, checksum, json_content_type, xml_reply};
use crate::model::{Kind, Location, Model, Protocol, Shape};
use crate::time::Precision;
use postern_call::Refusal;
use serde_json::{Map, Value};

/// The reply for a refusal. The person's hint goes into a header; what happened inside goes nowhere.
pub(crate) fn write(model: &Model, protocol: Protocol, refusal: &Refusal, request_id: &str) -> HttpReply {
    let shape = model.error(&refusal.code);
    let status = status(refusal, shape);
    let mut reply = match protocol {
        Protocol::Ec2 => xml_reply(status, ec2(model, refusal, request_id), request_id, "text/xml;charset=UTF-8"),
        Protocol::Query => xml_reply(status, query(model, shape, refusal, status, request_id), request_id, "text/xml"),
        Protocol::RestXml if model.meta.service == "s3" => s3(model, refusal, status, request_id),
        Protocol::RestXml => {
            xml_reply(status, query(model, shape, refusal, status, request_id), request_id, "application/xml")
        }
        Protocol::Json | Protocol::RestJson | Protocol::Cbor => {
            document(model, protocol, shape, refusal, status, request_id)
        }
    };
    if let Some(shape) = shape {
        reply.headers.extend(header_members(shape, refusal));
    }
    if let Some(hint) = &refusal.hint {
        reply.headers.push(("x-postern-hint".to_owned(), one_line(hint)));
    }
    reply
}

/// The refusal's own status; where it has just the general 400, that of the modeled error.
fn status(refusal: &Refusal, shape: Option<&Shape>) -> u16 {
    let modeled = shape.and_then(|shape| shape.error.as_ref()).and_then(|error| error.status);
    match (refusal.status, modeled) {
        (400, Some(modeled)) => modeled,
        (own, _) => own,
    }
}

/// The code on the wire, which for some services is not the name of the error's shape.
fn wire_code<'a>(shape: Option<&'a Shape>, refusal: &'a Refusal) -> &'a str {
    shape.and_then(|shape| shape.error.as_ref()).and_then(|error| error.code.as_deref()).unwrap_or(&refusal.code)
}

fn ec2(model: &Model, refusal: &Refusal, request_id: &str) -> String {
    let mut writer = Writer::new(model, Precision::Millis);
    writer.out.push_str(super::xml_write::DECLARATION);
    for name in ["Response", "Errors", "Error"] {
        writer.start(name, None);
    }
    writer.text_element("Code", None, &refusal.code);
    writer.text_element("Message", None, &refusal.message);
    for (name, value) in &refusal.members {
        writer.text_element(name, None, value);
    }
    writer.end("Error");
    writer.end("Errors");
    writer.text_element("RequestID", None, request_id);
    writer.end("Response");
    writer.out
}

fn query(model: &Model, shape: Option<&Shape>, refusal: &Refusal, status: u16, request_id: &str) -> String {
    let mut writer = Writer::new(model, Precision::AsNeeded);
    match model.meta.namespace.as_deref() {
        Some(uri) => writer.out.push_str(&format!("<ErrorResponse xmlns=\"{uri}\">")),
        None => writer.start("ErrorResponse", None),
    }
    writer.start("Error", None);
    writer.text_element("Type", None, if status >= 500 { "Receiver" } else { "Sender" });
    writer.text_element("Code", None, query_code(&model.meta.service, wire_code(shape, refusal)));
    writer.text_element("Message", None, &refusal.message);
    for (name, value) in &refusal.members {
        let member = shape.and_then(|shape| shape.member(name));
        if member.is_none_or(|member| member.location.is_none()) {
            body_member(&mut writer, member.map_or(name, |member| member.wire()), value);
        }
    }
    writer.end("Error");
    writer.text_element("RequestId", None, request_id);
    writer.end("ErrorResponse");
    writer.out
}

/// A modeled structure is given as JSON text; anything else is text.
fn body_member(writer: &mut Writer, name: &str, value: &str) {
    match serde_json::from_str(value) {
        Ok(Value::Object(fields)) => {
            writer.start(name, None);
            for (name, value) in &fields {
                body_member(writer, name, &plain(value));
            }
            writer.end(name);
        }
        _ => writer.text_element(name, None, value),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn s3(model: &Model, refusal: &Refusal, status: u16, request_id: &str) -> HttpReply {
    let mut writer = Writer::new(model, Precision::Millis);
    writer.out.push_str(super::xml_write::DECLARATION);
    writer.start("Error", None);
    writer.text_element("Code", None, &refusal.code);
    writer.text_element("Message", None, &refusal.message);
    for (name, value) in &refusal.members {
        writer.text_element(name, None, value);
    }
    writer.text_element("RequestId", None, request_id);
    writer.end("Error");
    let mut reply = xml_reply(status, writer.out, request_id, "application/xml");
    reply.headers.push(("x-amz-request-id".to_owned(), request_id.to_owned()));
    reply
}

fn document(
    model: &Model,
    protocol: Protocol,
    shape: Option<&Shape>,
    refusal: &Refusal,
    status: u16,
    request_id: &str,
) -> HttpReply {
    let name = shape.map_or(refusal.code.as_str(), |shape| shape.name.as_str());
    let mut fields = Map::new();
    fields.insert("__type".to_owned(), Value::from(name));
    if !refusal.message.is_empty() {
        fields.insert(message_key(shape).to_owned(), Value::from(refusal.message.as_str()));
    }
    for (name, value) in &refusal.members {
        let member = shape.and_then(|shape| shape.member(name));
        if member.is_none_or(|member| member.location.is_none()) {
            let kind = member.map_or(Kind::String, |member| model.shape(member).kind);
            fields.insert(member.map_or(name.as_str(), |m| m.wire()).to_owned(), typed(kind, value));
        }
    }
    let mut headers = vec![("x-amzn-requestid".to_owned(), request_id.to_owned())];
    let body = match protocol {
        Protocol::Cbor => {
            headers.push(("smithy-protocol".to_owned(), "rpc-v2-cbor".to_owned()));
            headers.push(("content-type".to_owned(), "application/cbor".to_owned()));
            cbor::encode_untyped(&Value::Object(fields))
        }
        _ => {
            let kind =
                if protocol == Protocol::Json { json_content_type(&model.meta) } else { "application/json".into() };
            headers.push(("content-type".to_owned(), kind));
            headers.push(("x-amzn-errortype".to_owned(), name.to_owned()));
            let body = json_text(&fields);
            headers.extend(checksum(&model.meta, &body));
            body
        }
    };
    if model.meta.query_compatible {
        let side = if status >= 500 { "Receiver" } else { "Sender" };
        let code = query_code(&model.meta.service, wire_code(shape, refusal));
        headers.push(("x-amzn-query-error".to_owned(), format!("{code};{side}")));
    }
    HttpReply { status, headers, body }
}

fn json_text(fields: &Map<String, Value>) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    for (name, value) in fields {
        out.push(if out.is_empty() { b'{' } else { b',' });
        // Writing to memory does not fail, and a map's keys are text.
        let _ = json::string(name, &mut out);
        out.push(b':');
        out.extend_from_slice(value.to_string().as_bytes());
    }
    out.push(b'}');
    out
}

/// `message` or `Message`, as the error's shape has it.
fn message_key(shape: Option<&Shape>) -> &str {
    let modeled = shape.and_then(|s| s.members.iter().find(|member| member.name.eq_ignore_ascii_case("message")));
    modeled.map_or("message", |member| member.wire())
}

fn typed(kind: Kind, text: &str) -> Value {
    match kind {
        Kind::String | Kind::Blob | Kind::Timestamp => Value::from(text),
        _ => serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)),
    }
}

fn header_members(shape: &Shape, refusal: &Refusal) -> Vec<(String, String)> {
    let header = |(name, value): &(String, String)| {
        let member = shape.member(name).filter(|member| member.location == Some(Location::Header))?;
        Some((member.wire().to_owned(), one_line(value)))
    };
    refusal.members.iter().filter_map(header).collect()
}

/// A header holds visible ASCII on one line, and clients limit the length of a line.
fn one_line(text: &str) -> String {
    text.chars().take(4096).map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { ' ' }).collect()
}

/// The code that SQS had in its query days, which SDKs still show for its JSON errors.
fn query_code<'a>(service: &str, code: &'a str) -> &'a str {
    if service != "sqs" {
        return code;
    }
    match code {
        "BatchEntryIdsNotDistinct" => "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
        "BatchRequestTooLong" => "AWS.SimpleQueueService.BatchRequestTooLong",
        "EmptyBatchRequest" => "AWS.SimpleQueueService.EmptyBatchRequest",
        "InvalidBatchEntryId" => "AWS.SimpleQueueService.InvalidBatchEntryId",
        "MessageNotInflight" => "AWS.SimpleQueueService.MessageNotInflight",
        "PurgeQueueInProgress" => "AWS.SimpleQueueService.PurgeQueueInProgress",
        "QueueDeletedRecently" => "AWS.SimpleQueueService.QueueDeletedRecently",
        "QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue",
        "QueueNameExists" => "QueueAlreadyExists",
        "TooManyEntriesInBatchRequest" => "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
        "UnsupportedOperation" => "AWS.SimpleQueueService.UnsupportedOperation",
        other => other,
    }
}
