//! What can be wrong with a request, and the sentence in which each family of services says so.

use crate::model::{Member, Metadata, Protocol, Shape};
use crate::path::{Path, ec2_name};
use postern_call::Refusal;

/// A constraint that a request's value breaks, at a place.
pub(crate) enum Fault<'a> {
    Missing,
    NotInEnum(&'a Shape, &'a str),
    TooShort(&'a str, i64),
    TooLong(&'a str, i64),
    TooSmall(String, i64),
    TooLarge(String, i64),
}

/// Collects the faults of one request, in the words of its service.
pub(crate) struct Faults {
    ec2: bool,
    code: &'static str,
    style: Style,
    found: Vec<Refusal>,
    sentences: Vec<String>,
}

/// The words a service has for what is missing.
#[derive(Clone, Copy, PartialEq)]
enum Style {
    /// "The request must contain the parameter X", one at a time.
    Parameter,
    /// "N validation errors detected: ...".
    Validation,
}

impl Faults {
    pub(crate) fn new(meta: &Metadata, protocol: Protocol) -> Faults {
        let (code, style) = match (protocol, meta.service.as_str()) {
            (Protocol::Ec2, _) | (_, "sqs") => ("MissingParameter", Style::Parameter),
            (Protocol::Query, _) => ("ValidationError", Style::Validation),
            (_, "logs") => ("InvalidParameterException", Style::Validation),
            _ => ("ValidationException", Style::Validation),
        };
        Faults { ec2: protocol == Protocol::Ec2, code, style, found: Vec::new(), sentences: Vec::new() }
    }

    pub(crate) fn add(&mut self, path: &Path, fault: Fault) {
        match self.style {
            Style::Parameter => self.found.extend(self.parameter(path, &fault)),
            Style::Validation => self.sentences.push(sentence(path, &fault)),
        }
    }

    /// The refusal for everything found, if anything was.
    pub(crate) fn into_result(self) -> Result<(), Refusal> {
        if let Some(first) = self.found.into_iter().next() {
            return Err(first);
        }
        if self.sentences.is_empty() {
            return Ok(());
        }
        let plural = if self.sentences.len() == 1 { "" } else { "s" };
        let count = self.sentences.len();
        let message = format!("{count} validation error{plural} detected: {}", self.sentences.join("; "));
        Err(Refusal::new(self.code, message))
    }

    /// EC2 and SQS leave lengths and ranges to the operation, which has its own sentence for each.
    fn parameter(&self, path: &Path, fault: &Fault) -> Option<Refusal> {
        match fault {
            Fault::Missing => {
                let name = if self.ec2 { path.ec2() } else { path.to_string() };
                Some(Refusal::new(self.code, format!("The request must contain the parameter {name}")))
            }
            Fault::NotInEnum(shape, given) if self.ec2 => Some(not_in_enum(path, shape, given)),
            _ => None,
        }
    }
}

/// EC2 has sentences of its own for two enumerations and one sentence for the others.
fn not_in_enum(path: &Path, shape: &Shape, given: &str) -> Refusal {
    let message = match shape.name.as_str() {
        "InstanceType" => format!("Invalid value '{given}' for InstanceType."),
        "ResourceType" => format!("'{given}' is not a valid taggable resource type for this operation."),
        _ => format!("Value ({given}) for parameter {} is invalid.", lower_first_segment(path)),
    };
    let refusal = Refusal::new("InvalidParameterValue", message);
    match shape.values.len() {
        0..=40 => refusal.hint(format!("{} takes one of: {}", path.ec2(), shape.values.join(", "))),
        _ => refusal,
    }
}

fn lower_first_segment(path: &Path) -> String {
    match path {
        Path::Member(_, member) => {
            let name = ec2_name(member);
            let mut chars = name.chars();
            chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
        }
        _ => path.ec2(),
    }
}

fn sentence(path: &Path, fault: &Fault) -> String {
    let (given, constraint) = match fault {
        Fault::Missing => ("null".to_owned(), "Member must not be null".to_owned()),
        Fault::NotInEnum(shape, given) => {
            (quoted(given), format!("Member must satisfy enum value set: [{}]", shape.values.join(", ")))
        }
        Fault::TooShort(given, min) => {
            (given.to_string(), format!("Member must have length greater than or equal to {min}"))
        }
        Fault::TooLong(given, max) => {
            (given.to_string(), format!("Member must have length less than or equal to {max}"))
        }
        Fault::TooSmall(given, min) => {
            (quoted(given), format!("Member must have value greater than or equal to {min}"))
        }
        Fault::TooLarge(given, max) => (quoted(given), format!("Member must have value less than or equal to {max}")),
    };
    format!("Value {given} at '{}' failed to satisfy constraint: {constraint}", path.sentence())
}

pub(crate) fn quoted(text: &str) -> String {
    format!("'{text}'")
}

/// A value that is not of its member's type, in a form-encoded request.
pub(crate) fn malformed_text(protocol: Protocol, path: &Path, given: &str, wanted: &str) -> Refusal {
    match protocol {
        Protocol::Ec2 => {
            let name = lower_first_segment(path);
            let message = format!("Value ({given}) for parameter {name} is invalid. Expecting {wanted}.");
            Refusal::new("InvalidParameterValue", message)
        }
        Protocol::Query => {
            Refusal::new("MalformedInput", format!("Value {} at '{}' is not {wanted}", quoted(given), path.sentence()))
        }
        _ => Refusal::new("SerializationException", format!("{given} cannot be converted to {wanted}")),
    }
}

/// A member named in a request that the operation does not have.
pub(crate) fn unknown_parameter(name: &str, known: &[Member]) -> Refusal {
    let refusal = Refusal::new("UnknownParameter", format!("The parameter {name} is not recognized"));
    let first = name.split('.').next().unwrap_or_default();
    match known.iter().find(|member| member.name.eq_ignore_ascii_case(first) || ec2_name(member).contains(first)) {
        Some(near) => refusal.hint(format!("the operation takes {}", ec2_name(near))),
        None => refusal,
    }
}
