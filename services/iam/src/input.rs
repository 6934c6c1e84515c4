//! Reading a request's members, with IAM's rules for names, paths, tags and sizes.

use crate::document::Doc;
use crate::entity::Tags;
use crate::refuse;
use postern_call::Refusal;
use postern_policy::{Document, MalformedDocument};
use serde_json::Value;

/// The members of a request.
#[derive(Clone, Copy)]
pub struct Input<'a>(pub &'a Value);

const TAGS_MAX: usize = 50;
const WORD: &str = "_+=,.@-";

impl<'a> Input<'a> {
    pub fn text(self, member: &str) -> Option<&'a str> {
        self.0.get(member)?.as_str()
    }
    pub fn number(self, member: &str) -> Option<i64> {
        self.0.get(member)?.as_i64()
    }
    pub fn truth(self, member: &str) -> Option<bool> {
        self.0.get(member)?.as_bool()
    }
    pub fn list(self, member: &str) -> &'a [Value] {
        self.0.get(member).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    pub fn required(self, member: &str) -> Result<&'a str, Refusal> {
        self.text(member).ok_or_else(|| constraint("null", member, "Member must not be null"))
    }

    /// A required name of at most `max` characters: letters, digits and `_+=,.@-`.
    pub fn name(self, member: &str, max: usize) -> Result<&'a str, Refusal> {
        check_name(self.required(member)?, member, max)
    }

    /// The path, `/` if none is given.
    pub fn path(self, member: &str) -> Result<&'a str, Refusal> {
        let path = self.text(member).unwrap_or("/");
        let good = path == "/"
            || (path.len() > 2
                && path.starts_with('/')
                && path.ends_with('/')
                && path.bytes().all(|b| (0x21..=0x7e).contains(&b)));
        if !good || path.contains("//") {
            return Err(refuse::invalid(format!(
                "The specified value for {} is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.",
                lower_first(member)
            )));
        }
        at_most(path, member, 512)?;
        Ok(path)
    }

    /// `PathPrefix`, `/` if none is given.
    pub fn path_prefix(self) -> Result<&'a str, Refusal> {
        let prefix = self.text("PathPrefix").unwrap_or("/");
        if !prefix.starts_with('/') || prefix.len() > 512 {
            return Err(constraint(
                prefix,
                "PathPrefix",
                "Member must satisfy regular expression pattern: \\u002F[\\u0021-\\u007F]*",
            ));
        }
        Ok(prefix)
    }

    /// A whole number between two bounds.
    pub fn bounded(self, member: &str, min: i64, max: i64) -> Result<Option<i64>, Refusal> {
        let Some(number) = self.number(member) else { return Ok(None) };
        if number > max {
            return Err(constraint(number, member, &format!("Member must have value less than or equal to {max}")));
        }
        if number < min {
            return Err(constraint(number, member, &format!("Member must have value greater than or equal to {min}")));
        }
        Ok(Some(number))
    }

    /// Text of at most `max` characters.
    pub fn limited(self, member: &str, max: usize) -> Result<Option<&'a str>, Refusal> {
        self.text(member).map(|text| at_most(text, member, max).map(|()| text)).transpose()
    }

    /// The tags of a request: keys of 1 to 128 characters, each once; values of at most 256.
    pub fn tags(self) -> Result<Tags, Refusal> {
        let mut tags = Tags::new();
        for tag in self.list("Tags") {
            let tag = Input(tag);
            let name = tag.required("Key")?;
            let value = tag.text("Value").unwrap_or_default();
            check_tag_key(name)?;
            at_most(value, "value", 256)?;
            if tags.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
                return Err(refuse::invalid_input(
                    "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
                ));
            }
            tags.push((name.to_owned(), value.to_owned()));
        }
        if tags.len() > TAGS_MAX {
            return Err(constraint(
                "[...]",
                "Tags",
                &format!("Member must have length less than or equal to {TAGS_MAX}"),
            ));
        }
        Ok(tags)
    }

    pub fn tag_keys(self) -> Result<Vec<&'a str>, Refusal> {
        let keys: Vec<&str> = self.list("TagKeys").iter().filter_map(Value::as_str).collect();
        keys.iter().try_for_each(|key| check_tag_key(key))?;
        Ok(keys)
    }

    /// A required policy document, read by the rules of its kind.
    pub fn document(self, member: &str, parse: Parse) -> Result<Doc, Refusal> {
        parse(self.required(member)?).map(Doc::new).map_err(|error| refuse::malformed(error.reason))
    }
}

/// How a kind of policy is read.
pub type Parse = fn(&str) -> Result<Document, MalformedDocument>;

/// Puts new tags over old ones: a known key gets the new value.
pub fn merge_tags(tags: &mut Tags, new: Tags) -> Result<(), Refusal> {
    let added = new.iter().filter(|(key, _)| !tags.iter().any(|(known, _)| known == key)).count();
    if tags.len() + added > TAGS_MAX {
        return Err(refuse::limit_exceeded(format!("The number of tags has reached the maximum limit of {TAGS_MAX}.")));
    }
    for (key, value) in new {
        match tags.iter_mut().find(|(known, _)| *known == key) {
            Some(tag) => tag.1 = value,
            None => tags.push((key, value)),
        }
    }
    Ok(())
}

pub fn check_name<'a>(name: &'a str, member: &str, max: usize) -> Result<&'a str, Refusal> {
    if name.is_empty() {
        return Err(constraint(name, member, "Member must have length greater than or equal to 1"));
    }
    at_most(name, member, max)?;
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || WORD.contains(c)) {
        return Err(refuse::invalid(format!(
            "The specified value for {} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-",
            lower_first(member)
        )));
    }
    Ok(name)
}

fn check_tag_key(key: &str) -> Result<(), Refusal> {
    at_most(key, "key", 128)?;
    if key.is_empty() {
        return Err(constraint(key, "key", "Member must have length greater than or equal to 1"));
    }
    if key.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("aws:")) {
        return Err(refuse::invalid_input("Invalid tag key. System tags are reserved: keys must not begin with aws:"));
    }
    Ok(())
}

fn at_most(text: &str, member: &str, max: usize) -> Result<(), Refusal> {
    if text.chars().count() > max {
        return Err(constraint(text, member, &format!("Member must have length less than or equal to {max}")));
    }
    Ok(())
}

/// AWS's sentence for a value out of bounds.
pub fn constraint(value: impl std::fmt::Display, member: &str, rule: &str) -> Refusal {
    let value = value.to_string();
    let value = if value == "null" { value } else { format!("'{value}'") };
    refuse::invalid(format!(
        "1 validation error detected: Value {value} at '{}' failed to satisfy constraint: {rule}",
        lower_first(member)
    ))
}

fn lower_first(member: &str) -> String {
    let mut letters = member.chars();
    letters.next().map(|c| c.to_lowercase().chain(letters).collect()).unwrap_or_default()
}
