//! Members that take one word of a short list.

use crate::{Request, refuse};
use postern_call::Refusal;

/// The member's word, if given. Another word: `InvalidParameterValue` naming the valid ones.
pub(crate) fn word<'r>(request: &Request<'r>, member: &str, valid: &[&str]) -> Result<Option<&'r str>, Refusal> {
    match request.text(member) {
        Some(given) if !valid.contains(&given) => {
            Err(refuse::invalid_value(member, given, &format!("Valid values are: {}", valid.join(", "))))
        }
        given => Ok(given),
    }
}

/// `enabled` or `disabled`, if given.
pub(crate) fn enabled(request: &Request<'_>, member: &str) -> Result<Option<bool>, Refusal> {
    Ok(word(request, member, &["enabled", "disabled"])?.map(|given| given == "enabled"))
}
