//! Reading a request's members. The codec has checked what the model says; here is what it does not.

use crate::refuse::validation;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use postern_call::Refusal;
use serde_json::Value;

/// The members of a request, by model name.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a>(pub &'a Value);

impl<'a> Input<'a> {
    pub fn get(self, member: &str) -> Option<&'a Value> {
        self.0.get(member).filter(|value| !value.is_null())
    }
    pub fn text(self, member: &str) -> Option<&'a str> {
        self.get(member)?.as_str()
    }
    pub fn number(self, member: &str) -> Option<i64> {
        self.get(member)?.as_i64()
    }
    pub fn truth(self, member: &str) -> Option<bool> {
        self.get(member)?.as_bool()
    }
    pub fn list(self, member: &str) -> &'a [Value] {
        self.get(member).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }
    /// The texts of a list.
    pub fn texts(self, member: &str) -> Vec<&'a str> {
        self.list(member).iter().filter_map(Value::as_str).collect()
    }
    /// The entries of a map of texts, in the order they came.
    pub fn map(self, member: &str) -> Vec<(&'a str, &'a str)> {
        let entries = self.get(member).and_then(Value::as_object);
        entries
            .into_iter()
            .flatten()
            .filter_map(|(key, value)| value.as_str().map(|value| (key.as_str(), value)))
            .collect()
    }
    /// A structure within.
    pub fn within(self, member: &str) -> Option<Input<'a>> {
        self.get(member).map(Input)
    }
    /// A blob's bytes; the codec gives them as base64.
    pub fn bytes(self, member: &str) -> Result<Option<Vec<u8>>, Refusal> {
        let Some(text) = self.text(member) else { return Ok(None) };
        let read = STANDARD.decode(text);
        read.map(Some).map_err(|error| Refusal::internal(format!("the codec's base64 of {member}: {error}")))
    }

    /// A member that the service cannot do without; `ValidationException` in the words of AWS's JSON services.
    pub fn required(self, member: &str) -> Result<&'a str, Refusal> {
        self.text(member).ok_or_else(|| validation("null", member, "Member must not be null"))
    }
    /// A whole number between two bounds, or `ValidationException`.
    pub fn bounded(self, member: &str, least: i64, most: i64) -> Result<Option<i64>, Refusal> {
        let Some(number) = self.number(member) else { return Ok(None) };
        if number > most {
            let rule = format!("Member must have value less than or equal to {most}");
            return Err(validation(&number.to_string(), member, &rule));
        }
        if number < least {
            let rule = format!("Member must have value greater than or equal to {least}");
            return Err(validation(&number.to_string(), member, &rule));
        }
        Ok(Some(number))
    }
    /// Text of at most `most` characters, or `ValidationException`.
    pub fn limited(self, member: &str, most: usize) -> Result<Option<&'a str>, Refusal> {
        let Some(text) = self.text(member) else { return Ok(None) };
        if text.chars().count() > most {
            let rule = format!("Member must have length less than or equal to {most}");
            return Err(validation(text, member, &rule));
        }
        Ok(Some(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_member_that_is_null_is_absent() {
        let value = json!({ "Name": null, "Blob": "AQI=", "Tags": { "a": "1" } });
        let input = Input(&value);
        assert_eq!(input.text("Name"), None);
        assert!(input.get("Name").is_none());
        assert_eq!(input.bytes("Blob").unwrap(), Some(vec![1, 2]));
        assert_eq!(input.map("Tags"), [("a", "1")]);
    }

    #[test]
    fn bounds_are_told_in_aws_words() {
        let value = json!({ "MaxResults": 0 });
        let refusal = Input(&value).bounded("MaxResults", 1, 10).unwrap_err();
        assert_eq!(refusal.code, "ValidationException");
        assert_eq!(
            refusal.message,
            "1 validation error detected: Value '0' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 1"
        );
        assert!(Input(&value).required("Name").unwrap_err().message.contains("Value null at 'name'"));
    }
}
