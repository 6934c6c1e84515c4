//! One service's model: found in the binary, unpacked when first called, its shapes parsed when first needed.

mod embedded;
mod former;
mod shape;
mod trim;

pub use embedded::{model, services};
pub(crate) use shape::{Kind, Location, Member, Metadata, Namespace, Op, Shape, TimeFormat};
pub use trim::trim;

use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::OnceLock;

/// The language a request is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    Ec2,
    Query,
    /// AWS JSON 1.0 and 1.1; the model says which.
    Json,
    RestJson,
    RestXml,
    Cbor,
}

impl Protocol {
    fn of(name: &str) -> Option<Protocol> {
        Some(match name {
            "ec2" => Self::Ec2,
            "query" => Self::Query,
            "json" => Self::Json,
            "rest-json" => Self::RestJson,
            "rest-xml" => Self::RestXml,
            "smithy-rpc-v2-cbor" => Self::Cbor,
            _ => return None,
        })
    }
}

/// One service: what it is called, what it speaks, its operations and shapes.
pub struct Model {
    pub(crate) meta: Metadata,
    protocols: Vec<Protocol>,
    text: String,
    operations: Vec<Slot<Op>>,
    shapes: Vec<Slot<Shape>>,
    errors: OnceLock<HashMap<String, u32>>,
}

/// One line of the text, parsed when first needed.
struct Slot<T> {
    name: Range<usize>,
    body: Range<usize>,
    parsed: OnceLock<Box<T>>,
}

impl Model {
    /// A model from the published `service-2.json` form; what is wrong with it otherwise.
    pub fn from_json(model: &serde_json::Value) -> Result<Model, String> {
        let model = Model::from_text(trim(model)?)?;
        model.verify()?;
        Ok(model)
    }

    /// A model from the compact text of [`trim`]. Lines are only counted here, and parsed when needed.
    pub(crate) fn from_text(text: String) -> Result<Model, String> {
        let (mut operations, mut shapes) = (Vec::new(), Vec::new());
        let mut meta: Option<Metadata> = None;
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let end = start + line.len();
            if meta.is_none() {
                meta = Some(serde_json::from_str(line).map_err(|error| format!("metadata: {error}"))?);
            } else {
                let space = line.get(2..).and_then(|rest| rest.find(' ')).ok_or("a line without a name")?;
                let slot = (start + 2..start + 2 + space, start + 3 + space..end);
                match line.as_bytes().first() {
                    Some(b'O') => operations.push(Slot { name: slot.0, body: slot.1, parsed: OnceLock::new() }),
                    Some(b'S') => shapes.push(Slot { name: slot.0, body: slot.1, parsed: OnceLock::new() }),
                    _ => return Err(format!("unknown line: {}", line.trim_end())),
                }
            }
            start = end;
        }
        let meta = meta.ok_or("empty model")?;
        let protocols: Vec<Protocol> = meta.protocols.iter().filter_map(|name| Protocol::of(name)).collect();
        if protocols.is_empty() {
            return Err(format!("{} speaks no known protocol: {:?}", meta.service, meta.protocols));
        }
        Ok(Model { meta, protocols, text, operations, shapes, errors: OnceLock::new() })
    }

    /// Parses every line; the first that does not parse, or that refers to a shape that is not there.
    pub(crate) fn verify(&self) -> Result<(), String> {
        let mut members: Vec<Member> = Vec::new();
        for slot in &self.operations {
            let op: Op = self.parse(slot)?;
            members.extend(op.input.into_iter().chain(op.output));
        }
        for slot in &self.shapes {
            let shape: Shape = self.parse(slot)?;
            members.extend(shape.members.into_iter().chain(shape.item.map(|m| *m)).chain(shape.key.map(|m| *m)));
        }
        match members.iter().find(|member| member.shape as usize >= self.shapes.len()) {
            Some(member) => Err(format!("member {} refers to the missing shape {}", member.name, member.shape)),
            None => Ok(()),
        }
    }

    /// The names of all operations, sorted.
    pub fn operations(&self) -> Vec<&str> {
        self.operations.iter().map(|slot| self.name_of(slot)).collect()
    }

    /// The service name in a signature's scope: `ec2`, `monitoring`.
    pub fn signing_name(&self) -> &str {
        &self.meta.signing
    }

    /// The service's full name: `Amazon Elastic Compute Cloud`.
    pub fn title(&self) -> &str {
        &self.meta.title
    }

    /// The protocol that the service itself prefers.
    pub fn protocol(&self) -> Protocol {
        self.protocols.first().copied().unwrap_or(Protocol::Json)
    }

    pub(crate) fn speaks(&self, protocol: Protocol) -> bool {
        self.protocols.contains(&protocol)
    }

    pub(crate) fn op(&self, name: &str) -> Option<&Op> {
        let at = self.operations.binary_search_by(|slot| self.name_of(slot).cmp(name)).ok()?;
        self.operations.get(at).map(|slot| self.parsed(slot, |op, name| op.name = name))
    }

    pub(crate) fn all_ops(&self) -> impl Iterator<Item = &Op> {
        self.operations.iter().map(|slot| self.parsed(slot, |op, name| op.name = name))
    }

    pub(crate) fn shape(&self, member: &Member) -> &Shape {
        let slot = self.shapes.get(member.shape as usize).expect("verified: every reference has its shape");
        self.parsed(slot, |shape, name| shape.name = name)
    }

    /// The exception with this code on the wire or this shape name.
    pub(crate) fn error(&self, code: &str) -> Option<&Shape> {
        let index = *self.errors.get_or_init(|| self.index_errors()).get(code)?;
        self.shapes.get(index as usize).map(|slot| self.parsed(slot, |shape, name| shape.name = name))
    }

    fn index_errors(&self) -> HashMap<String, u32> {
        let mut found = HashMap::new();
        for (slot, index) in self.shapes.iter().zip(0u32..) {
            // The exceptions alone carry this key, so that the others need not be parsed.
            if self.text.get(slot.body.clone()).is_some_and(|body| body.contains("\"E\":")) {
                let shape = self.parsed(slot, |shape, name| shape.name = name);
                let code = shape.error.as_ref().and_then(|error| error.code.clone());
                found.entry(shape.name.clone()).or_insert(index);
                found.extend(code.map(|code| (code, index)));
            }
        }
        found
    }

    fn name_of<T>(&self, slot: &Slot<T>) -> &str {
        self.text.get(slot.name.clone()).unwrap_or_default()
    }

    fn parse<T: DeserializeOwned>(&self, slot: &Slot<T>) -> Result<T, String> {
        let body = self.text.get(slot.body.clone()).unwrap_or_default();
        serde_json::from_str(body).map_err(|error| format!("{}: {error}", self.name_of(slot)))
    }

    fn parsed<'a, T: DeserializeOwned>(&self, slot: &'a Slot<T>, name: impl FnOnce(&mut T, String)) -> &'a T {
        slot.parsed.get_or_init(|| {
            let mut value = self.parse(slot).expect("verified: every line parses");
            name(&mut value, self.name_of(slot).to_owned());
            Box::new(value)
        })
    }
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Model({}, {} operations)", self.meta.service, self.operations.len())
    }
}
