//! A policy document, parsed; with the further rules of each kind of policy.

use crate::json::Json;
use crate::spanned::{Node, Position, Step, shown};
use crate::statement::{Effect, Listed, Statement};
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
    /// AWS's sentence, with line, column and member behind it.
    pub reason: String,
    /// Where; `None` for what has no place, like a size.
    pub position: Option<Position>,
}

/// The size limit of an endpoint policy, white space included.
pub const ENDPOINT_POLICY_CHARACTERS_MAX: usize = 20_480;

impl Document {
    /// Parses a document of any kind: with or without principals and resources. No statement at all is a document that
    /// allows nothing; the kinds that a user can store refuse it.
    pub fn parse(text: &str) -> Result<Self, MalformedDocument> {
        let json = Json::read(text).map_err(|error| {
            let reason = format!("This policy contains invalid Json: {error}");
            MalformedDocument::placed(text, error.at, &error.path, reason)
        })?;
        let Json::Map(members) = json else { return Err(malformed("Syntax errors in policy: no object.")) };
        let (mut version, mut id, mut statement) = (Version::V2008, None, None);
        for (name, value) in &members {
            let wrong = |reason: String| MalformedDocument::at(text, &[Step::Member(name.clone())], reason);
            match name.as_str() {
                "Version" => version = parse_version(value).map_err(wrong)?,
                "Id" => {
                    let own = value.text().ok_or_else(|| wrong("Syntax errors in policy: Id is no string.".into()))?;
                    id = Some(own.to_owned());
                }
                "Statement" => statement = Some(value),
                other => return Err(wrong(format!("Syntax errors in policy: unknown member {other}."))),
            }
        }
        let statement = statement.ok_or_else(|| malformed("Missing required field Statement"))?;
        let items = statement.items();
        let mut statements = Vec::with_capacity(items.len());
        for (place, item) in items.iter().enumerate() {
            let parsed = Statement::parse(item, version == Version::V2012)
                .map_err(|misfit| MalformedDocument::at(text, &misfit.path(place), misfit.reason))?;
            statements.push(parsed);
        }
        let mut seen = BTreeSet::new();
        let again = statements.iter().position(|s| s.sid.as_deref().is_some_and(|sid| !seen.insert(sid)));
        if let Some(place) = again {
            let reason = "Statement IDs (SID) in a single policy must be unique.".to_owned();
            return Err(MalformedDocument::at(text, &member(place, "Sid"), reason));
        }
        Ok(Self { text: text.to_owned(), version, id, statements })
    }

    /// The same, its last statement being a grant of the resource's service (KMS): it counts as any other, and across
    /// accounts it is enough, as a policy's statement is within its account.
    pub fn ending_in_grant(mut self) -> Self {
        if let Some(last) = self.statements.last_mut() {
            last.granted = true;
        }
        self
    }

    /// The same with one statement that meets nothing any more; the others keep their places.
    pub(crate) fn lifted(&self, index: usize) -> Self {
        let mut lifted = self.clone();
        if let Some(statement) = lifted.statements.get_mut(index) {
            statement.actions = Listed { negated: false, patterns: Vec::new() };
        }
        lifted
    }

    /// An identity policy, a boundary, a session policy or a service control policy: no principals, resources in
    /// every statement, Sids of letters and digits.
    pub fn parse_identity(text: &str) -> Result<Self, MalformedDocument> {
        Self::parse_some(text)?.checked(|statement| {
            if let Some(principals) = &statement.principals {
                let named = if principals.negated { "NotPrincipal" } else { "Principal" };
                return Some((named, "Policy document should not specify a principal."));
            }
            if statement.resources.is_none() {
                return Some(("", "Policy statement must contain resources."));
            }
            statement.sid.as_deref().filter(|sid| !sid.bytes().all(|b| b.is_ascii_alphanumeric())).map(|_| {
                let rule = "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*";
                ("Sid", rule)
            })
        })
    }

    /// A policy attached to a resource: principals and resources in every statement.
    pub fn parse_resource(text: &str) -> Result<Self, MalformedDocument> {
        Self::parse_some(text)?.checked(|statement| match (&statement.principals, &statement.resources) {
            (None, _) => Some(("", "Missing required field Principal")),
            (_, None) => Some(("", "Missing required field Resource")),
            _ => None,
        })
    }

