//! From a published service model to the compact text that is embedded: no documentation, shapes by number.
//!
//! The text is one JSON document a line: the metadata, then `O Name {operation}` lines and `S Name {shape}` lines,
//! each group sorted by name. Shapes are referred to by their place among the `S` lines, so that a reader can find and
//! parse just those that a call needs.

use super::former;
use super::shape::{ErrorTraits, Kind, Location, Member, Metadata, Namespace, Op, Shape, TimeFormat};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Trims a model in the `service-2.json` form. An error names what is not understood: a model with a new trait that
/// matters must not be taken half.
pub fn trim(model: &Value) -> Result<String, String> {
    let empty = Map::new();
    let shapes = model.get("shapes").and_then(Value::as_object).unwrap_or(&empty);
    let operations = model.get("operations").and_then(Value::as_object).unwrap_or(&empty);
    let sorted: BTreeMap<&String, &Value> = shapes.iter().collect();
    let numbers = sorted.keys().zip(0u32..).map(|(name, number)| (name.as_str(), number)).collect();
    let metadata = metadata(model.get("metadata").unwrap_or(&Value::Null))?;
    let is_sqs = metadata.service == "sqs";
    let trimmer = Trimmer { numbers, former: if is_sqs { former::NAMES } else { &[] } };
    let mut text = line(&if is_sqs { former::metadata(metadata) } else { metadata })?;
    for (name, operation) in operations.iter().collect::<BTreeMap<_, _>>() {
        let op = trimmer.operation(operation).map_err(|error| format!("operation {name}: {error}"))?;
        write!(text, "O {name} {}", line(&op)?).map_err(|error| error.to_string())?;
    }
    for (name, shape) in sorted {
        let mut shape = trimmer.shape(shape).map_err(|error| format!("shape {name}: {error}"))?;
        trimmer.name_entries(name, &mut shape);
        write!(text, "S {name} {}", line(&shape)?).map_err(|error| error.to_string())?;
    }
    Ok(text)
}

fn line(value: &impl serde::Serialize) -> Result<String, String> {
    serde_json::to_string(value).map(|json| json + "\n").map_err(|error| error.to_string())
}

fn metadata(from: &Value) -> Result<Metadata, String> {
    let protocol = text(from, "protocol").ok_or("the metadata name no protocol")?;
    let protocols = match from.get("protocols").and_then(Value::as_array) {
        // The service's own choice first, whatever the order of the list.
        Some(list) => std::iter::once(protocol.clone())
            .chain(list.iter().filter_map(Value::as_str).map(str::to_owned).filter(|other| *other != protocol))
            .collect(),
        None => vec![protocol],
    };
    let service = text(from, "endpointPrefix").unwrap_or_default();
    Ok(Metadata {
        signing: text(from, "signingName").unwrap_or_else(|| service.clone()),
        service,
        protocols,
        version: text(from, "apiVersion").unwrap_or_default(),
        json: text(from, "jsonVersion"),
        target: text(from, "targetPrefix"),
        namespace: text(from, "xmlNamespace"),
        query_compatible: from.get("awsQueryCompatible").is_some(),
        title: text(from, "serviceFullName").unwrap_or_default(),
    })
}

struct Trimmer<'a> {
    numbers: BTreeMap<&'a str, u32>,
    /// Lists and maps with the names that they had in a former protocol.
    former: &'static [former::Named],
}

