//! IAM's refusals: one function per thing that can be wrong, in IAM's words.

use postern_call::Refusal;

/// `kind`: `user`, `group`, `role`, `user policy`, ...
pub fn no_such(kind: &str, name: &str) -> Refusal {
    no_entity(format!("The {kind} with name {name} cannot be found."))
}
pub fn no_such_profile(name: &str) -> Refusal {
    no_entity(format!("Instance Profile {name} cannot be found."))
}
pub fn no_such_policy(arn: &str) -> Refusal {
    let refusal = no_entity(format!("Policy {arn} was not found."));
    if arn.starts_with("arn:aws:iam::aws:policy/") {
        return refusal.hint(
            "this AWS managed policy is not among those served; list them with `aws iam list-policies --scope AWS`",
        );
    }
    refusal
}
pub fn no_such_version(arn: &str, version: &str) -> Refusal {
    no_entity(format!("Policy {arn} version {version} does not exist or is not attachable."))
}
pub fn not_attachable(arn: &str) -> Refusal {
    let hint = no_such_policy(arn).hint;
    Refusal { hint, ..no_entity(format!("Policy {arn} does not exist or is not attachable.")) }
}
pub fn no_such_key(id: &str) -> Refusal {
    no_entity(format!("The Access Key with id {id} cannot be found."))
}
pub fn no_entity(message: String) -> Refusal {
    Refusal::new("NoSuchEntity", message).status(404)
}

/// `kind`: `User`, `Role`, `Group`.
pub fn exists(kind: &str, name: &str) -> Refusal {
    already(format!("{kind} with name {name} already exists."))
}
pub fn already(message: String) -> Refusal {
    Refusal::new("EntityAlreadyExists", message).status(409)
}

/// `what`: `must detach all policies first`.
pub fn conflict(what: &str) -> Refusal {
    delete_conflict(format!("Cannot delete entity, {what}."))
}
pub fn delete_conflict(message: String) -> Refusal {
    Refusal::new("DeleteConflict", message).status(409)
}

/// `quota`: `AccessKeysPerUser`.
pub fn quota(quota: &str, limit: usize) -> Refusal {
    limit_exceeded(format!("Cannot exceed quota for {quota}: {limit}"))
}
pub fn limit_exceeded(message: String) -> Refusal {
    Refusal::new("LimitExceeded", message).status(409)
}

pub fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("ValidationError", message)
}
pub fn invalid_input(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidInput", message)
}
pub fn invalid_user_type(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidUserType", message)
}
pub fn malformed(reason: impl Into<String>) -> Refusal {
    Refusal::new("MalformedPolicyDocument", reason)
}
