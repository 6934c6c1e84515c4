//! The `Principal` element: whom a statement is about, and how closely it names them.

use crate::json::Json;
use postern_call::{Caller, Principal};
use std::cell::OnceCell;

/// `Principal` or `NotPrincipal`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principals {
    /// `NotPrincipal`: everyone but these.
    pub negated: bool,
    pub listed: Vec<PrincipalName>,
}

/// One principal as a policy names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrincipalName {
    /// `*`: everybody, the anonymous too.
    Everyone,
    /// An account, by number or by the ARN of its root: the account and all within it.
    Account(String),
    /// A user, role, role session or federated user by ARN.
    Arn(String),
    /// A user or role by the unique id (`AIDA...`, `AROA...`) that a policy keeps after its principal is deleted.
    UniqueId(String),
    /// An AWS service; `*` for any.
    Service(String),
    /// An identity provider.
    Federated(String),
    /// An account by its S3 canonical user id.
    CanonicalUser(String),
}

/// How closely a statement of a resource policy names the caller; what it is good for depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// The caller's account: the account may pass the right on by its identity policies.
    Account,
    /// Everybody.
    Everyone,
    /// The role behind the session: boundary and session policies still limit it.
    Role,
    /// The user, the session or the service itself: nothing else is asked within the account.
    Direct,
}

impl Principals {
    /// Reads the element's value. The error is AWS's sentence.
    pub fn parse(value: &Json, negated: bool) -> Result<Self, String> {
        let listed = match value {
            Json::Text(text) if text == "*" => vec![PrincipalName::Everyone],
            Json::Text(text) => return Err(format!("Invalid principal in policy: \"{text}\"")),
            Json::Map(members) if !members.is_empty() => {
                let mut listed = Vec::new();
                for (family, names) in members {
                    for name in names.items() {
                        let name = name.text().ok_or_else(|| format!("Invalid principal in policy: \"{family}\""))?;
                        listed.push(PrincipalName::parse(family, name)?);
                    }
                }
                listed
            }
            _ => return Err("Invalid principal in policy.".into()),
        };
        if listed.is_empty() {
            return Err("Invalid principal in policy.".into());
        }
        Ok(Self { negated, listed })
    }

    /// Whether it is `*` (or `{"AWS": "*"}`) and nothing else.
    pub fn is_everyone(&self) -> bool {
        !self.negated && self.listed.iter().all(|name| *name == PrincipalName::Everyone)
    }

    /// How the element includes the caller, `None` if it does not.
    pub(crate) fn includes(&self, who: &Identity<'_>) -> Option<Reach> {
        if self.negated {
            // A boundary makes NotPrincipal match whatever it lists, as in AWS.
            let exempt = !who.has_boundary && self.exempts(who);
            return (!exempt).then_some(Reach::Everyone);
        }
        self.listed.iter().filter_map(|name| name.reach(who)).max()
    }

    /// Account, role and session are each looked for: a list that leaves one out does not exempt the caller.
    fn exempts(&self, who: &Identity<'_>) -> bool {
        if self.listed.contains(&PrincipalName::Everyone) {
            return true;
        }
        let has = |name: PrincipalName| self.listed.contains(&name);
        match &who.caller.principal {
            Principal::Anonymous => false,
            Principal::Service { .. } | Principal::WebIdentity { .. } => {
                self.listed.iter().any(|name| name.reach(who).is_some())
            }
            Principal::Root { .. } => who.account().is_some_and(|a| has(PrincipalName::Account(a.to_owned()))),
            _ => {
                who.account().is_some_and(|a| has(PrincipalName::Account(a.to_owned())))
                    && who.arn().is_some_and(|arn| has(PrincipalName::Arn(arn.to_owned())))
                    && who.principal_arn().is_some_and(|arn| has(PrincipalName::Arn(arn.to_owned())))
            }
        }
    }
}

impl PrincipalName {
    fn parse(family: &str, name: &str) -> Result<Self, String> {
        let invalid = || format!("Invalid principal in policy: \"{family}\":\"{name}\"");
        match family {
            "AWS" => Self::aws(name).ok_or_else(invalid),
            "Service" if name == "*" || (name.contains('.') && !name.contains('*')) => Ok(Self::Service(name.into())),
            "Federated" if !name.is_empty() => Ok(Self::Federated(name.into())),
            "CanonicalUser" if !name.is_empty() => Ok(Self::CanonicalUser(name.into())),
            _ => Err(invalid()),
        }
    }

