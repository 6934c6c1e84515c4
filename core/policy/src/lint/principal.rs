//! `Principal` and `NotPrincipal`: names that are none, and people let in by mistake.

use super::LintKind;
use super::view::{Policy, Spot, Statement};
use crate::Principals;
use crate::json::Json;
use crate::spanned::Member;

pub fn check(policy: &mut Policy<'_>) {
    if !policy.kind.has_principals() {
        return;
    }
    for statement in policy.each() {
        for name in ["Principal", "NotPrincipal"] {
            if let Some(member) = statement.member(name) {
                names(policy, &statement, member);
            }
        }
        if statement.allows() && statement.has("NotPrincipal") {
            policy.security(
                "ALLOW_WITH_NOT_PRINCIPAL",
                &statement.at_key("NotPrincipal"),
                "Allow with NotPrincipal lets in everybody but those named, the anonymous too. Use Principal.",
            );
        }
        if statement.has("Principal") {
            everyone(policy, &statement);
            services(policy, &statement);
            tokens(policy, &statement);
        }
    }
}

fn names(policy: &mut Policy<'_>, statement: &Statement<'_>, member: &Member) {
    let whole = statement.spot.value(&member.name, &member.node);
    let Some(families) = member.node.members() else {
        if member.node.text() != Some("*") {
            let details = format!("{} is \"*\" or an object: {{\"AWS\": \"…\"}}.", member.name);
            policy.error("INVALID_PRINCIPAL_FORMAT", &whole, details);
        }
        return;
    };
    if families.is_empty() {
        policy.suggestion("EMPTY_OBJECT_PRINCIPAL", &whole, "This statement names nobody; it does nothing.");
    }
    for family in families {
        if !matches!(family.name.as_str(), "AWS" | "Service" | "Federated" | "CanonicalUser") {
            let details =
                format!("{} is no kind of principal. Use AWS, Service, Federated or CanonicalUser.", family.name);
            policy.error("INVALID_PRINCIPAL_KEY", &whole.key(family), details);
            continue;
        }
        for (node, spot) in whole.strings(family) {
            match node.text() {
                Some(name) => one(policy, &family.name, name, &spot),
                None => policy.error("DATA_TYPE_MISMATCH", &spot, "A principal is a string."),
            }
        }
    }
}

fn one(policy: &mut Policy<'_>, family: &str, name: &str, spot: &Spot) {
    let value = Json::Map(vec![(family.to_owned(), Json::Text(name.to_owned()))]);
    if Principals::parse(&value, false).is_ok() {
        if family == "AWS" && (name.starts_with("AIDA") || name.starts_with("AROA")) {
            let (code, what) = if name.starts_with("AIDA") {
                ("INVALID_USER_REFERENCE", "user")
            } else {
                ("INVALID_ROLE_REFERENCE", "role")
            };
            let details = format!("{name} is the id of a {what} that may be deleted. Name its ARN.");
            policy.warning(code, spot, details);
        }
        if family == "Service" && name != "*" && !name.contains(".amazonaws.com") && !name.contains(".internal") {
            let details = format!("{name} is no service principal; they end in .amazonaws.com.");
            policy.error("INVALID_SERVICE_PRINCIPAL_FORMAT", spot, details);
        }
        return;
    }
    if name.contains(['*', '?']) {
        let details = "A principal cannot have wildcards in it. Name it whole, or use \"*\" and a condition on \
                       aws:PrincipalArn."
            .to_owned();
        return policy.error("UNSUPPORTED_WILDCARD_IN_PRINCIPAL", spot, details);
    }
    match family {
        "Service" => {
            let details = format!("{name} is no service principal; they read like sns.amazonaws.com.");
            policy.error("INVALID_SERVICE_PRINCIPAL_FORMAT", spot, details);
        }
        _ => {
            let details = format!(
                "{name} is no principal. Use an account's number, or the ARN of a user, a role, a role's session or \
                 an account's root."
            );
            policy.error("INVALID_PRINCIPAL_FORMAT", spot, details);
        }
    }
}