impl Trimmer<'_> {
    fn operation(&self, from: &Value) -> Result<Op, String> {
        let http = from.get("http").unwrap_or(&Value::Null);
        let output = from.get("output");
        Ok(Op {
            name: String::new(),
            method: text(http, "method").unwrap_or_else(|| "POST".to_owned()),
            uri: text(http, "requestUri").unwrap_or_else(|| "/".to_owned()),
            status: http.get("responseCode").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok()),
            input: from.get("input").map(|input| self.member("", input)).transpose()?,
            output: output.map(|output| self.member("", output)).transpose()?,
            wrapper: output.and_then(|output| text(output, "resultWrapper")),
            deprecated: flag(from, "deprecated"),
        })
    }

    fn shape(&self, from: &Value) -> Result<Shape, String> {
        let required: Vec<&str> =
            from.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let mut members = Vec::new();
        for (name, member) in from.get("members").and_then(Value::as_object).into_iter().flatten() {
            let mut member = self.member(name, member)?;
            member.required = required.contains(&name.as_str());
            members.push(member);
        }
        let reference = |key: &str| from.get(key).map(|m| self.member("", m).map(Box::new)).transpose();
        let values = from.get("enum").and_then(Value::as_array).into_iter().flatten();
        Ok(Shape {
            name: String::new(),
            kind: kind(from)?,
            members,
            item: reference("member")?.or(reference("value")?),
            key: reference("key")?,
            flattened: flag(from, "flattened"),
            wire: text(from, "locationName"),
            namespace: namespace(from),
            time: time(from)?,
            values: values.filter_map(Value::as_str).map(str::to_owned).collect(),
            min: from.get("min").and_then(Value::as_i64),
            max: from.get("max").and_then(Value::as_i64),
            payload: text(from, "payload"),
            union: flag(from, "union"),
            error: error(from),
        })
    }

    fn former(&self, shape: &str) -> Option<&'static former::Named> {
        self.former.iter().find(|named| named.shape == shape)
    }

    /// The names of a map's keys and values.
    fn name_entries(&self, name: &str, shape: &mut Shape) {
        let Some((own_key, own_item)) = self.former(name).and_then(|named| named.entry) else { return };
        if let (Some(key), Some(item)) = (&mut shape.key, &mut shape.item) {
            (key.wire, item.wire) = (Some(own_key.to_owned()), Some(own_item.to_owned()));
        }
    }

    fn member(&self, name: &str, from: &Value) -> Result<Member, String> {
        let shape = text(from, "shape").ok_or_else(|| format!("member {name} names no shape"))?;
        let location = match from.get("location").and_then(Value::as_str) {
            None => None,
            Some("uri") => Some(Location::Uri),
            Some("querystring") => Some(Location::Query),
            Some("header") => Some(Location::Header),
            Some("headers") => Some(Location::HeaderPrefix),
            Some("statusCode") => Some(Location::Status),
            Some(other) => return Err(format!("member {name} has the unknown location {other}")),
        };
        Ok(Member {
            name: name.to_owned(),
            shape: *self.numbers.get(shape.as_str()).ok_or_else(|| format!("there is no shape {shape}"))?,
            wire: text(from, "locationName").filter(|wire| wire != name),
            query: text(from, "queryName").or_else(|| self.former(&shape).map(|named| named.name.to_owned())),
            location,
            required: false,
            flattened: flag(from, "flattened"),
            attribute: flag(from, "xmlAttribute"),
            json_value: flag(from, "jsonvalue"),
            namespace: namespace(from),
            time: time(from)?,
        })
    }
}

fn kind(from: &Value) -> Result<Kind, String> {
    Ok(match from.get("type").and_then(Value::as_str) {
        _ if flag(from, "document") => Kind::Document,
        Some("structure") => Kind::Structure,
        Some("list") => Kind::List,
        Some("map") => Kind::Map,
        Some("string" | "character") => Kind::String,
        Some("integer" | "short" | "byte") => Kind::Integer,
        Some("long") => Kind::Long,
        Some("float" | "double") => Kind::Float,
        Some("boolean") => Kind::Boolean,
        Some("timestamp") => Kind::Timestamp,
        Some("blob") => Kind::Blob,
        other => return Err(format!("unknown type {other:?}")),
    })
}

fn namespace(from: &Value) -> Option<Namespace> {
    let found = from.get("xmlNamespace")?;
    match found {
        Value::String(uri) => Some(Namespace { uri: uri.clone(), prefix: None }),
        _ => Some(Namespace { uri: text(found, "uri")?, prefix: text(found, "prefix").filter(|p| !p.is_empty()) }),
    }
}

fn time(from: &Value) -> Result<Option<TimeFormat>, String> {
    Ok(match from.get("timestampFormat").and_then(Value::as_str) {
        None => None,
        Some("iso8601") => Some(TimeFormat::Iso8601),
        Some("rfc822") => Some(TimeFormat::HttpDate),
        Some("unixTimestamp") => Some(TimeFormat::Epoch),
        Some(other) => return Err(format!("unknown timestamp format {other}")),
    })
}

fn error(from: &Value) -> Option<ErrorTraits> {
    let traits = from.get("error");
    if traits.is_none() && !flag(from, "exception") {
        return None;
    }
    let traits = traits.unwrap_or(&Value::Null);
    Some(ErrorTraits {
        code: text(traits, "code"),
        status: traits.get("httpStatusCode").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok()),
        fault: flag(from, "fault") || flag(traits, "fault"),
    })
}

fn text(from: &Value, key: &str) -> Option<String> {
    from.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn flag(from: &Value, key: &str) -> bool {
    from.get(key).and_then(Value::as_bool).unwrap_or(false)
}
