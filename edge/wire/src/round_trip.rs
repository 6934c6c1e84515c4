//! Random values of every operation go out and come back the same. The values are made from the models themselves.

use crate::model::{Kind, Location, Member, Model, Protocol, model, services};
use crate::path::{Path, ec2_name};
use crate::protocol::{json, uri};
use crate::{HttpRequest, Operation};
use http::HeaderMap;
use postern_call::Answer;
use proptest::prelude::*;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn replies_come_back_as_they_were(seed: u64) {
        let mut dice = Dice(seed | 1);
        for name in services() {
            let model = model(name).unwrap();
            for _ in 0..12 {
                let operation = dice.operation(model);
                let output = model.op(&operation.name).and_then(|op| op.output.as_ref());
                let value = output.map_or_else(|| Value::Object(Map::new()), |member| {
                    let value = Maker { model, dice: &mut dice, form: false, plain: false }.value(member, 0);
                    value.unwrap_or_else(|| Value::Object(Map::new()))
                });
                let reply = model.write(&operation, &value, "id").unwrap();
                let mut read = model.read_reply(&operation, &reply).unwrap();
                if value.get("ContentType").is_none() && let Some(fields) = read.as_object_mut() {
                    // A reply with a body has a type, whether or not the service gave it one.
                    fields.remove("ContentType");
                }
                let text = String::from_utf8_lossy(&reply.body);
                prop_assert_eq!(&read, &value, "{} {} {}", name, operation.name, text);
                let problems = model.check_output(&operation, &value);
                prop_assert!(problems.is_empty(), "{} {}: {:?}", name, operation.name, problems);
            }
        }
    }

    #[test]
    fn either_form_of_an_answer_is_written_alike(seed: u64) {
        let mut dice = Dice(seed | 1);
        for name in services() {
            let model = model(name).unwrap();
            for _ in 0..12 {
                let operation = dice.operation(model);
                let Some(output) = model.op(&operation.name).and_then(|op| op.output.as_ref()) else { continue };
                let value = Maker { model, dice: &mut dice, form: false, plain: false }.value(output, 0);
                let value = value.unwrap_or_else(|| Value::Object(Map::new()));
                let answer = lean(model, output, &value, &mut dice);
                let (wanted, reply) = (model.write(&operation, &value, "id"), model.write(&operation, &answer, "id"));
                prop_assert_eq!(reply.unwrap(), wanted.unwrap(), "{} {} {:?}", name, operation.name, answer);
            }
        }
    }

    #[test]
    fn requests_come_in_as_they_were_meant(seed: u64) {
        let mut dice = Dice(seed | 1);
        for name in services() {
            let model = model(name).unwrap();
            // Requests of the REST protocols have a test of their own.
            if matches!(model.protocol(), Protocol::RestJson | Protocol::RestXml) {
                continue;
            }
            for _ in 0..12 {
                let operation = dice.operation(model);
                let Some(input) = model.op(&operation.name).and_then(|op| op.input.as_ref()) else { continue };
                let form = matches!(model.protocol(), Protocol::Ec2 | Protocol::Query);
                let Some(value) = (Maker { model, dice: &mut dice, form, plain: false }).value(input, 0) else { continue };
                let (headers, path, body) = serialised(model, &operation, input, &value);
                let request = HttpRequest { method: "POST", path: &path, query: "", headers: &headers, body: &body };
                let routed = model.operation(&request).unwrap();
                prop_assert_eq!(&routed, &operation);
                let text = String::from_utf8_lossy(&body);
                let read = model.read(&routed, &request).unwrap_or_else(|refusal| panic!("{name} {text}: {refusal:?}"));
                prop_assert_eq!(read, value, "{} {} {}", name, operation.name, text);
            }
        }
    }
}

/// The same in leaner forms, now and then with the members in another order.
fn lean(model: &'static Model, member: &Member, value: &Value, dice: &mut Dice) -> Answer {
    let shape = model.shape(member);
    if dice.roll(12) == 0 {
        return Answer::from(value.clone());
    }
    match (shape.kind, value) {
        (Kind::Structure, Value::Object(fields)) => {
            let lean_member = |(name, value): (&String, &Value)| {
                let member = shape.member(name).unwrap();
                (member.name.as_str(), lean(model, member, value, dice))
            };
            let mut members: Vec<(&str, Answer)> = fields.iter().map(lean_member).collect();
            let turned = dice.roll(members.len() * 3 + 1);
            if turned < members.len() {
                members.rotate_left(turned);
            }
            Answer::Members(members.into())
        }
        (Kind::List, Value::Array(items)) => {
            let item = shape.item.as_deref().unwrap();
            Answer::list(items.iter().map(|value| lean(model, item, value, dice)))
        }
        (Kind::Timestamp, Value::String(text)) => {
            let within = time::Duration::nanoseconds(dice.roll(1_000_000) as i64);
            Answer::Time(OffsetDateTime::parse(text, &Rfc3339).unwrap() + within)
        }
        (_, Value::String(text)) => Answer::Text(text.clone()),
        (_, Value::Bool(flag)) => Answer::Flag(*flag),
        (_, Value::Number(number)) if number.is_i64() => Answer::Number(number.as_i64().unwrap()),
        (_, value) => Answer::from(value.clone()),
    }
}