    /// A role's trust policy: principals in every statement, no resources, actions of STS only.
    pub fn parse_trust(text: &str) -> Result<Self, MalformedDocument> {
        let foreign = |action: &crate::ActionPattern| !matches!(action.service(), Some("sts"));
        Self::parse_some(text)?.checked(|statement| match (&statement.principals, &statement.resources) {
            (None, _) => Some(("", "Missing required field Principal")),
            (Some(principals), _) if principals.negated => Some(("NotPrincipal", "Has prohibited field NotPrincipal")),
            (_, Some(listed)) => {
                Some((if listed.negated { "NotResource" } else { "Resource" }, "Has prohibited field Resource"))
            }
            _ if statement.effect == Effect::Allow && statement.actions.patterns.iter().any(foreign) => {
                Some(("Action", "AssumeRole policy may only specify STS AssumeRole actions."))
            }
            _ => None,
        })
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
            Some(place) => {
                let reason =
                    "The Principal of a gateway endpoint's policy must be *; use a condition on aws:PrincipalArn.";
                Err(MalformedDocument::at(&self.text, &member(place, "Principal"), reason.to_owned()))
            }
        }
    }

    /// Holds every statement to a rule that names the member at fault (empty: the whole statement) and AWS's sentence.
    fn checked(
        self,
        rule: impl Fn(&Statement) -> Option<(&'static str, &'static str)>,
    ) -> Result<Self, MalformedDocument> {
        let wrong = self.statements.iter().enumerate().find_map(|(place, statement)| Some((place, rule(statement)?)));
        match wrong {
            None => Ok(self),
            Some((place, (name, reason))) => {
                Err(MalformedDocument::at(&self.text, &member(place, name), reason.to_owned()))
            }
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
    /// Where the statement of this number begins and ends in the text.
    pub fn place_of(&self, index: usize) -> Option<(Position, Position)> {
        let whole = Node::read(&self.text).ok()?;
        let statements = whole.members()?.iter().find(|member| member.name == "Statement")?;
        let span = &statements.node.items().get(index)?.span;
        Some((Position::of(&self.text, span.start), Position::of(&self.text, span.end)))
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

impl MalformedDocument {
    /// At the value that the steps lead to.
    fn at(text: &str, path: &[Step], reason: String) -> Self {
        // The text has been read once; reading it again for its places is for the unhappy way only.
        match Node::read(text) {
            Ok(node) => Self::placed(text, node.find(path).start, path, reason),
            Err(_) => malformed(reason),
        }
    }

    fn placed(text: &str, at: usize, path: &[Step], reason: String) -> Self {
        let position = Position::of(text, at);
        let member = if path.is_empty() { String::new() } else { format!(": {}", shown(path)) };
        let place = format!("(line {}, column {}{member})", position.line, position.column + 1);
        Self { reason: format!("{reason} {place}"), position: Some(position) }
    }
}

fn member(statement: usize, name: &str) -> Vec<Step> {
    let mut path = vec![Step::Member("Statement".into()), Step::Item(statement)];
    path.extend((!name.is_empty()).then(|| Step::Member(name.to_owned())));
    path
}

fn parse_version(value: &Json) -> Result<Version, String> {
    match value.text() {
        Some("2012-10-17") => Ok(Version::V2012),
        Some("2008-10-17") => Ok(Version::V2008),
        _ => Err("The policy must contain a valid version string".into()),
    }
}

fn malformed(reason: impl Into<String>) -> MalformedDocument {
    MalformedDocument { reason: reason.into(), position: None }
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
    fn mistakes_are_placed() {
        let text =
            "{\"Version\": \"2012-10-17\",\n \"Statement\": [\n  {\"Effect\": \"allow\", \"Action\": \"s3:*\"}]}";
        assert!(reason(Document::parse(text)).ends_with("(line 3, column 14: Statement[0].Effect)"));
        let broken = "{\"Statement\": [\n{\"Effect\" \"Allow\"}]}";
        assert!(reason(Document::parse(broken)).ends_with("(line 2, column 11: Statement[0].Effect)"));
        let named = with(r#"{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}"#);
        assert!(reason(Document::parse_identity(&named)).contains(": Statement[0].Principal)"));
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
