//! An assertion as AWS looks at it: whom it is about, for whom, from when until when, and AWS's own attributes.

use super::Flaw;
use super::attribute::key_of;
use super::xml::{self, attribute, is, only, text};
use crate::entity::Tags;
use std::collections::BTreeMap;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uppsala::{Document, NodeId};

const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
const FORMATS: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:";
const ATTRIBUTES: &str = "https://aws.amazon.com/SAML/Attributes/";

/// Times are in Unix seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    pub issuer: String,
    pub issued: i64,
    pub subject: String,
    /// `persistent`, `transient`, or the whole URI of another format.
    pub subject_type: String,
    pub recipient: String,
    pub audiences: Vec<String>,
    pub not_before: Option<i64>,
    /// The earliest of the ends that conditions and confirmation set.
    pub not_after: i64,
    /// When the provider ends the session.
    pub session_ends: Option<i64>,
    attributes: BTreeMap<String, Vec<String>>,
}

/// The response and the one assertion in it.
pub fn locate(document: &Document<'_>) -> Result<(NodeId, NodeId), Flaw> {
    let root = document.document_element().filter(|root| is(document, *root, PROTOCOL, "Response"));
    let root = root.ok_or_else(|| Flaw::no_assertion("the root element is no Response of SAML 2.0"))?;
    let status =
        only(document, root, PROTOCOL, "Status").and_then(|status| only(document, status, PROTOCOL, "StatusCode"));
    let status = status.map_err(Flaw::no_assertion)?;
    let code = attribute(document, status, "Value").unwrap_or_default();
    if code != SUCCESS {
        return Err(Flaw::no_assertion(format!("the response's status is {code}")));
    }
    if !document.child_elements_by_name_ns(root, ASSERTION, "EncryptedAssertion").is_empty() {
        return Err(Flaw::no_assertion("encrypted assertions are not taken"));
    }
    only(document, root, ASSERTION, "Assertion").map(|assertion| (root, assertion)).map_err(Flaw::no_assertion)
}

impl Assertion {
    pub fn read(document: &Document<'_>, node: NodeId) -> Result<Self, Flaw> {
        Self::parse(document, node).map_err(Flaw::no_assertion)
    }

    fn parse(document: &Document<'_>, node: NodeId) -> Result<Self, String> {
        let child = |parent, name| only(document, parent, ASSERTION, name);
        let subject = child(node, "Subject")?;
        let name = child(subject, "NameID")?;
        let confirmation = child(subject, "SubjectConfirmation")?;
        if attribute(document, confirmation, "Method") != Some(BEARER) {
            return Err("the subject is not confirmed as a bearer".into());
        }
        let data = child(confirmation, "SubjectConfirmationData")?;
        let recipient = attribute(document, data, "Recipient").ok_or("there is no Recipient")?;
        let conditions = child(node, "Conditions")?;
        let restrictions = document.child_elements_by_name_ns(conditions, ASSERTION, "AudienceRestriction");
        let audiences = |restriction: &NodeId| document.child_elements_by_name_ns(*restriction, ASSERTION, "Audience");
        let confirmed_until = moment(document, data, "NotOnOrAfter")?.ok_or("there is no NotOnOrAfter")?;
        let good_until = moment(document, conditions, "NotOnOrAfter")?;
        let format = attribute(document, name, "Format").unwrap_or_default();
        let statement = document.first_child_element_by_name_ns(node, ASSERTION, "AuthnStatement");
        let statement = statement.ok_or("there is no AuthnStatement")?;
        Ok(Self {
            issuer: text(document, child(node, "Issuer")?),
            issued: moment(document, node, "IssueInstant")?.ok_or("there is no IssueInstant")?,
            subject: text(document, name),
            subject_type: format.strip_prefix(FORMATS).unwrap_or(format).to_owned(),
            recipient: recipient.to_owned(),
            audiences: restrictions.iter().flat_map(audiences).map(|node| text(document, node)).collect(),
            not_before: moment(document, conditions, "NotBefore")?.max(moment(document, data, "NotBefore")?),
            not_after: good_until.map_or(confirmed_until, |until| until.min(confirmed_until)),
            session_ends: moment(document, statement, "SessionNotOnOrAfter")?,
            attributes: attributes(document, node),
        })
    }

    /// The values of one of AWS's own attributes, by its short name.
    fn own(&self, name: &str) -> &[String] {
        self.attributes.get(&format!("{ATTRIBUTES}{name}")).map(Vec::as_slice).unwrap_or_default()
    }

    fn one(&self, name: &str) -> Option<&str> {
        self.own(name).first().map(String::as_str)
    }

    /// Whether this pair of role and provider is offered; providers write them in either order.
    pub fn offers(&self, role: &str, provider: &str) -> bool {
        self.own("Role").iter().any(|pair| match pair.split_once(',') {
            Some((one, other)) => {
                let pair = (one.trim(), other.trim());
                pair == (role, provider) || pair == (provider, role)
            }
            None => false,
        })
    }

    pub fn session_name(&self) -> Option<&str> {
        self.one("RoleSessionName")
    }

    pub fn source_identity(&self) -> Option<&str> {
        self.one("SourceIdentity")
    }

    pub fn session_duration(&self) -> Option<&str> {
        self.one("SessionDuration")
    }

    /// The session tags, one for each attribute `PrincipalTag:NAME`; and which of them go on to further sessions.
    pub fn tags(&self) -> Result<(Tags, Vec<String>), String> {
        let prefix = format!("{ATTRIBUTES}PrincipalTag:");
        let mut tags = Tags::new();
        for (name, values) in &self.attributes {
            let Some(name) = name.strip_prefix(&prefix) else { continue };
            let [one] = &values[..] else { return Err(format!("the session tag {name} has no single value")) };
            tags.push((name.to_owned(), one.clone()));
        }
        let transitive = self.own("TransitiveTagKeys").to_vec();
        match transitive.iter().find(|key| !tags.iter().any(|(known, _)| known == *key)) {
            Some(unknown) => Err(format!("the transitive tag {unknown} is no session tag")),
            None => Ok((tags, transitive)),
        }
    }

    /// Condition keys that the provider's attributes fill.
    pub fn keys(&self) -> BTreeMap<String, Vec<String>> {
        self.attributes.iter().filter_map(|(name, values)| Some((key_of(name)?, values.clone()))).collect()
    }
}

fn attributes(document: &Document<'_>, node: NodeId) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for statement in document.child_elements_by_name_ns(node, ASSERTION, "AttributeStatement") {
        for one in document.child_elements_by_name_ns(statement, ASSERTION, "Attribute") {
            let values = document.child_elements_by_name_ns(one, ASSERTION, "AttributeValue");
            let name = attribute(document, one, "Name").unwrap_or_default().to_owned();
            found.entry(name).or_default().extend(values.into_iter().map(|value| text(document, value)));
        }
    }
    found
}

fn moment(document: &Document<'_>, node: NodeId, name: &str) -> Result<Option<i64>, String> {
    let Some(text) = xml::attribute(document, node, name) else { return Ok(None) };
    let parsed = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| format!("{name} is no time: {text}"))?;
    Ok(Some(parsed.unix_timestamp()))
}
