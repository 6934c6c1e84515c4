//! `iam:PassRole` and `iam:CreateServiceLinkedRole` without limits: who can pass any role can become any role.

use super::view::{Policy, Statement};
use super::{FindingKind, LintKind};

pub fn check(policy: &mut Policy<'_>) {
    if policy.kind != LintKind::Identity {
        return;
    }
    for statement in policy.each().iter().filter(|statement| statement.allows()) {
        let all = statement.resources().into_iter().find(|found| found.text == "*" || found.text.ends_with(":role/*"));
        let not_resource = statement.has("NotResource");
        if all.is_none() && !not_resource {
            continue;
        }
        let limits = |key: &str| statement.on_key(key).any(|c| !c.negated());
        if statement.covers("iam:passrole") && !limits("iam:passedtoservice") && !limits("iam:associatedresourcearn") {
            let code = match (statement.has("NotAction"), not_resource, by_wildcard(statement, "iam:passrole")) {
                (true, true, _) => "PASS_ROLE_WITH_NOT_ACTION_AND_NOT_RESOURCE",
                (true, false, _) => "PASS_ROLE_WITH_NOT_ACTION_AND_STAR_IN_RESOURCE",
                (false, true, true) => "PASS_ROLE_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE",
                (false, true, false) => "PASS_ROLE_WITH_NOT_RESOURCE",
                (false, false, true) => "PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE",
                (false, false, false) => "PASS_ROLE_WITH_STAR_IN_RESOURCE",
            };
            let details = "This hands any role of the account to any service. Name the roles, or add a condition on \
                           iam:PassedToService.";
            tell(policy, statement, FindingKind::SecurityWarning, code, details);
        }
        if statement.covers("iam:createservicelinkedrole") && !limits("iam:awsservicename") {
            let code =
                match (statement.has("NotAction"), not_resource, by_wildcard(statement, "iam:createservicelinkedrole"))
                {
                    (true, true, _) => "CREATE_SLR_WITH_NOT_ACTION_AND_NOT_RESOURCE",
                    (true, false, _) => "CREATE_SLR_WITH_NOT_ACTION_AND_STAR_IN_RESOURCE",
                    (false, true, true) => "CREATE_SLR_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE",
                    (false, true, false) => "CREATE_SLR_WITH_NOT_RESOURCE",
                    (false, false, true) => "CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE",
                    (false, false, false) => "CREATE_SLR_WITH_STAR_IN_RESOURCE",
                };
            let details = "This makes service-linked roles of every service. Add a condition on iam:AWSServiceName.";
            tell(policy, statement, FindingKind::Warning, code, details);
        }
    }
}

/// Whether the action is meant by a wildcard only.
fn by_wildcard(statement: &Statement<'_>, action: &str) -> bool {
    statement.actions().iter().all(|found| !found.text.eq_ignore_ascii_case(action))
}

fn tell(policy: &mut Policy<'_>, statement: &Statement<'_>, kind: FindingKind, code: &'static str, details: &str) {
    let action = statement.at(if statement.has("NotAction") { "NotAction" } else { "Action" });
    let resource = statement.at(if statement.has("NotResource") { "NotResource" } else { "Resource" });
    policy.find(kind, code, &[&action, &resource], details.to_owned());
}
