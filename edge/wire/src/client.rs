//! The other side: replies read back as a client reads them, to hold them against the model.

use crate::message::{HttpReply, Operation};
use crate::model::{Member, Model, Protocol};
use crate::path::Path;
use crate::protocol::{cbor, json, rest, xml, xml_read};
use http::{HeaderMap, HeaderName, HeaderValue};
use postern_call::Refusal;
use serde_json::{Map, Value};

impl Model {
    /// The output members of a successful reply, by model name. `Err` says what no client could read.
    pub fn read_reply(&self, operation: &Operation, reply: &HttpReply) -> Result<Value, String> {
        let op = self.op(&operation.name).ok_or_else(|| format!("no operation {}", operation.name))?;
        let Some(output) = &op.output else { return Ok(Value::Object(Map::new())) };
        let read = match operation.protocol {
            Protocol::Ec2 | Protocol::Query => {
                self.read_xml(operation.protocol, &op.name, op.wrapper.as_deref(), output, &reply.body)
            }
            Protocol::Json => json::parse(&reply.body).and_then(|value| self.read_document_of(output, value)),
            Protocol::Cbor => cbor::parse(&reply.body).and_then(|value| self.read_document_of(output, value)),
            Protocol::RestJson | Protocol::RestXml => {
                rest::read_reply(self, operation.protocol, output, reply.status, &headers(reply)?, &reply.body)
            }
        };
        read.map_err(|refusal| format!("{refusal} ({})", refusal.hint.as_deref().unwrap_or_default()))
    }

    fn read_xml(
        &self,
        protocol: Protocol,
        name: &str,
        wrapper: Option<&str>,
        output: &Member,
        body: &[u8],
    ) -> Result<Value, Refusal> {
        let shape = self.shape(output);
        let root = xml::parse(body)?;
        if protocol == Protocol::Ec2 {
            return xml_read::structure(self, shape, &root, &Path::Root);
        }
        let wrapper = wrapper.map_or_else(|| format!("{name}Result"), str::to_owned);
        match root.child(&wrapper) {
            Some(result) => xml_read::structure(self, shape, result, &Path::Root),
            None if shape.members.is_empty() => Ok(Value::Object(Map::new())),
            None => Err(xml::malformed(&format!("there is no {wrapper}"))),
        }
    }

    fn read_document_of(&self, output: &Member, value: Value) -> Result<Value, Refusal> {
        Ok(json::read(self, output, value, &Path::Root)?.unwrap_or_default())
    }

    /// The refusal in an error reply: code as on the wire, message, status, the other members as text. `Err` says what
    /// no client could read.
    pub fn read_refusal(&self, protocol: Protocol, reply: &HttpReply) -> Result<Refusal, String> {
        let readable = |refusal: Refusal| format!("{refusal} ({})", refusal.hint.as_deref().unwrap_or_default());
        let header = |wanted: &str| {
            let found = reply.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.map(|(_, value)| value.as_str())
        };
        let (code, fields) = match protocol {
            Protocol::Ec2 | Protocol::Query | Protocol::RestXml => {
                let root = xml::parse(&reply.body).map_err(readable)?;
                let error = root.child("Errors").unwrap_or(&root);
                let error = error.child("Error").unwrap_or(error);
                let text = |e: &xml::Element| Value::from(e.text.as_str());
                let fields: Map<_, _> = error.children.iter().map(|child| (child.name.clone(), text(child))).collect();
                (fields.get("Code").and_then(Value::as_str).map(str::to_owned), fields)
            }
            Protocol::Json | Protocol::RestJson | Protocol::Cbor => {
                let parsed =
                    if protocol == Protocol::Cbor { cbor::parse(&reply.body) } else { json::parse(&reply.body) };
                let Value::Object(fields) = parsed.map_err(readable)? else {
                    return Err("the error is not an object".to_owned());
                };
                let name = header("x-amzn-errortype")
                    .or(fields.get("__type").or(fields.get("code")).and_then(Value::as_str))
                    .map(bare_name);
                let query = header("x-amzn-query-error").and_then(|error| error.split(';').next());
                (query.map(str::to_owned).or(name), fields)
            }
        };
        let code = code.ok_or("the error has no code")?;
        let message = fields.get("message").or(fields.get("Message")).and_then(Value::as_str).unwrap_or_default();
        let mut refusal = Refusal::new(code, message).status(reply.status);
        for (name, value) in &fields {
            if !matches!(name.as_str(), "Code" | "code" | "Message" | "message" | "Type" | "__type") {
                refusal = refusal.member(name, value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            }
        }
        refusal.hint = header("x-postern-hint").map(str::to_owned);
        Ok(refusal)
    }
}

/// `namespace#Name:http://...` to `Name`.
fn bare_name(text: &str) -> String {
    let text = text.split(':').next().unwrap_or_default();
    text.rsplit('#').next().unwrap_or_default().to_owned()
}

fn headers(reply: &HttpReply) -> Result<HeaderMap, String> {
    let mut map = HeaderMap::new();
    for (name, value) in &reply.headers {
        let name = HeaderName::try_from(name).map_err(|error| format!("header {name}: {error}"))?;
        map.append(name, HeaderValue::from_bytes(value.as_bytes()).map_err(|error| format!("{value:?}: {error}"))?);
    }
    Ok(map)
}