    fn aws(name: &str) -> Option<Self> {
        if name == "*" {
            return Some(Self::Everyone);
        }
        if is_account(name) {
            return Some(Self::Account(name.into()));
        }
        let unique = |prefix| name.starts_with(prefix) && name.len() >= 16;
        if (unique("AIDA") || unique("AROA")) && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
            return Some(Self::UniqueId(name.into()));
        }
        let mut fields = name.splitn(6, ':');
        let (arn, partition, service) = (fields.next()?, fields.next()?, fields.next()?);
        let (region, account, resource) = (fields.next()?, fields.next()?, fields.next()?);
        if arn != "arn" || !partition.starts_with("aws") || !region.is_empty() || !is_account(account) {
            return None;
        }
        if resource.contains(['*', '?']) {
            return None;
        }
        let (kind, rest) = resource.split_once('/').unwrap_or((resource, ""));
        match (service, kind) {
            ("iam", "root") if rest.is_empty() => Some(Self::Account(account.into())),
            ("iam", "user" | "role") | ("sts", "assumed-role" | "federated-user") if !rest.is_empty() => {
                Some(Self::Arn(name.into()))
            }
            _ => None,
        }
    }

    fn reach(&self, who: &Identity<'_>) -> Option<Reach> {
        let is = |have: Option<&str>, name: &String| have == Some(name.as_str());
        match self {
            Self::Everyone => Some(Reach::Everyone),
            Self::Account(account) if is(who.account(), account) => {
                Some(if matches!(who.caller.principal, Principal::Root { .. }) {
                    Reach::Direct
                } else {
                    Reach::Account
                })
            }
            Self::Arn(arn) if is(who.arn(), arn) => Some(Reach::Direct),
            Self::Arn(arn) if is(who.principal_arn(), arn) => Some(Reach::Role),
            Self::UniqueId(id) => match &who.caller.principal {
                Principal::User { id: own, .. } if own == id => Some(Reach::Direct),
                Principal::Role { id: own, .. } if own == id => Some(Reach::Role),
                _ => None,
            },
            Self::Service(service) => match &who.caller.principal {
                Principal::Service { name } if service == "*" || name == service => Some(Reach::Direct),
                _ => None,
            },
            Self::Federated(named) => match &who.caller.principal {
                Principal::WebIdentity { provider, .. } if provider == named => Some(Reach::Direct),
                _ => None,
            },
            Self::CanonicalUser(id) if is(who.canonical_user, id) => Some(Reach::Account),
            _ => None,
        }
    }
}

/// The caller's names, each written out when a statement first asks for it.
#[derive(Debug)]
pub(crate) struct Identity<'a> {
    pub caller: &'a Caller,
    canonical_user: Option<&'a str>,
    has_boundary: bool,
    account: OnceCell<Option<String>>,
    arn: OnceCell<Option<String>>,
    principal_arn: OnceCell<Option<String>>,
}

