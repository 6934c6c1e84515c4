//! Resource control policies: the parts of the language that they lack.

use super::LintKind;
use super::view::Policy;

/// Services that resource control policies reach.
const RCP_SERVICES: &[&str] = &[
    "aoss",
    "cognito-identity",
    "cognito-idp",
    "dynamodb",
    "ecr",
    "kms",
    "logs",
    "s3",
    "secretsmanager",
    "sqs",
    "sts",
];

pub fn check(policy: &mut Policy<'_>) {
    // Service control policies have had the whole language, but for principals, since 2025: `structure.rs`.
    if policy.kind == LintKind::ResourceControl {
        resource_control(policy);
    }
}

fn resource_control(policy: &mut Policy<'_>) {
    for statement in policy.each() {
        if statement.allows() {
            let details = "A resource control policy can only deny; RCPFullAWSAccess allows what is left.";
            policy.error("RCP_SYNTAX_ERROR", &statement.at("Effect"), details);
        }
        for name in ["NotPrincipal", "NotAction"].into_iter().filter(|name| statement.has(name)) {
            let details = format!("A resource control policy has no {name}.");
            policy.error("RCP_SYNTAX_ERROR", &statement.at_key(name), details);
        }
        if statement.has("Principal") && !statement.names_everyone() {
            let details = "The Principal of a resource control policy is \"*\"; use a condition on aws:PrincipalArn.";
            policy.error("RCP_SYNTAX_ERROR", &statement.at("Principal"), details);
        }
        for found in statement.actions() {
            let service = found.text.split_once(':').map(|(service, _)| service.to_lowercase());
            match service {
                None => policy.error("RCP_SYNTAX_ERROR", &found.spot, "A resource control policy names each service."),
                Some(service) if !RCP_SERVICES.contains(&service.as_str()) => {
                    let details = format!("Resource control policies do not reach {service}.");
                    policy.error("RCP_SYNTAX_ERROR", &found.spot, details);
                }
                Some(_) => {}
            }
        }
    }
}
