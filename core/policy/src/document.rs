//! A policy document, parsed; with the further rules of each kind of policy.

use crate::json::Json;
use crate::statement::{Effect, Statement};
use std::collections::BTreeSet;

/// A checked policy document. Two are equal when their texts are.
#[derive(Debug, Clone)]
pub struct Document {
    text: String,
    version: Version,
    id: Option<String>,
    statements: Vec<Statement>,
}

/// The policy language's version; variables exist in the later one only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    V2008,
    V2012,
}

/// Why a text is not a policy document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct MalformedDocument {
    pub reason: String,
}

/// The size limit of an endpoint policy, white space included.
pub const ENDPOINT_POLICY_CHARACTERS_MAX: usize = 20_480;

impl Document {
    /// Parses a document of any kind: with or without principals and resources. No statement at all is a document that
    /// allows nothing; the kinds that a user can store refuse it.
    pub fn parse(text: &str) -> Result<Self, MalformedDocument> {
        let json =
            Json::read(text).map_err(|error| malformed(format!("This policy contains invalid Json: {error}")))?;
        let Json::Map(members) = json else { return Err(malformed("Syntax errors in policy: no object.")) };
        let (mut version, mut id, mut statement) = (Version::V2008, None, None);
        for (name, value) in &members {
            match name.as_str() {
                "Version" => version = parse_version(value)?,
                "Id" => {
                    let text = value.text().ok_or_else(|| malformed("Syntax errors in policy: Id is no string."))?;
                    id = Some(text.to_owned());
                }
                "Statement" => statement = Some(value),
                other => return Err(malformed(format!("Syntax errors in policy: unknown member {other}."))),
            }
        }
        let statement = statement.ok_or_else(|| malformed("Missing required field Statement"))?;
        let items = statement.items();
        let mut statements = Vec::with_capacity(items.len());
        for (place, item) in items.iter().enumerate() {
            let parsed = Statement::parse(item, version == Version::V2012).map_err(|reason| {
                malformed(if items.len() == 1 { reason } else { format!("{reason} (Statement[{place}])") })
            })?;
            statements.push(parsed);
        }
        let mut seen = BTreeSet::new();
        if statements.iter().filter_map(|s| s.sid.as_deref()).any(|sid| !seen.insert(sid)) {
            return Err(malformed("Statement IDs (SID) in a single policy must be unique."));
        }
        Ok(Self { text: text.to_owned(), version, id, statements })
    }

    /// An identity policy, a boundary, a session policy or a service control policy: no principals, resources in
    /// every statement, Sids of letters and digits.
    pub fn parse_identity(text: &str) -> Result<Self, MalformedDocument> {
        let document = Self::parse_some(text)?;
        for statement in &document.statements {
            if statement.principals.is_some() {
                return Err(malformed("Policy document should not specify a principal."));
            }
            if statement.resources.is_none() {
                return Err(malformed("Policy statement must contain resources."));
            }
            if statement.sid.as_deref().is_some_and(|sid| !sid.bytes().all(|b| b.is_ascii_alphanumeric())) {
                return Err(malformed(
                    "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*",
                ));
            }
        }
        Ok(document)
    }

    /// A policy attached to a resource: principals and resources in every statement.
    pub fn parse_resource(text: &str) -> Result<Self, MalformedDocument> {
        let document = Self::parse_some(text)?;
        for statement in &document.statements {
            if statement.principals.is_none() {
                return Err(malformed("Missing required field Principal"));
            }
            if statement.resources.is_none() {
                return Err(malformed("Missing required field Resource"));
            }
        }
        Ok(document)
    }