impl<'a> Identity<'a> {
    pub fn new(caller: &'a Caller, canonical_user: Option<&'a str>, has_boundary: bool) -> Self {
        let (account, arn, principal_arn) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { caller, canonical_user, has_boundary, account, arn, principal_arn }
    }
    fn account(&self) -> Option<&str> {
        self.account.get_or_init(|| self.caller.account().map(|account| account.to_string())).as_deref()
    }
    /// The session's ARN for a role.
    fn arn(&self) -> Option<&str> {
        self.arn.get_or_init(|| self.caller.arn().map(|arn| arn.to_string())).as_deref()
    }
    /// The role's ARN for a role.
    fn principal_arn(&self) -> Option<&str> {
        self.principal_arn.get_or_init(|| self.caller.principal_arn().map(|arn| arn.to_string())).as_deref()
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_names::AccountId;

    fn session() -> Caller {
        Caller::of(Principal::Role {
            account: AccountId::DEFAULT,
            path: "/app/".into(),
            name: "web".into(),
            id: "AROAEXAMPLEEXAMPLE01".into(),
            session: "i-1".into(),
        })
    }

    fn reach(element: &str, not: bool, caller: &Caller) -> Option<Reach> {
        let element = Principals::parse(&Json::read(element).unwrap(), not).unwrap();
        element.includes(&Identity::new(caller, None, false))
    }

    #[test]
    fn a_session_is_reached_by_its_account_its_role_and_itself() {
        let caller = session();
        for (element, expected) in [
            (r#""*""#, Some(Reach::Everyone)),
            (r#"{"AWS":"*"}"#, Some(Reach::Everyone)),
            (r#"{"AWS":"123456789012"}"#, Some(Reach::Account)),
            (r#"{"AWS":["999999999999","arn:aws:iam::123456789012:root"]}"#, Some(Reach::Account)),
            (r#"{"AWS":"arn:aws:iam::123456789012:role/app/web"}"#, Some(Reach::Role)),
            (r#"{"AWS":"AROAEXAMPLEEXAMPLE01"}"#, Some(Reach::Role)),
            (r#"{"AWS":"arn:aws:sts::123456789012:assumed-role/web/i-1"}"#, Some(Reach::Direct)),
            (r#"{"AWS":"arn:aws:iam::123456789012:role/web"}"#, None),
            (r#"{"Service":"ec2.amazonaws.com"}"#, None),
        ] {
            assert_eq!(reach(element, false, &caller), expected, "{element}");
        }
        assert_eq!(reach(r#"{"AWS":"123456789012"}"#, false, &Caller::anonymous()), None);
    }

    #[test]
    fn a_provider_reaches_those_it_vouches_for() {
        let provider = "arn:aws:iam::123456789012:oidc-provider/id.example";
        let caller = Caller::of(Principal::WebIdentity {
            provider: provider.into(),
            subject: "system:serviceaccount:a:b".into(),
        });
        for (element, expected) in [
            (format!(r#"{{"Federated":"{provider}"}}"#), Some(Reach::Direct)),
            (format!(r#"{{"Federated":"{provider}/realm"}}"#), None),
            (
                format!(
                    r#"{{"Service":"ec2.amazonaws.com","Federated":["cognito-identity.amazonaws.com","{provider}"]}}"#
                ),
                Some(Reach::Direct),
            ),
            (r#"{"AWS":"123456789012"}"#.into(), None),
            (r#""*""#.into(), Some(Reach::Everyone)),
        ] {
            assert_eq!(reach(&element, false, &caller), expected, "{element}");
        }
        let element = format!(r#"{{"Federated":"{provider}"}}"#);
        assert_eq!(reach(&element, false, &session()), None);
        assert_eq!(reach(&element, true, &caller), None);
        assert_eq!(reach(&element, true, &session()), Some(Reach::Everyone));
    }

    #[test]
    fn not_principal_exempts_a_session_only_when_all_its_names_are_listed() {
        let caller = session();
        let all = r#"{"AWS":["123456789012","arn:aws:iam::123456789012:role/app/web","arn:aws:sts::123456789012:assumed-role/web/i-1"]}"#;
        assert_eq!(reach(all, true, &caller), None);
        let bounded = Identity::new(&caller, None, true);
        assert!(Principals::parse(&Json::read(all).unwrap(), true).unwrap().includes(&bounded).is_some());
        assert!(reach(r#"{"AWS":"arn:aws:iam::123456789012:role/app/web"}"#, true, &caller).is_some());
        assert!(reach(all, true, &Caller::anonymous()).is_some());
    }

    #[test]
    fn partial_wildcards_and_odd_names_are_refused() {
        for bad in [
            r#""ann""#,
            r#"{"AWS":"arn:aws:iam::123456789012:user/*"}"#,
            r#"{"AWS":"12345"}"#,
            r#"{"AWS":"arn:aws:s3:::b"}"#,
            r#"{"Who":"*"}"#,
            r#"{"AWS":[]}"#,
            r#"{}"#,
            r#"{"Service":"ec2*.amazonaws.com"}"#,
        ] {
            assert!(Principals::parse(&Json::read(bad).unwrap(), false).is_err(), "{bad}");
        }
    }
}
