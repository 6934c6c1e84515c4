//! A policy's change as the `aws` command that makes it.

use super::Calls;
use postern_iam::Bearer;
use postern_policy::{Amendment, Ask, PolicyKind};
use serde_json::json;

/// `None`: no command makes it.
pub fn of(calls: &Calls, ask: &Ask<'_>, action: &str, change: &Amendment) -> Option<String> {
    let text = change.text.as_deref().map(quoted);
    match change.kind {
        PolicyKind::Identity if change.policy.starts_with("arn:") => version(change, text),
        PolicyKind::Identity => {
            let bearer = calls.iam.bearer(ask.caller, &change.policy)?;
            let (word, name) = match &bearer {
                Bearer::User(name) => ("user", name),
                Bearer::Group(name) => ("group", name),
                Bearer::Role(name) => ("role", name),
            };
            let policy = &change.policy;
            Some(match text {
                Some(text) => format!(
                    "aws iam put-{word}-policy --{word}-name {name} --policy-name {policy} --policy-document {text}"
                ),
                None => format!("aws iam delete-{word}-policy --{word}-name {name} --policy-name {policy}"),
            })
        }
        PolicyKind::Boundary => version(change, text),
        PolicyKind::Endpoint => Some(match text {
            Some(text) => {
                format!("aws ec2 modify-vpc-endpoint --vpc-endpoint-id {} --policy-document {text}", change.policy)
            }
            None => format!("aws ec2 modify-vpc-endpoint --vpc-endpoint-id {} --reset-policy", change.policy),
        }),
        PolicyKind::ServiceControl | PolicyKind::ResourceControl => {
            let id = change.policy.rsplit('/').next()?;
            Some(format!("aws organizations update-policy --policy-id {id} --content {}", text?))
        }
        PolicyKind::Trust => {
            let name = ask.resource.rsplit('/').next()?;
            Some(format!("aws iam update-assume-role-policy --role-name {name} --policy-document {}", text?))
        }
        PolicyKind::Resource => resource(ask, action, change, text),
        PolicyKind::Session => None,
    }
}

fn version(change: &Amendment, text: Option<String>) -> Option<String> {
    let arn = &change.policy;
    Some(format!("aws iam create-policy-version --policy-arn {arn} --set-as-default --policy-document {}", text?))
}

fn resource(ask: &Ask<'_>, action: &str, change: &Amendment, text: Option<String>) -> Option<String> {
    let arn = ask.resource;
    let last = arn.rsplit(':').next()?;
    Some(match (action.split(':').next()?, text) {
        ("s3", text) => {
            let bucket = last.split('/').next()?;
            match text {
                Some(text) => format!("aws s3api put-bucket-policy --bucket {bucket} --policy {text}"),
                None => format!("aws s3api delete-bucket-policy --bucket {bucket}"),
            }
        }
        ("kms", Some(text)) => format!("aws kms put-key-policy --key-id {arn} --policy-name default --policy {text}"),
        ("secretsmanager", Some(text)) => {
            format!("aws secretsmanager put-resource-policy --secret-id {arn} --resource-policy {text}")
        }
        ("secretsmanager", None) => format!("aws secretsmanager delete-resource-policy --secret-id {arn}"),
        ("sqs", _) => {
            let attributes = json!({ "Policy": change.text.clone().unwrap_or_default() }).to_string();
            format!(
                "aws sqs set-queue-attributes --queue-url \"$(aws sqs get-queue-url --queue-name {last} --query QueueUrl \
                 --output text)\" --attributes {}",
                quoted(&attributes)
            )
        }
        ("sns", Some(text)) => {
            format!("aws sns set-topic-attributes --topic-arn {arn} --attribute-name Policy --attribute-value {text}")
        }
        ("dynamodb", text) => {
            let table = arn.split("/index/").next()?;
            match text {
                Some(text) => format!("aws dynamodb put-resource-policy --resource-arn {table} --policy {text}"),
                None => format!("aws dynamodb delete-resource-policy --resource-arn {table}"),
            }
        }
        _ => return None,
    })
}

/// For a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
