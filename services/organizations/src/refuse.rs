//! Organizations' refusals: one function per thing that can be wrong, in AWS's words.

use postern_call::Refusal;

fn plain(code: &str, message: impl Into<String>) -> Refusal {
    Refusal::new(code, message)
}

pub fn not_in_use() -> Refusal {
    plain("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
}
/// A member account asks what only the management account may.
pub fn not_management() -> Refusal {
    plain("AccessDeniedException", "You don't have permissions to access this resource.")
        .hint("only the organization's management account may call this")
}
pub fn no_account() -> Refusal {
    plain("AccountNotFoundException", "You specified an account that doesn't exist.")
}
pub fn no_unit() -> Refusal {
    plain("OrganizationalUnitNotFoundException", "You specified an organizational unit that doesn't exist.")
}
pub fn no_parent() -> Refusal {
    plain("ParentNotFoundException", "You specified parent that doesn't exist.")
}
pub fn no_child() -> Refusal {
    plain("ChildNotFoundException", "You specified a child that doesn't exist.")
}
pub fn no_root() -> Refusal {
    plain("RootNotFoundException", "You specified a root that doesn't exist.")
}
pub fn no_policy() -> Refusal {
    plain("PolicyNotFoundException", "You specified a policy that doesn't exist.")
}
pub fn no_target() -> Refusal {
    plain("TargetNotFoundException", "You specified a target that doesn't exist.")
}
pub fn no_handshake() -> Refusal {
    plain("HandshakeNotFoundException", "You specified a handshake that doesn't exist.")
}
pub fn management_stays() -> Refusal {
    plain("MasterCannotLeaveOrganizationException", "You can't remove the management account from an organization.")
        .hint("delete the organization instead")
}
pub fn malformed(reason: impl std::fmt::Display) -> Refusal {
    let message = "The provided policy document does not meet the requirements of the specified policy type.";
    plain("MalformedPolicyDocumentException", message).hint(reason.to_string())
}

/// `ConstraintViolationException` with its reason.
pub fn constraint(reason: &str, message: impl Into<String>) -> Refusal {
    plain("ConstraintViolationException", message).member("Reason", reason)
}
/// `InvalidInputException` with its reason.
pub fn invalid(reason: &str, message: impl Into<String>) -> Refusal {
    plain("InvalidInputException", message).member("Reason", reason)
}
/// Any other code of the model.
pub fn other(code: &str, message: &str) -> Refusal {
    plain(code, message)
}
