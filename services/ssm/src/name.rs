//! Names of parameters: hierarchies, what is reserved, and the version or label behind a name.

use crate::refuse;
use postern_call::Refusal;
use postern_names::{AccountId, Arn};

/// Levels of a hierarchy.
const LEVELS_MAX: usize = 15;
/// Characters of a name, the ARN before it included.
const LENGTH_MAX: usize = 1011;

/// What is behind a name: `:3` or `:label`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    Version(i64),
    Label(String),
}

/// A parameter as a request names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub name: String,
    pub selector: Option<Selector>,
}

impl Selector {
    pub fn text(&self) -> String {
        match self {
            Self::Version(number) => format!(":{number}"),
            Self::Label(label) => format!(":{label}"),
        }
    }
}

/// The ARN of a parameter; AWS leaves the leading slash out.
pub fn arn(account: AccountId, region: &str, name: &str) -> String {
    Arn::new("ssm", region, account, format!("parameter/{}", name.trim_start_matches('/'))).to_string()
}

/// Reads a name to look a parameter up by: a name or an ARN of the caller's own, with a selector behind it.
pub fn read(given: &str, account: AccountId, region: &str) -> Result<Named, Refusal> {
    let (rest, is_arn) = match given.strip_prefix("arn:") {
        None => (given.to_owned(), false),
        Some(_) => {
            let arn: Arn = given.parse().map_err(|_| refuse::validation("Invalid parameter ARN."))?;
            let own = arn.service == "ssm" && arn.region == region && arn.account == account.to_string();
            let name = arn.resource.strip_prefix("parameter/").filter(|_| own);
            let name = name.ok_or_else(|| {
                refuse::not_found(given).hint("Postern shares no parameters between accounts or regions")
            })?;
            (name.to_owned(), true)
        }
    };
    let mut parts = rest.splitn(2, ':');
    let (name, behind) = (parts.next().unwrap_or_default(), parts.next());
    let slash = if is_arn && name.contains('/') { "/" } else { "" };
    let selector = match behind {
        None => None,
        Some(text) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(Selector::Version(text.parse().map_err(|_| refuse::no_version(name, i64::MAX))?))
        }
        Some(label) => Some(Selector::Label(label.to_owned())),
    };
    if name.is_empty() {
        return Err(refuse::validation(BAD_NAME));
    }
    Ok(Named { name: format!("{slash}{name}"), selector })
}

const BAD_NAME: &str = "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash \"/\". It can't be prefixed with \"aws\" or \"ssm\" (case-insensitive). It must use only letters, numbers, or the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All sub-paths, if specified, must use the forward slash symbol \"/\". Valid example: /get/parameters2-/by1./path0_.";

/// A path for GetParametersByPath, without the slash at its end.
pub fn read_path(given: &str) -> Result<&str, Refusal> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "/.-_".contains(c);
    if !given.starts_with('/') || !given.chars().all(allowed) || given.contains("//") {
        return Err(refuse::validation(BAD_NAME));
    }
    Ok(given.strip_suffix('/').unwrap_or(given))
}

/// Whether a customer may make a parameter of this name.
pub fn check_new(name: &str, account: AccountId, region: &str) -> Result<(), Refusal> {
    let first = name.trim_start_matches('/').split('/').next().unwrap_or_default().to_lowercase();
    if name.contains('/') && first == "aws" {
        let message = format!("No access to reserved parameter name: {name}.");
        return Err(Refusal::new("AccessDeniedException", message));
    }
    if first.starts_with("aws") || first.starts_with("ssm") {
        let message = if name.starts_with('/') {
            "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_"
        } else {
            "Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive)."
        };
        return Err(refuse::validation(message));
    }
    if name.contains('/') && !name.starts_with('/') {
        return Err(refuse::validation("Parameter name must be a fully qualified name."));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "/.-_".contains(c);
    if name.is_empty() || name.ends_with('/') || name.contains("//") || !name.chars().all(allowed) {
        let message = "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_";
        return Err(refuse::validation(message));
    }
    if arn(account, region, name).len() > LENGTH_MAX {
        return Err(refuse::validation(format!(
            "Parameter name and ARN together are longer than {LENGTH_MAX} characters."
        )));
    }
    if name.trim_start_matches('/').split('/').count() > LEVELS_MAX {
        let message = format!(
            "Parameter name must not contain more than {LEVELS_MAX} levels. A hierarchy can have a maximum of {LEVELS_MAX} levels."
        );
        return Err(Refusal::new("HierarchyLevelLimitExceededException", message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "us-east-1";

    fn named(given: &str) -> (String, Option<Selector>) {
        let named = read(given, AccountId::DEFAULT, HERE).unwrap();
        (named.name, named.selector)
    }

    #[test]
    fn a_version_or_a_label_may_stand_behind_a_name() {
        assert_eq!(named("/a/b"), ("/a/b".to_owned(), None));
        assert_eq!(named("/a/b:3"), ("/a/b".to_owned(), Some(Selector::Version(3))));
        assert_eq!(named("c:prod"), ("c".to_owned(), Some(Selector::Label("prod".to_owned()))));
        let own = format!("arn:aws:ssm:us-east-1:{}:parameter", AccountId::DEFAULT);
        assert_eq!(named(&format!("{own}/a/b:3")), ("/a/b".to_owned(), Some(Selector::Version(3))));
        assert_eq!(named(&format!("{own}/c")), ("c".to_owned(), None));
        let foreign = read("arn:aws:ssm:us-east-1:999999999999:parameter/a/b", AccountId::DEFAULT, HERE);
        assert_eq!(foreign.unwrap_err().code, "ParameterNotFound");
    }

    #[test]
    fn names_keep_the_rules() {
        let code = |name: &str| check_new(name, AccountId::DEFAULT, HERE).err().map(|refusal| refusal.code);
        for good in ["a", "/a", "/a/b-c_d.e", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15"] {
            assert_eq!(code(good), None, "{good}");
        }
        for bad in ["", "/", "a/b", "/a//b", "/a/", "/a b", "aws-x", "SSM", "/ssmx/a", "ä"] {
            assert_eq!(code(bad).as_deref(), Some("ValidationException"), "{bad}");
        }
        assert_eq!(code("/aws/service/x").as_deref(), Some("AccessDeniedException"));
        let deep = "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16";
        assert_eq!(code(deep).as_deref(), Some("HierarchyLevelLimitExceededException"));
        assert_eq!(code(&format!("/{}", "a".repeat(1011))).as_deref(), Some("ValidationException"));
    }
}