/// What narrows a `*`: a condition on who comes or from where, that does not hold for an absent key.
const NARROWS: &[&str] = &[
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceip",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourcevpc",
    "aws:sourcevpcarn",
    "aws:sourcevpce",
    "aws:userid",
    "aws:username",
    "aws:vpceaccount",
    "aws:vpceorgid",
    "aws:vpceorgpaths",
    "aws:vpcsourceip",
    "kms:calleraccount",
    "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn",
];

fn everyone(policy: &mut Policy<'_>, statement: &Statement<'_>) {
    if !statement.names_everyone() {
        if policy.kind == LintKind::Endpoint {
            policy.suggestion(
                "ENDPOINT_PRINCIPAL_NOT_EVERYONE",
                &statement.at("Principal"),
                "A gateway endpoint takes no Principal but \"*\", and there the caller is named by a condition on \
                 aws:PrincipalArn. Interface endpoints take this.",
            );
        }
        return;
    }
    // An endpoint's policy is no grant, and in a resource control policy `*` is the rule.
    if !statement.allows() || !matches!(policy.kind, LintKind::Resource | LintKind::Trust) {
        return;
    }
    let at = statement.at("Principal");
    if statement.conditions.is_empty() {
        return policy.security(
            "ALLOW_EVERYONE_WITHOUT_CONDITION",
            &at,
            "This lets in everybody, the anonymous too. Name accounts or roles, or add a condition: aws:PrincipalOrgID, \
             aws:SourceVpce.",
        );
    }
    let narrows = |c: &super::view::Condition<'_>| {
        let prefixed = c.lower_key.starts_with("aws:principaltag/");
        (prefixed || NARROWS.contains(&c.lower_key.as_str()))
            && !c.negated()
            && c.reading.is_some_and(|reading| !reading.if_exists)
    };
    if !statement.conditions.iter().any(narrows) {
        policy.security(
            "ALLOW_EVERYONE_WITHOUT_CONDITION",
            &at,
            "This lets in everybody: none of its conditions demands who comes or from where. One that is negated or ends \
             in IfExists holds without the key, so it does not either.",
        );
    }
}

/// The confused deputy: a service is let in, whoever it works for.
fn services(policy: &mut Policy<'_>, statement: &Statement<'_>) {
    if policy.kind != LintKind::Resource || !statement.allows() {
        return;
    }
    let Some(member) = statement.member("Principal") else { return };
    let Some(family) = member.node.members().and_then(|all| all.iter().find(|family| family.name == "Service")) else {
        return;
    };
    let tells = ["aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths"];
    if statement.conditions.iter().any(|c| tells.contains(&c.lower_key.as_str()) && !c.negated()) {
        return;
    }
    let whole = statement.spot.value("Principal", &member.node);
    for (node, spot) in whole.strings(family) {
        let details = format!(
            "Anybody may have {} do this for them. Add a condition on aws:SourceArn, aws:SourceAccount or \
             aws:SourceOrgID.",
            node.text().unwrap_or("a service")
        );
        policy.security("RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL", &spot, details);
    }
}

/// Providers that issue tokens to anybody, and the key that says to whom.
const PUBLIC_PROVIDERS: &[(&str, &str)] = &[
    ("token.actions.githubusercontent.com", "sub"),
    ("oidc.circleci.com", "aud"),
    ("app.terraform.io", "sub"),
    ("accounts.google.com", "aud"),
    ("cognito-identity.amazonaws.com", "aud"),
];

fn tokens(policy: &mut Policy<'_>, statement: &Statement<'_>) {
    if policy.kind != LintKind::Trust || !statement.allows() {
        return;
    }
    let Some(member) = statement.member("Principal") else { return };
    let Some(family) = member.node.members().and_then(|all| all.iter().find(|family| family.name == "Federated"))
    else {
        return;
    };
    let whole = statement.spot.value("Principal", &member.node);
    for (node, spot) in whole.strings(family) {
        let name = node.text().unwrap_or_default();
        let Some((host, claim)) = PUBLIC_PROVIDERS.iter().find(|(host, _)| name.ends_with(host)) else { continue };
        let key = format!("{host}:{claim}");
        if !statement.on_key(&key).any(|c| !c.negated() && c.reading.is_some_and(|reading| !reading.if_exists)) {
            let details = format!("{host} issues tokens to everybody. Add a condition on {key}.");
            policy.security("MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL", &spot, details);
        }
    }
}