/// A request as a client would write it.
fn serialised(model: &Model, operation: &Operation, input: &Member, value: &Value) -> (HeaderMap, String, Vec<u8>) {
    let mut headers = HeaderMap::new();
    let name = &operation.name;
    match model.protocol() {
        Protocol::Ec2 | Protocol::Query => {
            let mut form = form_urlencoded::Serializer::new(String::new());
            form.append_pair("Action", name).append_pair("Version", &model.meta.version);
            for (name, text) in pairs(model, input, value, "") {
                form.append_pair(&name, &text);
            }
            (headers, "/".to_owned(), form.finish().into_bytes())
        }
        Protocol::Json => {
            let target = format!("{}.{name}", model.meta.target.as_deref().unwrap());
            headers.insert("x-amz-target", target.parse().unwrap());
            let mut body = Vec::new();
            json::write(model, input, value.into(), &Path::Root, &mut body).unwrap();
            (headers, "/".to_owned(), body)
        }
        _ => {
            headers.insert("smithy-protocol", "rpc-v2-cbor".parse().unwrap());
            let mut body = Vec::new();
            json::write(model, input, value.into(), &Path::Root, &mut body).unwrap();
            let body = crate::protocol::cbor::encode_untyped(&serde_json::from_slice(&body).unwrap());
            (headers, format!("/service/GraniteServiceVersion20100801/operation/{name}"), body)
        }
    }
}

/// The form parameters of a value, written after AWS's rules and not after the reader's code.
fn pairs(model: &Model, member: &Member, value: &Value, name: &str) -> Vec<(String, String)> {
    let shape = model.shape(member);
    let under = |part: &str| if name.is_empty() { part.to_owned() } else { format!("{name}.{part}") };
    let ec2 = model.protocol() == Protocol::Ec2;
    let flat = ec2 || member.flattened || shape.flattened;
    match value {
        Value::Object(fields) if shape.kind == Kind::Structure => {
            let pairs_of = |(name, value): (&String, &Value)| {
                let member = shape.member(name).unwrap();
                let wire = if ec2 { ec2_name(member) } else { member.wire().to_owned() };
                pairs(model, member, value, &under(&wire))
            };
            fields.iter().flat_map(pairs_of).collect()
        }
        Value::Array(items) => {
            let item = shape.item.as_deref().unwrap();
            let infix = if flat { String::new() } else { format!("{}.", item.wire_or("member")) };
            let numbered = items.iter().zip(1..);
            numbered.flat_map(|(value, n)| pairs(model, item, value, &under(&format!("{infix}{n}")))).collect()
        }
        Value::Object(entries) => {
            let (key, item) = (shape.key.as_deref().unwrap(), shape.item.as_deref().unwrap());
            let infix = if flat { "" } else { "entry." };
            let numbered = entries.iter().zip(1..);
            numbered
                .flat_map(|((entry, value), n)| {
                    let base = under(&format!("{infix}{n}"));
                    let mut all = vec![(format!("{base}.{}", key.wire_or("key")), entry.clone())];
                    all.extend(pairs(model, item, value, &format!("{base}.{}", item.wire_or("value"))));
                    all
                })
                .collect()
        }
        Value::String(text) => vec![(name.to_owned(), text.clone())],
        scalar => vec![(name.to_owned(), scalar.to_string())],
    }
}

/// A small generator: the same seed, the same values.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % sides.max(1)
    }

    fn operation(&mut self, model: &Model) -> Operation {
        let names = model.operations();
        model.operation_named(names[self.roll(names.len())]).unwrap()
    }
}

struct Maker<'a> {
    model: &'a Model,
    dice: &'a mut Dice,
    /// Whether the value must fit into a form, which has no word for what is empty.
    form: bool,
    /// Whether the text must fit into a header, or be a body, and so not empty.
    plain: bool,
}

