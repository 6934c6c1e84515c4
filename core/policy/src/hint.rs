//! A denial for the person at the keyboard: which statement decided, or came closest and what it missed.

use crate::{Decision, NearMiss, StatementRef, Test};

/// What a client surely takes in one header line.
const CHARACTERS_MAX: usize = 1000;

/// One line of plain ASCII, fit for a header; `None` when there is nothing to tell beyond AWS's sentence.
pub fn hint(decision: &Decision) -> Option<String> {
    let text = match decision {
        Decision::Allow { .. } => return None,
        Decision::ExplicitDeny { by } => format!("denied by {}", place(by)),
        Decision::ImplicitDeny { nearly, .. } => nearly.first().map(near_miss)?,
    };
    Some(text.chars().map(|c| if (' '..='~').contains(&c) { c } else { '?' }).take(CHARACTERS_MAX).collect())
}

fn near_miss(miss: &NearMiss) -> String {
    let place = place(&miss.statement);
    match &miss.failed {
        Test::Principal { asked } => format!("{place} would allow it, but does not name {asked}"),
        Test::Action { asked } => format!("{place} would allow it, but not the action {asked}"),
        Test::Resource { asked } => format!("{place} would allow it, but not on {asked}"),
        Test::Condition { operator, key, wanted, found } => {
            let wanted = wanted.join(" or ");
            let found =
                found.as_ref().map_or_else(|| "lacks it".to_owned(), |found| format!("has {}", found.join(", ")));
            format!("{place} would allow it, but wants {operator} {key} {wanted} and the request {found}")
        }
    }
}

fn place(statement: &StatementRef) -> String {
    match &statement.sid {
        Some(sid) => format!("statement `{sid}` of {}", statement.policy),
        None => format!("statement {} of {}", statement.index, statement.policy),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PolicyKind;

    #[test]
    fn a_near_miss_says_what_was_wanted_and_what_was_found() {
        let statement =
            StatementRef { kind: PolicyKind::Endpoint, policy: "vpce-1".into(), index: 0, sid: Some("Mine".into()) };
        let failed = |found| Test::Condition {
            operator: "StringEquals".into(),
            key: "aws:PrincipalAccount".into(),
            wanted: vec!["1".into(), "2".into()],
            found,
        };
        let told = |failed| {
            let nearly = vec![NearMiss { statement: statement.clone(), failed }];
            hint(&Decision::ImplicitDeny { missing: PolicyKind::Endpoint, nearly }).unwrap()
        };
        let head = "statement `Mine` of vpce-1 would allow it, but";
        let wants = "wants StringEquals aws:PrincipalAccount 1 or 2 and the request";
        assert_eq!(told(failed(Some(vec!["3\u{e9}".into()]))), format!("{head} {wants} has 3?"));
        assert_eq!(told(failed(None)), format!("{head} {wants} lacks it"));
        assert_eq!(told(Test::Resource { asked: "arn:x".into() }), format!("{head} not on arn:x"));
        assert_eq!(hint(&Decision::ExplicitDeny { by: statement }).unwrap(), "denied by statement `Mine` of vpce-1");
        assert_eq!(hint(&Decision::Allow { by: Vec::new() }), None);
    }
}