    /// A role's trust policy: principals in every statement, no resources, actions of STS only.
    pub fn parse_trust(text: &str) -> Result<Self, MalformedDocument> {
        let document = Self::parse_some(text)?;
        for statement in &document.statements {
            if statement.principals.is_none() {
                return Err(malformed("Missing required field Principal"));
            }
            if statement.principals.as_ref().is_some_and(|p| p.negated) {
                return Err(malformed("Has prohibited field NotPrincipal"));
            }
            if statement.resources.is_some() {
                return Err(malformed("Has prohibited field Resource"));
            }
            let foreign = |action: &crate::ActionPattern| !matches!(action.service(), Some("sts"));
            if statement.effect == Effect::Allow && statement.actions.patterns.iter().any(foreign) {
                return Err(malformed("AssumeRole policy may only specify STS AssumeRole actions."));
            }
        }
        Ok(document)
    }

    /// A VPC endpoint's policy: as a resource policy, of at most 20,480 characters. Gateway endpoints demand
    /// [`Document::check_gateway`] besides.
    pub fn parse_endpoint(text: &str) -> Result<Self, MalformedDocument> {
        let size = text.chars().count();
        if size > ENDPOINT_POLICY_CHARACTERS_MAX {
            return Err(malformed(format!(
                "The policy has {size} characters; an endpoint policy may have {ENDPOINT_POLICY_CHARACTERS_MAX}."
            )));
        }
        Self::parse_resource(text)
    }

    /// The rule of gateway endpoints: every statement's principal is `*`.
    pub fn check_gateway(&self) -> Result<(), MalformedDocument> {
        let everyone = |statement: &Statement| statement.principals.as_ref().is_some_and(|p| p.is_everyone());
        match self.statements.iter().position(|statement| !everyone(statement)) {
            None => Ok(()),
            Some(place) => Err(malformed(format!(
                "The Principal of a gateway endpoint's policy must be *; use a condition on aws:PrincipalArn (Statement[{place}])."
            ))),
        }
    }

    fn parse_some(text: &str) -> Result<Self, MalformedDocument> {
        let document = Self::parse(text)?;
        if document.statements.is_empty() {
            return Err(malformed("Syntax errors in policy: Statement is empty."));
        }
        Ok(document)
    }

    /// The user's text, byte for byte.
    pub fn text(&self) -> &str {
        &self.text
    }
    pub fn version(&self) -> Version {
        self.version
    }
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}
impl Eq for Document {}

fn parse_version(value: &Json) -> Result<Version, MalformedDocument> {
    match value.text() {
        Some("2012-10-17") => Ok(Version::V2012),
        Some("2008-10-17") => Ok(Version::V2008),
        _ => Err(malformed("The policy must contain a valid version string")),
    }
}