impl Maker<'_> {
    /// `None` where the value would be empty and may not be, or nests too deep.
    fn value(&mut self, member: &Member, depth: usize) -> Option<Value> {
        let model = self.model;
        let shape = model.shape(member);
        if depth > 6 {
            return None;
        }
        match shape.kind {
            Kind::Structure => {
                let mut fields = Map::new();
                for member in &shape.members {
                    if !member.required && self.dice.roll(3) > 0 || shape.union && !fields.is_empty() {
                        continue;
                    }
                    if matches!(member.location, Some(Location::Uri | Location::Query)) {
                        continue;
                    }
                    // S3 has deprecated structures with two members of one wire name.
                    if shape.members.iter().filter(|other| other.wire() == member.wire()).count() > 1 {
                        continue;
                    }
                    self.plain = member.location.is_some() || shape.payload.as_ref() == Some(&member.name);
                    let value = self.member(member, depth + 1);
                    self.plain = false;
                    match value {
                        Some(value) => fields.extend([(member.name.clone(), value)]),
                        // What is required and cannot be made fails the whole.
                        None if member.required => return None,
                        None => {}
                    }
                }
                (!fields.is_empty() || !self.form).then_some(Value::Object(fields))
            }
            Kind::List | Kind::Map => {
                let least = usize::from(self.form || member.flattened || shape.flattened || member.location.is_some());
                let least = least.max(usize::try_from(shape.min.unwrap_or(0)).unwrap());
                let most = usize::try_from(shape.max.unwrap_or(3)).unwrap().clamp(least, least + 3);
                let count = least + self.dice.roll(most - least + 1);
                let item = shape.item.as_deref().unwrap();
                let values: Option<Vec<Value>> = (0..count).map(|_| self.member(item, depth + 1)).collect();
                match (values, shape.key.as_deref()) {
                    (Some(values), None) => Some(Value::Array(values)),
                    (Some(values), Some(key)) => {
                        let keys: Vec<String> = (0..count).map(|n| self.key(key, n)).collect::<Option<_>>()?;
                        let entries: Map<_, _> = keys.into_iter().zip(values).collect();
                        (entries.len() >= least).then_some(Value::Object(entries))
                    }
                    (None, _) if least > 0 => None,
                    (None, None) => Some(Value::Array(Vec::new())),
                    (None, Some(_)) => Some(Value::Object(Map::new())),
                }
            }
            _ => self.member(member, depth),
        }
    }

    fn member(&mut self, member: &Member, depth: usize) -> Option<Value> {
        let model = self.model;
        let shape = model.shape(member);
        let bound = |limit: Option<i64>, default: i64| limit.unwrap_or(default).clamp(-1_000_000, 1_000_000);
        Some(match shape.kind {
            Kind::Structure | Kind::List | Kind::Map => return self.value(member, depth),
            Kind::String if !shape.values.is_empty() => {
                Value::from(shape.values[self.dice.roll(shape.values.len())].as_str())
            }
            Kind::String => {
                let (min, max) = (bound(shape.min, 0).max(0) as usize, bound(shape.max, 12).max(0) as usize);
                let length = min + self.dice.roll((max.saturating_sub(min)).min(12) + 1);
                let length = length.max(usize::from(self.plain));
                Value::from(self.text(length, self.plain))
            }
            Kind::Integer | Kind::Long => {
                let (min, max) = (bound(shape.min, -9), bound(shape.max, 1_000_000));
                Value::from(min + self.dice.roll((max - min + 1) as usize) as i64)
            }
            Kind::Float => Value::from(self.dice.roll(1000) as f64 / 8.0),
            Kind::Boolean => Value::from(self.dice.roll(2) == 0),
            Kind::Timestamp => Value::from(format!("20{:02}-03-04T05:06:07.000Z", self.dice.roll(100))),
            Kind::Blob => Value::from(["AA==", "AQID", "/+8="][self.dice.roll(3)]),
            Kind::Document => Value::from("document"),
        })
    }

    fn key(&mut self, key: &Member, n: usize) -> Option<String> {
        let values = &self.model.shape(key).values;
        if values.is_empty() { Some(format!("key-{n}")) } else { values.get(n).cloned() }
    }

    /// Text with everything that some protocol must escape, but plain in headers.
    fn text(&mut self, length: usize, plain: bool) -> String {
        const HARD: [char; 16] =
            ['a', 'Z', '0', ' ', '<', '&', '"', '\'', '\n', '\r', '+', '%', '=', 'é', '雪', '\u{1F600}'];
        let letter = |dice: &mut Dice| if plain { 'x' } else { HARD[dice.roll(HARD.len())] };
        (0..length).map(|_| letter(self.dice)).collect()
    }
}

#[test]
fn paths_of_every_rest_operation_lead_back_to_it() {
    for name in services() {
        let model = model(name).unwrap();
        if !matches!(model.protocol(), Protocol::RestJson | Protocol::RestXml) {
            continue;
        }
        for op in model.all_ops() {
            let (template, literals) = uri::split(&op.uri);
            let path = template.replace("{Bucket}", "b").replace("{Key+}", "k/1");
            let mut query = literals.to_owned();
            let mut headers = HeaderMap::new();
            let input = op.input.as_ref().map(|input| model.shape(input));
            for member in input.iter().flat_map(|shape| &shape.members).filter(|member| member.required) {
                match member.location {
                    Some(Location::Query) => query.push_str(&format!("&{}=1", member.wire())),
                    Some(Location::Header) => {
                        headers.insert(http::HeaderName::try_from(member.wire()).unwrap(), "1".parse().unwrap());
                    }
                    _ => {}
                }
            }
            let request = HttpRequest { method: &op.method, path: &path, query: &query, headers: &headers, body: b"" };
            let found = model.operation(&request).unwrap();
            let twin = op.deprecated || op.name == "ListDirectoryBuckets";
            assert!(found.name == op.name || twin, "{} taken for {}", op.name, found.name);
        }
    }
}
