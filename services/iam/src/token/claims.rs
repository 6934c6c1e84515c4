//! What a token says of its bearer, as far as AWS looks at it.

use crate::entity::Tags;
use serde_json::Value;

const TAGS: &str = "https://aws.amazon.com/tags";
const SOURCE_IDENTITY: &str = "https://aws.amazon.com/source_identity";

/// The claims of a token: a JSON object.
pub struct Claims(Value);

/// The session tags that a token asks for.
#[derive(Debug, PartialEq, Eq)]
pub struct TokenTags {
    pub tags: Tags,
    pub transitive: Vec<String>,
}

impl Claims {
    pub fn new(object: Value) -> Self {
        Self(object)
    }

    pub fn text(&self, claim: &str) -> Option<&str> {
        self.0.get(claim)?.as_str().filter(|text| !text.is_empty())
    }

    /// A time in Unix seconds; providers write fractions too.
    pub fn seconds(&self, claim: &str) -> Option<i64> {
        let value = self.0.get(claim)?;
        // A fraction is cut off: seconds far from the ends of i64.
        value.as_i64().or_else(|| value.as_f64().filter(|s| s.is_finite()).map(|seconds| seconds as i64))
    }

    /// A claim that is a text or a list of texts.
    pub fn texts(&self, claim: &str) -> Vec<&str> {
        self.0.get(claim).map(texts).unwrap_or_default()
    }

    /// Whom the token is for: the authorized party if it names one, else the audiences.
    pub fn parties(&self) -> Vec<&str> {
        self.text("azp").map_or_else(|| self.texts("aud"), |party| vec![party])
    }

    pub fn source_identity(&self) -> Option<&str> {
        self.text(SOURCE_IDENTITY)
    }

    /// Session tags, nested or flattened. The error names what is wrong with them.
    pub fn tags(&self) -> Result<TokenTags, String> {
        let mut tags = Tags::new();
        let nested = self.0.get(TAGS);
        let principal = nested.and_then(|nested| nested.get("principal_tags")).and_then(Value::as_object);
        let nested_tags = principal.into_iter().flatten().map(|(key, value)| (key.as_str(), value));
        let prefix = format!("{TAGS}/principal_tags/");
        let members = self.0.as_object().into_iter().flatten();
        let flat = members.filter_map(|(claim, value)| Some((claim.strip_prefix(&prefix)?, value)));
        for (key, value) in nested_tags.chain(flat) {
            let [one] = texts(value)[..] else { return Err(format!("the session tag {key} has no single value")) };
            tags.push((key.to_owned(), one.to_owned()));
        }
        let flat = self.0.get(format!("{TAGS}/transitive_tag_keys"));
        let transitive = nested.and_then(|nested| nested.get("transitive_tag_keys")).or(flat);
        let transitive: Vec<String> =
            transitive.map(texts).unwrap_or_default().into_iter().map(str::to_owned).collect();
        if let Some(unknown) = transitive.iter().find(|key| !tags.iter().any(|(known, _)| known == *key)) {
            return Err(format!("the transitive tag {unknown} is no session tag"));
        }
        Ok(TokenTags { tags, transitive })
    }
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tags_are_read_nested_and_flat() {
        let expected = TokenTags { tags: vec![("team".into(), "net".into())], transitive: vec!["team".into()] };
        for claims in [
            json!({ TAGS: { "principal_tags": { "team": ["net"] }, "transitive_tag_keys": ["team"] } }),
            json!({ "https://aws.amazon.com/tags/principal_tags/team": "net",
                "https://aws.amazon.com/tags/transitive_tag_keys": ["team"] }),
        ] {
            assert_eq!(Claims::new(claims).tags().as_ref(), Ok(&expected));
        }
        for wrong in [
            json!({ TAGS: { "principal_tags": { "team": ["a", "b"] } } }),
            json!({ TAGS: { "principal_tags": { "team": 1 } } }),
            json!({ TAGS: { "principal_tags": {}, "transitive_tag_keys": ["team"] } }),
        ] {
            assert!(Claims::new(wrong.clone()).tags().is_err(), "{wrong}");
        }
        assert_eq!(Claims::new(json!({})).tags(), Ok(TokenTags { tags: vec![], transitive: vec![] }));
    }

    #[test]
    fn the_authorized_party_stands_before_the_audience() {
        let parties = |claims: Value| Claims::new(claims).parties().join(" ");
        assert_eq!(parties(json!({ "aud": "a" })), "a");
        assert_eq!(parties(json!({ "aud": ["a", "b"] })), "a b");
        assert_eq!(parties(json!({ "aud": ["a", "b"], "azp": "c" })), "c");
        assert_eq!(Claims::new(json!({ "exp": 10.7 })).seconds("exp"), Some(10));
        assert_eq!(Claims::new(json!({ "exp": "10" })).seconds("exp"), None);
    }
}
