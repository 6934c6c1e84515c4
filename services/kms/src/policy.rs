//! Key policies: AWS's default ones, and what a customer's must keep to.

use crate::refuse;
use postern_call::{Call, Refusal};
use postern_names::AccountId;
use postern_policy::{Ask, Decision, Document, Keys, PolicyKind, PolicySet, decide};
use serde_json::json;

/// Characters of a key policy.
const CHARACTERS_MAX: usize = 32 * 1024;

/// Gives the account the key, and with it the right to pass it on by IAM policies.
pub fn default_policy(account: AccountId) -> String {
    pretty(&json!({
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [{
            "Sid": "Enable IAM User Permissions",
            "Effect": "Allow",
            "Principal": { "AWS": format!("arn:aws:iam::{account}:root") },
            "Action": "kms:*",
            "Resource": "*",
        }],
    }))
}

/// The policy of the key that AWS manages for a service: everybody in the account may use it, through that service only.
pub fn managed_policy(account: AccountId, region: &str, service: &str) -> String {
    let people = match service {
        "secretsmanager" => "AWS Secrets Manager",
        "ssm" => "AWS Systems Manager",
        "s3" => "S3",
        other => other,
    };
    pretty(&json!({
        "Version": "2012-10-17",
        "Id": format!("auto-{service}-1"),
        "Statement": [
            {
                "Sid": format!("Allow access through {people} for all principals in the account that are authorized to use {people}"),
                "Effect": "Allow",
                "Principal": { "AWS": "*" },
                "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey"],
                "Resource": "*",
                "Condition": {
                    "StringEquals": {
                        "kms:CallerAccount": account.to_string(),
                        "kms:ViaService": format!("{service}.{region}.amazonaws.com"),
                    },
                },
            },
            {
                "Sid": "Allow direct access to key metadata to the account",
                "Effect": "Allow",
                "Principal": { "AWS": format!("arn:aws:iam::{account}:root") },
                "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
                "Resource": "*",
            },
        ],
    }))
}

fn pretty(policy: &serde_json::Value) -> String {
    serde_json::to_string_pretty(policy).unwrap_or_default()
}

/// Reads a customer's policy for a key. Unless `bypass`, it must let the caller change it again.
pub fn read(text: &str, arn: &str, account: AccountId, call: &Call, bypass: bool) -> Result<Document, Refusal> {
    if text.chars().count() > CHARACTERS_MAX {
        let message = format!("The key policy is longer than {CHARACTERS_MAX} characters.");
        return Err(Refusal::new("LimitExceededException", message));
    }
    let document = Document::parse_resource(text).map_err(|error| refuse::malformed_policy(error.reason))?;
    if !bypass && locks_out(&document, arn, account, call) {
        return Err(refuse::malformed_policy(
            "The new key policy will not allow you to update the key policy in the future.",
        ));
    }
    Ok(document)
}

/// Whether the policy itself keeps the caller from PutKeyPolicy. What IAM policies say can be changed without the key.
fn locks_out(document: &Document, arn: &str, account: AccountId, call: &Call) -> bool {
    let caller_account = call.caller.account().map(|account| account.to_string());
    let ask = Ask {
        caller: &call.caller,
        via: &call.via,
        action: "kms:PutKeyPolicy",
        resource: arn,
        resource_account: Some(account),
        resource_policy: Some(document),
        keys: Keys::from_iter([("kms:calleraccount".to_owned(), caller_account.into_iter().collect())]),
        region: call.region.as_str(),
        secure: call.secure,
        user_agent: call.user_agent.as_deref(),
        now: call.now,
        request_id: None,
    };
    match decide(&ask, &PolicySet::default()) {
        Decision::Allow { .. } => false,
        Decision::ExplicitDeny { .. } => true,
        Decision::ImplicitDeny { missing, .. } => missing == PolicyKind::Resource,
    }
}
