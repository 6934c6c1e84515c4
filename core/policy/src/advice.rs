//! What to change so that a refused request would be allowed, for the person at the keyboard.

use crate::{Decision, PolicyKind, StatementRef, Test};

/// One sentence for each way; none for an allowed request.
pub fn advice(action: &str, resource: &str, decision: &Decision) -> Vec<String> {
    match decision {
        Decision::Allow { .. } => Vec::new(),
        Decision::ExplicitDeny { by } => vec![format!(
            "{} denies it, and no Allow outweighs a Deny: narrow that statement, or make the request in a way that it \
             does not match",
            place(by)
        )],
        Decision::ImplicitDeny { missing, nearly } if nearly.is_empty() => {
            vec![missing_allow(*missing, action, resource)]
        }
        Decision::ImplicitDeny { nearly, .. } => {
            nearly.iter().map(|miss| change(&miss.statement, &miss.failed)).collect()
        }
    }
}

fn missing_allow(kind: PolicyKind, action: &str, resource: &str) -> String {
    let whose = match kind {
        PolicyKind::Identity => "attach to the caller (user, group or role) a policy",
        PolicyKind::Resource => "give the resource a policy naming the caller",
        PolicyKind::Boundary => "widen the caller's permissions boundary by a statement",
        PolicyKind::Session => "begin the session anew with a session policy",
        PolicyKind::ServiceControl => "attach to the account and to every level above it a service control policy",
        PolicyKind::ResourceControl => {
            "attach to the resource's account and every level above it a resource control policy"
        }
        PolicyKind::Endpoint => "add to the endpoint's policy a statement",
        PolicyKind::Trust => "name the caller in the role's trust policy by a statement",
    };
    format!("{whose} that allows {action} on {resource}")
}

fn change(statement: &StatementRef, failed: &Test) -> String {
    let place = place(statement);
    match failed {
        Test::Principal { asked } => format!("{place} allows it to others: name {asked} in its Principal"),
        Test::Action { asked } => format!("{place} allows other actions on this: add {asked} to its Action"),
        Test::Resource { asked } => format!("{place} allows it on other resources: add {asked} to its Resource"),
        Test::Condition { operator, key, wanted, found } => {
            let wanted = wanted.join(" or ");
            let found = match found {
                None => format!("the request has no {key}{}", why_absent(key)),
                Some(found) => format!("the request has {}", found.join(", ")),
            };
            format!("{place} allows it if {key} meets {operator} {wanted}, and {found}")
        }
    }
}

/// Why a request lacks a key that people expect.
fn why_absent(key: &str) -> &'static str {
    match key.to_lowercase().as_str() {
        "aws:sourcevpce" | "aws:sourcevpc" | "aws:vpcsourceip" | "aws:sourcevpcarn" | "aws:vpceaccount" => {
            ": it did not come through a VPC endpoint"
        }
        "aws:sourceip" => ": it came through a VPC endpoint, where only aws:VpcSourceIp is known",
        "aws:multifactorauthpresent" => ": it was signed with a long-term key",
        _ => "",
    }
}

fn place(statement: &StatementRef) -> String {
    let name = statement.sid.as_ref().map_or_else(|| statement.index.to_string(), |sid| format!("`{sid}`"));
    format!("statement {name} of {} policy {}", crate::verdict::kind_name(statement.kind), statement.policy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NearMiss;

    #[test]
    fn advice_names_the_statement_and_the_missing_key() {
        let statement = StatementRef {
            kind: PolicyKind::Resource,
            policy: "logs".into(),
            index: 0,
            sid: Some("ByEndpoint".into()),
        };
        let failed = Test::Condition {
            operator: "StringEquals".into(),
            key: "aws:SourceVpce".into(),
            wanted: vec!["vpce-1".into()],
            found: None,
        };
        let nearly = vec![NearMiss { statement: statement.clone(), failed }];
        let told = advice("s3:GetObject", "arn:x", &Decision::ImplicitDeny { missing: PolicyKind::Resource, nearly });
        assert_eq!(told.len(), 1);
        assert!(
            told[0].contains("`ByEndpoint` of resource policy logs")
                && told[0].contains("not come through a VPC endpoint")
        );
        let none = Decision::ImplicitDeny { missing: PolicyKind::Endpoint, nearly: Vec::new() };
        assert!(advice("s3:GetObject", "arn:x", &none)[0].contains("endpoint's policy"));
        assert!(advice("a", "b", &Decision::Allow { by: Vec::new() }).is_empty());
    }
}
