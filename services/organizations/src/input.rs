//! Reading a request's members. The codec has checked what the model says; here is what it does not.

use crate::content::Type;
use crate::refuse;
use crate::state::Tags;
use postern_call::Refusal;
use serde_json::Value;

/// The members of a request.
#[derive(Clone, Copy)]
pub struct Input<'a>(pub &'a Value);

const TAGS_MAX: usize = 50;

impl<'a> Input<'a> {
    pub fn text(self, member: &str) -> Option<&'a str> {
        self.0.get(member)?.as_str()
    }
    pub fn number(self, member: &str) -> Option<i64> {
        self.0.get(member)?.as_i64()
    }
    pub fn list(self, member: &str) -> &'a [Value] {
        self.0.get(member).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }
    pub fn required(self, member: &str) -> Result<&'a str, Refusal> {
        self.text(member).ok_or_else(|| {
            refuse::invalid("INPUT_REQUIRED", format!("You must include a value for the parameter {member}."))
        })
    }

    /// A member of type PolicyType. The types that are not served are named.
    pub fn kind(self, member: &str) -> Result<Type, Refusal> {
        let word = self.required(member)?;
        Type::read(word).ok_or_else(|| {
            refuse::other(
                "PolicyTypeNotAvailableForOrganizationException",
                "You can't use the specified policy type with the feature set currently enabled for this organization.",
            )
            .hint(format!("{word} is not served; SERVICE_CONTROL_POLICY and RESOURCE_CONTROL_POLICY are"))
        })
    }

    pub fn tags(self) -> Result<Tags, Refusal> {
        let mut tags = Tags::new();
        for tag in self.list("Tags") {
            let tag = Input(tag);
            let (key, value) = (tag.required("Key")?, tag.text("Value").unwrap_or_default());
            if key.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("aws:")) {
                let message = "You specified a tag key that is a system tag. You can't add, edit, or delete system tag keys because they're reserved for AWS use.";
                return Err(refuse::invalid("INVALID_SYSTEM_TAGS_PARAMETER", message));
            }
            if tags.iter().any(|(known, _)| known == key) {
                let message = "Tag keys must be unique among the tags attached to the same entity.";
                return Err(refuse::invalid("DUPLICATE_TAG_KEY", message));
            }
            tags.push((key.to_owned(), value.to_owned()));
        }
        within(&tags)?;
        Ok(tags)
    }
}

/// Puts new tags over old ones.
pub fn merge_tags(tags: &Tags, new: Tags) -> Result<Tags, Refusal> {
    let mut all = tags.clone();
    for (key, value) in new {
        match all.iter_mut().find(|(known, _)| *known == key) {
            Some(tag) => tag.1 = value,
            None => all.push((key, value)),
        }
    }
    within(&all)?;
    Ok(all)
}

fn within(tags: &Tags) -> Result<(), Refusal> {
    if tags.len() > TAGS_MAX {
        let message = format!("You have exceeded the number of tags allowed on this resource: {TAGS_MAX}.");
        return Err(refuse::constraint("MAX_TAG_LIMIT_EXCEEDED", message));
    }
    Ok(())
}
