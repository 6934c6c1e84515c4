//! Grants: who else may do what with a key, within which encryption context, and who may end that.

use postern_names::AccountId;
use postern_policy::{Document, Keys};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// What a grant can give.
pub const OPERATIONS: &[&str] = &[
    "CreateGrant",
    "Decrypt",
    "DescribeKey",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GenerateDataKeyWithoutPlaintext",
    "GenerateMac",
    "GetPublicKey",
    "ReEncryptFrom",
    "ReEncryptTo",
    "RetireGrant",
    "Sign",
    "Verify",
    "VerifyMac",
];

/// The operations that have an encryption context, which a grant's constraints are about.
const WITH_CONTEXT: &[&str] = &[
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
];

type Context = BTreeMap<String, String>;

/// What the encryption context must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Constraint {
    Subset(Context),
    Equals(Context),
}

impl Constraint {
    fn holds(&self, given: &Context) -> bool {
        match self {
            Self::Equals(wanted) => wanted == given,
            Self::Subset(wanted) => wanted.iter().all(|(name, value)| given.get(name) == Some(value)),
        }
    }

    /// Whether this one lets through nothing that the other would not.
    pub fn is_within(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Equals(own), other) => other.holds(own),
            (Self::Subset(own), Self::Subset(_)) => other.holds(own),
            (Self::Subset(_), Self::Equals(_)) => false,
        }
    }

    pub fn member(&self) -> &'static str {
        match self {
            Self::Subset(_) => "EncryptionContextSubset",
            Self::Equals(_) => "EncryptionContextEquals",
        }
    }
}

/// One grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// 64 hexadecimal digits.
    pub id: String,
    /// The key's id as it is kept.
    pub key: String,
    pub token: String,
    pub name: Option<String>,
    pub created: OffsetDateTime,
    /// ARNs.
    pub grantee: String,
    pub retiring: Option<String>,
    /// Whose principal created it.
    pub issuer: AccountId,
    pub operations: Vec<String>,
    pub constraint: Option<Constraint>,
}

impl Grant {
    /// Whether it gives the action to its grantee, for these condition keys of the request.
    pub fn gives(&self, action: &str, keys: &Keys) -> bool {
        self.operations.iter().any(|operation| operation == action)
            && match &self.constraint {
                Some(constraint) if WITH_CONTEXT.contains(&action) => constraint.holds(&context(keys)),
                _ => true,
            }
    }

    /// Whether the two say the same.
    pub fn is_like(&self, other: &Self) -> bool {
        let said = |one: &Self| {
            (
                one.name.clone(),
                one.grantee.clone(),
                one.retiring.clone(),
                one.operations.clone(),
                one.constraint.clone(),
            )
        };
        said(self) == said(other)
    }

    /// As ListGrants gives it.
    pub fn shown(&self, key_arn: &str) -> Value {
        let mut shown = json!({
            "KeyId": key_arn,
            "GrantId": self.id,
            "Name": self.name.as_deref().unwrap_or_default(),
            "CreationDate": crate::key::text_of(self.created),
            "GranteePrincipal": self.grantee,
            "IssuingAccount": format!("arn:aws:iam::{}:root", self.issuer),
            "Operations": self.operations,
        });
        if let Some(retiring) = &self.retiring {
            shown["RetiringPrincipal"] = json!(retiring);
        }
        if let Some(constraint) = &self.constraint {
            let (Constraint::Subset(context) | Constraint::Equals(context)) = constraint;
            shown["Constraints"] = json!({ constraint.member(): context });
        }
        shown
    }
}

/// The encryption context, back from the condition keys that tell it.
fn context(keys: &Keys) -> Context {
    let names = keys.get("kms:encryptioncontextkeys").into_iter().flatten();
    let value = |name: &String| keys.get(&format!("kms:encryptioncontext:{}", name.to_lowercase()))?.first().cloned();
    names.filter_map(|name| Some((name.clone(), value(name)?))).collect()
}

/// The key's policy with what a grant adds: the action, for one principal of any account, who needs no policy of his own.
/// So an explicit deny still denies, and what binds the principal from elsewhere still binds it.
pub fn with(policy: &Document, principal: &str, action: &str) -> Option<Document> {
    let mut text: Value = serde_json::from_str(policy.text()).ok()?;
    let added = json!({
        "Sid": "grant", "Effect": "Allow", "Principal": { "AWS": principal }, "Action": format!("kms:{action}"), "Resource": "*",
    });
    match text.get_mut("Statement")? {
        Value::Array(statements) => statements.push(added),
        one => *one = json!([one.clone(), added]),
    }
    Document::parse_resource(&text.to_string()).ok().map(Document::ending_in_grant)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> Context {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn grant(constraint: Option<Constraint>) -> Grant {
        Grant {
            id: "1".into(),
            key: "k".into(),
            token: "t".into(),
            name: None,
            created: OffsetDateTime::UNIX_EPOCH,
            grantee: "arn:aws:iam::123456789012:user/a".into(),
            retiring: None,
            issuer: AccountId::DEFAULT,
            operations: vec!["Decrypt".into(), "DescribeKey".into()],
            constraint,
        }
    }

    #[test]
    fn constraints_are_about_the_context() {
        let mut keys = Keys::new();
        crate::verb::context_keys(&map(&[("Team", "Blue"), ("a", "b")]), &mut keys);
        let gives = |constraint: Constraint, action: &str| grant(Some(constraint)).gives(action, &keys);
        assert!(gives(Constraint::Subset(map(&[("Team", "Blue")])), "Decrypt"));
        assert!(!gives(Constraint::Subset(map(&[("team", "Blue")])), "Decrypt"), "names are told apart by case");
        assert!(!gives(Constraint::Subset(map(&[("Team", "blue")])), "Decrypt"));
        assert!(!gives(Constraint::Equals(map(&[("Team", "Blue")])), "Decrypt"));
        assert!(gives(Constraint::Equals(map(&[("Team", "Blue"), ("a", "b")])), "Decrypt"));
        assert!(gives(Constraint::Equals(map(&[("x", "y")])), "DescribeKey"), "which has no context");
        assert!(!grant(None).gives("Encrypt", &keys));
    }

    #[test]
    fn a_narrower_constraint_lies_within() {
        let (one, two) = (map(&[("a", "b")]), map(&[("a", "b"), ("c", "d")]));
        assert!(Constraint::Subset(two.clone()).is_within(&Constraint::Subset(one.clone())));
        assert!(!Constraint::Subset(one.clone()).is_within(&Constraint::Subset(two.clone())));
        assert!(Constraint::Equals(two.clone()).is_within(&Constraint::Subset(one.clone())));
        assert!(!Constraint::Subset(two).is_within(&Constraint::Equals(one)));
    }
}