fn malformed(reason: impl Into<String>) -> MalformedDocument {
    MalformedDocument { reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(result: Result<Document, MalformedDocument>) -> String {
        result.expect_err("refused").reason
    }

    fn with(statement: &str) -> String {
        format!(r#"{{"Version":"2012-10-17","Statement":{statement}}}"#)
    }

    #[test]
    fn a_document_keeps_its_text_and_shows_its_statements() {
        let text = r#" {"Version":"2012-10-17","Id":"x","Statement":{"Sid":"A","Effect":"Allow","NotAction":["s3:Get*","ec2:*"],"Resource":"*"}}"#;
        let document = Document::parse(text).unwrap();
        assert_eq!((document.text(), document.id(), document.version()), (text, Some("x"), Version::V2012));
        let statement = &document.statements()[0];
        assert!(statement.actions.negated);
        assert_eq!(statement.actions.patterns[0].text(), "s3:Get*");
    }

    #[test]
    fn the_default_gateway_policy_is_good() {
        let text = r#"{"Version":"2008-10-17","Statement":[{"Sid":"","Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;
        Document::parse_endpoint(text).unwrap().check_gateway().unwrap();
    }

    #[test]
    fn mistakes_are_named() {
        for (text, word) in [
            ("{", "invalid Json"),
            ("[]", "no object"),
            (r#"{"Version":"2011-01-01","Statement":[]}"#, "valid version string"),
            (r#"{"Version":"2012-10-17"}"#, "Statement"),
            (r#"{"Statements":[]}"#, "Statements"),
            (&with(r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Resources":"*"}"#), "Resources"),
            (&with(r#"{"Action":"s3:*","Resource":"*"}"#), "Effect"),
            (&with(r#"{"Effect":"allow","Action":"s3:*","Resource":"*"}"#), "allow"),
            (&with(r#"{"Effect":"Allow","Resource":"*"}"#), "Action"),
            (&with(r#"{"Effect":"Allow","Action":[],"Resource":"*"}"#), "must contain actions"),
            (&with(r#"{"Effect":"Allow","Action":[1],"Resource":"*"}"#), "Action"),
            (&with(r#"{"Effect":"Allow","Action":"s3:*","NotAction":"s3:*","Resource":"*"}"#), "NotAction"),
            (&with(r#"{"Effect":"Allow","Action":"s3:*","Resource":[]}"#), "must contain resources"),
            (&with(r#"{"Effect":"Allow","Effect":"Deny","Action":"s3:*","Resource":"*"}"#), "given twice"),
            (&with(r#"{"Effect":"Allow","NotPrincipal":"*","Action":"s3:*","Resource":"*"}"#), "NotPrincipal"),
            (
                &with(
                    r#"[{"Sid":"a","Effect":"Allow","Action":"s3:*","Resource":"*"},{"Sid":"a","Effect":"Deny","Action":"s3:*","Resource":"*"}]"#,
                ),
                "must be unique",
            ),
            (
                &with(
                    r#"[{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Deny","Action":"get","Resource":"*"}]"#,
                ),
                "Statement[1]",
            ),
        ] {
            let reason = reason(Document::parse(text));
            assert!(reason.contains(word), "{text}: {reason}");
        }
    }

    #[test]
    fn no_statement_allows_nothing_and_cannot_be_stored() {
        let text = r#"{"Version":"2012-10-17","Statement":[]}"#;
        assert!(Document::parse(text).unwrap().statements().is_empty());
        for parse in
            [Document::parse_identity, Document::parse_resource, Document::parse_trust, Document::parse_endpoint]
        {
            assert!(reason(parse(text)).contains("empty"));
        }
    }

    #[test]
    fn each_kind_has_its_own_rules() {
        let identity = with(r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#);
        let resource = with(r#"{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"s3:*","Resource":"*"}"#);
        let trust = with(r#"{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}"#);
        assert!(Document::parse_identity(&identity).is_ok());
        assert!(reason(Document::parse_identity(&resource)).contains("should not specify a principal"));
        assert!(reason(Document::parse_identity(&with(r#"{"Effect":"Allow","Action":"s3:*"}"#))).contains("resources"));
        let sid = with(r#"{"Sid":"a-b","Effect":"Allow","Action":"s3:*","Resource":"*"}"#);
        assert!(reason(Document::parse_identity(&sid)).contains("alpha-numeric"));
        assert!(Document::parse_resource(&resource).is_ok());
        assert!(reason(Document::parse_resource(&identity)).contains("Principal"));
        assert!(reason(Document::parse_resource(&trust)).contains("Resource"));
        assert!(Document::parse_trust(&trust).is_ok());
        assert!(reason(Document::parse_trust(&resource)).contains("Resource"));
        let foreign = with(r#"{"Effect":"Allow","Principal":"*","Action":"s3:GetObject"}"#);
        assert!(reason(Document::parse_trust(&foreign)).contains("STS"));
        let endpoint = Document::parse_endpoint(&resource).unwrap();
        assert!(endpoint.check_gateway().unwrap_err().reason.contains("must be *"));
        let long = format!("{resource}{}", " ".repeat(ENDPOINT_POLICY_CHARACTERS_MAX));
        assert!(reason(Document::parse_endpoint(&long)).contains("20480"));
    }
}
