//! A denial in AWS's words (reference G.7), and the error code that carries it.

use crate::{Ask, Decision, PolicyKind};

/// AWS's sentence for a denial. For an `Allow` it says so, for logs.
///
/// S3 answers strangers (the anonymous, accounts of other organizations) with `Access Denied` alone and puts the resource
/// in double quotes for others; EC2 opens with a sentence of its own; an action without resources names none, but in IAM.
pub fn sentence(ask: &Ask<'_>, decision: &Decision) -> String {
    sentence_among(ask, decision, false)
}

/// The same for a caller whose account is in the resource's organization, if `same_organization`: S3 gives it the reason.
pub fn sentence_among(ask: &Ask<'_>, decision: &Decision, same_organization: bool) -> String {
    let service = ask.action.split(':').next().unwrap_or_default();
    let who = ask.caller.display();
    let action = said_action(service, ask.action);
    let resource = match (service, ask.resource) {
        // These two tell the account's queues or topics where an action has no resource.
        ("sqs" | "sns", "*") => {
            let account = ask.resource_account.or(ask.caller.account()).map(|id| id.to_string()).unwrap_or_default();
            let any = if service == "sns" { "*" } else { "" };
            format!(" on resource: arn:aws:{service}:{}:{account}:{any}", ask.region)
        }
        ("iam", arn) => format!(" on resource: {arn}"),
        (_, "*") => String::new(),
        _ if ask.action == "s3:ListAllMyBuckets" => String::new(),
        ("s3", arn) => format!(" on resource: \"{arn}\""),
        (_, arn) => format!(" on resource: {arn}"),
    };
    let reason = match decision {
        Decision::Allow { .. } => return format!("User: {who} is authorized to perform: {action}{resource}"),
        Decision::ImplicitDeny { missing, .. } => {
            format!("because no {} allows the {action} action", kind_word(*missing))
        }
        Decision::ExplicitDeny { by } => {
            let named = by.policy.starts_with("arn:") && has_policy_arn(by.kind);
            let policy = if named { format!(": {}", by.policy) } else { String::new() };
            format!("with an explicit deny in {} {}{policy}", article(by.kind), kind_word(by.kind))
        }
    };
    let stranger =
        ask.caller.account().is_none() || ask.resource_account.is_some_and(|a| ask.caller.account() != Some(a));
    if service == "s3" && stranger && !same_organization {
        return "Access Denied".into();
    }
    let opening = if service == "ec2" { "You are not authorized to perform this operation. " } else { "" };
    format!("{opening}User: {who} is not authorized to perform: {action}{resource} {reason}")
}

/// An action as its service spells it in a denial: SQS in small letters, SNS with a prefix in capitals.
fn said_action(service: &str, action: &str) -> String {
    match service {
        "sqs" => action.to_lowercase(),
        "sns" => action.replacen("sns:", "SNS:", 1),
        _ => action.to_owned(),
    }
}

/// Error code and HTTP status of a denial, by the service's signing name or action prefix.
pub fn code_for(service: &str) -> (&'static str, u16) {
    match service {
        "s3"
        | "sts"
        | "iam"
        | "sqs"
        | "cloudformation"
        | "elasticloadbalancing"
        | "autoscaling"
        | "rds"
        | "ses"
        | "monitoring"
        | "cloudwatch"
        | "route53"
        | "cloudfront" => ("AccessDenied", 403),
        "sns" => ("AuthorizationError", 403),
        "ec2" => ("UnauthorizedOperation", 403),
        "access-analyzer" | "lambda" | "apigateway" | "execute-api" | "eks" | "efs" | "elasticfilesystem"
        | "vpc-lattice" | "scheduler" => ("AccessDeniedException", 403),
        _ => ("AccessDeniedException", 400),
    }
}

fn kind_word(kind: PolicyKind) -> &'static str {
    match kind {
        PolicyKind::Identity => "identity-based policy",
        PolicyKind::Resource => "resource-based policy",
        PolicyKind::Boundary => "permissions boundary",
        PolicyKind::Session => "session policy",
        PolicyKind::ServiceControl => "service control policy",
        PolicyKind::ResourceControl => "resource control policy",
        PolicyKind::Endpoint => "VPC endpoint policy",
        PolicyKind::Trust => "role trust policy",
    }
}

fn article(kind: PolicyKind) -> &'static str {
    match kind {
        PolicyKind::Identity => "an",
        PolicyKind::Trust => "the",
        _ => "a",
    }
}

/// The kinds whose policy's ARN AWS names behind an explicit deny.
fn has_policy_arn(kind: PolicyKind) -> bool {
    !matches!(kind, PolicyKind::Resource | PolicyKind::Endpoint | PolicyKind::Trust)
}
