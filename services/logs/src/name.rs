//! Names and ARNs of log groups and streams.

use crate::refuse;
use postern_call::Refusal;
use postern_names::AccountId;

/// What a request names: a group, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub owner: AccountId,
    pub region: String,
    pub name: String,
}

impl Named {
    /// The group's ARN without anything behind its name, which is what tags are judged by.
    pub fn arn(&self) -> String {
        format!("arn:aws:logs:{}:{}:log-group:{}", self.region, self.owner, self.name)
    }
    /// What every other operation on a group is judged by, so that a policy's resource must end with `:*`. Taken from AWS's
    /// own denials, which name it.
    pub fn judged(&self) -> String {
        format!("{}:log-stream:", self.arn())
    }
    pub fn stream_arn(&self, stream: &str) -> String {
        format!("{}:log-stream:{stream}", self.arn())
    }
}

/// A group's name by the model's pattern.
pub fn check_group(given: &str, member: &str) -> Result<(), Refusal> {
    let fits = given.chars().all(|c| c.is_ascii_alphanumeric() || ".-_/#".contains(c));
    if fits { Ok(()) } else { Err(refuse::pattern(given, member, r"[\.\-_/#A-Za-z0-9]+")) }
}

/// A stream's name by the model's pattern.
pub fn check_stream(given: &str, member: &str) -> Result<(), Refusal> {
    if given.contains([':', '*']) { Err(refuse::pattern(given, member, "[^:*]*")) } else { Ok(()) }
}

/// A group by its name or its ARN; the ARN without `:*` at its end.
pub fn read(given: &str, member: &str, own: AccountId, region: &str) -> Result<Named, Refusal> {
    let fits = given.chars().all(|c| c.is_alphanumeric() || "_#+=/:,.@-".contains(c));
    if !fits {
        let refusal = refuse::pattern(given, member, r"[\w#+=/:,.@-]*");
        return Err(refusal.hint("an ARN is given here without :* at its end"));
    }
    if !given.starts_with("arn:") {
        check_group(given, member)?;
        return Ok(Named { owner: own, region: region.to_owned(), name: given.to_owned() });
    }
    let parts: Vec<&str> = given.splitn(7, ':').collect();
    match parts.as_slice() {
        ["arn", "aws", "logs", region, owner, "log-group", name] if !name.is_empty() => {
            let owner = owner.parse().map_err(|_| refuse::invalid(format!("Invalid ARN: {given}")))?;
            check_group(name, member)?;
            Ok(Named { owner, region: (*region).to_owned(), name: (*name).to_owned() })
        }
        _ => Err(refuse::invalid(format!("Invalid ARN: {given}")).hint("log groups are the only resources here")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_named_by_name_or_arn() {
        let own = AccountId::DEFAULT;
        let read = |given: &str| super::read(given, "logGroupIdentifier", own, "us-east-1");
        let by_name = read("/app/web").unwrap();
        assert_eq!(read(&by_name.arn()).unwrap(), by_name);
        assert_eq!(by_name.judged(), format!("arn:aws:logs:us-east-1:{own}:log-group:/app/web:log-stream:"));
        let starred = read(&format!("{}:*", by_name.arn())).unwrap_err();
        assert!(starred.message.ends_with(r"pattern: [\w#+=/:,.@-]*"), "{}", starred.message);
        assert!(read("arn:aws:logs:us-east-1:1:log-group:").is_err());
        assert!(read("a:b").is_err());
    }

    #[test]
    fn names_follow_the_models_patterns() {
        assert!(check_group("/aws/lambda/f-1_x.y#z", "logGroupName").is_ok());
        assert!(check_group("a b", "logGroupName").is_err());
        assert!(check_stream("2026/11/28/[$LATEST]abc", "logStreamName").is_ok());
        assert!(check_stream("a:b", "logStreamName").is_err());
    }
}
